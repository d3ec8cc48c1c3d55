import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Fault } from '../../src/simulator/faults.ts';
import { agreeing, type Bench, disagreements, openBench } from './bench.ts';

const undelete = { id: 'undelete', title: 'Undelete', uses: 'backup.undelete', with: {} };

/** As a vault prints an item that was deleted and is kept for a while; stopped besides. */
const deleted = {
  protectionState: 'ProtectionStopped',
  isScheduledForDeferredDelete: true,
  deferredDeleteTimeInUTC: '2026-11-21T08:00:00Z',
  deferredDeleteTimeRemaining: '12.04:10:00',
};

describe('backup.undelete', () => {
  let bench: Bench;
  beforeAll(async () => {
    bench = await openBench((world) => {
      for (const name of ['web01', 'sql02', 'app03']) {
        const item = world.backup?.protectedItems.find((one) => one.name.toLowerCase().endsWith(`;${name}`));
        if (!item) throw new Error(`no vault protects ${name}`);
        const classic = name === 'app03' ? { protectedItemType: 'Microsoft.ClassicCompute/virtualMachines' } : {};
        item.properties = { ...item.properties, ...deleted, ...classic };
      }
    });
  });
  beforeEach(() => bench.begin());
  afterAll(() => bench.close());
  const faulty = async (effect: Fault['effect']) =>
    bench.faults([{ match: { method: 'PUT', path: '/protectedItems/[^/?]+\\?' }, times: 1, effect }]);

  it('plans with reads alone, and says what is left of the time and that protection stays stopped', async () => {
    const [step] = (await bench.run([undelete], 'web01').plan()).steps;
    expect(step?.changes.map(({ method }) => method)).toEqual(['PUT']);
    // The body of Microsoft's page "Back up an Azure VM using Azure Backup via REST API", Undo the deletion.
    expect(step?.changes[0]?.after).toEqual({
      protectedItemType: 'Microsoft.Compute/virtualMachines',
      protectionState: 'ProtectionStopped',
      sourceResourceId: expect.stringMatching(/\/virtualMachines\/web01$/),
      isRehydrate: true,
    });
    const text = JSON.stringify(step);
    expect(text).toContain('12.04:10:00');
    expect(text).toMatch(/Protection stays stopped.*resumes it/);
    expect(text).toContain('protectedItems/write');
    expect(bench.mutations()).toEqual([]);
  });

  it.each([
    ['sql01', /is not soft-deleted \(Protected\)/],
    ['app03', /ClassicCompute.*in the portal/],
    ['lin-build', /names no vault/],
  ])('sends nothing where there is nothing that it can undelete: %s', async (vm, because) => {
    const view = await agreeing(bench.run([undelete], vm)).start();
    expect(`${view.steps[0]?.error} ${JSON.stringify(view.steps[0])}`).toMatch(because);
    expect(bench.mutations()).toEqual([]);
  });

  it('does not call a request done that never arrived, though the item reads as sent but for being deleted', async () => {
    await faulty({ status: 502, code: 'BadGateway', message: 'x' });
    const view = await agreeing(bench.run([undelete], 'web01')).start();
    expect(view.outcome).not.toBe('done');
    expect(bench.log.of('outcome').at(-1)?.ok).not.toBe(true);
    expect(bench.mutations()).toEqual([]);
  });

  it('settles a lost answer by the item and its job, and sends the request once', async () => {
    await faulty({ drop: 'answer' });
    const view = await agreeing(bench.run([undelete], 'web01')).start();
    expect(view.outcome).toBe('done');
    expect(view.steps[0]?.verified?.text).toMatch(/undeleted in .*Protection is STOPPED/);
    expect(bench.log.of('intent')).toHaveLength(1);
    expect(bench.log.of('outcome').at(-1)).toMatchObject({ ok: true });
    expect(disagreements(bench.mutations(), bench.log)).toEqual([]);
  });

  it('undeletes once: the item is back and stopped, and a second run finds nothing to do', async () => {
    const view = await agreeing(bench.run([undelete], 'sql02')).start();
    expect(view.outcome).toBe('done');
    expect(view.steps[0]?.verified).toMatchObject({ ok: true, text: expect.stringContaining('Protection is STOPPED') });
    expect(bench.log.of('outcome').some((one) => String(one.result).startsWith('Succeeded: job '))).toBe(true);
    expect(disagreements(bench.mutations(), bench.log)).toEqual([]);
    const [again] = (await bench.run([undelete], 'sql02').plan()).steps;
    expect(JSON.stringify(again)).toContain('not soft-deleted (ProtectionStopped)');
    // A backup is refused until protection is resumed, and no longer because of the deletion.
    const backup = { id: 'backup', title: 'Back up', uses: 'backup.trigger', with: {} };
    const refused = await agreeing(bench.run([backup], 'sql02')).start();
    expect(refused.steps[0]?.error).toMatch(/protection is stopped.*Resume it first/);
  });
});
