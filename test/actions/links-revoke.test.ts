import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { agreeing, type Bench, disagreements, openBench } from './bench.ts';
import { groupOf } from './preflight/obstructed.ts';

const revoke = { id: 'revoke', title: 'Revoke', uses: 'links.revoke' };
const diskType = 'Microsoft.Compute/disks';

describe('links.revoke', () => {
  let bench: Bench;
  let data: string;
  beforeAll(async () => {
    bench = await openBench((world) => {
      const disks = world.resources.filter((one) => one.type.toLowerCase() === diskType.toLowerCase());
      const of = (vm: string) =>
        disks.filter((one) => String(one.managedBy).toLowerCase().endsWith(`/virtualmachines/${vm}`));
      const [os, second] = of('web01');
      if (!os || !second) throw new Error('web01 has not two disks');
      data = second.name;
      const linked = { diskState: 'ActiveSAS' };
      second.properties = { ...second.properties, ...linked };
      for (const one of of('app03')) one.properties = { ...one.properties, diskState: 'ActiveUpload' };
      world.resources.push({
        id: `${groupOf(os.id)}/providers/Microsoft.Compute/snapshots/copied`,
        name: 'copied',
        type: 'Microsoft.Compute/snapshots',
        location: os.location ?? '',
        properties: {
          ...linked,
          provisioningState: 'Succeeded',
          diskSizeGB: 128,
          incremental: false,
          creationData: { createOption: 'Copy', sourceResourceId: os.id },
        },
      });
      const blobs = world.resources.find(({ name, type }) => name === 'print01' && /\/virtualMachines$/i.test(type));
      const vhd = { uri: 'https://x.blob.core.windows.net/vhds/os.vhd' };
      Object.assign(Object(blobs?.properties).storageProfile, {
        osDisk: { osType: 'Windows', name: 'os', vhd },
        dataDisks: [],
      });
      world.denied.push({
        action: `${diskType}/endGetAccess/action`,
        scope: groupOf(of('app03')[0]?.id ?? ''),
      });
    });
  });
  beforeEach(() => bench.begin());
  afterAll(() => bench.close());

  const stateOf = async (type: string, name: string) =>
    Reflect.get(Object((await bench.resource(type, name))?.properties), 'diskState');

  it('plans with reads alone: each link, and that it cannot be undone', async () => {
    const [step] = (await bench.run([revoke], 'web01').plan()).steps;
    expect(step?.changes.map(({ resourceId }) => resourceId.split('/').slice(-2).join('/')).sort()).toEqual([
      'copied/endGetAccess',
      `${data}/endGetAccess`,
      // The one that the intruder made, in the built-in world.
      'web01-data-1/endGetAccess',
    ]);
    expect(step).toMatchObject({ undo: '', danger: 'disruptive' });
    expect(step?.consequences?.join()).toMatch(/There is no undo/);
    expect(step?.warnings.join()).toMatch(/Not seen: copies of the disks in other subscriptions/);
    expect(bench.mutations()).toEqual([]);
  });

  it('names what Azure does not show: links to restore points, and to disks that are blobs', async () => {
    const point = { id: 's', title: 'S', uses: 'disks.snapshot', with: { kind: 'full', restorePoint: true } };
    const taken = agreeing(bench.run([point], 'web01'));
    expect((await taken.start()).outcome).toBe('done');
    const [step] = (await bench.run([revoke], 'web01').plan()).steps;
    expect(step?.warnings.join()).toMatch(
      /Not seen: links to the disks in restore points of cordon-\S+, which Azure does not show/,
    );
    const unmanaged = await agreeing(bench.run([revoke], 'print01')).start();
    expect(unmanaged.steps[0]?.error).toMatch(
      /links to the OS disk, page blobs in a storage account: they end when its keys are renewed/,
    );
  });

  it('finds nothing to do where no link is, and does not say so where it could not look', async () => {
    const none = await agreeing(bench.run([revoke], 'sql01')).start();
    expect(none.steps[0]?.verified?.text).toMatch(/None of the \d+ disks and snapshots of sql01 that were read/);
    await bench.faults([]);
    await bench.faults([
      {
        match: { method: 'GET', path: '/disks' },
        times: 1,
        effect: { status: 403, code: 'AuthorizationFailed', message: 'x' },
      },
    ]);
    const some = await agreeing(bench.run([revoke], 'sql01')).start();
    expect(some.outcome).toBe('needs-attention');
    expect(some.steps[0]?.error).toMatch(
      /No link was found at the \d+ .* that were read; others were not. Not seen: .*AuthorizationFailed/,
    );
    await bench.faults([
      {
        match: { method: 'GET', path: '/(disks|snapshots)' },
        times: 20,
        effect: { status: 403, code: 'AuthorizationFailed', message: 'x' },
      },
    ]);
    const unseen = await agreeing(bench.run([revoke], 'sql01')).start();
    expect(unseen.steps[0]?.error).toMatch(/No disk or snapshot of sql01 could be read.*AuthorizationFailed/);
    expect(bench.mutations()).toEqual([]);
  });

  it('is refused beforehand where access may not be ended', async () => {
    const view = await agreeing(bench.run([revoke], 'app03')).start();
    expect(view.steps[0]?.error).toMatch(/disks\/endGetAccess\/action/);
    expect(bench.mutations()).toEqual([]);
  });

  it('says that it failed when the operation fails, and the link is there yet', async () => {
    await bench.faults([
      {
        match: { method: 'POST', path: '/endGetAccess' },
        effect: { failOperation: { code: 'Internal', message: 'x' } },
      },
    ]);
    const view = await agreeing(bench.run([revoke], 'web01')).start();
    expect(view.outcome).not.toBe('done');
    expect(await stateOf(diskType, data)).toBe('ActiveSAS');
  });

  it('revokes each, verified by the state; a lost answer is settled by it too', async () => {
    await bench.faults([{ match: { method: 'POST', path: '/endGetAccess' }, times: 1, effect: { drop: 'answer' } }]);
    const view = await agreeing(bench.run([revoke], 'web01')).start();
    expect(view.outcome).toBe('done');
    expect(view.steps[0]?.verified?.text).toMatch(/No link any more: .*\(Attached\), .*copied \(Unattached\)/);
    expect(await stateOf(diskType, data)).toBe('Attached');
    expect(await stateOf('Microsoft.Compute/snapshots', 'copied')).toBe('Unattached');
    expect(await stateOf('Microsoft.Compute/snapshots', 'web01-data-1')).toBe('Unattached');
    expect(disagreements(bench.mutations(), bench.log)).toEqual([]);
  });
});
