import { AGGREGATES, bestRows, type Groups, nearestRank, sortedValues } from '../aggregates.ts';
import type { Call } from '../call.ts';
import { type Frame, groupRows, pick, pickVectors, reader, type Vector, vectorOf } from '../frame.ts';
import {
  child,
  children,
  list,
  type Node,
  nodeClass,
  optional,
  resultColumns,
  scalarType,
  simpleName,
} from '../language.ts';
import { type Expression, fail, refuse, type Scope, within } from '../scope.ts';
import { keyOf, missing } from '../values.ts';

/** Calls that make several columns and so must be the only one. */
const SEVERAL: ReadonlySet<string> = new Set([
  'arg_max',
  'arg_min',
  'argmax',
  'argmin',
  'percentiles',
  'take_any',
  'any',
]);

export function unnamed(node: Node): Node {
  const kind = nodeClass(node);
  return kind === 'SimpleNamedExpression' || kind === 'CompoundNamedExpression' ? child(node, 'Expression') : node;
}

const calledName = (node: Node): string | undefined =>
  nodeClass(node) === 'FunctionCallExpression' ? simpleName(child(node, 'Name')) : undefined;

export const argumentsOf = (node: Node): Node[] =>
  list(optional(optional(node, 'ArgumentList') ?? node, 'Expressions'));

/** The aggregate calls within an expression, outermost first. */
function aggregateCalls(node: Node): Node[] {
  const name = calledName(node);
  if (name !== undefined && (AGGREGATES.has(name) || SEVERAL.has(name))) return [node];
  return children(node).flatMap(aggregateCalls);
}

/** Binds an expression over aggregates to the groups: row g of the result is group g's value. */
export function aggregated(node: Node, input: Scope, groups: Groups): Expression {
  const computed = new Map<Node, Expression>();
  for (const call of aggregateCalls(node)) computed.set(call, aggregate(call, input, groups));
  const scope: Scope = { ...within(input, undefined), computed };
  return input.run.expression(node, scope);
}

function aggregate(node: Node, input: Scope, groups: Groups): Expression {
  const name = calledName(node) ?? '';
  const implementation = AGGREGATES.get(name);
  if (!implementation) return refuse(`The aggregate '${name}()' within an expression`, node, input);
  const argumentNodes = argumentsOf(node);
  const args = argumentNodes.map((a) => input.run.expression(a, input));
  const type = scalarType(node) ?? args[0]?.type ?? 'dynamic';
  const call: Call = { name, node, argumentNodes, args, type, scope: input };
  const values = implementation(call, groups);
  return { type, constant: false, at: (g) => values[g] ?? missing(type) };
}

export function summarize(node: Node, input: Frame, outer: Scope): Frame {
  const scope = within(outer, input);
  const keyNodes = list(optional(optional(node, 'ByClause') ?? node, 'Expressions'));
  if (optional(optional(node, 'ByClause') ?? node, 'BinClause')) refuse('summarize … bin=', node, scope);
  const by = optional(node, 'ByClause') ? keyNodes : [];
  const keys = by.map((k) => {
    const key = scope.run.expression(unnamed(k), scope);
    if (key.type === 'dynamic')
      fail('semantic', 'A summarize group key is of type dynamic. Please use an explicit cast.', k, scope);
    return key;
  });
  const numbered = groupRows(
    keys.map((k) => k.at),
    input.length,
    keyOf,
  );
  // Without keys there is one group, even of no rows.
  const count = keys.length === 0 ? 1 : numbered.first.length;
  const groups: Groups = { group: numbered.group, count, length: input.length };
  const vectors: Vector[] = keys.map((k) =>
    vectorOf(
      k.type,
      numbered.first.map((row) => k.at(row)),
    ),
  );
  const plainKeys = new Set(by.filter((k) => nodeClass(k) === 'NameReference').map(simpleName));
  for (const item of list(optional(node, 'Aggregates')))
    vectors.push(...columnsOf(unnamed(item), scope, groups, plainKeys));
  const names = resultColumns(node).map((c) => c.name);
  if (names.length !== vectors.length) return refuse('This summarize', node, scope);
  return { names, vectors, length: count, serialized: false };
}

