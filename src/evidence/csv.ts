import { EvidenceError } from './evidence-error.ts';

/** Takes a cell of a record: the bytes from `from` to `to`, valid until the next; `line` is that of the record. */
export type TakeCell = (place: number, bytes: Buffer, from: number, to: number, line: number) => void;

const LF = 10;
const CR = 13;
const QUOTE = 34;
const COMMA = 44;

/** The first word from a place on that has a byte below 45, which is one above a comma. */
function past(words: Int32Array, from: number): number {
  let at = from;
  for (; at < words.length; at++) {
    const word = words[at] ?? 0;
    if (((word - 0x2d2d2d2d) & ~word & 0x80808080) !== 0) break;
  }
  return at;
}

/**
 * The records of CSV by RFC 4180, in blocks of whole records: fields may be quoted and then hold commas, line ends and
 * doubled quotes; lines end with CRLF, LF or CR. A quote in an unquoted field, text after a closing quote, and a file that
 * ends within quotes are refused with their line, because any guess would move cells. Empty lines are passed over.
 */
export class CsvRecords {
  readonly #file: string;
  /** The line that the next record begins in, one-based. */
  line = 1;
  /** The line that the last one began in, and how many cells it has. */
  began = 1;
  cells = 0;
  #scratch = Buffer.allocUnsafe(4096);
  #bytes: Buffer | undefined;
  #words: Int32Array = new Int32Array(0);

  constructor(file: string) {
    this.#file = file;
  }

  /**
   * Takes the cells of the record that begins at `at` or after empty lines; gives the place after it. Cells at places that
   * are not `wanted` are only looked through.
   */
  next(bytes: Buffer, at: number, take: TakeCell, wanted?: readonly boolean[]): number {
    let i = this.#begin(bytes, at);
    const length = bytes.length;
    this.cells = 0;
    if (i >= length) return i;
    const began = this.line;
    this.began = began;
    const words = this.#wordsOf(bytes);
    const shift = bytes.byteOffset & 3;
    const before = (3 - shift) & 3;
    for (let place = 0; ; place++) {
      const took = wanted === undefined || wanted[place] === true;
      if (bytes[i] === QUOTE) i = this.#quoted(bytes, i, place, began, took ? take : undefined);
      else {
        const from = i;
        for (; i < length; i++) {
          const byte = bytes[i] ?? 0;
          if (byte > COMMA) {
            // Before a word of the memory: words of such bytes alone are passed over.
            if ((i & 3) === before) i = 4 * past(words, (i + 1 + shift) >> 2) - shift - 1;
            continue;
          }
          if (byte === COMMA || byte === LF || byte === CR) break;
          if (byte === QUOTE) throw this.#refused('a quote inside an unquoted field');
        }
        if (took) take(place, bytes, from, i, began);
      }
      if (bytes[i] === COMMA && i < length) {
        i += 1;
        continue;
      }
      this.cells = place + 1;
      return i < length ? this.#lineEnd(bytes, i) : i;
    }
  }

  /** The words of the memory that the bytes are in; the first may begin before them. */
  #wordsOf(bytes: Buffer): Int32Array {
    if (bytes !== this.#bytes) {
      const shift = bytes.byteOffset & 3;
      this.#bytes = bytes;
      this.#words = new Int32Array(bytes.buffer, bytes.byteOffset - shift, (shift + bytes.length) >> 2);
    }
    return this.#words;
  }

  /** The first byte that is on a line with anything. */
  #begin(bytes: Buffer, at: number): number {
    let i = at;
    while (i < bytes.length && (bytes[i] === LF || bytes[i] === CR)) i = this.#lineEnd(bytes, i);
    return i;
  }

  #lineEnd(bytes: Buffer, at: number): number {
    this.line += 1;
    return bytes[at] === CR && bytes[at + 1] === LF ? at + 2 : at + 1;
  }

  /** A field that begins with a quote at `at`; gives the place after the closing one. */
  #quoted(bytes: Buffer, at: number, place: number, began: number, take: TakeCell | undefined): number {
    let doubled = false;
    let i = at + 1;
    for (; ; i++) {
      if (i >= bytes.length) throw this.#refused('the file ends within quotes', began);
      const byte = bytes[i] ?? 0;
      if (byte > QUOTE) continue;
      if (byte === LF) this.line += 1;
      else if (byte === QUOTE) {
        if (bytes[i + 1] !== QUOTE) break;
        doubled = true;
        i += 1;
      }
    }
    if (doubled && take) {
      const length = this.#single(bytes, at + 1, i);
      take(place, this.#scratch, 0, length, began);
    } else take?.(place, bytes, at + 1, i, began);
    const next = bytes[i + 1];
    if (i + 1 < bytes.length && next !== COMMA && next !== LF && next !== CR)
      throw this.#refused('text follows a closing quote');
    return i + 1;
  }

  /** Copies a field with its doubled quotes made single; gives its length. */
  #single(bytes: Buffer, from: number, to: number): number {
    if (this.#scratch.length < to - from) this.#scratch = Buffer.allocUnsafe(2 * (to - from));
    const into = this.#scratch;
    let length = 0;
    for (let i = from; i < to; i++) {
      const byte = bytes[i] ?? 0;
      into[length++] = byte;
      if (byte === QUOTE) i += 1;
    }
    return length;
  }

  #refused(why: string, line = this.line): EvidenceError {
    return new EvidenceError(this.#file, why, { line });
  }
}
