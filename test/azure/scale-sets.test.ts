import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Connection } from '../../src/azure/client/connection.ts';
import { resolveVm } from '../../src/azure/readers/inventory.ts';
import { readInstances, withInterfaces } from '../../src/azure/readers/scale-set-instances.ts';
import { readScan } from '../../src/azure/scan.ts';
import { readTriage } from '../../src/azure/triage.ts';
import type { ScanDocument, TriageDocument } from '../../src/documents/triage.ts';
import { agreeing, type Bench, openBench } from '../actions/bench.ts';
import { addFailures, addScaleSet } from './scale-set-world.ts';

let bench: Bench;
let set: string;
beforeAll(async () => {
  bench = await openBench((world) => {
    ({ set } = addScaleSet(world, 'app03'));
    addFailures(world, { resourceId: `${set}/virtualMachines/0`, computer: 'workers000000', failures: 40 });
    // The agent of the other reports with the id of the set.
    addFailures(world, { resourceId: set, computer: 'workers000001.contoso.local', failures: 25 });
  });
});
afterAll(() => bench.close());
beforeEach(() => bench.begin());

const portsOf = ({ exposure }: Pick<TriageDocument, 'exposure'>) =>
  exposure.state === 'known'
    ? exposure.value.ports.map(
        ({ protocol, from, frontend }) => `${frontend.address}:${frontend.from} ${protocol} ${from}`,
      )
    : [exposure.because];
const scanned = (scan: ScanDocument, name: string) => scan.vms.find((row) => row.name === name);
const triage = async (wanted: string) =>
  (await readTriage(bench.connection, await resolveVm(bench.connection, wanted), () => {})).document;

describe('an instance of a Uniform scale set', () => {
  test('is found by its id, its name and its number', async () => {
    const id = `${set}/virtualMachines/1`;
    for (const wanted of [id, id.toUpperCase(), 'workers_1', 'workers/1', 'WORKERS/1']) {
      const vm = await resolveVm(bench.connection, wanted);
      expect(vm).toMatchObject({ name: 'workers_1', computerName: 'workers000001', power: 'running', os: 'windows' });
      expect(vm.networkInterfaces).toEqual([`${id}/networkInterfaces/workers-nic`]);
    }
    await expect(resolveVm(bench.connection, 'workers')).rejects.toThrow(/workers is a Uniform scale set: name one/);
    await expect(resolveVm(bench.connection, `${set}/virtualMachines/9`)).rejects.toThrow(/workers has no instance 9/);
  });

  test('has an exposure by its own address, and by the NAT rule of a balancer', async () => {
    const own = await triage('workers/0');
    expect(portsOf(own)).toEqual(['20.51.90.10:3389 tcp 3389']);
    expect(own.vm.publicAddresses).toEqual(['20.51.90.10']);
    const told = own.exposure.state === 'known' ? own.exposure.value.secondOpinion : [];
    expect(told.map(({ result }) => result).join()).toMatch(/no effective rules for the interfaces of Uniform/);
    expect(portsOf(await triage('workers_1'))).toEqual(['20.51.90.1:50001 tcp 3389']);
  });

  test('says of what Azure does not offer that it does not, and nothing else', async () => {
    const { patches, installations, posture } = await triage('workers/0');
    for (const fact of [patches, installations, posture.backup, posture.jit]) {
      expect(fact).toMatchObject({ state: 'unknown', why: 'unsupported' });
    }
    expect(posture.identity).toMatchObject({
      state: 'known',
      value: { localAdmin: 'azureuser', managedIdentities: [{ kind: 'system-assigned' }] },
    });
    expect(posture.activity.state).toBe('known');
  });

  test('has the failed logons of its own id, or of its computer in the logs of the set', async () => {
    const failures = async (wanted: string) => {
      const { logons } = await triage(wanted);
      return logons.state === 'known' ? [logons.value.failures, logons.value.bursts.length, logons.coverage] : logons;
    };
    expect(await failures('workers/0')).toEqual([40, 1, 'last 24 h']);
    expect(await failures('workers/1')).toEqual([25, 1, expect.stringMatching(/by the computer name workers000001$/)]);
  });

  test('is a row of the scan, ranked by what is open, without an invented lack of backup or patches', async () => {
    const scan = await readScan(bench.connection, () => {});
    expect(scanned(scan, 'workers_0')).toMatchObject({
      exposedPorts: ['3389'],
      lastBackup: null,
      criticalPatches: null,
      patchAssessment: 'unsupported',
      vm: { publicAddresses: ['20.51.90.10'] },
    });
    expect(scanned(scan, 'workers_1')?.exposedPorts).toEqual(['nat 50001→3389']);
    expect(scanned(scan, 'workers_0')?.worstBurst).toMatchObject({ state: 'known', value: { failures: 40 } });
    expect(scanned(scan, 'workers_1')?.worstBurst).toMatchObject({ state: 'known', value: { failures: 25 } });
    expect(scan.notSeen.join('\n')).not.toMatch(/scale set/);
  });
});

