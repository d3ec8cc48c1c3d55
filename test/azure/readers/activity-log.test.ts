import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Json } from '../../../src/arm/json.ts';
import { withParameters } from '../../../src/azure/client/kql-literal.ts';
import { activityEntries, activityWindow } from '../../../src/azure/readers/activity-log.ts';
import { resolveVm } from '../../../src/azure/readers/inventory.ts';
import { readTriage } from '../../../src/azure/triage.ts';
import type { VirtualMachine } from '../../../src/documents/triage.ts';
import { analyse } from '../../../src/kql/evaluate.ts';
import { columnsOf } from '../../../src/kql/table-schemas.ts';
import { agreeing, type Bench, openBench } from '../../actions/bench.ts';
import { machine } from '../log-workspace.ts';

let bench: Bench;
beforeAll(async () => {
  bench = await openBench((world) => {
    // A second workspace's worth of noise: the log is paged, and most of it is about others.
    const rows = world.tables.AzureActivity ?? [];
    const [sample] = rows;
    for (let at = 0; at < 450; at++) {
      const other = `/subscriptions/x/resourceGroups/rg-web/providers/Microsoft.Compute/virtualMachines/other${at}`;
      rows.push({
        ...sample,
        TimeGenerated: `2026-11-21T0${at % 10}:00:${String(at % 60).padStart(2, '0')}.0000000Z`,
        CorrelationId: `noise-${at}`,
        OperationName: 'Microsoft.Compute/virtualMachines/start/action',
        ResourceId: other,
        _ResourceId: other.toLowerCase(),
        Properties: '{}',
      });
    }
  });
});
beforeEach(() => bench.begin());
afterAll(() => bench.close());

async function activityOf(name: string) {
  const vm = await resolveVm(bench.connection, name);
  const { document } = await readTriage(bench.connection, vm, () => undefined);
  return document;
}

