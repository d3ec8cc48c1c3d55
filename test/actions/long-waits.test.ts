import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Fault } from '../../src/simulator/faults.ts';
import { agreeing, type Bench, openBench } from './bench.ts';

const lock = { id: 'lock', title: 'Lock', uses: 'nsg.lock', with: { ports: [3389] } };
const backup = { id: 'backup', title: 'Backup', uses: 'backup.trigger', with: {} };
const throttled = (path: string, retryAfter: number, times?: number): Fault => ({
  match: { method: 'PUT', path },
  effect: { status: 429, code: 'RetryableError', message: 'Too many requests.', retryAfter },
  ...(times === undefined ? {} : { times }),
});

/** Azure asks for longer than a minute, or (here) than an operation is followed. */
describe('a wait that Azure asks for', () => {
  let bench: Bench;
  beforeAll(async () => {
    bench = await openBench(() => undefined, { operationLimitMs: 1900 });
  });
  beforeEach(() => bench.begin());
  afterAll(() => bench.close());

  /** Answers what must be typed; at the question about the wait, does what is given. */
  function started(atWait: (run: ReturnType<Bench['run']>) => void, vm: string, steps: unknown[] = [lock]) {
    const run = bench.run(steps, vm, { interactive: true });
    const questions: string[] = [];
    run.subscribe(() => {
      const { prompt } = run.view();
      if (!prompt) return;
      queueMicrotask(() => {
        if (/Azure asks to wait/.test(prompt.question)) {
          questions.push(prompt.question);
          atWait(run);
        } else run.answer(prompt.expects);
      });
    });
    return { run, questions };
  }

  it('is asked about, with its time; a skip goes on with the next step and nothing was changed', async () => {
    await bench.faults([throttled('/networkSecurityGroups/cordon-', 300)]);
    const { run, questions } = started((one) => one.skip(), 'web01', [lock, backup]);
    const view = await run.start();
    expect(questions[0]).toMatch(/^Azure asks to wait 300 s, until \d\d:\d\d:\d\dZ, before PUT cordon-\S+\. Wait\?$/);
    expect(view.steps.map(({ state }) => state)).toEqual(['skipped', 'done']);
    expect(bench.mutations().filter(({ path }) => /network/i.test(path))).toEqual([]);
    expect(bench.log.of('note').some(({ text }) => /before PUT cordon-\S+: skip$/.test(String(text)))).toBe(true);
  });

  it('a stop ends the playbook', async () => {
    await bench.faults([throttled('/networkSecurityGroups/cordon-', 300)]);
    const { run } = started((one) => one.cancel(), 'jump01');
    expect((await run.start()).outcome).toBe('cancelled');
    expect(bench.mutations()).toEqual([]);
  });

  it('a yes waits, and sends it again', async () => {
    await bench.faults([throttled('/networkSecurityGroups/cordon-', 2, 1)]);
    const { run, questions } = started((one) => one.answer('y'), 'print01');
    const view = await run.start();
    expect(questions).toHaveLength(1);
    expect(view.outcome).toBe('done');
  });

  it('when it is not waited for half way, what was changed is undone', async () => {
    await bench.faults([throttled('/networkInterfaces/', 400, 1)]);
    const { run, questions } = started((one) => one.skip(), 'sql01');
    const view = await run.start();
    expect(questions[0]).toMatch(/before PUT sql01/);
    expect(view.outcome).toBe('undone');
    expect(view.summary).toMatch(/Azure asks to wait 400 s.*it was not waited for/);
  });

  it('a script is not asked: the wait is bounded, and its time is told', async () => {
    await bench.faults([throttled('/networkSecurityGroups/cordon-', 3600)]);
    const view = await agreeing(bench.run([lock], 'app01')).start();
    expect(view.outcome).toBe('failed');
    expect(view.summary).toMatch(
      /429 RetryableError: .*Azure asks to wait 3600 s, until \S+Z, before PUT cordon-\S+: longer than is waited here/,
    );
    expect(bench.mutations()).toEqual([]);
  });

  it('a plan that cannot be made for it tells the time', async () => {
    const effect = { status: 429, code: 'TooManyRequests', message: 'x', retryAfter: 240 };
    await bench.faults([{ match: { method: 'GET', path: '/virtualMachines/app01' }, effect }]);
    const view = await agreeing(bench.run([lock], 'app01')).start();
    expect(view.summary).toMatch(/Azure throttles these requests \(429\); Azure asks to wait 240 s/);
  });
});
