import { contentOf } from '../archives/open-file.ts';
import { columnsOf, isKnownTable } from '../kql/table-schemas.ts';
import type { ColumnType } from '../kql/types.ts';
import { isBag, parseJson } from '../kql/values.ts';
import { printable } from '../text/printable.ts';
import { EvidenceError, fileFailure } from './evidence-error.ts';
import { cellOf, commonType, typeOfValue } from './guessed-type.ts';
import type { Progress, Source } from './source.ts';
import type { TableBuilder } from './table-builder.ts';
import { csvRows, textLines } from './text-rows.ts';

/** A whole JSON file is held in memory; JSON lines and CSV are not. */
const MAX_JSON = 256 * 1024 * 1024;

/** A record of an export: values by the names of its columns. */
interface ExportRecord {
  line: number | undefined;
  values: ReadonlyMap<string, unknown>;
}

/** The portal writes the time zone into a column's name. */
const columnName = (header: string): string => header.replace(/ \[(?:UTC|Local Time)\]$/i, '');

/** Columns of one table, and characters of a name; Log Analytics has 500 and 45. */
const MAX_COLUMNS = 2_000;
const MAX_NAME = 1_024;

/** Refuses names that no column can have. */
function checkNames(names: readonly string[], file: string, line?: number): void {
  const place = line === undefined ? undefined : { line };
  if (names.length > MAX_COLUMNS) throw new EvidenceError(file, `it has more than ${MAX_COLUMNS} columns`, place);
  const seen = new Set<string>();
  for (const name of names) {
    const shown = printable(name, 60);
    if (seen.has(name)) throw new EvidenceError(file, `two columns are called "${shown}"`, place);
    if (name === '' || name.length > MAX_NAME || /\p{C}/u.test(name)) {
      throw new EvidenceError(file, `"${shown}" can be no column's name`, place);
    }
    seen.add(name);
  }
}

async function* csvRecords(file: string, read: Progress): AsyncGenerator<ExportRecord> {
  let names: string[] | undefined;
  for await (const { line, fields } of csvRows(file, read)) {
    if (!names) {
      names = fields.map((f) => {
        if (/ \[Local Time\]$/i.test(f))
          throw new EvidenceError(file, `"${f}" is in some local time; export it in UTC`, { line });
        return columnName(f);
      });
      checkNames(names, file, line);
      continue;
    }
    if (fields.length !== names.length) {
      throw new EvidenceError(file, `${fields.length} fields where the header has ${names.length}`, { line });
    }
    yield { line, values: new Map(names.map((n, i) => [n, fields[i] ?? ''])) };
  }
  if (!names) throw new EvidenceError(file, 'it is empty');
}

async function* jsonLineRecords(file: string, read: Progress): AsyncGenerator<ExportRecord> {
  for await (const { line, text } of textLines(file, read)) {
    const value = parseJson(text.trim());
    if (!isBag(value)) throw new EvidenceError(file, 'this line is no JSON object', { line });
    yield { line, values: new Map(Object.entries(value)) };
  }
}

