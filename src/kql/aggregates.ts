import { argument, type Call, dynamics, reals, toBool } from './call.ts';
import { addLongs, type Long, long } from './longs.ts';
import { type Expression, refuse } from './scope.ts';
import type { ColumnType } from './types.ts';
import { type Bag, compareValues, isBag, isNumeric, keyOf, missing, moreExtreme, type Value } from './values.ts';
import { PartsDiffer } from './work.ts';

/** Rows, numbered by group. */
export interface Groups {
  /** Group of each row. */
  group: Int32Array;
  count: number;
  length: number;
  /** The place of the first row among all rows, where parts are made of some of them. */
  from: number;
}

/**
 * An aggregate on its way: it takes in rows, in one go or in several, and has a value for each group at the end. The order
 * of the rows decides alone, not how they were cut.
 */
export interface Accumulator {
  /** Takes in the rows of `groups`; `call` is bound to them. */
  add(call: Call, groups: Groups): void;
  /** The values of the first `count` groups. */
  values(count: number): Value[];
  /** Absent where the order of all rows decides. */
  parts?: StateParts;
}

/** States of groups as plain data, and how those of another part come to them. */
export interface StateParts {
  take(): unknown[];
  /** `into`: the group of each state. Throws PartsDiffer where the answer would depend on how the rows were cut. */
  join(states: readonly unknown[], into: Int32Array): void;
}

export type Aggregate = (call: Call) => Accumulator;

/** How an aggregate is worked out: from a start, row after row, for each group apart. */
interface Fold<S> {
  start(): S;
  /** Gives what takes in one row; asked once for each run of rows, whose first is at the place `from`. */
  next(call: Call, from: number): (state: S, row: number) => S;
  value(state: S): Value;
  /** The state of the rows of both, whichever came first. States of such a fold are plain data. */
  join?(a: S, b: S): S;
}

const MAX_LIST = 1_048_576;

/** Rows for which the condition in argument `position`, if there is one, is not true are passed over. */
const folding =
  <S>(fold: (call: Call) => Fold<S>, position?: number): Aggregate =>
  (first) => {
    const { start, next, value, join } = fold(first);
    const states: S[] = [];
    const parts: StateParts | undefined = join && {
      take: () => states,
      join: (others, into) => {
        others.forEach((other, i) => {
          const g = into[i] ?? 0;
          while (states.length <= g) states.push(start());
          states[g] = join(states[g] ?? start(), other as S);
        });
      },
    };
    return {
      ...(parts ? { parts } : {}),
      add(call, { group, count, length, from }) {
        while (states.length < count) states.push(start());
        const take = next(call, from);
        const test = position === undefined ? undefined : argument(call, position);
        for (let row = 0; row < length; row++) {
          if (test && toBool(test.at(row)) !== true) continue;
          const g = group[row] ?? 0;
          const before = states[g];
          if (before !== undefined) states[g] = take(before, row);
        }
      },
      values(count) {
        while (states.length < count) states.push(start());
        return states.map(value);
      },
    };
  };

const same = <S>(state: S): S => state;

const count = (condition?: number): Aggregate =>
  folding(
    () => ({ start: () => 0, next: () => (n: number) => n + 1, value: same<number>, join: (a, b) => a + b }),
    condition,
  );

const sum = (condition?: number): Aggregate =>
  folding((first): Fold<Long> => {
    const { type } = argument(first, 0);
    numeric(first, type);
    return {
      start: () => 0,
      next: (call) => {
        const { at } = argument(call, 0);
        return (total, row) => {
          const value = at(row);
          if (!isNumeric(value)) return total;
          return type === 'real' ? Number(total) + Number(value) : addLongs(total, value);
        };
      },
      value: same,
      // The order of its rows shows in the last digits of a real.
      ...(type === 'real' ? {} : { join: addLongs }),
    };
  }, condition);

function numeric(call: Call, type: ColumnType): void {
  if (type === 'dynamic' || type === 'decimal') refuse(`${call.name}() of a ${type}`, call.node, call.scope);
}

const average = (condition?: number): Aggregate =>
  folding((first): Fold<{ total: number; n: number; size: number }> => {
    const { type } = argument(first, 0);
    numeric(first, type);
    const time = type === 'datetime' || type === 'timespan';
    return {
      start: () => ({ total: 0, n: 0, size: 0 }),
      next: (call) => {
        const read = reals(call, 0);
        return (state, row) => {
          const value = read(row);
          if (value === null) return state;
          state.total += value;
          state.size += Math.abs(value);
          state.n += 1;
          return state;
        };
      },
      value: ({ total, n }) => (time ? (n === 0 ? null : Math.round(total / n)) : total / n),
      ...(type === 'long' || type === 'int' ? { join: joinedTotals } : {}),
    };
  }, condition);

