import { concat, type Frame, pick } from '../frame.ts';
import { child, list, type Node, nodeClass, optional, tokenText } from '../language.ts';
import type { Reducer } from '../rows.ts';
import { type Expression, fail, type Scope, within } from '../scope.ts';
import { compareValues } from '../values.ts';

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
  const columns = keys.map((key) => ({ key, cells: Array.from({ length: frame.length }, (_, i) => key.value.at(i)) }));
  return (x, y) => {
    for (const { key, cells } of columns) {
      const a = cells[x] ?? null;
      const b = cells[y] ?? null;
      if (a === b) continue;
      if (a === null || b === null) return (a === null) === key.nullsFirst ? -1 : 1;
      const by = compareValues(a, b);
      if (by !== 0) return key.ascending ? by : -by;
    }
    return x - y;
  };
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
  return {
    add(piece) {
      // Rows that are kept come before: of equal ones the first stay.
      const all = kept === undefined ? piece : concat([kept, best(keyNodes, count, piece, outer)]);
      kept = best(keyNodes, count, all, outer);
    },
    result: () => kept ?? { names: [], vectors: [], length: 0, serialized: true },
  };
}

function best(keyNodes: readonly Node[], count: number, frame: Frame, outer: Scope): Frame {
  const scope = within(outer, frame);
  const keys = keyNodes.map((e) => keyFrom(e, scope));
  return pick(frame, firstRows(frame.length, count, comparer(frame, keys)), true);
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
