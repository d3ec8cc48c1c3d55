import { KqlError } from './kqlerror.ts';
import type { Table } from './table.ts';
import type { Column, ColumnType } from './types.ts';
import { missing, type Value } from './values.ts';

/**
 * A column at rest, and the rows of it that are meant: row r is `values[rows[r]]`, or `values[r]` without `rows`. A row
 * number of -1 is a missing cell (the unmatched side of an outer join). Filtering 218 columns so costs one index.
 */
export interface Vector {
  type: ColumnType;
  values: readonly Value[];
  rows: Int32Array | undefined;
}

/**
 * A column whose cells are made when they are looked at, of those rows alone that are left then: rows may be picked before.
 * They can be made for a time only: `settled` makes those that were not.
 */
export class LateVector implements Vector {
  readonly type: ColumnType;
  readonly #length: number;
  readonly #make: (picked: Int32Array | undefined) => Vector;
  readonly #picked: Int32Array | undefined;
  #made: Vector | undefined;

  /** `make` makes the cells of these rows, or of all; `picked` are those that are meant. */
  constructor(type: ColumnType, length: number, make: (picked: Int32Array | undefined) => Vector, picked?: Int32Array) {
    this.type = type;
    this.#length = length;
    this.#make = make;
    this.#picked = picked;
  }

  get values(): readonly Value[] {
    return this.settled().values;
  }

  get rows(): Int32Array | undefined {
    return this.settled().rows;
  }

  /** The column with its cells. */
  settled(): Vector {
    this.#made ??= this.#make(this.#picked);
    return this.#made;
  }

