import { isAscii } from 'node:buffer';
import { type Vector, vectorOf } from '../kql/frame.ts';
import type { ColumnType } from '../kql/types.ts';
import { type Bag, dynamicFrom, missing, parseJson, printJson, type Value } from '../kql/values.ts';
import { plainDatetime, plainLong } from './cell-text.ts';
import { cellOf, commonType, typeOfValue } from './guessed-type.ts';
import { JsonMembers } from './json-members.ts';

/** Different values of one column that are kept once, so that a million rows of one address take no million texts. */
const MAX_KEPT = 32_768;

/** The type that some values of a column make likely; undefined when they were all missing. */
export interface Guess {
  expected: ColumnType | undefined;
}

/**
 * The cells of one column, a piece of rows at a time. A value that comes again is converted once, and rows refer to it by
 * number; a column of ever new values has them as they come.
 */
export class ColumnCells {
  readonly type: ColumnType;
  /** Cells that are not empty and that the type cannot hold, and the line of the first. */
  misfits = 0;
  misfitLine: number | undefined;
  /** The one type that holds all values so far, where it is guessed; undefined while there are none. */
  found: ColumnType | undefined;
  readonly guess: Guess | undefined;
  readonly #none: Value;
  #texts: Texts | undefined = new Texts();
  #values: Value[] = [];
  /** By number: whether the type cannot hold the value. */
  #wrong: boolean[] = [];
  #byValue = new Map<unknown, number>();
  #codes = new Int32Array(1024);
  #plain: Value[] = [];
  #rows = 0;
  #knownBefore = 0;
  readonly #members: JsonMembers | undefined;
  /** The members of a cell as they are numbered: a byte that no UTF-8 has, and the bytes of each. */
  #scratch = Buffer.allocUnsafe(1024);

  /**
   * `guess`: the type is not documented, and values may come that it cannot hold. `members`: of bags no others are asked for.
   */
  constructor(type: ColumnType, guess?: Guess, members?: readonly string[]) {
    this.type = type;
    this.guess = guess;
    this.#none = missing(type);
    this.#members = type === 'dynamic' && members ? new JsonMembers(members) : undefined;
  }

  /** Whether values came that the guess was not made for. */
  get changed(): boolean {
    const { found } = this;
    return this.guess !== undefined && (commonType(this.guess.expected, found) ?? 'string') !== this.type;
  }

  /** Rows since the last piece. */
  get rows(): number {
    return this.#rows;
  }

