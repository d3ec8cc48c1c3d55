import { type Frame, vectorOf } from '../frame.ts';
import { groupRows } from '../grouping.ts';
import { child, type Node, optional, resultColumns } from '../language.ts';
import { addLongs, type Long } from '../longs.ts';
import { constantCount, refuse, type Scope, within } from '../scope.ts';
import { isNumeric, type Value } from '../values.ts';

/** sample-distinct: some distinct values of an expression; here the first, so that the answer is repeatable. */
export function sampleDistinct(node: Node, input: Frame, outer: Scope): Frame {
  const count = constantCount(child(node, 'Expression'), outer);
  const value = outer.run.expression(child(node, 'OfExpression'), within(outer, input));
  const first = groupRows([value], input.length).first.slice(0, count);
  return {
    names: resultColumns(node).map((c) => c.name),
    vectors: [
      vectorOf(
        value.type,
        first.map((row) => value.at(row)),
      ),
    ],
    length: first.length,
    serialized: false,
  };
}

/** top-hitters: the values that come most often, or have the greatest sum; exact here, where Kusto may estimate. */
export function topHitters(node: Node, input: Frame, outer: Scope): Frame {
  const scope = within(outer, input);
  const count = constantCount(child(node, 'Expression'), outer);
  const value = scope.run.expression(child(node, 'OfExpression'), scope);
  const clause = optional(node, 'ByClause');
  const weight = clause ? scope.run.expression(child(clause, 'Expression'), scope) : undefined;
  if (weight && !['int', 'long', 'real'].includes(weight.type)) refuse(`top-hitters by a ${weight.type}`, node, outer);
  const { group, first } = groupRows([value], input.length);
  const sums = first.map((): Long => 0);
  for (let row = 0; row < input.length; row++) {
    const g = group[row] ?? 0;
    const add: Value = weight ? weight.at(row) : 1;
    if (!isNumeric(add)) continue;
    const sum = sums[g] ?? 0;
    sums[g] = weight?.type === 'real' ? Number(sum) + Number(add) : addLongs(sum, add);
  }
  const best = [...first.keys()].sort((a, b) => Number(sums[b] ?? 0) - Number(sums[a] ?? 0) || a - b).slice(0, count);
  const columns = resultColumns(node);
  return {
    names: columns.map((c) => c.name),
    vectors: [
      vectorOf(
        value.type,
        best.map((g) => value.at(first[g] ?? 0)),
      ),
      vectorOf(
        columns[1]?.type ?? 'long',
        best.map((g) => sums[g] ?? 0),
      ),
    ],
    length: best.length,
    serialized: true,
  };
}
