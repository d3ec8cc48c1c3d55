import { argument, type Call, dynamics, reals, toBool } from './call.ts';
import { addLongs, type Long, long } from './longs.ts';
import { type Expression, refuse } from './scope.ts';
import type { ColumnType } from './types.ts';
import { type Bag, compareValues, isBag, isNumeric, keyOf, missing, type Value } from './values.ts';

/** The rows of an input, numbered by group. */
export interface Groups {
  /** Group of each row. */
  group: Int32Array;
  count: number;
  length: number;
}

/** The result of an aggregate for each group; several for those that make several columns. */
export type Aggregate = (call: Call, groups: Groups) => Value[];

const MAX_LIST = 1_048_576;

/** Calls `visit` with each row for which the condition in argument `position`, if there is one, is true. */
function each(
  call: Call,
  groups: Groups,
  position: number | undefined,
  visit: (row: number, group: number) => void,
): void {
  const { group, length } = groups;
  const test = position === undefined ? undefined : argument(call, position);
  for (let row = 0; row < length; row++) {
    if (test && toBool(test.at(row)) !== true) continue;
    visit(row, group[row] ?? 0);
  }
}

const filled = <T>(groups: Groups, make: () => T): T[] => Array.from({ length: groups.count }, make);

const count =
  (condition?: number): Aggregate =>
  (call, groups) => {
    const n = filled(groups, () => 0);
    each(call, groups, condition, (_, g) => {
      n[g] = (n[g] ?? 0) + 1;
    });
    return n;
  };

const sum =
  (condition?: number): Aggregate =>
  (call, groups) => {
    const { type, at } = argument(call, 0);
    numeric(call, type);
    const totals = filled<Long>(groups, () => 0);
    each(call, groups, condition, (row, g) => {
      const value = at(row);
      if (!isNumeric(value)) return;
      const before = totals[g] ?? 0;
      totals[g] = type === 'real' ? Number(before) + Number(value) : addLongs(before, value);
    });
    return totals;
  };

function numeric(call: Call, type: ColumnType): void {
  if (type === 'dynamic' || type === 'decimal') refuse(`${call.name}() of a ${type}`, call.node, call.scope);
}

const average =
  (condition?: number): Aggregate =>
  (call, groups) => {
    const { type } = argument(call, 0);
    numeric(call, type);
    const read = reals(call, 0);
    const totals = filled(groups, () => 0);
    const n = filled(groups, () => 0);
    each(call, groups, condition, (row, g) => {
      const value = read(row);
      if (value === null) return;
      totals[g] = (totals[g] ?? 0) + value;
      n[g] = (n[g] ?? 0) + 1;
    });
    const time = type === 'datetime' || type === 'timespan';
    return totals.map((total, g) => {
      const of = n[g] ?? 0;
      if (time) return of === 0 ? null : Math.round(total / of);
      return total / of;
    });
  };

const extreme =
  (sign: 1 | -1, condition?: number): Aggregate =>
  (call, groups) => {
    const { type, at } = argument(call, 0);
    if (type === 'dynamic') refuse(`${call.name}() of a dynamic`, call.node, call.scope);
    const best = filled<Value>(groups, () => null);
    each(call, groups, condition, (row, g) => {
      const value = at(row);
      if (value === null) return;
      const before = best[g] ?? null;
      if (before === null || compareValues(value, before) * sign > 0) best[g] = value;
    });
    return type === 'string' ? best.map((v) => v ?? '') : best;
  };

const distinct =
  (condition?: number): Aggregate =>
  (call, groups) => {
    const { at } = argument(call, 0);
    const seen = filled(groups, () => new Set<unknown>());
    each(call, groups, condition, (row, g) => {
      const value = at(row);
      if (value !== null) seen[g]?.add(keyOf(value));
    });
    return seen.map((s) => s.size);
  };