  addText(bytes: Buffer, from: number, to: number, line: number): void {
    const texts = this.#texts;
    if (this.#members?.find(bytes, from, to) && this.#addMembers(this.#members, bytes)) return;
    if (texts) {
      const known = texts.find(bytes, from, to);
      if (known >= 0) {
        if (this.#wrong[known]) this.#misfit(line);
        this.#addCode(known);
        return;
      }
      if (this.#values.length < MAX_KEPT) {
        texts.add(bytes, from, to);
        this.#addCode(this.#keep(textOf(bytes, from, to), line));
        return;
      }
      this.#giveUpNumbers();
    }
    this.#plain.push(this.#textValue(bytes, from, to, line));
    this.#rows += 1;
  }

  /** A bag of which only some members are asked for; says whether it was taken in. */
  #addMembers(members: JsonMembers, bytes: Buffer): boolean {
    // Only an object is of this type by its text as well.
    if (this.guess && this.found !== 'dynamic' && this.found !== undefined) return false;
    const texts = this.#texts;
    if (texts) {
      const length = this.#membersInto(members, bytes);
      const known = texts.find(this.#scratch, 0, length);
      if (known >= 0) {
        this.#addCode(known);
        return true;
      }
      if (this.#values.length < MAX_KEPT) {
        texts.add(this.#scratch, 0, length);
        this.#wrong.push(false);
        this.#values.push(bagOf(members, bytes));
        this.#addCode(this.#values.length - 1);
        if (this.guess) this.found = 'dynamic';
        return true;
      }
      this.#giveUpNumbers();
    }
    this.#plain.push(bagOf(members, bytes));
    this.#rows += 1;
    if (this.guess) this.found = 'dynamic';
    return true;
  }

  #membersInto({ from, to }: JsonMembers, bytes: Buffer): number {
    let size = 1;
    for (let n = 0; n < from.length; n++) size += 1 + Math.max(0, (to[n] ?? 0) - (from[n] ?? 0));
    if (size > this.#scratch.length) this.#scratch = Buffer.allocUnsafe(2 * size);
    const into = this.#scratch;
    let at = 0;
    into[at++] = 0xff;
    for (let n = 0; n < from.length; n++) {
      const begin = from[n] ?? -1;
      if (begin >= 0) for (let i = begin; i < (to[n] ?? 0); i++) into[at++] = bytes[i] ?? 0;
      into[at++] = begin >= 0 ? 0 : 1;
    }
    return at;
  }

  /** A value of JSON. */
  addValue(value: unknown, line: number): void {
    if (this.#texts && (typeof value !== 'object' || value === null)) {
      const known = this.#byValue.get(value);
      if (known !== undefined) {
        if (this.#wrong[known]) this.#misfit(line);
        this.#addCode(known);
        return;
      }
      if (this.#values.length < MAX_KEPT) {
        this.#byValue.set(value, this.#values.length);
        this.#addCode(this.#keep(value, line));
        return;
      }
    }
    if (this.#texts) this.#giveUpNumbers();
    this.#plain.push(this.#converted(value, line));
    this.#rows += 1;
  }

  /** The first `rows` rows since the last piece; what is beyond them is dropped. */
  piece(rows: number): Vector {
    this.#rows = 0;
    if (!this.#texts) {
      const plain = this.#plain;
      this.#plain = [];
      plain.length = rows;
      return vectorOf(this.type, plain);
    }
    const vector: Vector = { type: this.type, values: this.#values, rows: this.#codes.slice(0, rows) };
    const fresh = this.#values.length - this.#knownBefore;
    this.#knownBefore = this.#values.length;
    if (rows > 1000 && fresh * 2 > rows) this.#giveUpNumbers();
    return vector;
  }

  #addCode(code: number): void {
    if (this.#rows === this.#codes.length) {
      const larger = new Int32Array(2 * this.#rows);
      larger.set(this.#codes);
      this.#codes = larger;
    }
    this.#codes[this.#rows++] = code;
  }

  /** From now on each row has its own value. What was handed out stays as it is. */
  #giveUpNumbers(): void {
    const values = this.#values;
    this.#plain = Array.from(this.#codes.subarray(0, this.#rows), (code) => values[code] ?? this.#none);
    this.#texts = undefined;
    this.#values = [];
    this.#byValue.clear();
  }

  #keep(value: unknown, line: number): number {
    const before = this.misfits;
    this.#wrong.push(false);
    this.#values.push(this.#converted(value, line));
    if (this.misfits > before) this.#wrong[this.#wrong.length - 1] = true;
    return this.#values.length - 1;
  }

  #textValue(bytes: Buffer, from: number, to: number, line: number): Value {
    // Plain forms of the type that is known already; all others, and the first of all, by the rules.
    if (this.guess === undefined || this.found !== undefined) {
      const plain =
        this.type === 'long' || this.type === 'real'
          ? plainLong(bytes, from, to)
          : this.type === 'datetime'
            ? plainDatetime(bytes, from, to)
            : undefined;
      if (plain !== undefined) return plain;
    }
    return this.#converted(textOf(bytes, from, to), line);
  }

  #converted(value: unknown, line: number): Value {
    if (value === '' || value === null || value === undefined) return this.#none;
    if (this.type === 'dynamic' && this.found === 'dynamic' && typeof value === 'string' && /^[[{]/.test(value)) {
      // The value of such a text proves its type: it is parsed once.
      const parsed = parseJson(value);
      if (typeof parsed === 'object') return parsed;
    }
    if (this.guess && this.found !== 'string') this.found = commonType(this.found, typeOfValue(value));
    const cell = typeof value === 'object' ? this.#ofObject(dynamicFrom(value)) : cellOf(value, this.type);
    if (cell !== null) return cell;
    this.#misfit(line);
    return this.#none;
  }

  #ofObject(value: Value): Value {
    return this.type === 'dynamic' ? value : this.type === 'string' ? printJson(value) : null;
  }

  #misfit(line: number): void {
    this.misfits += 1;
    this.misfitLine ??= line;
  }
}

function bagOf({ names, from, to }: JsonMembers, bytes: Buffer): Bag {
  const bag: Bag = Object.create(null);
  names.forEach((name, n) => {
    const begin = from[n] ?? -1;
    if (begin >= 0) bag[name] = parseJson(bytes.toString('utf8', begin, to[n] ?? begin));
  });
  return bag;
}

/** A text of its own: a slice would keep the whole block. */
const textOf = (bytes: Buffer, from: number, to: number): string =>
  bytes.toString(isAscii(bytes.subarray(from, to)) ? 'latin1' : 'utf8', from, to);

/** A number that texts seldom share: four bytes at a time. */
function hashOf(bytes: Buffer, from: number, to: number): number {
  let hash = to - from;
  let i = from;
  for (const last = to - 3; i < last; i += 4) {
    const word =
      (bytes[i] ?? 0) | ((bytes[i + 1] ?? 0) << 8) | ((bytes[i + 2] ?? 0) << 16) | ((bytes[i + 3] ?? 0) << 24);
    hash = Math.imul(hash ^ word, 0x9e3779b1);
    hash ^= hash >>> 15;
  }
  for (; i < to; i++) hash = Math.imul(hash ^ (bytes[i] ?? 0), 0x01000193);
  return hash ^ (hash >>> 15);
}

/** Numbers texts by their bytes, in order of their first appearance, without making strings of them. */
class Texts {
  #table = new Int32Array(1024);
  #hashes = new Int32Array(512);
  #starts = new Int32Array(513);
  #bytes = Buffer.allocUnsafe(8192);
  #count = 0;
  #hash = 0;

  /** The number of a text; -1 when it is new, and may be added next. */
  find(bytes: Buffer, from: number, to: number): number {
    const hash = hashOf(bytes, from, to);
    this.#hash = hash;
    const mask = this.#table.length - 1;
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const number = (this.#table[slot] ?? 0) - 1;
      if (number < 0) return -1;
      if (this.#hashes[number] === hash && this.#same(number, bytes, from, to)) return number;
    }
  }

  #same(number: number, bytes: Buffer, from: number, to: number): boolean {
    const start = this.#starts[number] ?? 0;
    if ((this.#starts[number + 1] ?? 0) - start !== to - from) return false;
    const own = this.#bytes;
    for (let i = from, at = start; i < to; i++, at++) if (own[at] !== bytes[i]) return false;
    return true;
  }

  /** Adds the text that was sought last and not found. */
  add(bytes: Buffer, from: number, to: number): void {
    const number = this.#count++;
    if (number >= this.#hashes.length) this.#grow();
    const start = this.#starts[number] ?? 0;
    const end = start + to - from;
    if (end > this.#bytes.length) {
      const larger = Buffer.allocUnsafe(2 * end);
      this.#bytes.copy(larger, 0, 0, start);
      this.#bytes = larger;
    }
    bytes.copy(this.#bytes, start, from, to);
    this.#starts[number + 1] = end;
    this.#hashes[number] = this.#hash;
    this.#place(number, this.#hash);
  }

  #place(number: number, hash: number): void {
    const mask = this.#table.length - 1;
    let slot = hash & mask;
    while (this.#table[slot] !== 0) slot = (slot + 1) & mask;
    this.#table[slot] = number + 1;
  }

  #grow(): void {
    const size = 2 * this.#hashes.length;
    const [hashes, starts] = [new Int32Array(size), new Int32Array(size + 1)];
    hashes.set(this.#hashes);
    starts.set(this.#starts);
    this.#hashes = hashes;
    this.#starts = starts;
    this.#table = new Int32Array(2 * size);
    for (let number = 0; number < this.#count - 1; number++) this.#place(number, hashes[number] ?? 0);
  }
}
