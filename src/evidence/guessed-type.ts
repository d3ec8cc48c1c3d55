import { convert } from '../kql/call.ts';
import type { ColumnType } from '../kql/types.ts';
import type { Value } from '../kql/values.ts';

const WHOLE = /^-?(?:0|[1-9]\d{0,18})$/;
const REAL = /^-?(?:\d+\.\d*|\.\d+|\d+)(?:[eE][-+]?\d+)?$/;
/**
 * What Log Analytics and its portal write for a time, and what a spreadsheet makes of it; a bare date or a bare number is none. The
 * portal writes it as the browser's language has it: with AM or PM the month is first, as in the United States.
 */
const TIME =
  /^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2})?$|^\d{1,2}\/\d{1,2}\/\d{4}, \d{1,2}:\d{2}(:\d{2}(\.\d+)?)? [AP]M$|^\d{1,2}\.\d{1,2}\.\d{4}[ ,]+\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?$/;
/** Of any other language: the day may be first. */
const EITHER_ORDER = /^(\d{1,2})[/-](\d{1,2})[/-](\d{4}\b(?!.* [AP]M$).*)$/;
/** Between points it is first in every language that writes it so (CLDR 46, `yMd`: German, Russian, Polish, Finnish …). */
const DAY_FIRST = /^(\d{1,2})\.(\d{1,2})\.(\d{4}\b.*)$/;

/** A time with its month first; null where either number may be the month. */
function ordered(text: string): string | null {
  const dotted = DAY_FIRST.exec(text);
  if (dotted) return `${dotted[2]}/${dotted[1]}/${dotted[3]}`;
  const match = EITHER_ORDER.exec(text);
  if (!match) return text;
  const [, first = '', second = '', rest = ''] = match;
  if (Number(first) > 12) return `${second}/${first}/${rest}`;
  return Number(second) > 12 || Number(first) === Number(second) ? text : null;
}

/** The type of one value of an export: of text by its form, of JSON by its own type. */
export function typeOfValue(value: unknown): ColumnType | undefined {
  switch (typeof value) {
    case 'boolean':
      return 'bool';
    case 'number':
      return Number.isSafeInteger(value) ? 'long' : 'real';
    case 'bigint':
      return 'long';
    case 'object':
      return value === null ? undefined : 'dynamic';
    case 'string':
      break;
    default:
      return undefined;
  }
  if (value === '') return undefined;
  if (TIME.test(value)) return 'datetime';
  if (/^(true|false)$/i.test(value)) return 'bool';
  // A number with a leading zero is a code or an identifier, and would lose it.
  if (WHOLE.test(value) && convert(value, 'string', 'long') !== null) return 'long';
  if (REAL.test(value) && !/^-?0\d/.test(value)) return 'real';
  if (/^[[{]/.test(value) && isJson(value)) return 'dynamic';
  return 'string';
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** The type that holds values of both; text holds everything. */
export function commonType(a: ColumnType | undefined, b: ColumnType | undefined): ColumnType | undefined {
  if (a === undefined || b === undefined || a === b) return a ?? b;
  const both = new Set([a, b]);
  if (both.has('long') && both.has('real')) return 'real';
  return both.has('dynamic') && !both.has('string') ? 'dynamic' : 'string';
}

/** A value of an export as a cell; null when the type cannot hold it. An empty text is a missing cell. */
export function cellOf(value: unknown, type: ColumnType): Value {
  if (value === null || value === undefined || value === '') return type === 'string' ? '' : null;
  switch (typeof value) {
    case 'string':
      if (type === 'string') return value;
      if (type !== 'datetime') return convert(value, 'string', type);
      return convert(ordered(value) ?? '', 'string', type);
    case 'boolean':
      return convert(value, 'bool', type);
    case 'number':
      return convert(value, Number.isSafeInteger(value) ? 'long' : 'real', type);
    case 'bigint':
      return convert(value, 'long', type);
    default:
      return type === 'string'
        ? JSON.stringify(value)
        : type === 'dynamic'
          ? convert(JSON.stringify(value), 'string', type)
          : null;
  }
}
