import type { QueryDocument } from '../documents/query.ts';
import type { KqlError } from '../kql/kqlerror.ts';
import { cells, fitted, wrap } from '../text/cells.ts';
import { count, counted } from '../text/counts.ts';
import { printable } from '../text/printable.ts';

/** The widest a column is drawn. */
const MAX_WIDTH = 60;
/** A result of more columns is drawn without those that hold nothing. */
const MANY = 12;
export const NUMBERS: ReadonlySet<string> = new Set(['int', 'long', 'real', 'decimal']);

export const textOf = (value: unknown): string => (value === null || value === undefined ? '' : String(value));

/**
 * The rows as a table for a terminal; a null and an empty text look alike, which --json distinguishes. A table wider than the terminal
 * (`width` cells) is drawn a row below the other, each with its values in full lines.
 */
export function queryText(document: QueryDocument, width = Number.POSITIVE_INFINITY): string {
  const { rows, total } = document;
  // SecurityEvent has 230 columns, of which an event fills some twenty.
  const filled = document.columns.filter((_, i) => rows.some((row) => textOf(row[i]) !== ''));
  const hidden = document.columns.length > MANY && rows.length > 0 ? document.columns.length - filled.length : 0;
  const places = document.columns.flatMap((c, i) => (hidden === 0 || filled.includes(c) ? [i] : []));
  return drawn(
    places.flatMap((i) => document.columns[i] ?? []),
    rows.map((row) => places.map((i) => row[i])),
    width,
    [
      document.partial !== undefined
        ? `${counted(rows.length, 'row')} of at least ${counted(total, 'row')}: the answer is not whole`
        : rows.length < total
          ? `${counted(rows.length, 'row')} of ${counted(total, 'row')}; --limit shows more`
          : counted(total, 'row'),
      ...(hidden > 0 ? [`${counted(hidden, 'column')} without a value not shown`] : []),
    ].join(' · '),
  );
}

function drawn(columns: QueryDocument['columns'], rows: readonly unknown[][], width: number, foot: string): string {
  const texts = rows.map((row) => columns.map((_, i) => printable(textOf(row[i]), 1000)));
  const natural = columns.map((c, i) =>
    texts.reduce((wide, row) => Math.max(wide, cells(row[i] ?? '')), cells(printable(c.name, 200))),
  );
  const total = (widths: readonly number[]): number => widths.reduce((sum, wide) => sum + wide + 2, -2);
  // On a terminal with room for all of it nothing is cut.
  const most = width !== Number.POSITIVE_INFINITY && total(natural) <= width ? width : MAX_WIDTH;
  const widths = natural.map((wide) => Math.min(most, wide));
  if (rows.length > 0 && total(widths) > width)
    return `${rows.flatMap((row, i) => recordLines(columns, row, { number: i + 1, width })).join('\n')}\n\n${foot}\n`;
  const line = (cellsOfRow: readonly string[]): string =>
    cellsOfRow
      .map((text, i) => fitted(text, widths[i] ?? 0, NUMBERS.has(columns[i]?.type ?? '') ? 'right' : 'left'))
      .join('  ')
      .trimEnd();
  const head = [line(columns.map((c) => printable(c.name, 200))), widths.map((w) => '─'.repeat(w)).join('  ')];
  return `${[...head, ...texts.map(line), '', foot].join('\n')}\n`;
}

/** Lines of one value that a record shows. */
const MOST_LINES = 20;

/** A row, below a line with its number: a value a line, or more where it is long; columns without a value are left out. */
function recordLines(
  columns: QueryDocument['columns'],
  row: readonly unknown[],
  { number, width }: { number: number; width: number },
): string[] {
  const values = columns.flatMap(({ name }, i) => {
    const text = textOf(row[i]);
    return text === '' ? [] : [{ name: printable(name, 200), text }];
  });
  const names = Math.min(Math.floor(width / 3), Math.max(0, ...values.map(({ name }) => cells(name))));
  return [
    fitted(`── ${count(number)} ${'─'.repeat(width)}`, width).replace(/…$/, '─'),
    ...values.flatMap(({ name, text }) =>
      wrap(text, Math.max(1, width - names - 2), MOST_LINES).map(
        (line, i) => `${fitted(i === 0 ? name : '', names)}  ${line}`,
      ),
    ),
  ];
}

/** The errors of a query, each with its line and the piece of it marked below. */
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
