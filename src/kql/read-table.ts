import { frameOf } from './frame.ts';
import type { Rows, Stream } from './rows.ts';
import type { Table } from './table.ts';
import type { Column } from './types.ts';

/** A table whose rows are read as they are asked for, and anew each time that they are. */
export interface ReadTable extends Stream {
  name: string;
  columns: Column[];
}

/** The rows of a table, wherever they are. */
export const rowsOf = (table: Table | ReadTable): Rows => ('data' in table ? frameOf(table) : table);
