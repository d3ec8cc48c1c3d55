import { stat } from 'node:fs/promises';
import type { Table } from '../kql/table.ts';
import type { Column, ColumnType } from '../kql/types.ts';
import { EvidenceEvents, eventLogSource } from './event-logs.ts';
import { digestOfEvidence, type EvidenceDigest } from './evidence-digest.ts';
import { fileFailure } from './evidence-error.ts';
import type { EvidenceFile } from './evidence-files.ts';
import { exportSource } from './exports.ts';
import { commonType } from './guessed-type.ts';
import type { QueryProgress } from './run-query.ts';
import type { Source } from './source.ts';
import { TableBuilder } from './table-builder.ts';

export interface TableSchema {
  name: string;
  columns: Column[];
}

/** The columns that are wanted, by table, and the only event ids that matter. */
export interface TablePlan {
  needed: ReadonlyMap<string, ReadonlySet<string>>;
  eventIds?: ReadonlySet<number> | undefined;
}

export interface LoadedTables {
  /** Every table of the evidence; those that are not wanted are empty. */
  tables: Table[];
  read: { name: string; rows: number }[];
  files: EvidenceDigest[];
  notes: string[];
}

/** Loads what is wanted of evidence files, once their tables are known. Throws EvidenceError. */
export async function loadTables(
  files: readonly EvidenceFile[],
  planned: (schemas: readonly TableSchema[]) => TablePlan,
  onProgress: (progress: QueryProgress) => void,
): Promise<LoadedTables> {
  let of = 0;
  for (const { path, format } of files) {
    const passes = format === 'csv' || format === 'jsonl' ? 3 : 2;
    const { size } = await stat(path).catch((error: unknown) => {
      throw fileFailure(path, error);
    });
    of += size * passes;
  }
  let bytes = 0;
  let told = 0;
  const progress = (more: number): void => {
    bytes += more;
    if (bytes - told < 1_048_576) return;
    told = bytes;
    onProgress({ bytes, of });
  };
  const digests = new Map<string, Awaited<ReturnType<typeof digestOfEvidence>>>();
  for (const { path } of files) if (!digests.has(path)) digests.set(path, await digestOfEvidence(path, progress));
  const events = new EvidenceEvents();
  const sources = files.map(({ path, format, table }) =>
    format === 'evtx' ? eventLogSource(path, events) : exportSource(table ?? path, path, format),
  );
  const { schemas, tablesOf } = await described(sources, progress);
  const { needed, eventIds } = planned(schemas);
  const builders = new Map(
    schemas.map(({ name, columns }) => [name, new TableBuilder(name, columns, needed.get(name) ?? new Set())]),
  );
  const wanted = new Map([...builders].filter(([name]) => needed.has(name)));
  const notes: string[] = [];
  for (const source of sources) {
    if (!(tablesOf.get(source) ?? []).some((name) => wanted.has(name))) continue;
    notes.push(...(await source.read(wanted, progress, eventIds)));
  }
  for (const [path, { changed }] of digests) {
    if (await changed()) notes.push(`${path}: the file changed while it was read; its SHA-256 may be of another state`);
  }
  onProgress({ bytes: of, of });
  return {
    tables: [...builders.values()].map((builder) => builder.table()),
    read: [...wanted.values()].map(({ name, length }) => ({ name, rows: length })),
    files: [...digests.values()].map(({ digest }) => digest),
    notes,
  };
}

/** The tables of all sources together, and which of them each has. */
async function described(
  sources: readonly Source[],
  progress: (bytes: number) => void,
): Promise<{ schemas: TableSchema[]; tablesOf: Map<Source, string[]> }> {
  const columns = new Map<string, Map<string, ColumnType>>();
  const tablesOf = new Map<Source, string[]>();
  for (const source of sources) {
    const own = await source.describe(progress);
    tablesOf.set(source, [...own.keys()]);
    for (const [table, types] of own) {
      const all = columns.get(table) ?? new Map<string, ColumnType>();
      for (const [name, type] of types) all.set(name, commonType(all.get(name), type) ?? type);
      columns.set(table, all);
    }
  }
  const schemas = [...columns].map(([name, own]) => ({
    name,
    columns: [...own].map(([column, type]): Column => ({ name: column, type })),
  }));
  return { schemas, tablesOf };
}
