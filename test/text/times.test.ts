import { describe, expect, test } from 'vitest';
import { count, counted, progressBar, sparkline } from '../../src/text/counts.ts';
import { age, clock, day, moment, sameDay, stopwatch } from '../../src/text/times.ts';

const now = new Date('2026-11-23T02:20:11Z');

describe('times', () => {
  test.each([
    ['2026-11-23T02:20:11Z', '0s'],
    ['2026-11-23T02:19:12Z', '59s'],
    ['2026-11-23T02:17:11Z', '3m'],
    ['2026-11-22T20:20:11Z', '6h'],
    ['2026-11-21T02:20:11Z', '2d'],
    ['2026-11-23T02:25:00Z', '0s'],
    ['yesterday', '?'],
  ])('%s is %s old', (instant, text) => expect(age(instant, now)).toBe(text));

  test('are UTC with Z', () => {
    expect(clock('2026-11-23T02:14:09.123Z')).toBe('02:14:09Z');
    expect(clock('2026-11-23T04:14:09+02:00')).toBe('02:14:09Z');
    expect(moment('2026-11-23T02:14:09Z')).toBe('2026-11-23 02:14:09Z');
    expect(day('x')).toBe('?');
    expect(sameDay('2026-11-23T02:14:09Z', now)).toBe('02:14:09Z');
    expect(sameDay('2026-11-22T02:14:09Z', now)).toBe('2026-11-22 02:14:09Z');
  });

  test('run as on a stopwatch', () => {
    expect([42, 727, 3723, -1].map(stopwatch)).toEqual(['0:42', '12:07', '1:02:03', '0:00']);
  });
});

describe('counts', () => {
  test('have thousands separators and their noun', () => {
    expect(count(3_702_259_456)).toBe('3,702,259,456');
    expect(counted(1, 'port')).toBe('1 port');
    expect(counted(1514, 'failed logon')).toBe('1,514 failed logons');
    expect(counted(0, 'patch', 'patches')).toBe('0 patches');
  });

  test('as bars: an empty slice is blank, the highest is full', () => {
    expect(sparkline([0, 1, 8], 3)).toBe(' ▁█');
    expect(sparkline([1, 1, 8, 8], 2)).toBe('▁█');
    expect(sparkline([], 5)).toBe('');
    expect(sparkline([0, 0], 2)).toBe('  ');
  });

  test('as progress; what is not reported is not drawn as nothing done', () => {
    expect(progressBar(0.71, 10)).toBe('███████░░░');
    expect(progressBar(2, 4)).toBe('████');
    expect(progressBar(null, 4)).toBe('····');
  });
});
