import type { Groups } from './aggregates.ts';
import { type Frame, pick, type Vector, vectorOf } from './frame.ts';
import { Grouping, type Key } from './grouping.ts';
import { type Packed, packedCells, unpackedCells } from './packed.ts';
import type { ColumnType } from './types.ts';
import type { Value } from './values.ts';
import { PIECE } from './work.ts';

/** The groups of some rows as plain data: their keys by columns, and the places of their first rows among all. */
export interface GroupsPart {
  keys: { type: ColumnType; cells: Packed[] }[];
  first: number[];
}

/** The groups of rows by their keys, with the cells of the keys, in the order in which the rows come. */
export class GroupRows {
  readonly #grouping = new Grouping();
  readonly #keys: { type: ColumnType; cells: Value[] }[];
  /** The place of the first row of each group among all rows. */
  readonly #first: number[] = [];
  #joined = false;

  constructor(keys: number) {
    this.#keys = Array.from({ length: keys }, () => ({ type: 'dynamic', cells: [] }));
  }

  /** Without keys there is one group, even of no rows. */
  get count(): number {
    return this.#keys.length === 0 ? 1 : this.#grouping.count;
  }

  /** Numbers the rows of a piece, the `at`th of all. */
  add(keys: readonly (Key & { type: ColumnType })[], length: number, at = 0): Groups {
    const { group, first } = this.#grouping.number(keys, length);
    const from = at * PIECE;
    for (const row of first) this.#first.push(from + row);
    keys.forEach((key, k) => {
      const known = this.#keys[k];
      if (!known) return;
      known.type = key.type;
      for (const row of first) known.cells.push(key.at(row));
    });
    return { group, count: this.count, length, from };
  }

  vectors(): Vector[] {
    return this.#keys.map(({ type, cells }) => vectorOf(type, cells));
  }

  take(): GroupsPart {
    return {
      keys: this.#keys.map(({ type, cells }) => ({ type, cells: packedCells(type, cells) })),
      first: this.#first,
    };
  }

  /** Takes the groups of other rows; gives the number here of each. */
  join({ keys, first }: GroupsPart): Int32Array {
    this.#joined = true;
    if (keys.length === 0) return new Int32Array(1);
    const cells = keys.map(({ type, cells: given }) => unpackedCells(type, given));
    const before = this.count;
    const { group } = this.#grouping.number(
      cells.map((values) => ({ at: (row: number) => values[row] ?? null })),
      first.length,
    );
    group.forEach((g, i) => {
      const place = first[i] ?? 0;
      if (g < before && place > (this.#first[g] ?? 0)) return;
      // Equal keys may be written in two ways (0 and -0): that of the first row stays.
      this.#first[g] = place;
      this.#keys.forEach((key, k) => {
        key.type = keys[k]?.type ?? key.type;
        key.cells[g] = cells[k]?.[i] ?? null;
      });
    });
    return group;
  }

  /** Rows of which each is a group's, in the order in which the groups begin. */
  inOrder(frame: Frame): Frame {
    if (!this.#joined || this.#keys.length === 0) return frame;
    const first = this.#first;
    const order = Int32Array.from({ length: frame.length }, (_, g) => g);
    return pick(
      frame,
      order.sort((a, b) => (first[a] ?? 0) - (first[b] ?? 0)),
    );
  }
}
