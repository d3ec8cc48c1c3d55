import { baseName } from '../archives/evidence-path.ts';
import { columnsOf, isKnownTable, knownTables } from '../kql/table-schemas.ts';
import type { EvidenceFormat, FileKind } from './evidence-files.ts';

/** Columns that every table has say nothing of which it is. */
const common = new Set(Object.keys(columnsOf('')));
/** Fewer columns of its own name no table. */
const leastOwn = 3;

/** The first record of an export, as far as its head shows it. */
interface FirstRecord {
  names: readonly string[];
  /** Its value in the column Type, which Log Analytics fills with the table's name. */
  type: string;
}

/** The table whose rows a file of text holds, by its first record, or by its name where that is a table's. */
export function recognisedTable(path: string, head: Buffer): FileKind {
  const name = baseName(path).replace(/\.gz$/i, '');
  const text = decoded(head);
  if (text === null) return { kind: 'stranger' };
  const format = formatOf(name, text);
  if (format === null) return { kind: 'stranger' };
  const stem = name.replace(/\.[^.]*$/, '');
  const first = format === 'csv' ? csvRecord(text) : jsonRecord(text);
  const table =
    (first && isKnownTable(first.type) ? first.type : undefined) ??
    (isKnownTable(stem) ? stem : undefined) ??
    (first ? tableOf(first.names) : undefined);
  return table === undefined ? { kind: 'tableless', format } : { kind: 'evidence', format, table };
}

function decoded(head: Buffer): string | null {
  if (head[0] === 0xff && head[1] === 0xfe) return head.toString('utf16le').slice(1);
  const text = head.toString('utf8').replace(/^\ufeff/, '');
  return text.includes('\0') ? null : text;
}

function formatOf(name: string, text: string): EvidenceFormat | null {
  if (/\.csv$/i.test(name)) return 'csv';
  if (!/\.(?:json|jsonl|ndjson)$/i.test(name)) return null;
  // One object a line, whatever the name says.
  const line = /^\s*(\{.*\})\s*(?:\n|$)/.exec(text)?.[1];
  return line !== undefined && parsed(line) !== undefined ? 'jsonl' : 'json';
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function csvRecord(text: string): FirstRecord | null {
  const [header = '', row = ''] = text.split(/\r?\n|\r/, 2);
  const names = cellsOf(header).map((name) => name.replace(/ \[(?:UTC|Local Time)\]$/i, ''));
  const type = cellsOf(row)[names.indexOf('Type')] ?? '';
  return names.length > 0 ? { names, type } : null;
}

const cellsOf = (line: string): string[] =>
  [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)].map((m) => (m[1] ?? m[2] ?? '').replaceAll('""', '"'));

function jsonRecord(text: string): FirstRecord | null {
  const record = firstObject(text);
  if (record === null) return null;
  const type: unknown = Reflect.get(record, 'Type');
  return { names: Object.keys(record), type: typeof type === 'string' ? type : '' };
}

/** The first object of a list of objects or of lines, whole; null where the text ends before it does. */
export function firstObject(text: string): object | null {
  const from = text.indexOf('{');
  if (from < 0 || !/^\s*\[?\s*$/.test(text.slice(0, from))) return null;
  let depth = 0;
  let quoted = false;
  for (let at = from; at < text.length; at++) {
    const c = text[at];
    if (quoted) {
      if (c === '\\') at += 1;
      else if (c === '"') quoted = false;
    } else if (c === '"') quoted = true;
    else if (c === '{') depth += 1;
    else if (c === '}') {
      depth -= 1;
      if (depth > 0) continue;
      const found = parsed(text.slice(from, at + 1));
      return typeof found === 'object' && found !== null ? found : null;
    }
  }
  return null;
}

/** The one table that has all of these columns, or nearly all: exports of a newer version have some more. */
function tableOf(names: readonly string[]): string | undefined {
  const own = names.filter((name) => !common.has(name));
  const found = knownTables()
    .map((table) => {
      const columns = columnsOf(table);
      return { table, hits: own.filter((name) => Object.hasOwn(columns, name)).length };
    })
    .sort((a, b) => b.hits - a.hits);
  const [best, next] = found;
  if (!best || best.hits < leastOwn || best.hits < own.length * 0.8) return undefined;
  return next && next.hits === best.hits ? undefined : best.table;
}
