import { addLongs, type Long, long } from './longs.ts';

/**
 * Datetimes and timespans are ticks of 100 ns. A datetime counts from 2020-01-01T00:00:00Z, so that any datetime from
 * 1991 to 2048 is a plain number and none loses a tick; others are bigints (see longs.ts).
 */
export type Ticks = Long;

export const TICKS_PER_MILLISECOND = 10_000;
export const TICKS_PER_SECOND = 10_000_000;
export const TICKS_PER_MINUTE = 600_000_000;
export const TICKS_PER_HOUR = 36_000_000_000;
export const TICKS_PER_DAY = 864_000_000_000;

const EPOCH_MILLISECONDS = Date.UTC(2020, 0, 1);
/** From 0001-01-01, where Kusto's datetime begins, to our epoch. */
export const TICKS_BEFORE_EPOCH = BigInt(EPOCH_MILLISECONDS + 62_135_596_800_000) * 10_000n;

/** The last tick of year 9999 and the first of year 1. */
const MAX_DATETIME = 3_155_378_975_999_999_999n - TICKS_BEFORE_EPOCH;
const MIN_DATETIME = -TICKS_BEFORE_EPOCH;

/** Ticks of a datetime from milliseconds since 1970, and ticks beyond the millisecond. */
export function datetimeFromMilliseconds(milliseconds: number, ticks = 0): Ticks {
  return addLongs(
    long(BigInt(Math.floor(milliseconds)) * 10_000n - BigInt(EPOCH_MILLISECONDS) * 10_000n),
    Math.round((milliseconds - Math.floor(milliseconds)) * TICKS_PER_MILLISECOND) + ticks,
  );
}

/** Whole milliseconds since 1970 of a datetime, rounded down. */
export function millisecondsOf(datetime: Ticks): number {
  if (typeof datetime === 'number') return Math.floor(datetime / TICKS_PER_MILLISECOND) + EPOCH_MILLISECONDS;
  const whole = datetime / 10_000n;
  const floor = datetime % 10_000n < 0n ? whole - 1n : whole;
  return Number(floor) + EPOCH_MILLISECONDS;
}

/** Ticks within the second, 0 to 9,999,999. */
export function ticksOfSecond(datetime: Ticks): number {
  const rest = typeof datetime === 'number' ? datetime % TICKS_PER_SECOND : Number(datetime % BigInt(TICKS_PER_SECOND));
  return rest < 0 ? rest + TICKS_PER_SECOND : rest;
}

/** Null when the value is outside the years 1 to 9999. */
export function withinCalendar(datetime: Ticks): Ticks | null {
  if (typeof datetime === 'number') return datetime;
  return datetime < MIN_DATETIME || datetime > MAX_DATETIME ? null : datetime;
}

const ISO =
  /^(\d{4}) ?[-/] ?(\d{1,2}) ?[-/] ?(\d{1,2})(?:[T ]+(\d{1,2}):(\d{2})(?::(\d{2})(?:\.(\d{1,12}))?)?)?\s*(Z|UTC|GMT|[+-]\d{2}:?\d{2})?$/i;
const AMERICAN =
  /^(\d{1,2})[-/.](\d{1,2})[-/.](\d{4})(?:[ ,]+(\d{1,2}):(\d{2})(?::(\d{2})(?:\.(\d{1,12}))?)?\s*(AM|PM)?)?\s*(Z|UTC|GMT|[+-]\d{2}:?\d{2})?$/i;
const RFC =
  /^(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,?\s+)?(\d{1,2})[\s-]+([A-Za-z]{3})[a-z]*[\s-]+(\d{2}|\d{4})(?:\s+(\d{1,2}):(\d{2})(?::(\d{2})(?:\.(\d{1,12}))?)?)?\s*(Z|UTC|GMT|[+-]\d{2}:?\d{2})?$/i;
/** `Dec 2, 2022`. */
const MONTH_FIRST =
  /^([A-Za-z]{3})[a-z]*\.?\s+(\d{1,2}),?\s+(\d{4})(?:[ ,]+(\d{1,2}):(\d{2})(?::(\d{2})(?:\.(\d{1,12}))?)?)?\s*(Z|UTC|GMT|[+-]\d{2}:?\d{2})?$/i;
