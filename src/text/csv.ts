import { printable } from './printable.ts';

/** Would a spreadsheet run it? */
export const isFormula = (text: string): boolean => /^\s*[=+\-@\t\r＝＋－＠]/.test(text);

/** A field of CSV as RFC 4180 has it, in quotes where it needs them. */
export const quotedField = (text: string): string => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

/** A field of CSV. Text that a spreadsheet would run as a formula gets an apostrophe in front. */
function csvField(text: string): string {
  const clean = printable(text, 32_000);
  return quotedField(isFormula(clean) ? `'${clean}` : clean);
}

/** A line of CSV with its end. */
export function csvLine(fields: readonly string[]): string {
  return `${fields.map(csvField).join(',')}\r\n`;
}
