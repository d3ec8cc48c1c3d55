import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { readServersPlan } from '../../src/azure/readers/defender-plan.ts';
import { readIdentityPosture } from '../../src/azure/readers/identity-posture.ts';
import { resolveVm } from '../../src/azure/readers/inventory.ts';
import { readJit } from '../../src/azure/readers/jit.ts';
import { readMachine } from '../../src/azure/readers/machine.ts';
import { capabilitiesOf } from '../../src/azure/readers/role-assignments.ts';
import { type Bench, openBench } from '../actions/bench.ts';

let bench: Bench;
beforeAll(async () => {
  bench = await openBench((world) => {
    // web01 may also read a resource group of the other subscription, by a user-assigned identity.
    const [, dev = ''] = world.subscriptions.map(({ subscriptionId }) => subscriptionId);
    const web = world.resources.find(({ name, type }) => name === 'web01' && /virtualMachines$/i.test(type));
    const user =
      '/subscriptions/s/resourceGroups/g/providers/Microsoft.ManagedIdentity/userAssignedIdentities/deployer';
    const principalId = '11111111-2222-3333-4444-555555555555';
    const own: unknown = web?.identity;
    if (web) {
      web.identity = {
        ...Object(own),
        type: 'SystemAssigned, UserAssigned',
        userAssignedIdentities: { [user]: { principalId, clientId: 'c' } },
      };
    }
    world.resources.push({
      id: `/subscriptions/${dev}/resourceGroups/rg-dev/providers/Microsoft.Authorization/roleAssignments/x`,
      name: 'x',
      type: 'Microsoft.Authorization/roleAssignments',
      properties: {
        principalId,
        roleDefinitionId: `/subscriptions/${dev}/providers/Microsoft.Authorization/roleDefinitions/8e3af657-a8ff-443c-a75c-2fe8c4bcb635`,
        scope: `/subscriptions/${dev}/resourceGroups/rg-dev`,
      },
    });
  });
});
beforeEach(() => bench.begin());
afterAll(() => bench.close());

async function identityOf(name: string) {
  const { connection } = bench;
  const vm = await resolveVm(connection, name);
  return readIdentityPosture(connection, vm, readMachine(connection, vm));
}
async function jitOf(name: string) {
  const { connection } = bench;
  const vm = await resolveVm(connection, name);
  return readJit(connection, vm, readServersPlan(connection, vm));
}

