import type { ColumnType } from '../../kql/types.ts';

/** A log whose lines are the rows of one table. */
export interface LineLog {
  table: string;
  columns: Readonly<Record<string, ColumnType>>;
  /** Said of every file. */
  remark?: string;
  /** Reads a file from its first line on. */
  reader(): LineReader;
}

/** Gives the texts of a line by the columns that they are of; "directive" for one that is about the others, null for any other. */
export type LineReader = (line: string) => ReadonlyMap<string, string> | 'directive' | null;
