import { checkRows, type Frame, pick, type Vector, vectorOf } from '../frame.ts';
import { groupRows } from '../grouping.ts';
import { child, literalText, type Node, nodeClass, parameters, resultColumns } from '../language.ts';
import { fail, refuse, type Scope, within } from '../scope.ts';
import { gather, placesOf } from './union.ts';

/** The most partitions of the legacy strategy, which is the default one. */
const LEGACY_PARTITIONS = 64;
const MAX_PARTITIONS = 100_000;

/** partition by: the subquery runs over the rows of each key apart; the result is all of theirs, in order of the keys. */
export function partition(node: Node, input: Frame, outer: Scope): Frame {
  const operand = child(node, 'Operand');
  if (nodeClass(operand) !== 'PartitionSubquery') return refuse('partition over another source', operand, outer);
  const strategyNode = parameters(node).get('hint.strategy');
  const strategy = strategyNode ? literalText(strategyNode) : 'legacy';
  const key = outer.run.expression(child(node, 'ByExpression'), within(outer, input));
  if (key.type === 'dynamic')
    fail('semantic', 'partition cannot split by a dynamic.', child(node, 'ByExpression'), outer);
  const { group, first } = groupRows([key], input.length);
  const most = strategy === 'legacy' ? LEGACY_PARTITIONS : MAX_PARTITIONS;
  if (first.length > most) {
    fail('limit', `partition makes ${first.length} parts, more than ${most}; see hint.strategy.`, node, outer);
  }
  const rowsOf = first.map((): number[] => []);
  for (let row = 0; row < input.length; row++) rowsOf[group[row] ?? 0]?.push(row);
  const subquery = child(operand, 'Subquery');
  const parts = rowsOf.map((rows, i) => ({
    label: `union_arg${i}`,
    frame: outer.run.tabular(subquery, within(outer, undefined), pick(input, Int32Array.from(rows))),
  }));
  const length = parts.reduce((sum, part) => sum + part.frame.length, 0);
  checkRows(length);
  const columns = resultColumns(node);
  const places = placesOf(parts, columns);
  return {
    names: columns.map((c) => c.name),
    vectors: columns.map((c): Vector => vectorOf(c.type, gather(parts, c, places.get(c), length))),
    length,
    serialized: false,
  };
}
