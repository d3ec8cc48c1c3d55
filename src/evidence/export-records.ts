import { headOf } from '../archives/open-file.ts';
import { decodedHead } from './decoded-head.ts';
import { recordList } from './record-lists.ts';
import { beginsAsTables, rowsOfTables } from './rows-of-tables.ts';
import { entraHeader } from './shapes/entra-csv.ts';
import { type Fields, fieldsOf } from './shapes/export-shape.ts';
import type { Progress } from './source.ts';
import { csvRows, textLines } from './text-rows.ts';

const headBytes = 4096;

/** A record of an export with the line, or the element of its list, that it begins in; or why that is none. */
export type ExportRecord = { line: number } & ({ fields: Fields } | { fields: undefined; because: string });

/** The records of a CSV file, of JSON lines or of a JSON list, in their order; `said` gets remarks, once all were read. Throws as the system does, or an EvidenceError. */
export function exportRecords(
  path: string,
  format: 'csv' | 'json' | 'jsonl',
  read: Progress,
  said?: (remark: string) => void,
): AsyncGenerator<ExportRecord> {
  return format === 'csv' ? csvRecords(path, read, said) : jsonRecords(path, format, read);
}

async function* csvRecords(
  path: string,
  read: Progress,
  said?: (remark: string) => void,
): AsyncGenerator<ExportRecord> {
  let names: string[] | undefined;
  for await (const { line, fields } of csvRows(path, read, said)) {
    if (!names) {
      // As Log Analytics' portal names its columns of times, where they are in UTC; others keep what they say.
      names = fields.map((name) => entraHeader(name).replace(/ \[UTC\]$/i, ''));
      continue;
    }
    if (fields.length !== names.length) {
      const because = `${fields.length} fields where the header has ${names.length}`;
      yield { line, fields: undefined, because };
      continue;
    }
    const record = new Map<string, unknown>();
    // A name that is there twice has its value in either place.
    for (const [i, name] of names.entries()) if (!record.get(name)) record.set(name, fields[i] ?? '');
    yield { line, fields: record };
  }
}

/** The rows of an answer of Log Analytics. */
async function* answeredRecords(path: string): AsyncGenerator<ExportRecord> {
  let line = 0;
  for (const fields of await rowsOfTables(path)) {
    line += 1;
    yield { line, fields };
  }
}

/** A line may hold a list of records, an object with one, or a record. */
async function* jsonRecords(path: string, format: 'json' | 'jsonl', read: Progress): AsyncGenerator<ExportRecord> {
  if (format === 'json' && beginsAsTables(decodedHead(await headOf(path, headBytes, () => {})) ?? ''))
    return yield* answeredRecords(path);
  for await (const { line, text } of textLines(path, read, format)) {
    const value = parsed(text);
    if (value === undefined) {
      yield { line, fields: undefined, because: `this ${format === 'json' ? 'element' : 'line'} is no JSON` };
      continue;
    }
    const records =
      format === 'json' ? [value] : Array.isArray(value) ? value : (recordList(fieldsOf(value)) ?? [value]);
    for (const record of records) yield { line, fields: fieldsOf(record) };
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
