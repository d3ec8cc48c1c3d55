import { LateVector, type Vector, vectorOf } from '../kql/frame.ts';
import type { ColumnType } from '../kql/types.ts';
import { type Bag, dynamicFrom, missing, parseJson, printJson, type Value } from '../kql/values.ts';
import type { Spans } from './block-cells.ts';
import type { CellMemory } from './cell-memory.ts';
import { cellOf, commonType, typeOfValue } from './guessed-type.ts';
import { JsonMembers } from './json-members.ts';
import { Texts, textOf } from './texts.ts';

/** Different values of one column that are kept once, so that a million rows of one address take no million texts. */
const MAX_KEPT = 32_768;

/** The cells of `count` rows: of the first, or of those that are picked, whose numbers are in memory too. */
interface Cells extends Spans {
  count: number;
  picked: Int32Array | undefined;
  pickedAt: number;
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
  /** Rows refer to their values by numbers. */
  #numbered = true;
  /** The texts of the values, where they are cells of CSV. */
  #texts: Texts | undefined;
  #values: Value[] = [];
  /** By number: whether the type cannot hold the value; and whether there is such a value. */
  #wrong: boolean[] = [];
  #anyWrong = false;
  #byValue = new Map<unknown, number>();
  #codes = new Int32Array(1024);
  #plain: Value[] = [];
  #rows = 0;
  #knownBefore = 0;
  readonly #members: JsonMembers | undefined;
  /** The rows since the last piece, where they are not made yet. */
  #late: Spans | undefined;
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
    return this.#numbered ? this.#values : undefined;
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
  #addRows(spans: Spans, picked: Int32Array | undefined): void {
    const count = picked ? picked.length : spans.rows;
    if (count === 0) return;
    const { memory } = spans;
    const scratch = memory.scratch(8 * count + 4 * count);
    const cells = { ...spans, count, picked, pickedAt: picked ? scratch + 8 * count : 0 };
    if (picked) memory.words.set(picked, cells.pickedAt >> 2);
    if (this.#members) this.#addEach(cells, this.#members);
    else {
      const done = this.#numbered ? this.#addNumbers(cells, scratch) : 0;
      if (done < count) this.#addPlain(cells, done, scratch);
    }
  }

