import type { ColumnType } from '../kql/types.ts';
import { fileFailure } from './evidence-error.ts';
import type { Progress, Source } from './source.ts';
import type { TableBuilder } from './table-builder.ts';

/**
 * A file whose rows are all of one table. `fill` adds them, where that is wanted, and gives remarks, one line each. Its errors
 * become EvidenceErrors that name the file.
 */
export function oneTable(
  { file, table, columns }: { file: string; table: string; columns: ReadonlyMap<string, ColumnType> },
  fill: (builder: TableBuilder, read: Progress) => Promise<string[]>,
): Source {
  return {
    file,
    describe: async () => new Map([[table, columns]]),
    read: async (builders, read) => {
      const builder = builders.get(table);
      if (!builder) return [];
      try {
        return await fill(builder, read);
      } catch (error) {
        throw fileFailure(file, error);
      }
    },
  };
}
