import { convert, regexAt, textReader } from './call.ts';
import type { Node } from './language.ts';
import { addLongs, divideLongs, type Long, longFromReal, moduloLongs, multiplyLongs, subtractLongs } from './longs.ts';
import { type Expression, fail, refuse, type Scope } from './scope.ts';
import { hasTerm, inOneCase } from './text-match.ts';
import { withinCalendar } from './times.ts';
import type { ColumnType } from './types.ts';
import { compareValues, isNumeric, type Value } from './values.ts';

type Read = (row: number) => Value;

const NUMBERS: ReadonlySet<ColumnType> = new Set(['int', 'long', 'real']);

// ---- comparison -------------------------------------------------------------------------------------------------

/** Both sides as values that can be compared with each other, following the casts Kusto makes. */
function comparable(left: Expression, right: Expression, node: Node, scope: Scope): [Read, Read] {
  const a = left.type;
  const b = right.type;
  const decimals = [a, b].filter((type) => type === 'decimal').length;
  // Decimals come from parse_version() alone, as whole numbers.
  if (decimals === 1) refuse('A decimal beside another type', node, scope);
  if (a === b) {
    if (a === 'dynamic' && !isNull(left) && !isNull(right)) {
      fail('semantic', 'Cannot compare values of types dynamic and dynamic. Try adding explicit casts.', node, scope);
    }
    return [left.at, right.at];
  }
  if (NUMBERS.has(a) && NUMBERS.has(b)) return [left.at, right.at];
  if (a === 'dynamic') return [castDynamic(left, b), right.at];
  if (b === 'dynamic') return [left.at, castDynamic(right, a)];
  // A text literal is read as the other side's type: Timestamp == "2020-01-01", EventID == "4625".
  if (b === 'string' && right.constant) return [left.at, castText(right, a, node, scope)];
  if (a === 'string' && left.constant) return [castText(left, b, node, scope), right.at];
  if (a === 'string' && right.constant) return [left.at, textReader(right)];
  if (b === 'string' && left.constant) return [textReader(left), right.at];
  if (a === 'bool' && NUMBERS.has(b)) return [asNumber(left), right.at];
  if (b === 'bool' && NUMBERS.has(a)) return [left.at, asNumber(right)];
  return fail('semantic', `Cannot compare values of types ${a} and ${b}. Try adding explicit casts.`, node, scope);
}

const isNull = (e: Expression): boolean => e.constant && e.at(0) === null;

const asNumber =
  (e: Expression): Read =>
  (row) => {
    const value = e.at(row);
    return typeof value === 'boolean' ? Number(value) : value;
  };

/** A dynamic as the other side's type: text for a string, else its value when it is of that type. */
function castDynamic(e: Expression, type: ColumnType): Read {
  const { at } = e;
  if (type === 'string') return textReader(e);
  if (NUMBERS.has(type)) {
    return (row) => {
      const value = at(row);
      // A value that is no number is not null either: it differs from every number.
      return value === null || isNumeric(value) ? value : typeof value === 'boolean' ? Number(value) : DIFFERENT;
    };
  }
  return (row) => {
    const value = at(row);
    if (value === null) return null;
    if (type === 'bool') return typeof value === 'boolean' ? value : isNumeric(value) ? value !== 0 : DIFFERENT;
    return convert(value, 'dynamic', type) ?? DIFFERENT;
  };
}

/** Equal to nothing, and less or more than nothing. */
const DIFFERENT: Value = [];

function castText(e: Expression, type: ColumnType, node: Node, scope: Scope): Read {
  const value = convert(e.at(0), 'string', type);
  if (value === null) {
    fail('semantic', `Cannot compare values of types ${type} and string. Try adding explicit casts.`, node, scope);
  }
  return () => value;
}

export function equality(left: Expression, right: Expression, negated: boolean, node: Node, scope: Scope): Read {
  const [a, b] = comparable(left, right, node, scope);
  return (row) => {
    const x = a(row);
    const y = b(row);
    if (x === null || y === null) return x === null && y === null ? null : negated;
    return same(x, y) !== negated;
  };
}

