import type { Ticks } from '../triage/logons/ticks.ts';

/** FILETIME (100 ns since 1601) of 2015-01-01, from which `Ticks` are counted, in two halves. */
const epoch = 130_645_440_000_000_000n;
const epochHigh = Number(epoch >> 32n);
const epochLow = Number(epoch & 0xffff_ffffn);
/** 100 ns from 1601 to 1970. */
const unixEpoch = 116_444_736_000_000_000n;
/** The first instant that an ISO date of four digits cannot hold, 10000-01-01, in ticks. */
const year10000 = (Date.UTC(9999, 11, 31, 23, 59, 59, 999) - Date.UTC(2015, 0, 1)) * 10_000 + 10_000;

/**
 * The FILETIME at `at`, exact from 1986 to 2043. The halves are taken from the epoch's before they are joined: a
 * FILETIME of our days is greater than a number holds exactly.
 */
export function ticksAt(view: DataView, at: number): Ticks {
  return (view.getUint32(at + 4, true) - epochHigh) * 4_294_967_296 + (view.getUint32(at, true) - epochLow);
}

/** Can this be written as a date of four digits? What cannot is no time that Windows wrote. */
export function isDate(ticks: Ticks): boolean {
  return ticks < year10000;
}

/** A FILETIME as Windows renders it: always seven digits of a second. "" beyond the year 9999. */
export function filetimeText(view: DataView, at: number): string {
  const value = view.getBigUint64(at, true) - unixEpoch;
  const fraction = ((value % 10_000_000n) + 10_000_000n) % 10_000_000n;
  const date = new Date(Number((value - fraction) / 10_000n));
  if (Number.isNaN(date.getTime()) || date.getUTCFullYear() > 9999) return '';
  return `${date.toISOString().slice(0, 19)}.${String(fraction).padStart(7, '0')}Z`;
}

/** A SYSTEMTIME (eight 16-bit numbers) with its milliseconds; "" when it is no date. */
export function systemtimeText(view: DataView, at: number): string {
  const [year = 0, month = 0, , day = 0, hour = 0, minute = 0, second = 0, ms = 0] = Array.from({ length: 8 }, (_, i) =>
    view.getUint16(at + 2 * i, true),
  );
  const two = (part: number): string => String(part).padStart(2, '0');
  if (year > 9999 || month < 1 || month > 12 || day < 1 || day > 31) return '';
  return `${String(year).padStart(4, '0')}-${two(month)}-${two(day)}T${two(hour)}:${two(minute)}:${two(second)}.${String(ms).padStart(3, '0')}Z`;
}
