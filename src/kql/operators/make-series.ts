import type { Groups } from '../aggregates.ts';
import { checkRows, type Frame, pick, vectorOf } from '../frame.ts';
import { floorDatetime } from '../functions/dates.ts';
import { groupRows } from '../grouping.ts';
import { child, list, literalText, type Node, nodeClass, optional, parameters, resultColumns } from '../language.ts';
import { addLongs, divideLongs, floorLong, type Long, multiplyLongs, subtractLongs } from '../longs.ts';
import { constantOf, fail, refuse, type Scope, within } from '../scope.ts';
import { isNumeric, toDynamic, type Value } from '../values.ts';
import { aggregated, unnamed } from './summarize.ts';

/** The most points of one series. */
const MAX_POINTS = 1_048_576;

/**
 * make-series … on axis from a to b step s: one row for each key, with an array for each aggregate. Points begin at a
 * and end before b; a row belongs to the point at or before it; rows outside are left out. Without `from` a series
 * begins at the bin of its own first row, without `to` it ends with that of its last.
 */
export function makeSeries(node: Node, input: Frame, outer: Scope): Frame {
  const scope = within(outer, input);
  const kind = parameters(node).get('kind');
  const nonEmpty = kind !== undefined && literalText(kind) === 'nonempty';
  for (const name of parameters(node).keys()) {
    if (name !== 'kind' && !name.startsWith('hint.')) refuse(`make-series ${name}=`, node, scope);
  }
  const range = child(node, 'RangeClause');
  const axis = scope.run.expression(unnamed(child(child(node, 'OnClause'), 'Expression')), scope);
  const constant = (given: Node | undefined): Long | undefined => {
    if (!given) return undefined;
    const { value } = constantOf(given, outer);
    return isNumeric(value) ? value : refuse('make-series over this axis', given, scope);
  };
  const bound = (clause: string): Long | undefined => {
    const given = optional(range, clause);
    return given && constant(child(given, 'Expression'));
  };
  let from = bound('MakeSeriesFromClause');
  let to = bound('MakeSeriesToClause');
  let step = bound('MakeSeriesStepClause');
  const binned = (value: Long, size: Long): Long | null =>
    axis.type === 'datetime' ? floorDatetime(value, size) : floorLong(value, size);
  if (nodeClass(range) === 'MakeSeriesInRangeClause') {
    // The older form: its ends are binned as bin() does, and the last one is a point of the series.
    const [start, stop, size] = list(optional(child(range, 'Arguments'), 'Expressions')).map(constant);
    if (start === undefined || stop === undefined || size === undefined || size <= 0) {
      return refuse('make-series over this range', range, scope);
    }
    step = size;
    from = binned(start, size) ?? start;
    to = addLongs(binned(stop, size) ?? stop, size);
  }
  if (step === undefined || step <= 0 || axis.type === 'real' || axis.type === 'dynamic') {
    return refuse('make-series over this axis', range, scope);
  }
  const size = step;
  const origin = from;
  const floor = (value: Long): Long =>
    (origin === undefined
      ? binned(value, size)
      : addLongs(floorLong(subtractLongs(value, origin), size) ?? 0, origin)) ?? value;

  const byClause = optional(node, 'ByClause');
  const keys = (byClause ? list(optional(byClause, 'Expressions')) : []).map((k) =>
    scope.run.expression(unnamed(k), scope),
  );
  const numbered = groupRows(keys, input.length);
  // Of no rows there is no series, unless kind=nonempty asks for one of defaults (Microsoft Learn, "make-series").
  const series = keys.length === 0 && (input.length > 0 || nonEmpty) ? 1 : numbered.first.length;
  // Where each series begins, and the end that it does not reach.
  const begins: (Long | undefined)[] = new Array(series).fill(from);
  const ends: (Long | undefined)[] = new Array(series).fill(to);
  if (from === undefined || to === undefined) {
    for (let row = 0; row < input.length; row++) {
      const value = axis.at(row);
      if (!isNumeric(value) || (from !== undefined && value < from) || (to !== undefined && value >= to)) continue;
      const s = numbered.group[row] ?? 0;
      const bin = floor(value);
      const [begin, end] = [begins[s], ends[s]];
      if (from === undefined && (begin === undefined || bin < begin)) begins[s] = bin;
      if (to === undefined && (end === undefined || bin >= end)) ends[s] = addLongs(bin, size);
    }
  }
  // Each series has its points and one more place, which takes the rows outside.
  const first = new Float64Array(series + 1);
  const points = begins.map((begin, s) => {
    const end = ends[s];
    const span = begin === undefined || end === undefined ? 0 : Number(subtractLongs(end, begin));
    const count = Math.max(0, Math.ceil(span / Number(size)));
    if (count > MAX_POINTS) fail('limit', `A series of more than ${MAX_POINTS} points.`, node, scope);
    first[s + 1] = (first[s] ?? 0) + count + 1;
    return count;
  });
  const places = first[series] ?? 0;
  checkRows(places);
  const group = new Int32Array(input.length);
  const filled = new Uint8Array(places);
  for (let row = 0; row < input.length; row++) {
    const s = numbered.group[row] ?? 0;
    const value = axis.at(row);
    const begin = begins[s];
    const outside = points[s] ?? 0;
    const offset = isNumeric(value) && begin !== undefined ? subtractLongs(value, begin) : -1;
    const point = offset >= 0 ? Number(divideLongs(offset, size)) : outside;
    const g = (first[s] ?? 0) + Math.min(point, outside);
    group[row] = g;
    filled[g] = 1;
  }
  const groups: Groups = { group, count: places, length: input.length, from: 0 };
  const each = (cell: (place: number, point: number, s: number) => Value): Value[] =>
    points.map((count, s) => Array.from({ length: count }, (_, p) => cell((first[s] ?? 0) + p, p, s)));
  const arrays = list(optional(node, 'Aggregates')).map((item) => {
    const value = aggregated(unnamed(child(item, 'Expression')), scope, groups);
    const defaultNode = optional(item, 'DefaultExpression');
    const otherwise: Value = defaultNode ? constantOf(child(defaultNode, 'Expression'), outer).value : 0;
    return each((g) => (filled[g] ? toDynamic(value.at(g), value.type) : otherwise));
  });
  const times = each((_g, p, s) => toDynamic(addLongs(begins[s] ?? 0, multiplyLongs(size, p)), axis.type));
  const names = resultColumns(node).map((c) => c.name);
  const vectors = [
    ...keys.map((k) =>
      vectorOf(
        k.type,
        numbered.first.map((row) => k.at(row)),
      ),
    ),
    ...arrays.map((a) => vectorOf('dynamic', a)),
    vectorOf('dynamic', times),
  ];
  if (names.length !== vectors.length) return refuse('This make-series', node, scope);
  const made = { names, vectors, length: series, serialized: false };
  // A series without a point is none (kql-to-sql's verdicts of Microsoft's emulator, read 2026-11-30).
  const kept = Int32Array.from(points.keys()).filter((s) => (points[s] ?? 0) > 0);
  return kept.length === series ? made : pick(made, kept);
}
