import { isAscii } from 'node:buffer';
import type { Spans } from './block-cells.ts';
import type { CellMemory } from './cell-memory.ts';

/** Texts that are numbered at first, and the bytes of all of them. */
const FIRST_TEXTS = 256;
const FIRST_BYTES = 4096;
/** Longer ones all together are not worth their memory. */
const MOST_BYTES = 32 * 1024 * 1024;

/** Places of what `numbers` of wasm/csv-cells.ts keeps of them, in words. */
const [TABLE, MASK, STARTS, COUNT, ROOM, BYTES_END] = [0, 1, 2, 3, 4, 5];

/** Numbers texts by their bytes, in order of their first appearance, without making strings of them. */
export class Texts {
  readonly #memory: CellMemory;
  readonly #most: number;
  /** The address of what is kept. */
  readonly #at: number;
  #room = 0;
  #bytes = { at: 0, length: 0 };

  /** At most so many are numbered, below 2^16. */
  constructor(memory: CellMemory, most: number) {
    this.#memory = memory;
    this.#most = most;
    this.#at = memory.allocate(4 * (BYTES_END + 1));
    this.#moreTexts(FIRST_TEXTS);
    this.#moreBytes(FIRST_BYTES);
  }

  /** How many are numbered. */
  get count(): number {
    return this.#memory.words[this.#word(COUNT)] ?? 0;
  }

  /** The text with a number. */
  text(number: number): string {
    const { bytes, words } = this.#memory;
    const start = ((words[this.#word(STARTS)] ?? 0) >> 2) + number;
    return textOf(bytes, words[start] ?? 0, words[start + 1] ?? 0);
  }

  /** The number of the text from an address to another, which is new where it is what `count` was; -1 where it would be too many. */
  numberOf(from: number, to: number): number {
    for (;;) {
      const number = this.#memory.functions.numberOf(this.#at, from, to);
      if (number >= 0 || !this.#grow(to - from)) return number;
    }
  }

  /** Numbers cells, of all rows or of those whose numbers begin at `picked`, into words; gives how many before there are too many texts. */
  numbers({ memory, spans, each }: Spans, picked: number, rows: number, into: number): number {
    for (let done = 0; ; ) {
      done = memory.functions.numbers(this.#at, spans, each, picked, done, rows, into);
      if (done === rows) return done;
      const row = picked === 0 ? done : (memory.words[(picked >> 2) + done] ?? 0);
      const cell = (spans + row * each) >> 2;
      if (!this.#grow((memory.words[cell + 1] ?? 0) - (memory.words[cell] ?? 0))) return done;
    }
  }

  #word = (place: number): number => (this.#at >> 2) + place;

  /** Makes room for one more text of so many bytes; false where that is not worth its memory, or where it has room. */
  #grow(bytes: number): boolean {
    const { count } = this;
    const { words } = this.#memory;
    const used = (words[((words[this.#word(STARTS)] ?? 0) >> 2) + count] ?? 0) - this.#bytes.at;
    const [lacksTexts, lacksBytes] = [count === this.#room, used + bytes > this.#bytes.length];
    if (!lacksTexts && !lacksBytes) return false;
    if (count >= this.#most || used + bytes > MOST_BYTES || this.#memory.scarce) return false;
    if (lacksTexts) this.#moreTexts(Math.min(this.#most, 2 * this.#room));
    if (lacksBytes) this.#moreBytes(Math.min(MOST_BYTES, 2 * (used + bytes)));
    return true;
  }

  #moreTexts(room: number): void {
    const memory = this.#memory;
    const { count } = this;
    let places = 2 * FIRST_TEXTS;
    while (places < 2 * room) places *= 2;
    const [table, starts] = [memory.allocate(4 * places), memory.allocate(4 * (room + 1))];
    const { words, bytes } = memory;
    const old = words[this.#word(STARTS)] ?? 0;
    if (this.#room > 0) bytes.copyWithin(starts, old, old + 4 * (count + 1));
    words[this.#word(TABLE)] = table;
    words[this.#word(MASK)] = places - 1;
    words[this.#word(STARTS)] = starts;
    words[this.#word(ROOM)] = room;
    this.#room = room;
    memory.functions.placeAll(this.#at);
  }

  #moreBytes(length: number): void {
    const memory = this.#memory;
    const { at, length: before } = this.#bytes;
    const now = memory.allocate(length);
    const { words, bytes } = memory;
    bytes.copyWithin(now, at, at + before);
    const starts = (words[this.#word(STARTS)] ?? 0) >> 2;
    for (let number = 0; number <= this.count; number++)
      words[starts + number] = (words[starts + number] ?? 0) - at + now;
    words[this.#word(BYTES_END)] = now + length;
    this.#bytes = { at: now, length };
  }
}

/** A text of its own: a slice would keep the whole block. */
export const textOf = (bytes: Buffer, from: number, to: number): string =>
  bytes.toString(isAscii(bytes.subarray(from, to)) ? 'latin1' : 'utf8', from, to);