/** The rows of a JSON export: a list of objects (az, the API's clients), or Log Analytics' own tables of rows. */
async function jsonRecords(file: string): Promise<ExportRecord[]> {
  let parsed: unknown;
  try {
    const pieces: Buffer[] = [];
    let bytes = 0;
    for await (const piece of await contentOf(file)) {
      bytes += piece.length;
      if (bytes > MAX_JSON)
        throw new EvidenceError(file, 'JSON of more than 256 MiB; use JSON lines, one object a line');
      pieces.push(piece);
    }
    parsed = JSON.parse(
      Buffer.concat(pieces)
        .toString('utf8')
        .replace(/^\ufeff/, ''),
    );
  } catch (error) {
    if (error instanceof SyntaxError) throw new EvidenceError(file, `it is no JSON (${error.message.slice(0, 200)})`);
    throw fileFailure(file, error);
  }
  if (Array.isArray(parsed)) {
    return parsed.map((row: unknown, i) => {
      if (typeof row !== 'object' || row === null || Array.isArray(row)) {
        throw new EvidenceError(file, `element ${i} of its list is no object`);
      }
      return { line: undefined, values: new Map(Object.entries(row)) };
    });
  }
  const tables: unknown = typeof parsed === 'object' && parsed !== null ? Reflect.get(parsed, 'tables') : undefined;
  if (!Array.isArray(tables)) throw new EvidenceError(file, 'it holds neither a list of objects nor tables of rows');
  return tables.flatMap((table: unknown, t) => {
    const columns: unknown = typeof table === 'object' && table !== null ? Reflect.get(table, 'columns') : undefined;
    const rows: unknown = typeof table === 'object' && table !== null ? Reflect.get(table, 'rows') : undefined;
    if (!Array.isArray(columns) || !Array.isArray(rows))
      throw new EvidenceError(file, `table ${t} has no columns or no rows`);
    const names = columns.map((c: unknown) =>
      String(typeof c === 'object' && c !== null ? Reflect.get(c, 'name') : ''),
    );
    return rows.map((row: unknown, r): ExportRecord => {
      if (!Array.isArray(row) || row.length !== names.length) {
        throw new EvidenceError(file, `row ${r} of table ${t} has not ${names.length} cells`);
      }
      return { line: undefined, values: new Map(names.map((n, i) => [n, row[i]])) };
    });
  });
}

async function* held(file: string, records: Promise<ExportRecord[]>): AsyncGenerator<ExportRecord> {
  try {
    yield* await records;
  } catch (error) {
    throw fileFailure(file, error);
  }
}

/** Of each column: how many cells its type could not hold, and the line of the first. */
class Misfits {
  readonly #found = new Map<string, { count: number; type: ColumnType; line: number | undefined }>();

  note(column: string, type: ColumnType, line: number | undefined): void {
    const known = this.#found.get(column);
    if (known) known.count += 1;
    else this.#found.set(column, { count: 1, type, line });
  }

  notes(file: string): string[] {
    return [...this.#found].map(
      ([column, { count, type, line }]) =>
        `${file}: ${count} ${count === 1 ? 'value' : 'values'} of ${column} can be no ${type} and count as missing${line === undefined ? '' : ` (first in line ${line})`}`,
    );
  }
}

/**
 * An export of Log Analytics: CSV, JSON or JSON lines. The columns of a table that Microsoft documents have its types;
 * others have the one type that holds all their values. With `lenient`, columns are described as far as the file can be read.
 */
export function exportSource(table: string, file: string, format: 'csv' | 'json' | 'jsonl', lenient = false): Source {
  let whole: Promise<ExportRecord[]> | undefined;
  const records = (read: Progress): AsyncGenerator<ExportRecord> => {
    if (format === 'csv') return csvRecords(file, read);
    if (format === 'jsonl') return jsonLineRecords(file, read);
    whole ??= jsonRecords(file);
    return held(file, whole);
  };
  return {
    file,
    describe: async (read) => {
      const known: Record<string, ColumnType> = isKnownTable(table) ? columnsOf(table) : {};
      const guessed = new Map<string, ColumnType | undefined>();
      try {
        for await (const { values } of records(read)) {
          for (const [name, value] of values) {
            if (Object.hasOwn(known, name)) continue;
            const before = guessed.get(name);
            if (before !== 'string') guessed.set(name, commonType(before, typeOfValue(value)));
          }
          if (guessed.size > MAX_COLUMNS) break;
        }
      } catch (error) {
        // The reading of its rows fails at the same place, and reports it.
        if (!lenient || !(error instanceof EvidenceError)) throw error;
      }
      checkNames([...guessed.keys()], file);
      const columns = new Map(Object.entries(known));
      for (const [name, type] of guessed) columns.set(name, type ?? 'string');
      return new Map([[table, columns]]);
    },
    read: async (builders: ReadonlyMap<string, TableBuilder>, read) => {
      const builder = builders.get(table);
      if (!builder) return [];
      const misfits = new Misfits();
      for await (const { line, values } of records(read)) {
        builder.add(file, ({ name, type }) => {
          const value = values.get(name);
          const cell = cellOf(value, type);
          if (cell === null && value !== null && value !== undefined && value !== '') misfits.note(name, type, line);
          return cell;
        });
      }
      return misfits.notes(file);
    },
  };
}
