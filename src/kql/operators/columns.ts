import { toBool } from '../call.ts';
import { type Frame, latePick, pick, type Vector, vectorOf } from '../frame.ts';
import { child, list, type Node, nodeClass, nodeKind, optional, resultColumns, simpleName } from '../language.ts';
import { refuse, type Scope, within } from '../scope.ts';
import type { Value } from '../values.ts';
import { columnFrom, unnamed } from './summarize.ts';

/**
 * Rows of which the condition is true. Of conditions that `and` joins each is asked of the rows that the one before left, so
 * that fewer cells are looked at; where the order of rows means something, they are one, since its functions look at others.
 */
export function where(node: Node, input: Frame, outer: Scope): Frame {
  const condition = child(node, 'Condition');
  let rows: Int32Array | undefined;
  for (const one of input.serialized ? [condition] : conjuncts(condition)) rows = kept(one, input, rows, outer);
  return rows ? pick(input, rows) : input;
}

function conjuncts(node: Node): Node[] {
  const inner = nodeClass(node) === 'ParenthesizedExpression' ? child(node, 'Expression') : node;
  if (nodeClass(inner) !== 'BinaryExpression' || nodeKind(inner) !== 'AndExpression') return [node];
  return [...conjuncts(child(inner, 'Left')), ...conjuncts(child(inner, 'Right'))];
}

/** Those of some rows, undefined for all, of which a condition is true. */
function kept(node: Node, input: Frame, rows: Int32Array | undefined, outer: Scope): Int32Array | undefined {
  // Cells that are made of a few rows are made again where they are in the result.
  const few = rows !== undefined && 2 * rows.length <= input.length;
  const condition = outer.run.expression(node, within(outer, few ? latePick(input, rows) : input));
  const { at } = condition;
  if (condition.constant) return toBool(at(0)) === true ? rows : new Int32Array(0);
  const length = rows?.length ?? input.length;
  const found = new Int32Array(length);
  let count = 0;
  const bool = condition.type === 'bool';
  for (let n = 0; n < length; n++) {
    const row = rows ? (rows[n] ?? 0) : n;
    const value = at(few ? n : row);
    if (value === true || (!bool && toBool(value) === true)) found[count++] = row;
  }
  return count === length ? rows : found.slice(0, count);
}

/** A plain column is passed on as it is; anything else is worked out row by row. */
function valueColumn(node: Node, input: Frame, scope: Scope): Vector {
  const inner = unnamed(node);
  if (nodeClass(inner) === 'NameReference') {
    const own = input.vectors[input.names.indexOf(simpleName(inner))];
    if (own && !scope.names.has(simpleName(inner))) return own;
  }
  return columnFrom(scope.run.expression(inner, scope), input.length);
}

/** The columns that one item of a project or extend makes, with the names that the query or the analyser gives them. */
function itemColumns(item: Node, input: Frame, scope: Scope): { name: string | undefined; vector: Vector }[] {
  const given =
    nodeClass(item) === 'CompoundNamedExpression'
      ? list(optional(child(item, 'Names'), 'Names')).map(simpleName)
      : nodeClass(item) === 'SimpleNamedExpression'
        ? [simpleName(child(item, 'Name'))]
        : [];
  const tuple = scope.run.tuple(unnamed(item), scope, input.length);
  if (tuple) return tuple.vectors.map((vector, i) => ({ name: given[i] ?? tuple.names[i], vector }));
  if (given.length > 1) {
    // A function that is not known here is named.
    scope.run.expression(unnamed(item), scope);
    return refuse('Several names for one value', item, scope);
  }
  const vector = valueColumn(item, input, scope);
  const column = nodeClass(item) === 'NameReference' && input.names.includes(simpleName(item));
  return [{ name: given[0] ?? (column ? simpleName(item) : undefined), vector }];
}

export function project(node: Node, input: Frame, outer: Scope): Frame {
  const scope = within(outer, input);
  const vectors = list(optional(node, 'Expressions')).flatMap((e) =>
    itemColumns(e, input, scope).map(({ vector }) => vector),
  );
  const names = resultColumns(node).map((c) => c.name);
  if (names.length !== vectors.length) return refuse('This project', node, scope);
  return { names, vectors, length: input.length, serialized: input.serialized };
}

export function extend(node: Node, input: Frame, outer: Scope): Frame {
  const scope = within(outer, input);
  const out = resultColumns(node).map((c) => c.name);
  const made = new Map<string, Vector>();
  const unnamedMade: Vector[] = [];
  for (const e of list(optional(node, 'Expressions'))) {
    for (const { name, vector } of itemColumns(e, input, scope)) {
      if (name === undefined) unnamedMade.push(vector);
      else made.set(name, vector);
    }
  }
  // Columns the analyser named itself are those of the result that nothing else accounts for, in order.
  const vectors = out.map((n): Vector => {
    const own = made.get(n) ?? input.vectors[input.names.indexOf(n)] ?? unnamedMade.shift();
    return own ?? refuse('This extend', node, scope);
  });
  if (unnamedMade.length > 0) return refuse('This extend', node, scope);
  return { names: out, vectors, length: input.length, serialized: input.serialized };
}

/** project-away, -keep and -reorder: the analyser says which columns stay, and in which order. */
export function chooseColumns(node: Node, input: Frame, outer: Scope): Frame {
  const names = resultColumns(node).map((c) => c.name);
  const vectors = names.map((n) => input.vectors[input.names.indexOf(n)] ?? refuse(`The column '${n}'`, node, outer));
  return { names, vectors, length: input.length, serialized: input.serialized };
}

/** project-rename keeps the columns where they are. */
export function rename(node: Node, input: Frame, outer: Scope): Frame {
  const names = resultColumns(node).map((c) => c.name);
  if (names.length !== input.names.length) return refuse('This project-rename', node, outer);
  return { ...input, names };
}

const CLR_TYPES: Record<string, string> = {
  bool: 'System.SByte',
  datetime: 'System.DateTime',
  dynamic: 'System.Object',
  guid: 'System.Guid',
  int: 'System.Int32',
  long: 'System.Int64',
  real: 'System.Double',
  string: 'System.String',
  timespan: 'System.TimeSpan',
  decimal: 'System.Data.SqlTypes.SqlDecimal',
};

export function getschema(input: Frame): Frame {
  const column = (value: (i: number) => Value): Value[] => input.names.map((_, i) => value(i));
  const type = (i: number): string => input.vectors[i]?.type ?? 'dynamic';
  return {
    names: ['ColumnName', 'ColumnOrdinal', 'DataType', 'ColumnType'],
    vectors: [
      vectorOf('string', [...input.names]),
      vectorOf(
        'long',
        column((i) => i),
      ),
      vectorOf(
        'string',
        column((i) => CLR_TYPES[type(i)] ?? 'System.Object'),
      ),
      vectorOf('string', column(type)),
    ],
    length: input.names.length,
    serialized: false,
  };
}
