import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connect } from '../../../src/azure/client/connection.ts';
import { readFleetLogons } from '../../../src/azure/readers/fleet-logons.ts';
import { Listing } from '../../../src/azure/readers/listing.ts';
import type { VirtualMachine } from '../../../src/documents/triage.ts';
import { parseFaults } from '../../../src/simulator/faults.ts';
import { type Simulator, startSimulator } from '../../../src/simulator/server.ts';
import { parseWorld } from '../../../src/simulator/world.ts';
import { fleetLogonsOf, machine } from '../log-workspace.ts';

let simulator: Simulator;
beforeAll(async () => {
  simulator = await startSimulator({ world: fleetWorld(), faults: parseFaults(JSON.stringify(faults), 'faults') });
});
afterAll(() => simulator.close());

const now = '2026-11-23T02:20:11Z';
const subscription = (number: number) => `cccccccc-0000-4000-8000-00000000000${number}`;
const vms = [1, 2, 3, 4].map((number) => {
  const id = `/subscriptions/${subscription(number)}/resourceGroups/rg-web/providers/Microsoft.Compute/virtualMachines/vm${number}`;
  return machine({ id, name: `vm${number}`, computerName: `vm${number}`, subscriptionId: subscription(number) });
});
const home = `/subscriptions/${subscription(1)}/resourceGroups/rg-monitor`;
const workspace = `${home}/providers/Microsoft.OperationalInsights/workspaces/law-central`;
const customerId = 'dddddddd-0000-4000-8000-000000000001';

const minutesAgo = (minutes: number) => new Date(Date.parse(now) - minutes * 60_000).toISOString();

function rowsOf(vm: VirtualMachine, failures: number): Record<string, unknown>[] {
  const base = {
    Computer: vm.computerName,
    _ResourceId: vm.id.toLowerCase(),
    EventSourceName: 'Microsoft-Windows-Security-Auditing',
  };
  const logon = { IpAddress: '203.0.113.77', TargetUserName: 'administrator', LogonType: 3 };
  return [
    {
      ...base,
      ...logon,
      TimeGenerated: minutesAgo(2),
      EventID: 4624,
      TargetUserName: 'SYSTEM',
      LogonType: 5,
      IpAddress: '-',
    },
    ...Array.from({ length: failures }, () => ({ ...base, ...logon, TimeGenerated: minutesAgo(60), EventID: 4625 })),
  ];
}

/** The workspace answers one set of queries about Windows VMs, and refuses after that. */
const faults = [
  {
    match: { method: 'POST', path: '/workspaces/law-central/query' },
    after: 6,
    effect: { status: 403, code: 'InsufficientAccessError', message: 'no access' },
  },
];

/** Four VMs in four subscriptions; the third has no agent. */
function fleetWorld() {
  const world = {
    schema: 'cordon.world/1',
    now,
    subscriptions: vms.map((vm) => ({ subscriptionId: vm.subscriptionId, displayName: vm.subscriptionId })),
    resources: [
      ...vms.map(({ id, name }) => ({
        id,
        name,
        type: 'Microsoft.Compute/virtualMachines',
        location: 'eastus',
        properties: {},
      })),
      {
        id: workspace,
        name: 'law-central',
        type: 'Microsoft.OperationalInsights/workspaces',
        location: 'eastus',
        properties: { customerId },
      },
    ],
    tables: {
      SecurityEvent: vms.flatMap((vm, at) => (at === 2 ? [] : rowsOf(vm, at === 1 ? 20 : 0))),
      Heartbeat: vms.flatMap((vm, at) =>
        at === 2 ? [] : [{ TimeGenerated: minutesAgo(1), Computer: vm.computerName, _ResourceId: vm.id.toLowerCase() }],
      ),
    },
  };
  return parseWorld(JSON.stringify(world), 'fleet');
}

async function fleet() {
  const { url, identityHeader } = simulator;
  const connection = connect({ simulator: { url, identityHeader, clock: simulator } });
  const asked: string[] = [];
  connection.observe(({ url }) => {
    const { pathname } = new URL(url);
    if (pathname.startsWith('/v1/')) asked.push(pathname);
  });
  const read = await fleetLogonsOf(connection, vms);
  if (read.state === 'unknown') throw new Error(read.because);
  return { asked, of: (at: number) => read.value.get((vms[at]?.id ?? '').toLowerCase()) };
}

describe('a fleet of several subscriptions that report into one workspace', () => {
  it('is asked of the workspace, and a subscription only of a VM that the workspace does not know', async () => {
    const { asked, of } = await fleet();
    const elsewhere = asked.filter((path) => !path.includes('/workspaces/law-central/'));
    expect(elsewhere).toEqual([`/v1/subscriptions/${subscription(3)}/query`]);
    expect(asked.length).toBeLessThanOrEqual(8);
    expect(of(0)).toMatchObject({ state: 'known', value: null });
    expect(of(1)).toMatchObject({ state: 'known', value: { failures: 20 } });
    expect(of(2)).toMatchObject({ state: 'unknown', because: expect.stringContaining('no agent') });
  });

  it('is asked of the workspace while its VMs are still being listed', async () => {
    const { url, identityHeader } = simulator;
    const connection = connect({ simulator: { url, identityHeader, clock: simulator } });
    const asked = Promise.withResolvers<string>();
    connection.observe(({ url }) => {
      if (url.includes('/workspaces/law-central/')) asked.resolve(url);
    });
    const list = Promise.withResolvers<VirtualMachine[]>();
    const listing = new Listing(list.promise);
    const ids = vms.map(({ subscriptionId }) => subscriptionId);
    const reading = readFleetLogons(connection, ids, listing);
    listing.grow([...vms.slice(0, 2), machine({ name: 'build', os: 'linux' })]);
    expect(await asked.promise).toContain('/query');
    list.resolve(vms);
    expect(await reading).toMatchObject({ state: 'known' });
  });

  it('is asked of each subscription where the workspace may not be read', async () => {
    const { asked, of } = await fleet();
    expect(new Set(asked.filter((path) => /^\/v1\/subscriptions\/[^/]+\/query$/.test(path))).size).toBe(4);
    expect(of(0)).toMatchObject({ state: 'known', value: null });
    expect(of(1)).toMatchObject({ state: 'known', value: { failures: 20 } });
    expect(of(2)).toMatchObject({ state: 'unknown' });
  });
});
