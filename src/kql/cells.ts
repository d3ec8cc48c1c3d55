import type { Table } from './table.ts';
import { calendarText, printTimespan, ticksOfSecond } from './times.ts';
import type { ColumnType } from './types.ts';
import { Instant, isNumeric, printJson, type Value } from './values.ts';

/** What JSON can carry. A long beyond 2^53 travels as a number, as Azure sends it, and so loses its last digits. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** A datetime as Azure's JSON has it: ISO, Z, up to seven digits of fraction without trailing zeros. */
function datetimeCell(ticks: number | bigint): string {
  const fraction = ticksOfSecond(ticks);
  const digits = fraction === 0 ? '' : `.${String(fraction).padStart(7, '0').replace(/0+$/, '')}`;
  return `${calendarText(ticks)}${digits}Z`;
}

function timespanCell(ticks: number | bigint): string {
  // printTimespan leaves out days only when there are none, which is how both services print them.
  return printTimespan(ticks);
}

/** A cell as Log Analytics prints it: a dynamic is JSON in a string. */
export function logAnalyticsCell(value: Value, type: ColumnType): Json {
  if (value === null) return null;
  if (type === 'dynamic') return typeof value === 'string' ? value : printJson(value);
  return scalarCell(value, type);
}

/** A cell as Resource Graph's objectArray prints it: a dynamic is JSON itself. */
export function resourceGraphCell(value: Value, type: ColumnType): Json {
  if (value === null) return null;
  return type === 'dynamic' ? jsonOf(value) : scalarCell(value, type);
}

function scalarCell(value: Value, type: ColumnType): Json {
  if (isNumeric(value)) {
    if (type === 'datetime') return datetimeCell(value);
    if (type === 'timespan') return timespanCell(value);
    // JSON's numbers would lose digits.
    if (type === 'decimal' && typeof value === 'bigint') return value.toString();
    const number = Number(value);
    // JSON has no NaN; both services send these three as text.
    return Number.isFinite(number) ? number : Number.isNaN(number) ? 'NaN' : number > 0 ? 'Infinity' : '-Infinity';
  }
  if (type === 'bool' || typeof value === 'string' || typeof value === 'boolean') return jsonOf(value);
  return jsonOf(value);
}

function jsonOf(value: Value): Json {
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return value;
  if (isNumeric(value)) return Number.isFinite(Number(value)) ? Number(value) : null;
  if (value instanceof Instant)
    return value.type === 'datetime' ? datetimeCell(value.ticks) : printTimespan(value.ticks);
  if (Array.isArray(value)) return value.map(jsonOf);
  const object: { [key: string]: Json } = {};
  for (const [k, v] of Object.entries(value)) {
    // defineProperty, because a bag from a log may well have a key `__proto__`.
    Object.defineProperty(object, k, { value: jsonOf(v), enumerable: true, configurable: true, writable: true });
  }
  return object;
}

/** The rows of a table as Log Analytics' `tables[].rows`. */
export function logAnalyticsRows(table: Table): Json[][] {
  const rows: Json[][] = [];
  for (let r = 0; r < table.length; r++) {
    rows.push(table.columns.map((c, i) => logAnalyticsCell(table.data[i]?.[r] ?? null, c.type)));
  }
  return rows;
}

/** The rows of a table as Resource Graph's `data` in objectArray format. */
export function resourceGraphObjects(table: Table): { [column: string]: Json }[] {
  const rows: { [column: string]: Json }[] = [];
  for (let r = 0; r < table.length; r++) {
    const row: { [column: string]: Json } = {};
    table.columns.forEach((c, i) => {
      Object.defineProperty(row, c.name, {
        value: resourceGraphCell(table.data[i]?.[r] ?? null, c.type),
        enumerable: true,
        configurable: true,
        writable: true,
      });
    });
    rows.push(row);
  }
  return rows;
}
