import { arithmetic, equality, hasAnyCase, ordering, textual } from './binary.ts';
import { type Call, convert, type Implementation, textReader, toBool, toReal } from './call.ts';
import { callFunction } from './calling.ts';
import { reader, type Vector, vectorOf } from './frame.ts';
import { ADDRESS_FUNCTIONS } from './functions/addresses.ts';
import { ARRAY_FUNCTIONS } from './functions/arrays.ts';
import { CONVERSION_FUNCTIONS, RANDOM_FUNCTIONS } from './functions/conversions.ts';
import { DATE_FUNCTIONS } from './functions/dates.ts';
import { arraysAmong, DYNAMIC_FUNCTIONS, DYNAMIC_TUPLES, element } from './functions/dynamics.ts';
import { ENCODING_FUNCTIONS } from './functions/encodings.ts';
import { GEOGRAPHY_FUNCTIONS } from './functions/geography.ts';
import { IPV6_FUNCTIONS } from './functions/ipv6.ts';
import { NUMBER_FUNCTIONS } from './functions/numbers.ts';
import { PLACE_FUNCTIONS } from './functions/places.ts';
import { ROW_FUNCTIONS } from './functions/rows.ts';
import { SERIES_FUNCTIONS, SERIES_TUPLES } from './functions/series.ts';
import { STRING_FUNCTIONS } from './functions/strings.ts';
import { STRUCTURED_FUNCTIONS } from './functions/structured.ts';
import { TIME_ZONE_FUNCTIONS } from './functions/time-zones.ts';
import { USER_AGENT_FUNCTIONS } from './functions/user-agent.ts';
import {
  argumentsOf,
  child,
  isTabular,
  list,
  literalText,
  type Node,
  nodeClass,
  nodeKind,
  optional,
  referencedSymbol,
  resultColumns,
  scalarType,
  simpleName,
  tokenText,
} from './language.ts';
import { addLongs, multiplyLongs, parseLong } from './longs.ts';
import { compileRegex, literalPattern } from './regex.ts';
import { type Expression, fail, refuse, refuseName, type Scope, tableOnce } from './scope.ts';
import { parseGuid } from './table.ts';
import { hasTerm, inOneCase } from './text-match.ts';
import { parseDatetime, parseTimespan } from './times.ts';
import type { ColumnType } from './types.ts';
import { type Bag, isNumeric, keyOf, missing, toDynamic, type Value } from './values.ts';

const FUNCTIONS: ReadonlyMap<string, Implementation> = new Map(
  Object.entries({
    ...STRING_FUNCTIONS,
    ...DATE_FUNCTIONS,
    ...CONVERSION_FUNCTIONS,
    ...RANDOM_FUNCTIONS,
    ...NUMBER_FUNCTIONS,
    ...DYNAMIC_FUNCTIONS,
    ...ADDRESS_FUNCTIONS,
    ...ROW_FUNCTIONS,
    ...STRUCTURED_FUNCTIONS,
    ...SERIES_FUNCTIONS,
    ...ARRAY_FUNCTIONS,
    ...IPV6_FUNCTIONS,
    ...ENCODING_FUNCTIONS,
    ...GEOGRAPHY_FUNCTIONS,
    ...TIME_ZONE_FUNCTIONS,
    ...PLACE_FUNCTIONS,
    ...USER_AGENT_FUNCTIONS,
  }),
);

/** Functions that make several columns of several arrays. */
const DYNAMIC_BY_NAME: ReadonlyMap<string, Implementation> = new Map(Object.entries(DYNAMIC_TUPLES));
/** Functions that make several columns at once. */
const TUPLES: ReadonlyMap<string, Implementation> = new Map([...Object.entries(SERIES_TUPLES), ...DYNAMIC_BY_NAME]);