/** Totals of whole numbers, which are exact in any order while no sum of them is too large for a real. */
function joinedTotals<S extends { total: number; n: number; size: number }>(a: S, b: S): S {
  const size = a.size + b.size;
  if (size > Number.MAX_SAFE_INTEGER) throw new PartsDiffer();
  return { ...a, total: a.total + b.total, n: a.n + b.n, size };
}

const extreme = (sign: 1 | -1, condition?: number): Aggregate =>
  folding((first): Fold<Value> => {
    const { type } = argument(first, 0);
    if (type === 'dynamic') refuse(`${first.name}() of a dynamic`, first.node, first.scope);
    return {
      start: () => null,
      next: (call) => {
        const { at } = argument(call, 0);
        return (best, row) => {
          const value = at(row);
          if (value === null) return best;
          return best === null || moreExtreme(value, best, sign) > 0 ? value : best;
        };
      },
      value: (best) => (type === 'string' ? (best ?? '') : best),
      join: (a, b) => {
        if (a === null || b === null) return a ?? b;
        const order = moreExtreme(b, a, sign);
        // 0 and -0 are equal, and the first of them is the answer.
        if (order === 0 && !Object.is(a, b)) throw new PartsDiffer();
        return order > 0 ? b : a;
      },
    };
  }, condition);

const distinct = (condition?: number): Aggregate =>
  folding(
    (): Fold<Set<unknown>> => ({
      start: () => new Set(),
      next: (call) => {
        const { at } = argument(call, 0);
        return (seen, row) => {
          const value = at(row);
          return value === null ? seen : seen.add(keyOf(value));
        };
      },
      value: (seen) => seen.size,
      join: (a, b) => {
        for (const key of b) a.add(key);
        return a;
      },
    }),
    condition,
  );

/**
 * "The deprecated version has a default maxSize limit of 128" (make-set-aggregation-function, of 2024-08-11, and its kin of lists and
 * bags): without a limit of their own these keep no more.
 */
const DEPRECATED: ReadonlySet<string> = new Set(['makeset', 'makelist', 'make_dictionary']);
const DEPRECATED_LIMIT = 128;

function sizeLimit(call: Call, position: number): number {
  if (call.args.length <= position) return DEPRECATED.has(call.name) ? DEPRECATED_LIMIT : MAX_LIST;
  const given = argument(call, position).at(0);
  return typeof given === 'number' ? Math.min(MAX_LIST, Math.max(0, given)) : MAX_LIST;
}

const makeList = (options: { condition?: number; limit: number; nulls?: boolean }): Aggregate =>
  folding((first): Fold<Value[]> => {
    const most = sizeLimit(first, options.limit);
    // The elements of an array are in the list, not the array, and a dynamic null is an element (kql-to-sql, read 2026-11-30).
    const withNulls = options.nulls || argument(first, 0).type === 'dynamic';
    return {
      start: () => [],
      next: (call) => {
        const read = dynamics(call, 0);
        return (into, row) => {
          const value = read(row);
          if (value === null && !withNulls) return into;
          for (const member of Array.isArray(value) ? value : [value]) if (into.length < most) into.push(member);
          return into;
        };
      },
      value: same,
    };
  }, options.condition);

const makeSet = (options: { condition?: number; limit: number }): Aggregate =>
  folding((first): Fold<Map<unknown, Value>> => {
    const most = sizeLimit(first, options.limit);
    return {
      start: () => new Map(),
      next: (call) => {
        const read = dynamics(call, 0);
        return (into, row) => {
          const value = read(row);
          if (value === null) return into;
          // The elements of an array are members of the set, not the array.
          for (const member of Array.isArray(value) ? value : [value]) {
            const key = keyOf(member);
            if (into.size < most && !into.has(key)) into.set(key, member);
          }
          return into;
        };
      },
      value: (set) => [...set.values()],
    };
  }, options.condition);

