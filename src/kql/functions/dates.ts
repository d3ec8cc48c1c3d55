import { argument, type Call, convert, counts, type Implementation, longs, reals, texts } from '../call.ts';
import { addLongs, floorLong, type Long, long, multiplyLongs, subtractLongs } from '../longs.ts';
import { type Expression, fail, optionName, refuse } from '../scope.ts';
import {
  datetimeFromMilliseconds,
  millisecondsOf,
  TICKS_BEFORE_EPOCH,
  TICKS_PER_DAY,
  TICKS_PER_HOUR,
  TICKS_PER_MILLISECOND,
  TICKS_PER_MINUTE,
  TICKS_PER_SECOND,
  ticksOfSecond,
  withinCalendar,
} from '../times.ts';
import { isNumeric, type Value } from '../values.ts';

const calendar =
  (part: (date: Date, datetime: Long) => Value): Implementation =>
  (call) => {
    const read = longs(call, 0);
    return (row) => {
      const datetime = read(row);
      return datetime === null ? null : part(new Date(millisecondsOf(datetime)), datetime);
    };
  };

/** Kusto's datetimes are binned from 0001-01-01, a Monday, not from our epoch. */
export function floorDatetime(datetime: Long, size: Long): Long | null {
  if (size <= 0) return null;
  const absolute = long(BigInt(datetime) + TICKS_BEFORE_EPOCH);
  const floor = floorLong(absolute, size);
  return floor === null ? null : long(BigInt(floor) - TICKS_BEFORE_EPOCH);
}

/** The reader of bin(): a floor to multiples of a size, null for a size that is not positive. */
const bin: Implementation = (call) => {
  const value = argument(call, 0);
  const size = argument(call, 1);
  if (value.type === 'datetime') {
    const read = longs(call, 0);
    const step = longs(call, 1);
    if (size.constant) {
      const width = step(0);
      if (width === null || width <= 0) return () => null;
      if (typeof width === 'number') {
        // The offset of our epoch within its bin, once.
        const origin = Number(TICKS_BEFORE_EPOCH % BigInt(width));
        return (row) => {
          const datetime = read(row);
          if (datetime === null) return null;
          if (typeof datetime !== 'number') return floorDatetime(datetime, width);
          const rest = (datetime + origin) % width;
          return datetime - (rest < 0 ? rest + width : rest);
        };
      }
    }
    return (row) => {
      const datetime = read(row);
      const width = step(row);
      return datetime === null || width === null ? null : floorDatetime(datetime, width);
    };
  }
  if (value.type === 'real' || size.type === 'real' || value.type === 'decimal') {
    const read = reals(call, 0);
    const step = reals(call, 1);
    return (row) => {
      const n = read(row);
      const width = step(row);
      return n === null || width === null || width <= 0 ? null : Math.floor(n / width) * width;
    };
  }
  if (value.type === 'dynamic') refuse('bin() of a dynamic', call.node, call.scope);
  const read = longs(call, 0);
  const step = longs(call, 1);
  return (row) => {
    const n = read(row);
    const width = step(row);
    return n === null || width === null || width <= 0 ? null : floorLong(n, width);
  };
};

/** bin_auto(): a bin whose size, and a value that it begins at, are options of the query. */
const binAuto: Implementation = (call) => {
  const option = (name: string): Expression | undefined => {
    const found = call.scope.names.get(optionName(`query_bin_auto_${name}`));
    return found?.kind === 'scalar' ? found.expression : undefined;
  };
  const size = option('size') ?? refuse('bin_auto() without the option query_bin_auto_size', call.node, call.scope);
  const value = argument(call, 0);
  const at = option('at');
  return at ? binAt({ ...call, args: [value, size, at] }) : bin({ ...call, args: [value, size] });
};

const binAt: Implementation = (call) => {
  if (call.args.some((a) => a.type === 'real') && !call.args.some((a) => a.type === 'dynamic')) {
    const [value, size, origin] = [reals(call, 0), reals(call, 1), reals(call, 2)];
    return (row) => {
      const [n, width, fixed] = [value(row), size(row), origin(row)];
      if (n === null || width === null || fixed === null || width <= 0) return null;
      return Math.floor((n - fixed) / width) * width + fixed;
    };
  }
  const read = longs(call, 0);
  const step = longs(call, 1);
  const fixed = longs(call, 2);
  if (call.args.some((a) => a.type === 'dynamic')) refuse('bin_at() of a dynamic', call.node, call.scope);
  return (row) => {
    const n = read(row);
    const width = step(row);
    const origin = fixed(row);
    if (n === null || width === null || origin === null || width <= 0) return null;
    const floor = floorLong(subtractLongs(n, origin), width);
    return floor === null ? null : addLongs(floor, origin);
  };
};

