import { columnsOf } from '../../kql/table-schemas.ts';
import type { Fields } from './export-shape.ts';

/** By table: its columns by their names in lower case. */
const byTable = new Map<string, Map<string, string>>();

function columnsByLowerName(table: string): Map<string, string> {
  let columns = byTable.get(table);
  if (!columns) {
    columns = new Map(Object.keys(columnsOf(table)).map((name) => [name.toLowerCase(), name]));
    byTable.set(table, columns);
  }
  return columns;
}

/** Fields under the names of a table's columns, whatever their case; those that it does not have keep their names. */
export function namedColumns(fields: Fields, table: string): Map<string, unknown> {
  const columns = columnsByLowerName(table);
  const own = columnsOf(table);
  return new Map(
    [...fields].map(([name, value]) => [
      Object.hasOwn(own, name) ? name : (columns.get(name.toLowerCase()) ?? name),
      value,
    ]),
  );
}
