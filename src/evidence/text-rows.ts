import { TextDecoder } from 'node:util';
import { contentOf } from '../archives/open-file.ts';
import { EvidenceError, fileFailure } from './evidence-error.ts';

/** A record of a file: where it begins, and its fields or its text. */
export interface CsvRow {
  /** One-based. */
  line: number;
  fields: string[];
}

/** Longer records are refused: a file without line ends must not fill the memory. */
const MAX_RECORD = 16 * 1024 * 1024;

/** The text of a file in pieces, as UTF-8, or UTF-16 where its byte order mark says so; bytes that are neither stop it. */
async function* pieces(file: string, read: (bytes: number) => void): AsyncGenerator<string> {
  let decoder: TextDecoder | undefined;
  try {
    for await (const bytes of await contentOf(file)) {
      read(bytes.length);
      decoder ??= new TextDecoder(encodingOf(bytes), { fatal: true });
      yield decode(decoder, bytes, file);
    }
    if (decoder) yield decode(decoder, undefined, file);
  } catch (error) {
    throw fileFailure(file, error);
  }
}

function encodingOf(bytes: Buffer): string {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return 'utf-16le';
  return bytes[0] === 0xfe && bytes[1] === 0xff ? 'utf-16be' : 'utf-8';
}

function decode(decoder: TextDecoder, bytes: Buffer | undefined, file: string): string {
  try {
    return bytes ? decoder.decode(bytes, { stream: true }) : decoder.decode();
  } catch {
    throw new EvidenceError(file, 'it is no text (not UTF-8)');
  }
}

/**
 * The records of a CSV file by RFC 4180: fields may be quoted and then hold commas, line ends and doubled quotes; lines
 * end with CRLF, LF or CR. A quote in an unquoted field, text after a closing quote, and a file that ends within quotes
 * are refused with their line, because any guess would move cells. Empty lines are passed over.
 */
export async function* csvRows(file: string, read: (bytes: number) => void = () => {}): AsyncGenerator<CsvRow> {
  let field = '';
  let fields: string[] = [];
  let state: 'start' | 'plain' | 'quoted' | 'closed' = 'start';
  let line = 1;
  let began = 1;
  let afterReturn = false;
  let size = 0;
  for await (const text of pieces(file, read)) {
    let i = 0;
    while (i < text.length) {
      if (state === 'quoted') {
        const quote = text.indexOf('"', i);
        const part = text.slice(i, quote < 0 ? undefined : quote);
        field += part;
        size += part.length;
        if (size > MAX_RECORD) throw new EvidenceError(file, 'a record is longer than 16 MiB', { line: began });
        for (let at = part.indexOf('\n'); at >= 0; at = part.indexOf('\n', at + 1)) line += 1;
        if (quote < 0) break;
        state = 'closed';
        i = quote + 1;
        continue;
      }
      const c = text.charCodeAt(i);
      if (afterReturn) {
        afterReturn = false;
        if (c === 10) {
          i += 1;
          continue;
        }
      }
      if (c === 44) {
        fields.push(field);
        field = '';
        state = 'start';
        i += 1;
        // A comma is always followed by a field, even at the end of the line.
        size += 1;
      } else if (c === 10 || c === 13) {
        if (fields.length > 0 || field !== '' || state === 'closed') yield { line: began, fields: [...fields, field] };
        fields = [];
        field = '';
        state = 'start';
        size = 0;
        line += 1;
        began = line;
        afterReturn = c === 13;
        i += 1;
      } else if (c === 34) {
        if (state === 'plain') throw new EvidenceError(file, 'a quote inside an unquoted field', { line });
        if (state === 'closed') field += '"';
        state = 'quoted';
        i += 1;
      } else {
        if (state === 'closed') throw new EvidenceError(file, 'text follows a closing quote', { line });
        let end = i + 1;
        while (end < text.length) {
          const d = text.charCodeAt(end);
          if (d === 44 || d === 10 || d === 13 || d === 34) break;
          end += 1;
        }
        field += text.slice(i, end);
        size += end - i;
        if (size > MAX_RECORD) throw new EvidenceError(file, 'a record is longer than 16 MiB', { line: began });
        state = 'plain';
        i = end;
      }
    }
  }
  if (state === 'quoted') throw new EvidenceError(file, 'the file ends within quotes', { line: began });
  if (fields.length > 0 || field !== '' || state === 'closed') yield { line: began, fields: [...fields, field] };
}

/** The lines of a text file that hold anything, with their numbers. */
export async function* textLines(
  file: string,
  read: (bytes: number) => void = () => {},
): AsyncGenerator<{ line: number; text: string }> {
  let rest = '';
  let line = 0;
  for await (const piece of pieces(file, read)) {
    const parts = (rest + piece).split('\n');
    rest = parts.pop() ?? '';
    if (rest.length > MAX_RECORD) throw new EvidenceError(file, 'a line is longer than 16 MiB', { line: line + 1 });
    for (const part of parts) {
      line += 1;
      if (part.trim() !== '') yield { line, text: part };
    }
  }
  if (rest.trim() !== '') yield { line: line + 1, text: rest };
}