/** A call of one of these functions, read as several columns; undefined for any other expression. */
function tupleOf(
  node: Node,
  scope: Scope,
  functions: ReadonlyMap<string, Implementation>,
): { args: readonly Expression[]; at(row: number): Value } | undefined {
  if (nodeClass(node) !== 'FunctionCallExpression') return undefined;
  const called = simpleName(child(node, 'Name'));
  const implementation = functions.get(called);
  if (!implementation || scope.names.has(called)) return undefined;
  const argumentNodes = argumentsOf(node);
  const oneArrayIsPlain = DYNAMIC_BY_NAME.has(called);
  if (oneArrayIsPlain && argumentNodes.length < 2) return undefined;
  const args = argumentNodes.map((a) => expression(a, scope));
  // Of one array there is one column, which is a value like others.
  if (oneArrayIsPlain && arraysAmong(args) < 2) return undefined;
  return { args, at: implementation({ name: called, node, argumentNodes, args, type: 'dynamic', scope }) };
}

/**
 * A function that makes several columns (`series_stats(x)`), as the columns that the analyser names; undefined for any
 * other expression.
 */
export function tupleColumns(
  node: Node,
  scope: Scope,
  length: number,
): { names: string[]; vectors: Vector[] } | undefined {
  const tuple = tupleOf(node, scope, TUPLES);
  if (!tuple) return undefined;
  const rows = Array.from({ length }, (_, row) => tuple.at(row));
  const columns = resultColumns(node);
  return {
    names: columns.map((c) => c.name),
    vectors: columns.map((c, i) =>
      vectorOf(
        c.type,
        rows.map((cells) => (Array.isArray(cells) ? (cells[i] ?? null) : null)),
      ),
    ),
  };
}

/** Functions whose result differs by row though their arguments do not. */
const ROW_DEPENDENT: ReadonlySet<string> = new Set([...Object.keys(ROW_FUNCTIONS), ...Object.keys(RANDOM_FUNCTIONS)]);

/** A constant worked out once; anything else as it is. */
function folded(expression: Expression): Expression {
  if (!expression.constant) return expression;
  let value: Value = null;
  let known = false;
  const { at } = expression;
  return {
    type: expression.type,
    constant: true,
    at: () => {
      if (!known) {
        value = at(0);
        known = true;
      }
      return value;
    },
  };
}

/** The value of rows that have the same number is worked out once, where all that it depends on shares those numbers. */
function remembered(expression: Expression, parts: readonly Expression[]): Expression {
  const varying = parts.filter((part) => !part.constant);
  const codes = varying[0]?.codes;
  if (expression.constant || !codes || varying.some((part) => part.codes?.of !== codes.of)) return expression;
  const { of, count } = codes;
  const known = new Array<Value | undefined>(count + 1).fill(undefined);
  const { type, at } = expression;
  return {
    type,
    constant: false,
    codes,
    at: (row) => {
      const code = (of[row] ?? -1) + 1;
      let value = known[code];
      if (value === undefined) {
        value = at(row);
        known[code] = value;
      }
      return value;
    },
  };
}

export const literal = (value: Value, type: ColumnType): Expression => ({ type, constant: true, at: () => value });

