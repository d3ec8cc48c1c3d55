import { cells, type Frame, vectorOf } from './frame.ts';
import type { Long } from './longs.ts';
import type { ColumnType } from './types.ts';
import { type Bag, Instant, type Value } from './values.ts';

/**
 * Cells as they travel between threads: what can be cloned travels as it is; arrays, bags (which have no prototype) and
 * instants as arrays that begin with their kind.
 */
export type Packed = null | boolean | number | bigint | string | Packed[];

const ARRAY = 0;
const BAG = 1;
const INSTANT = 2;

export function packed(value: Value): Packed {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return [ARRAY, ...value.map(packed)];
  if (value instanceof Instant) return [INSTANT, value.type, value.ticks];
  const out: Packed[] = [BAG];
  for (const [key, inner] of Object.entries(value)) out.push(key, packed(inner));
  return out;
}

export function unpacked(value: Packed): Value {
  if (!Array.isArray(value)) return value;
  const [kind, ...rest] = value;
  if (kind === ARRAY) return rest.map(unpacked);
  if (kind === INSTANT) return new Instant(rest[0] === 'datetime' ? 'datetime' : 'timespan', rest[1] as Long);
  const bag: Bag = Object.create(null);
  for (let i = 0; i < rest.length; i += 2) bag[String(rest[i])] = unpacked(rest[i + 1] ?? null);
  return bag;
}

/** Cells of a column, ready to travel; only a dynamic can hold what does not travel as it is. */
export const packedCells = (type: ColumnType, cells: readonly Value[]): Packed[] =>
  type === 'dynamic' ? cells.map(packed) : (cells as Packed[]);

export const unpackedCells = (type: ColumnType, cells: readonly Packed[]): Value[] =>
  type === 'dynamic' ? cells.map(unpacked) : (cells as Value[]);

export interface PackedFrame {
  names: readonly string[];
  columns: { type: ColumnType; cells: Packed[] }[];
  length: number;
  serialized: boolean;
}

export function packedFrame({ names, vectors, length, serialized }: Frame): PackedFrame {
  const columns = vectors.map((vector) => ({
    type: vector.type,
    cells: vector.values.length === 0 ? [] : packedCells(vector.type, cells(vector, length)),
  }));
  return { names, columns, length, serialized };
}

export const unpackedFrame = ({ names, columns, length, serialized }: PackedFrame): Frame => ({
  names,
  vectors: columns.map(({ type, cells }) => vectorOf(type, unpackedCells(type, cells))),
  length,
  serialized,
});
