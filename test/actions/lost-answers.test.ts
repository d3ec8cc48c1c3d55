import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Fault } from '../../src/simulator/faults.ts';
import { agreeing, type Bench, openBench } from './bench.ts';

const nics = '/networkInterfaces/[^/?]+\\?';
const groups = '/networkSecurityGroups/[^/?]+\\?';
/** A group, the interface, and the group again, so that open sessions are judged anew. */
const locked = ['PUT networkSecurityGroups true', 'PUT networkInterfaces true', 'PUT networkSecurityGroups true'];
const lock = { id: 'lock', title: 'Lock', uses: 'nsg.lock', with: {} };

describe('a change is sent once, and the record says what became of it', () => {
  let bench: Bench;
  beforeAll(async () => {
    bench = await openBench();
  });
  beforeEach(() => bench.begin());
  afterAll(() => bench.close());

  const last = () => {
    const outcomes = new Map<unknown, unknown>();
    for (const { intent, ok } of bench.log.of('outcome')) outcomes.set(intent, ok);
    return bench.log.of('intent').map((intent) => {
      const request = Object(intent.request);
      const kind = /\/(\w+)\/[^/]+$/.exec(new URL(String(request.url)).pathname)?.[1] ?? '';
      return `${String(request.method)} ${kind} ${String(outcomes.get(intent.id))}`;
    });
  };
  const put = (path: string, effect: Fault['effect'], more: Partial<Fault> = {}): Fault => ({
    match: { method: 'PUT', path },
    times: 1,
    effect,
    ...more,
  });
  const gateway = (status: number): Fault['effect'] => ({
    replace: {
      status,
      body: '{"error":{"code":"BadGateway","message":"x"}}',
      contentType: 'application/json',
      azures: true,
    },
  });
  const page = (status: number): Fault['effect'] => ({
    replace: { status, body: '<html>Sign in to the Wi-Fi</html>', contentType: 'text/html', azures: false },
  });

  it.each([
    ['the answer is lost', { drop: 'answer' }],
    ['a gateway says 503', gateway(503)],
    ['a gateway says 408', gateway(408)],
    ['a proxy says 200 with a page of its own', page(200)],
    ['a proxy says 403 with a page of its own', page(403)],
    ['the request is delivered twice, and the second is refused', { repeat: true }],
  ] satisfies [string, Fault['effect']][])('locks although %s, after Azure did it', async (_name, effect) => {
    await bench.faults([put(nics, effect)]);
    const run = agreeing(bench.run([lock], 'web01'));
    const view = await run.start();
    expect(view.outcome).toBe('done');
    expect(last()).toEqual(locked);
    expect(bench.mutations().filter(({ method }) => method === 'PUT')).toHaveLength(3);
    expect((await run.undo()).outcome).toBe('undone');
  });

  it('says "not done" where the connection broke before Azure got it, and leaves nothing', async () => {
    await bench.faults([put(nics, { drop: true })]);
    const view = await agreeing(bench.run([lock], 'web01')).start();
    expect(view.outcome).toBe('undone');
    expect(last()).toEqual([
      'PUT networkSecurityGroups true',
      'PUT networkInterfaces false',
      'DELETE networkSecurityGroups true',
    ]);
  });

  it('does not take a poll that fails for an operation that failed', async () => {
    await bench.faults([
      { match: { method: 'GET', path: '/operations/' }, times: 1, effect: page(200) },
      {
        match: { method: 'GET', path: '/operations/' },
        after: 1,
        times: 1,
        effect: { status: 404, code: 'NotFound', message: 'x' },
      },
    ]);
    const run = agreeing(bench.run([lock], 'web01'));
    expect((await run.start()).outcome).toBe('done');
    expect(last()).toEqual(locked);
    expect((await run.undo()).outcome).toBe('undone');
  });

  it('sends again, as a request of its own, what Azure refuses because it is busy', async () => {
    const busy = { status: 409, code: 'AnotherOperationInProgress', message: 'x' };
    await bench.faults([
      put(nics, busy, { times: 2 }),
      put(groups, { status: 429, code: 'TooManyRequests', message: 'x' }),
    ]);
    const run = agreeing(bench.run([lock], 'web01'));
    expect((await run.start()).outcome).toBe('done');
    expect(last()).toEqual([
      'PUT networkSecurityGroups false',
      'PUT networkSecurityGroups true',
      'PUT networkInterfaces false',
      'PUT networkInterfaces false',
      'PUT networkInterfaces true',
      'PUT networkSecurityGroups true',
    ]);
    const ids = bench.log.of('intent').map(({ clientRequestId }) => clientRequestId);
    expect(new Set(ids).size).toBe(ids.length);
    expect((await run.undo()).outcome).toBe('undone');
  });

  it('starts one backup and names its job, also when the answer is lost', async () => {
    for (const effect of [{ drop: 'answer' }, gateway(502)] satisfies Fault['effect'][]) {
      await bench.begin();
      await bench.faults([{ match: { method: 'POST', path: '/backup\\?' }, times: 1, effect }]);
      const backup = { id: 'backup', title: 'Back up', uses: 'backup.trigger', with: {} };
      const view = await agreeing(bench.run([backup], 'web01')).start();
      expect(view.steps[0]?.verified?.text).not.toContain('running already');
      expect(bench.log.of('intent')).toHaveLength(1);
      expect(bench.log.of('outcome').at(-1)?.ok).toBe(true);
      expect(bench.mutations().filter(({ path }) => path.endsWith('/backup'))).toHaveLength(1);
      await bench.skip(24 * 3600);
    }
  });

  it('requests access once, and settles it, also when the answer is lost', async () => {
    const request = { id: 'jit', title: 'Ask', uses: 'jit.request', with: { ports: [3389], minutes: 30 } };
    for (const effect of [undefined, { drop: 'answer' }] satisfies (Fault['effect'] | undefined)[]) {
      await bench.begin();
      if (effect) await bench.faults([{ match: { method: 'POST', path: '/initiate' }, times: 1, effect }]);
      const view = await agreeing(bench.run([request], 'gate01')).start();
      expect(view.outcome).toBe('done');
      expect(last()).toEqual(['POST gate01 true'].map(() => expect.stringMatching(/^POST \w+ true$/)));
      expect(bench.mutations().filter(({ path }) => path.endsWith('/initiate'))).toHaveLength(1);
      await bench.skip(2 * 3600);
    }
  });

  it('assesses once, and knows that it did when the answer is lost', async () => {
    await bench.faults([{ match: { method: 'POST', path: '/assessPatches' }, times: 1, effect: { drop: 'answer' } }]);
    const assess = { id: 'assess', title: 'Assess', uses: 'patches.assess', with: {} };
    await agreeing(bench.run([assess], 'app03')).start();
    expect(last()).toEqual([expect.stringMatching(/^POST \w+ true$/)]);
    expect(bench.mutations().filter(({ path }) => path.endsWith('/assessPatches'))).toHaveLength(1);
  });
});
