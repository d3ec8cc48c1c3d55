import type { QueryDocument } from '../documents/query.ts';
import type { KqlError } from '../kql/kqlerror.ts';
import { cells, fitted } from '../text/cells.ts';
import { counted } from '../text/counts.ts';
import { printable } from '../text/printable.ts';

/** The widest a column is drawn. */
const MAX_WIDTH = 60;
const NUMBERS: ReadonlySet<string> = new Set(['int', 'long', 'real', 'decimal']);

const textOf = (value: unknown): string => (value === null || value === undefined ? '' : String(value));

/** The rows as a table for a terminal; a null and an empty text look alike, which --json tells apart. */
export function queryText({ columns, rows, total }: QueryDocument): string {
  const drawn = rows.map((row) => columns.map((_, i) => printable(textOf(row[i]), 1000)));
  const widths = columns.map((c, i) =>
    Math.min(
      MAX_WIDTH,
      drawn.reduce((wide, row) => Math.max(wide, cells(row[i] ?? '')), cells(printable(c.name, 200))),
    ),
  );
  const line = (texts: readonly string[]): string =>
    texts
      .map((text, i) => fitted(text, widths[i] ?? 0, NUMBERS.has(columns[i]?.type ?? '') ? 'right' : 'left'))
      .join('  ')
      .trimEnd();
  const head = [line(columns.map((c) => printable(c.name, 200))), widths.map((w) => '─'.repeat(w)).join('  ')];
  const foot =
    rows.length < total
      ? `${counted(rows.length, 'row')} of ${counted(total, 'row')}; --limit shows more`
      : counted(total, 'row');
  return `${[...head, ...drawn.map(line), '', foot].join('\n')}\n`;
}

/** A field of CSV (RFC 4180). Text that a spreadsheet would run as a formula gets an apostrophe in front. */
function csvField(value: unknown, type: string): string {
  const text = printable(textOf(value), 32_000);
  const safe = !NUMBERS.has(type) && /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

export function queryCsv({ columns, rows }: QueryDocument): string {
  const lines = [
    columns.map((c) => csvField(c.name, 'string')),
    ...rows.map((row) => columns.map((c, i) => csvField(row[i], c.type))),
  ];
  return lines.map((fields) => `${fields.join(',')}\r\n`).join('');
}

/** What is wrong with a query, each fault with its line and the piece of it marked below. */
export function queryFaults(error: KqlError, query: string): string {
  const faults = error.diagnostics.filter((d) => d.severity === 'error').slice(0, 5);
  if (faults.length === 0) return error.message;
  const lines = query.split('\n');
  return faults
    .map((fault) => {
      const line = (lines[fault.line - 1] ?? '').replace(/[\t\r]/g, ' ');
      // A long line is shown around the fault.
      const from = Math.max(0, fault.column - 1 - 80);
      const shown = printable(line.slice(from, fault.column - 1 + 100), 400);
      const before = cells(printable(line.slice(from, fault.column - 1), 400));
      const marked = Math.max(1, cells(printable(line.slice(fault.column - 1, fault.column - 1 + fault.length), 100)));
      const code = /^KS/.test(fault.code) ? ` (${fault.code})` : '';
      return [
        `line ${fault.line}, column ${fault.column}: ${fault.message}${code}`,
        `  ${shown}`,
        `  ${' '.repeat(before)}${'^'.repeat(marked)}`,
      ].join('\n');
    })
    .join('\n');
}
