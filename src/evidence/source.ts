import type { ColumnType } from '../kql/types.ts';
import type { TableBuilder } from './table-builder.ts';

/** Receives the number of further bytes read. */
export type Progress = (bytes: number) => void;

/** A file whose rows are read into memory. */
export interface Source {
  file: string;
  /** The tables it has rows of, with their columns; a column without any value has no type yet. */
  describe(read: Progress): Promise<Map<string, ReadonlyMap<string, ColumnType | undefined>>>;
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
