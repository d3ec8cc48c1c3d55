import type { ColumnType } from '../kql/types.ts';
import type { TableBuilder } from './table-builder.ts';

/** Receives the number of further bytes read. */
export type Progress = (bytes: number) => void;

/** A file whose content is rows of tables. */
export interface Source {
  file: string;
  /** The tables it has rows of, with their columns. */
  describe(read: Progress): Promise<Map<string, ReadonlyMap<string, ColumnType>>>;
  /**
   * Adds its rows to those of its tables that are wanted; gives remarks, one line each. `eventIds` are the only event
   * numbers that matter, where the query says so.
   */
  read(
    builders: ReadonlyMap<string, TableBuilder>,
    read: Progress,
    eventIds?: ReadonlySet<number> | undefined,
  ): Promise<string[]>;
}
