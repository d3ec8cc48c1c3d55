import { randomUUID } from 'node:crypto';
import { argument, type Call, constantArgument, convert, type Implementation, reals } from '../call.ts';
import { fail, refuse } from '../scope.ts';
import type { ColumnType } from '../types.ts';
import { Instant, isBag, parseJson, toDynamic, type Value } from '../values.ts';

const to =
  (type: ColumnType): Implementation =>
  (call) => {
    const { type: from, at } = argument(call, 0);
    if (from === type && type !== 'string') return at;
    return (row) => convert(at(row), from, type);
  };

const parseJsonFunction: Implementation = (call) => {
  const { type, at, constant } = argument(call, 0);
  if (type !== 'string') return (row) => toDynamic(at(row), type);
  let lastText: string | undefined;
  let lastValue: Value = null;
  return (row) => {
    const text = at(row);
    if (typeof text !== 'string') return null;
    // The same text often comes again: for a constant, and for several paths into one cell.
    if (text === lastText) return lastValue;
    const value = parseJson(text);
    if (constant || text.length < 10_000) {
      lastText = text;
      lastValue = value;
    }
    return value;
  };
};

const iff: Implementation = (call) => {
  const test = argument(call, 0);
  const yes = adapted(call, 1);
  const no = adapted(call, 2);
  return (row) => (test.at(row) === true ? yes(row) : no(row));
};

/** An argument as the type of the call's result: a long among reals is one of them already. */
function adapted(call: Call, position: number): (row: number) => Value {
  const { type, at } = argument(call, position);
  if (call.type === 'dynamic' && type !== 'dynamic') return (row) => toDynamic(at(row), type);
  if (call.type === 'string' && type !== 'string') return (row) => convert(at(row), type, 'string');
  return at;
}

const caseOf: Implementation = (call) => {
  const tests: ((row: number) => Value)[] = [];
  const values: ((row: number) => Value)[] = [];
  for (let i = 0; i + 1 < call.args.length; i += 2) {
    tests.push(argument(call, i).at);
    values.push(adapted(call, i + 1));
  }
  const otherwise = adapted(call, call.args.length - 1);
  return (row) => {
    for (let i = 0; i < tests.length; i++) if (tests[i]?.(row) === true) return values[i]?.(row) ?? null;
    return otherwise(row);
  };
};

const coalesce: Implementation = (call) => {
  const values = call.args.map((_, i) => adapted(call, i));
  const text = call.type === 'string';
  return (row) => {
    for (const value of values) {
      const v = value(row);
      if (v !== null && v !== '') return v;
    }
    return text ? '' : null;
  };
};

const gettype: Implementation = (call) => {
  const { type, at } = argument(call, 0);
  if (type !== 'dynamic') return () => type;
  return (row) => {
    const value = at(row);
    if (value === null) return 'null';
    if (value instanceof Instant) return value.type;
    if (Array.isArray(value)) return 'array';
    if (isBag(value)) return 'dictionary';
    if (typeof value === 'number') return Number.isSafeInteger(value) ? 'long' : 'double';
    return typeof value === 'bigint' ? 'long' : typeof value === 'boolean' ? 'bool' : 'string';
  };
};

const isnull = (call: Call): ((row: number) => boolean) => {
  const { type, at } = argument(call, 0);
  return type === 'string' ? () => false : (row) => at(row) === null;
};

const isnotnull: Implementation = (call) => {
  const test = isnull(call);
  return (row) => !test(row);
};

/** Another value for each row, whatever the arguments. */
export const RANDOM_FUNCTIONS: Record<string, Implementation> = {
  new_guid: () => () => randomUUID(),
  rand: (call) => {
    if (call.args.length === 0) return () => Math.random();
    const most = reals(call, 0);
    return (row) => {
      const n = most(row);
      return n === null ? null : Math.floor(Math.random() * n);
    };
  },
};

export const CONVERSION_FUNCTIONS: Record<string, Implementation> = {
  assert: (call) => {
    const [condition, message] = [constantArgument(call, 0, null), constantArgument(call, 1, '')];
    if (condition !== true)
      fail('semantic', `assert() has failed with message: '${String(message)}'`, call.node, call.scope);
    return () => true;
  },
  tostring: to('string'),
  toint: to('int'),
  tolong: to('long'),
  toreal: to('real'),
  todouble: to('real'),
  tobool: to('bool'),
  toboolean: to('bool'),
  todatetime: to('datetime'),
  totimespan: to('timespan'),
  totime: to('timespan'),
  toguid: to('guid'),
  todecimal: (call) => refuse('The type decimal', call.node, call.scope),
  parse_json: parseJsonFunction,
  parsejson: parseJsonFunction,
  todynamic: parseJsonFunction,
  toobject: parseJsonFunction,
  iff,
  iif: iff,
  case: caseOf,
  coalesce,
  gettype,
  isnull,
  isnotnull,
  notnull: isnotnull,
  not: (call) => {
    const { at, type } = argument(call, 0);
    return (row) => {
      const value = convert(at(row), type, 'bool');
      return value === null ? null : value !== true;
    };
  },
};
