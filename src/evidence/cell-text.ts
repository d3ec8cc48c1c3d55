import { TICKS_PER_SECOND } from '../kql/times.ts';

/** A whole number of at most 15 digits, as every log writes it; undefined for any other text. */
export function plainLong(bytes: Buffer, from: number, to: number): number | undefined {
  let at = from;
  const negative = bytes[at] === 45;
  if (negative) at += 1;
  const digits = to - at;
  const first = bytes[at];
  if (digits < 1 || digits > 15 || (first === 48 && (digits > 1 || negative))) return undefined;
  let value = 0;
  for (; at < to; at++) {
    const digit = (bytes[at] ?? 0) - 48;
    if (digit < 0 || digit > 9) return undefined;
    value = value * 10 + digit;
  }
  return negative ? -value : value;
}

/** Days from 2020-01-01 to the first of a month, by year and month; they come again and again. */
const months = new Map<number, { days: number; length: number }>();

function month(year: number, number: number): { days: number; length: number } {
  const key = year * 12 + number;
  let known = months.get(key);
  if (!known) {
    const day = (n: number): number => Date.UTC(year, n - 1, 1) / 86_400_000 - Date.UTC(2020, 0, 1) / 86_400_000;
    known = { days: day(number), length: day(number + 1) - day(number) };
    months.set(key, known);
  }
  return known;
}

/** The number that two digits make; NaN where they are none. */
function two(bytes: Buffer, at: number): number {
  const [a, b] = [(bytes[at] ?? 0) - 48, (bytes[at + 1] ?? 0) - 48];
  return a >= 0 && a <= 9 && b >= 0 && b <= 9 ? a * 10 + b : Number.NaN;
}

/** `2026-11-23T02:14:09Z`, with up to 7 digits of a second, as ticks; undefined for any other text. */
export function plainDatetime(bytes: Buffer, from: number, to: number): number | undefined {
  if (
    to - from < 20 ||
    to - from > 28 ||
    bytes[from + 4] !== 45 ||
    bytes[from + 7] !== 45 ||
    bytes[from + 10] !== 84 ||
    bytes[from + 13] !== 58 ||
    bytes[from + 16] !== 58 ||
    bytes[to - 1] !== 90
  )
    return undefined;
  const year = two(bytes, from) * 100 + two(bytes, from + 2);
  const number = two(bytes, from + 5);
  const day = two(bytes, from + 8);
  const [hour, minute, second] = [two(bytes, from + 11), two(bytes, from + 14), two(bytes, from + 17)];
  // From 1991 to 2048 ticks are plain numbers.
  if (!(year >= 1991 && year < 2048 && number >= 1 && number <= 12 && hour < 24 && minute < 60 && second < 60))
    return undefined;
  const { days, length } = month(year, number);
  if (!(day >= 1 && day <= length)) return undefined;
  let ticks = (((days + day - 1) * 24 + hour) * 60 + minute) * 60 + second;
  ticks *= TICKS_PER_SECOND;
  if (to - from === 20) return ticks;
  if (bytes[from + 19] !== 46 || to - from === 21) return undefined;
  let unit = TICKS_PER_SECOND / 10;
  for (let at = from + 20; at < to - 1; at++) {
    const digit = (bytes[at] ?? 0) - 48;
    if (digit < 0 || digit > 9) return undefined;
    ticks += digit * unit;
    unit /= 10;
  }
  return ticks;
}
