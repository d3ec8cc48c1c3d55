import { describe, expect, it } from 'vitest';
import type { Change } from '../../src/documents/run.ts';
import { Act, type ActView, type Member, wordIn } from '../../src/playbook/act.ts';
import type { Action } from '../../src/playbook/action.ts';
import { counter, memory, planOf, runOf, target } from './counting.ts';

/** An act of two VMs, each with an action and a log of its own. */
function actOf(actions: Record<string, Action>) {
  const logs = Object.fromEntries(Object.keys(actions).map((name) => [name, memory()]));
  let act: Act | null = null;
  const members = Object.entries(actions).map(([name, action]): Member => {
    const one = { ...target, id: target.id.replace('web01', name), name };
    const word = wordIn(() => act, one);
    const { log } = logs[name] ?? memory();
    return { target: one, run: runOf(action, log, { target: one, word, interactive: false }) };
  });
  act = new Act({ playbook: 'p', title: 'P' }, members);
  return { act, logs, members };
}

/** Resolves when the act asks. */
function asked(act: Act): Promise<ActView> {
  return new Promise((resolve) => {
    const look = () => {
      if (act.view().prompt) resolve(act.view());
    };
    act.subscribe(look);
    look();
  });
}

const outcomes = (view: ActView) => view.members.map(({ vm, run }) => `${vm.name} ${run.outcome}`);
const changing = (resourceId: string): { changes: Change[] } => ({
  changes: [
    { method: 'PUT', resourceId, diff: [{ property: 'group', before: 'a', after: 'b' }], before: {}, after: {} },
  ],
});

describe('a playbook on several VMs', () => {
  it('plans all, asks once for their number, and each confirms by it in its own log', async () => {
    const [one, two] = [counter(), counter({}, { warnings: ['it is old'] })];
    const { act, logs } = actOf({ web01: one.action, web02: two.action });
    let confirmed = 0;
    const end = act.start(() => {
      confirmed += 1;
      expect(one.world.value + two.world.value).toBe(0);
    });
    const { prompt } = await asked(act);
    expect(prompt).toMatchObject({ level: 'disruptive', expects: '2', question: 'p on 2 VMs: web01, web02?' });
    // Consequences that are the same for each come once, the others with the VM's name.
    expect(prompt?.consequences).toEqual(['web01: One', 'web02: One', 'each: it stops', 'web02: it is old']);
    for (const wrong of ['', 'y', '1', '3', 'web01', '22']) expect(act.answer(wrong)).toBe('refused');
    expect(confirmed).toBe(0);
    expect(act.answer('2')).toBe('accepted');
    const view = await end;
    expect(confirmed).toBe(1);
    expect(outcomes(view)).toEqual(['web01 done', 'web02 done']);
    expect([one.world.value, two.world.value]).toEqual([1, 1]);
    for (const log of Object.values(logs)) {
      expect(log.entries.find(({ kind }) => kind === 'confirm')?.body).toMatchObject({ typed: '2' });
    }
    expect(view.phase).toBe('over');
  });

  it('leaves out a VM that cannot be planned, and asks for the name of the only other one', async () => {
    const one = counter();
    const broken = counter({
      plan: async () => {
        throw new Error('Azure does not answer');
      },
    });
    const { act } = actOf({ web01: one.action, web02: broken.action });
    const end = act.start(() => {});
    const { prompt, members } = await asked(act);
    expect(members[1]?.leftOut).toBe('Azure does not answer');
    expect(prompt).toMatchObject({ expects: 'web01', question: 'p on 1 VM: web01?' });
    expect(prompt?.consequences[0]).toBe('web02 is left out: Azure does not answer');
    act.answer('web01');
    await end;
    expect([one.world.value, broken.world.value]).toEqual([1, 0]);
  });

  it('changes nothing after a no, and asks again when it is resumed', async () => {
    const one = counter();
    const { act } = actOf({ web01: one.action, web02: one.action });
    const never = () => expect.unreachable();
    const end = act.start(never);
    await asked(act);
    act.cancel();
    expect((await end).phase).toBe('cancelled');
    expect(one.world.value).toBe(0);
    const again = act.start(() => {});
    await asked(act);
    act.answer('2');
    await again;
    expect(one.world.value).toBe(2);
  });

  it('ends on a VM whose plan is another one at its turn, and goes on with the others', async () => {
    let planned = 0;
    const plans = [changing('/a/nic'), changing('/a/other-nic')];
    const moved = counter({ plan: async () => planOf(plans[planned++ % 2]) });
    const same = counter({}, changing('/a/nic'));
    const { act, logs } = actOf({ web01: moved.action, web02: same.action });
    const end = act.start(() => {});
    await asked(act);
    act.answer('2');
    const view = await end;
    expect(outcomes(view)).toEqual(['web01 cancelled', 'web02 done']);
    expect([moved.world.value, same.world.value]).toEqual([0, 1]);
    expect(view.members[0]?.run.summary).toContain(
      'its plan is not the one that was confirmed: changes.0.resourceId: /a/nic → /a/other-nic',
    );
    expect(logs.web01?.kinds()).not.toContain('confirm');
  });

  it('keeps the failure of one VM its own', async () => {
    const failing = counter({
      apply: async () => {
        throw new Error('no');
      },
    });
    const other = counter();
    const { act } = actOf({ web01: failing.action, web02: other.action });
    const end = act.start(() => {});
    await asked(act);
    act.answer('2');
    expect(outcomes(await end)).toEqual(['web01 failed', 'web02 done']);
    expect(other.world.value).toBe(1);
  });

  it('takes y where nothing disrupts, and asks nothing where nothing is to be changed', async () => {
    const light = counter({}, { danger: 'reversible' });
    const first = actOf({ web01: light.action, web02: light.action });
    const end = first.act.start(() => {});
    expect((await asked(first.act)).prompt).toMatchObject({ level: 'reversible', expects: 'y' });
    first.act.answer('y');
    await end;
    expect(light.world.value).toBe(2);
    const none = counter({}, { changes: [], danger: 'none' });
    const second = actOf({ web01: none.action, web02: none.action });
    const view = await second.act.start(() => {});
    expect(view.prompt).toBeNull();
    expect(view.phase).toBe('over');
  });
});
