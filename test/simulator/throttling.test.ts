import { describe, expect, it } from 'vitest';
import { AzureError } from '../../src/simulator/azure-error.ts';
import { Throttling } from '../../src/simulator/throttling.ts';

function refusal(work: () => unknown): AzureError | undefined {
  try {
    work();
  } catch (error) {
    if (error instanceof AzureError) return error;
    throw error;
  }
  return undefined;
}

describe('the simulated Azure refuses what comes too fast', () => {
  it('the sixteenth query of Resource Graph in five seconds, and tells the quota', () => {
    let now = 0;
    const throttling = new Throttling('azure', () => now);
    const told = [...Array(15)].map(() => throttling.graph()['x-ms-user-quota-remaining']);
    expect(told).toEqual([...Array(15).keys()].map((used) => String(14 - used)));
    now = 2000;
    const refused = refusal(() => throttling.graph());
    expect(refused?.status).toBe(429);
    expect(refused?.headers).toEqual({ 'x-ms-user-quota-remaining': '0', 'x-ms-user-quota-resets-after': '00:00:03' });
    now = 5000;
    expect(throttling.graph()['x-ms-user-quota-remaining']).toBe('14');
  });

  it('queries of Log Analytics beyond five at once wait their turn, and two hundred of them at most', () => {
    const throttling = new Throttling('azure', () => 0);
    expect([...Array(12)].map(() => throttling.logs(1000))).toEqual([
      0, 0, 0, 0, 0, 1000, 1000, 1000, 1000, 1000, 2000, 2000,
    ]);
    const more = [...Array(300)].map(() => refusal(() => throttling.logs(1000))?.status ?? 0);
    expect(more.indexOf(429)).toBe(200 - 12);
  });

  it('reads of Resource Manager beyond a bucket of 250, each subscription for itself, until it is filled again', () => {
    let now = 0;
    const throttling = new Throttling('azure', () => now);
    const read = (subscription: string) => refusal(() => throttling.manager('GET', `/subscriptions/${subscription}/x`));
    for (let index = 0; index < 250; index += 1) expect(read('a')).toBeUndefined();
    expect(read('a')).toMatchObject({ status: 429, headers: { 'retry-after': '1' } });
    expect(read('b')).toBeUndefined();
    now = 1000;
    for (let index = 0; index < 25; index += 1) expect(read('a')).toBeUndefined();
    expect(read('a')?.status).toBe(429);
  });

  it('nothing where it is told to', () => {
    const throttling = new Throttling('none', () => 0);
    for (let index = 0; index < 300; index += 1) {
      throttling.graph();
      throttling.logs(1000);
      throttling.manager('GET', '/subscriptions/a/x');
    }
  });
});
