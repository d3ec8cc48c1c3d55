import { baseName } from '../archives/evidence-path.ts';
import { unpackedName } from '../archives/open-file.ts';
import { columnsOf, isKnownTable, knownTables } from '../kql/table-schemas.ts';
import { artifactTable } from './artifact-table.ts';
import { columnName } from './column-names.ts';
import { csvHead } from './csv-dialect.ts';
import { decodedHead } from './decoded-head.ts';
import type { EvidenceFormat, FileKind } from './evidence-files.ts';
import { JsonListEnds } from './json-list.ts';
import { recordList } from './record-lists.ts';
import { beginsAsTables, firstRowOf } from './rows-of-tables.ts';
import { entraHeader } from './shapes/entra-csv.ts';
import { fieldsOf } from './shapes/export-shape.ts';
import { beginsAsFlowLog, flowTable } from './shapes/flow-log.ts';
import { shapeOf } from './shapes/shapes.ts';

/** Columns that every table has say nothing of which it is. */
const common = new Set(Object.keys(columnsOf('')));
/** Fewer columns of its own name no table. */
const leastOwn = 3;

/** The first record of an export, as far as its head shows it. */
interface FirstRecord {
  names: readonly string[];
  /** Its value in the column Type, which Log Analytics fills with the table's name. */
  type: string;
  record: object;
}

/** The table whose rows a file of text holds, by its first record, or by its name where that is a table's. */
export function recognisedTable(path: string, head: Buffer): FileKind {
  const name = unpackedName(baseName(path));
  const text = decodedHead(head);
  if (text === undefined) return { kind: 'stranger' };
  const format = formatOf(name, text);
  if (format === null) return { kind: 'stranger' };
  const stem = name.replace(/\.[^.]*$/, '');
  const first = format === 'csv' ? csvRecord(text) : jsonRecord(text);
  const shaped = first && shapeOf(new Map(Object.entries(first.record)), path, format === 'csv');
  if (shaped) return { kind: 'evidence', format, ...shaped };
  if (first === null && format === 'json' && beginsAsFlowLog(text))
    return { kind: 'evidence', format, table: flowTable, shape: 'flow-log' };
  const table =
    (first && isKnownTable(first.type) ? first.type : undefined) ??
    (isKnownTable(stem) && (first ? mayBe(stem, first.names) : format !== 'csv') ? stem : undefined) ??
    (first ? (huntedTable(first.record) ?? tableOf(first.names)) : undefined);
  if (table === undefined) {
    const own = first && artifactTable(path, first.names);
    if (own && !isKnownTable(own)) return { kind: 'evidence', format, table: own };
    return isNamedAsExport(name) ? { kind: 'tableless', format } : { kind: 'stranger' };
  }
  return { kind: 'evidence', format, table };
}

/** Has it a column of the table, if only one that all tables have? */
const mayBe = (table: string, names: readonly string[]): boolean => {
  const columns = columnsOf(table);
  return names.some((name) => Object.hasOwn(columns, name));
};

/**
 * The tables of Defender for Endpoint share most of their columns; each has actions of its own (advanced hunting's schema
 * reference, as of 2026-11).
 */
const actions: readonly { pattern: RegExp; table: string }[] = [
  { pattern: /^ProcessCreated$/, table: 'DeviceProcessEvents' },
  { pattern: /^Logon(?:Success|Failed|Attempted)$/, table: 'DeviceLogonEvents' },
  { pattern: /^(?:Connection\w+|InboundConnection\w+|ListeningConnectionCreated)$/, table: 'DeviceNetworkEvents' },
  { pattern: /^File(?:Created|Modified|Deleted|Renamed)$/, table: 'DeviceFileEvents' },
  { pattern: /^Registry(?:Key|Value)\w+$/, table: 'DeviceRegistryEvents' },
  { pattern: /^ImageLoaded$/, table: 'DeviceImageLoadEvents' },
];

function huntedTable(record: object): string | undefined {
  const action: unknown = Reflect.get(record, 'ActionType');
  if (typeof action !== 'string' || !('DeviceName' in record || 'DeviceId' in record)) return undefined;
  return actions.find(({ pattern }) => pattern.test(action))?.table;
}

/** Much else is text too. */
const isNamedAsExport = (name: string): boolean => !/\.txt$/i.test(name);

function formatOf(name: string, text: string): EvidenceFormat | null {
  // A page of a portal, saved under the name of an export.
  if (/^\s*</.test(text)) return null;
  if (/\.(?:csv|tsv|tab|txt)$/i.test(name)) return 'csv';
  if (!/\.(?:json|jsonl|ndjson)$/i.test(name)) return null;
  if (beginsAsTables(text)) return 'json';
  // One object a line, whatever the name says; one alone may be around a list of records.
  const [all = '', line = ''] = /^\s*(\{.*\})\s*(?:\n|$)/.exec(text) ?? [];
  const value = parsed(line);
  if (value === undefined) return 'json';
  return text.slice(all.length).trim() === '' && isAroundList(value) ? 'json' : 'jsonl';
}

function isAroundList(value: unknown): boolean {
  const list = recordList(fieldsOf(value)) ?? [];
  return list.length > 0 && list.every((one) => fieldsOf(one).size > 0);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function csvRecord(text: string): FirstRecord | null {
  const { names: header, values } = csvHead(text);
  const names = header.map(columnName);
  const type = values[names.indexOf('Type')] ?? '';
  const record = Object.fromEntries(names.map((name, i) => [entraHeader(name), values[i] ?? '']));
  return names.length > 0 ? { names, type, record } : null;
}

function jsonRecord(text: string): FirstRecord | null {
  if (beginsAsTables(text)) {
    const answered = firstRowOf(text);
    const { names = [], row = {} } = answered ?? {};
    return answered && { names, type: String(row.Type ?? ''), record: row };
  }
  const record = firstObject(withoutWrapping(text));
  if (record === null) return null;
  const type: unknown = Reflect.get(record, 'Type');
  return { names: Object.keys(record), type: typeof type === 'string' ? type : '', record };
}

/** The text of a list, or of an object around one, without what is around the elements; any other text as it is read. */
function withoutWrapping(text: string): string {
  const bytes = Buffer.from(text);
  new JsonListEnds().last(bytes, bytes.length);
  return bytes.toString();
}

/** The first object of several, whole; null where the text ends before it does. */
function firstObject(text: string): object | null {
  const from = text.indexOf('{');
  if (from < 0 || text.slice(0, from).trim() !== '') return null;
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
  if (!best || best.hits < leastOwn || best.hits < own.length * 0.7) return undefined;
  return next && next.hits === best.hits ? undefined : best.table;
}
