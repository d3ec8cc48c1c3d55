import type { Node } from './language.ts';
import { type Long, long, longFromReal, MAX_LONG, MIN_LONG, parseLong } from './longs.ts';
import { compileRegex, type Regex, RegexRefused } from './regex.ts';
import { type Expression, fail, refuse, type Scope } from './scope.ts';
import { parseGuid } from './table.ts';
import { parseDatetime, parseTimespan, TICKS_BEFORE_EPOCH, type Ticks, withinCalendar } from './times.ts';
import type { ColumnType } from './types.ts';
import { Instant, isNumeric, parseJson, toDynamic, toText, type Value } from './values.ts';

/** A call of a built-in function whose arguments are already expressions. */
export interface Call {
  name: string;
  node: Node;
  argumentNodes: readonly Node[];
  args: readonly Expression[];
  /** The type the analyser gives the result. */
  type: ColumnType;
  scope: Scope;
}

/** Makes the reader of a call's result. */
export type Implementation = (call: Call) => (row: number) => Value;

export function argument(call: Call, position: number): Expression {
  return call.args[position] ?? fail('semantic', `${call.name}() lacks an argument.`, call.node, call.scope);
}

/** Reads an argument as text: the value itself of a string, tostring() of anything else. */
export function texts(call: Call, position: number): (row: number) => string {
  return textReader(argument(call, position));
}

export function textReader({ type, at }: Expression): (row: number) => string {
  return (row) => {
    const value = at(row);
    return typeof value === 'string' ? value : toText(value, type);
  };
}

/** Reads an argument as a real; null for what is no number. */
export function reals(call: Call, position: number): (row: number) => number | null {
  const { at } = argument(call, position);
  return (row) => {
    const value = at(row);
    return typeof value === 'number' ? value : typeof value === 'bigint' ? Number(value) : null;
  };
}

/** Reads an argument as a 64-bit number (long, int, datetime or timespan); null for what is none. */
export function longs(call: Call, position: number): (row: number) => Long | null {
  const { at } = argument(call, position);
  return (row) => {
    const value = at(row);
    return isNumeric(value) ? value : null;
  };
}

/** Reads an argument as a small whole number, a length or position; undefined when it is absent. */
export function counts(call: Call, position: number): ((row: number) => number | null) | undefined {
  if (call.args.length <= position) return undefined;
  const read = reals(call, position);
  return (row) => {
    const value = read(row);
    return value === null ? null : Math.trunc(value);
  };
}

/** The value of an argument that must not depend on the row; `otherwise` when it is absent. */
export function constantArgument(call: Call, position: number, otherwise: Value): Value {
  const given = call.args[position];
  if (!given) return otherwise;
  if (!given.constant) {
    refuse(`${call.name}() with an option that differs by row`, call.argumentNodes[position] ?? call.node, call.scope);
  }
  return given.at(0);
}

/** Reads an argument as a dynamic; times become Instants. */
export function dynamics(call: Call, position: number): (row: number) => Value {
  const { type, at } = argument(call, position);
  return (row) => toDynamic(at(row), type);
}

/** Reads an argument as an array; null when it is none. */
export function arrays(call: Call, position: number): (row: number) => Value[] | null {
  const read = dynamics(call, position);
  return (row) => {
    const value = read(row);
    return Array.isArray(value) ? value : null;
  };
}

/** Compiles the regular expression in an argument, which may differ by row; a refusal points at the argument. */
export function regexes(call: Call, position: number): (row: number) => Regex {
  const read = texts(call, position);
  const node = call.argumentNodes[position] ?? call.node;
  return (row) => regexAt(read(row), node, call.scope);
}

export function regexAt(pattern: string, node: Node, scope: Scope): Regex {
  try {
    return compileRegex(pattern);
  } catch (error) {
    if (error instanceof RegexRefused) return fail('unsupported', `${error.message}.`, node, scope);
    throw error;
  }
}

// ---- conversions ------------------------------------------------------------------------------------------------

/**
 * toint(), tolong(): null for what does not convert. Reals are truncated, to the nearest there is where they do not fit; text must be a
 * whole number; a datetime is its ticks since the year 1. A long beyond an int loses its upper bits. This and what follows is as
 * Microsoft's emulator of the service answers (https://github.com/saoc90/kql-to-sql, fuzzing/verdicts3, read 2026-11-30).
 */
