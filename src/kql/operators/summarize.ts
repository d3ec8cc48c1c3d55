import {
  type Accumulator,
  AGGREGATES,
  type Aggregate,
  BestRows,
  type Groups,
  percentilesArray,
  percentileswArray,
  type StateParts,
} from '../aggregates.ts';
import type { Call } from '../call.ts';
import { readCells, reader, type Vector, vectorOf } from '../frame.ts';
import { GroupRows, type GroupsPart } from '../group-rows.ts';
import {
  argumentsOf,
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
import type { Packed } from '../packed.ts';
import { packedCells, unpackedCells } from '../packed.ts';
import type { Parts, Reducer } from '../rows.ts';
import { type Expression, fail, refuse, type Scope, within } from '../scope.ts';
import type { ColumnType } from '../types.ts';
import { missing, type Value } from '../values.ts';

/** Calls that make several columns and so must be the only one. */
const SEVERAL: ReadonlySet<string> = new Set([
  'arg_max',
  'arg_min',
  'argmax',
  'argmin',
  'percentiles',
  'percentilesw',
  'take_any',
  'any',
]);

export function unnamed(node: Node): Node {
  const kind = nodeClass(node);
  return kind === 'SimpleNamedExpression' || kind === 'CompoundNamedExpression' ? child(node, 'Expression') : node;
}

const calledName = (node: Node): string | undefined =>
  nodeClass(node) === 'FunctionCallExpression' ? simpleName(child(node, 'Name')) : undefined;

/** The aggregate calls within an expression, outermost first. */
function aggregateCalls(node: Node): Node[] {
  const name = calledName(node);
  if (name !== undefined && (AGGREGATES.has(name) || SEVERAL.has(name))) return [node];
  return children(node).flatMap(aggregateCalls);
}

/** What one item of a summarize makes of rows that come in pieces: one column, or several. */
interface Item {
  /** `scope` is that of the rows which `groups` numbers. */
  add(scope: Scope, groups: Groups): void;
  vectors(count: number): Vector[];
  /** Where what it made of some rows and of others can be put together. */
  parts?: StateParts | undefined;
}

/** Binds an expression over aggregates to the groups: row g of the result is group g's value. */
export function aggregated(node: Node, input: Scope, groups: Groups): Expression {
  const aggregates = new Aggregates(node, input);
  aggregates.add(input, groups);
  return aggregates.expression(groups.count);
}

/** An expression over aggregates, whose rows come in pieces. */
class Aggregates implements Item {
  readonly #node: Node;
  readonly #calls: { node: Node; type: ColumnType; accumulator: Accumulator }[];
  readonly parts: StateParts | undefined;
  #scope: Scope;

  constructor(node: Node, scope: Scope) {
    this.#node = node;
    this.#scope = scope;
    this.#calls = aggregateCalls(node).map((called) => {
      const implementation = AGGREGATES.get(calledName(called) ?? '');
      if (!implementation) return refuse(`The aggregate '${calledName(called)}()' within an expression`, called, scope);
      const call = callOf(called, scope);
      return { node: called, type: call.type, accumulator: implementation(call) };
    });
    this.parts = partsOfAll(this.#calls.map(({ accumulator }) => accumulator.parts));
  }

  add(scope: Scope, groups: Groups): void {
    this.#scope = scope;
    for (const { node, accumulator } of this.#calls) accumulator.add(callOf(node, scope), groups);
  }

  expression(count: number): Expression {
    const computed = new Map<Node, Expression>();
    for (const { node, type, accumulator } of this.#calls) {
      const values = accumulator.values(count);
      computed.set(node, { type, constant: false, at: (g) => values[g] ?? missing(type) });
    }
    const scope: Scope = { ...within(this.#scope, undefined), computed };
    return scope.run.expression(this.#node, scope);
  }

  vectors(count: number): Vector[] {
    return [columnFrom(this.expression(count), count)];
  }
}

/** The states of several, one list each; undefined where one of them has none. */
function partsOfAll(all: readonly (StateParts | undefined)[]): StateParts | undefined {
  const parts = all.filter((one) => one !== undefined);
  if (parts.length < all.length) return undefined;
  return {
    take: () => parts.map((one) => one.take()),
    join: (lists, into) => {
      parts.forEach((one, i) => {
        one.join(lists[i] as unknown[], into);
      });
    },
  };
}

function callOf(node: Node, scope: Scope): Call {
  const argumentNodes = argumentsOf(node);
  const args = argumentNodes.map((a) => scope.run.expression(a, scope));
  const type = scalarType(node) ?? args[0]?.type ?? 'dynamic';
  return { name: calledName(node) ?? '', node, argumentNodes, args, type, scope };
}

/** Finds one row of each group. */
interface Chooser {
  /** The row of each group that takes the place of the one before; -1 where there is none. */
  add(scope: Scope, groups: Groups): Int32Array;
  /** A value by which the row of each group was chosen, as plain data. */
  reasons(): Packed[];
  /** Takes a row from elsewhere: above 0 where it is better than that of the group, 0 where the earlier one is. */
  offer(g: number, reason: Packed): number;
}

/** Cells of one row of each group: that with the greatest or least value, or the first. */
class ChosenRows implements Item {
  readonly #chooser: Chooser;
  readonly #columns: (scope: Scope) => Expression[];
  readonly #cells: { type: ColumnType; values: Value[] }[];
  /** The place of each group's row among all rows. */
  readonly #places: number[] = [];
  readonly parts: StateParts;

  constructor(chooser: Chooser, columns: (scope: Scope) => Expression[], scope: Scope) {
    this.#chooser = chooser;
    this.#columns = columns;
    this.#cells = columns(scope).map(({ type }) => ({ type, values: [] }));
    this.parts = { take: () => this.#taken(), join: (states, into) => this.#join(states, into) };
  }

  add(scope: Scope, groups: Groups): void {
    const rows = this.#chooser.add(scope, groups);
    rows.forEach((row, g) => {
      if (row >= 0) this.#places[g] = groups.from + row;
    });
    this.#columns(scope).forEach(({ at }, i) => {
      const values = this.#cells[i]?.values ?? [];
      rows.forEach((row, g) => {
        if (row >= 0) values[g] = at(row);
      });
    });
  }

  vectors(count: number): Vector[] {
    return this.#cells.map(({ type, values }) =>
      vectorOf(
        type,
        Array.from({ length: count }, (_, g) => values[g] ?? missing(type)),
      ),
    );
  }

  #taken(): unknown[] {
    const cells = this.#cells.map(({ type, values }) => packedCells(type, values));
    return [this.#places, this.#chooser.reasons(), ...cells];
  }

  #join([places, reasons, ...cells]: readonly unknown[], into: Int32Array): void {
    const given = this.#cells.map(({ type }, i) => unpackedCells(type, (cells[i] ?? []) as Packed[]));
    (places as number[]).forEach((place, i) => {
      const g = into[i] ?? 0;
      const order = this.#chooser.offer(g, (reasons as Packed[])[i] ?? null);
      if (order < 0 || (order === 0 && place > (this.#places[g] ?? Number.POSITIVE_INFINITY))) return;
      this.#places[g] = place;
      this.#cells.forEach(({ values, type }, c) => {
        values[g] = given[c]?.[i] ?? missing(type);
      });
    });
  }
}

/** Group after group, as the rows come. */
export function summarizer(node: Node, outer: Scope): Reducer {
  const by = optional(node, 'ByClause') ? list(optional(child(node, 'ByClause'), 'Expressions')) : [];
  if (optional(optional(node, 'ByClause') ?? node, 'BinClause')) refuse('summarize … bin=', node, outer);
  const plainKeys = new Set(by.flatMap((key) => plainKey(key) ?? []));
  const groups = new GroupRows(by.length);
  let items: Item[] | undefined;
  const parts = (): Parts | undefined => {
    const all = partsOfAll((items ?? []).map((item) => item.parts));
    if (!all || !items) return undefined;
    return {
      take: () => [groups.take(), all.take()],
      join: (part) => {
        const [ofGroups, states] = part as [GroupsPart, unknown[]];
        all.join(states, groups.join(ofGroups));
      },
    };
  };
  return {
    add(frame, at) {
      const scope = within(outer, frame);
      const keys = by.map((k) => keyOf(k, scope));
      items ??= list(optional(node, 'Aggregates')).map((item) => itemOf(unnamed(item), scope, plainKeys));
      const numbered = groups.add(keys, frame.length, at);
      for (const item of items) item.add(scope, numbered);
    },
    result() {
      const { count } = groups;
      const vectors = [...groups.vectors(), ...(items ?? []).flatMap((item) => item.vectors(count))];
      const names = resultColumns(node).map((c) => c.name);
      if (names.length !== vectors.length) return refuse('This summarize', node, outer);
      return groups.inOrder({ names, vectors, length: count, serialized: false });
    },
    parts,
  };
}

function keyOf(node: Node, scope: Scope): Expression {
  const key = scope.run.expression(unnamed(node), scope);
  if (key.type === 'dynamic')
    fail('semantic', 'A summarize group key is of type dynamic. Please use an explicit cast.', node, scope);
  return key;
}

const CONVERSION = /^to(?:string|int|long|real|double|bool|boolean|datetime|timespan|guid|dynamic)$/;

/** The column that a key is, under whatever name, also as a conversion to its own type: a star leaves it out. */
function plainKey(key: Node): string | undefined {
  let node = unnamed(key);
  while (nodeClass(node) === 'ParenthesizedExpression') node = child(node, 'Expression');
  if (nodeClass(node) === 'NameReference') return simpleName(node);
  if (nodeClass(node) !== 'FunctionCallExpression' || !CONVERSION.test(simpleName(child(node, 'Name'))))
    return undefined;
  const [only] = argumentsOf(node);
  const type = only && nodeClass(only) === 'NameReference' ? scalarType(only) : undefined;
  return only && type !== undefined && type === scalarType(node) ? simpleName(only) : undefined;
}

function itemOf(node: Node, scope: Scope, plainKeys: ReadonlySet<string>): Item {
  const name = calledName(node) ?? '';
  const args = argumentsOf(node);
  if (/^arg_?(max|min)$/.test(name)) return extremeRows(node, name.endsWith('max') ? 1 : -1, scope, plainKeys);
  if (name === 'percentiles') return percentileColumns(node, percentilesArray, 1, scope);
  if (name === 'percentilesw') return percentileColumns(node, percentileswArray, 2, scope);
  if (
    (name === 'take_any' || name === 'any') &&
    (args.length > 1 || args.some((a) => nodeClass(a) === 'StarExpression'))
  ) {
    return new ChosenRows(firstRows(), (inner) => args.flatMap((a) => columnsAt(a, inner, plainKeys)), scope);
  }
  return new Aggregates(node, scope);
}

/** The first row of each group: several columns of any row come from one. */
function firstRows(): Chooser {
  const known: boolean[] = [];
  return {
    add: (_scope, { group, count, length }) => {
      const rows = new Int32Array(count).fill(-1);
      for (let row = length - 1; row >= 0; row--) {
        const g = group[row] ?? 0;
        if (!known[g]) rows[g] = row;
      }
      rows.forEach((row, g) => {
        if (row >= 0) known[g] = true;
      });
      return rows;
    },
    reasons: () => [],
    offer: (g) => {
      const order = known[g] ? 0 : 1;
      known[g] = true;
      return order;
    },
  };
}

/** arg_max() and arg_min(): the sought value, and the other columns of its row. */
function extremeRows(node: Node, sign: 1 | -1, first: Scope, plainKeys: ReadonlySet<string>): Item {
  const [soughtNode, ...rest] = argumentsOf(node);
  if (!soughtNode) return refuse(`This ${calledName(node)}()`, node, first);
  const sought = nodeClass(soughtNode) === 'NameReference' ? simpleName(soughtNode) : undefined;
  const value = (scope: Scope): Expression => scope.run.expression(unnamed(soughtNode), scope);
  const best = new BestRows(sign);
  const others = new Set([...plainKeys, ...(sought === undefined ? [] : [sought])]);
  const { type } = value(first);
  const chooser: Chooser = {
    add: (scope, groups) => best.add(value(scope), groups),
    reasons: () =>
      packedCells(
        type,
        Array.from(best.best, (one) => one ?? null),
      ),
    offer: (g, reason) => best.offer(g, unpackedCells(type, [reason])[0] ?? null),
  };
  return new ChosenRows(chooser, (scope) => [value(scope), ...rest.flatMap((r) => columnsAt(r, scope, others))], first);
}

/** An expression, or every column but some for a star. */
function columnsAt(node: Node, scope: Scope, without: ReadonlySet<string>): Expression[] {
  if (nodeClass(node) !== 'StarExpression') return [scope.run.expression(unnamed(node), scope)];
  const { names, vectors } = scope.frame ?? { names: [], vectors: [] };
  return vectors.flatMap((v, i) => (without.has(names[i] ?? '') ? [] : [columnOf(v)]));
}

const columnOf = (v: Vector): Expression => ({ type: v.type, constant: false, at: reader(v) });

function percentileColumns(node: Node, aggregate: Aggregate, from: number, first: Scope): Item {
  const call = callOf(node, first);
  const type = call.args[0]?.type ?? 'dynamic';
  if (type === 'dynamic') return refuse(`${call.name}() of a dynamic`, node, first);
  const all = aggregate(call);
  return {
    add: (scope, groups) => all.add(callOf(node, scope), groups),
    vectors: (count) => {
      const arrays = all.values(count);
      return call.args.slice(from).map((_, i) =>
        vectorOf(
          type,
          arrays.map((values) => (Array.isArray(values) ? (values[i] ?? null) : null)),
        ),
      );
    },
  };
}

/** The rows that differ, each once, in the order in which they come. */
export function distinctRows(node: Node, outer: Scope): Reducer {
  const given = list(optional(node, 'Expressions'));
  const star = given.length === 1 && given[0] !== undefined && nodeClass(given[0]) === 'StarExpression';
  let groups: GroupRows | undefined;
  let names: readonly string[] = [];
  return {
    add(frame, at) {
      const scope = within(outer, frame);
      const columns = star ? frame.vectors.map(columnOf) : given.map((g) => scope.run.expression(unnamed(g), scope));
      names = star ? frame.names : resultColumns(node).map((c) => c.name);
      if (names.length !== columns.length) return refuse('This distinct', node, scope);
      groups ??= new GroupRows(columns.length);
      groups.add(columns, frame.length, at);
    },
    result: () => {
      const vectors = groups?.vectors() ?? [];
      const length = groups?.count ?? 0;
      const frame = { names, vectors, length, serialized: false };
      return groups?.inOrder(frame) ?? frame;
    },
    parts: () => groups && { take: () => groups?.take(), join: (part) => groups?.join(part as GroupsPart) },
  };
}

/** The whole column of an expression. */
export function columnFrom(e: Expression, length: number): Vector {
  return vectorOf(e.type, readCells(e.at, length));
}
