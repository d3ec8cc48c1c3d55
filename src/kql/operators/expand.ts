import { checkRows, type Frame, pickVectors, type Vector, vectorOf } from '../frame.ts';
import {
  argumentsOf,
  child,
  list,
  literalText,
  type Node,
  nodeClass,
  optional,
  parameters,
  resultColumns,
  simpleName,
  sourceText,
  tokenText,
} from '../language.ts';
import { constantCount, fail, refuse, type Scope, within } from '../scope.ts';
import { parseGuid } from '../table.ts';
import { parseDatetime, parseTimespan } from '../times.ts';
import type { ColumnType } from '../types.ts';
import { type Bag, Instant, isBag, isNumeric, missing, toText, type Value } from '../values.ts';

interface Target {
  name: string | undefined;
  /** The column that it replaces where the analyser gives it no name of its own. */
  takes: string | undefined;
  type: ColumnType;
  at(row: number): Value;
}

/** The elements a cell expands to: an array's, a bag's one key at a time; null is one element. */
function elementsOf(value: Value, pairs: boolean): readonly Value[] {
  if (Array.isArray(value)) return value;
  if (!isBag(value)) return [value];
  return Object.entries(value).map(([k, v]): Value => {
    if (pairs) return [k, v];
    const bag: Bag = Object.create(null);
    bag[k] = v;
    return bag;
  });
}

/**
 * `to typeof(…)`: an element as its type. Nothing is converted: an element of another type is null ("mv-expand operator", read
 * 2026-11-30). A whole number is a real too, and any element has a text; times and guids are texts in JSON.
 */
function elementAs(value: Value, type: ColumnType): Value {
  switch (type) {
    case 'dynamic':
      return value;
    case 'string':
      return toText(value, 'dynamic');
    case 'long':
    case 'int': {
      if (typeof value === 'bigint') return type === 'long' ? value : null;
      const whole = typeof value === 'number' && Number.isSafeInteger(value);
      return whole && (type === 'long' || (value >= -2147483648 && value <= 2147483647)) ? value : null;
    }
    case 'real':
      return isNumeric(value) ? Number(value) : null;
    case 'bool':
      return typeof value === 'boolean' ? value : null;
    case 'timespan':
      if (value instanceof Instant) return value.type === 'timespan' ? value.ticks : null;
      return typeof value === 'string' ? parseTimespan(value) : null;
    case 'datetime':
      if (value instanceof Instant) return value.type === 'datetime' ? value.ticks : null;
      return typeof value === 'string' ? parseDatetime(value) : null;
    case 'guid':
      return typeof value === 'string' ? parseGuid(value) : null;
    default:
      return null;
  }
}

/**
 * The column whose name an expression takes over: its own, or that of the first argument of a conversion
 * (`todynamic(Entities)` stays Entities; Microsoft Learn, "mv-expand operator": the existing column is replaced).
 */
function nameTaken(node: Node): string | undefined {
  if (nodeClass(node) === 'NameReference') return simpleName(node);
  if (nodeClass(node) !== 'FunctionCallExpression') return undefined;
  const [first] = argumentsOf(node);
  return first && nameTaken(first);
}

/** How many columns the operator adds to those of its input. */
function addedBy(node: Node, input: Frame): number {
  const names = new Set(resultColumns(node).map(({ name }) => name));
  return names.size - input.names.filter((name) => names.has(name)).length;
}

function targetsOf(node: Node, scope: Scope): { targets: Target[]; items: Node[] } {
  const items = list(optional(node, 'Expressions'));
  const targets = items.map((item): Target => {
    const given = nodeClass(item).startsWith('Mv') ? child(item, 'Expression') : item;
    const named = nodeClass(given) === 'SimpleNamedExpression';
    const valueNode = named ? child(given, 'Expression') : given;
    const value = scope.run.expression(valueNode, scope);
    if (value.type !== 'dynamic')
      fail('semantic', 'The expression to expand must have the type dynamic.', valueNode, scope);
    const clause = nodeClass(item).startsWith('Mv') ? optional(item, 'ToTypeOf') : undefined;
    const type = clause ? typeOf(clause, scope) : 'dynamic';
    const plain = nodeClass(valueNode) === 'NameReference' ? simpleName(valueNode) : undefined;
    return {
      name: named ? simpleName(child(given, 'Name')) : plain,
      takes: named ? undefined : nameTaken(valueNode),
      type,
      at: value.at,
    };
  });
  return { targets, items };
}

function typeOf(clause: Node, scope: Scope): ColumnType {
  const written = sourceText(child(clause, 'TypeOf')).replace(/^typeof\s*\(\s*|\s*\)$/g, '');
  const types: ReadonlyMap<string, ColumnType> = new Map(
    Object.entries<ColumnType>({
      string: 'string',
      long: 'long',
      int: 'int',
      real: 'real',
      double: 'real',
      bool: 'bool',
      boolean: 'bool',
      datetime: 'datetime',
      date: 'datetime',
      timespan: 'timespan',
      time: 'timespan',
      guid: 'guid',
      dynamic: 'dynamic',
    }),
  );
  return types.get(written) ?? refuse(`Expansion to ${written}`, clause, scope);
}

