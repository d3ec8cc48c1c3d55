import type { Groups } from '../aggregates.ts';
import { checkRows, type Frame, groupRows, vectorOf } from '../frame.ts';
import { child, list, type Node, optional, parameters, resultColumns } from '../language.ts';
import { addLongs, divideLongs, subtractLongs } from '../longs.ts';
import { constantOf, fail, refuse, type Scope, within } from '../scope.ts';
import { isNumeric, keyOf, toDynamic, type Value } from '../values.ts';
import { aggregated, unnamed } from './summarize.ts';

/** The most points of one series. */
const MAX_POINTS = 1_048_576;

/**
 * make-series … on axis from a to b step s: one row for each key, with an array for each aggregate. Points begin at a
 * and end before b; a row belongs to the point at or before it; rows outside are left out.
 */
export function makeSeries(node: Node, input: Frame, outer: Scope): Frame {
  const scope = within(outer, input);
  if (parameters(node).size > 0) refuse('make-series with options', node, scope);
  const range = child(node, 'RangeClause');
  const fromNode = optional(range, 'MakeSeriesFromClause');
  const toNode = optional(range, 'MakeSeriesToClause');
  if (!fromNode || !toNode) return refuse('make-series without from and to', node, scope);
  const axis = scope.run.expression(unnamed(child(child(node, 'OnClause'), 'Expression')), scope);
  const from = constantOf(child(fromNode, 'Expression'), outer).value;
  const to = constantOf(child(toNode, 'Expression'), outer).value;
  const step = constantOf(child(child(range, 'MakeSeriesStepClause'), 'Expression'), outer).value;
  if (
    !isNumeric(from) ||
    !isNumeric(to) ||
    !isNumeric(step) ||
    step <= 0 ||
    axis.type === 'real' ||
    axis.type === 'dynamic'
  ) {
    return refuse('make-series over this axis', node, scope);
  }
  const span = Number(subtractLongs(to, from));
  const points = Math.max(0, Math.ceil(span / Number(step)));
  if (points > MAX_POINTS) fail('limit', `A series of more than ${MAX_POINTS} points.`, node, scope);

  const byClause = optional(node, 'ByClause');
  const keys = (byClause ? list(optional(byClause, 'Expressions')) : []).map((k) =>
    scope.run.expression(unnamed(k), scope),
  );
  const numbered = groupRows(
    keys.map((k) => k.at),
    input.length,
    keyOf,
  );
  const series = keys.length === 0 ? 1 : numbered.first.length;
  checkRows(series * points);
  // Each series has its points and one more, which takes the rows outside.
  const group = new Int32Array(input.length);
  const filled = new Uint8Array(series * (points + 1));
  for (let row = 0; row < input.length; row++) {
    const value = axis.at(row);
    const offset = isNumeric(value) ? subtractLongs(value, from) : -1;
    const point = offset >= 0 ? Number(divideLongs(offset, step)) : points;
    const g = (numbered.group[row] ?? 0) * (points + 1) + Math.min(point, points);
    group[row] = g;
    filled[g] = 1;
  }
  const groups: Groups = { group, count: series * (points + 1), length: input.length };
  const arrays = list(optional(node, 'Aggregates')).map((item) => {
    const value = aggregated(unnamed(child(item, 'Expression')), scope, groups);
    const defaultNode = optional(item, 'DefaultExpression');
    const otherwise: Value = defaultNode ? constantOf(child(defaultNode, 'Expression'), outer).value : 0;
    return Array.from({ length: series }, (_, s) =>
      Array.from({ length: points }, (_p, p) => {
        const g = s * (points + 1) + p;
        return filled[g] ? toDynamic(value.at(g), value.type) : otherwise;
      }),
    );
  });
  const times: Value[] = [];
  let at = from;
  for (let p = 0; p < points; p++) {
    times.push(toDynamic(at, axis.type));
    at = addLongs(at, step);
  }
  const names = resultColumns(node).map((c) => c.name);
  const vectors = [
    ...keys.map((k) =>
      vectorOf(
        k.type,
        numbered.first.map((row) => k.at(row)),
      ),
    ),
    ...arrays.map((a) => vectorOf('dynamic', a)),
    vectorOf(
      'dynamic',
      Array.from({ length: series }, () => times),
    ),
  ];
  if (names.length !== vectors.length) return refuse('This make-series', node, scope);
  return { names, vectors, length: series, serialized: false };
}
