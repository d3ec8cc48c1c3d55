import { EvidenceError } from './evidence-error.ts';

/** Takes a cell of a record: the bytes from `from` to `to`, valid until the next; `line` is that of the record. */
export type TakeCell = (place: number, bytes: Buffer, from: number, to: number, line: number) => void;

const LF = 10;
const CR = 13;
const QUOTE = 34;
/** The separator of RFC 4180. */
export const COMMA = 44;

/**
 * The records of CSV by RFC 4180, or with another separator than a comma, one at a time, in blocks of whole records: fields may be quoted and then hold separators, line ends and
 * doubled quotes; lines end with CRLF, LF or CR. A quote in an unquoted field, text after a closing quote, and a file that
 * ends within quotes are refused with their line, because any guess would move cells. Empty lines are passed over. It reads
 * headers and the exports of which all cells are wanted, and says what is wrong with a record; `BlockCells` finds the cells of many.
 */
export class CsvRecords {
  readonly #file: string;
  /** The line that the next record begins in, one-based. */
  line = 1;
  /** The line that the last record began in, and how many cells it has: none where there were only empty lines. */
  began = 1;
  cells = 0;
  /** Where its cells begin and end, two numbers each; an end is `-1 - end` where quotes in the cell are doubled. */
  #spans = new Int32Array(256);
  #scratch = Buffer.allocUnsafe(4096);
  readonly #separator: number;

  constructor(file: string, separator = COMMA) {
    this.#file = file;
    this.#separator = separator;
  }

  /** Takes the cells of the record that begins at `at` or after empty lines; gives the place after it. */
  next(bytes: Buffer, at: number, take: TakeCell): number {
    const next = this.#scan(bytes, at);
    const { cells, began } = this;
    for (let place = 0; place < cells; place++) {
      const [from = 0, end = 0] = [this.#spans[2 * place], this.#spans[2 * place + 1]];
      if (end >= 0) take(place, bytes, from, end, began);
      else take(place, this.#scratch, 0, this.#single(bytes, from, -1 - end), began);
    }
    return next;
  }

  /** It is one loop over numbers of its own: what it calls or keeps elsewhere at each cell doubles its time. */
  #scan(bytes: Buffer, at: number): number {
    const length = bytes.length;
    const shift = bytes.byteOffset & 3;
    const words = new Int32Array(bytes.buffer, bytes.byteOffset - shift, (shift + length) >> 2);
    const wholeWords = words.length;
    let spans = this.#spans;
    let line = this.line;
    let byte = 0;
    let i = at;
    const separator = this.#separator;
    // No byte above ends or breaks an unquoted field; four that are one more, for a word of the memory.
    const highest = Math.max(separator, QUOTE);
    const above = 0x01010101 * (highest + 1);
    this.cells = 0;
    for (; i < length; i++) {
      byte = bytes[i] ?? 0;
      if (byte !== LF && byte !== CR) break;
      line += 1;
      if (byte === CR && bytes[i + 1] === LF) i += 1;
    }
    this.line = line;
    if (i >= length) return i;
    this.began = line;
    let place = 0;
    for (; ; place++) {
      let from = i;
      let end = i;
      if (i < length && byte === QUOTE) {
        from = i + 1;
        let doubled = false;
        for (i = from; ; i++) {
          byte = bytes[i] ?? 0;
          if (byte > QUOTE) continue;
          if (byte === QUOTE) {
            if (bytes[i + 1] !== QUOTE) break;
            doubled = true;
            i += 1;
          } else if (byte === LF) line += 1;
          else if (i >= length) throw this.#refused('the file ends within quotes', this.began);
        }
        end = doubled ? -1 - i : i;
        i += 1;
        byte = i < length ? (bytes[i] ?? 0) : LF;
        if (byte !== separator && byte !== LF && byte !== CR) throw this.#refused('text follows a closing quote', line);
      } else {
        for (; ; i++) {
          // Of a word of the memory the highest bit is set of bytes up to the highest that ends a field, and perhaps of one that follows such.
          let word = (i + shift) >> 2;
          let low = 0;
          if (word < wholeWords) {
            const first = words[word] ?? 0;
            low = (first - above) & ~first & 0x80808080 & (-1 << (((i + shift) & 3) << 3));
            while (low === 0 && ++word < wholeWords) {
              const next = words[word] ?? 0;
              low = (next - above) & ~next & 0x80808080;
            }
            const begin = (word << 2) - shift;
            if (low !== 0) i = begin + ((31 - Math.clz32(low & -low)) >> 3);
            else if (begin > i) i = begin;
          }
          if (low === 0) {
            while (i < length && (bytes[i] ?? 0) > highest) i += 1;
            if (i >= length) break;
          }
          byte = bytes[i] ?? 0;
          if (byte === separator || byte === LF || byte === CR) break;
          if (byte === QUOTE) throw this.#refused('a quote inside an unquoted field', line);
        }
        end = i;
      }
      if (2 * place + 2 > spans.length) {
        spans = new Int32Array(2 * spans.length);
        spans.set(this.#spans);
        this.#spans = spans;
      }
      spans[2 * place] = from;
      spans[2 * place + 1] = end;
      if (i >= length || byte !== separator) break;
      i += 1;
      byte = i < length ? (bytes[i] ?? 0) : LF;
    }
    this.cells = place + 1;
    this.line = i < length ? line + 1 : line;
    return i < length ? i + (byte === CR && bytes[i + 1] === LF ? 2 : 1) : i;
  }

  /** Puts a cell into `scratch` with its doubled quotes made single; gives its length. */
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

  #refused(why: string, line: number): EvidenceError {
    return new EvidenceError(this.#file, why, { line });
  }
}
