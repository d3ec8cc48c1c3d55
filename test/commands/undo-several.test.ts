import { expect, it } from 'vitest';
import { undoCase } from '../../src/commands/undo.ts';
import type { Action } from '../../src/playbook/action.ts';
import type { UndoableStep } from '../../src/playbook/step-record.ts';
import { counter, memory } from '../playbook/counting.ts';
import { capture } from './capture.ts';

const stepOf = (vm: string, step: string): UndoableStep => ({
  record: {
    schema: 'cordon.step/1',
    id: `${vm}-${step}`,
    playbook: 'p',
    step,
    title: step,
    action: 'count.up',
    undo: 'puts it back',
    target: { id: `/vm/${vm}`, name: vm, resourceGroup: 'g', subscriptionId: 's', location: 'l' },
    responderAddress: '',
    state: { vm, step },
  },
  evidence: { file: '', sha256: '', bytes: 0 },
  at: '2026-11-23T02:20:00Z',
  verified: true,
});

const steps = ['a', 'b', 'c'].flatMap((vm) => [stepOf(vm, 'first'), stepOf(vm, 'last')]);

function undo(action: Partial<Action>, flags: Record<string, unknown>, undoable = steps) {
  const { action: base } = counter(action);
  const { log } = memory();
  const { out, err, streams } = capture();
  const ended = undoCase(
    { json: true, ...flags },
    {
      what: 'case x',
      again: 'cordon undo x --yes',
      steps: async () => ({ steps: undoable, unreadable: [] }),
      actions: new Map([[base.name, base]]),
      openCase: async () => ({ log, close: async () => undefined }),
      onInterrupt: () => () => undefined,
    },
    streams,
  );
  return ended.then((code) => ({ code, err: err(), out: JSON.parse(out()) }));
}

it('undoes every VM at once, and the steps of one VM last first', async () => {
  const order = new Map<string, string[]>();
  let begun = 0;
  let all = () => {};
  const allBegun = new Promise<void>((resolve) => {
    all = resolve;
  });
  const { code, err } = await undo(
    {
      // None ends before the first step of each VM has begun.
      undo: async (_, { vm, step }) => {
        order.set(String(vm), [...(order.get(String(vm)) ?? []), String(step)]);
        begun += 1;
        if (begun === 3) all();
        await allBegun;
        return { ok: true, text: 'as before' };
      },
    },
    { yes: true },
  );
  expect(code).toBe(0);
  expect(Object.fromEntries(order)).toEqual({ a: ['last', 'first'], b: ['last', 'first'], c: ['last', 'first'] });
  expect(err).toContain('3 of 3 VMs undone');
});

it('deletes the evidence of all VMs by their number, of one by its name, and of none by another word', async () => {
  const undone: string[] = [];
  const evidence: Partial<Action> = {
    undoing: { danger: 'disruptive', included: false },
    undo: async (_, { vm }) => {
      undone.push(String(vm));
      return { ok: true, text: 'deleted' };
    },
  };
  await expect(undo(evidence, { step: 'last', yes: true })).rejects.toThrow('--confirm c, or of all 3 VMs --confirm 3');
  for (const confirm of ['2', '4', 'd']) await expect(undo(evidence, { step: 'last', confirm })).rejects.toThrow('3');
  expect(undone).toEqual([]);
  expect((await undo(evidence, { step: 'last', confirm: 'b' })).code).toBe(0);
  expect(undone).toEqual(['b']);
  expect((await undo(evidence, { step: 'last', confirm: '3' })).code).toBe(0);
  expect(undone.toSorted()).toEqual(['a', 'b', 'b', 'c']);
});

it('means by a number that is the name of a VM that VM alone', async () => {
  const undone: string[] = [];
  const evidence: Partial<Action> = {
    undoing: { danger: 'disruptive', included: false },
    undo: async (_, { vm }) => {
      undone.push(String(vm));
      return { ok: true, text: 'deleted' };
    },
  };
  const two = [stepOf('a', 'last'), stepOf('2', 'last')];
  expect((await undo(evidence, { step: 'last', confirm: '2' }, two)).code).toBe(0);
  expect(undone).toEqual(['2']);
});
