import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  datetimeFromMilliseconds,
  millisecondsOf,
  parseDatetime,
  parseTimespan,
  printDatetime,
  printTimespan,
  ticksOfSecond,
} from '../../src/kql/times.ts';

const printed = (text: string): string | null => {
  const datetime = parseDatetime(text);
  return datetime === null ? null : printDatetime(datetime);
};

describe('datetimes', () => {
  it('keep every tick from year 1 to 9999', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: -62_135_596_800_000, max: 253_402_300_799_999 }),
        fc.integer({ min: 0, max: 9_999 }),
        (milliseconds, ticks) => {
          const datetime = datetimeFromMilliseconds(milliseconds, ticks);
          expect(millisecondsOf(datetime)).toBe(milliseconds);
          expect(ticksOfSecond(datetime)).toBe((((milliseconds % 1000) + 1000) % 1000) * 10_000 + ticks);
          expect(parseDatetime(printDatetime(datetime))).toBe(datetime);
        },
      ),
    );
  });

  it.each([
    ['2026-11-23T02:14:09.1234567Z', '2026-11-23T02:14:09.1234567Z'],
    ['2026-11-23', '2026-11-23T00:00:00.0000000Z'],
    ['2026-11-23 02:14', '2026-11-23T02:14:00.0000000Z'],
    ['2026-11-23T02:14:09+02:00', '2026-11-23T00:14:09.0000000Z'],
    ['0001-01-01T00:00:00Z', '0001-01-01T00:00:00.0000000Z'],
    ['02/17/2016 08:40:01', '2016-02-17T08:40:01.0000000Z'],
    ['Wed, 23 Nov 2016 10:00:00 GMT', '2016-11-23T10:00:00.0000000Z'],
  ])('reads %s', (text, expected) => {
    expect(printed(text)).toBe(expected);
  });

  it.each(['', 'garbage', '2026-13-01', '2026-02-30', '2026-11-23T25:00:00Z', '1', `2026${'0'.repeat(100)}`])(
    'refuses %j',
    (text) => {
      expect(parseDatetime(text)).toBeNull();
    },
  );
});

describe('timespans', () => {
  it.each([
    ['1d', '1.00:00:00'],
    ['1.5h', '01:30:00'],
    ['90m', '01:30:00'],
    ['100ms', '00:00:00.1000000'],
    ['1tick', '00:00:00.0000001'],
    ['1.02:03:04.5', '1.02:03:04.5000000'],
    ['-1.00:00:00', '-1.00:00:00'],
    ['00:01', '00:01:00'],
    ['2', '2.00:00:00'],
  ])('reads %s', (text, expected) => {
    const ticks = parseTimespan(text);
    expect(ticks === null ? null : printTimespan(ticks)).toBe(expected);
  });

  it.each(['', '1 parsec', '25:00:00', '00:01:00 junk', '99999999999999999999d'])('refuses %j', (text) => {
    expect(parseTimespan(text)).toBeNull();
  });

  it('print what they read', () => {
    fc.assert(
      fc.property(fc.integer({ min: -1e15, max: 1e15 }), (ticks) => {
        expect(parseTimespan(printTimespan(ticks))).toBe(ticks);
      }),
    );
  });
});