  /** Numbers the cells of rows while there are not too many different ones; gives of how many. `scratch` has room for the numbers. */
  #addNumbers(cells: Cells, scratch: number): number {
    const { memory, count, pickedAt } = cells;
    this.#texts ??= new Texts(memory, MAX_KEPT);
    const texts = this.#texts;
    const done = texts.numbers(cells, pickedAt, count, scratch);
    for (let number = this.#values.length; number < texts.count; number++) this.#keep(texts.text(number));
    const numbers = memory.words.subarray(scratch >> 2, (scratch >> 2) + done);
    if (this.#rows + done > this.#codes.length) this.#moreCodes(this.#rows + done);
    this.#codes.set(numbers, this.#rows);
    this.#rows += done;
    if (this.#anyWrong) for (let n = 0; n < done; n++) if (this.#wrong[numbers[n] ?? 0]) this.#misfit(lineOf(cells, n));
    if (done < count) this.#giveUpNumbers();
    return done;
  }

  /** Takes the cells of rows from the nth on as they are. `scratch` has room for their numbers. */
  #addPlain(cells: Cells, from: number, scratch: number): void {
    const { memory, count, pickedAt } = cells;
    const { bytes, words } = memory;
    // Plain forms of the type that is known already; all others, and the first of all, by the rules.
    let plain: Float64Array | undefined;
    if (this.type === 'long' || this.type === 'real' || this.type === 'datetime') {
      memory.functions.plain(Number(this.type === 'datetime'), cells.spans, cells.each, pickedAt, count, scratch);
      plain = new Float64Array(words.buffer, scratch, count);
    }
    if (this.#plain.length === 0) this.#plain = new Array(count);
    const made = this.#plain;
    for (let n = from; n < count; n++) {
      const number = plain?.[n] ?? Number.NaN;
      if (!Number.isNaN(number) && (this.guess === undefined || this.found !== undefined)) made[n] = number;
      else made[n] = this.#converted(textAt(cells, n, bytes, words), lineOf(cells, n));
    }
    this.#rows = count;
  }

  /** Takes the cells of rows, of bags only some members. */
  #addEach(cells: Cells, members: JsonMembers): void {
    const { memory, count } = cells;
    const { bytes, words } = memory;
    for (let n = 0; n < count; n++) {
      const span = spanAt(cells, n);
      const to = memory.functions.single(span);
      const from = words[span >> 2] ?? 0;
      if (members.find(bytes, from, to) && this.#addMembers(members, bytes, memory)) continue;
      this.#addText(cells, n, from, to);
    }
  }

  #addText(cells: Cells, n: number, from: number, to: number): void {
    const line = lineOf(cells, n);
    const text = (): string => textOf(cells.memory.bytes, from, to);
    if (this.#numbered) {
      const number = this.#numberOf(cells.memory, from, to);
      if (number === this.#values.length) this.#keep(text());
      if (number >= 0) {
        if (this.#wrong[number]) this.#misfit(line);
        this.#addCode(number);
        return;
      }
      this.#giveUpNumbers();
    }
    this.#plain.push(this.#converted(text(), line));
    this.#rows += 1;
  }

  #numberOf(memory: CellMemory, from: number, to: number): number {
    this.#texts ??= new Texts(memory, MAX_KEPT);
    return this.#texts.numberOf(from, to);
  }

  /** A bag of which only some members are asked for; says whether it was taken in. */
  #addMembers(members: JsonMembers, bytes: Buffer, memory: CellMemory): boolean {
    // Only an object is of this type by its text as well.
    if (this.guess && this.found !== 'dynamic' && this.found !== undefined) return false;
    if (this.#numbered) {
      const [from, to] = membersIn(memory, members, bytes);
      const number = this.#numberOf(memory, from, to);
      if (number === this.#values.length) {
        this.#wrong.push(false);
        this.#values.push(bagOf(members, bytes));
        if (this.guess) this.found = 'dynamic';
      }
      if (number >= 0) {
        this.#addCode(number);
        return true;
      }
      this.#giveUpNumbers();
    }
    this.#plain.push(bagOf(members, bytes));
    this.#rows += 1;
    if (this.guess) this.found = 'dynamic';
    return true;
  }

  /** A value of JSON. */
  addValue(value: unknown, line: number): void {
    if (this.#numbered && (typeof value !== 'object' || value === null)) {
      const known = this.#byValue.get(value);
      if (known !== undefined) {
        if (this.#wrong[known]) this.#misfit(line);
        this.#addCode(known);
        return;
      }
      if (this.#values.length < MAX_KEPT) {
        const number = this.#values.length;
        this.#byValue.set(value, number);
        this.#keep(value);
        if (this.#wrong[number]) this.#misfit(line);
        this.#addCode(number);
        return;
      }
    }
    if (this.#numbered) this.#giveUpNumbers();
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
    if (!this.#numbered) {
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
    if (this.#rows === this.#codes.length) this.#moreCodes(2 * this.#rows);
    this.#codes[this.#rows++] = code;
  }

  #moreCodes(length: number): void {
    const larger = new Int32Array(length);
    larger.set(this.#codes);
    this.#codes = larger;
  }

  /** From now on each row has its own value. What was handed out stays as it is. */
  #giveUpNumbers(): void {
    const values = this.#values;
    this.#plain = Array.from(this.#codes.subarray(0, this.#rows), (code) => values[code] ?? this.#none);
    this.#numbered = false;
    this.#texts = undefined;
    this.#values = [];
    this.#byValue.clear();
  }

  /** Keeps a value under the next number. */
  #keep(value: unknown): void {
    const cell = this.#cellOf(value);
    this.#wrong.push(cell === undefined);
    this.#anyWrong ||= cell === undefined;
    this.#values.push(cell === undefined ? this.#none : cell);
  }

  #converted(value: unknown, line: number): Value {
    const cell = this.#cellOf(value);
    if (cell !== undefined) return cell;
    this.#misfit(line);
    return this.#none;
  }

  /** Undefined for what the type cannot hold. */
  #cellOf(value: unknown): Value | undefined {
    if (value === '' || value === null || value === undefined) return this.#none;
    if (this.type === 'dynamic' && this.found === 'dynamic' && typeof value === 'string' && /^[[{]/.test(value)) {
      // The value of such a text proves its type: it is parsed once.
      const parsed = parseJson(value);
      if (typeof parsed === 'object') return parsed;
    }
    if (this.guess && this.found !== 'string') this.found = commonType(this.found, typeOfValue(value));
    return (typeof value === 'object' ? this.#ofObject(dynamicFrom(value)) : cellOf(value, this.type)) ?? undefined;
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

/** The row of the nth cell. */
const rowAt = ({ picked }: Cells, n: number): number => (picked ? (picked[n] ?? 0) : n);

/** The address of the beginning and the end of the nth cell. */
const spanAt = (cells: Cells, n: number): number => cells.spans + rowAt(cells, n) * cells.each;

const lineOf = (cells: Cells, n: number): number => cells.lines[rowAt(cells, n)] ?? 0;

function textAt(cells: Cells, n: number, bytes: Buffer, words: Int32Array): string {
  const span = spanAt(cells, n);
  const to = cells.memory.functions.single(span);
  return textOf(bytes, words[span >> 2] ?? 0, to);
}

/** Puts the members of a cell into memory as they are numbered: a byte that no UTF-8 has, and the bytes of each. */
function membersIn(memory: CellMemory, { from, to }: JsonMembers, bytes: Buffer): [number, number] {
  let size = 1;
  for (let n = 0; n < from.length; n++) size += 1 + Math.max(0, (to[n] ?? 0) - (from[n] ?? 0));
  const begin = memory.scratch(size);
  const into = memory.bytes;
  let at = begin;
  into[at++] = 0xff;
  for (let n = 0; n < from.length; n++) {
    const first = from[n] ?? -1;
    if (first >= 0) for (let i = first; i < (to[n] ?? 0); i++) into[at++] = bytes[i] ?? 0;
    into[at++] = first >= 0 ? 0 : 1;
  }
  return [begin, at];
}