function dayStart(milliseconds: number): number {
  return Math.floor(milliseconds / 86_400_000) * 86_400_000;
}

/** Start of a calendar period, and of the one `offset` periods on. */
function periodStart(unit: string, milliseconds: number, offset: number): number {
  const date = new Date(milliseconds);
  switch (unit) {
    case 'day':
      return dayStart(milliseconds) + offset * 86_400_000;
    case 'week':
      // A week begins on Sunday.
      return dayStart(milliseconds) - date.getUTCDay() * 86_400_000 + offset * 7 * 86_400_000;
    case 'month':
      return utc(date.getUTCFullYear(), date.getUTCMonth() + offset, 1);
    default:
      return utc(date.getUTCFullYear() + offset, 0, 1);
  }
}

/** Date.UTC, which reads the years 0 to 99 as 1900 to 1999, without that. */
function utc(year: number, month: number, day: number): number {
  const date = new Date(0);
  date.setUTCFullYear(year, month, day);
  return date.getTime();
}

const period =
  (unit: string, end: boolean): Implementation =>
  (call) => {
    const read = longs(call, 0);
    const offset = counts(call, 1);
    return (row) => {
      const datetime = read(row);
      const by = offset ? offset(row) : 0;
      if (datetime === null || by === null) return null;
      const start = periodStart(unit, millisecondsOf(datetime), by + (end ? 1 : 0));
      // Beyond what a Date holds is beyond the calendar.
      if (Number.isNaN(start) || Math.abs(start) > 8.64e15) return null;
      return withinCalendar(datetimeFromMilliseconds(start, end ? -1 : 0));
    };
  };

const UNIT_TICKS: ReadonlyMap<string, Long> = new Map(
  Object.entries({
    week: TICKS_PER_DAY * 7,
    day: TICKS_PER_DAY,
    hour: TICKS_PER_HOUR,
    minute: TICKS_PER_MINUTE,
    second: TICKS_PER_SECOND,
    millisecond: TICKS_PER_MILLISECOND,
    microsecond: 10,
    nanosecond: 0,
  }),
);
const UNIT_MONTHS: ReadonlyMap<string, number> = new Map(Object.entries({ month: 1, quarter: 3, year: 12 }));

function unitOf(call: Call): string {
  const unit = String(argument(call, 0).at(0)).toLowerCase();
  if (unit === 'nanosecond' && call.name === 'datetime_diff') return unit;
  if (UNIT_MONTHS.get(unit) === undefined && (UNIT_TICKS.get(unit) ?? 0) === 0) {
    fail(
      'semantic',
      `'${unit}' is not a period that ${call.name}() knows.`,
      call.argumentNodes[0] ?? call.node,
      call.scope,
    );
  }
  return unit;
}

const datetimeAdd: Implementation = (call) => {
  const unit = unitOf(call);
  const amount = longs(call, 1);
  const read = longs(call, 2);
  const months = UNIT_MONTHS.get(unit);
  return (row) => {
    const n = amount(row);
    const datetime = read(row);
    if (n === null || datetime === null) return null;
    if (months === undefined) return instantFrom(BigInt(datetime) + BigInt(n) * BigInt(UNIT_TICKS.get(unit) ?? 0));
    const milliseconds = millisecondsOf(datetime);
    const date = new Date(milliseconds);
    const total = date.getUTCFullYear() * 12 + date.getUTCMonth() + Number(n) * months;
    const year = Math.floor(total / 12);
    const month = total - year * 12;
    if (year < 1 || year > 9999) return null;
    // The last day of a shorter month stands for the days it lacks.
    const lastDay = new Date(utc(year, month + 1, 0)).getUTCDate();
    const day = utc(year, month, Math.min(date.getUTCDate(), lastDay));
    return addLongs(
      datetimeFromMilliseconds(day),
      subtractLongs(datetime, datetimeFromMilliseconds(dayStart(milliseconds))),
    );
  };
};

