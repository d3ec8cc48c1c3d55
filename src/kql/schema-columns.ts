import type { ColumnType } from './types.ts';

/** Columns of a table by name. */
export type Columns = Record<string, ColumnType>;

/** Columns of one type, from their names with blanks between them. */
export const columns = (type: ColumnType, names: string): Columns =>
  Object.fromEntries(
    names
      .trim()
      .split(/\s+/)
      .map((name) => [name, type]),
  );
