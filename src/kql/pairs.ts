/** Pairs of numbers below this are found by their place in arrays: a query has few groups far more often than many. */
const NEAR = 512;
/** An array of a first number begins with so many places: most have few partners. */
const FEWEST = 16;

/** Odd, and not known before: who writes the rows cannot choose pairs that all fall into one place. */
const odd = (): number => Math.floor(Math.random() * 2 ** 32) | 1;
const BY_FIRST = odd();
const BY_SECOND = odd();

/** One number for each pair of numbers from 0 on, in order of their first appearance. */
export class Pairs {
  readonly #near: (Int32Array | undefined)[] = [];
  /** A hash table with open addresses: first number, second number, and the pair's number plus 1, or 0 where nothing is. */
  #far = new Int32Array(3 * 64);
  #shift = 32 - 6;
  #inFar = 0;
  count = 0;

  /** The number of a pair that was numbered; -1 for another. */
  find(a: number, b: number): number {
    if (a < NEAR && b < NEAR) return this.#near[a]?.[b] ?? -1;
    return (this.#far[this.#placeOf(a, b) + 2] ?? 0) - 1;
  }

  /** The number of a pair; what was `count` before is a new one. */
  of(a: number, b: number): number {
    if (a < NEAR && b < NEAR) {
      const row = this.#near[a];
      const known = row === undefined || b >= row.length ? -1 : (row[b] ?? -1);
      return known >= 0 ? known : this.#addNear(a, b);
    }
    const place = this.#placeOf(a, b);
    const known = this.#far[place + 2] ?? 0;
    return known > 0 ? known - 1 : this.#addFar(a, b, place);
  }

  #addNear(a: number, b: number): number {
    let row = this.#near[a];
    if (row === undefined || b >= row.length) {
      let places = row === undefined ? FEWEST : 2 * row.length;
      while (places <= b) places *= 2;
      const longer = new Int32Array(places).fill(-1);
      if (row) longer.set(row);
      row = longer;
      this.#near[a] = row;
    }
    row[b] = this.count;
    return this.count++;
  }

  #addFar(a: number, b: number, place: number): number {
    const far = this.#far;
    far[place] = a;
    far[place + 1] = b;
    far[place + 2] = this.count + 1;
    this.#inFar += 1;
    if (6 * this.#inFar > far.length) this.#grow();
    return this.count++;
  }

  /** Where a pair is in the table, or the free place where it goes. */
  #placeOf(a: number, b: number): number {
    const far = this.#far;
    let place = 3 * ((Math.imul(a, BY_FIRST) + Math.imul(b, BY_SECOND)) >>> this.#shift);
    while (far[place + 2] !== 0 && (far[place] !== a || far[place + 1] !== b)) {
      place += 3;
      if (place === far.length) place = 0;
    }
    return place;
  }

  #grow(): void {
    const before = this.#far;
    const far = new Int32Array(2 * before.length);
    this.#far = far;
    this.#shift -= 1;
    for (let from = 0; from < before.length; from += 3) {
      const number = before[from + 2] ?? 0;
      if (number === 0) continue;
      const a = before[from] ?? 0;
      const b = before[from + 1] ?? 0;
      const place = this.#placeOf(a, b);
      far[place] = a;
      far[place + 1] = b;
      far[place + 2] = number;
    }
  }
}
