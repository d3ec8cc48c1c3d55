import { describe, expect, it } from 'vitest';
import { standing } from '../../src/commands/run.ts';
import { planDocument, runDocument } from '../../src/documents/run.ts';
import { type Action, StalePlan } from '../../src/playbook/action.ts';
import type { RunView } from '../../src/playbook/run.ts';
import type { StartedRun } from '../../src/playbook/runner.ts';
import { counter, memory, runOf } from './counting.ts';

/** Resolves with the view when a prompt is asked. */
function prompted(run: StartedRun): Promise<RunView> {
  return new Promise((resolve) => {
    if (run.view().prompt) return resolve(run.view());
    const stop = run.subscribe(() => {
      if (!run.view().prompt) return;
      stop();
      resolve(run.view());
    });
  });
}

describe('a run', () => {
  it('takes the VM name for what is disruptive, and nothing else', async () => {
    const { world, action } = counter();
    const run = runOf(action, memory().log);
    const end = run.start();
    const { prompt } = await prompted(run);
    expect(prompt).toMatchObject({ level: 'disruptive', expects: 'web01', consequences: ['it stops'] });
    for (const wrong of ['', ' ', '\n', 'y', 'web0', 'web011', 'WEB01']) expect(run.answer(wrong)).toBe('refused');
    expect(world.value).toBe(0);
    expect(run.answer('web01')).toBe('accepted');
    expect((await end).outcome).toBe('done');
    expect(world.value).toBe(1);
  });

  it('takes y for what is reversible, also when the action claims no danger at all', async () => {
    for (const danger of ['reversible', 'none'] as const) {
      const { world, action } = counter({}, { danger });
      const run = runOf(action, memory().log);
      const end = run.start();
      expect((await prompted(run)).prompt?.expects).toBe('y');
      expect(run.answer('')).toBe('refused');
      run.answer('y');
      await end;
      expect(world.value).toBe(1);
    }
  });

  it('writes plan, confirmation, intent, outcome and verification, in this order', async () => {
    const { action } = counter();
    const kept = memory();
    const run = runOf(action, kept.log);
    const end = run.start();
    await prompted(run);
    run.answer('web01');
    await end;
    expect(kept.kinds()).toEqual(['plan', 'confirm', 'intent', 'outcome', 'verify']);
    expect(kept.entries[1]?.body).toMatchObject({
      level: 'disruptive',
      typed: 'web01',
      reason: 'because',
      step: 'one',
      number: 1,
    });
    const [intent, outcome] = [kept.entries[2]?.body, kept.entries[3]?.body];
    expect(outcome?.intent).toBe(intent?.id);
    expect(runDocument.safeParse(run.document()).error).toBeUndefined();
  });

  it('changes nothing when the intent cannot be written', async () => {
    const { world, action } = counter();
    const run = runOf(action, memory((kind) => kind === 'intent').log);
    const end = run.start();
    await prompted(run);
    run.answer('web01');
    const view = await end;
    expect(view.outcome).not.toBe('done');
    expect(world.value).toBe(0);
  });

  it('can be skipped and ended at a prompt, without a change', async () => {
    const { world, action } = counter();
    const skipped = runOf(action, memory().log);
    const first = skipped.start();
    await prompted(skipped);
    skipped.skip();
    expect((await first).steps[0]?.state).toBe('skipped');
    const cancelled = runOf(action, memory().log);
    const second = cancelled.start();
    await prompted(cancelled);
    cancelled.cancel();
    expect((await second).outcome).toBe('cancelled');
    expect(world.value).toBe(0);
  });

  it('makes a stale plan again before it asks again, and asks a script no second time', async () => {
    let stale = 1;
    const { world, action, pass } = counter({
      apply: async (context) => {
        if (stale-- > 0) throw new StalePlan('Somebody was faster.');
        await pass(context.gate, 1);
        return {};
      },
    });
    const run = runOf(action, memory().log);
    const end = run.start();
    await prompted(run);
    run.answer('web01');
    await prompted(run);
    expect(world.value).toBe(0);
    run.answer('web01');
    expect((await end).outcome).toBe('done');
    stale = 1;
    const script = runOf(action, memory().log, { interactive: false });
    const ended = script.start();
    await prompted(script);
    script.answer('web01');
    const view = await ended;
    expect(view.outcome).toBe('failed');
    expect(view.steps[0]?.error).toContain('Somebody was faster.');
  });

  it('undoes at once what failed half way, if the action is one of that kind', async () => {
    for (const undoOnFailure of [true, false]) {
      const { world, action, pass } = counter({
        undoOnFailure,
        apply: async (context) => {
          await pass(context.gate, 1);
          throw new Error('the second one failed');
        },
      });
      const run = runOf(action, memory().log);
      const end = run.start();
      await prompted(run);
      run.answer('web01');
      expect((await end).outcome).toBe(undoOnFailure ? 'undone' : 'needs-attention');
      expect(world.value).toBe(undoOnFailure ? 0 : 1);
    }
  });

  it('needs attention when the change cannot be verified', async () => {
    for (const ok of [false, null]) {
      const { action } = counter({ verify: async () => ({ ok, text: 'hm' }) });
      const run = runOf(action, memory().log);
      const end = run.start();
      await prompted(run);
      run.answer('web01');
      expect((await end).outcome).toBe('needs-attention');
    }
  });

  it('can undo what was not verified, and what failed half way', async () => {
    const { world, action, pass } = counter({ verify: async () => ({ ok: false, text: 'hm' }) });
    const unsure = runOf(action, memory().log);
    const end = unsure.start();
    await prompted(unsure);
    unsure.answer('web01');
    await end;
    expect(world.value).toBe(1);
    expect((await unsure.undo()).outcome).toBe('undone');
    expect(world.value).toBe(0);
    const half = runOf(
      {
        ...action,
        apply: async (context) => {
          await pass(context.gate, 1);
          throw new Error('half');
        },
      },
      memory().log,
    );
    const ended = half.start();
    await prompted(half);
    half.answer('web01');
    expect((await ended).outcome).toBe('needs-attention');
    expect((await half.undo()).outcome).toBe('undone');
    expect(world.value).toBe(0);
  });

  it('says when it is left that nothing undoes the change by itself any more', async () => {
    const { action } = counter();
    const kept = memory();
    const steps = [{ id: 'one', title: 'One', uses: 'count.up', undoAfterMinutes: 15 }];
    const run = runOf(action, kept.log, { timer: () => () => undefined }, steps);
    const end = run.start();
    await prompted(run);
    run.answer('web01');
    await end;
    await run.quit('Left');
    expect(kept.entries.at(-1)?.body.text).toContain('cordon undo case-1');
    expect(run.view().autoUndoAt).toBeNull();
  });

  it('refuses what is not permitted, and asks nothing', async () => {
    const permissions = [{ action: 'x/write', scope: '/a', held: false }];
    const { world, action } = counter({}, { permissions });
    const run = runOf(action, memory().log);
    const view = await run.start();
    expect(view.outcome).toBe('failed');
    expect(run.forbidden()).toBe(true);
    expect(world.value).toBe(0);
  });

  it('lets no check change anything', async () => {
    const { world, action } = counter();
    const run = runOf(action, memory().log, {}, [{ id: 'one', title: 'One', check: 'count.up' }]);
    const view = await run.start();
    expect(view.steps[0]?.error).toContain('a check may not');
    expect(world.value).toBe(0);
  });

  it('undoes by itself unless it is kept, and only with a person there', async () => {
    const steps = [{ id: 'one', title: 'One', uses: 'count.up', undoAfterMinutes: 15 }];
    const timers: { ms: number; fire: () => void; stopped: boolean }[] = [];
    const timer = (ms: number, fire: () => void) => {
      const made = { ms, fire, stopped: false };
      timers.push(made);
      return () => {
        made.stopped = true;
      };
    };
    const { world, action } = counter();
    const go = async (interactive: boolean) => {
      const run = runOf(action, memory().log, { timer, interactive }, steps);
      const end = run.start();
      await prompted(run);
      run.answer('web01');
      await end;
      return run;
    };
    const kept = await go(true);
    expect(kept.view().autoUndoAt).toBe('2026-11-23T02:35:11.000Z');
    kept.keep();
    expect(timers[0]).toMatchObject({ ms: 900_000, stopped: true });
    expect(kept.view().autoUndoAt).toBeNull();
    expect(world.value).toBe(1);

    const left = await go(true);
    const undone = new Promise<void>((resolve) => {
      left.subscribe(() => {
        if (left.view().outcome === 'undone') resolve();
      });
    });
    timers[1]?.fire();
    await undone;
    expect(world.value).toBe(1);

    expect((await go(false)).view().autoUndoAt).toBeNull();
    expect(timers).toHaveLength(2);
  });

  it('promises no undo by itself from a record that is lost, and says so', async () => {
    const { action } = counter();
    const kept = memory();
    let lost = '';
    const log = { ...kept.log, lost: () => lost };
    const steps = [{ id: 'one', title: 'One', uses: 'count.up', undoAfterMinutes: 15 }];
    const run = runOf(action, log, { timer: () => () => undefined, interactive: true }, steps);
    const end = run.start();
    await prompted(run);
    run.answer('web01');
    await end;
    const at = '2026-11-23T02:35:11.000Z';
    expect(run.view()).toMatchObject({ autoUndoAt: at, undoLostAt: null });
    expect(runDocument.parse(run.document()).autoUndo).toMatchObject({ at });
    lost = 'the folder was deleted';
    expect(run.view()).toMatchObject({ autoUndoAt: null, undoLostAt: at });
    expect(runDocument.parse(run.document()).autoUndo).toBeNull();
    expect(standing(run.view(), log).join(' ')).toContain(`It is not undone at ${at} either`);
    lost = '';
    expect(run.view()).toMatchObject({ autoUndoAt: at, undoLostAt: null });
  });

  it('undoes the steps last first, and keeps evidence', async () => {
    const order: string[] = [];
    const make = (name: string, included: boolean): Action => {
      const { action } = counter();
      return {
        ...action,
        name,
        undoing: { danger: 'reversible', included },
        undo: async () => {
          order.push(name);
          return { ok: true, text: name };
        },
      };
    };
    const actions = new Map(['a', 'b', 'c'].map((name) => [name, make(name, name !== 'b')]));
    const steps = ['a', 'b', 'c'].map((name) => ({ id: name, title: name, uses: name }));
    const { action } = counter();
    const run = runOf(action, memory().log, { actions }, steps);
    run.subscribe(() => {
      if (run.view().prompt) queueMicrotask(() => run.answer('web01'));
    });
    await run.start();
    expect((await run.undo()).outcome).toBe('undone');
    expect(order).toEqual(['c', 'a']);
  });

  it('plans without asking or writing', async () => {
    const { action } = counter();
    const kept = memory();
    const plan = await runOf(action, kept.log).plan();
    expect(planDocument.safeParse(plan).error).toBeUndefined();
    expect(kept.entries).toEqual([]);
  });
});