function toLong(value: Value, type: ColumnType): Long | null {
  if (value === null) return null;
  if (type === 'datetime' && isNumeric(value)) return long(BigInt(value) + TICKS_BEFORE_EPOCH);
  switch (typeof value) {
    case 'boolean':
      return value ? 1 : 0;
    case 'bigint':
      return value;
    case 'number':
      return type === 'real' || type === 'dynamic' || type === 'decimal' ? nearestLong(value) : value;
    case 'string':
      return parseLong(value);
    default:
      return null;
  }
}

function toInt(value: Value, type: ColumnType): Long | null {
  const whole = toLong(value, type);
  if (whole === null || (whole >= -2147483648 && whole <= 2147483647)) return whole;
  if (typeof value === 'string') return null;
  if (type === 'real' || (typeof value === 'number' && !Number.isInteger(value))) {
    return whole > 0 ? 2147483647 : -2147483648;
  }
  return Number(BigInt.asIntN(32, BigInt(whole)));
}

function nearestLong(value: number): Long | null {
  const whole = longFromReal(value);
  return whole !== null || !Number.isFinite(value) ? whole : value > 0 ? MAX_LONG : MIN_LONG;
}

const REAL = /^\s*[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?\s*$/;

export function toReal(value: Value): number | null {
  if (value === null) return null;
  switch (typeof value) {
    case 'number':
      return value;
    case 'bigint':
      return Number(value);
    case 'boolean':
      return value ? 1 : 0;
    case 'string': {
      if (REAL.test(value)) return Number(value);
      const word = value.trim();
      if (word.toLowerCase() === 'nan') return Number.NaN;
      if (!/^[-+]?[iI]nf(?:inity)?$/.test(word)) return null;
      return word.startsWith('-') ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
    }
    default:
      return null;
  }
}

export function toBool(value: Value): boolean | null {
  if (value === null) return null;
  if (typeof value === 'boolean') return value;
  if (isNumeric(value)) return value !== 0;
  if (typeof value !== 'string') return null;
  const word = value.toLowerCase();
  if (word === 'true') return true;
  if (word === 'false') return false;
  const whole = parseLong(word);
  return whole === null ? null : whole !== 0;
}

function toDatetime(value: Value, type: ColumnType): Ticks | null {
  if (value === null) return null;
  if (value instanceof Instant) return value.type === 'datetime' ? value.ticks : null;
  if (typeof value === 'string') return parseDatetime(value);
  if (!isNumeric(value)) return null;
  if (type === 'datetime') return value;
  const ticks = TICK_COUNTS.has(type) ? toLong(value, type) : null;
  return ticks === null ? null : withinCalendar(long(BigInt(ticks) - TICKS_BEFORE_EPOCH));
}

/** Numbers that todatetime() takes for ticks since the year 1, and totimespan() for ticks. */
const TICK_COUNTS: ReadonlySet<ColumnType> = new Set(['int', 'long', 'real']);

function toTimespan(value: Value, type: ColumnType): Ticks | null {
  if (value === null) return null;
  if (value instanceof Instant) return value.type === 'timespan' ? value.ticks : null;
  if (typeof value === 'string') return parseTimespan(value);
  if (!isNumeric(value)) return null;
  return type === 'timespan' ? value : TICK_COUNTS.has(type) ? toLong(value, type) : null;
}

/** A value of one type as a cell of another, as the to…() functions do; null (or '') when it does not convert. */
export function convert(value: Value, from: ColumnType, to: ColumnType): Value {
  switch (to) {
    case 'string':
      return toText(value, from);
    case 'long':
      return toLong(value, from);
    case 'int':
      return toInt(value, from);
    case 'real':
    case 'decimal':
      return toReal(from === 'datetime' ? toLong(value, from) : value);
    case 'bool':
      return toBool(value);
    case 'datetime':
      return toDatetime(value, from);
    case 'timespan':
      return toTimespan(value, from);
    case 'guid':
      return typeof value === 'string' ? parseGuid(value) : null;
    case 'dynamic':
      return from === 'string' && typeof value === 'string' ? parseJson(value) : toDynamic(value, from);
  }
}