function sizeLimit(call: Call, position: number): number {
  if (call.args.length <= position) return MAX_LIST;
  const given = argument(call, position).at(0);
  return typeof given === 'number' ? Math.min(MAX_LIST, Math.max(0, given)) : MAX_LIST;
}

const makeList =
  (options: { condition?: number; limit: number; nulls?: boolean }): Aggregate =>
  (call, groups) => {
    const read = dynamics(call, 0);
    const most = sizeLimit(call, options.limit);
    const lists = filled<Value[]>(groups, () => []);
    each(call, groups, options.condition, (row, g) => {
      const value = read(row);
      const into = lists[g];
      if ((value !== null || options.nulls) && into && into.length < most) into.push(value);
    });
    return lists;
  };

const makeSet =
  (options: { condition?: number; limit: number }): Aggregate =>
  (call, groups) => {
    const read = dynamics(call, 0);
    const most = sizeLimit(call, options.limit);
    const sets = filled(groups, () => new Map<unknown, Value>());
    each(call, groups, options.condition, (row, g) => {
      const value = read(row);
      const into = sets[g];
      if (value === null || !into) return;
      // The elements of an array are members of the set, not the array.
      for (const member of Array.isArray(value) ? value : [value]) {
        const key = keyOf(member);
        if (into.size < most && !into.has(key)) into.set(key, member);
      }
    });
    return sets.map((s) => [...s.values()]);
  };

const makeBag =
  (options: { condition?: number; limit: number }): Aggregate =>
  (call, groups) => {
    const read = dynamics(call, 0);
    const most = sizeLimit(call, options.limit);
    const bags = filled<Bag>(groups, () => Object.create(null));
    const sizes = filled(groups, () => 0);
    each(call, groups, options.condition, (row, g) => {
      const value = read(row);
      const into = bags[g];
      if (!isBag(value) || !into) return;
      for (const [k, v] of Object.entries(value)) {
        if (k in into || (sizes[g] ?? 0) >= most) continue;
        into[k] = v;
        sizes[g] = (sizes[g] ?? 0) + 1;
      }
    });
    return bags;
  };

/** The numbers of a group joined bit by bit; of no number, the start. */
const bits =
  (start: bigint, join: (a: bigint, b: bigint) => bigint): Aggregate =>
  (call, groups) => {
    const { type, at } = argument(call, 0);
    if (type !== 'long' && type !== 'int') refuse(`${call.name}() of a ${type}`, call.node, call.scope);
    const joined = filled(groups, () => start);
    each(call, groups, undefined, (row, g) => {
      const value = at(row);
      if (isNumeric(value)) joined[g] = join(joined[g] ?? start, BigInt(value));
    });
    return joined.map(long);
  };

/** Any value of the group: the first that is neither null nor empty, so that the answer is repeatable. */
const takeAny =
  (condition?: number): Aggregate =>
  (call, groups) => {
    const { type, at } = argument(call, 0);
    const none = missing(type);
    const found = filled<Value>(groups, () => none);
    each(call, groups, condition, (row, g) => {
      const before = found[g] ?? null;
      if (before === null || before === '') found[g] = at(row);
    });
    return found;
  };

/** Sum of squared differences from the mean, and the number of values, by Welford's method. */
function spread(call: Call, groups: Groups, condition: number | undefined): { n: number; square: number }[] {
  numeric(call, argument(call, 0).type);
  const read = reals(call, 0);
  const state = filled(groups, () => ({ n: 0, mean: 0, square: 0 }));
  each(call, groups, condition, (row, g) => {
    const value = read(row);
    const s = state[g];
    if (value === null || !s) return;
    s.n += 1;
    const delta = value - s.mean;
    s.mean += delta / s.n;
    s.square += delta * (value - s.mean);
  });
  return state;
}

const deviation =
  (options: { root: boolean; population: boolean; condition?: number }): Aggregate =>
  (call, groups) =>
    spread(call, groups, options.condition).map(({ n, square }) => {
      const by = options.population ? n : n - 1;
      const variance = by > 0 ? square / by : 0;
      return options.root ? Math.sqrt(variance) : variance;
    });

