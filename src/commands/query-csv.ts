import type { QueryDocument } from '../documents/query.ts';
import { counted } from '../text/counts.ts';
import { isFormula, quotedField } from '../text/csv.ts';
import { wholeText } from '../text/printable.ts';
import { NUMBERS, textOf } from './query-report.ts';

/** Lines of one piece: an answer may be longer than a string can be. */
const LINES = 1000;

/**
 * An answer as CSV, in pieces. Each text is whole; what a spreadsheet would run has an apostrophe in front, and what could drive a
 * terminal or cannot be seen is written by its number. Once all pieces were taken, `notes` says how many texts that are.
 */
export function* queryCsv({ columns, rows }: QueryDocument, notes: string[]): Generator<string> {
  let formulas = 0;
  let unseen = 0;
  const field = (value: unknown, number: boolean): string => {
    const text = textOf(value);
    const clean = wholeText(text);
    if (clean !== text) unseen += 1;
    // The minus of a number is no formula.
    if (number || !isFormula(clean)) return quotedField(clean);
    formulas += 1;
    return quotedField(`'${clean}`);
  };
  const line = (fields: readonly string[]): string => `${fields.join(',')}\r\n`;
  yield line(columns.map(({ name }) => field(name, false)));
  for (let from = 0; from < rows.length; from += LINES)
    yield rows
      .slice(from, from + LINES)
      .map((row) => line(columns.map(({ type }, i) => field(row[i], NUMBERS.has(type)))))
      .join('');
  if (formulas > 0)
    notes.push(
      `${counted(formulas, 'text that a spreadsheet would run has', 'texts that a spreadsheet would run have')} an apostrophe in front; .jsonl has what was read`,
    );
  if (unseen > 0) notes.push(unseenNote(unseen));
}

/** Says how many texts have characters by their numbers. */
export const unseenNote = (texts: number): string =>
  `${counted(texts, 'text has', 'texts have')} characters by their numbers (<U+202E>) that cannot be seen or drive a terminal; .jsonl has what was read`;