const makeBag = (options: { condition?: number; limit: number }): Aggregate =>
  folding((first): Fold<{ bag: Bag; size: number }> => {
    const most = sizeLimit(first, options.limit);
    return {
      start: () => ({ bag: Object.create(null), size: 0 }),
      next: (call) => {
        const read = dynamics(call, 0);
        return (into, row) => {
          const value = read(row);
          if (!isBag(value)) return into;
          for (const [k, v] of Object.entries(value)) {
            if (k in into.bag || into.size >= most) continue;
            into.bag[k] = v;
            into.size += 1;
          }
          return into;
        };
      },
      value: ({ bag }) => bag,
    };
  }, options.condition);

/** The numbers of a group joined bit by bit; of no number, the start. */
const bits = (begin: bigint, join: (a: bigint, b: bigint) => bigint): Aggregate =>
  folding((first): Fold<bigint> => {
    const { type } = argument(first, 0);
    if (type !== 'long' && type !== 'int') refuse(`${first.name}() of a ${type}`, first.node, first.scope);
    return {
      start: () => begin,
      next: (call) => {
        const { at } = argument(call, 0);
        return (joined, row) => {
          const value = at(row);
          return isNumeric(value) ? join(joined, BigInt(value)) : joined;
        };
      },
      value: long,
      join,
    };
  });

/** Any value of the group: the first that is neither null nor empty, so that the answer is repeatable. */
const takeAny = (condition?: number): Aggregate =>
  folding((first): Fold<{ value: Value; at: number }> => {
    const { type } = argument(first, 0);
    const none = missing(type);
    const absent = (value: Value): boolean => value === null || value === '';
    return {
      start: () => ({ value: none, at: -1 }),
      next: (call, from) => {
        const { at } = argument(call, 0);
        return (found, row) => {
          if (absent(found.value)) {
            found.value = at(row);
            found.at = from + row;
          }
          return found;
        };
      },
      value: ({ value }) => value,
      // Of a dynamic an empty text and a null are both absent, and not the same.
      ...(type === 'dynamic' ? {} : { join: (a, b) => (absent(b.value) ? a : absent(a.value) || b.at < a.at ? b : a) }),
    };
  }, condition);

/** Welford's method: the number of values, their mean, and the sum of squared differences from it. */
interface Spread {
  n: number;
  mean: number;
  square: number;
}

const deviation = (options: { root: boolean; population: boolean; condition?: number }): Aggregate =>
  folding((first): Fold<Spread> => {
    numeric(first, argument(first, 0).type);
    return {
      start: () => ({ n: 0, mean: 0, square: 0 }),
      next: (call) => {
        const read = reals(call, 0);
        return (s, row) => {
          const value = read(row);
          if (value === null) return s;
          s.n += 1;
          const delta = value - s.mean;
          s.mean += delta / s.n;
          s.square += delta * (value - s.mean);
          return s;
        };
      },
      value: ({ n, square }) => {
        const by = options.population ? n : n - 1;
        const variance = by > 0 ? square / by : 0;
        return options.root ? Math.sqrt(variance) : variance;
      },
    };
  }, options.condition);

/** The sums of two variables, of their products, and how many pairs of both there are. */
const covariance = (options: { population: boolean; condition?: number }): Aggregate =>
  folding((first): Fold<{ n: number; x: number; y: number; together: number }> => {
    numeric(first, argument(first, 0).type);
    numeric(first, argument(first, 1).type);
    return {
      start: () => ({ n: 0, x: 0, y: 0, together: 0 }),
      next: (call) => {
        const [left, right] = [reals(call, 0), reals(call, 1)];
        return (s, row) => {
          const [x, y] = [left(row), right(row)];
          if (x === null || y === null) return s;
          s.n += 1;
          const delta = x - s.x;
          s.x += delta / s.n;
          s.y += (y - s.y) / s.n;
          s.together += delta * (y - s.y);
          return s;
        };
      },
      value: ({ n, together }) => {
        const by = options.population ? n : n - 1;
        return by > 0 ? together / by : null;
      },
    };
  }, options.condition);

/** The values of a group with their weights, which stand for so many of each. */
const weighted = (of: (call: Call) => (sorted: readonly (readonly [Value, number])[]) => Value): Aggregate =>
  folding((first): Fold<(readonly [Value, number])[]> => {
    numeric(first, argument(first, 0).type);
    const result = of(first);
    return {
      start: () => [],
      next: (call) => {
        const { at } = argument(call, 0);
        const weight = reals(call, 1);
        return (values, row) => {
          const [value, times] = [at(row), weight(row)];
          if (value !== null && times !== null && times > 0) values.push([value, times]);
          return values;
        };
      },
      value: (values) => result(values.sort(([a], [b]) => compareValues(a, b))),
    };
  });

