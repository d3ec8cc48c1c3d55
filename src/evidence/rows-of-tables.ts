import { EvidenceError } from './evidence-error.ts';
import { wholeJson } from './whole-json.ts';

/** A row of an answer: values by the names of its columns. */
export type AnsweredRow = ReadonlyMap<string, unknown>;

/**
 * The rows of Log Analytics' answers, `{"tables":[{"name":…,"columns":[…],"rows":[…]}]}`. They are read as a whole: an answer has at most
 * 500,000 rows and about 100 MB (learn.microsoft.com/azure/azure-monitor/service-limits, "Log queries and language", as of 2026-11).
 */
export async function rowsOfTables(file: string): Promise<AnsweredRow[]> {
  const parsed = await wholeJson(file);
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
    return rows.map((row: unknown, r): AnsweredRow => {
      if (!Array.isArray(row) || row.length !== names.length) {
        throw new EvidenceError(file, `row ${r} of table ${t} has not ${names.length} cells`);
      }
      return new Map(names.map((n, i) => [n, row[i]]));
    });
  });
}

/** Is it such an answer, by the text that it begins with? */
export const beginsAsTables = (text: string): boolean => /^\s*\{\s*"tables"\s*:\s*\[\s*\{/.test(text);

/** The columns of the first table, and its first row, as far as the beginning of an answer shows them; null where it does not. */
export function firstRowOf(text: string): { names: string[]; row: Record<string, unknown> } | null {
  const columns = parsed(/"columns"\s*:\s*(\[[^\]]*\])/.exec(text)?.[1] ?? '');
  if (!Array.isArray(columns)) return null;
  const names = columns.map((one: unknown) => String(typeof one === 'object' && one ? Reflect.get(one, 'name') : ''));
  const begin = /"rows"\s*:\s*\[\s*/.exec(text);
  const from = begin ? begin.index + begin[0].length : text.length;
  const ends = [...text.slice(from).matchAll(/\]/g)].slice(0, endsTried);
  const values = ends
    .map(({ index }) => parsed(text.slice(from, from + index + 1)))
    .find((value): value is unknown[] => Array.isArray(value));
  return { names, row: Object.fromEntries(names.map((name, i) => [name, values?.[i] ?? ''])) };
}

/** A bracket may be in a value. */
const endsTried = 50;

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