/** The values of each group in ascending order, without nulls. */
export function sortedValues(value: Expression, groups: Groups): Value[][] {
  const all = filled<Value[]>(groups, () => []);
  for (let row = 0; row < groups.length; row++) {
    const v = value.at(row);
    if (v !== null) all[groups.group[row] ?? 0]?.push(v);
  }
  for (const values of all) values.sort(compareValues);
  return all;
}

/** The value of nearest rank. */
export function nearestRank(sorted: readonly Value[], percent: number): Value {
  if (sorted.length === 0) return null;
  const rank = Math.ceil((percent / 100) * sorted.length);
  return sorted[Math.min(sorted.length, Math.max(1, rank)) - 1] ?? null;
}

const percentile: Aggregate = (call, groups) => {
  const value = argument(call, 0);
  numeric(call, value.type);
  const percent = Number(argument(call, 1).at(0));
  return sortedValues(value, groups).map((sorted) => nearestRank(sorted, percent));
};

const percentilesArray: Aggregate = (call, groups) => {
  const value = argument(call, 0);
  numeric(call, value.type);
  const percents = call.args.slice(1).flatMap((a) => {
    const given = a.at(0);
    return Array.isArray(given) ? given : [given];
  });
  return sortedValues(value, groups).map((sorted) => percents.map((p) => nearestRank(sorted, Number(p))));
};

const listIf: Aggregate = makeList({ condition: 1, limit: 2 });

export const AGGREGATES: ReadonlyMap<string, Aggregate> = new Map(
  Object.entries({
    count: count(),
    countif: count(0),
    sum: sum(),
    sumif: sum(1),
    avg: average(),
    avgif: average(1),
    min: extreme(-1),
    max: extreme(1),
    minif: extreme(-1, 1),
    maxif: extreme(1, 1),
    dcount: distinct(),
    dcountif: distinct(1),
    count_distinct: distinct(),
    count_distinctif: distinct(1),
    make_list: makeList({ limit: 1 }),
    makelist: makeList({ limit: 1 }),
    make_list_if: listIf,
    make_list_with_nulls: makeList({ limit: 1, nulls: true }),
    make_set: makeSet({ limit: 1 }),
    makeset: makeSet({ limit: 1 }),
    make_set_if: makeSet({ condition: 1, limit: 2 }),
    make_bag: makeBag({ limit: 1 }),
    make_dictionary: makeBag({ limit: 1 }),
    make_bag_if: makeBag({ condition: 1, limit: 2 }),
    take_any: takeAny(),
    any: takeAny(),
    take_anyif: takeAny(1),
    anyif: takeAny(1),
    stdev: deviation({ root: true, population: false }),
    stdevif: deviation({ root: true, population: false, condition: 1 }),
    stdevp: deviation({ root: true, population: true }),
    variance: deviation({ root: false, population: false }),
    varianceif: deviation({ root: false, population: false, condition: 1 }),
    variancep: deviation({ root: false, population: true }),
    percentile,
    percentiles_array: percentilesArray,
    binary_all_or: bits(0n, (a, b) => a | b),
    binary_all_xor: bits(0n, (a, b) => a ^ b),
    binary_all_and: bits(-1n, (a, b) => a & b),
  }),
);

/** The row of each group in which a value is greatest or least; -1 for an empty group. Ties and all-null groups: the first. */
export function bestRows(value: Expression, groups: Groups, sign: 1 | -1): Int32Array {
  const rows = new Int32Array(groups.count).fill(-1);
  const best = filled<Value>(groups, () => null);
  for (let row = 0; row < groups.length; row++) {
    const g = groups.group[row] ?? 0;
    const v = value.at(row);
    const before = best[g] ?? null;
    if ((rows[g] ?? -1) < 0 || (v !== null && (before === null || compareValues(v, before) * sign > 0))) {
      rows[g] = row;
      best[g] = v;
    }
  }
  return rows;
}
