import { argument, arrays, counts, dynamics, type Implementation } from '../call.ts';
import { refuse } from '../scope.ts';
import { canonical, isBag, toText, type Value } from '../values.ts';

/** Functions that cut, turn and move arrays, and that list what a dynamic holds. */

const rotate =
  (sign: 1 | -1): Implementation =>
  (call) => {
    const read = arrays(call, 0);
    const by = counts(call, 1);
    return (row) => {
      const array = read(row);
      const count = by?.(row) ?? null;
      if (array === null || count === null || array.length === 0) return array;
      const at = (((sign * count) % array.length) + array.length) % array.length;
      return [...array.slice(at), ...array.slice(0, at)];
    };
  };

const shift =
  (sign: 1 | -1): Implementation =>
  (call) => {
    const read = arrays(call, 0);
    const by = counts(call, 1);
    const given = call.args.length > 2 ? dynamics(call, 2) : undefined;
    return (row) => {
      const array = read(row);
      const count = by?.(row) ?? null;
      if (array === null || count === null) return array;
      const empty = given ? given(row) : array.length > 0 && array.every((v) => typeof v === 'string') ? '' : null;
      return array.map((_, i) => {
        const from = i + sign * count;
        return from >= 0 && from < array.length ? (array[from] ?? null) : empty;
      });
    };
  };

const split: Implementation = (call) => {
  const read = arrays(call, 0);
  const at = dynamics(call, 1);
  return (row) => {
    const array = read(row);
    if (array === null) return null;
    const given = at(row);
    const cuts = (Array.isArray(given) ? given : [given]).map((cut) => {
      if (typeof cut !== 'number') return refuse('array_split() at this place', call.node, call.scope);
      return Math.min(array.length, Math.max(0, cut < 0 ? array.length + cut : cut));
    });
    if (cuts.some((cut, i) => cut < (cuts[i - 1] ?? 0))) {
      refuse('array_split() at places that do not rise', call.node, call.scope);
    }
    return [0, ...cuts].map((from, i) => array.slice(from, cuts[i] ?? array.length));
  };
};

/** The paths of a dynamic; elements of one kind stand for each other, so that an array of values has one path. */
const treepath: Implementation = (call) => {
  const read = dynamics(call, 0);
  const paths = (value: Value, at: string, into: Set<string>): void => {
    const inner = Array.isArray(value)
      ? value.map((v): [string, Value] => [`${at}[0]`, v])
      : isBag(value)
        ? Object.entries(value).map(([key, v]): [string, Value] => [`${at}['${key}']`, v])
        : [];
    for (const [path, v] of inner) {
      into.add(path);
      paths(v, path, into);
    }
  };
  return (row) => {
    const value = read(row);
    if (value === null) return null;
    const found = new Set<string>();
    paths(value, '', found);
    return [...found];
  };
};

export const ARRAY_FUNCTIONS: Record<string, Implementation> = {
  array_rotate_left: rotate(1),
  array_rotate_right: rotate(-1),
  array_shift_left: shift(1),
  array_shift_right: shift(-1),
  array_split: split,
  treepath,
  // "The pairs are sorted by the names" (Microsoft Learn, dynamic_to_json(), read 2026-11).
  dynamic_to_json: (call) => {
    const { type, at } = argument(call, 0);
    if (type !== 'dynamic') return refuse(`${call.name}() of a ${type}`, call.node, call.scope);
    return (row) => {
      const value = at(row);
      return Array.isArray(value) || isBag(value) ? canonical(value) : toText(value, 'dynamic');
    };
  },
};
