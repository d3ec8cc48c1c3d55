import { neededColumns } from '../kql/needed.ts';
import type { Column } from '../kql/types.ts';
import type { EvidenceDigest } from './evidence-digest.ts';
import type { EvidenceFile } from './evidence-files.ts';
import { EvidenceTables } from './evidence-tables.ts';
import { type QueryProgress, Reading } from './reading.ts';
import { toldNames } from './run-query.ts';

/** The rows that one file has of one table. Plain data: a thread can be given it. */
export interface EvidencePart {
  table: string;
  /** Of the table, as all files together declare it. */
  columns: Column[];
  /** Columns of which no file has a value: their type is a guess. */
  open: string[];
  file: EvidenceFile;
  digest: EvidenceDigest;
}

export interface EvidenceParts {
  /** Of the tables that the query can depend on. */
  parts: EvidencePart[];
  /** All files, each once. */
  files: EvidenceDigest[];
  /** Remarks on the files, one line each. */
  notes: string[];
}

export interface PartsRequest {
  query: string;
  files: readonly EvidenceFile[];
}

/**
 * What a query can depend on, by file and table, without its rows: with the digest of each file, and columns whose types are
 * known of all rows. Throws KqlError for a query that is wrong over these tables, and EvidenceError.
 */
export async function evidenceParts(
  { query, files }: PartsRequest,
  onProgress: (progress: QueryProgress) => void,
): Promise<EvidenceParts> {
  const reading = new Reading(files, onProgress);
  await reading.begin();
  let evidence = new EvidenceTables(reading);
  await evidence.describe();
  if (await evidence.learnAll()) {
    evidence = new EvidenceTables(reading);
    await evidence.describe();
  }
  const { schemas } = evidence;
  const needed = toldNames(() => neededColumns(query, schemas), query, schemas);
  const digests = await reading.end();
  const byPath = new Map(digests.map((digest) => [digest.path, digest]));
  const parts = evidence.byFile().flatMap(({ file, table, open }): EvidencePart[] => {
    const digest = byPath.get(file.path);
    if (!digest || !needed.has(table.name)) return [];
    return [{ table: table.name, columns: [...table.columns], open, file, digest }];
  });
  return { parts, files: digests, notes: [...evidence.notes(), ...reading.notes] };
}
