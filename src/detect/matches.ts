import type { Detection } from '../documents/detections.ts';
import { logAnalyticsCell } from '../kql/cells.ts';
import type { Column, Table } from '../kql/table.ts';
import { printable } from '../text/printable.ts';
import type { Rule } from './rule.ts';

/** Computers that are named of one detection. */
const MAX_COMPUTERS = 20;

/** What one rule found, with its first matches and the fields it could not filter by; undefined where it found nothing. */
export function detectionOf(
  rule: Rule,
  results: readonly Table[],
  unfiltered: readonly string[],
  hits: number,
): Detection | undefined {
  const rows = results.flatMap((table) => rowsOf(table));
  if (rows.length === 0) return undefined;
  rows.sort((a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : 0));
  const computers = new Set(rows.flatMap(({ computer }) => (computer === '' ? [] : [computer])));
  const times = rows.filter(({ time }) => time !== '');
  const { id, title, level, file, line, kind, techniques, tactics } = rule;
  return {
    id,
    title,
    level,
    file,
    line,
    kind,
    techniques,
    tactics,
    count: rows.length,
    first: times[0]?.time ?? null,
    last: times.at(-1)?.time ?? null,
    computers: [...computers].slice(0, MAX_COMPUTERS).map((name) => printable(name, 200)),
    computersInAll: computers.size,
    unfiltered: [...unfiltered],
    hits: rows.slice(0, hits).map(({ table, row }) => cellsOf(table, row)),
  };
}

interface Row {
  table: Table;
  row: number;
  /** ISO 8601, or "" where it is not known. */
  time: string;
  computer: string;
}

/** Reads the first of some columns that a table has, as text. */
function textReader(table: Table, names: readonly string[]): (row: number) => string {
  const at = names.map((name) => table.columns.findIndex((c) => c.name === name)).find((found) => found >= 0);
  const column = at === undefined ? undefined : table.columns[at];
  const data = at === undefined ? undefined : table.data[at];
  if (!column || !data) return () => '';
  return (row) => {
    const value = logAnalyticsCell(data[row] ?? null, column.type);
    return value === null ? '' : String(value);
  };
}

function rowsOf(table: Table): Row[] {
  const time = textReader(table, ['TimeGenerated', 'Time']);
  const computer = textReader(table, ['Computer', 'ComputerName', 'DeviceName']);
  return Array.from({ length: table.length }, (_, row) => ({ table, row, time: time(row), computer: computer(row) }));
}

/** Cells of one match, and of a text its beginning. */
const MAX_CELLS = 40;
const MAX_CELL = 2000;

function cellsOf(table: Table, row: number): Detection['hits'][number] {
  const cells = new Map<string, Detection['hits'][number][string]>();
  table.columns.forEach((column: Column, i) => {
    if (cells.size >= MAX_CELLS) return;
    const value = logAnalyticsCell(table.data[i]?.[row] ?? null, column.type);
    if (value === null || value === '') return;
    const shown =
      typeof value === 'boolean' || typeof value === 'number'
        ? value
        : printable(typeof value === 'string' ? value : JSON.stringify(value), MAX_CELL);
    cells.set(column.name, shown);
  });
  return Object.fromEntries(cells);
}
