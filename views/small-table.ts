import { cells, cut, steady } from '../src/text/cells.ts';
import type { SmallTable } from './detail-text.ts';
import { type Line, line, span } from './line.ts';

const widestCell = 44;

/** The table with its cells made safe and short; null when one of them has characters that ink-table cannot measure. */
export function measured(table: SmallTable): { table: SmallTable; width: number; height: number } | null {
  const rows = table.rows.map((row) =>
    Object.fromEntries(Object.entries(row).map(([name, value]) => [name, cut(steady(value), widestCell)])),
  );
  // It counts UTF-16 units, which are cells only as long as every character is one of both.
  if (rows.some((row) => Object.values(row).some((value) => value.length !== cells(value)))) return null;
  const names = Object.keys(rows[0] ?? {});
  const widths = names.map((name) => Math.max(name.length, ...rows.map((row) => (row[name] ?? '').length)) + 2);
  const width = widths.reduce((sum, wide) => sum + wide + 1, 1);
  return {
    table: { title: table.title, rows },
    width: Math.max(width, table.title.length + 1),
    height: rows.length * 2 + 4,
  };
}

/** The same table in plain rows, for where its frame has no room. */
function tableRows(table: SmallTable): Line[] {
  return table.rows.map((row, at) =>
    line(
      span(` ${(at === 0 ? table.title : '').padEnd(16)} `, 'dim'),
      Object.entries(row)
        .map(([, value]) => value)
        .join('   '),
    ),
  );
}

export interface Arranged {
  rows: Line[];
  /** Tables beside one another under the rows; none when they are among the rows. */
  tables: SmallTable[];
  /** Rows of the screen that the tables take. */
  height: number;
}

/** Rows and tables in a box: framed tables under the rows when everything fits, else all as rows that scroll. */
export function arranged(
  rows: readonly Line[],
  tables: readonly SmallTable[],
  width: number,
  height: number,
): Arranged {
  const shown = tables.filter((table) => table.rows.length > 0);
  const sized = shown.map(measured);
  const wide = sized.reduce((sum, one) => sum + (one?.width ?? width) + 2, 1);
  const tall = Math.max(0, ...sized.map((one) => one?.height ?? height));
  if (shown.length === 0 || wide > width || rows.length + 1 + tall > height) {
    return { rows: [...rows, ...shown.flatMap(tableRows)], tables: [], height: 0 };
  }
  return { rows: [...rows], tables: sized.flatMap((one) => (one ? [one.table] : [])), height: tall };
}
