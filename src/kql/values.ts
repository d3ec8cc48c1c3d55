import type { Long } from './longs.ts';
import { printDatetime, printTimespan } from './times.ts';
import type { ColumnType } from './types.ts';

/**
 * A cell. bool: boolean; int, long: Long; real: number; datetime, timespan: ticks (times.ts); string, guid: string;
 * dynamic: any of these, an array, a bag, or an Instant where a bag or array holds a time. null is null; a string is
 * never null.
 */
export type Value = null | boolean | number | bigint | string | Instant | Value[] | Bag;

export interface Bag {
  [key: string]: Value;
}

/** A datetime or timespan inside a dynamic, where the column's type cannot distinguish it from a number. */
export class Instant {
  readonly type: 'datetime' | 'timespan';
  readonly ticks: Long;
  constructor(type: 'datetime' | 'timespan', ticks: Long) {
    this.type = type;
    this.ticks = ticks;
  }
  toString(): string {
    return this.type === 'datetime' ? printDatetime(this.ticks) : printTimespan(this.ticks);
  }
}

export const isBag = (value: Value): value is Bag =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Instant);

/** The value of a type's missing cell: '' for strings, null for the rest. */
export const missing = (type: ColumnType): Value => (type === 'string' ? '' : null);

/** Depth beyond which a dynamic is refused, so that no recursion over one runs out of stack. */
export const MAX_DYNAMIC_DEPTH = 100;

/** A cell of a scalar type as an element of a dynamic. */
export function toDynamic(value: Value, type: ColumnType): Value {
  if (value === null) return null;
  if ((type === 'datetime' || type === 'timespan') && (typeof value === 'number' || typeof value === 'bigint')) {
    return new Instant(type, value);
  }
  return value;
}

/** JSON text of a dynamic. Keys keep their order; a real that JSON cannot say is a text, as "NaN" (kql-to-sql, read 2026-11-30). */
export function printJson(value: Value): string {
  if (value === null) return 'null';
  switch (typeof value) {
    case 'boolean':
      return value ? 'true' : 'false';
    case 'number':
      return Number.isFinite(value) ? printReal(value, false) : `"${printReal(value, false)}"`;
    case 'bigint':
      return value.toString();
    case 'string':
      return JSON.stringify(value);
    default:
      if (value instanceof Instant) return `"${value.toString()}"`;
      if (Array.isArray(value)) return `[${value.map(printJson).join(',')}]`;
      return `{${Object.entries(value)
        .map(([k, v]) => `${JSON.stringify(k)}:${printJson(v)}`)
        .join(',')}}`;
  }
}

/** A dynamic from JSON text; text that is no JSON stays the string it is, as parse_json documents. */
export function parseJson(text: string): Value {
  if (text === '') return null;
  const first = text.charCodeAt(0);
  // Only what can begin JSON is worth the exception that JSON.parse throws for the rest.
  if (!(first <= 32 || first === 34 || first === 45 || first === 91 || first === 123 || (first >= 48 && first <= 57))) {
    if (text !== 'true' && text !== 'false' && text !== 'null') return text;
  }
  try {
    const parsed: unknown = /\d{16}/.test(text) ? JSON.parse(text, keepLongs) : JSON.parse(text);
    return dynamicFrom(parsed, 0);
  } catch {
    return text;
  }
}

/** Integers beyond 2^53 keep their digits. */
function keepLongs(_key: string, value: unknown, context?: { source?: string }): unknown {
  if (typeof value !== 'number' || Number.isSafeInteger(value) || context?.source === undefined) return value;
  if (!/^-?\d{16,19}$/.test(context.source)) return value;
  const exact = BigInt(context.source);
  return BigInt.asIntN(64, exact) === exact ? exact : value;
}

/** Any JavaScript value as a dynamic: dates become instants, what JSON has no word for becomes null. */
export function dynamicFrom(value: unknown, depth = 0): Value {
  if (value === null || value === undefined) return null;
  switch (typeof value) {
    case 'boolean':
    case 'number':
    case 'string':
      return value;
    case 'bigint':
      return value >= -9007199254740991n && value <= 9007199254740991n ? Number(value) : value;
    case 'object': {
      if (depth >= MAX_DYNAMIC_DEPTH) throw new RangeError('the dynamic value is nested too deeply');
      if (value instanceof Instant) return value;
      if (value instanceof Date) return value.toISOString();
      if (Array.isArray(value)) return value.map((v: unknown) => dynamicFrom(v, depth + 1));
      const bag: Bag = Object.create(null);
      for (const [k, v] of Object.entries(value)) if (v !== undefined) bag[k] = dynamicFrom(v, depth + 1);
      return bag;
    }
    default:
      return null;
  }
}