function columnsOf(node: Node, scope: Scope, groups: Groups, plainKeys: ReadonlySet<string>): Vector[] {
  const input = scope.frame;
  const name = calledName(node) ?? '';
  const args = argumentsOf(node);
  if (!input) return [];
  if (name === 'arg_max' || name === 'arg_min' || name === 'argmax' || name === 'argmin') {
    const [first, ...rest] = args;
    if (!first) return refuse(`This ${name}()`, node, scope);
    const value = scope.run.expression(unnamed(first), scope);
    const rows = bestRows(value, groups, name === 'arg_max' || name === 'argmax' ? 1 : -1);
    const sought = nodeClass(first) === 'NameReference' ? simpleName(first) : undefined;
    return [
      atRows(value, rows),
      ...rest.flatMap((r) =>
        nodeClass(r) === 'StarExpression'
          ? starColumns(input, rows, (n) => !plainKeys.has(n) && n !== sought)
          : [atRows(scope.run.expression(unnamed(r), scope), rows)],
      ),
    ];
  }
  if (name === 'percentiles') {
    const [valueNode, ...percents] = args;
    if (!valueNode) return refuse('This percentiles()', node, scope);
    const value = scope.run.expression(valueNode, scope);
    if (value.type === 'dynamic') return refuse('percentiles() of a dynamic', valueNode, scope);
    const sorted = sortedValues(value, groups);
    return percents.map((p) => {
      const percent = Number(scope.run.expression(p, scope).at(0));
      return vectorOf(
        value.type,
        sorted.map((s) => nearestRank(s, percent)),
      );
    });
  }
  if (
    (name === 'take_any' || name === 'any') &&
    (args.length > 1 || args.some((a) => nodeClass(a) === 'StarExpression'))
  ) {
    // Several columns come from one row.
    const rows = new Int32Array(groups.count).fill(-1);
    for (let row = groups.length - 1; row >= 0; row--) rows[groups.group[row] ?? 0] = row;
    return args.flatMap((a) =>
      nodeClass(a) === 'StarExpression'
        ? starColumns(input, rows, (n) => !plainKeys.has(n))
        : [atRows(scope.run.expression(unnamed(a), scope), rows)],
    );
  }
  const value = aggregated(node, scope, groups);
  return [
    vectorOf(
      value.type,
      Array.from({ length: groups.count }, (_, g) => value.at(g)),
    ),
  ];
}

const atRows = (value: Expression, rows: Int32Array): Vector =>
  vectorOf(
    value.type,
    Array.from(rows, (row) => (row < 0 ? missing(value.type) : value.at(row))),
  );

function starColumns(input: Frame, rows: Int32Array, wanted: (name: string) => boolean): Vector[] {
  return pickVectors(
    input.vectors.filter((_, i) => wanted(input.names[i] ?? '')),
    rows,
  );
}

export function distinct(node: Node, input: Frame, outer: Scope): Frame {
  const scope = within(outer, input);
  const given = list(optional(node, 'Expressions'));
  const star = given.length === 1 && given[0] !== undefined && nodeClass(given[0]) === 'StarExpression';
  const columns = star
    ? input.vectors.map((v): Expression => ({ type: v.type, constant: false, at: reader(v) }))
    : given.map((g) => scope.run.expression(unnamed(g), scope));
  const { first } = groupRows(
    columns.map((c) => c.at),
    input.length,
    keyOf,
  );
  const names = star ? input.names : resultColumns(node).map((c) => c.name);
  if (names.length !== columns.length) return refuse('This distinct', node, scope);
  const rows = Int32Array.from(first);
  if (star) return pick(input, rows, false);
  return { names, vectors: columns.map((c) => atRows(c, rows)), length: rows.length, serialized: false };
}

/** The whole column of an expression. */
export function columnFrom(e: Expression, length: number): Vector {
  return vectorOf(
    e.type,
    Array.from({ length }, (_, row) => e.at(row)),
  );
}
