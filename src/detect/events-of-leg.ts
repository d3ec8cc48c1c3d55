import { evaluateFrame } from '../kql/evaluate.ts';
import { type Frame, reader, type Vector } from '../kql/frame.ts';
import type { ReadTable } from '../kql/read-table.ts';
import type { Table } from '../kql/table.ts';

/** The events of one leg, for many queries. */
export interface LegEvents {
  table: ReadTable;
  frame: Frame;
}

/** A column whose values come again is kept as these values and their numbers: a test of it is made once for each value. */
function coded(vector: Vector, length: number): Vector {
  const read = reader(vector);
  const codes = new Map<unknown, number>();
  const values: Vector['values'][number][] = [];
  const rows = new Int32Array(length);
  const most = length / 4;
  for (let row = 0; row < length; row++) {
    const value = read(row);
    let code = codes.get(value);
    if (code === undefined) {
      code = values.length;
      if (code >= most) return plain(vector, length);
      codes.set(value, code);
      values.push(value);
    }
    rows[row] = code;
  }
  return { type: vector.type, values, rows };
}

function plain(vector: Vector, length: number): Vector {
  const read = reader(vector);
  return { type: vector.type, values: Array.from({ length }, (_, row) => read(row)), rows: undefined };
}

/** What a query finds in a table, with those of its columns that are wanted, under a name of its own. */
export function eventsOf(query: string, table: Table, wanted: ReadonlySet<string>, name: string, now: Date): LegEvents {
  const { names, vectors, length, serialized } = evaluateFrame(query, [table], { now });
  const kept = names.flatMap((column, i) => {
    const vector = vectors[i];
    if (!vector || !wanted.has(column)) return [];
    return [{ column, vector: vector.type === 'string' ? coded(vector, length) : plain(vector, length) }];
  });
  const frame: Frame = {
    names: kept.map(({ column }) => column),
    vectors: kept.map(({ vector }) => vector),
    length,
    serialized,
  };
  const columns = kept.map(({ column, vector }) => ({ name: column, type: vector.type }));
  const empty = {
    ...frame,
    vectors: frame.vectors.map(({ type }) => ({ type, values: [], rows: undefined })),
    length: 0,
  };
  return {
    frame,
    table: {
      name,
      columns,
      empty,
      *pieces() {
        yield frame;
      },
    },
  };
}