describe('what of a scale set cannot be read', () => {
  const type = 'Microsoft.Compute/virtualMachineScaleSets/virtualMachines';
  const forbidden = { status: 403, code: 'AuthorizationFailed', message: 'no permission' };

  test('leaves the exposure unknown, with the permission that is missing', async () => {
    await bench.faults([{ match: { operation: `${type}/networkInterfaces/read` }, effect: forbidden }]);
    const { exposure } = await triage('workers/0');
    expect(exposure).toMatchObject({ state: 'unknown', why: 'denied' });
    expect(JSON.stringify(exposure)).toContain('workers-nic');
  });

  test('keeps the port of an address that may not be read', async () => {
    const operation = `${type}/networkInterfaces/ipConfigurations/publicIPAddresses/read`;
    await bench.faults([{ match: { operation }, effect: forbidden }]);
    const { exposure } = await triage('workers/0');
    expect(portsOf({ exposure })).toEqual(['unknown:3389 tcp 3389']);
    expect(exposure).toMatchObject({
      notSeen: [expect.stringMatching(/public address pub .*ipConfigurations\/publicIPAddresses\/read/)],
    });
  });

  test('are the interfaces in its row of Resource Graph: they are asked for at the instance', async () => {
    const vm = await resolveVm(bench.connection, 'workers/0');
    const bare = { ...vm, networkInterfaces: [] };
    expect((await withInterfaces(bench.connection, bare)).networkInterfaces).toEqual(vm.networkInterfaces);
    await bench.faults([{ match: { path: 'virtualMachines/0/networkInterfaces' }, effect: forbidden }]);
    const unread = await withInterfaces(bench.connection, bare);
    expect((await readTriage(bench.connection, unread, () => {})).document.exposure.state).toBe('unknown');
  });

  test('is said of instances that Resource Graph does not list, or lists in part', async () => {
    const others = [
      { id: set, name: 'workers', resourceGroup: 'rg', kind: 'scale-set' as const, capacity: 2, listed: 0 },
    ];
    const row = { id: `${set}/virtualMachines/0`, name: 'workers_0' };
    const answering = (resources: () => Promise<unknown>) =>
      ({ ...bench.connection, resourceGraph: async () => ({ resources }) }) as unknown as Connection;
    const subscriptions = [{ id: set.split('/')[2] ?? '', name: 'prod', tenantId: '' }];
    const cut = answering(async () => ({ data: [row], count: 1, totalRecords: 2, resultTruncated: 'true' }));
    expect(await readInstances(cut, others, subscriptions)).toMatchObject({
      machines: [{ name: 'workers_0' }],
      others: [{ listed: 1 }],
      notSeen: [expect.stringMatching(/^instances of scale sets: /)],
    });
    const failing = answering(() => Promise.reject(new Error('no answer')));
    expect(await readInstances(failing, others, subscriptions)).toMatchObject({
      machines: [],
      others: [{ listed: 0 }],
      notSeen: [expect.stringMatching(/^the list of instances of scale sets: /)],
    });
  });
});

describe('changes to an instance', () => {
  const plan = async (uses: string, input: object = {}) => {
    const view = await bench.run([{ id: 'step', title: 'Step', uses, with: input }], 'workers_0').plan();
    return JSON.stringify(view.steps[0]);
  };

  test.each([
    [
      'nsg.lock',
      /follows the model of workers.*--instance-id 0 --protect-from-scale-in true --protect-from-scale-set-actions true/,
    ],
    ['backup.trigger', /Azure Backup does not protect the instances of Uniform scale sets.*snapshot/],
    ['jit.enable', /Just-in-time access is for VMs/],
    ['patches.assess', /Azure assesses no patches/],
    ['vm.deallocate', /az vmss deallocate --resource-group \S+ --name workers --instance-ids 0/],
    ['volatile.collect', /az vmss run-command invoke --resource-group \S+ --name workers .*--command-id /],
  ])('%s is refused, with what to do in its place', async (uses, said) => {
    expect(await plan(uses)).toMatch(said);
    expect(bench.mutations()).toEqual([]);
  });

  test('its disks are managed disks: snapshots are taken of them', async () => {
    const steps = [{ id: 'snapshot', title: 'Snapshot', uses: 'disks.snapshot', with: { kind: 'full' } }];
    const view = await agreeing(bench.run(steps, 'workers_0')).start();
    expect(view.steps[0]?.state).toBe('done');
    expect(bench.mutations().map(({ path }) => path)).toEqual([expect.stringMatching(/snapshots\/.*OsDisk/i)]);
  });
});
