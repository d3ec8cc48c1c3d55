import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BurstScanner, noKey, rowsOfBursts, type Thresholds } from '../../../src/triage/logons/bursts.ts';
import { ticksPerSecond } from '../../../src/triage/logons/ticks.ts';

interface Found {
  key: number;
  start: number;
  end: number;
  count: number;
}

const thresholds = (failures: number, windowSeconds: number): Thresholds => ({
  failures,
  windowSeconds,
  manyAccounts: 10,
  manySources: 10,
});

/** The definition, word for word: hit windows, and their unions where they share a failure. */
function naive(times: readonly number[], keys: readonly number[], n: number, window: number): Found[] {
  const found: Found[] = [];
  for (const key of new Set(keys)) {
    const mine = times.filter((_, i) => keys[i] === key);
    let members: Set<number>[] = [];
    for (let i = 0; i + n <= mine.length; i++) {
      if ((mine[i + n - 1] ?? 0) - (mine[i] ?? 0) > window) continue;
      const hit = new Set(Array.from({ length: n }, (_, j) => i + j));
      const apart: Set<number>[] = [];
      for (const other of members) {
        if ([...other].some((index) => hit.has(index))) for (const index of other) hit.add(index);
        else apart.push(other);
      }
      members = [...apart, hit];
    }
    for (const burst of members) {
      const at = [...burst].map((index) => mine[index] ?? 0);
      found.push({ key, start: Math.min(...at), end: Math.max(...at), count: burst.size });
    }
  }
  return found.sort((a, b) => a.key - b.key || a.start - b.start);
}

function scan(times: readonly number[], keys: readonly number[], limits: Thresholds): Found[] {
  const count = Math.max(0, ...keys) + 1;
  const perKey = new Uint32Array(count);
  for (const key of keys) perKey[key] = (perKey[key] ?? 0) + 1;
  const scanner = new BurstScanner(perKey, limits);
  times.forEach((time, i) => {
    scanner.push(keys[i] ?? 0, time);
  });
  const spans = scanner.spans();
  const { from } = rowsOfBursts(spans, count, times.length, Float64Array.from(times), Uint32Array.from(keys), null);
  return Array.from({ length: spans.count }, (_, b) => ({
    key: spans.key[b] ?? -1,
    start: spans.start[b] ?? -1,
    end: spans.end[b] ?? -1,
    count: (from[b + 1] ?? 0) - (from[b] ?? 0),
  })).sort((a, b) => a.key - b.key || a.start - b.start);
}

const second = ticksPerSecond;
const everySeconds = (seconds: readonly number[]): number[] => seconds.map((s) => s * second);

describe('the burst scanner', () => {
  it('finds what the definition finds, on thousands of random logs', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ gap: fc.integer({ min: 0, max: 12 }), key: fc.integer({ min: 0, max: 3 }) }), {
          maxLength: 120,
          size: 'max',
        }),
        fc.integer({ min: 2, max: 6 }),
        fc.integer({ min: 1, max: 25 }),
        (steps, n, window) => {
          let now = 0;
          const times = steps.map(({ gap }) => (now += gap * second));
          const keys = steps.map(({ key }) => key);
          expect(scan(times, keys, thresholds(n, window))).toEqual(naive(times, keys, n, window * second));
        },
      ),
      { numRuns: 4000 },
    );
  });

  it('takes N failures in exactly W, and not in a tick more', () => {
    const exact = [0, 30, 60, 90, 120, 150, 180, 210, 240, 300].map((s) => s * second);
    expect(
      scan(
        exact,
        exact.map(() => 0),
        thresholds(10, 300),
      ),
    ).toHaveLength(1);
    const late = [...exact.slice(0, 9), 300 * second + 1];
    expect(
      scan(
        late,
        late.map(() => 0),
        thresholds(10, 300),
      ),
    ).toEqual([]);
  });

  it('sees a burst across the edge of a bin, which fixed bins of five minutes would miss', () => {
    const times = everySeconds([295, 296, 297, 298, 299, 300, 301, 302, 303, 304]);
    const perBin = [0, 300 * second].map((from) => times.filter((t) => t >= from && t < from + 300 * second).length);
    expect(Math.max(...perBin)).toBeLessThan(10);
    expect(
      scan(
        times,
        times.map(() => 0),
        thresholds(10, 300),
      ),
    ).toEqual([{ key: 0, start: 295 * second, end: 304 * second, count: 10 }]);
  });

  it('keeps an hour of guessing one burst, where bins would make it twelve', () => {
    const times = Array.from({ length: 720 }, (_, i) => i * 5 * second);
    expect(
      scan(
        times,
        times.map(() => 0),
        thresholds(10, 300),
      ),
    ).toEqual([{ key: 0, start: 0, end: 3595 * second, count: 720 }]);
  });

  it('parts two bursts that share no failure, however near', () => {
    const times = everySeconds([0, 1, 2, 100, 101, 102]);
    expect(
      scan(
        times,
        times.map(() => 0),
        thresholds(3, 10),
      ),
    ).toHaveLength(2);
  });

  it('passes failures without a key by', () => {
    const scanner = new BurstScanner(Uint32Array.of(5), thresholds(2, 10));
    for (let i = 0; i < 5; i++) scanner.push(noKey, i);
    expect(scanner.spans().count).toBe(0);
  });

  it('holds more bursts than it began with room for', () => {
    const times = Array.from({ length: 3000 }, (_, i) => Math.floor(i / 3) * 1000 * second + (i % 3));
    expect(
      scan(
        times,
        times.map(() => 0),
        thresholds(3, 10),
      ),
    ).toHaveLength(1000);
  });
});
