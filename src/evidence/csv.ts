import { EvidenceError } from './evidence-error.ts';

/** Takes a cell of a record: the bytes from `from` to `to`, valid until the next; `line` is that of the record. */
export type TakeCell = (place: number, bytes: Buffer, from: number, to: number, line: number) => void;

const LF = 10;
const CR = 13;
const QUOTE = 34;
const COMMA = 44;

/** Four bytes above a comma: of the bytes up to there some end or break an unquoted field. */
const ABOVE_COMMA = 0x2d2d2d2d;

/** Records of one call: code that is entered often is compiled as a whole, and not for one of its loops. */
const AT_ONCE = 256;

/**
 * The records of CSV by RFC 4180, in blocks of whole records: fields may be quoted and then hold commas, line ends and
 * doubled quotes; lines end with CRLF, LF or CR. A quote in an unquoted field, text after a closing quote, and a file that
 * ends within quotes are refused with their line, because any guess would move cells. Empty lines are passed over.
 */
export class CsvRecords {
  readonly #file: string;
  /** The line that the next record begins in, one-based. */
  line = 1;
  /** How many records were found last, and how many cells the last of them has. */
  found = 0;
  cells = 0;
  /** The lines that they begin in. */
  lines = new Int32Array(1024);
  /** Where their cells begin and end, two numbers each; an end is `-1 - end` where quotes in the cell are doubled. */
  spans = new Int32Array(256);
  #scratch = Buffer.allocUnsafe(4096);

  constructor(file: string) {
    this.#file = file;
  }

  /** The line that the last record began in. */
  get began(): number {
    return this.lines[Math.max(0, this.found - 1)] ?? 1;
  }

  /** Takes the cells of the record that begins at `at` or after empty lines; gives the place after it. */
  next(bytes: Buffer, at: number, take: TakeCell): number {
    const next = this.#scan(bytes, at, undefined, 0, 1);
    const { spans, cells, began } = this;
    for (let place = 0; place < cells; place++) {
      const [from = 0, end = 0] = [spans[2 * place], spans[2 * place + 1]];
      if (end >= 0) take(place, bytes, from, end, began);
      else take(place, this.#scratch, 0, this.single(bytes, from, end), began);
    }
    return next;
  }

  /**
   * Finds the records of a block whose every record has as many cells as there are `slots`. Of a cell with a slot the numbers
   * are put into `spans`: those of the nth record from `each * n` on, a cell's from twice its slot. Where it throws, those are
   * found that come before.
   */
  all(bytes: Buffer, at: number, slots: Int32Array, each: number): void {
    this.found = 0;
    for (let next = at; next < bytes.length; ) {
      if (this.found + AT_ONCE > this.lines.length) this.lines = longer(this.lines, 2 * this.lines.length);
      if (this.spans.length < each * this.lines.length) this.spans = longer(this.spans, each * this.lines.length);
      next = this.#scan(bytes, next, slots, each, this.found + AT_ONCE);
    }
  }

  /**
   * Records from `at` on, until there are `most`. It is one loop over numbers of its own, because a file is mostly this: what
   * it calls or keeps elsewhere at each cell doubles its time.
   */
  #scan(bytes: Buffer, at: number, slots: Int32Array | undefined, each: number, most: number): number {
    const length = bytes.length;
    const shift = bytes.byteOffset & 3;
    const words = new Int32Array(bytes.buffer, bytes.byteOffset - shift, (shift + length) >> 2);
    const wholeWords = words.length;
    const lines = this.lines;
    let spans = this.spans;
    const unnamed = slots === undefined;
    const known = slots ? slots.length : 0;
    let line = this.line;
    let found = slots ? this.found : 0;
    let cells = 0;
    let i = at;
    while (found < most) {
      let byte = 0;
      for (; i < length; i++) {
        byte = bytes[i] ?? 0;
        if (byte !== LF && byte !== CR) break;
        line += 1;
        if (byte === CR && bytes[i + 1] === LF) i += 1;
      }
      if (i >= length) break;
      lines[found] = line;
      const base = each * found;
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
            else if (i >= length) throw this.#refused('the file ends within quotes', found, line, lines[found]);
          }
          end = doubled ? -1 - i : i;
          i += 1;
          byte = i < length ? (bytes[i] ?? 0) : LF;
          if (byte !== COMMA && byte !== LF && byte !== CR)
            throw this.#refused('text follows a closing quote', found, line);
        } else {
          for (; ; i++) {
            // Of a word of the memory the highest bit is set of bytes up to a comma, and perhaps of one that follows such.
            let word = (i + shift) >> 2;
            let low = 0;
            if (word < wholeWords) {
              const first = words[word] ?? 0;
              low = (first - ABOVE_COMMA) & ~first & 0x80808080 & (-1 << (((i + shift) & 3) << 3));
              while (low === 0 && ++word < wholeWords) {
                const next = words[word] ?? 0;
                low = (next - ABOVE_COMMA) & ~next & 0x80808080;
              }
              const begin = (word << 2) - shift;
              if (low !== 0) i = begin + ((31 - Math.clz32(low & -low)) >> 3);
              else if (begin > i) i = begin;
            }
            if (low === 0) {
              while (i < length && (bytes[i] ?? 0) > COMMA) i += 1;
              if (i >= length) break;
            }
            byte = bytes[i] ?? 0;
            if (byte === COMMA || byte === LF || byte === CR) break;
            if (byte === QUOTE) throw this.#refused('a quote inside an unquoted field', found, line);
          }
          end = i;
        }
        const slot = place < known ? (slots?.[place] ?? -1) : unnamed ? place : -1;
        if (slot >= 0) {
          if (unnamed && 2 * slot + 2 > spans.length) {
            spans = longer(spans, 2 * spans.length);
            this.spans = spans;
          }
          spans[base + 2 * slot] = from;
          spans[base + 2 * slot + 1] = end;
        }
        if (i >= length || byte !== COMMA) break;
        i += 1;
        byte = i < length ? (bytes[i] ?? 0) : LF;
      }
      cells = place + 1;
      if (!unnamed && cells !== known) {
        const why = `${cells} fields where the header has ${known}`;
        throw this.#refused(why, found, line, lines[found]);
      }
      found += 1;
      if (i < length) {
        line += 1;
        i += byte === CR && bytes[i + 1] === LF ? 2 : 1;
      }
    }
    this.found = found;
    this.line = line;
    this.cells = cells;
    return i;
  }

  /** Puts a cell, of which `spans` has an end below 0, into `scratch` with its doubled quotes made single; gives its length. */
  single(bytes: Buffer, from: number, end: number): number {
    const to = -1 - end;
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

  /** What `single` put there; valid until the next. */
  get scratch(): Buffer {
    return this.#scratch;
  }

  #refused(why: string, found: number, line: number, place = line): EvidenceError {
    this.found = found;
    this.line = line;
    return new EvidenceError(this.#file, why, { line: place });
  }
}

function longer(numbers: Int32Array<ArrayBuffer>, length: number): Int32Array<ArrayBuffer> {
  const made = new Int32Array(length);
  made.set(numbers);
  return made;
}