/** A real as Kusto prints it; `1` is `1.0` when a real must be distinguished from a long. */
function printReal(value: number, marked: boolean): string {
  if (Number.isNaN(value)) return 'NaN';
  if (value === Number.POSITIVE_INFINITY) return 'Infinity';
  if (value === Number.NEGATIVE_INFINITY) return '-Infinity';
  const text = String(value);
  return marked && /^-?\d+$/.test(text) ? `${text}.0` : text;
}

/** `tostring()`: '' for null. */
export function toText(value: Value, type: ColumnType): string {
  if (value === null) return '';
  switch (typeof value) {
    case 'string':
      return value;
    case 'boolean':
      // A bool prints as .NET prints it; a boolean in a dynamic prints as JSON.
      if (type === 'bool') return value ? 'True' : 'False';
      return value ? 'true' : 'false';
    case 'number':
      if (type === 'datetime') return printDatetime(value);
      if (type === 'timespan') return printTimespan(value);
      if (type !== 'real') return printReal(value, false);
      // In text an infinity is `inf`, and zero has its sign (kql-to-sql, read 2026-11-30).
      if (Math.abs(value) === Number.POSITIVE_INFINITY) return value > 0 ? 'inf' : '-inf';
      return Object.is(value, -0) ? '-0.0' : printReal(value, true);
    case 'bigint':
      if (type === 'datetime') return printDatetime(value);
      return type === 'timespan' ? printTimespan(value) : value.toString();
    default:
      return value instanceof Instant ? value.toString() : printJson(value);
  }
}

/** A key under which equal values of one type meet in a Map; null has a key of its own. */
export function keyOf(value: Value): unknown {
  if (typeof value !== 'object') return value;
  if (value === null) return NULL_KEY;
  return `\u0000${canonical(value)}`;
}

const NULL_KEY = Symbol('null');

/** JSON text that is equal for equal dynamics: keys are in the order of their characters, also those that look like numbers. */
export function canonical(value: Value): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (isBag(value)) {
    const keys = Object.keys(value).sort();
    return `{${keys.map((k) => `${JSON.stringify(k)}:${canonical(value[k] ?? null)}`).join(',')}}`;
  }
  return printJson(value);
}

export const equalDynamics = (a: Value, b: Value): boolean =>
  a === b ||
  (typeof a === 'object' && typeof b === 'object' && a !== null && b !== null && canonical(a) === canonical(b));

/** Order of two non-null cells of one type: negative, zero, positive. NaN is below every number. */
export function compareValues(a: Value, b: Value): number {
  if (typeof a === 'string' && typeof b === 'string') return a < b ? -1 : a > b ? 1 : 0;
  if (isNumeric(a) && isNumeric(b)) {
    if (a < b) return -1;
    if (a > b) return 1;
    if (a === b) return 0;
    return Number.isNaN(a) ? (Number.isNaN(b) ? 0 : -1) : Number.isNaN(b) ? 1 : 0;
  }
  if (typeof a === 'boolean' && typeof b === 'boolean') return a === b ? 0 : a ? 1 : -1;
  if (a instanceof Instant && b instanceof Instant) return compareValues(a.ticks, b.ticks);
  return compareValues(toText(a, 'dynamic'), toText(b, 'dynamic'));
}

/**
 * Above 0 where `a` is more extreme than `b` in the direction of `sign`. NaN is more extreme than any number, in both: the least and the
 * most of 1.5, NaN and 2.5 are NaN (kql-to-sql's verdicts of Microsoft's emulator, read 2026-11-30).
 */
export function moreExtreme(a: Value, b: Value, sign: 1 | -1): number {
  const by = compareValues(a, b) * sign;
  // As the least of all it is the most extreme already where that is asked for.
  return sign > 0 && by !== 0 && (Number.isNaN(a) || Number.isNaN(b)) ? -by : by;
}

export const isNumeric = (value: Value): value is number | bigint =>
  typeof value === 'number' || typeof value === 'bigint';