/** datetime_diff counts the borders of the period that lie between the two. */
const datetimeDiff: Implementation = (call) => {
  const unit = unitOf(call);
  const left = longs(call, 1);
  const right = longs(call, 2);
  const months = UNIT_MONTHS.get(unit);
  const ordinal = (datetime: Long): Long => {
    const milliseconds = millisecondsOf(datetime);
    if (months !== undefined) {
      const date = new Date(milliseconds);
      return Math.floor((date.getUTCFullYear() * 12 + date.getUTCMonth()) / months);
    }
    if (unit === 'week') return Math.floor(periodStart('week', milliseconds, 0) / 604_800_000);
    const size = UNIT_TICKS.get(unit) ?? 1;
    return BigInt(floorDatetime(datetime, size) ?? 0) / BigInt(size);
  };
  return (row) => {
    const a = left(row);
    const b = right(row);
    if (a === null || b === null) return null;
    if (unit === 'nanosecond') return long((BigInt(a) - BigInt(b)) * 100n);
    return long(BigInt(ordinal(a)) - BigInt(ordinal(b)));
  };
};

const TWO = (n: number): string => String(n).padStart(2, '0');

/** Formats with the specifiers that Kusto documents; another letter is refused. */
function format(call: Call, specifiers: Record<string, (datetime: Long) => string>): (row: number) => string {
  const read = longs(call, 0);
  const pattern = texts(call, 1);
  const node = call.argumentNodes[1] ?? call.node;
  const cache = new Map<string, ((datetime: Long) => string)[]>();
  const compile = (text: string): ((datetime: Long) => string)[] => {
    const parts: ((datetime: Long) => string)[] = [];
    for (const m of text.matchAll(/([A-Za-z])\1*|[\s\S]/g)) {
      const token = m[0];
      const known = specifiers[token];
      if (known) parts.push(known);
      else if (/[A-Za-z]/.test(token)) refuse(`The format '${token}'`, node, call.scope);
      else if (/^[\s/\-:,.[\]_]$/.test(token)) parts.push(() => token);
      else refuse(`The format delimiter '${token}'`, node, call.scope);
    }
    return parts;
  };
  return (row) => {
    const value = read(row);
    if (value === null) return '';
    const text = pattern(row);
    let parts = cache.get(text);
    if (!parts) {
      parts = compile(text);
      cache.set(text, parts);
    }
    return parts.map((p) => p(value)).join('');
  };
}

const on = (part: (d: Date) => string) => (datetime: Long) => part(new Date(millisecondsOf(datetime)));

const FRACTIONS: Record<string, (datetime: Long) => string> = {};
for (let n = 1; n <= 7; n++) {
  const digits = (datetime: Long): string => String(ticksOfSecond(datetime)).padStart(7, '0').slice(0, n);
  FRACTIONS['f'.repeat(n)] = digits;
  // F leaves out a fraction of nothing but zeros.
  FRACTIONS['F'.repeat(n)] = (datetime) => digits(datetime).replace(/0+$/, '');
}

const DATETIME_FORMAT: Record<string, (datetime: Long) => string> = {
  ...FRACTIONS,
  yyyy: on((d) => String(d.getUTCFullYear()).padStart(4, '0')),
  yy: on((d) => TWO(d.getUTCFullYear() % 100)),
  y: on((d) => String(d.getUTCFullYear() % 100)),
  MM: on((d) => TWO(d.getUTCMonth() + 1)),
  M: on((d) => String(d.getUTCMonth() + 1)),
  dd: on((d) => TWO(d.getUTCDate())),
  d: on((d) => String(d.getUTCDate())),
  HH: on((d) => TWO(d.getUTCHours())),
  H: on((d) => String(d.getUTCHours())),
  hh: on((d) => TWO(d.getUTCHours() % 12 || 12)),
  h: on((d) => String(d.getUTCHours() % 12 || 12)),
  mm: on((d) => TWO(d.getUTCMinutes())),
  m: on((d) => String(d.getUTCMinutes())),
  ss: on((d) => TWO(d.getUTCSeconds())),
  s: on((d) => String(d.getUTCSeconds())),
  tt: on((d) => (d.getUTCHours() < 12 ? 'AM' : 'PM')),
};

