import { Pairs } from './pairs.ts';
import type { Expression } from './scope.ts';
import { keyOf } from './values.ts';

/** A value that rows are grouped by. */
export type Key = Pick<Expression, 'at' | 'codes' | 'list'>;

/**
 * Numbers rows by the values of their keys: equal keys, nulls included, get one number, in order of first appearance,
 * however the rows are cut into pieces.
 */
export class Grouping {
  readonly #ids: Map<unknown, number>[] = [];
  readonly #lists: ListNumbers[] = [];
  readonly #pairs: Pairs[] = [];
  /** How many groups there are. */
  count = 0;

  /** The groups of more rows, and of those groups that are new, in the order of their numbers, the rows they begin at. */
  number(keys: readonly Key[], length: number): { group: Int32Array; first: number[] } {
    let group: Int32Array = new Int32Array(keys.length === 0 ? length : 0);
    const first: number[] = [];
    if (keys.length === 0) {
      if (length > 0 && this.count === 0) {
        this.count = 1;
        first.push(0);
      }
      return { group, first };
    }
    keys.forEach((key, position) => {
      const known = this.#ids[position] ?? new Map<unknown, number>();
      this.#ids[position] = known;
      const numbers = this.#listsAt(position);
      const ids = numbersOf(key, length, numbers, (value) => {
        let number = known.get(value);
        if (number === undefined) {
          number = known.size;
          known.set(value, number);
        }
        return number;
      });
      const last = position === keys.length - 1;
      if (position === 0) group = ids;
      else {
        const pairs = this.#pairsAt(position);
        for (let row = 0; row < length; row++) group[row] = pairs.of(group[row] ?? 0, ids[row] ?? 0);
      }
      if (!last) return;
      let { count } = this;
      for (let row = 0; row < length; row++) {
        if (group[row] !== count) continue;
        count += 1;
        first.push(row);
      }
      this.count = count;
    });
    return { group, first };
  }

  /**
   * The groups of rows among those that are numbered; -1 for rows of none. `found`, one for each key, keeps what was found
   * for the next rows, while no more groups come.
   */
  find(keys: readonly Key[], length: number, found?: readonly ListNumbers[]): Int32Array {
    let group: Int32Array = new Int32Array(keys.length === 0 ? length : 0);
    keys.forEach((key, position) => {
      const known = this.#ids[position];
      const ids = numbersOf(key, length, found?.[position], (value) => known?.get(value) ?? -1);
      if (position === 0) {
        group = ids;
        return;
      }
      const pairs = this.#pairs[position];
      for (let row = 0; row < length; row++) {
        const before = group[row] ?? 0;
        const own = before < 0 ? -1 : (ids[row] ?? -1);
        group[row] = own < 0 ? -1 : (pairs?.find(before, own) ?? -1);
      }
    });
    return group;
  }

  #listsAt(position: number): ListNumbers {
    let numbers = this.#lists[position];
    if (!numbers) {
      numbers = new ListNumbers();
      this.#lists[position] = numbers;
    }
    return numbers;
  }

  #pairsAt(position: number): Pairs {
    let pairs = this.#pairs[position];
    if (!pairs) {
      pairs = new Pairs();
      this.#pairs[position] = pairs;
    }
    return pairs;
  }
}

/** Longer lists of values are not worth an array beside them. */
const LONGEST_LIST = 65_536;
const UNKNOWN = -2;

/** The numbers of the values of a list that rows refer to, piece after piece. */
export class ListNumbers {
  #values: readonly unknown[] | undefined;
  #known = new Int32Array(0);

  /** By place in the list, from the second on; UNKNOWN where none was asked for. Undefined where it is not worth it. */
  of(values: readonly unknown[], rows: number): Int32Array | undefined {
    if (this.#values !== values) {
      if (values.length > LONGEST_LIST || values.length > 4 * rows) return undefined;
      this.#values = values;
      this.#known = new Int32Array(0);
    }
    if (this.#known.length < values.length + 1) {
      const longer = new Int32Array(Math.max(values.length + 1, 2 * this.#known.length)).fill(UNKNOWN);
      longer.set(this.#known);
      this.#known = longer;
    }
    return this.#known;
  }
}

/** The number of each row's value; that of a value which comes again and again is asked for once. */
function numbersOf(
  { at, codes, list }: Key,
  rows: number,
  numbers: ListNumbers | undefined,
  numberOf: (value: unknown) => number,
): Int32Array {
  const ids = new Int32Array(rows);
  const listed = list && numbers?.of(list.values, rows);
  const known = listed ?? (codes ? new Int32Array(codes.count + 1).fill(UNKNOWN) : undefined);
  const of = listed ? list?.of : codes?.of;
  if (!known || !of) {
    for (let row = 0; row < rows; row++) ids[row] = numberOf(keyOf(at(row)));
    return ids;
  }
  for (let row = 0; row < rows; row++) {
    const place = (of[row] ?? -1) + 1;
    let id = known[place] ?? UNKNOWN;
    if (id === UNKNOWN) {
      id = numberOf(keyOf(at(row)));
      known[place] = id;
    }
    ids[row] = id;
  }
  return ids;
}

/** The groups of rows that are all there. */
export const groupRows = (keys: readonly Key[], length: number): { group: Int32Array; first: number[] } =>
  new Grouping().number(keys, length);
