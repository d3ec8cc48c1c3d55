import writeExcel from 'write-excel-file/node';
import type { QueryDocument } from '../documents/query.ts';
import { Failure } from '../failure.ts';
import { counted } from '../text/counts.ts';
import { printable, wholeText } from '../text/printable.ts';
import { unseenNote } from './query-csv.ts';

/** What a sheet holds (support.microsoft.com, "Excel specifications and limits", read 2026-11-30). */
const MOST_ROWS = 1_048_576;
const MOST_COLUMNS = 16_384;
const MOST_CHARACTERS = 32_767;

const NUMBERS: ReadonlySet<string> = new Set(['int', 'long', 'real']);

/**
 * An answer as a workbook of one sheet. A cell is a text or a number, never a formula. Times are texts with all their
 * digits, in UTC: a time of Excel's has no zone, and rounds.
 */
export async function xlsxOf({ columns, rows }: QueryDocument, notes: string[]): Promise<Uint8Array> {
  if (rows.length + 1 > MOST_ROWS || columns.length > MOST_COLUMNS) {
    throw new Failure(
      `a sheet holds ${counted(MOST_ROWS - 1, 'row')} and ${counted(MOST_COLUMNS, 'column')}; write .csv or .parquet, or ask for less`,
    );
  }
  let short = 0;
  let unseen = 0;
  const cell = (value: unknown, type: string) => {
    if (value === null || value === undefined) return null;
    if (typeof value === 'boolean') return { value, type: Boolean };
    if (NUMBERS.has(type) && typeof value === 'number' && Number.isFinite(value)) return { value, type: Number };
    const whole = String(value);
    // XML has no place for control characters but tab and line breaks.
    const clean = wholeText(whole);
    if (clean !== whole) unseen += 1;
    if (clean.length > MOST_CHARACTERS) short += 1;
    return { value: sheetText(cutTo(clean, MOST_CHARACTERS)), type: String };
  };
  const head = columns.map(({ name }) => ({ value: printable(name, 1000), type: String, fontWeight: 'bold' as const }));
  const data = [head, ...rows.map((row) => columns.map(({ type }, i) => cell(row[i], type)))];
  const workbook = await writeExcel(data, { sheet: 'Answer', stickyRowsCount: 1 }).toBuffer();
  if (short > 0) notes.push(`${counted(short, 'cell')} cut to ${MOST_CHARACTERS} characters; .csv has them whole`);
  if (unseen > 0) notes.push(unseenNote(unseen));
  return workbook;
}

/** Half of a surrogate pair is no character. */
const cutTo = (text: string, most: number): string =>
  text.length <= most ? text : `${text.slice(0, most - 1).replace(/[\ud800-\udbff]$/, '')}…`;

/**
 * As a sheet has it, where `_x000D_` is a character by its number, and XML makes a carriage return a line break (ECMA-376 Part 1,
 * 22.9.2.19, ST_Xstring).
 */
const sheetText = (text: string): string =>
  text.replace(/_(?=x[0-9A-Fa-f]{4}_)/g, '_x005F_').replaceAll('\r', '_x000D_');