  /** Some of its rows, still to be made where that makes fewer; undefined where they are there. */
  pick(rows: Int32Array): LateVector | undefined {
    const picked = this.#picked;
    if (this.#made || rows.length >= (picked?.length ?? this.#length)) return undefined;
    const index = new Int32Array(rows.length);
    for (let r = 0; r < rows.length; r++) {
      const at = rows[r] ?? -1;
      if (at < 0) return undefined;
      index[r] = picked ? (picked[at] ?? 0) : at;
    }
    return new LateVector(this.type, this.#length, this.#make, index);
  }
}

/** A column of a table that makes its cells when one is first looked at: once, for all queries. */
class ColumnOfTable implements Vector {
  readonly type: ColumnType;
  readonly rows: Int32Array | undefined;
  readonly #table: Table;
  readonly #place: number;

  constructor(type: ColumnType, table: Table, place: number, rows?: Int32Array) {
    this.type = type;
    this.#table = table;
    this.#place = place;
    this.rows = rows;
  }

  get values(): readonly Value[] {
    return this.#table.data[this.#place] ?? [];
  }

  pick(rows: Int32Array): ColumnOfTable {
    return new ColumnOfTable(this.type, this.#table, this.#place, rows);
  }
}

/** The frame with all of its cells made. */
export function settled(frame: Frame): Frame {
  if (!frame.vectors.some((v) => v instanceof LateVector)) return frame;
  return { ...frame, vectors: frame.vectors.map(settledVector) };
}

const settledVector = (vector: Vector): Vector => (vector instanceof LateVector ? vector.settled() : vector);

/** Rows on their way through the operators. */
export interface Frame {
  names: readonly string[];
  vectors: readonly Vector[];
  length: number;
  /** Whether row order means something, so that row_number() and its kin may be asked. */
  serialized: boolean;
}

/** Rows that any one step may hold; more are refused, not dropped. */
export const MAX_FRAME_ROWS = 16_777_216;

export type Reader = (row: number) => Value;

export function frameOf(table: Table): Frame {
  return {
    names: table.columns.map((c) => c.name),
    vectors: table.columns.map((c, i) =>
      table.late ? new ColumnOfTable(c.type, table, i) : vectorOf(c.type, table.data[i] ?? []),
    ),
    length: table.length,
    serialized: false,
  };
}

export const vectorOf = (type: ColumnType, values: readonly Value[]): Vector => ({ type, values, rows: undefined });

export function reader(vector: Vector): Reader {
  const { values, rows } = vector;
  const none = missing(vector.type);
  if (!rows) return (r) => values[r] ?? none;
  return (r) => {
    const at = rows[r];
    return at === undefined || at < 0 ? none : (values[at] ?? none);
  };
}

/** The frame with only these rows, in this order; -1 makes a row of missing cells. */
export function pick(frame: Frame, rows: Int32Array, serialized = frame.serialized): Frame {
  checkRows(rows.length);
  return { names: frame.names, vectors: pickVectors(frame.vectors, rows), length: rows.length, serialized };
}

export function pickVectors(vectors: readonly Vector[], rows: Int32Array): Vector[] {
  // Columns that share an index go on sharing one.
  const composed = new Map<Int32Array | undefined, Int32Array>([[undefined, rows]]);
  return vectors.map((v) => {
    const late = v instanceof LateVector ? v.pick(rows) : undefined;
    if (late) return late;
    let index = composed.get(v.rows);
    if (!index) {
      const old = v.rows;
      index = new Int32Array(rows.length);
      for (let r = 0; r < rows.length; r++) {
        const at = rows[r] ?? -1;
        index[r] = at < 0 ? -1 : (old?.[at] ?? -1);
      }
      composed.set(v.rows, index);
    }
    return v instanceof ColumnOfTable ? v.pick(index) : { type: v.type, values: v.values, rows: index };
  });
}

/** Some rows of a frame, of whose columns each is picked when it is looked at. */
export function latePick(frame: Frame, rows: Int32Array): Frame {
  const vectors = frame.vectors.map(
    (v) => new LateVector(v.type, rows.length, () => pickVectors([v], rows).map(settledVector)[0] ?? v),
  );
  return { ...frame, vectors, length: rows.length };
}

/** The cells of a vector, in order. */
export function cells(vector: Vector, length: number): Value[] {
  return readCells(reader(vector), length);
}

/** So many cells, in order. */
export function readCells(read: Reader, length: number): Value[] {
  const out: Value[] = new Array(length);
  for (let r = 0; r < length; r++) out[r] = read(r);
  return out;
}

export function tableOf(name: string, frame: Frame): Table {
  return {
    name,
    columns: frame.names.map((n, i): Column => ({ name: n, type: frame.vectors[i]?.type ?? 'dynamic' })),
    data: frame.vectors.map((v) => cells(v, frame.length)),
    length: frame.length,
  };
}

export function checkRows(rows: number): void {
  if (rows > MAX_FRAME_ROWS) {
    throw new KqlError('limit', `The query makes more than ${MAX_FRAME_ROWS} rows in one step.`, []);
  }
}

/** The rows of several frames of the same columns, in order. */
export function concat(frames: readonly Frame[]): Frame {
  const [first, ...more] = frames;
  if (!first) throw new Error('no frames');
  if (more.length === 0) return first;
  const length = frames.reduce((sum, f) => sum + f.length, 0);
  checkRows(length);
  const vectors = first.vectors.map(({ type }, i) =>
    joined(
      type,
      frames.map((f) => ({ vector: f.vectors[i] ?? vectorOf(type, []), length: f.length })),
      length,
    ),
  );
  return { names: first.names, vectors, length, serialized: false };
}

function joined(type: ColumnType, parts: readonly { vector: Vector; length: number }[], length: number): Vector {
  const values = parts[0]?.vector.values ?? [];
  // A column without cells, and one whose parts share what they refer to, stay so.
  if (parts.every(({ vector }) => vector.values.length === 0)) return vectorOf(type, []);
  if (parts.every(({ vector }) => vector.values === values && vector.rows !== undefined)) {
    const rows = new Int32Array(length);
    let at = 0;
    for (const { vector, length: own } of parts) {
      if (vector.rows) rows.set(vector.rows.subarray(0, own), at);
      at += own;
    }
    return { type, values, rows };
  }
  const all: Value[] = new Array(length);
  let at = 0;
  for (const { vector, length: own } of parts) {
    const read = reader(vector);
    for (let r = 0; r < own; r++) all[at++] = read(r);
  }
  return vectorOf(type, all);
}
