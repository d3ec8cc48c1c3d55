import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ApprovedStep } from '../../src/documents/approval.ts';
import { approvalOf } from '../../src/playbook/approval.ts';
import { playbook } from '../../src/playbook/playbook.ts';
import { WholePlan } from '../../src/playbook/whole-plan.ts';
import { agreeing, type Bench, openBench } from '../actions/bench.ts';

const lock = { id: 'lock', title: 'Lock', uses: 'nsg.lock', with: { ports: [3389] } };
const check = { id: 'way-in', title: 'Check', check: 'network.check', with: { ports: [3389] } };
const snapshot = { id: 'snapshot', title: 'Snapshot', uses: 'disks.snapshot', with: {} };
const steps = [snapshot, lock, check];
const onScreen = { interactive: true, tool: '1.0.0' };

describe('the whole plan', () => {
  let bench: Bench;
  beforeAll(async () => {
    bench = await openBench();
  });
  beforeEach(() => bench.begin());
  afterAll(() => bench.close());

  it('has at the first question the digest of a dry run of the same, and is in the case in full', async () => {
    const dry = bench.run(steps, 'web01', onScreen);
    await dry.plan();
    const vms = [{ id: bench.target('web01').id, steps: dry.toApprove() }];
    const { digest } = approvalOf({ ...dry.parameters(), vms });

    const run = bench.run(steps, 'web01', onScreen);
    const ending = run.start();
    await bench.until(() => run.view().prompt !== null && run.view().plan != null);
    expect(run.view()).toMatchObject({ current: 0, plan: { digest, because: '' } });
    const entered = bench.log.of('note').find(({ plan }) => plan !== undefined);
    expect(entered).toMatchObject({ plan: digest, text: expect.stringContaining(digest) });
    expect(Object([...bench.log.evidence.values()][0])).toMatchObject({ digest, over: { vms } });

    agreeing(run);
    run.answer('y');
    expect((await ending).outcome).toBe('done');
    expect(bench.log.of('confirm').map(({ step, plan }) => [step, plan])).toEqual([
      ['snapshot', digest],
      ['lock', digest],
    ]);
    expect(bench.log.of('note').filter(({ plan }) => plan !== undefined)).toHaveLength(1);
    expect((await run.undo()).outcome).toBe('undone');
  });

  it('is said to be unknown where a step to come cannot be planned, and prevents nothing', async () => {
    const run = bench.run(steps, 'web01', onScreen);
    await bench.faults([
      {
        match: { method: 'GET', path: '/networkInterfaces/' },
        effect: { status: 403, code: 'AuthorizationFailed', message: 'x' },
      },
    ]);
    const ending = run.start();
    await bench.until(() => run.view().plan != null);
    expect(run.view().plan).toMatchObject({ digest: '', because: expect.stringMatching(/./) });
    expect(run.view().prompt).toMatchObject({ step: 'snapshot', expects: 'y' });
    run.cancel();
    await ending;
  });

  it('is not known while it is made anew of a step that is planned otherwise than it was shown', async () => {
    const made: string[] = [];
    let told = () => {};
    const plan = new WholePlan({
      digest: '',
      made: async ({ digest }) => void made.push(digest),
      changed: () => told(),
    });
    const of = {
      tool: '1.0.0',
      playbook: playbook.parse({ name: 'lock', title: 'Lock', summary: 'Lock', steps: [lock] }),
      responderAddress: '',
      reason: '',
      vm: 'web01',
    };
    const step = { id: 'lock', action: 'nsg.lock', danger: 'reversible', refused: '' } as const;
    const make = (etag: string) => {
      const ended = new Promise<void>((resolve) => {
        told = resolve;
      });
      plan.make(of, [{ ...step, changes: [], touches: [], state: { etag } }], async () => null);
      return ended;
    };
    await make('1');
    expect(plan.digest).toBe(made[0]);
    const again = make('2');
    expect([plan.digest, plan.shown]).toEqual(['', null]);
    await again;
    expect(made).toHaveLength(2);
    expect(plan.digest).toBe(made[1]);
    expect(made[1]).not.toBe(made[0]);
  });

  it('never holds a step as it was planned ahead once it is planned otherwise, however early the first answer comes', async () => {
    const steps = [lock, { ...lock, id: 'again' }];
    const parsed = playbook.parse({ name: 'two', title: 'Two', summary: 'Two', steps });
    const of = { tool: '1.0.0', playbook: parsed, responderAddress: '', reason: '', vm: 'web01' };
    const planned = (id: string, etag: string | null): ApprovedStep => {
      const state = etag === null ? null : { etag };
      return { id, action: 'nsg.lock', danger: 'reversible', refused: '', changes: [], touches: [], state };
    };
    const made: string[] = [];
    const ended = Promise.withResolvers<void>();
    const plan: WholePlan = new WholePlan({
      digest: '',
      made: async ({ digest }) => void made.push(digest),
      changed: () => plan.digest !== '' && ended.resolve(),
    });
    const ahead = Promise.withResolvers<void>();
    plan.make(of, [planned('lock', '1'), planned('again', null)], async (id) => {
      if (id === 'lock') return null;
      await ahead.promise;
      return planned(id, '1');
    });
    // The first step was confirmed and done, which changed what the second one is about.
    const now = [planned('lock', '1'), planned('again', '2')];
    plan.make(of, now, async () => null);
    ahead.resolve();
    await ended.promise;
    const { vm, ...parameters } = of;
    expect(plan.digest).toBe(approvalOf({ ...parameters, vms: [{ id: vm, steps: now }] }).digest);
    expect(made).toEqual([plan.digest]);
  });
});
