import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { World } from '../../../src/simulator/world.ts';
import { agreeing, type Bench, openBench } from '../bench.ts';
import { groupOf, jit, lock, place, snapshots, subscriptionOf, vmIn } from './obstructed.ts';

/** Assigns a policy with the effect deny, or another. */
function assign(
  world: World,
  scope: string,
  about: {
    name: string;
    displayName: string;
    if: unknown;
    effect?: string;
    details?: unknown;
    enforcementMode?: string;
  },
): void {
  const definition = `${subscriptionOf(scope) || '/subscriptions/s'}/providers/Microsoft.Authorization/policyDefinitions/def-${about.name}`;
  const type = 'Microsoft.Authorization/policyDefinitions';
  const policyRule = Object.fromEntries([
    ['if', about.if],
    ['then', { effect: about.effect ?? 'deny', ...(about.details === undefined ? {} : { details: about.details }) }],
  ]);
  world.resources.push({ id: definition, name: `def-${about.name}`, type, properties: { policyRule } });
  place(world, scope, 'policyAssignments', about.name, {
    displayName: about.displayName,
    policyDefinitionId: definition,
    enforcementMode: about.enforcementMode ?? 'Default',
  });
}

/** A policy that writes a rule into each security group, as customers have them; at 4096 the lock's denial comes first. */
const appendRule = (priority: number) => ({
  displayName: 'A rule for everyone',
  if: ofType('Microsoft.Network/networkSecurityGroups'),
  effect: 'append',
  details: [
    {
      field: 'Microsoft.Network/networkSecurityGroups/securityRules[*]',
      value: {
        name: 'for-everyone',
        properties: {
          ...{ priority, access: 'Allow', direction: 'Inbound', protocol: 'Tcp', sourceAddressPrefix: '10.0.0.0/8' },
          ...{ sourcePortRange: '*', destinationAddressPrefix: '*', destinationPortRange: '3389' },
        },
      },
    },
  ],
});

const ofType = (type: string) => ({ field: 'type', equals: type });

/** Policies that meet what a plan would write, each at a VM of its own. */
function forbid(world: World): void {
  const group = (vm: string) => groupOf(vmIn(world, vm).id);
  assign(world, group('web01'), {
    name: 'a1b2c3',
    displayName: 'Require a cost tag on security groups',
    if: {
      allOf: [ofType('Microsoft.Network/networkSecurityGroups'), { field: "tags['cost-centre']", exists: 'false' }],
    },
  });
  assign(world, group('sql01'), {
    name: 'snapshots-in-their-group',
    displayName: 'Snapshots only in rg-snapshots',
    if: { allOf: [ofType('Microsoft.Compute/snapshots'), { field: 'name', like: 'cordon-*' }] },
  });
  assign(world, group('print01'), {
    name: 'audited',
    displayName: 'Audit security groups',
    if: ofType('Microsoft.Network/networkSecurityGroups'),
    effect: 'audit',
  });
  assign(world, group('print01'), {
    name: 'not-enforced',
    displayName: 'Not in force',
    if: ofType('Microsoft.Network/networkSecurityGroups'),
    enforcementMode: 'DoNotEnforce',
  });
  assign(world, group('jump01'), {
    name: 'no-jit',
    displayName: 'No just-in-time policies here',
    if: ofType('Microsoft.Security/locations/jitNetworkAccessPolicies'),
  });
  assign(world, group('mail01'), { name: 'rule-ahead', ...appendRule(150) });
  assign(world, group('lin-build'), { name: 'rule-behind', ...appendRule(4096) });
  assign(world, group('lin-build'), {
    name: 'a-tag',
    displayName: 'Owner',
    if: ofType('Microsoft.Network/networkSecurityGroups'),
    effect: 'modify',
    details: { operations: [{ operation: 'addOrReplace', field: "tags['owner']", value: 'platform' }] },
  });
  // Azure takes the lock's body for the interface, and refuses that of the undo.
  assign(world, group('app01'), {
    name: 'known-groups',
    displayName: 'No interface with a group of old',
    if: {
      allOf: [
        ofType('Microsoft.Network/networkInterfaces'),
        { not: { field: 'Microsoft.Network/networkInterfaces/networkSecurityGroup.id', like: '*/cordon-*' } },
      ],
    },
  });
}

