import type { Column, ColumnType } from '../kql/types.ts';
import { EvidenceError } from './evidence-error.ts';
import type { EvidenceFile } from './evidence-files.ts';
import { commonType } from './guessed-type.ts';
import { sourcesOf } from './sources-of.ts';

/** The tables of evidence with their columns, without its rows. A file that is not readable adds nothing. */
export async function describeEvidence(files: readonly EvidenceFile[]): Promise<{ name: string; columns: Column[] }[]> {
  const tables = new Map<string, Map<string, ColumnType>>();
  for (const { source } of sourcesOf(files)) {
    const described = await source
      .describe(() => undefined)
      .catch((error: unknown) => {
        if (error instanceof EvidenceError) return new Map<string, Map<string, ColumnType>>();
        throw error;
      });
    for (const [name, own] of described) {
      const all = tables.get(name) ?? new Map<string, ColumnType>();
      for (const [column, type] of own) all.set(column, commonType(all.get(column), type) ?? type);
      tables.set(name, all);
    }
  }
  return [...tables].map(([name, own]) => ({
    name,
    columns: [...own].map(([column, type]) => ({ name: column, type })),
  }));
}