const COMPACT = /^(\d{4})(\d{2})(\d{2})$/;
/** `2025, 6, 14`, as in the examples of startofweek and endofweek (Microsoft Learn, read 2026-11-30). */
const LISTED = /^(\d{4})\s*,\s*(\d{1,2})\s*,\s*(\d{1,2})$/;
const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];

function compose(
  year: number,
  month: number,
  day: number,
  hour: number,
  minute: number,
  second: number,
  fraction: string,
  zone: string | undefined,
): Ticks | null {
  if (year < 1 || month < 1 || month > 12 || day < 1 || hour > 23 || minute > 59 || second > 59) return null;
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  if (date.getUTCDate() !== day) return null;
  let milliseconds = date.getTime() + ((hour * 60 + minute) * 60 + second) * 1000;
  const offset = zone === undefined ? null : /^([+-])(\d{2}):?(\d{2})$/.exec(zone);
  if (offset) {
    // An offset is a time of the day (ISO 8601).
    if (Number(offset[2]) > 23 || Number(offset[3]) > 59) return null;
    const minutes = Number(offset[2]) * 60 + Number(offset[3]);
    milliseconds += (offset[1] === '-' ? minutes : -minutes) * 60_000;
  }
  return withinCalendar(datetimeFromMilliseconds(milliseconds, Number(`${fraction}0000000`.slice(0, 7))));
}

/**
 * A datetime from the forms Kusto reads: ISO 8601 and its shortenings, RFC 822, and dates with the month before the day
 * (`12-02-2022` is in December); null when the text is none of them.
 */
export function parseDatetime(text: string): Ticks | null {
  const trimmed = text.trim();
  if (trimmed.length > 64) return null;
  let m = ISO.exec(trimmed);
  if (m)
    return compose(
      +(m[1] ?? 0),
      +(m[2] ?? 0),
      +(m[3] ?? 0),
      +(m[4] ?? 0),
      +(m[5] ?? 0),
      +(m[6] ?? 0),
      m[7] ?? '',
      m[8],
    );
  m = AMERICAN.exec(trimmed);
  if (m) {
    let hour = Number(m[4] ?? 0);
    if (m[8] !== undefined) hour = (hour % 12) + (m[8].toUpperCase() === 'PM' ? 12 : 0);
    return compose(+(m[3] ?? 0), +(m[1] ?? 0), +(m[2] ?? 0), hour, +(m[5] ?? 0), +(m[6] ?? 0), m[7] ?? '', m[9]);
  }
  m = RFC.exec(trimmed);
  if (m) {
    const month = MONTHS.indexOf((m[2] ?? '').toLowerCase()) + 1;
    let year = Number(m[3]);
    if (year < 100) year += year < 50 ? 2000 : 1900;
    return compose(year, month, +(m[1] ?? 0), +(m[4] ?? 0), +(m[5] ?? 0), +(m[6] ?? 0), m[7] ?? '', m[8]);
  }
  m = MONTH_FIRST.exec(trimmed);
  if (m) {
    const month = MONTHS.indexOf((m[1] ?? '').toLowerCase()) + 1;
    return compose(+(m[3] ?? 0), month, +(m[2] ?? 0), +(m[4] ?? 0), +(m[5] ?? 0), +(m[6] ?? 0), m[7] ?? '', m[8]);
  }
  m = COMPACT.exec(trimmed) ?? LISTED.exec(trimmed);
  if (m) return compose(+(m[1] ?? 0), +(m[2] ?? 0), +(m[3] ?? 0), 0, 0, 0, '', undefined);
  return /^\d{4}$/.test(trimmed) ? compose(Number(trimmed), 1, 1, 0, 0, 0, '', undefined) : null;
}

/** `2026-11-23T02:14:09.1234567Z`; the fraction always has seven digits, as Kusto prints it in text. */
export function printDatetime(datetime: Ticks): string {
  const head = calendarText(datetime);
  return `${head}.${String(ticksOfSecond(datetime)).padStart(7, '0')}Z`;
}

/** `2026-11-23T02:14:09` in UTC. */
export function calendarText(datetime: Ticks): string {
  const iso = new Date(millisecondsOf(datetime)).toISOString();
  return iso.slice(0, 19);
}