export function mvExpand(node: Node, input: Frame, outer: Scope): Frame {
  const scope = within(outer, input);
  const options = parameters(node);
  for (const name of options.keys()) {
    if (!['kind', 'bagexpansion', 'with_itemindex'].includes(name)) refuse(`mv-expand ${name}=`, node, scope);
  }
  const shape = options.get('kind') ?? options.get('bagexpansion');
  const pairs = shape !== undefined && literalText(shape) === 'array';
  const limitClause = optional(node, 'RowLimitClause');
  // The old spelling keeps 128 rows of each by default.
  const old = tokenText(node, 'MvExpandKeyword') === 'mvexpand';
  const limit = limitClause
    ? constantCount(child(limitClause, 'RowLimit'), outer)
    : old
      ? 128
      : Number.MAX_SAFE_INTEGER;
  const { targets } = targetsOf(node, scope);
  const rows: number[] = [];
  const index: Value[] = [];
  const columns: Value[][] = targets.map(() => []);
  for (let row = 0; row < input.length; row++) {
    const elements = targets.map((t) => elementsOf(t.at(row), pairs));
    const longest = Math.min(limit, Math.max(...elements.map((e) => e.length)));
    checkRows(rows.length + longest);
    for (let i = 0; i < longest; i++) {
      rows.push(row);
      index.push(i);
      targets.forEach((t, c) => {
        columns[c]?.push(elementAs(elements[c]?.[i] ?? null, t.type));
      });
    }
  }
  const picked = pickVectors(input.vectors, Int32Array.from(rows));
  const out = resultColumns(node);
  const expanded = new Map<string, Vector>();
  const unnamedTargets: Vector[] = [];
  const indexed = options.has('with_itemindex');
  const named = targets.flatMap(({ name }) => (name !== undefined && !input.names.includes(name) ? [name] : []));
  // Unnamed expressions get columns of their own, or replace the one whose name they take over: the analyser says how many.
  let fresh = addedBy(node, input) - new Set(named).size - (indexed ? 1 : 0);
  targets.forEach((t, c) => {
    const vector = vectorOf(t.type, columns[c] ?? []);
    if (t.name !== undefined) expanded.set(t.name, vector);
    else if (t.takes !== undefined && input.names.includes(t.takes) && fresh <= 0) expanded.set(t.takes, vector);
    else {
      unnamedTargets.push(vector);
      fresh -= 1;
    }
  });
  const vectors = out.map((column, position): Vector => {
    const own = expanded.get(column.name);
    if (own) return own;
    const at = input.names.indexOf(column.name);
    if (indexed && position === out.length - 1) return vectorOf('long', index);
    return (at >= 0 ? picked[at] : unnamedTargets.shift()) ?? refuse('This mv-expand', node, scope);
  });
  return { names: out.map((c) => c.name), vectors, length: rows.length, serialized: input.serialized };
}

/** mv-apply: the subquery runs over each row's elements, and the row's other columns are beside what it gives. */
export function mvApply(node: Node, input: Frame, outer: Scope): Frame {
  const scope = within(outer, input);
  if (optional(node, 'ContextIdClause') || parameters(node).size > 0) refuse('This mv-apply', node, scope);
  const limitClause = optional(node, 'RowLimitClause');
  const limit = limitClause ? constantCount(child(limitClause, 'RowLimit'), outer) : Number.MAX_SAFE_INTEGER;
  const targets = targetsOf(node, scope).targets.map((t) => ({ ...t, name: t.name ?? t.takes }));
  if (targets.some((t) => t.name === undefined)) refuse('mv-apply of an unnamed expression', node, scope);
  const subquery = child(child(node, 'Subquery'), 'Expression');
  const out = resultColumns(node);
  const columns: Value[][] = out.map(() => []);
  const targetNames = new Set(targets.map((t) => t.name));
  let length = 0;
  for (let row = 0; row < input.length; row++) {
    const elements = targets.map((t) => elementsOf(t.at(row), false));
    const longest = Math.min(limit, Math.max(...elements.map((e) => e.length)));
    const rows = new Int32Array(longest).fill(row);
    const picked = pickVectors(input.vectors, rows);
    const names: string[] = [];
    const vectors: Vector[] = [];
    input.names.forEach((n, i) => {
      const vector = picked[i];
      if (targetNames.has(n) || !vector) return;
      names.push(n);
      vectors.push(vector);
    });
    targets.forEach((t, c) => {
      names.push(t.name ?? '');
      vectors.push(
        vectorOf(
          t.type,
          Array.from({ length: longest }, (_, i) => elementAs(elements[c]?.[i] ?? null, t.type)),
        ),
      );
    });
    const result = scope.run.tabular(subquery, within(outer, undefined), {
      names,
      vectors,
      length: longest,
      serialized: true,
    });
    length += result.length;
    checkRows(length);
    out.forEach((column, c) => {
      const at = result.names.indexOf(column.name);
      const own = input.names.indexOf(column.name);
      const vector = at >= 0 ? result.vectors[at] : input.vectors[own];
      if (!vector) refuse('This mv-apply', node, scope);
      for (let r = 0; r < result.length; r++) {
        const from = at >= 0 ? r : row;
        const index = vector?.rows ? (vector.rows[from] ?? -1) : from;
        columns[c]?.push(vector?.values[index] ?? missing(column.type));
      }
    });
  }
  return {
    names: out.map((c) => c.name),
    vectors: out.map((c, i) => vectorOf(c.type, columns[i] ?? [])),
    length,
    serialized: false,
  };
}