describe('Azure Policy is asked before the first step, and names the assignment that will refuse', () => {
  let bench: Bench;
  beforeAll(async () => {
    bench = await openBench(forbid);
  });
  beforeEach(() => bench.begin());
  afterAll(() => bench.close());

  it.each([
    [
      lock,
      'web01',
      /"Require a cost tag on security groups" \(\S+a1b2c3\) refuses PUT of cordon-.*: tags.cost-centre is required/,
    ],
    [
      snapshots,
      'sql01',
      /"Snapshots only in rg-snapshots" \S+ refuses PUT of cordon-.* exemption .*Resource Policy Contributor/,
    ],
    [jit, 'jump01', /"No just-in-time policies here" \S+ refuses PUT of default/],
  ])('%o of %s', async (step, vm, because) => {
    const run = bench.run([step], vm);
    await run.plan();
    expect(run.obstacle()).toBe('impossible');
    const view = await agreeing(bench.run([step], vm)).start();
    expect(view.steps[0]?.error).toMatch(because);
    expect(bench.mutations()).toEqual([]);
  });

  it('one that only audits, or is not enforced, prevents nothing', async () => {
    const view = await agreeing(bench.run([lock], 'print01')).start();
    expect(view.outcome).toBe('done');
    expect(view.steps[0]?.warnings.join(' ')).not.toMatch(/policy assignment/);
  });

  it('one that writes a rule before the denial into the group: the interface is never changed, and the group is gone', async () => {
    const view = await agreeing(bench.run([lock], 'mail01')).start();
    expect(view.outcome, view.summary).toBe('undone');
    expect(view.summary).toMatch(/has other rules than were sent \(for-everyone\).*append or modify.*exemption/);
    const changed = bench.mutations().map(({ method, path }) => `${method} ${path.split('/').at(-2)}`);
    expect(changed).toEqual(['PUT networkSecurityGroups', 'DELETE networkSecurityGroups']);
  });

  it('one that writes a rule behind it, or a tag, prevents nothing, and they go with the lock', async () => {
    const run = agreeing(bench.run([lock], 'lin-build'));
    const view = await run.start();
    expect(view.outcome, view.summary).toBe('done');
    expect(view.steps[0]?.verified).toMatchObject({ ok: true });
    const undone = await run.undo();
    expect(undone.outcome, undone.summary).toBe('undone');
    expect(undone.summary).toMatch(/Rules behind its denial go with cordon-\S+: for-everyone\./);
  });

  it('one that refuses what the undo would put back is told with the plan', async () => {
    const planned = await bench.run([lock], 'app01').plan();
    expect(planned.steps[0]?.warnings.join(' ')).toMatch(
      /An undo cannot do all of it: The policy assignment "No interface with a group of old" \S+ refuses PUT of app01/,
    );
  });

  it('where the resource group may not be asked, the subscription is', async () => {
    await bench.faults([
      {
        match: { path: '/resourceGroups/[^/]+/providers/Microsoft.PolicyInsights/' },
        effect: { status: 403, code: 'AuthorizationFailed', message: 'no' },
      },
    ]);
    const view = await agreeing(bench.run([lock], 'web01')).start();
    expect(view.steps[0]?.error).toContain('Require a cost tag');
  });

  it('the refusal itself, where nobody was asked, names the assignment too', async () => {
    await bench.faults([
      {
        match: { path: '/checkPolicyRestrictions' },
        effect: { status: 400, code: 'BadRequest', message: 'x' },
      },
    ]);
    const planned = await bench.run([lock], 'web01').plan();
    expect(planned.steps[0]?.warnings.join(' ')).toMatch(/Not seen: what Azure Policy says of cordon-.*\(400/);
    const view = await agreeing(bench.run([lock], 'web01')).start();
    expect(view.steps[0]?.error).toMatch(/Require a cost tag on security groups/);
  });
});
