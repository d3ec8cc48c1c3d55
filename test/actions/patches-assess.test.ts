import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { obstacleTo } from '../../src/actions/patches-assess.ts';
import { resolveVm } from '../../src/azure/readers/inventory.ts';
import { readPatches } from '../../src/azure/readers/patches.ts';
import { agreeing, type Bench, deniedInFiles, disagreements, openBench } from './bench.ts';

const assess = { id: 'assess', title: 'Assess', uses: 'patches.assess' };

describe('patches.assess', () => {
  let bench: Bench;
  beforeAll(async () => {
    bench = await openBench(deniedInFiles('Microsoft.Compute/virtualMachines/assessPatches/action'));
  });
  beforeEach(() => bench.begin());
  afterAll(() => bench.close());
  const patchesOf = async (name: string) => readPatches(bench.connection, await resolveVm(bench.connection, name));

  it('plans with reads alone, and says that it writes to the guest and cannot be undone', async () => {
    const [step] = (await bench.run([assess], 'web01').plan()).steps;
    expect(step?.changes[0]).toMatchObject({
      method: 'POST',
      resourceId: expect.stringMatching(/web01\/assessPatches$/),
    });
    expect(step?.permissions).toMatchObject([
      { action: 'Microsoft.Compute/virtualMachines/assessPatches/action', held: true },
    ]);
    expect(step?.warnings.join()).toMatch(/writes to the disk.*extension/);
    expect(step?.consequences?.join()).toMatch(/before the network is locked.*cannot be undone/);
    expect(step?.undo).toBe('');
    expect(bench.mutations()).toEqual([]);
  });

  it('warns where the extension has to be installed first', async () => {
    const [step] = (await bench.run([assess], 'sql01').plan()).steps;
    expect(step?.warnings.join()).toMatch(/not in the VM yet: Azure installs it/);
  });

  it('makes known what a stale assessment did not tell', async () => {
    expect(await patchesOf('kiosk01')).toMatchObject({ state: 'unknown' });
    const view = await agreeing(bench.run([assess], 'kiosk01')).start();
    expect(view.outcome).toBe('done');
    expect(view.steps[0]?.verified).toMatchObject({ ok: true, text: expect.stringMatching(/^Assessed: 1 critical/) });
    expect(await patchesOf('kiosk01')).toMatchObject({
      state: 'known',
      value: { missing: [{ kb: '5034439' }] },
      notSeen: [],
    });
    expect([...bench.log.evidence.keys()].some((name) => name.includes('patch-assessment'))).toBe(true);
    expect(disagreements(bench.mutations(), bench.log)).toEqual([]);
    expect(bench.log.of('query')[0]).toMatchObject({
      service: 'Resource Graph',
      rows: expect.any(Number),
      sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
      step: 'assess',
    });
  });

  it('is refused for a VM that is off, and for one without the agent', async () => {
    for (const [vm, because] of [
      ['jump01', /deallocated.*must run/],
      ['legacy7', /without the VM agent/],
    ] as const) {
      const view = await agreeing(bench.run([assess], vm)).start();
      expect(view.outcome).toBe('needs-attention');
      expect(view.steps[0]?.error).toMatch(because);
    }
    expect(bench.mutations()).toEqual([]);
  });

  it('says beforehand that the permission is missing', async () => {
    const [step] = (await bench.run([assess], 'file01').plan()).steps;
    expect(step?.permissions).toMatchObject([{ held: false }]);
  });

  it('says that it failed when the operation fails after it was accepted', async () => {
    await bench.faults([
      {
        match: { method: 'POST', path: 'assessPatches' },
        effect: { failOperation: { code: 'VMExtensionHandlerNonTransientError', message: 'the handler failed' } },
      },
    ]);
    const view = await agreeing(bench.run([assess], 'mail01')).start();
    expect(view.outcome).not.toBe('done');
    expect(view.steps[0]?.error).toMatch(/VMExtensionHandlerNonTransientError/);
    expect(bench.log.of('outcome').some((one) => one.ok === false)).toBe(true);
  });
});

describe('what stands in the way of an assessment', () => {
  const on = { statuses: [{ code: 'PowerState/running' }] };
  it('is the agent that does not answer, and extensions that are not allowed', () => {
    const silent = { ...on, vmAgent: { statuses: [{ displayStatus: 'Not Ready' }] } };
    expect(obstacleTo({}, silent, 'x', 'scripts run')).toMatch(/does not answer \(Not Ready\)/);
    const closed = { properties: { osProfile: { allowExtensionOperations: false } } };
    expect(obstacleTo(closed, on, 'x', 'scripts run')).toBe('x does not allow extensions, and by one scripts run.');
    expect(obstacleTo({}, on, 'x', 'scripts run')).toBe('');
    const off = { statuses: [{ code: 'PowerState/stopped' }] };
    expect(obstacleTo({}, off, 'x', 'scripts run')).toContain('x is stopped: scripts run from inside');
  });
});