/** Binds an expression of the query to the rows of its scope. */
export function expression(node: Node, scope: Scope): Expression {
  const ready = scope.computed?.get(node);
  if (ready) return ready;
  const kind = nodeClass(node);
  switch (kind) {
    case 'LiteralExpression':
    case 'CompoundStringLiteralExpression':
      // The analyser gives a text in the place of a condition the type bool: a term of a search.
      return scope.search && scalarType(node) === 'bool' && typeof node.LiteralValue === 'string'
        ? sought(node.LiteralValue, allColumns(scope), scope)
        : literalExpression(node, scope);
    case 'StarExpression':
      return scope.search ? literal(true, 'bool') : refuse('A star here', node, scope);
    case 'DynamicExpression':
      return literal(dynamicLiteral(child(node, 'Expression'), scope, 0), 'dynamic');
    case 'ParenthesizedExpression':
      return expression(child(node, 'Expression'), scope);
    case 'SimpleNamedExpression':
      return expression(child(node, 'Expression'), scope);
    case 'NameReference':
      return name(node, scope);
    case 'BinaryExpression':
      return folded(binary(node, scope));
    case 'PrefixUnaryExpression':
      return folded(unary(node, scope));
    case 'BetweenExpression':
      return folded(between(node, scope));
    case 'InExpression':
      return folded(inList(node, scope));
    case 'HasAnyExpression':
    case 'HasAllExpression':
      return folded(hasList(node, kind === 'HasAllExpression', scope));
    case 'PathExpression':
      return path(node, scope);
    case 'ElementExpression':
      return folded(elementOf(node, scope));
    case 'FunctionCallExpression':
      return functionCall(node, scope);
    case 'ToScalarExpression':
      return scalarOf(child(node, 'Expression'), scope);
    case 'TypeOfLiteralExpression':
      // The analyser has read it: it shows in the type of the call around it.
      return literal(null, 'dynamic');
    case 'MaterializeExpression':
      return expression(child(node, 'Expression'), scope);
    default:
      return refuse(kind.replace(/Expression$/, ''), node, scope);
  }
}

// ---- literals ---------------------------------------------------------------------------------------------------