describe('identity', () => {
  it('tells what the VM’s identities may do, and where, over the subscriptions in reach', async () => {
    const fact = await identityOf('web01');
    expect(fact).toMatchObject({
      state: 'known',
      notSeen: [],
      value: {
        localAdmin: 'contosoadmin',
        passwordAuthentication: true,
        sshKeys: null,
        managedIdentities: [
          {
            kind: 'system-assigned',
            rolesKnown: true,
            assignments: [{ role: 'Contributor', scope: expect.stringMatching(/\/resourceGroups\/rg-web$/) }],
          },
          {
            kind: 'user-assigned',
            name: 'deployer',
            roles: ['Owner'],
            assignments: [{ scope: expect.stringMatching(/rg-dev$/), can: expect.arrayContaining(['give roles']) }],
          },
        ],
      },
    });
  });

  it.each([
    ['lin-build', true, /takes|password/],
    ['dev-api', false, /SSH keys only/],
  ])('%s: password %s', async (name, password, words) => {
    const fact = await identityOf(name);
    expect(fact).toMatchObject({ value: { passwordAuthentication: password, sshKeys: expect.any(Number) } });
    expect(fact.state === 'known' && fact.value.signIn.join(' ')).toMatch(words);
  });

  it('says of a second factor what can be known, and no more', async () => {
    const entra = await identityOf('app03');
    expect(entra).toMatchObject({ value: { entraLogin: true, domainJoined: true } });
    expect(entra.state === 'known' && entra.value.signIn.join(' ')).toContain(
      'whether it does is not visible from here',
    );
    const local = await identityOf('web01');
    expect(local.state === 'known' && local.value.signIn.join(' ')).toContain('never asks for a second factor');
  });

  it('does not take unread extensions for none', async () => {
    await bench.faults([
      { match: { path: '/extensions' }, effect: { status: 403, code: 'AuthorizationFailed', message: 'no' } },
    ]);
    const fact = await identityOf('app03');
    expect(fact).toMatchObject({ state: 'known', value: { entraLogin: null, domainJoined: null } });
    expect(fact.state === 'known' && fact.notSeen.join()).toContain('extensions (AuthorizationFailed)');
    expect(fact.state === 'known' && fact.value.signIn.join(' ')).toContain(
      'Whether Entra sign-in is set up is not known',
    );
  });

  it('does not take unread roles for none', async () => {
    await bench.faults([
      { match: { path: '/roleAssignments' }, effect: { status: 403, code: 'AuthorizationFailed', message: 'no' } },
    ]);
    const fact = await identityOf('web01');
    expect(fact).toMatchObject({
      state: 'known',
      value: { managedIdentities: [{ rolesKnown: false, roles: [], assignments: [] }, { rolesKnown: false }] },
    });
    expect(fact.state === 'known' && fact.notSeen.join()).toContain('what web01 may do');
  });

  it('names a role whose definition may not be read, without guessing what it permits', async () => {
    await bench.faults([
      { match: { path: '/roleDefinitions' }, effect: { status: 403, code: 'AuthorizationFailed', message: 'no' } },
    ]);
    const fact = await identityOf('web01');
    const [own] = fact.state === 'known' ? fact.value.managedIdentities : [];
    expect(own?.assignments[0]).toMatchObject({ role: expect.stringMatching(/^[0-9a-f-]{36}$/), can: null });
    expect(fact.state === 'known' && fact.notSeen.join()).toContain('what the role');
  });

  it('is unknown when the VM itself may not be read', async () => {
    await bench.faults([
      {
        match: { path: '/virtualMachines/web01\\?' },
        effect: { status: 403, code: 'AuthorizationFailed', message: 'no' },
      },
    ]);
    expect(await identityOf('web01')).toMatchObject({ state: 'unknown', cure: expect.stringContaining('Reader') });
  });

  it('reads what a role permits from its actions, not from its name', () => {
    const role = (actions: string[], notActions: string[] = [], dataActions: string[] = []) => ({
      permissions: [{ actions, notActions, dataActions, notDataActions: [] }],
    });
    expect(capabilitiesOf(role(['*/read']))).toEqual([]);
    expect(capabilitiesOf(role(['*'], ['Microsoft.Authorization/*/Write']))).not.toContain('give roles');
    expect(capabilitiesOf(role(['Microsoft.Compute/virtualMachines/*']))).toEqual(['run commands inside VMs']);
    expect(capabilitiesOf(role([], [], ['Microsoft.KeyVault/vaults/secrets/*']))).toEqual(['read secrets']);
    expect(capabilitiesOf({})).toEqual([]);
  });
});

describe('just-in-time access', () => {
  it('tells the policy, from where it may be opened, and who opened it', async () => {
    expect(await jitOf('gate01')).toMatchObject({
      state: 'known',
      notSeen: [],
      value: {
        policy: 'default',
        available: true,
        ports: [
          { number: 3389, protocol: '*', sources: ['*'] },
          { number: 5986, protocol: '*', sources: ['*'] },
        ],
        grants: [
          {
            requestor: 'm.keller@contoso.com',
            source: '192.0.2.21',
            justification: 'monthly maintenance',
            status: 'Revoked (Expired)',
            open: false,
          },
        ],
      },
    });
  });

  it('is none where no policy names the VM, and says whether there could be one', async () => {
    expect(await jitOf('web01')).toMatchObject({ state: 'known', value: { policy: '', available: true, grants: [] } });
    // The plan of the other subscription may not be read.
    expect(await jitOf('dev-api')).toMatchObject({ state: 'known', value: { policy: '', available: null } });
  });

  it('is unknown, not none, where policies may not be read', async () => {
    await bench.faults([
      {
        match: { path: '/jitNetworkAccessPolicies' },
        effect: { status: 403, code: 'AuthorizationFailed', message: 'no' },
      },
    ]);
    expect(await jitOf('gate01')).toMatchObject({
      state: 'unknown',
      because: expect.stringContaining('jitNetworkAccessPolicies/read'),
      cure: expect.stringContaining('Security Reader'),
    });
  });

  it('asks the resource group where the subscription is refused', async () => {
    await bench.faults([
      {
        match: { path: '^/subscriptions/[^/]+/providers/Microsoft.Security/jitNetworkAccessPolicies' },
        effect: { status: 403, code: 'AuthorizationFailed', message: 'no' },
      },
    ]);
    expect(await jitOf('gate01')).toMatchObject({
      state: 'known',
      coverage: 'policies of rg-mgmt',
      value: { policy: 'default' },
      notSeen: [expect.stringContaining('Security Reader')],
    });
  });
});
