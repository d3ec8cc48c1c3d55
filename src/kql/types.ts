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
