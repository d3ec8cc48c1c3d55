export type ColumnType =
  | 'bool'
  | 'datetime'
  | 'dynamic'
  | 'guid'
  | 'int'
  | 'long'
  | 'real'
  | 'string'
  | 'timespan'
  | 'decimal';

export interface Column {
  name: string;
  type: ColumnType;
}

const COLUMN_TYPES: ReadonlySet<string> = new Set<ColumnType>([
  'bool',
  'datetime',
  'dynamic',
  'guid',
  'int',
  'long',
  'real',
  'string',
  'timespan',
  'decimal',
]);

export const isColumnType = (name: string): name is ColumnType => COLUMN_TYPES.has(name);