function same(x: Value, y: Value): boolean {
  if (x === y) return x !== DIFFERENT;
  // A real can equal a long that is held as a bigint.
  return isNumeric(x) && isNumeric(y) && typeof x !== typeof y && Number(x) === Number(y);
}

export function ordering(
  left: Expression,
  right: Expression,
  test: (order: number) => boolean,
  node: Node,
  scope: Scope,
): Read {
  const [a, b] = comparable(left, right, node, scope);
  return (row) => {
    const x = a(row);
    const y = b(row);
    if (x === null || y === null || x === DIFFERENT || y === DIFFERENT) return null;
    if (typeof x === 'number' && typeof y === 'number') {
      return x < y ? test(-1) : x > y ? test(1) : x === y ? test(0) : false;
    }
    return test(compareValues(x, y));
  };
}

// ---- arithmetic -------------------------------------------------------------------------------------------------

type Combine = (x: Value, y: Value) => Value;

const onLongs =
  (combine: (a: Long, b: Long) => Long | null): Combine =>
  (x, y) =>
    isNumeric(x) && isNumeric(y) ? combine(x, y) : null;
const onReals =
  (combine: (a: number, b: number) => number): Combine =>
  (x, y) =>
    isNumeric(x) && isNumeric(y) ? combine(Number(x), Number(y)) : null;
const inCalendar =
  (combine: (a: Long, b: Long) => Long): Combine =>
  (x, y) =>
    isNumeric(x) && isNumeric(y) ? withinCalendar(combine(x, y)) : null;

const REAL_MODULO = (a: number, b: number): number => {
  const rest = a % Math.abs(b);
  return rest < 0 ? rest + Math.abs(b) : rest;
};

const TIMES: ReadonlySet<ColumnType> = new Set(['datetime', 'timespan']);

/** The reader of an arithmetic operator, chosen by the types of both sides. */
export function arithmetic(kind: string, left: Expression, right: Expression, node: Node, scope: Scope): Expression {
  const a = left.type;
  const b = right.type;
  const [combine, type] =
    chooseArithmetic(kind, a, b) ?? refuse(`${kind.replace('Expression', '')} of ${a} and ${b}`, node, scope);
  const { at: x } = left;
  const { at: y } = right;
  return { type, constant: left.constant && right.constant, at: (row) => combine(x(row), y(row)) };
}

function chooseArithmetic(kind: string, a: ColumnType, b: ColumnType): [Combine, ColumnType] | undefined {
  if (NUMBERS.has(a) && NUMBERS.has(b)) {
    const real = a === 'real' || b === 'real';
    switch (kind) {
      case 'AddExpression':
        return real ? [onReals((x, y) => x + y), 'real'] : [onLongs(addLongs), 'long'];
      case 'SubtractExpression':
        return real ? [onReals((x, y) => x - y), 'real'] : [onLongs(subtractLongs), 'long'];
      case 'MultiplyExpression':
        return real ? [onReals((x, y) => x * y), 'real'] : [onLongs(multiplyLongs), 'long'];
      case 'DivideExpression':
        return real ? [onReals((x, y) => x / y), 'real'] : [onLongs(divideLongs), 'long'];
      case 'ModuloExpression':
        return real ? [onReals(REAL_MODULO), 'real'] : [onLongs(moduloLongs), 'long'];
    }
  }
  if (TIMES.has(a) && TIMES.has(b)) {
    if (kind === 'SubtractExpression' && a === b) return [onLongs(subtractLongs), 'timespan'];
    if (kind === 'SubtractExpression' && b === 'timespan') return [inCalendar(subtractLongs), 'datetime'];
    if (kind === 'AddExpression' && a === 'timespan' && b === 'timespan') return [onLongs(addLongs), 'timespan'];
    if (kind === 'AddExpression' && a !== b) return [inCalendar(addLongs), 'datetime'];
    if (kind === 'DivideExpression' && a === 'timespan' && b === 'timespan') return [onReals((x, y) => x / y), 'real'];
    if (kind === 'ModuloExpression' && a === 'timespan' && b === 'timespan') return [onLongs(moduloLongs), 'timespan'];
  }
  if (a === 'timespan' && NUMBERS.has(b)) return scaledTimespan(kind, b);
  if (b === 'timespan' && NUMBERS.has(a) && kind === 'MultiplyExpression') {
    const scaled = scaledTimespan(kind, a);
    return scaled ? [(x, y) => scaled[0](y, x), 'timespan'] : undefined;
  }
  return undefined;
}

