import { placedFile } from '../archives/open-file.ts';
import type { Table } from '../kql/table.ts';
import type { Column, ColumnType } from '../kql/types.ts';
import { digestOfEvidence, type EvidenceDigest } from './evidence-digest.ts';
import { EvidenceError, fileFailure } from './evidence-error.ts';
import type { EvidenceFile } from './evidence-files.ts';
import { commonType } from './guessed-type.ts';
import type { Source } from './source.ts';
import { sourcesOf } from './sources-of.ts';
import { TableBuilder } from './table-builder.ts';

/** How much of the files has been read, in bytes; files that must be read twice count twice. */
export interface QueryProgress {
  bytes: number;
  of: number;
}

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
  /** The tables that were read, with their rows. */
  read: { name: string; rows: number }[];
  /** The files that were read, each once, with their digests. */
  files: EvidenceDigest[];
  /** Remarks on the evidence, one line each. */
  notes: string[];
}

/** The files without those that were found and have the bytes of another: what they hold counts once. */
function withoutCopies(
  files: readonly EvidenceFile[],
  digests: ReadonlyMap<string, string>,
  notes: string[],
): EvidenceFile[] {
  const first = new Map<string, string>();
  return files.filter(({ path, table, found }) => {
    const digest = digests.get(path);
    const key = `${digest} ${table}`;
    const earlier = first.get(key);
    if (digest === undefined || found !== true || earlier === undefined || earlier === path) {
      if (digest !== undefined && earlier === undefined) first.set(key, path);
      return true;
    }
    notes.push(`${path}: the same bytes as ${earlier}, read once`);
    return false;
  });
}

/** Loads what is wanted of evidence files, once their tables are known. Throws EvidenceError, and what `plan` throws. */
export async function loadTables(
  files: readonly EvidenceFile[],
  plan: (schemas: readonly TableSchema[]) => TablePlan,
  onProgress: (progress: QueryProgress) => void,
): Promise<LoadedTables> {
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
  const once = withoutCopies(files, new Map([...digests].map(([path, { digest }]) => [path, digest.sha256])), notes);
  const sources = sourcesOf(once);
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
  const { needed, eventIds } = plan(schemas);
  const builders = new Map(
    schemas.map(({ name, columns: own }) => [name, new TableBuilder(name, own, needed.get(name) ?? new Set())]),
  );
  const wanted = new Map([...builders].filter(([name]) => needed.has(name)));
  for (const { file, source } of sources) {
    if (!(tablesOf.get(source) ?? []).some((name) => wanted.has(name))) continue;
    notes.push(...((await attempt(file, () => source.read(wanted, progress, eventIds))) ?? []));
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
