import { randomUUID } from 'node:crypto';
import { type Column, type Table, tableFromRows } from '../../kql/table.ts';
import { isColumnType } from '../../kql/types.ts';
import { parseJson } from '../../kql/values.ts';
import { ClusterError } from './cluster-error.ts';

/** A data shard: rows that came with one command, and their tags. */
interface Extent {
  id: string;
  rows: number;
  tags: string[];
}

export interface StoredTable extends Table {
  folder: string;
  docstring: string;
  extents: Extent[];
}

/** A query that was asked, as `.show queries` lists it. */
export interface AskedOfCluster {
  clientRequestId: string;
  text: string;
  database: string;
  state: 'InProgress' | 'Completed' | 'Failed' | 'Cancelled';
}

/** The databases of a simulated cluster. A Kusto emulator begins with `NetDefaultDB` ("Install the Kusto emulator"). */
export class Cluster {
  readonly #databases = new Map<string, Map<string, StoredTable>>([['netdefaultdb', new Map()]]);
  readonly queries: AskedOfCluster[] = [];

  /** The tables of a database, whose name has no case. Throws where there is none. */
  database(name: string): Map<string, StoredTable> {
    const found = this.#databases.get(name.toLowerCase());
    if (!found)
      throw new ClusterError(
        400,
        'BadRequest_DatabaseNotExist',
        'Kusto.Data.Exceptions.DatabaseNotFoundException',
        `Database '${name}' could not be found.`,
      );
    return found;
  }

  table(database: string, name: string): StoredTable {
    const found = this.database(database).get(name);
    if (!found)
      throw new ClusterError(
        400,
        'BadRequest_EntityNotFound',
        'Kusto.Data.Exceptions.EntityNotFoundException',
        `Entity ID '${name}' of kind 'Table' was not found.`,
      );
    return found;
  }

  /** `.create-merge table`: makes it, or adds the columns that it does not have; another type is refused. */
  createMerge(
    database: string,
    name: string,
    columns: readonly [name: string, type: string][],
    about: { folder?: string | undefined; docstring?: string | undefined },
  ): StoredTable {
    const tables = this.database(database);
    const table = tables.get(name) ?? {
      name,
      columns: [],
      data: [],
      length: 0,
      folder: about.folder ?? '',
      docstring: about.docstring ?? '',
      extents: [],
    };
    for (const [column, type] of columns) {
      if (!isColumnType(type))
        throw new ClusterError(
          400,
          'BadRequest_SyntaxError',
          'Kusto.Data.Exceptions.SyntaxException',
          `Syntax error: '${type}' is no type.`,
        );
      const known = table.columns.find((one) => one.name === column);
      if (known && known.type !== type)
        throw new ClusterError(
          400,
          'BadRequest_ColumnTypeMismatch',
          'Kusto.Data.Exceptions.KustoBadRequestException',
          `Column '${column}' has the type '${known.type}'.`,
        );
      if (known) continue;
      table.columns.push({ name: column, type });
      table.data.push(Array.from({ length: table.length }, () => (type === 'string' ? '' : null)));
    }
    tables.set(name, table);
    return table;
  }

  /** Adds CSV; gives the id of the new extent, of zeros where the tag that it must not have is there. */
  ingest(database: string, name: string, csv: string, { tags, unless }: { tags: string[]; unless: string[] }): string {
    const table = this.table(database, name);
    const there = new Set(table.extents.flatMap((extent) => extent.tags));
    if (unless.some((tag) => there.has(`ingest-by:${tag}`))) return '00000000-0000-0000-0000-000000000000';
    const rows = csvRecords(csv).map((cells) =>
      Object.fromEntries(table.columns.map((column, i) => [column.name, cellOf(cells[i] ?? '', column)])),
    );
    const types = Object.fromEntries(table.columns.map(({ name: column, type }) => [column, type]));
    const added = tableFromRows(name, rows, types);
    table.columns.forEach((_, i) => {
      for (const value of added.data[i] ?? []) table.data[i]?.push(value);
    });
    table.length += added.length;
    const id = randomUUID();
    table.extents.push({ id, rows: added.length, tags });
    return id;
  }
}

/** A cell of CSV: nothing is null, and no text is the empty one. */
const cellOf = (text: string, { type }: Column): unknown =>
  text === '' ? null : type === 'dynamic' ? parseJson(text) : text;

/** The records of CSV by RFC 4180: quotes hold commas, line breaks and doubled quotes. */
export function csvRecords(csv: string): string[][] {
  const records: string[][] = [];
  let record: string[] = [];
  let [cell, quoted, any] = ['', false, false];
  const endRecord = (): void => {
    if (any || record.length > 0) records.push([...record, cell]);
    [record, cell, any] = [[], '', false];
  };
  for (let i = 0; i < csv.length; i++) {
    const c = csv[i] ?? '';
    if (quoted) {
      if (c !== '"') cell += c;
      else if (csv[i + 1] === '"') {
        cell += '"';
        i += 1;
      } else quoted = false;
    } else if (c === '"') [quoted, any] = [true, true];
    else if (c === ',') {
      record.push(cell);
      [cell, any] = ['', true];
    } else if (c === '\n') endRecord();
    else if (c !== '\r') {
      cell += c;
      any = true;
    }
  }
  if (quoted)
    throw new ClusterError(
      400,
      'BadRequest_InvalidMultilineCSV',
      'Kusto.Data.Exceptions.KustoBadRequestException',
      'A quoted field of the CSV has no end.',
    );
  endRecord();
  return records;
}
