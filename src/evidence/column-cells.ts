import { isAscii } from 'node:buffer';
import { LateVector, type Vector, vectorOf } from '../kql/frame.ts';
import type { ColumnType } from '../kql/types.ts';
import { type Bag, dynamicFrom, missing, parseJson, printJson, type Value } from '../kql/values.ts';
import { plainDatetime, plainLong } from './cell-text.ts';
import type { CsvRecords } from './csv.ts';
import { cellOf, commonType, typeOfValue } from './guessed-type.ts';
import { JsonMembers } from './json-members.ts';

/** Different values of one column that are kept once, so that a million rows of one address take no million texts. */
const MAX_KEPT = 32_768;

/** The cells of a column in a block of records: by row, `each` numbers apart, two numbers in its `spans` from twice `slot` on. */
export interface Spans {
  records: CsvRecords;
  block: Buffer;
  slot: number;
  each: number;
  rows: number;
}

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
  /** The rows since the last piece, where they are not made yet. */
  #late: Spans | undefined;
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
    return this.#late?.rows ?? this.#rows;
  }

  /** The values that rows refer to by their numbers; undefined where each has its own. */
  get list(): readonly Value[] | undefined {
    return this.#texts && this.#values;
  }

  /** Any text is a value of it, and none changes what is known of it. */
  get #takesAll(): boolean {
    return this.type === 'string' && (this.guess === undefined || this.guess.expected === 'string');
  }

  /** The cells of a block of records. Those of a column that holds whatever comes are made when they are looked at. */
  addSpans(spans: Spans): void {
    if (this.#takesAll) this.#late = spans;
    else this.#addRows(spans, undefined);
  }

  /** Takes the cells of rows, of all or of these. */
  #addRows({ records, block, slot, each, rows }: Spans, picked: Int32Array | undefined): void {
    const { spans, lines } = records;
    const count = picked ? picked.length : rows;
    if (!this.#texts && !this.#members && this.#rows === 0) {
      const cells: Value[] = new Array(count);
      for (let n = 0; n < count; n++) {
        const row = picked ? (picked[n] ?? 0) : n;
        const at = row * each + 2 * slot;
        const [from, end] = [spans[at] ?? 0, spans[at + 1] ?? 0];
        cells[n] =
          end >= 0
            ? this.#textValue(block, from, end, lines[row] ?? 0)
            : this.#textValue(records.scratch, 0, records.single(block, from, end), lines[row] ?? 0);
      }
      this.#plain = cells;
      this.#rows = count;
      return;
    }
    for (let n = 0; n < count; n++) {
      const row = picked ? (picked[n] ?? 0) : n;
      const at = row * each + 2 * slot;
      const [from, end] = [spans[at] ?? 0, spans[at + 1] ?? 0];
      const line = lines[row] ?? 0;
      if (end >= 0) this.#addText(block, from, end, line);
      else {
        const length = records.single(block, from, end);
        this.#addText(records.scratch, 0, length, line);
      }
    }
  }

  #addText(bytes: Buffer, from: number, to: number, line: number): void {
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

  /**
   * The first `rows` rows since the last piece; what is beyond them is dropped. One that is made late must be settled before
   * the next block is added.
   */
  piece(rows: number): Vector {
    const late = this.#late;
    if (!late) return this.#piece(rows);
    return new LateVector(this.type, rows, (picked) => {
      if (this.#late !== late) throw new Error('cells are asked for after their block has gone');
      this.#addRows({ ...late, rows }, picked);
      return this.#piece(picked ? picked.length : rows);
    });
  }

  #piece(rows: number): Vector {
    this.#rows = 0;
    if (!this.#texts) {
      const plain = this.#plain;
      this.#plain = [];
      plain.length = rows;
      return vectorOf(this.type, plain);
    }
    const vector: Vector = { type: this.type, values: this.#values, rows: this.#codes.slice(0, rows) };
    const before = this.#knownBefore;
    const fresh = this.#values.length - before;
    this.#knownBefore = this.#values.length;
    // Of the first rows most values are new also where they come again later.
    if (rows > 1000 && before > 0 && fresh * 2 > rows) this.#giveUpNumbers();
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

/** Four bytes of a text of fewer, as a number. */
function shortWord(bytes: Buffer, from: number, to: number): number {
  let word = 0;
  for (let i = from; i < to; i++) word = (word << 8) | (bytes[i] ?? 0);
  return word;
}

/** A number that texts seldom share: four bytes at a time, the last four perhaps with some of those before them. */
function hashOf(view: DataView, bytes: Buffer, from: number, to: number): number {
  const last = to - 4;
  let hash = to - from;
  if (last < from) hash = Math.imul(hash ^ shortWord(bytes, from, to), 0x9e3779b1);
  else {
    for (let i = from; i < last; i += 4) {
      hash = Math.imul(hash ^ view.getInt32(i, true), 0x9e3779b1);
      hash ^= hash >>> 15;
    }
    hash = Math.imul(hash ^ view.getInt32(last, true), 0x9e3779b1);
  }
  return hash ^ (hash >>> 15);
}

const viewOf = (bytes: Buffer): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.length);

/** Numbers texts by their bytes, in order of their first appearance, without making strings of them. */
class Texts {
  #table = new Int32Array(1024);
  #hashes = new Int32Array(512);
  #starts = new Int32Array(513);
  #bytes = Buffer.allocUnsafe(8192);
  #view = viewOf(this.#bytes);
  /** The bytes that were looked at last, and those before them. */
  #seen: { bytes: Buffer; view: DataView } = { bytes: this.#bytes, view: this.#view };
  #before = this.#seen;
  #count = 0;
  #hash = 0;

  /** The number of a text; -1 when it is new, and may be added next. */
  find(bytes: Buffer, from: number, to: number): number {
    if (bytes !== this.#seen.bytes) this.#look(bytes);
    const { view } = this.#seen;
    const hash = hashOf(view, bytes, from, to);
    this.#hash = hash;
    const table = this.#table;
    const mask = table.length - 1;
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const number = (table[slot] ?? 0) - 1;
      if (number < 0) return -1;
      if (this.#hashes[number] === hash && this.#same(number, view, bytes, from, to)) return number;
    }
  }

  #look(bytes: Buffer): void {
    const before = this.#before;
    this.#before = this.#seen;
    this.#seen = before.bytes === bytes ? before : { bytes, view: viewOf(bytes) };
  }

  #same(number: number, view: DataView, bytes: Buffer, from: number, to: number): boolean {
    const start = this.#starts[number] ?? 0;
    const end = this.#starts[number + 1] ?? 0;
    if (end - start !== to - from) return false;
    if (end - start < 4) return shortWord(this.#bytes, start, end) === shortWord(bytes, from, to);
    const own = this.#view;
    const last = to - 4;
    for (let i = from, at = start; i < last; i += 4, at += 4)
      if (own.getInt32(at, true) !== view.getInt32(i, true)) return false;
    return own.getInt32(end - 4, true) === view.getInt32(last, true);
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
      this.#view = viewOf(larger);
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
