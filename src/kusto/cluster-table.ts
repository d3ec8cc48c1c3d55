import { createHash } from 'node:crypto';
import { baseName } from '../archives/evidence-path.ts';
import { kqlString } from '../azure/client/kql-literal.ts';
import type { EvidencePart } from '../evidence/evidence-parts.ts';
import { logAnalyticsCell } from '../kql/cells.ts';
import { type Frame, type Reader, reader } from '../kql/frame.ts';
import type { Column, ColumnType } from '../kql/types.ts';
import { printJson, type Value } from '../kql/values.ts';
import { printable } from '../text/printable.ts';

/** Raised when rows are made otherwise of the same bytes: what was written by an earlier cordon is then another table. */
const MADE = 1;

/** The columns of a table in a free cluster are at most 200 ("Kusto emulator vs. free cluster", 2025-12-11). */
const MOST_COLUMNS = 190;

/** Holds the cells of all further columns that are not empty. */
const FURTHER = 'cordon_further';

/** Says which file a row is of. It is not stored: the same bytes may have another name the next time. */
const FILE_COLUMN = '_EvidenceFile';
const FILE_NAME = 'cordon_file_name';

/** A column as it is stored, and the columns of the evidence that are in it. */
interface StoredColumn {
  name: string;
  type: ColumnType;
  of: readonly Column[];
}

/** One part of the evidence as a table of its own in a cluster. */
export interface ClusterTable {
  part: EvidencePart;
  /** By the bytes of the file and what they are read as: the same evidence has the same name. */
  name: string;
  stored: readonly StoredColumn[];
}

/** A name that every cluster takes (entity-names, read 2026-11-30); others get one by their place. */
const plain = (name: string): boolean =>
  /^[A-Za-z_][A-Za-z0-9_]*$/.test(name) && !/^__|__$/.test(name) && name.length <= 200;

export function clusterTable(part: EvidencePart): ClusterTable {
  const { table, columns, file, digest } = part;
  const kept = columns.filter(({ name }) => name !== FILE_COLUMN);
  // A bag gives back any text, and no other type as exactly.
  const texts = kept.filter(({ type }) => type === 'string');
  const spare = new Set(kept.length > MOST_COLUMNS ? texts.slice(-(kept.length - MOST_COLUMNS + 1)) : []);
  const stored = kept
    .filter((column) => !spare.has(column))
    .map(
      (column, i): StoredColumn => ({
        name: plain(column.name) ? column.name : `cordon_${i}`,
        type: column.type,
        of: [column],
      }),
    );
  if (spare.size > 0) stored.push({ name: FURTHER, type: 'dynamic', of: [...spare] });
  const identity = [MADE, digest.sha256, table, kept, file.format, file.shape ?? '', file.form ?? '', file.year ?? ''];
  const key = createHash('sha256').update(JSON.stringify(identity)).digest('hex').slice(0, 20);
  return { part, name: `cordon_${table.replace(/[^A-Za-z0-9_]/g, '').slice(0, 60)}_${key}`, stored };
}

/** An identifier in a query or a command, whatever it is called. */
export const quotedName = (name: string): string => `['${kqlString(name).slice(1, -1)}']`;

/** How evidence goes into a cluster: with the command that takes it, or by the queue of its ingestion service. */
export type WayName = 'inline' | 'queued';

/** A note that is kept with a table, about the evidence in it. Written by cordon, and read as anybody's. */
export interface TableNote {
  state: 'begun' | 'whole' | 'broken';
  sha256: string;
  bytes: number;
  file: string;
  table: string;
  /** How its rows are sent. */
  way: WayName;
  /** Of a whole table. */
  rows: number;
  /** Remarks of the reading. */
  notes: string[];
}

export const noteOf = (
  { part }: ClusterTable,
  state: TableNote['state'],
  { way, rows = 0, notes = [] }: { way: WayName; rows?: number; notes?: readonly string[] },
): TableNote => ({
  state,
  way,
  sha256: part.digest.sha256,
  bytes: part.digest.bytes,
  file: printable(baseName(part.file.path), 200),
  table: part.table,
  rows,
  notes: notes.slice(0, 20).map((note) => printable(note, 300)),
});

/** The note in a table's docstring; undefined where it is none of cordon's. */
export function readNote(docstring: unknown): TableNote | undefined {
  if (typeof docstring !== 'string' || docstring.length > 20_000) return undefined;
  try {
    const read: unknown = JSON.parse(docstring);
    if (typeof read !== 'object' || read === null || Reflect.get(read, 'by') !== 'cordon') return undefined;
    const { state, way = 'inline', sha256, bytes, file, table, rows, notes } = Object.fromEntries(Object.entries(read));
    if (state !== 'begun' && state !== 'whole' && state !== 'broken') return undefined;
    if ((way !== 'inline' && way !== 'queued') || !Number.isSafeInteger(rows) || !Array.isArray(notes))
      return undefined;
    return {
      state,
      way,
      sha256: String(sha256),
      bytes: Number(bytes),
      file: printable(String(file), 200),
      table: printable(String(table), 100),
      rows: Number(rows),
      notes: notes.slice(0, 20).map((note) => printable(String(note), 300)),
    };
  } catch {
    return undefined;
  }
}

const docstringOf = (note: TableNote): string => kqlString(JSON.stringify({ by: 'cordon', ...note }));

/** `.create-merge table` (learn.microsoft.com/kusto/management/create-merge-table-command, 2024-08-11). */
export function createCommand({ stored }: ClusterTable, name: string, note: TableNote): string {
  const columns = stored.map((column) => `${quotedName(column.name)}:${column.type}`).join(', ');
  return `.create-merge table ${quotedName(name)} (${columns}) with (folder="cordon", docstring=${docstringOf(note)})`;
}

