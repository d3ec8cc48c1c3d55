import { printable } from './printable.ts';

/**
 * A field of CSV (RFC 4180). Text that a spreadsheet would run as a formula gets an apostrophe in front; `number` says
 * that the value is one, whose minus is no formula.
 */
export function csvField(text: string, number = false): string {
  const clean = printable(text, 32_000);
  const safe = !number && /^\s*[=+\-@\t\r＝＋－＠]/.test(clean) ? `'${clean}` : clean;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** A line of CSV with its end. */
export function csvLine(fields: readonly string[]): string {
  return `${fields.map((field) => csvField(field)).join(',')}\r\n`;
}
