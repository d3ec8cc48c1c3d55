import { placedFile } from '../archives/open-file.ts';
import { type Json, logAnalyticsCell } from '../kql/cells.ts';
import { evaluateFrame } from '../kql/evaluate.ts';
import { type Frame, reader } from '../kql/frame.ts';
import { KqlError } from '../kql/kqlerror.ts';
import { neededColumns, possibleValues } from '../kql/needed.ts';
import type { Column, ColumnType } from '../kql/types.ts';
import { type Visualization, visualizationOf } from '../kql/visualization.ts';
import { EvidenceEvents, eventLogSource } from './event-logs.ts';
import { digestOfEvidence, type EvidenceDigest } from './evidence-digest.ts';
import { EvidenceError, fileFailure } from './evidence-error.ts';
import type { EvidenceFile } from './evidence-files.ts';
import { exportSource } from './exports.ts';
import { commonType } from './guessed-type.ts';
import type { Source } from './source.ts';
import { TableBuilder } from './table-builder.ts';

export interface QueryRequest {
  query: string;
  files: readonly EvidenceFile[];
  /** The value of now(), in milliseconds since 1970. */
  now: number;
  /** Rows of the result that are wanted; `total` still shows how many there are. */
  limit: number;
}

export interface QueryResult {
  columns: Column[];
  /** Cells as Log Analytics prints them; a long beyond 2^53 is text, so that it keeps its digits. */
  rows: Json[][];
  total: number;
  /** The tables that were read, with the rows that the query can depend on. */
  tables: { name: string; rows: number }[];
  /** The files that were read, each once, with their digests. */
  files: EvidenceDigest[];
  /** What the query's `render` asks for. */
  visualization: Visualization | undefined;
  /** Remarks on the evidence, one line each. */
  notes: string[];
}

/** How much of the files has been read, in bytes; files that must be read twice count twice. */
export interface QueryProgress {
  bytes: number;
  of: number;
}

/** The files as sources of rows; event logs share what they know of their events. */
export function sourcesOf(files: readonly EvidenceFile[]): { file: EvidenceFile; source: Source }[] {
  const events = new EvidenceEvents();
  return files.map((file) => {
    const { path, format, table } = file;
    const source =
      format === 'evtx' ? eventLogSource(path, events) : exportSource(table ?? path, path, format, file.found === true);
    return { file, source };
  });
}

/** The unknown tables of a query, with the known ones: a table that was not exported is not a table without rows. */
function withTables<T>(work: () => T, tables: readonly string[]): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof KqlError)) throw error;
    const have = `The evidence has ${tables.length === 0 ? 'no table' : tables.join(', ')}.`;
    const diagnostics = error.diagnostics.map((d) =>
      d.code === 'KS204' ? { ...d, message: `${d.message} ${have}` } : d,
    );
    throw new KqlError(error.kind, diagnostics[0]?.message ?? error.message, diagnostics);
  }
}

/** The columns of a result and its first rows, as Log Analytics prints them. */
function shownRows({ names, vectors, length }: Frame, limit: number): Pick<QueryResult, 'columns' | 'rows'> {
  const columns = names.map((name, i): Column => ({ name, type: vectors[i]?.type ?? 'dynamic' }));
  const readers = vectors.map(reader);
  const rows = Array.from({ length: Math.min(length, limit) }, (_, row) =>
    columns.map(({ type }, i) => {
      const value = readers[i]?.(row) ?? null;
      return typeof value === 'bigint' && type === 'long' ? value.toString() : logAnalyticsCell(value, type);
    }),
  );
  return { columns, rows };
}

/** Loads what the query needs of the files, and evaluates it. Throws KqlError and EvidenceError. */
export async function runQuery(
  request: QueryRequest,
  onProgress: (progress: QueryProgress) => void,
): Promise<QueryResult> {
  const { files, query } = request;
  const notes: string[] = [];
  /** Does something with a file that may be unreadable: one that was found is remarked on, one that was named ends it. */
  const attempt = async <T>({ path, found }: EvidenceFile, work: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await work();
    } catch (error) {
      const failure = fileFailure(path, error);
      if (found !== true || !(error instanceof EvidenceError)) throw failure;
      const note = `not read to its end: ${failure.message}`;
      if (!notes.includes(note)) notes.push(note);
      return undefined;
    }
  };
  const sizes = await Promise.all(
    files.map(({ path }) =>
      placedFile(path).then(
        ({ bytes }) => bytes,
        // An unreadable file says so when it is read.
        () => 0,
      ),
    ),
  );
  // One more for the digest.
  const passes = files.map(({ format }) => (format === 'csv' || format === 'jsonl' ? 3 : 2));
  const of = Math.max(
    1,
    sizes.reduce((sum, size, i) => sum + size * (passes[i] ?? 1), 0),
  );
  let bytes = 0;
  let told = 0;
  const progress = (more: number): void => {
    bytes += more;
    if (bytes - told < 1_048_576) return;
    told = bytes;
    onProgress({ bytes: Math.min(bytes, of), of });
  };

  const digests = new Map<string, Awaited<ReturnType<typeof digestOfEvidence>>>();
  for (const file of files) {
    if (digests.has(file.path)) continue;
    const digest = await attempt(file, () => digestOfEvidence(file.path, progress));
    if (digest) digests.set(file.path, digest);
  }
  const sources = sourcesOf(files);
  const columns = new Map<string, Map<string, ColumnType>>();
  const tablesOf = new Map<Source, string[]>();
  for (const { file, source } of sources) {
    const described = await attempt(file, () => source.describe(progress));
    if (!described) continue;
    tablesOf.set(source, [...described.keys()]);
    for (const [table, own] of described) {
      const all = columns.get(table) ?? new Map<string, ColumnType>();
      for (const [name, type] of own) all.set(name, commonType(all.get(name), type) ?? type);
      columns.set(table, all);
    }
  }
  const schemas = [...columns].map(([name, own]) => ({
    name,
    columns: [...own].map(([column, type]): Column => ({ name: column, type })),
  }));
  const needed = withTables(
    () => neededColumns(query, schemas),
    schemas.map((s) => s.name),
  );
  const builders = new Map(
    schemas.map(({ name, columns: own }) => [name, new TableBuilder(name, own, needed.get(name) ?? new Set())]),
  );
  const wanted = new Map([...builders].filter(([name]) => needed.has(name)));
  const eventIds = possibleValues(query, schemas, 'EventID');
  for (const { file, source } of sources) {
    if (!(tablesOf.get(source) ?? []).some((name) => wanted.has(name))) continue;
    notes.push(...((await attempt(file, () => source.read(wanted, progress, eventIds))) ?? []));
  }
  if (/\bingestion_time\s*\(/.test(query)) {
    notes.push('ingestion_time() is TimeGenerated here: an export does not keep when a row was ingested');
  }
  for (const [path, { changed }] of digests) {
    if (await changed()) notes.push(`${path}: the file changed while it was read; its SHA-256 may be of another state`);
  }
  onProgress({ bytes: of, of });
  const tables = [...builders.values()].map((b) => b.table());
  const result = evaluateFrame(query, tables, { now: new Date(request.now) });
  return {
    ...shownRows(result, request.limit),
    total: result.length,
    visualization: visualizationOf(query),
    tables: [...wanted.values()].map((b) => ({ name: b.name, rows: b.length })),
    files: [...digests.values()].map(({ digest }) => digest),
    notes,
  };
}