function scaledTimespan(kind: string, by: ColumnType): [Combine, ColumnType] | undefined {
  const whole = by !== 'real';
  if (kind === 'MultiplyExpression') {
    return [whole ? onLongs(multiplyLongs) : scaledByReal((x, y) => x * y), 'timespan'];
  }
  if (kind === 'DivideExpression') return [whole ? onLongs(divideLongs) : scaledByReal((x, y) => x / y), 'timespan'];
  return undefined;
}

const scaledByReal =
  (combine: (a: number, b: number) => number): Combine =>
  (x, y) =>
    isNumeric(x) && isNumeric(y) ? longFromReal(combine(Number(x), Number(y))) : null;

// ---- text -------------------------------------------------------------------------------------------------------

type Match = (text: string, sought: string) => boolean;

const term =
  (left: boolean, right: boolean): Match =>
  (text, sought) =>
    hasTerm(text, sought, left, right);

/** Tests of text, by the name of their node without `Not` and `Cs`. */
const MATCHES: Record<string, Match> = {
  Contains: (text, sought) => text.includes(sought),
  StartsWith: (text, sought) => text.startsWith(sought),
  EndsWith: (text, sought) => text.endsWith(sought),
  Has: term(true, true),
  HasPrefix: term(true, false),
  HasSuffix: term(false, true),
  EqualTilde: (text, sought) => text === sought,
};

/** The reader of a text operator; undefined when the kind of node is none. */
export function textual(kind: string, left: Expression, right: Expression, node: Node, scope: Scope): Read | undefined {
  if (kind === 'MatchesRegexExpression') {
    const text = textReader(left);
    const pattern = textReader(right);
    return (row) => regexAt(pattern(row), node, scope).test(text(row));
  }
  const m =
    kind === 'BangTildeExpression' ? ['', 'Not', 'EqualTilde', undefined] : /^(Not)?(.*?)(Cs)?Expression$/.exec(kind);
  const match = MATCHES[m?.[2] ?? ''];
  if (!m || !match) return undefined;
  const negated = m[1] !== undefined;
  const fold = m[3] === undefined;
  for (const side of [left, right]) {
    if (side.type !== 'string' && side.type !== 'dynamic' && kind !== 'EqualTildeExpression') {
      fail('semantic', `A text operator cannot compare a ${side.type}. Try adding tostring().`, node, scope);
    }
  }
  const text = textReader(left);
  const sought = textReader(right);
  if (right.constant) {
    const needle = fold ? inOneCase(sought(0)) : sought(0);
    // Which small sigma a text has matters to nothing that has none.
    const sigma = needle.includes('σ');
    const { lower } = left;
    if (fold && lower) return (row) => match(lower(row), needle) !== negated;
    return (row) => {
      const cell = text(row);
      return match(fold ? (sigma ? inOneCase(cell) : cell.toLowerCase()) : cell, needle) !== negated;
    };
  }
  return (row) => {
    const cell = text(row);
    const needle = sought(row);
    return (fold ? match(inOneCase(cell), inOneCase(needle)) : match(cell, needle)) !== negated;
  };
}

export const hasAnyCase: Match = (text, sought) => hasTerm(inOneCase(text), inOneCase(sought), true, true);