const UNITS: ReadonlyMap<string, number> = new Map(
  Object.entries({
    d: TICKS_PER_DAY,
    day: TICKS_PER_DAY,
    days: TICKS_PER_DAY,
    h: TICKS_PER_HOUR,
    hr: TICKS_PER_HOUR,
    hrs: TICKS_PER_HOUR,
    hour: TICKS_PER_HOUR,
    hours: TICKS_PER_HOUR,
    m: TICKS_PER_MINUTE,
    min: TICKS_PER_MINUTE,
    minute: TICKS_PER_MINUTE,
    minutes: TICKS_PER_MINUTE,
    s: TICKS_PER_SECOND,
    sec: TICKS_PER_SECOND,
    second: TICKS_PER_SECOND,
    seconds: TICKS_PER_SECOND,
    ms: TICKS_PER_MILLISECOND,
    milli: TICKS_PER_MILLISECOND,
    millis: TICKS_PER_MILLISECOND,
    millisecond: TICKS_PER_MILLISECOND,
    milliseconds: TICKS_PER_MILLISECOND,
    micro: 10,
    micros: 10,
    microsecond: 10,
    microseconds: 10,
    tick: 1,
    ticks: 1,
  }),
);

/** A timespan from `1d`, `2.5h`, `1.02:03:04.5`, `02:03`, or a bare number of days; null when it is none. */
export function parseTimespan(text: string): Ticks | null {
  const trimmed = text.trim();
  const unit = /^(-?)(\d{1,18}(?:\.\d{1,9})?)\s*([a-z]+)$/i.exec(trimmed);
  if (unit) {
    const size = UNITS.get((unit[3] ?? '').toLowerCase());
    if (size === undefined) return null;
    const ticks = scale(unit[2] ?? '0', size);
    return ticks === null ? null : unit[1] === '-' ? long(-BigInt(ticks)) : ticks;
  }
  const clock = /^(-?)(?:(\d{1,8})\.)?(\d{1,2}):(\d{1,2})(?::(\d{1,2})(?:\.(\d{1,7}))?)?$/.exec(trimmed);
  if (clock) {
    const [, sign, days, hours, minutes, seconds, fraction] = clock;
    if (Number(hours) > 23 || Number(minutes) > 59 || Number(seconds ?? 0) > 59) return null;
    const ticks =
      BigInt(days ?? 0) * 864_000_000_000n +
      BigInt(Number(hours) * 60 + Number(minutes)) * 600_000_000n +
      BigInt(Number(seconds ?? 0)) * 10_000_000n +
      BigInt(`${fraction ?? ''}0000000`.slice(0, 7));
    return long(sign === '-' ? -ticks : ticks);
  }
  const days = /^(-?)(\d{1,8})$/.exec(trimmed);
  return days ? long(BigInt(trimmed) * 864_000_000_000n) : null;
}

/** `amount` units of `size` ticks, exact for whole numbers. */
function scale(amount: string, size: number): Ticks | null {
  if (!amount.includes('.')) {
    const ticks = BigInt(amount) * BigInt(size);
    return ticks > 9_223_372_036_854_775_807n ? null : long(ticks);
  }
  const ticks = Math.round(Number(amount) * size);
  return Number.isSafeInteger(ticks) ? ticks : null;
}

/** `1.02:03:04.5000000`: days and fraction only when there are any, as Kusto prints timespans. */
export function printTimespan(timespan: Ticks): string {
  const negative = timespan < 0;
  const ticks = BigInt(timespan) < 0n ? -BigInt(timespan) : BigInt(timespan);
  const days = ticks / 864_000_000_000n;
  const rest = Number(ticks % 864_000_000_000n);
  const two = (n: number): string => String(Math.floor(n)).padStart(2, '0');
  const fraction = rest % TICKS_PER_SECOND;
  return (
    (negative ? '-' : '') +
    (days > 0n ? `${days}.` : '') +
    `${two(rest / TICKS_PER_HOUR)}:${two((rest / TICKS_PER_MINUTE) % 60)}:${two((rest / TICKS_PER_SECOND) % 60)}` +
    (fraction > 0 ? `.${String(fraction).padStart(7, '0')}` : '')
  );
}
