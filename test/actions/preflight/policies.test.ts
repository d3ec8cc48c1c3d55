import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { World } from '../../../src/simulator/world.ts';
import { agreeing, type Bench, openBench } from '../bench.ts';
import { groupOf, jit, lock, place, snapshots, subscriptionOf, vmIn } from './obstructed.ts';

/** Assigns a policy with the effect deny, or another. */
function assign(
  world: World,
  scope: string,
  about: { name: string; displayName: string; if: unknown; effect?: string; enforcementMode?: string },
): void {
  const definition = `${subscriptionOf(scope) || '/subscriptions/s'}/providers/Microsoft.Authorization/policyDefinitions/def-${about.name}`;
  const type = 'Microsoft.Authorization/policyDefinitions';
  const policyRule = Object.fromEntries([
    ['if', about.if],
    ['then', { effect: about.effect ?? 'deny' }],
  ]);
  world.resources.push({ id: definition, name: `def-${about.name}`, type, properties: { policyRule } });
  place(world, scope, 'policyAssignments', about.name, {
    displayName: about.displayName,
    policyDefinitionId: definition,
    enforcementMode: about.enforcementMode ?? 'Default',
  });
}

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
        effect: { status: 500, code: 'InternalServerError', message: 'x' },
      },
    ]);
    const planned = await bench.run([lock], 'web01').plan();
    expect(planned.steps[0]?.warnings.join(' ')).toMatch(/Not seen: what Azure Policy says of cordon-.*\(500/);
    const view = await agreeing(bench.run([lock], 'web01')).start();
    expect(view.steps[0]?.error).toMatch(/Require a cost tag on security groups/);
  });
});
