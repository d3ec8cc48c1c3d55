import type { Groups } from '../aggregates.ts';
import { type Frame, pick, vectorOf } from '../frame.ts';
import { groupRows } from '../grouping.ts';
import { child, list, type Node, nodeClass, optional, resultColumns, tokenText } from '../language.ts';
import { constantCount, refuse, type Scope, within } from '../scope.ts';
import type { ColumnType } from '../types.ts';
import { compareValues, type Value } from '../values.ts';
import { aggregated, unnamed } from './summarize.ts';

interface Level {
  types: [ColumnType, ColumnType];
  /** Value and aggregate of each row that is left. */
  cells: [Value[], Value[]];
}

/**
 * top-nested: within every group of the level above, the values of an expression with the greatest (or least) aggregates.
 * The rows of the others are left out of the levels below.
 */
export function topNested(node: Node, input: Frame, outer: Scope): Frame {
  let frame = input;
  let parents = new Int32Array(input.length);
  const levels: Level[] = [];
  for (const clause of list(optional(node, 'Clauses'))) {
    if (optional(clause, 'WithOthersClause')) refuse('top-nested … with others', clause, outer);
    const { kept, groups, level } = clauseLevel(clause, frame, parents, outer);
    for (const before of levels) before.cells = [at(before.cells[0], kept), at(before.cells[1], kept)];
    levels.push(level);
    frame = pick(frame, kept);
    parents = groups;
  }
  // One row for each group of the last level.
  const { first } = groupRows([{ at: (row) => parents[row] ?? 0 }], frame.length);
  const names = resultColumns(node).map((c) => c.name);
  const vectors = levels.flatMap(({ types, cells }) =>
    cells.map((values, i) => vectorOf(types[i === 0 ? 0 : 1], at(values, Int32Array.from(first)))),
  );
  if (names.length !== vectors.length) return refuse('This top-nested', node, outer);
  return { names, vectors, length: first.length, serialized: false };
}

const at = (values: readonly Value[], rows: Int32Array): Value[] => Array.from(rows, (row) => values[row] ?? null);

function clauseLevel(clause: Node, frame: Frame, parents: Int32Array, outer: Scope) {
  const scope = within(outer, frame);
  const value = scope.run.expression(unnamed(child(clause, 'OfExpression')), scope);
  const by = child(clause, 'ByExpression');
  const ordered = nodeClass(by) === 'OrderedExpression';
  const ordering = ordered ? optional(by, 'Ordering') : undefined;
  const sign = ordering && tokenText(ordering, 'AscOrDescKeyword') === 'asc' ? 1 : -1;
  const numbered = groupRows([{ at: (row) => parents[row] ?? 0 }, value], frame.length);
  const groups: Groups = { group: numbered.group, count: numbered.first.length, length: frame.length, from: 0 };
  const aggregate = aggregated(unnamed(ordered ? child(by, 'Expression') : by), scope, groups);
  const limit = optional(clause, 'Expression');
  const most = limit ? constantCount(limit, outer) : Number.POSITIVE_INFINITY;
  const within0 = new Map<number, number[]>();
  numbered.first.forEach((row, g) => {
    const parent = parents[row] ?? 0;
    within0.set(parent, [...(within0.get(parent) ?? []), g]);
  });
  const order = (a: number, b: number): number => {
    const [x, y] = [aggregate.at(a), aggregate.at(b)];
    // Null is least in either direction.
    if (x === null || y === null) return x === y ? 0 : x === null ? 1 : -1;
    return compareValues(x, y) * sign;
  };
  const chosen = new Set([...within0.values()].flatMap((gs) => gs.toSorted(order).slice(0, most)));
  const kept = Int32Array.from(
    Array.from({ length: frame.length }, (_, row) => row).filter((row) => chosen.has(numbered.group[row] ?? 0)),
  );
  const group = (row: number): number => numbered.group[row] ?? 0;
  const level: Level = {
    types: [value.type, aggregate.type],
    cells: [Array.from(kept, (row) => value.at(row)), Array.from(kept, (row) => aggregate.at(group(row)))],
  };
  return { kept, groups: Int32Array.from(kept, group), level };
}
