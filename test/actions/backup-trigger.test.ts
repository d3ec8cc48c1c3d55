import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { agreeing, type Bench, disagreements, openBench } from './bench.ts';

const backup = { id: 'backup', title: 'Backup', uses: 'backup.trigger', with: { keepDays: 14 } };

describe('backup.trigger', () => {
  let bench: Bench;
  beforeAll(async () => {
    bench = await openBench((world) => {
      const itemOf = (vm: string) => {
        const found = world.backup?.protectedItems.find(({ name }) => name.toLowerCase().endsWith(`;${vm}`));
        if (!found) throw new Error(`no vault protects ${vm}`);
        return found;
      };
      const stopped = itemOf('sql01');
      stopped.properties = { ...stopped.properties, protectionState: 'ProtectionStopped' };
      const paused = itemOf('file01');
      paused.properties = { ...paused.properties, protectionState: 'ProtectionPaused' };
      const deleted = itemOf('app03');
      deleted.properties = { ...deleted.properties, isScheduledForDeferredDelete: true };
      const failing = itemOf('mail01');
      failing.properties = { ...failing.properties, protectionState: 'ProtectionFailed' };
    });
  });
  beforeEach(() => bench.begin());
  afterAll(() => bench.close());

  it('plans with reads alone, and says until when the point is kept', async () => {
    const [step] = (await bench.run([backup], 'web01').plan()).steps;
    expect(step?.changes[0]?.method).toBe('POST');
    expect(JSON.stringify(step?.changes[0]?.diff)).toContain('2026-12-07');
    expect(bench.mutations()).toEqual([]);
  });

  it('starts a backup and follows the job until its snapshot is taken', async () => {
    const view = await agreeing(bench.run([backup], 'web01')).start();
    expect(view.steps[0]?.verified?.text).toMatch(/snapshot of the backup is taken|backup is complete/);
    expect(view.outcome).toBe('done');
    expect(bench.log.of('outcome').some((one) => String(one.result).startsWith('Succeeded: job '))).toBe(true);
    expect(disagreements(bench.mutations(), bench.log)).toEqual([]);
  });

  it('reports a backup that is running already, and follows it', async () => {
    const first = bench.run([backup], 'sql02');
    const second = bench.run([backup], 'sql02');
    const views = await Promise.all([agreeing(first).start(), agreeing(second).start()]);
    expect(views.map((view) => view.outcome)).toEqual(['done', 'done']);
    const texts = views.map((view) => view.steps[0]?.verified?.text ?? '');
    expect(texts.filter((text) => text.includes('running already'))).toHaveLength(1);
  });

  it.each([
    ['sql01', /protection is stopped.*Resume it first/],
    ['file01', /protection is paused.*Resume it first/],
    ['app03', /soft-deleted.*Undelete it first/],
  ])('refuses before anything is sent what Azure would refuse, and says what comes first: %s', async (vm, because) => {
    const view = await agreeing(bench.run([backup], vm)).start();
    expect(view.outcome).toBe('needs-attention');
    expect(view.steps[0]?.error).toMatch(because);
    expect(bench.mutations()).toEqual([]);
  });

  it('tells failed protection from none: the vault is named, and a backup is tried', async () => {
    const [step] = (await bench.run([backup], 'mail01').plan()).steps;
    expect(step?.changes).toHaveLength(1);
    expect(step?.warnings.join(' ')).toMatch(
      /\S+ protects mail01, and Azure reports ProtectionFailed: its last backup, .* tried all the same/,
    );
  });

  it('says what to do when no vault protects the VM', async () => {
    const view = await agreeing(bench.run([backup], 'lin-build')).start();
    expect(view.outcome).toBe('needs-attention');
    expect(view.steps[0]?.error).toContain('snapshot-disks');
    expect(bench.mutations()).toEqual([]);
  });
});