describe('the activity log of a VM', () => {
  it('tells who opened it before the attack, and what its identity did after', async () => {
    const { posture, timeLine } = await activityOf('web01');
    const { activity } = posture;
    expect(activity).toMatchObject({ state: 'known', source: 'Azure Monitor · activity log' });
    if (activity.state !== 'known') return;
    expect(
      activity.value.entries.map(({ what, status, callerKind, address }) => [what, status, callerKind, address]),
    ).toEqual([
      ['just-in-time policy deleted', 'succeeded', 'person', '203.0.113.140'],
      ['lock deleted', 'failed', 'person', '203.0.113.140'],
      ['security rule written', 'succeeded', 'person', '203.0.113.140'],
      ['command run inside the VM', 'succeeded', 'identity-of-this-machine', '20.51.7.14'],
      ['link to download a snapshot made', 'succeeded', 'identity-of-this-machine', '20.51.7.14'],
    ]);
    expect(activity.value.entries[2]?.rule).toEqual({
      access: 'Allow',
      direction: 'Inbound',
      protocol: 'Tcp',
      ports: ['3389'],
      sources: ['*'],
    });
    expect(activity.notSeen.join()).toContain('in other resource groups');
    const order = timeLine.entries.map(({ text }) => text);
    const place = (text: string) => order.findIndex((one) => one.includes(text));
    expect(place('web-nsg/allow-rdp')).toBeLessThan(place('brute force'));
    expect(place('logon after the failures')).toBeLessThan(place('command run inside the VM: web02'));
  });

  it('is empty, and known to be, where nobody changed anything', async () => {
    const { posture } = await activityOf('app03');
    expect(posture.activity).toMatchObject({ state: 'known', value: { entries: [] } });
  });

  it('finds what other groups hold: just-in-time access and its own rules', async () => {
    const { posture } = await activityOf('gate01');
    expect(posture.activity).toMatchObject({
      value: {
        entries: [
          { what: 'just-in-time access requested', callerKind: 'person' },
          { what: 'network security group written', callerKind: 'application' },
        ],
      },
    });
  });

  it('reads an account reset from the extension’s type', async () => {
    const { posture } = await activityOf('sql02');
    expect(posture.activity).toMatchObject({
      value: { entries: [{ kind: 'account', attack: ['T1098'], caller: 'dba@contoso.com' }] },
    });
  });

  it('falls back to the workspace where the log itself may not be read, and says so', async () => {
    const path = '/eventtypes/management/values';
    await bench.faults([{ match: { path }, effect: { status: 403, code: 'AuthorizationFailed', message: 'no' } }]);
    const { posture } = await activityOf('web01');
    expect(posture.activity).toMatchObject({ state: 'known', source: 'Log Analytics · AzureActivity' });
    expect(posture.activity.state === 'known' && posture.activity.value.entries).toHaveLength(5);
    expect(posture.activity.state === 'known' && posture.activity.notSeen.join()).toContain('Microsoft.Authorization');
  });

  it('is unknown, not empty, where neither may be read', async () => {
    await bench.faults([
      {
        match: { path: '/eventtypes/management/values' },
        effect: { status: 403, code: 'AuthorizationFailed', message: 'no' },
      },
      { match: { path: '^/v1/.*query' }, effect: { status: 403, code: 'InsufficientAccessError', message: 'no' } },
    ]);
    const { posture, timeLine } = await activityOf('web01');
    expect(posture.activity).toMatchObject({ state: 'unknown', cure: expect.stringContaining('Reader') });
    expect(timeLine.unknown.join()).toMatch(/changes in Azure: no permission/);
  });

  it('tells what part is missing when one group’s log does not answer', async () => {
    await bench.faults([
      { match: { path: 'resourceProvider' }, effect: { status: 403, code: 'AuthorizationFailed', message: 'no' } },
    ]);
    const { posture } = await activityOf('web01');
    expect(posture.activity.state === 'known' && posture.activity.notSeen.join()).toContain(
      'changes of Microsoft.Security in the subscription (AuthorizationFailed)',
    );
  });

  it('knows what cordon itself changed', { timeout: 60_000 }, async () => {
    const lock = { id: 'lock', title: 'Lock', uses: 'nsg.lock', with: { ports: [3389] } };
    await agreeing(bench.run([lock], 'app03')).start();
    expect(bench.mutations().length).toBeGreaterThan(0);
    const { posture } = await activityOf('app03');
    const entries = posture.activity.state === 'known' ? posture.activity.value.entries : [];
    expect(entries.length).toBeGreaterThan(0);
    expect(new Set(entries.map(({ callerKind, severity }) => `${callerKind} ${severity}`))).toEqual(
      new Set(['cordon info']),
    );
  });
});