const unquoted = (text: string): string => text.trim().replace(/^@?(['"])(.*)\1$/s, '$2');

function literalExpression(node: Node, scope: Scope): Expression {
  const kind = nodeKind(node);
  if (kind === 'StringLiteralExpression' || kind === 'CompoundStringLiteralExpression') {
    const value = node.LiteralValue;
    return typeof value === 'string' ? literal(value, 'string') : refuse('This text', node, scope);
  }
  // The analyser's own values for hexadecimal numbers and nan are wrong, so the text is read here.
  const text = unquoted(literalText(node));
  const none = text === 'null' || text === '';
  const value = (read: (text: string) => Value, type: ColumnType): Expression => {
    if (none) return literal(null, type);
    const found = read(text);
    return found === null ? fail('semantic', `'${text}' is no ${type}.`, node, scope) : literal(found, type);
  };
  switch (kind) {
    case 'LongLiteralExpression':
      return value(parseLong, 'long');
    case 'IntLiteralExpression':
      return value((given) => convert(given, 'string', 'int'), 'int');
    case 'RealLiteralExpression':
      return value(toReal, 'real');
    case 'BooleanLiteralExpression':
      return value(toBool, 'bool');
    case 'DateTimeLiteralExpression':
      // datetime() is the present time (Microsoft Learn, "The datetime data type", of 2024-08-11).
      if (text === '') return literal(scope.run.now, 'datetime');
      return value((given) => parseDatetime(scope.run.times.get(given) ?? given), 'datetime');
    case 'TimespanLiteralExpression':
      return value(parseTimespan, 'timespan');
    case 'GuidLiteralExpression':
      return value(parseGuid, 'guid');
    case 'NullLiteralExpression':
      return literal(null, 'dynamic');
    case 'DecimalLiteralExpression':
      return refuse('The type decimal', node, scope);
    default:
      return refuse(kind.replace(/Expression$/, ''), node, scope);
  }
}

function dynamicLiteral(node: Node, scope: Scope, depth: number): Value {
  if (depth > 50) return fail('limit', 'The dynamic literal is nested too deeply.', node, scope);
  switch (nodeClass(node)) {
    case 'JsonObjectExpression': {
      const bag: Bag = Object.create(null);
      for (const pair of list(child(node, 'Pairs'))) {
        const key = optional(pair, 'Name')?.ValueText;
        if (typeof key !== 'string') return refuse('This key', pair, scope);
        bag[key] = dynamicLiteral(child(pair, 'Value'), scope, depth + 1);
      }
      return bag;
    }
    case 'JsonArrayExpression':
      return list(child(node, 'Values')).map((v) => dynamicLiteral(v, scope, depth + 1));
    default: {
      const { type, at } = expression(node, scope);
      return toDynamic(at(0), type);
    }
  }
}

// ---- names ------------------------------------------------------------------------------------------------------

function name(node: Node, scope: Scope): Expression {
  const symbol = referencedSymbol(node);
  const named = simpleName(node);
  if (symbol === undefined || symbol.kind === 'ColumnSymbol') {
    const column = columnOf(named, scope);
    if (column) return column;
    // A search asks every table, also those without the column.
    if (scope.search && symbol) {
      const type = scalarType(node) ?? 'dynamic';
      return { type, constant: false, at: () => missing(type) };
    }
  }
  const binding = scope.names.get(named);
  if (binding?.kind === 'scalar') {
    if (!binding.expression.constant && binding.frame !== scope.frame) {
      refuse(`'${named}', which depends on a row of another table,`, node, scope);
    }
    return binding.expression;
  }
  if (binding?.kind === 'function') return callScalar(node, [], scope);
  return refuse(`The name '${named}' here`, node, scope);
}

/** A column of the scope's rows by its name. */
export function columnOf(named: string, scope: Scope): Expression | undefined {
  const position = scope.frame?.names.indexOf(named) ?? -1;
  const vector = scope.frame?.vectors[position];
  if (!vector) return undefined;
  const { rows, values } = vector;
  // Worth it where values come again: rows that refer to few of them.
  const codes =
    rows && values.length * 4 <= (scope.frame?.length ?? 0) ? { of: rows, count: values.length } : undefined;
  const lower = vector.type === 'string' ? scope.run.folded?.reader(vector) : undefined;
  const list = rows && { of: rows, values };
  return { type: vector.type, constant: false, at: reader(vector), codes, list, lower };
}

// ---- operators --------------------------------------------------------------------------------------------------

const ORDER_TESTS: Record<string, (order: number) => boolean> = {
  LessThanExpression: (order) => order < 0,
  LessThanOrEqualExpression: (order) => order <= 0,
  GreaterThanExpression: (order) => order > 0,
  GreaterThanOrEqualExpression: (order) => order >= 0,
};

function truth(e: Expression): (row: number) => boolean | null {
  const { at } = e;
  if (e.type === 'bool') {
    return (row) => {
      const value = at(row);
      return typeof value === 'boolean' ? value : null;
    };
  }
  return (row) => toBool(at(row));
}

function binary(node: Node, scope: Scope): Expression {
  const leftNode = child(node, 'Left');
  const rightNode = child(node, 'Right');
  if (nodeClass(leftNode) === 'StarExpression') return anyColumn(node, leftNode, scope);
  const left = expression(leftNode, scope);
  if (nodeKind(node) === 'SearchExpression') {
    const text = rightNode.LiteralValue;
    return typeof text === 'string' ? sought(text, [left], scope) : refuse('This search', rightNode, scope);
  }
  const right = expression(rightNode, scope);
  return remembered(binaryOf(node, left, right, scope), [left, right]);
}

function binaryOf(node: Node, left: Expression, right: Expression, scope: Scope): Expression {
  const kind = nodeKind(node);
  const constant = left.constant && right.constant;
  const bool = (at: (row: number) => Value): Expression => ({ type: 'bool', constant, at });
  switch (kind) {
    case 'AndExpression': {
      const [a, b] = [truth(left), truth(right)];
      return bool((row) => {
        const x = a(row);
        if (x === false) return false;
        const y = b(row);
        return y === false ? false : x === null || y === null ? null : true;
      });
    }
    case 'OrExpression': {
      const [a, b] = [truth(left), truth(right)];
      return bool((row) => {
        const x = a(row);
        if (x === true) return true;
        const y = b(row);
        return y === true ? true : x === null || y === null ? null : false;
      });
    }
    case 'EqualExpression':
      return bool(equality(left, right, false, node, scope));
    case 'NotEqualExpression':
      return bool(equality(left, right, true, node, scope));
    case 'AddExpression':
    case 'SubtractExpression':
    case 'MultiplyExpression':
    case 'DivideExpression':
    case 'ModuloExpression':
      return arithmetic(kind, left, right, node, scope);
  }
  const test = ORDER_TESTS[kind];
  if (test) return bool(ordering(left, right, test, node, scope));
  const match = textual(scope.search?.caseSensitive ? caseSensitive(kind) : kind, left, right, node, scope);
  return match ? bool(match) : refuse(`The operator '${tokenText(node, 'Operator')}'`, node, scope);
}

// ---- every column -----------------------------------------------------------------------------------------------

/** Every column of the rows as text: a search looks at what a cell shows, whatever its type. */
function allColumns(scope: Scope): Expression[] {
  return (scope.frame?.vectors ?? []).map((v): Expression => {
    const column: Expression = { type: v.type, constant: false, at: reader(v) };
    return v.type === 'string' ? column : { type: 'string', constant: false, at: textReader(column) };
  });
}

const anyOf = (tests: readonly ((row: number) => Value)[]): Expression => ({
  type: 'bool',
  constant: false,
  at: (row) => tests.some((test) => test(row) === true),
});

/** `* has "x"` and its kin: any column does. */
function anyColumn(node: Node, star: Node, scope: Scope): Expression {
  const right = expression(child(node, 'Right'), scope);
  if (tokenText(node, 'Operator').startsWith('!')) return refuse('A negative test of every column', star, scope);
  const kind = scope.search?.caseSensitive ? caseSensitive(nodeKind(node)) : nodeKind(node);
  return anyOf(
    allColumns(scope).map(
      (column) => textual(kind, column, right, node, scope) ?? refuse('This test of every column', star, scope),
    ),
  );
}

/** The kind of the operator that differs from this one in minding the case. */
const caseSensitive = (kind: string): string =>
  /^(Not)?(Contains|StartsWith|EndsWith|Has|HasPrefix|HasSuffix)Expression$/.test(kind)
    ? kind.replace('Expression', 'CsExpression')
    : kind;

/** A term of a search: the places of its stars say how it must match. */
function sought(term: string, columns: readonly Expression[], scope: Scope): Expression {
  const fold = !scope.search?.caseSensitive;
  const needle = fold ? inOneCase(term) : term;
  const inner = needle.replace(/^\*|\*$/g, '');
  const [before, after] = [needle.startsWith('*'), needle.endsWith('*')];
  let matches: (text: string) => boolean;
  if (inner.includes('*')) {
    const pattern = inner.split('*').map(literalPattern).join('.*');
    const regex = compileRegex(`${before ? '' : '\\b'}${pattern}${after ? '' : '\\b'}`);
    matches = (text) => regex.test(text);
  } else matches = (text) => hasTerm(text, inner, !before, !after);
  return anyOf(
    columns.map((column) => {
      const text = textReader(column);
      return (row) => matches(fold ? inOneCase(text(row)) : text(row));
    }),
  );
}

function unary(node: Node, scope: Scope): Expression {
  const inner = expression(child(node, 'Expression'), scope);
  if (nodeKind(node) === 'UnaryPlusExpression') return inner;
  if (nodeKind(node) !== 'UnaryMinusExpression') return refuse('This operator', node, scope);
  if (!['int', 'long', 'real', 'timespan'].includes(inner.type)) return refuse(`Minus of a ${inner.type}`, node, scope);
  const { at, type } = inner;
  const real = type === 'real';
  return {
    // An int is made a long, a constant one is not: so has Microsoft's analyser, and sums of ints are longs (numerical-operators).
    type: type === 'int' && !inner.constant ? 'long' : type,
    constant: inner.constant,
    at: (row) => {
      const value = at(row);
      return isNumeric(value) ? (real ? -Number(value) : multiplyLongs(value, -1)) : null;
    },
  };
}

function between(node: Node, scope: Scope): Expression {
  const negated = nodeKind(node) === 'NotBetweenExpression';
  const couple = child(node, 'Right');
  const value = expression(child(node, 'Left'), scope);
  const from = expression(child(couple, 'First'), scope);
  let to = expression(child(couple, 'Second'), scope);
  if (value.type === 'datetime' && to.type === 'timespan') {
    // (start .. 2h) means 2h from the start.
    const { at: start } = from;
    const { at: span } = to;
    const sum = (row: number): Value => {
      const a = start(row);
      const b = span(row);
      return isNumeric(a) && isNumeric(b) ? addLongs(a, b) : null;
    };
    to = folded({ type: 'datetime', constant: from.constant && to.constant, at: sum });
  }
  const low = ordering(value, from, (order) => order >= 0, node, scope);
  const high = ordering(value, to, (order) => order <= 0, node, scope);
  const inside: Expression = {
    type: 'bool',
    constant: value.constant && from.constant && to.constant,
    at: (row) => {
      const a = low(row);
      const b = high(row);
      return a === null || b === null ? null : (a === true && b === true) !== negated;
    },
  };
  return remembered(inside, [value, from, to]);
}

interface Item {
  value: Value;
  type: ColumnType;
}

/** The values of a list after `in` and its kin: scalars, the elements of dynamic arrays, a table's first column. */
function items(node: Node, scope: Scope): { constants: () => Item[]; others: [Expression, Node][] } {
  const fixed: (() => Item[])[] = [];
  const others: [Expression, Node][] = [];
  for (const item of list(child(child(node, 'Right'), 'Expressions'))) {
    const bare = nodeClass(item) === 'NameReference' ? scope.names.get(simpleName(item)) : undefined;
    if (isTabular(item) || bare?.kind === 'table') {
      fixed.push(() => {
        const frame = tableOnce(item, scope);
        const column = frame.vectors[0];
        if (!column) return [];
        const read = reader(column);
        return Array.from({ length: frame.length }, (_, row) => ({ value: read(row), type: column.type }));
      });
      continue;
    }
    const e = expression(item, scope);
    if (!e.constant) {
      others.push([e, item]);
      continue;
    }
    fixed.push(() => {
      const value = e.at(0);
      if (e.type !== 'dynamic') return [{ value, type: e.type }];
      return (Array.isArray(value) ? value : [value]).map((v): Item => ({ value: v, type: 'dynamic' }));
    });
  }
  let known: Item[] | undefined;
  return {
    constants: () => {
      known ??= fixed.flatMap((f) => f());
      return known;
    },
    others,
  };
}

function inList(node: Node, scope: Scope): Expression {
  const operator = tokenText(node, 'Operator');
  const negated = operator.startsWith('!');
  const fold = operator.endsWith('~');
  const left = expression(child(node, 'Left'), scope);
  const { constants, others } = items(node, scope);
  const text = textReader(left);
  const textual = left.type === 'string' || left.type === 'dynamic' || fold;
  let values: Set<unknown> | undefined;
  let nullAmong = false;
  const collect = (): Set<unknown> => {
    const set = new Set<unknown>();
    for (const { value, type } of constants()) {
      if (value === null) {
        nullAmong = true;
        continue;
      }
      if (textual) {
        const written = textReader({ type, constant: true, at: () => value })(0);
        set.add(fold ? inOneCase(written) : written);
        continue;
      }
      const same =
        type === 'string' || type === 'dynamic'
          ? convert(value, type === 'dynamic' && typeof value === 'string' ? 'string' : type, left.type)
          : value;
      if (same !== null) set.add(keyOf(same));
    }
    return set;
  };
  const tests = others.map(([e, item]) => {
    if (e.type === 'dynamic') return refuse('A list that differs by row', item, scope);
    return fold ? sameText(left, e) : equality(left, e, false, item, scope);
  });
  const inside: Expression = {
    type: 'bool',
    constant: left.constant && others.length === 0,
    at: (row) => {
      values ??= collect();
      const value = left.at(row);
      // Null is neither equal nor unequal to null, and unequal to all else (null-values, of 2024-08-11: `in` is an or of ==).
      if (value === null) return nullAmong || tests.some((test) => test(row) === null) ? null : negated;
      let found: boolean;
      if (textual) {
        const written = text(row);
        found = values.has(fold ? (left.lower?.(row) ?? inOneCase(written)) : written);
      } else {
        found = values.has(keyOf(value));
      }
      if (!found) for (const test of tests) if (test(row) === true) found = true;
      return found !== negated;
    },
  };
  return remembered(inside, [left, ...others.map(([e]) => e)]);
}

function sameText(left: Expression, right: Expression): (row: number) => boolean {
  const a = textReader(left);
  const b = textReader(right);
  return (row) => inOneCase(a(row)) === inOneCase(b(row));
}

function hasList(node: Node, all: boolean, scope: Scope): Expression {
  const left = expression(child(node, 'Left'), scope);
  const { constants, others } = items(node, scope);
  const first = others[0];
  if (first) return refuse('A list that differs by row', first[1], scope);
  const text = textReader(left);
  let needles: string[] | undefined;
  const inside: Expression = {
    type: 'bool',
    constant: left.constant,
    at: (row) => {
      needles ??= constants().map(({ value, type }) => textReader({ type, constant: true, at: () => value })(0));
      const cell = text(row);
      return all ? needles.every((n) => hasAnyCase(cell, n)) : needles.some((n) => hasAnyCase(cell, n));
    },
  };
  return remembered(inside, [left]);
}

// ---- paths ------------------------------------------------------------------------------------------------------

function path(node: Node, scope: Scope): Expression {
  const selector = child(node, 'Selector');
  const base = child(node, 'Expression');
  if (nodeClass(selector) === 'FunctionCallExpression') return refuse('A qualified function', node, scope);
  const record = nodeClass(base) === 'NameReference' ? scope.names.get(simpleName(base)) : undefined;
  if (record?.kind === 'record') {
    return record.columns.get(simpleName(selector)) ?? refuse('This column of a step', node, scope);
  }
  const from = expression(base, scope);
  if (from.type !== 'dynamic') return fail('semantic', `A ${from.type} has no properties.`, node, scope);
  const key =
    nodeClass(selector) === 'BracketedExpression' ? expression(child(selector, 'Expression'), scope) : undefined;
  const step = key ? key.at : constantly(simpleName(selector));
  const { at } = from;
  const found: Expression = {
    type: 'dynamic',
    constant: from.constant && (key?.constant ?? true),
    at: (row) => element(at(row), step(row)),
  };
  return folded(remembered(found, key ? [from, key] : [from]));
}

const constantly =
  (value: Value): ((row: number) => Value) =>
  () =>
    value;

/** A call that makes several columns, as the array of what they hold: `array_sort_asc(a, b)[1]`. */
function tupleAsArray(node: Node, scope: Scope): Expression | undefined {
  const tuple = tupleOf(node, scope, DYNAMIC_BY_NAME);
  return tuple && { type: 'dynamic', constant: tuple.args.every((a) => a.constant), at: tuple.at };
}

function elementOf(node: Node, scope: Scope): Expression {
  const base = child(node, 'Expression');
  const from = tupleAsArray(base, scope) ?? expression(base, scope);
  const selector = child(node, 'Selector');
  const key = expression(
    nodeClass(selector) === 'BracketedExpression' ? child(selector, 'Expression') : selector,
    scope,
  );
  if (from.type !== 'dynamic') return fail('semantic', `A ${from.type} has no elements.`, node, scope);
  const { at } = from;
  const { at: step } = key;
  return { type: 'dynamic', constant: from.constant && key.constant, at: (row) => element(at(row), step(row)) };
}

// ---- functions --------------------------------------------------------------------------------------------------

function functionCall(node: Node, scope: Scope): Expression {
  const called = simpleName(child(node, 'Name'));
  const argumentNodes = argumentsOf(node);
  if (scope.names.get(called)?.kind === 'function') return callScalar(node, argumentNodes, scope);
  switch (called) {
    case 'column_ifexists':
    case 'columnifexists':
      return columnIfExists(node, argumentNodes, scope);
    case 'ingestion_time':
      // Exports do not keep when a row was ingested; evidence/run-query.ts says so.
      return columnOf('TimeGenerated', scope) ?? refuse('ingestion_time() of rows without TimeGenerated', node, scope);
    case 'pack_all':
      return packAll(node, argumentNodes, scope);
    case 'toscalar':
      return scalarOf(argumentNodes[0] ?? node, scope);
  }
  const implementation = FUNCTIONS.get(called);
  if (!implementation) {
    if (TUPLES.has(called)) {
      return refuse(`'${called}()', which makes several columns, as one value`, child(node, 'Name'), scope);
    }
    return refuseName(called, `The function '${called}()'`, child(node, 'Name'), scope);
  }
  const args = argumentNodes.map((a) => expression(a, scope));
  const type = scalarType(node) ?? 'dynamic';
  const decimal = args.findIndex((a) => a.type === 'decimal');
  if (decimal >= 0) return refuse('The type decimal', argumentNodes[decimal] ?? node, scope);
  const call: Call = { name: called, node, argumentNodes, args, type, scope };
  const at = implementation(call);
  if (ROW_DEPENDENT.has(called)) return { type, constant: false, at };
  return folded(remembered({ type, constant: args.every((a) => a.constant), at }, args));
}

function columnIfExists(node: Node, argumentNodes: readonly Node[], scope: Scope): Expression {
  const [nameNode, otherwise] = argumentNodes;
  if (!nameNode || !otherwise) return refuse('This column_ifexists()', node, scope);
  const wanted = expression(nameNode, scope);
  return columnOf(String(wanted.at(0)), scope) ?? expression(otherwise, scope);
}

function packAll(node: Node, argumentNodes: readonly Node[], scope: Scope): Expression {
  const { frame } = scope;
  if (!frame || argumentNodes.length > 1) return refuse('This pack_all()', node, scope);
  const [flag] = argumentNodes;
  const withoutEmpty = flag !== undefined && expression(flag, scope).at(0) === true;
  const reads = frame.vectors.map(reader);
  return {
    type: 'dynamic',
    constant: false,
    at: (row) => {
      const bag: Bag = Object.create(null);
      frame.names.forEach((n, i) => {
        const value = reads[i]?.(row) ?? null;
        if (withoutEmpty && (value === null || value === '')) return;
        bag[n] = toDynamic(value, frame.vectors[i]?.type ?? 'dynamic');
      });
      return bag;
    },
  };
}

/** toscalar(): the first cell of a table, or a value that is one already. */
function scalarOf(node: Node, scope: Scope): Expression {
  const bare = nodeClass(node) === 'NameReference' ? scope.names.get(simpleName(node)) : undefined;
  if (!isTabular(node) && bare?.kind !== 'table') return expression(node, scope);
  const frame = tableOnce(node, scope);
  const first = frame.vectors[0];
  const type = first?.type ?? 'dynamic';
  return literal(first && frame.length > 0 ? reader(first)(0) : missing(type), type);
}

function callScalar(node: Node, argumentNodes: readonly Node[], scope: Scope): Expression {
  const { body, inner, leave } = callFunction(node, argumentNodes, scope);
  try {
    return expression(body, { ...inner, frame: scope.frame });
  } finally {
    leave();
  }
}
