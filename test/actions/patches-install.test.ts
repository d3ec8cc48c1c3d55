import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { agreeing, type Bench, deniedInFiles, disagreements, openBench } from './bench.ts';

const install = { id: 'install', title: 'Install', uses: 'patches.install' };
const without = { ...install, with: { withoutSnapshot: 'it is rebuilt anyway, says the owner' } };
const snapshot = { id: 'snapshot', title: 'Snapshot', uses: 'disks.snapshot' };

describe('patches.install', () => {
  let bench: Bench;
  beforeAll(async () => {
    bench = await openBench(deniedInFiles('Microsoft.Compute/virtualMachines/installPatches/action'));
  });
  beforeEach(() => bench.begin());
  afterAll(() => bench.close());

  it('is refused while the case has no snapshot of every disk, and names them', async () => {
    const view = await agreeing(bench.run([install], 'web01')).start();
    expect(view.steps[0]?.error).toMatch(/no whole snapshot of .*OS disk.*snapshot-disks in this case first/);
    expect(bench.mutations()).toEqual([]);
  });

  it('is refused too where snapshots cannot be listed', async () => {
    await bench.faults([
      {
        match: { method: 'GET', path: '/snapshots\\?' },
        effect: { status: 403, code: 'AuthorizationFailed', message: 'x' },
      },
    ]);
    const view = await agreeing(bench.run([install], 'web01')).start();
    expect(view.steps[0]?.error).toMatch(/cannot be listed \(AuthorizationFailed\)/);
  });

  it('plans with reads alone where a reason is given, says that it goes on without, and wants the name', async () => {
    const [step] = (await bench.run([without], 'web01').plan()).steps;
    expect(step).toMatchObject({ danger: 'disruptive', undo: '' });
    expect(step?.warnings.join()).toMatch(/no whole snapshot of .*It goes on all the same: it is rebuilt anyway/);
    expect(step?.consequences?.join()).toMatch(/not restarted.*There is no undo/);
    expect(bench.mutations()).toEqual([]);
  });

  it.each([
    ['jump01', /deallocated.*must run/],
    ['legacy7', /without the VM agent/],
    ['file01', /installPatches\/action/],
  ])('sends nothing where it cannot or may not: %s', async (vm, because) => {
    const view = await agreeing(bench.run([without], vm)).start();
    expect(view.steps[0]?.error).toMatch(because);
    expect(bench.mutations()).toEqual([]);
  });

  it('installs after the snapshots of the case, and says what is left to do', async () => {
    const view = await agreeing(bench.run([snapshot, install], 'web01')).start();
    expect(view.outcome).toBe('done');
    const verified = view.steps[1]?.verified;
    expect(verified).toMatchObject({
      ok: true,
      text: expect.stringMatching(/^Installed: [1-9]\d* installed, 0 failed/),
    });
    expect([...bench.log.evidence.keys()].some((name) => name.includes('patch-installation'))).toBe(true);
    expect(disagreements(bench.mutations(), bench.log)).toEqual([]);
  });

  it('settles a lost answer by the instance view, and sends it once', async () => {
    await bench.faults([{ match: { method: 'POST', path: '/installPatches' }, times: 1, effect: { drop: 'answer' } }]);
    const view = await agreeing(bench.run([without], 'kiosk01')).start();
    expect(view.outcome).toBe('done');
    expect(bench.log.of('intent')).toHaveLength(1);
  });

  it('says that it failed when the operation fails after it was accepted', async () => {
    await bench.faults([
      {
        match: { method: 'POST', path: '/installPatches' },
        effect: { failOperation: { code: 'VMExtensionHandlerNonTransientError', message: 'the handler failed' } },
      },
    ]);
    const view = await agreeing(bench.run([without], 'mail01')).start();
    expect(view.outcome).not.toBe('done');
    expect(view.steps[0]?.error).toMatch(/VMExtensionHandlerNonTransientError/);
  });
});
