/**
 * Defects of other tools that contain and preserve, each with the tool's name, so that they stay out of this one: SEN is
 * Azure-Sentinel's playbooks, LCF cloud-forensics-utils, VEL Velociraptor, AWS awslabs' incident response.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { findPlaybook, loadPlaybooks, playbookFolders } from '../../src/playbook/playbook-file.ts';
import { agreeing, type Bench, openBench } from './bench.ts';

const lock = { id: 'lock', title: 'Lock', uses: 'nsg.lock', with: {} };
const snapshot = { id: 'snapshot', title: 'Snapshot', uses: 'disks.snapshot', with: {} };

describe('what other tools did wrong', () => {
  let bench: Bench;
  beforeAll(async () => {
    bench = await openBench();
  });
  beforeEach(() => bench.begin());
  afterAll(() => bench.close());

  const nicsOf = async (vm: string) =>
    (await bench.world()).resources.filter(
      ({ type, properties }) =>
        /networkInterfaces$/i.test(String(type)) &&
        String(Reflect.get(Object(Reflect.get(Object(properties), 'virtualMachine')), 'id') ?? '').endsWith(`/${vm}`),
    );
  /** An interface without what a lock is meant to change. */
  const rest = (nic: Record<string, unknown>) => {
    const { networkSecurityGroup: _, provisioningState: __, ...properties } = Object(nic.properties);
    const plain = JSON.parse(
      JSON.stringify({ ...nic, etag: '', properties }, (key, value) => (key === 'etag' ? '' : value)),
    );
    return plain;
  };

  test('SEN Isolate-AzVM: the interface keeps its other properties and tags, every one of its configurations', async () => {
    const before = await nicsOf('gate01');
    const run = agreeing(bench.run([lock], 'gate01'));
    expect((await run.start()).outcome).toBe('done');
    const after = await nicsOf('gate01');
    expect(after.map(rest)).toEqual(before.map(rest));
    // Every interface, not the first.
    const groups = after.map(({ properties }) =>
      JSON.stringify(Reflect.get(Object(properties), 'networkSecurityGroup')),
    );
    expect(groups.every((group) => group.includes('cordon-'))).toBe(true);
    expect((await run.undo()).outcome).toBe('undone');
  });

  test('SEN Isolate-AzVM: the record names the group that was there, and it is put back', async () => {
    const run = agreeing(bench.run([lock], 'web01'));
    await run.start();
    const record = JSON.stringify([...bench.log.evidence].filter(([name]) => name.includes('step-lock')));
    expect(record).toContain('web-nsg');
    expect((await run.undo()).outcome).toBe('undone');
    expect(JSON.stringify(await nicsOf('web01'))).toContain('web-nsg');
  });

  test('SEN Isolate-AzVM: the way in of the responder stands above the denial', async () => {
    const run = agreeing(bench.run([lock], 'web01'));
    await run.start();
    const made = bench.mutations().find(({ path }) => /networkSecurityGroups/i.test(path))?.after;
    const rules = Reflect.get(Object(made?.properties), 'securityRules') as { properties: Record<string, unknown> }[];
    const inbound = rules.map(({ properties }) => properties).filter(({ direction }) => direction === 'Inbound');
    const of = (access: string) => inbound.filter((one) => one.access === access).map((one) => Number(one.priority));
    expect(Math.max(...of('Allow'))).toBeLessThan(Math.min(...of('Deny')));
    await run.undo();
  });

  test('SEN Isolate-AzVM: outbound traffic is left alone unless it is asked for', async () => {
    const run = agreeing(bench.run([lock], 'web01'));
    await run.start();
    const made = bench.mutations().find(({ path }) => /networkSecurityGroups/i.test(path))?.after;
    expect(JSON.stringify(made?.properties)).not.toContain('"Outbound"');
    await run.undo();
  });

  test('SEN Isolate-AzVM: disks that take only incremental snapshots get these, and their copies are waited for', async () => {
    expect((await agreeing(bench.run([snapshot], 'sql01')).start()).outcome).toBe('done');
    const bodies = [...bench.log.evidence].flatMap(([file, body]) => (/-snapshots\.json$/.test(file) ? body : []));
    const incremental = (bodies as object[])
      .map((body) => Object(Reflect.get(body, 'properties')))
      .filter((one) => one.incremental === true);
    // An Ultra disk and a Premium SSD v2.
    expect(incremental.map((one) => one.completionPercent)).toEqual([100, 100]);
  });

  test('SEN Isolate-AzVM: the record names the snapshot of every disk, not of the OS disk alone', async () => {
    await agreeing(bench.run([snapshot], 'web01')).start();
    const names = bench.mutations().map(({ path }) => path.split('/').at(-1) ?? '');
    const kept = [...bench.log.evidence].filter(([file]) => file.includes('snapshots')).map(([, body]) => body);
    expect(names.length).toBeGreaterThan(1);
    for (const name of names) expect(JSON.stringify(kept)).toContain(name);
  });

  test('SEN Isolate-AzureVMtoNSG: what must be permitted is named by resource, never for a management group', async () => {
    const [step] = (await bench.run([lock], 'web01').plan()).steps;
    const scopes = step?.permissions.map(({ scope }) => scope) ?? [];
    expect(scopes.length).toBeGreaterThan(0);
    expect(scopes.filter((scope) => !/^\/subscriptions\/[^/]+\/resourceGroups\/[^/]+/i.test(scope))).toEqual([]);
  });

  test('SEN Isolate-AzureVMtoNSG and Defender’s playbook: nothing is restarted or deallocated, which destroys memory', async () => {
    const run = agreeing(bench.run([snapshot, lock], 'web01'));
    await run.start();
    const paths = bench.mutations().map(({ path }) => path);
    expect(paths.filter((path) => /\/(restart|deallocate|powerOff|redeploy)$/i.test(path))).toEqual([]);
    // AWS: what preserves comes before what contains.
    const last = (kind: RegExp) => paths.findLastIndex((path) => kind.test(path));
    const first = (kind: RegExp) => paths.findIndex((path) => kind.test(path));
    expect(last(/snapshots/i)).toBeLessThan(first(/networkSecurityGroups/i));
    await run.undo();
  });

  test('LCF CreateDiskCopy: data disks too, under names of their own, tagged, closed to export, and no SAS in the record', async () => {
    for (const _ of [1, 2]) expect((await agreeing(bench.run([snapshot], 'web01')).start()).outcome).toBe('done');
    const taken = bench.mutations().filter(({ path }) => /snapshots/i.test(path));
    const vm = (await bench.world()).resources.find(
      ({ name, type }) => name === 'web01' && /virtualMachines$/i.test(String(type)),
    );
    const disks = Reflect.get(Object(Reflect.get(Object(vm?.properties), 'storageProfile')), 'dataDisks') as unknown[];
    expect(taken).toHaveLength(2 * (1 + disks.length));
    expect(new Set(taken.map(({ path }) => path.toLowerCase())).size).toBe(taken.length);
    for (const { after } of taken) {
      expect(Object(after?.properties).networkAccessPolicy).toBe('DenyAll');
      expect(Object(after?.tags)['cordon-case']).toBe(bench.log.caseId);
    }
    expect(JSON.stringify(bench.log.entries)).not.toMatch(/[?&]sig=(?!\[redacted\])/);
  });

  test('LCF: no provider is registered in the customer’s subscription', async () => {
    await agreeing(bench.run([snapshot], 'jump01')).start();
    expect(bench.mutations().filter(({ path }) => /\/register$/i.test(path))).toEqual([]);
  });

  test('AWS, which is right: memory before disks, disks before the lock', async () => {
    const shelf = await loadPlaybooks(await playbookFolders({ CORDON_PLAYBOOKS: '/nowhere' }));
    const steps = findPlaybook(shelf, 'contain-brute-force').steps.map(({ id }) => id);
    const order = ['volatile', 'snapshot', 'backup', 'lock'];
    expect(steps.filter((id) => order.includes(id))).toEqual(order);
  });

  test('VEL Quarantine, which is right: it tries its own way in, and undoes itself when that is closed', async () => {
    const steps = [
      { ...lock, with: { ports: [22] } },
      { id: 'way-in', title: 'Check', check: 'network.check', with: { ports: [3389] }, whenFailed: { undo: 'lock' } },
    ];
    const before = await nicsOf('app03');
    expect((await agreeing(bench.run(steps, 'app03')).start()).outcome).toBe('undone');
    expect((await nicsOf('app03')).map(rest)).toEqual(before.map(rest));
  });
});