const clock = (size: number, modulo: number) => (ticks: Long) => {
  const whole = BigInt(ticks) < 0n ? -BigInt(ticks) : BigInt(ticks);
  return Number((whole / BigInt(size)) % BigInt(modulo));
};
const TIMESPAN_FORMAT: Record<string, (ticks: Long) => string> = { ...FRACTIONS };
for (const [letter, size, modulo] of [
  ['d', TICKS_PER_DAY, 1_000_000_000],
  ['h', TICKS_PER_HOUR, 24],
  ['H', TICKS_PER_HOUR, 24],
  ['m', TICKS_PER_MINUTE, 60],
  ['s', TICKS_PER_SECOND, 60],
] as const) {
  const part = clock(size, modulo);
  for (let n = 1; n <= (letter === 'd' ? 8 : 2); n++) {
    TIMESPAN_FORMAT[letter.repeat(n)] = (ticks) => String(part(ticks)).padStart(n, '0');
  }
}

const unixTime =
  (ticks: number): Implementation =>
  (call) => {
    const read = reals(call, 0);
    return (row) => {
      const n = read(row);
      if (n === null || !Number.isFinite(n)) return null;
      const whole = Math.trunc(n);
      if (!Number.isSafeInteger(whole)) return null;
      const span = BigInt(whole) * BigInt(ticks) + BigInt(Math.round((n - whole) * ticks));
      return instantFrom(span + BigInt(datetimeFromMilliseconds(0)));
    };
  };

/** A datetime of so many ticks, which may be more than a long holds; null beyond the calendar. */
const instantFrom = (ticks: bigint): Long | null =>
  BigInt.asIntN(64, ticks) === ticks ? withinCalendar(long(ticks)) : null;

/** The week of ISO 8601: the first one of a year holds its first Thursday. */
function isoWeek(date: Date): number {
  const thursday = dayStart(date.getTime()) + (4 - (date.getUTCDay() || 7)) * 86_400_000;
  return Math.floor((thursday - utc(new Date(thursday).getUTCFullYear(), 0, 1)) / (7 * 86_400_000)) + 1;
}

type DatetimePart = (date: Date, ticks: Long) => number;

const datetimePart: Implementation = (call) => {
  const unit = String(argument(call, 0).at(0)).toLowerCase();
  const parts: ReadonlyMap<string, DatetimePart> = new Map(
    Object.entries<DatetimePart>({
      year: (d) => d.getUTCFullYear(),
      quarter: (d) => Math.floor(d.getUTCMonth() / 3) + 1,
      month: (d) => d.getUTCMonth() + 1,
      day: (d) => d.getUTCDate(),
      week_of_year: (d) => isoWeek(d),
      dayofyear: (d) => Math.floor((d.getTime() - utc(d.getUTCFullYear(), 0, 1)) / 86_400_000) + 1,
      hour: (d) => d.getUTCHours(),
      minute: (d) => d.getUTCMinutes(),
      second: (d) => d.getUTCSeconds(),
      millisecond: (d) => d.getUTCMilliseconds(),
      microsecond: (_d, t) => Math.floor(ticksOfSecond(t) / 10),
      nanosecond: (_d, t) => ticksOfSecond(t) * 100,
    }),
  );
  const part = parts.get(unit);
  if (!part) return refuse(`datetime_part('${unit}')`, call.argumentNodes[0] ?? call.node, call.scope);
  const read = longs(call, 1);
  return (row) => {
    const datetime = read(row);
    return datetime === null ? null : part(new Date(millisecondsOf(datetime)), datetime);
  };
};

