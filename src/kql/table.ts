import { parseLong } from './longs.ts';
import { datetimeFromMilliseconds, parseDatetime, parseTimespan } from './times.ts';
import type { Column, ColumnType } from './types.ts';
import { dynamicFrom, missing, type Value } from './values.ts';

export type { Column, ColumnType } from './types.ts';

/** A table by columns: `data[c][r]` is row r of column c, in the representation of values.ts. */
export interface Table {
  name: string;
  columns: Column[];
  data: Value[][];
  length: number;
  /** Are the cells of a column made when it is first read from `data`? */
  late?: true;
}

/**
 * A table from rows of plain JavaScript values. Declared types win and come first, in their order; other columns follow
 * in the order in which they are met, with a type inferred from their values (mixed ones are dynamic). A missing cell is
 * null, or '' in a string column. Datetimes may be ISO text, Date or milliseconds since 1970; timespans text or ticks.
 * A value that its declared type cannot hold becomes null. The rows belong to the table from then on: a column's cells are made when it
 * is first read.
 */
export function tableFromRows(
  name: string,
  rows: readonly Record<string, unknown>[],
  columns: Record<string, ColumnType> = {},
): Table {
  const types = new Map<string, ColumnType>(Object.entries(columns));
  const given = new Set<string>();
  for (const row of rows) for (const key in row) given.add(key);
  for (const key of given) if (!types.has(key)) types.set(key, inferType(rows, key));
  const listed: Column[] = [];
  const data: Value[][] = [];
  // A table of Azure's has two hundred columns, of which most are in no row: those of a type share their cells.
  const empty = new Map<ColumnType, Value[]>();
  const emptyOf = (type: ColumnType): Value[] => {
    const known = empty.get(type) ?? new Array<Value>(rows.length).fill(missing(type));
    empty.set(type, known);
    return known;
  };
  for (const [column, type] of types) {
    listed.push({ name: column, type });
    if (given.has(column)) addLate(data, () => rows.map((row) => cellFrom(row[column], type)));
    else data.push(emptyOf(type));
  }
  return { name, columns: listed, data, length: rows.length, late: true };
}

/** Adds a column whose cells are made when it is first read. */
function addLate(data: Value[][], make: () => Value[]): void {
  const place = data.length;
  const change = (value: Value[]): Value[] => {
    Object.defineProperty(data, place, { value, configurable: true, enumerable: true, writable: true });
    return value;
  };
  Object.defineProperty(data, place, { get: () => change(make()), set: change, configurable: true, enumerable: true });
}

const ISO_TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2})$/;

function inferType(rows: readonly Record<string, unknown>[], key: string): ColumnType {
  let type: ColumnType | undefined;
  for (const row of rows) {
    const value = row[key];
    if (value === null || value === undefined) continue;
    const one = typeOf(value);
    if (type === undefined || type === one) type = one;
    else if ((type === 'long' && one === 'real') || (type === 'real' && one === 'long')) type = 'real';
    else if ((type === 'datetime' && one === 'string') || (type === 'string' && one === 'datetime')) type = 'string';
    else return 'dynamic';
  }
  return type ?? 'string';
}

function typeOf(value: unknown): ColumnType {
  switch (typeof value) {
    case 'boolean':
      return 'bool';
    case 'number':
      return Number.isSafeInteger(value) ? 'long' : 'real';
    case 'bigint':
      return 'long';
    case 'string':
      return ISO_TIME.test(value) ? 'datetime' : 'string';
    default:
      return value instanceof Date ? 'datetime' : 'dynamic';
  }
}

const GUID = /^\{?([0-9a-f]{8})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{12})\}?$/i;

/** A GUID in its plain form, lower case; null when the text is none. */
export function parseGuid(text: string): string | null {
  const m = GUID.exec(text.trim());
  return m ? m.slice(1).join('-').toLowerCase() : null;
}

/** A JavaScript value as a cell of a type; null (or '') when the type cannot hold it. */
function cellFrom(value: unknown, type: ColumnType): Value {
  if (value === null || value === undefined) return missing(type);
  switch (type) {
    case 'string':
      if (typeof value === 'string') return value;
      return typeof value === 'object' ? JSON.stringify(value) : String(value);
    case 'dynamic':
      return dynamicFrom(value);
    case 'bool':
      if (typeof value === 'boolean') return value;
      return value === 'true' ? true : value === 'false' ? false : typeof value === 'number' ? value !== 0 : null;
    case 'int':
    case 'long': {
      const whole =
        typeof value === 'number'
          ? Number.isSafeInteger(value)
            ? value + 0
            : null
          : typeof value === 'bigint' || typeof value === 'string'
            ? parseLong(String(value))
            : null;
      return type === 'int' && whole !== null && (typeof whole === 'bigint' || whole !== (whole | 0)) ? null : whole;
    }
    case 'real':
    case 'decimal':
      if (typeof value === 'number') return value;
      if (typeof value === 'bigint') return Number(value);
      return typeof value === 'string' && value.trim() !== '' && !Number.isNaN(Number(value)) ? Number(value) : null;
    case 'datetime':
      if (value instanceof Date)
        return Number.isNaN(value.getTime()) ? null : datetimeFromMilliseconds(value.getTime());
      if (typeof value === 'string') return parseDatetime(value);
      return typeof value === 'number' && Number.isFinite(value) ? datetimeFromMilliseconds(value) : null;
    case 'timespan':
      if (typeof value === 'string') return parseTimespan(value);
      return typeof value === 'bigint' || Number.isSafeInteger(value) ? dynamicFrom(value) : null;
    case 'guid':
      return typeof value === 'string' ? parseGuid(value) : null;
  }
}
