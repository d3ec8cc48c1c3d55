import { concat, type Frame, pick, readCells } from '../frame.ts';
import { child, list, type Node, nodeClass, optional, tokenText } from '../language.ts';
import { type PackedFrame, packedFrame, unpackedFrame } from '../packed.ts';
import type { Reducer } from '../rows.ts';
import { type Expression, fail, type Scope, within } from '../scope.ts';
import { compareValues, type Value } from '../values.ts';
import { PIECE } from '../work.ts';

interface Key {
  value: Expression;
  ascending: boolean;
  nullsFirst: boolean;
}

/** Descending by default; null is the least value by default. */
function keyFrom(node: Node, scope: Scope): Key {
  const ordered = nodeClass(node) === 'OrderedExpression';
  const ordering = ordered ? optional(node, 'Ordering') : undefined;
  const value = scope.run.expression(ordered ? child(node, 'Expression') : node, scope);
  if (value.type === 'dynamic') fail('semantic', "order operator: key can't be of dynamic type.", node, scope);
  const ascending = ordering !== undefined && tokenText(ordering, 'AscOrDescKeyword').startsWith('asc');
  const nulls = ordering && optional(ordering, 'NullsClause');
  const place = nulls ? tokenText(nulls, 'FirstOrLastKeyword') : '';
  return { value, ascending, nullsFirst: place === 'first' || (place !== 'last' && ascending) };
}

/** Compares two rows of a frame by keys; equal ones keep the order they had. */
function comparer(frame: Frame, keys: readonly Key[]): (x: number, y: number) => number {
  const columns = keys.map((key) => ({ key, cells: readCells(key.value.at, frame.length) }));
  return (x, y) => {
    for (const { key, cells } of columns) {
      const by = orderOf(cells[x] ?? null, cells[y] ?? null, key.ascending, key.nullsFirst);
      if (by !== 0) return by;
    }
    return x - y;
  };
}

/** Which of two cells comes first: below 0 where it is the first one. */
function orderOf(a: Value, b: Value, ascending: boolean, nullsFirst: boolean): number {
  if (a === b) return 0;
  if (a === null || b === null) return (a === null) === nullsFirst ? -1 : 1;
  const by = compareValues(a, b);
  // NaN, the least of all, is beside the nulls, whatever the direction (Microsoft Learn, "sort operator", read 2026-11-30).
  if (ascending !== nullsFirst && by !== 0 && (Number.isNaN(a) || Number.isNaN(b))) return ascending ? -by : by;
  return ascending ? by : -by;
}

/** The first `count` rows in order, found with a heap of that many. */
function firstRows(length: number, count: number, compare: (x: number, y: number) => number): Int32Array {
  if (count >= length) return Int32Array.from({ length }, (_, i) => i).sort(compare);
  // The last row in order is at the top.
  const heap = Int32Array.from({ length: count }, (_, i) => i).sort((x, y) => compare(y, x));
  for (let row = count; row < length && count > 0; row++) {
    if (compare(row, heap[0] ?? 0) > 0) continue;
    let at = 0;
    for (;;) {
      let below = 2 * at + 1;
      if (below >= count) break;
      if (below + 1 < count && compare(heap[below + 1] ?? 0, heap[below] ?? 0) > 0) below += 1;
      if (compare(row, heap[below] ?? 0) > 0) break;
      heap[at] = heap[below] ?? 0;
      at = below;
    }
    heap[at] = row;
  }
  return heap.sort(compare);
}

export function sort(node: Node, input: Frame, outer: Scope): Frame {
  return best(sortKeys(node), input.length, input, outer);
}

