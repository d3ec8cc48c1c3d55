/**
 * Patterns of rows: values of some columns that rows share. Rows are given by numbers, so that nothing here knows what the
 * values are. Every weight of a pattern is that of all rows that match it, and of no others.
 */

import { groupRows } from './grouping.ts';

/** Rows by the numbers of their values. */
export interface NumberedRows {
  /** Of each column the number of each row's value, from 0; -1 for one that is in no pattern. */
  columns: readonly Int32Array[];
  /** Of each set of rows what each row counts in it; the sets share no row. Whole numbers, not below zero. */
  sets: readonly Float64Array[];
  length: number;
}

export interface Pattern {
  /** Of each column the number of the value that all its rows have; -1 where they may differ. */
  codes: Int32Array;
  /** What its rows count in each set. */
  weights: number[];
}

/** The search would take more than it may. */
export class TooManyPatterns extends Error {
  override readonly name = 'TooManyPatterns';
}

/** Steps that a search may take, each a cell that is looked at: about half a minute. */
const MOST_STEPS = 4e9;
/** Combinations of values that are kept, a few hundred bytes each with their patterns. */
const MOST_KEPT = 100_000;

/** What one search has taken so far. */
export class Effort {
  #steps = 0;
  readonly #most: number;
  constructor(most = MOST_STEPS) {
    this.#most = most;
  }

  /** Throws TooManyPatterns. */
  spend(steps: number): void {
    this.#steps += steps;
    if (this.#steps > this.#most) throw new TooManyPatterns();
  }
}

export const sumOf = (weights: Iterable<number>): number => {
  let sum = 0;
  for (const weight of weights) sum += weight;
  return sum;
};

/** How many columns a pattern says something of. */
export const sizeOf = ({ codes }: Pick<Pattern, 'codes'>): number =>
  codes.reduce((sum, code) => sum + (code < 0 ? 0 : 1), 0);

/** Is this part of a set's weight enough, in one of the sets? */
const isFrequent = (weights: readonly number[], totals: readonly number[], threshold: number): boolean =>
  weights.some((weight, s) => weight > 0 && weight / (totals[s] ?? 0) >= threshold);

/** A value of a column, and what the rows that have it count in each set. */
interface Item {
  column: number;
  code: number;
  weights: number[];
}

/** The values that are frequent, the rarest first, so that what is searched below each is small. */
function frequentItems({ columns, sets, length }: NumberedRows, totals: readonly number[], threshold: number): Item[] {
  const items = columns.flatMap((codes, column): Item[] => {
    const most = codes.reduce((max, code) => Math.max(max, code), -1);
    const sums = sets.map(() => new Float64Array(most + 1));
    for (let row = 0; row < length; row++) {
      const code = codes[row] ?? -1;
      if (code < 0) continue;
      for (const [s, weights] of sets.entries()) {
        const sum = sums[s];
        if (sum) sum[code] = (sum[code] ?? 0) + (weights[row] ?? 0);
      }
    }
    return Array.from({ length: most + 1 }, (_, code) => ({
      column,
      code,
      weights: sums.map((sum) => sum[code] ?? 0),
    }));
  });
  return items
    .filter(({ weights }) => isFrequent(weights, totals, threshold))
    .sort((a, b) => sumOf(a.weights) - sumOf(b.weights) || b.column - a.column || b.code - a.code);
}

/** Rows that have the same frequent values, as one; their values by the places of the items. */
interface Joined {
  /** Row after row: of each column that has such values the place of the item, or -1. */
  cells: Int32Array;
  width: number;
  /** Of each item which of these columns has it. */
  places: Int32Array;
  sets: Float64Array[];
  length: number;
}

function joined({ columns, sets, length }: NumberedRows, items: readonly Item[]): Joined {
  const places = new Map<number, Map<number, number>>();
  items.forEach(({ column, code }, at) => {
    const known = places.get(column) ?? new Map<number, number>();
    places.set(column, known.set(code, at));
  });
  const reads = [...places].map(([column, of]) => {
    const codes = columns[column];
    return (row: number): number => of.get(codes?.[row] ?? -1) ?? -1;
  });
  const { group, first } = groupRows(
    reads.map((at) => ({ at })),
    length,
  );
  const width = reads.length;
  const cells = new Int32Array(first.length * width);
  first.forEach((row, at) => {
    reads.forEach((read, c) => {
      cells[at * width + c] = read(row);
    });
  });
  const sums = sets.map((weights) => {
    const sum = new Float64Array(first.length);
    for (let row = 0; row < length; row++) sum[group[row] ?? 0] = (sum[group[row] ?? 0] ?? 0) + (weights[row] ?? 0);
    return sum;
  });
  const order = [...places.keys()];
  const columnsOf = Int32Array.from(items, ({ column }) => order.indexOf(column));
  return { cells, width, places: columnsOf, sets: sums, length: first.length };
}

/**
 * The frequent patterns that are closed: none could say more and match the same rows. Apriori (Agrawal and Srikant, "Fast
 * Algorithms for Mining Association Rules", 1994) over combinations of values of which none follows from the others; each stands
 * for the pattern of all that follows from it. `mostDimensions`: of such values in a combination. A pattern is frequent
 * where it has at least `threshold` of what one of the sets counts. Throws TooManyPatterns.
 */
export function closedPatterns(
  rows: NumberedRows,
  totals: readonly number[],
  threshold: number,
  mostDimensions: number,
  effort: Effort,
): Pattern[] {
  const items = frequentItems(rows, totals, threshold);
  const search = new Search(joined(rows, items), items, totals, threshold, mostDimensions, effort);
  return search.found().map(({ closure, weights }) => {
    const codes = new Int32Array(rows.columns.length).fill(-1);
    for (const at of closure) {
      const item = items[at];
      if (item) codes[item.column] = item.code;
    }
    return { codes, weights };
  });
}

class Search {
  readonly #rows: Joined;
  readonly #items: readonly Item[];
  readonly #totals: readonly number[];
  readonly #threshold: number;
  readonly #most: number;
  readonly #effort: Effort;
  /** Combinations of which no value follows from the others, and what their rows count. */
  readonly #weights = new Map<string, number>();
  readonly #found = new Map<string, { closure: number[]; weights: number[] }>();
  readonly #counts: Float64Array[];

