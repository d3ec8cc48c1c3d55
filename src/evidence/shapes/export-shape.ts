/** Exports whose records are not yet rows of Log Analytics' table. */
export type ShapeName =
  | 'entra-csv'
  | 'entra-audit-csv'
  | 'activity-csv'
  | 'graph'
  | 'diagnostic'
  | 'activity'
  | 'flow-log';

/** A record of an export, and the columns of a row, by their names. */
export type Fields = ReadonlyMap<string, unknown>;

/** Makes the rows of a table out of an export's records. */
export type ExportShape = {
  /** The table that a record is a row of; undefined where it is of none that is known. `path` may say what the record does not. */
  tableOf(record: Fields, path: string): string | undefined;
} & (
  | {
      /** The row of a record. Fields that the table has no column for keep their names. */
      rowOf(record: Fields, table: string): Map<string, unknown>;
    }
  | {
      /** The rows of a record that holds many. */
      rowsOf(record: Fields, table: string): Iterable<Map<string, unknown>>;
    }
);

/** The rows of a record in a shape. */
export const rowsIn = (shape: ExportShape, record: Fields, table: string): Iterable<Map<string, unknown>> =>
  'rowsOf' in shape ? shape.rowsOf(record, table) : [shape.rowOf(record, table)];

/** An object's fields; none for anything else. */
export const fieldsOf = (value: unknown): Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? new Map(Object.entries(value)) : new Map();

/** The value at a path of names; undefined where there is none. */
export function at(value: unknown, ...names: string[]): unknown {
  let found = value;
  for (const name of names) found = typeof found === 'object' && found !== null ? Reflect.get(found, name) : undefined;
  return found ?? undefined;
}

export const textOf = (value: unknown): string =>
  typeof value === 'string' ? value : typeof value === 'number' || typeof value === 'boolean' ? String(value) : '';