/** The first rows of an order: `top`, and a `sort` that a `take` follows. Of rows that come in pieces only those are kept. */
export function firstInOrder(keyNodes: readonly Node[], count: number, outer: Scope): Reducer {
  let kept: Frame | undefined;
  /** The places of those that are kept among all rows, where parts are made of some. */
  let places: Float64Array | undefined;
  const others: { frame: PackedFrame; places: Float64Array }[] = [];
  return {
    add(whole, at) {
      const left = kept && kept.length === count ? notAfter(keyNodes, kept, whole, outer) : undefined;
      if (left?.length === 0) return;
      const piece = left ? pick(whole, left) : whole;
      if (at !== undefined) {
        const from = at * PIECE;
        const { frame, rows } = bestRows(keyNodes, count, piece, outer);
        const own = Float64Array.from(rows, (row) => from + (left ? (left[row] ?? 0) : row));
        [kept, places] = kept && places ? merged(keyNodes, count, outer, [kept, frame], [places, own]) : [frame, own];
        return;
      }
      // Rows that are kept come before: of equal ones the first stay.
      const all = kept === undefined ? piece : concat([kept, best(keyNodes, count, piece, outer)]);
      kept = best(keyNodes, count, all, outer);
    },
    result: () => {
      if (kept && places && others.length > 0) {
        const frames = [kept, ...others.map(({ frame }) => unpackedFrame(frame))];
        [kept, places] = merged(keyNodes, count, outer, frames, [places, ...others.map((one) => one.places)]);
      }
      return kept ?? { names: [], vectors: [], length: 0, serialized: true };
    },
    parts: () => ({
      take: () => kept && { frame: packedFrame(kept), places },
      join: (part) => {
        if (part) others.push(part as { frame: PackedFrame; places: Float64Array });
      },
    }),
  };
}

/**
 * The rows of a piece that may come before the last of those that are kept, by their first key alone; undefined where that
 * is no plain column, or where it would leave most rows.
 */
function notAfter(keyNodes: readonly Node[], kept: Frame, piece: Frame, outer: Scope): Int32Array | undefined {
  const [node] = keyNodes;
  const plain = node && nodeClass(node) === 'OrderedExpression' ? child(node, 'Expression') : node;
  if (!node || !plain || nodeClass(plain) !== 'NameReference' || piece.serialized) return undefined;
  const last = keyFrom(node, within(outer, kept)).value.at(kept.length - 1);
  const { value, ascending, nullsFirst } = keyFrom(node, within(outer, piece));
  const { at } = value;
  const rows = new Int32Array(piece.length >> 1);
  let left = 0;
  for (let row = 0; row < piece.length; row++) {
    const own = at(row);
    if (typeof own === 'number' && typeof last === 'number') {
      if (ascending ? own > last : own < last) continue;
      if (Number.isNaN(own) && orderOf(own, last, ascending, nullsFirst) > 0) continue;
    } else if (orderOf(own, last, ascending, nullsFirst) > 0) continue;
    if (left === rows.length) return undefined;
    rows[left++] = row;
  }
  return rows.slice(0, left);
}

/** The first of the rows of several frames, of equal ones those that come first among all. */
function merged(
  keyNodes: readonly Node[],
  count: number,
  outer: Scope,
  frames: readonly Frame[],
  places: readonly Float64Array[],
): [Frame, Float64Array] {
  const of = Float64Array.from(places.flatMap((own) => [...own]));
  const order = Int32Array.from(of.keys()).sort((a, b) => (of[a] ?? 0) - (of[b] ?? 0));
  const { frame, rows } = bestRows(keyNodes, count, pick(concat(frames), order), outer);
  return [frame, Float64Array.from(rows, (row) => of[order[row] ?? 0] ?? 0)];
}

const best = (keyNodes: readonly Node[], count: number, frame: Frame, outer: Scope): Frame =>
  bestRows(keyNodes, count, frame, outer).frame;

/** The first rows of an order, with their numbers among the rows of the frame. */
function bestRows(
  keyNodes: readonly Node[],
  count: number,
  frame: Frame,
  outer: Scope,
): { frame: Frame; rows: Int32Array } {
  const scope = within(outer, frame);
  const keys = keyNodes.map((e) => keyFrom(e, scope));
  const rows = firstRows(frame.length, count, comparer(frame, keys));
  return { frame: pick(frame, rows, true), rows };
}

export const topKeys = (node: Node): Node[] => [child(node, 'ByExpression')];
export const sortKeys = (node: Node): Node[] => list(optional(node, 'Expressions'));

/** The first rows as they come. */
export function firstTaken(count: number): Reducer {
  const pieces: Frame[] = [];
  let length = 0;
  return {
    add(piece) {
      const most = Math.min(piece.length, count - length);
      if (pieces.length > 0 && most === 0) return;
      pieces.push(
        pick(
          piece,
          Int32Array.from({ length: most }, (_, i) => i),
        ),
      );
      length += most;
    },
    full: () => length >= count,
    result: () => concat(pieces),
  };
}