function weightedRank(sorted: readonly (readonly [Value, number])[], percent: number): Value {
  const rank = rankOf(
    percent,
    sorted.reduce((sum, [, times]) => sum + times, 0),
  );
  let passed = 0;
  for (const [value, times] of sorted) {
    passed += times;
    if (passed >= rank) return value;
  }
  return sorted.at(-1)?.[0] ?? null;
}

/** The values of a group without nulls, from which `of` makes the aggregate when they are in ascending order. */
const ranked = (of: (call: Call) => (sorted: readonly Value[]) => Value): Aggregate =>
  folding((first): Fold<Value[]> => {
    numeric(first, argument(first, 0).type);
    const result = of(first);
    return {
      start: () => [],
      next: (call) => {
        const { at } = argument(call, 0);
        return (values, row) => {
          const value = at(row);
          if (value !== null) values.push(value);
          return values;
        };
      },
      value: (values) => result(values.sort(compareValues)),
    };
  });

/** The value of nearest rank. */
export function nearestRank(sorted: readonly Value[], percent: number): Value {
  if (sorted.length === 0) return null;
  return sorted[Math.min(sorted.length, rankOf(percent, sorted.length)) - 1] ?? null;
}

/** From 1. A product that is a whole number but for its last bit is that number. */
const rankOf = (percent: number, count: number): number => Math.max(1, Math.ceil((percent * count) / 100 - 1e-9));

/** The percentiles that a call asks for: each an argument, or all in an array. */
const percentsOf = (call: Call, from: number): number[] =>
  call.args.slice(from).flatMap((a) => {
    const given = a.at(0);
    return (Array.isArray(given) ? given : [given]).map((percent) =>
      isNumeric(percent) ? Number(percent) : Number.NaN,
    );
  });

const percentile: Aggregate = ranked((call) => {
  const [percent = 0] = percentsOf(call, 1);
  return (sorted) => nearestRank(sorted, percent);
});

/** The percentiles of a group as an array; percentiles() makes columns of them. */
export const percentilesArray: Aggregate = ranked((call) => {
  const percents = percentsOf(call, 1);
  return (sorted) => percents.map((percent) => nearestRank(sorted, percent));
});

/** The same of values with weights; percentilesw() makes columns of them. */
export const percentileswArray: Aggregate = weighted((call) => {
  const percents = percentsOf(call, 2);
  return (sorted) => percents.map((percent) => weightedRank(sorted, percent));
});

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
    percentilew: weighted((call) => {
      const percent = percentsOf(call, 2)[0] ?? 0;
      return (sorted) => weightedRank(sorted, percent);
    }),
    percentilesw_array: percentileswArray,
    covariance: covariance({ population: false }),
    covarianceif: covariance({ population: false, condition: 2 }),
    covariancep: covariance({ population: true }),
    covariancepif: covariance({ population: true, condition: 2 }),
    percentiles_array: percentilesArray,
    binary_all_or: bits(0n, (a, b) => a | b),
    binary_all_xor: bits(0n, (a, b) => a ^ b),
    binary_all_and: bits(-1n, (a, b) => a & b),
  }),
);

/** The greatest or least value of each group, and where it is. Ties and groups of nulls: the first row. */
export class BestRows {
  /** Undefined for a group that had no row yet. */
  readonly best: (Value | undefined)[] = [];
  readonly #sign: 1 | -1;

  constructor(sign: 1 | -1) {
    this.#sign = sign;
  }

  /** The row of each group that is better than those of the rows before; -1 where there is none. */
  add({ at }: Expression, { group, count, length }: Groups): Int32Array {
    const rows = new Int32Array(count).fill(-1);
    const { best } = this;
    while (best.length < count) best.push(undefined);
    for (let row = 0; row < length; row++) {
      const g = group[row] ?? 0;
      const v = at(row);
      if (this.#order(v, best[g]) > 0) {
        rows[g] = row;
        best[g] = v;
      }
    }
    return rows;
  }

  /** Takes a value of a group from elsewhere: above 0 where it is better than that of the group, 0 where it is as good. */
  offer(g: number, value: Value): number {
    while (this.best.length <= g) this.best.push(undefined);
    const order = this.#order(value, this.best[g]);
    if (order > 0) this.best[g] = value;
    return order;
  }

  #order(value: Value, before: Value | undefined): number {
    if (before === undefined) return 1;
    if (value === null || before === null) return value === before ? 0 : value === null ? -1 : 1;
    return moreExtreme(value, before, this.#sign);
  }
}
