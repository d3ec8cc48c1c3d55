import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
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
});