  constructor(
    rows: Joined,
    items: readonly Item[],
    totals: readonly number[],
    threshold: number,
    most: number,
    effort: Effort,
  ) {
    this.#rows = rows;
    this.#items = items;
    this.#totals = totals;
    this.#threshold = threshold;
    this.#most = most;
    this.#effort = effort;
    this.#counts = rows.sets.map(() => new Float64Array(items.length));
  }

  found(): { closure: number[]; weights: number[] }[] {
    const all = Int32Array.from({ length: this.#rows.length }, (_, row) => row);
    this.#below([], all, this.#totals);
    return [...this.#found.values()];
  }

  /** Counts the values of some rows. */
  #count(of: Int32Array): void {
    const { cells, width, sets } = this.#rows;
    this.#effort.spend(of.length * width);
    for (const [s, weights] of sets.entries()) {
      const counts = this.#counts[s];
      if (!counts) continue;
      counts.fill(0);
      for (let i = 0; i < of.length; i++) {
        const row = of[i] ?? 0;
        const weight = weights[row] ?? 0;
        if (weight === 0) continue;
        const end = (row + 1) * width;
        for (let at = end - width; at < end; at++) {
          const item = cells[at] ?? -1;
          if (item >= 0) counts[item] = (counts[item] ?? 0) + weight;
        }
      }
    }
  }

  /** The patterns of a combination's rows `of`, and of the combinations that add a later value to it. */
  #below(combination: readonly number[], of: Int32Array, weights: readonly number[]): void {
    this.#count(of);
    const weight = sumOf(weights);
    const closure: number[] = [];
    const later: { at: number; weights: number[] }[] = [];
    const last = combination.at(-1) ?? -1;
    for (let at = 0; at < this.#items.length; at++) {
      const own = this.#counts.map((counts) => counts[at] ?? 0);
      const sum = sumOf(own);
      if (sum === weight) closure.push(at);
      else if (at > last && isFrequent(own, this.#totals, this.#threshold)) later.push({ at, weights: own });
    }
    if (closure.length > 0 && weight > 0) this.#keep(closure, weights);
    if (combination.length >= this.#most) return;
    // From the last on: whatever a combination consists of has been looked at before it.
    for (const { at, weights: own } of later.reverse()) {
      const next = [...combination, at];
      if (!this.#adds(next, sumOf(own))) continue;
      this.#weights.set(next.join(), sumOf(own));
      if (this.#weights.size > MOST_KEPT) throw new TooManyPatterns();
      this.#below(next, this.#having(of, at), own);
    }
  }

  #keep(closure: number[], weights: readonly number[]): void {
    const key = closure.join();
    if (!this.#found.has(key)) this.#found.set(key, { closure, weights: [...weights] });
    if (this.#found.size > MOST_KEPT) throw new TooManyPatterns();
  }

  /** Does each value of a combination leave out rows that all the others let through? */
  #adds(combination: readonly number[], weight: number): boolean {
    if (combination.length < 2) return true;
    return combination.every((_, left) => {
      const others = combination.filter((__, i) => i !== left).join();
      return (this.#weights.get(others) ?? -1) > weight;
    });
  }

  /** The rows among these that have a value. */
  #having(of: Int32Array, at: number): Int32Array {
    const { cells, width, places } = this.#rows;
    const column = places[at] ?? 0;
    this.#effort.spend(of.length);
    return of.filter((row) => cells[row * width + column] === at);
  }
}

/**
 * Local search from seeds, which are rows. A pattern begins with the seed's value that has the best score together with what
 * follows from it; then each value of the seed that most rows share is added, one after the other, and of the patterns on the
 * way the one with the best score is kept. The score is the geometric mean of the part of the rows that a pattern matches and
 * of the part of the columns that it names, weighted by `sizeWeight` and what it lacks to 1. Only the values of seeds need
 * numbers. The best pattern is first.
 */
export function seededPatterns(
  rows: NumberedRows,
  seeds: readonly number[],
  sizeWeight: number,
  effort: Effort,
): Pattern[] {
  const { columns, sets, length } = rows;
  const [weights = new Float64Array(0)] = sets;
  const total = sumOf(weights);
  const score = (size: number, weight: number): number =>
    (weight / total) ** sizeWeight * (size / columns.length) ** (1 - sizeWeight);
  const found = new Map<string, { pattern: Pattern; score: number }>();
  const all = new Int32Array(length).map((_, row) => row);
  bestStarts(rows, seeds, score, effort).forEach((start, place) => {
    const seed = seeds[place] ?? 0;
    let of = all;
    const codes = new Int32Array(columns.length).fill(-1);
    let best: { pattern: Pattern; score: number } | undefined;
    const left = new Set(columns.keys().filter((column) => (columns[column]?.[seed] ?? -1) >= 0));
    let next = start;
    while (next && left.delete(next.column)) {
      const { column, weight } = next;
      const own = columns[column];
      const code = own?.[seed] ?? -1;
      effort.spend(of.length);
      of = of.filter((row) => own?.[row] === code);
      codes[column] = code;
      const value = score(sizeOf({ codes }), weight);
      // One row has nothing in common with others.
      if (of.length > 1 && value > (best?.score ?? 0))
        best = { pattern: { codes: codes.slice(), weights: [weight] }, score: value };
      // None that follows can be better.
      if (score(columns.length, weight) <= (best?.score ?? 0)) break;
      next = mostShared(rows, seed, left, of, effort);
    }
    if (best) found.set(best.pattern.codes.join(), best);
  });
  return [...found.values()].sort((one, other) => other.score - one.score).map(({ pattern }) => pattern);
}

/** A seed's value by its column, with what its rows count. */
interface Shared {
  column: number;
  weight: number;
}

/** Of some columns that in which most rows have the seed's value. */
function mostShared(
  { columns, sets }: NumberedRows,
  seed: number,
  among: ReadonlySet<number>,
  of: Int32Array,
  effort: Effort,
): Shared | undefined {
  let most: Shared | undefined;
  effort.spend(of.length * among.size);
  for (const column of among) {
    const own = columns[column];
    const code = own?.[seed];
    let weight = 0;
    for (let i = 0; i < of.length; i++) if (own?.[of[i] ?? 0] === code) weight += sets[0]?.[of[i] ?? 0] ?? 0;
    if (weight > (most?.weight ?? -1)) most = { column, weight };
  }
  return most;
}

/** For each seed its value that has the best score together with those of its values that all rows with it have. */
function bestStarts(
  { columns, sets, length }: NumberedRows,
  seeds: readonly number[],
  score: (size: number, weight: number) => number,
  effort: Effort,
): (Shared | undefined)[] {
  const best = seeds.map((): (Shared & { score: number }) | undefined => undefined);
  const [weights = new Float64Array(0)] = sets;
  columns.forEach((own, column) => {
    const withCode = new Map<number, number[]>();
    for (const seed of seeds) if ((own[seed] ?? -1) >= 0) withCode.set(own[seed] ?? -1, []);
    for (let row = 0; row < length; row++) withCode.get(own[row] ?? -1)?.push(row);
    for (const [code, of] of withCode) {
      effort.spend(of.length * columns.length);
      const weight = of.reduce((sum, row) => sum + (weights[row] ?? 0), 0);
      const counts = columns.map((other) => {
        const sums = new Map<number, number>();
        for (const row of of) sums.set(other[row] ?? -1, (sums.get(other[row] ?? -1) ?? 0) + (weights[row] ?? 0));
        return sums;
      });
      seeds.forEach((seed, place) => {
        if (own[seed] !== code) return;
        const size = columns.filter((other, c) => {
          const value = other[seed] ?? -1;
          return value >= 0 && counts[c]?.get(value) === weight;
        }).length;
        const value = score(size, weight);
        if (value > (best[place]?.score ?? 0)) best[place] = { column, weight, score: value };
      });
    }
  });
  return best;
}

/** A pattern is left out where so much of what its rows count is in one before it. */
const SAME = 0.75;

/**
 * The patterns that differ from those before them: none that says more or less of the same values than one of these, and none
 * most of whose rows one of these has.
 */
export function differing(rows: NumberedRows, patterns: readonly Pattern[], effort: Effort): Pattern[] {
  const kept: Pattern[] = [];
  for (const pattern of patterns) {
    if (kept.some((one) => isPart(one, pattern) || isPart(pattern, one))) continue;
    if (kept.length > 0 && isCovered(rows, pattern, kept, effort)) continue;
    kept.push(pattern);
  }
  return kept;
}

/** Does a pattern say whatever another says? */
const isPart = (less: Pattern, more: Pattern): boolean =>
  less.codes.every((code, column) => code < 0 || code === more.codes[column]);

function isCovered(rows: NumberedRows, pattern: Pattern, kept: readonly Pattern[], effort: Effort): boolean {
  const matches = matcher(rows, pattern);
  const others = kept.map((one) => ({ matches: matcher(rows, one), weight: 0 }));
  effort.spend(rows.length);
  for (let row = 0; row < rows.length; row++) {
    if (!matches(row)) continue;
    effort.spend(others.length);
    const weight = rows.sets.reduce((sum, weights) => sum + (weights[row] ?? 0), 0);
    for (const other of others) if (other.matches(row)) other.weight += weight;
  }
  return others.some(({ weight }) => weight >= SAME * sumOf(pattern.weights));
}

function matcher({ columns }: NumberedRows, { codes }: Pattern): (row: number) => boolean {
  const asked = columns.flatMap((column, c) => ((codes[c] ?? -1) < 0 ? [] : [{ column, code: codes[c] }]));
  return (row) => asked.every(({ column, code }) => column[row] === code);
}