describe('events of the activity log', () => {
  const vm: VirtualMachine = machine();
  const group = '/subscriptions/11111111-1111-1111-1111-111111111111/resourceGroups/rg-web';
  const nsg = `${group}/providers/Microsoft.Network/networkSecurityGroups/web-nsg`;
  const to = {
    vm,
    parts: new Set([vm.id.toLowerCase(), nsg.toLowerCase()]),
    identities: [],
    ownChanges: new Set<string>(),
  };
  const event = (changes: Json): Json => ({
    eventTimestamp: '2026-11-22T17:41:12.7211000Z',
    operationName: { value: 'Microsoft.Network/networkSecurityGroups/write' },
    category: { value: 'Administrative' },
    status: { value: 'Started' },
    caller: 'm.keller@contoso.com',
    correlationId: 'c1',
    resourceId: nsg.toUpperCase(),
    ...changes,
  });
  const read = (...events: Json[]) => activityEntries(events, to);

  it('are one entry from start to end, whatever the case and the order', () => {
    const entries = read(
      event({ status: { value: 'Succeeded' }, eventTimestamp: '2026-11-22T17:41:16Z', resourceId: nsg }),
      event({ status: { value: 'Accepted' }, eventTimestamp: '2026-11-22T17:41:13Z' }),
      event({}),
    );
    expect(entries).toHaveLength(1);
    expect(entries[0]).toMatchObject({
      at: '2026-11-22T17:41:12.721Z',
      endedAt: '2026-11-22T17:41:16.000Z',
      status: 'succeeded',
      operation: 'Microsoft.Network/networkSecurityGroups/write',
    });
  });

  it('do not call succeeded what has only begun, or was refused', () => {
    expect(read(event({}))[0]).toMatchObject({ status: 'started', endedAt: null });
    expect(read(event({}), event({ status: { value: 'Failed' } }))[0]?.status).toBe('failed');
  });

  it('concern the VM by its parts, by a scope it is in, or by its identity, and by nothing else', () => {
    const role = (scope: string) =>
      event({
        operationName: { value: 'Microsoft.Authorization/roleAssignments/write' },
        resourceId: `${scope}/providers/Microsoft.Authorization/roleAssignments/1`,
      });
    expect(read(role(group)).map(({ about }) => about)).toEqual(['scope']);
    expect(read(role('/subscriptions/11111111-1111-1111-1111-111111111111')).length).toBe(1);
    expect(read(role(`${group}-other`))).toEqual([]);
    expect(read(role(vm.id)).map(({ about }) => about)).toEqual(['machine']);
    // web1 is not web10.
    expect(read(event({ resourceId: `${vm.id}0` }))).toEqual([]);
    const elsewhere = event({
      resourceId: `${group}/providers/Microsoft.Compute/virtualMachines/web02`,
      caller: 'ABC',
    });
    expect(read(elsewhere)).toEqual([]);
    const identities = [{ name: 'web01', ids: ['abc'] }];
    expect(activityEntries([elsewhere], { ...to, identities })[0]).toMatchObject({
      about: 'identity',
      callerKind: 'identity-of-this-machine',
    });
  });

  it('keep of a request’s body only the rule: the rest may hold secrets', () => {
    const body = { properties: { type: 'CustomScriptExtension', settings: { commandToExecute: 'p4ssw0rd' } } };
    const [entry] = read(
      event({
        operationName: { value: 'Microsoft.Compute/virtualMachines/extensions/write' },
        resourceId: `${vm.id}/extensions/x`,
        properties: { requestbody: JSON.stringify(body) },
      }),
    );
    expect(entry).toMatchObject({ kind: 'command', severity: 'high', rule: null });
    expect(JSON.stringify(entry)).not.toContain('p4ssw0rd');
  });

  it('are told without what drives a terminal, and nonsense is no event', () => {
    const [entry] = read(event({ caller: 'a\u001b[2Jb@contoso.com', properties: { requestbody: '{' } }));
    expect(entry?.caller).toBe('ab@contoso.com');
    expect(
      read(event({ eventTimestamp: 'soon' }), event({ operationName: {} }), event({ category: { value: 'Policy' } })),
    ).toEqual([]);
  });

  it('are asked for over the look-back and the week before it, at most over what Azure keeps', () => {
    const now = new Date('2026-11-23T02:20:11Z');
    expect(activityWindow(now).from.toISOString()).toBe('2026-11-15T02:20:11.000Z');
    const most = activityWindow(now, 90 * 24);
    expect((now.getTime() - most.from.getTime()) / 86_400_000).toBeLessThan(90);
  });
});

describe('the query of the workspace', () => {
  const parameters = {
    from: 'datetime(2026-11-15T02:20:11Z)',
    until: 'datetime(2026-11-23T02:20:11Z)',
    rowLimit: '5000',
  };
  const query = withParameters(
    readFileSync(resolve(import.meta.dirname, '../../../src/azure/queries/activity-log.kql'), 'utf8'),
    parameters,
  );
  const errors = (schemas: Parameters<typeof analyse>[1]) =>
    analyse(query, schemas).diagnostics.filter(({ severity }) => severity === 'error');

  it('passes Microsoft’s analyser', () => {
    expect(errors({ AzureActivity: columnsOf('AzureActivity') })).toEqual([]);
  });
});
