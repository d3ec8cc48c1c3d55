import { cells, concat } from '../kql/frame.ts';
import type { Table } from '../kql/table.ts';
import type { EvidenceDigest } from './evidence-digest.ts';
import type { EvidenceFile } from './evidence-files.ts';
import { EvidenceTables, type TablePlan, type TableSchema } from './evidence-tables.ts';
import { type QueryProgress, Reading } from './reading.ts';

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

/**
 * Loads all rows of what is wanted of evidence files, once their tables are known. Throws EvidenceError, and what `plan`
 * throws.
 */
export async function loadTables(
  files: readonly EvidenceFile[],
  plan: (schemas: readonly TableSchema[]) => TablePlan,
  onProgress: (progress: QueryProgress) => void,
): Promise<LoadedTables> {
  const reading = new Reading(files, onProgress);
  try {
    await reading.begin();
    return await loadedFrom(reading, plan);
  } finally {
    reading.close();
  }
}

async function loadedFrom(
  reading: Reading,
  plan: (schemas: readonly TableSchema[]) => TablePlan,
): Promise<LoadedTables> {
  for (;;) {
    // All rows that are wanted are kept: each file is read once.
    const evidence = new EvidenceTables(reading, { wholeBelow: Number.POSITIVE_INFINITY });
    try {
      await evidence.describe();
      const wanted = plan(evidence.schemas);
      await evidence.prepare(wanted);
      const tables = evidence.tables(true).map(({ name, columns, empty, pieces }): Table => {
        const { vectors, length } = wanted.needed.has(name) ? concat([empty, ...pieces()]) : empty;
        // A column that is not wanted has no cells.
        const data = vectors.map((vector) => (vector.values.length === 0 ? [] : cells(vector, length)));
        return { name, columns, data, length };
      });
      const digests = await reading.end();
      return { tables, read: evidence.read(), files: digests, notes: [...evidence.notes(), ...reading.notes] };
    } catch (error) {
      if (!reading.again(error)) throw error;
    }
  }
}
