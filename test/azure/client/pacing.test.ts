import { describe, expect, it } from 'vitest';
import { createPacer, type Service, type Timer } from '../../../src/azure/client/pacing.ts';

/** Time that passes when the test says so. */
function clockwork() {
  let now = 0;
  const due = new Map<() => void, number>();
  const time: Timer = {
    now: () => now,
    later(work, ms) {
      due.set(work, now + ms);
      return () => due.delete(work);
    },
  };
  const settle = async () => {
    for (let turn = 0; turn < 5; turn += 1) await Promise.resolve();
  };
  return {
    time,
    settle,
    async pass(ms: number) {
      const end = now + ms;
      for (;;) {
        await settle();
        const next = [...due].sort((a, b) => a[1] - b[1])[0];
        if (!next || next[1] > end) break;
        due.delete(next[0]);
        now = next[1];
        next[0]();
      }
      now = end;
      await settle();
    },
  };
}

function ask(pacer: ReturnType<typeof createPacer>, service: Service, times: number) {
  const left: number[] = [];
  for (let index = 0; index < times; index += 1) void pacer.enter(service).then(() => left.push(index));
  return left;
}
const quota = (remaining: number, resets: string) => ({
  get: (name: string) =>
    ({ 'x-ms-user-quota-remaining': String(remaining), 'x-ms-user-quota-resets-after': resets })[name],
});

const bucket = (kind: string, left: string) => ({
  get: (name: string) => ({ [`x-ms-ratelimit-remaining-subscription-${kind}`]: left })[name],
});

describe('the pace of a service', () => {
  it('lets fifteen queries of Resource Graph leave in five seconds, in the order of asking', async () => {
    const { time, pass, settle } = clockwork();
    const pacer = createPacer(time);
    const left = ask(pacer, 'Resource Graph', 40);
    await settle();
    expect(left).toEqual([...Array(15).keys()]);
    for (let index = 0; index < 15; index += 1) pacer.left('Resource Graph');
    await pass(5000);
    expect(left).toHaveLength(15);
    await pass(200);
    expect(left).toEqual([...Array(30).keys()]);
  });

  it('waits as long as Azure says when nothing is left, however little was sent from here', async () => {
    const { time, pass, settle } = clockwork();
    const pacer = createPacer(time);
    await pacer.enter('Resource Graph');
    // Another program of the same user has spent the rest.
    pacer.left('Resource Graph', quota(0, '00:00:03'));
    const left = ask(pacer, 'Resource Graph', 1);
    await pass(2900);
    expect(left).toEqual([]);
    await pass(200);
    expect(left).toEqual([0]);
    await settle();
  });

  it('does not wait out a second that Azure rounds up, where what is left is what was sent from here', async () => {
    const { time, pass, settle } = clockwork();
    const pacer = createPacer(time);
    const left = ask(pacer, 'Resource Graph', 18);
    await settle();
    for (let index = 0; index < 15; index += 1) pacer.left('Resource Graph', quota(14 - index, '00:00:06'));
    await pass(5099);
    expect(left).toHaveLength(15);
    await pass(1);
    expect(left).toHaveLength(18);
  });

  it('goes by what Azure grants, where that is more than is documented', async () => {
    const { time, settle } = clockwork();
    const pacer = createPacer(time);
    await pacer.enter('Resource Graph');
    pacer.left('Resource Graph', quota(99, '00:00:05'));
    const left = ask(pacer, 'Resource Graph', 60);
    await settle();
    expect(left).toHaveLength(60);
  });

  it('has five queries of Log Analytics under way, and the next when one ends', async () => {
    const { time, settle } = clockwork();
    const pacer = createPacer(time);
    const left = ask(pacer, 'Log Analytics', 8);
    await settle();
    expect(left).toHaveLength(5);
    pacer.left('Log Analytics');
    await settle();
    expect(left).toHaveLength(6);
  });

  it('lets requests of Resource Manager leave while the bucket that the answer names holds enough', async () => {
    const { time, settle } = clockwork();
    const pacer = createPacer(time);
    const left = ask(pacer, 'Azure Resource Manager', 60);
    await settle();
    expect(left).toHaveLength(40);
    pacer.left('Azure Resource Manager', bucket('reads', '249'));
    await settle();
    expect(left).toHaveLength(60);
    // 41 may still leave: 249, less the reserve of 100 and the 39 that were under way, of which 20 have been taken.
    for (let index = 0; index < 59; index += 1) pacer.left('Azure Resource Manager');
    const more = ask(pacer, 'Azure Resource Manager', 100);
    await settle();
    expect(more).toHaveLength(249 - 100 - 39 - 20);
  });

  it('sends Resource Manager no more than flows in while a bucket is nearly empty, whatever another holds', async () => {
    const { time, settle, pass } = clockwork();
    const pacer = createPacer(time);
    await pacer.enter('Azure Resource Manager');
    await pacer.enter('Azure Resource Manager');
    pacer.left('Azure Resource Manager', bucket('writes', '60'));
    pacer.left('Azure Resource Manager', bucket('reads', '249'));
    const left = ask(pacer, 'Azure Resource Manager', 200);
    await settle();
    expect(left).toHaveLength(23);
    await pass(999);
    expect(left).toHaveLength(23);
  });

  it.each(['', '-1', '1e9', 'many', '9'.repeat(400)])(
    'keeps to what is documented when the header says %j',
    async (told) => {
      const { time, settle } = clockwork();
      const pacer = createPacer(time);
      await pacer.enter('Azure Resource Manager');
      pacer.left('Azure Resource Manager', bucket('reads', told));
      const left = ask(pacer, 'Azure Resource Manager', 200);
      await settle();
      expect(left).toHaveLength(39);
    },
  );

  it('is one for each service: none waits for another', async () => {
    const { time, settle } = clockwork();
    const pacer = createPacer(time);
    ask(pacer, 'Log Analytics', 50);
    const left = ask(pacer, 'Azure Resource Manager', 40);
    await settle();
    expect(left).toHaveLength(40);
  });

  it('does not wait for those who gave up', async () => {
    const { time, settle } = clockwork();
    const pacer = createPacer(time);
    ask(pacer, 'Log Analytics', 5);
    const gaveUp = new AbortController();
    const waiting = pacer.enter('Log Analytics', gaveUp.signal).catch((error: Error) => error.name);
    const left = ask(pacer, 'Log Analytics', 1);
    gaveUp.abort();
    expect(await waiting).toBe('AbortError');
    pacer.left('Log Analytics');
    await settle();
    expect(left).toEqual([0]);
    await expect(pacer.enter('Log Analytics', gaveUp.signal)).rejects.toThrow('given up');
  });
});