export const noteCommand = (name: string, note: TableNote): string =>
  `.alter table ${quotedName(name)} docstring ${docstringOf(note)}`;

/**
 * `.ingest inline` of one piece, once: a piece whose tag is there is not taken again ("Extent tags", 2024-08-11). The data
 * follow the command as they are.
 */
export const ingestCommand = (name: string, tag: string, csv: string): string =>
  `.ingest inline into table ${quotedName(name)} with (format="csv", tags='["ingest-by:${tag}"]', ingestIfNotExists='["${tag}"]') <|\n${csv}`;

/** The tag of a piece. */
export const tagOf = (name: string, piece: number): string => `${name}-${piece}`;

/** Says, among the rows of several stored tables, which one a row is of. */
const PLACE = 'cordon_file';

/** The view that stands for a table of the evidence: its declared columns, in their order, of these stored tables. */
export function viewOf(tables: readonly { name: string; of: ClusterTable }[]): string {
  const [first] = tables;
  if (!first) throw new Error('a view of no table');
  // All parts of a table declare the same columns, and so store them alike.
  const { part, stored } = first.of;
  const known = new Map(stored.flatMap((column) => column.of.map((one) => [one.name, column] as const)));
  const legs = tables.map(
    ({ name, of }, i) =>
      `(${quotedName(name)} | extend ${PLACE} = ${i}, ${FILE_NAME} = ${kqlString(of.part.file.path)})`,
  );
  const cells = part.columns.map((column) => `${quotedName(column.name)} = ${cellOf(column, known.get(column.name))}`);
  const events = tables.filter(({ of }) => /^ev(?:tx|ents)$/.test(of.part.file.format)).length > 1;
  const rows = legs.length === 1 ? (legs[0] ?? '').slice(1, -1) : `union ${legs.join(', ')}`;
  const projected = ` | project ${[...(events ? [PLACE] : []), ...cells].join(', ')}`;
  return `let ${quotedName(part.table)} = view () { ${rows}${projected}${events ? onceEach(part.table, part.columns) : ''} };`;
}

function cellOf({ name }: Column, stored: StoredColumn | undefined): string {
  if (!stored) return FILE_NAME;
  return stored.name === FURTHER ? `tostring(${FURTHER}[${kqlString(name)}])` : quotedName(stored.name);
}

/**
 * An event that is in several logs is a row once, as over files: the one of the first log, by its number and its second.
 * Events without a record id or a time cannot be distinguished, and all count.
 */
function onceEach(table: string, columns: readonly Column[]): string {
  const log = table === 'SecurityEvent' ? 'Channel' : 'EventLog';
  const alone = `iff(_EventRecordId == 0 or isnull(_EventRecordId) or isnull(TimeGenerated), strcat(${PLACE}, " ", _EvidenceOffset), "")`;
  return ` | extend cordon_alone = ${alone} | summarize hint.strategy=shuffle arg_min(${PLACE}, *) by Computer, ${log}, _EventRecordId, cordon_second = bin(TimeGenerated, 1s), cordon_alone | project ${columns.map(({ name }) => quotedName(name)).join(', ')}`;
}

/** Values that are longer are cut by the cluster ("Encoding policy", MaxValueSize: 1 MB). */
export const LONGEST_VALUE = 1024 * 1024;

const quoted = (text: string): string => `"${text.replaceAll('"', '""')}"`;

function csvCell(value: Value, type: ColumnType): string {
  if (value === null || value === '') return '';
  if (type === 'dynamic') return quoted(printJson(value));
  if (typeof value === 'bigint' && type === 'long') return value.toString();
  const cell = logAnalyticsCell(value, type);
  return typeof cell === 'string' ? quoted(cell) : String(cell);
}

/** Rows as CSV lines in the order of the stored columns (RFC 4180, as clusters read it). Empty cells are nothing at all. */
export function csvLines({ stored }: ClusterTable, { names, vectors, length }: Frame): string[] {
  const place = new Map(names.map((name, i) => [name, i]));
  /** The cells of a column; undefined where it has none, as most of the documented columns of a table. */
  const cellsOf = ({ name }: Column): Reader | undefined => {
    const vector = vectors[place.get(name) ?? -1];
    return vector && vector.values.length > 0 ? reader(vector) : undefined;
  };
  const filled: { commas: string; read(row: number): string }[] = [];
  let commas = '';
  stored.forEach((column, i) => {
    if (i > 0) commas += ',';
    const read = column.name === FURTHER ? bagOf(column.of, cellsOf) : column.of[0] && textOf(column.of[0], cellsOf);
    if (!read) return;
    filled.push({ commas, read });
    commas = '';
  });
  return Array.from({ length }, (_, row) => {
    let line = '';
    for (const one of filled) line += one.commas + one.read(row);
    // A line of nothing would be no row.
    return line + commas || '""';
  });
}

type Cells = (column: Column) => Reader | undefined;

function textOf(column: Column, cellsOf: Cells): ((row: number) => string) | undefined {
  const read = cellsOf(column);
  return read && ((row) => csvCell(read(row), column.type));
}

/** The texts of several columns, by their names, as JSON. */
function bagOf(columns: readonly Column[], cellsOf: Cells): ((row: number) => string) | undefined {
  const own = columns.flatMap((column) => {
    const read = cellsOf(column);
    return read ? [{ name: column.name, read }] : [];
  });
  if (own.length === 0) return undefined;
  return (row) => {
    const bag: [string, Value][] = [];
    for (const { name, read } of own) {
      const value = read(row);
      if (typeof value === 'string' && value !== '') bag.push([name, value]);
    }
    return bag.length === 0 ? '' : quoted(JSON.stringify(Object.fromEntries(bag)));
  };
}