export const DATE_FUNCTIONS: Record<string, Implementation> = {
  now: (call) => {
    const now = call.scope.run.now;
    const offset = call.args.length > 0 ? longs(call, 0)(0) : 0;
    const value = offset === null ? null : withinCalendar(addLongs(now, offset));
    return () => value;
  },
  ago: (call) => {
    const now = call.scope.run.now;
    const read = longs(call, 0);
    return (row) => {
      const span = read(row);
      return span === null ? null : withinCalendar(subtractLongs(now, span));
    };
  },
  bin,
  floor: bin,
  bin_at: binAt,
  bin_auto: binAuto,
  startofday: period('day', false),
  startofweek: period('week', false),
  startofmonth: period('month', false),
  startofyear: period('year', false),
  endofday: period('day', true),
  endofweek: period('week', true),
  endofmonth: period('month', true),
  endofyear: period('year', true),
  datetime_add: datetimeAdd,
  datetime_diff: datetimeDiff,
  datetime_part: datetimePart,
  datepart: datetimePart,
  week_of_year: calendar((d) => isoWeek(d)),
  weekofyear: calendar((d) => isoWeek(d)),
  format_datetime: (call) => format(call, DATETIME_FORMAT),
  format_timespan: (call) => {
    const spans = argument(call, 0);
    const size = (row: number): Value => {
      const value = spans.at(row);
      return isNumeric(value) && value < 0 ? multiplyLongs(value, -1) : value;
    };
    const sized = { ...call, args: [{ ...spans, at: size }, ...call.args.slice(1)] };
    const read = format(sized, TIMESPAN_FORMAT);
    // A negative span has its sign in front (kql-to-sql's verdicts of Microsoft's emulator, read 2026-11-30).
    return (row) => `${Number(spans.at(row)) < 0 ? '-' : ''}${read(row)}`;
  },
  getyear: calendar((d) => d.getUTCFullYear()),
  getmonth: calendar((d) => d.getUTCMonth() + 1),
  monthofyear: calendar((d) => d.getUTCMonth() + 1),
  dayofmonth: calendar((d) => d.getUTCDate()),
  dayofyear: calendar((d) => Math.floor((d.getTime() - utc(d.getUTCFullYear(), 0, 1)) / 86_400_000) + 1),
  dayofweek: calendar((d) => d.getUTCDay() * TICKS_PER_DAY),
  hourofday: calendar((d) => d.getUTCHours()),
  make_datetime: (call) => {
    const parts = call.args.map((_, i) => reals(call, i));
    if (call.args.length === 1) return (row) => convert(argument(call, 0).at(row), argument(call, 0).type, 'datetime');
    return (row) => {
      const [year, month, day, hour = 0, minute = 0, second = 0] = parts.map((p) => p(row));
      if (year == null || month == null || day == null || hour === null || minute === null || second === null)
        return null;
      const whole = Math.floor(second);
      if (year < 1 || year > 9999 || month < 1 || month > 12 || hour > 23 || minute > 59 || second >= 60) return null;
      const start = utc(year, month - 1, day);
      if (new Date(start).getUTCDate() !== day) return null;
      const milliseconds = start + ((hour * 60 + minute) * 60 + whole) * 1000;
      return datetimeFromMilliseconds(milliseconds, Math.round((second - whole) * TICKS_PER_SECOND));
    };
  },
  make_timespan: (call) => {
    const parts = call.args.map((_, i) => reals(call, i));
    return (row) => {
      const given = parts.map((p) => p(row));
      if (given.some((p) => p === null)) return null;
      const numbers = given.map((p) => p ?? 0);
      const days = numbers.length === 4 ? (numbers[0] ?? 0) : 0;
      const [hours = 0, minutes = 0, seconds = 0] = numbers.length === 4 ? numbers.slice(1) : numbers;
      // "A value from 0-23", "from 0-59", "from 0 to 59.9999999", and otherwise null (make-timespan-function, of 2024-08-11).
      const isTime = (value: number, end: number): boolean => value >= 0 && value < end;
      if (!isTime(hours, 24) || !isTime(minutes, 60) || !isTime(seconds, 60)) return null;
      return Math.round(
        days * TICKS_PER_DAY + hours * TICKS_PER_HOUR + minutes * TICKS_PER_MINUTE + seconds * TICKS_PER_SECOND,
      );
    };
  },
  unixtime_seconds_todatetime: unixTime(TICKS_PER_SECOND),
  unixtime_milliseconds_todatetime: unixTime(TICKS_PER_MILLISECOND),
  unixtime_microseconds_todatetime: unixTime(10),
  unixtime_nanoseconds_todatetime: (call) => {
    // Nanoseconds since 1970 are beyond what a real holds exactly.
    const read = longs(call, 0);
    return (row) => {
      const n = read(row);
      return n === null ? null : withinCalendar(long(BigInt(n) / 100n + BigInt(datetimeFromMilliseconds(0))));
    };
  },
};
