import { COMMA } from './csv.ts';

const TAB = 9;
const LF = 10;
const CR = 13;
const QUOTE = 34;
const SEMICOLON = 59;

/** What separates the fields of a CSV: spreadsheets write what the list separator of their language is. */
const separators = [COMMA, SEMICOLON, TAB] as const;

/** How a CSV is written. */
export interface CsvDialect {
  /** The byte between fields. */
  separator: number;
  /** Where the header begins, and how many lines are before it. */
  header: number;
  lines: number;
}

/** `sep=;`, by which Excel is given the separator. */
const given = /^(?:\ufeff|ï»¿)?"?sep=([,;\t])"?(?:\r\n|\n|\r)/i;
/** `#TYPE System.Diagnostics.Eventing.Reader.EventLogRecord`: `Export-Csv` of Windows PowerShell, without -NoTypeInformation. */
const typed = /^"?#TYPE [^\r\n]{0,1000}(?:\r\n|\n|\r)/;
const longestLine = 1100;
const longestHead = 64 * 1024;

/**
 * The dialect of a CSV by its first bytes, in UTF-8 without mark, as far as its header: RFC 4180 with commas, or what has more
 * of another separator outside of quotes in its header. A line before the header that says the separator, or the type of PowerShell's objects, is none.
 */
export function csvDialect(text: Buffer): CsvDialect {
  let header = 0;
  let lines = 0;
  let said: number | undefined;
  for (const form of [given, typed]) {
    const found = form.exec(text.toString('latin1', header, header + longestLine));
    if (!found) continue;
    header += found[0].length;
    lines += 1;
    said ??= found[1]?.charCodeAt(0);
  }
  return { separator: said ?? separatorOf(text, header), header, lines };
}

/** The header of a CSV, and what is in its line after that, of the text that a file begins with: for telling what it may be. */
export function csvHead(text: string): { names: string[]; values: string[] } {
  const bytes = Buffer.from(text.slice(0, longestHead));
  const { separator, header } = csvDialect(bytes);
  const [first = '', next = ''] = bytes.toString('utf8', header).split(/\r?\n|\r/, 2);
  return { names: fieldsOf(first, separator), values: fieldsOf(next, separator) };
}

const fieldPatterns = new Map(
  separators.map((byte) => {
    const separator = String.fromCharCode(byte);
    return [byte as number, new RegExp(`(?:^|${separator})(?:"((?:[^"]|"")*)"|([^${separator}]*))`, 'g')];
  }),
);

const fieldsOf = (line: string, separator: number): string[] =>
  [...line.matchAll(fieldPatterns.get(separator) ?? /$/g)].map((m) => (m[1] ?? m[2] ?? '').replaceAll('""', '"'));

/** What most often separates the fields of the header; a comma where nothing does. */
function separatorOf(text: Buffer, from: number): number {
  let at = from;
  while (at < text.length && (text[at] === LF || text[at] === CR)) at += 1;
  const counts = new Map<number, number>(separators.map((byte) => [byte, 0]));
  for (let quoted = false; at < text.length; at++) {
    const byte = text[at] ?? LF;
    if (byte === QUOTE) quoted = !quoted;
    else if (quoted) continue;
    else if (byte === LF || byte === CR) break;
    else counts.set(byte, (counts.get(byte) ?? 0) + 1);
  }
  let best: number = COMMA;
  for (const byte of separators) if ((counts.get(byte) ?? 0) > (counts.get(best) ?? 0)) best = byte;
  return best;
}
