import { describe, expect, it } from 'vitest';
import { Pairs } from '../../src/kql/pairs.ts';

/** First numbers and second ones, as many of each. */
const combined = (firsts: number, seconds: number): [number, number][] =>
  Array.from({ length: firsts }, (_, a) => Array.from({ length: seconds }, (_, b): [number, number] => [a, b])).flat();

describe('pairs of numbers', () => {
  it.each([
    ['few of each', combined(20, 30)],
    ['few first ones, many second ones', combined(3, 3000)],
    ['many first ones, few second ones', combined(3000, 3)],
    ['many that come once', Array.from({ length: 20_000 }, (_, at): [number, number] => [at, (at * 7919) % 60_000])],
    [
      'the largest',
      [0, 1, 511, 512, 2 ** 26 - 1].flatMap((a) => [2 ** 26 - 1, 512, 511, 0].map((b): [number, number] => [a, b])),
    ],
  ])('are numbered in the order in which they come, each once: %s', (_, pairs) => {
    const numbers = new Pairs();
    const asked = [...pairs, ...pairs.toReversed()];
    const known = new Map<string, number>();
    for (const [a, b] of asked) {
      const key = `${a} ${b}`;
      if (known.has(key)) continue;
      if (numbers.find(a, b) !== -1) expect.fail(`${key} is known before it comes`);
      known.set(key, known.size);
      if (numbers.of(a, b) !== known.size - 1) expect.fail(`${key} is not ${known.size - 1}`);
    }
    expect(asked.map(([a, b]) => numbers.of(a, b))).toEqual(asked.map(([a, b]) => known.get(`${a} ${b}`)));
    expect(asked.map(([a, b]) => numbers.find(a, b))).toEqual(asked.map(([a, b]) => known.get(`${a} ${b}`)));
    expect(numbers.count).toBe(known.size);
  });
});
