import { isAscii, isUtf8 } from 'node:buffer';
import { closeSync, openSync, readSync } from 'node:fs';
import { TextDecoder } from 'node:util';
import { CellMemory } from './cell-memory.ts';
import { EvidenceError, fileFailure } from './evidence-error.ts';
import { JsonListEnds } from './json-list.ts';
import type { RecordEnds } from './record-ends.ts';

/** Longer records are refused: a file without line ends must not fill the memory. */
const MAX_RECORD = 16 * 1024 * 1024;

/** All that is read at once: a few ten thousand rows, and little beside what the evaluation of a query takes. */
const BLOCK_BYTES = 4 * 1024 * 1024;

/** Of the beginning of a record before a block: most are shorter. */
const SOME_BYTES = 64 * 1024;

/** CSV, JSON lines, or a JSON list, which becomes JSON lines: an element a line. */
export type RecordForm = 'csv' | 'jsonl' | 'json';

/**
 * Cuts a text file into blocks of whole records, as UTF-8 without byte order mark; a file in UTF-16 is converted, and a CSV that is
 * no UTF-8 from Windows-1252. A block is valid until more bytes are added.
 */
export class RecordBlocks {
  readonly #file: string;
  readonly #ends: RecordEnds;
  readonly #form: RecordForm;
  #decode: ((bytes: Buffer | undefined) => Buffer) | undefined;
  #guessed = false;
  /** The first bytes, as long as they may be a part of a byte order mark. */
  #first = Buffer.alloc(0);
  readonly #memory: CellMemory;
  /** The room that the text is in, and those that are free for it. */
  #held: Buffer;
  readonly #free: Buffer[] = [];
  #lent = false;
  #length = 0;
  /** Bytes that were handed out, and go when more come. */
  #cut = 0;
  /** Bytes that have come. */
  #reached = 0;
  /** Of the byte order mark; undefined where places in the text are not those in the file. */
  #mark: number | undefined = 0;
  #torn: string | undefined;

  /** The text is held in `memory`. */
  constructor(file: string, form: RecordForm, memory = new CellMemory()) {
    this.#file = file;
    this.#form = form;
    this.#memory = memory;
    this.#held = memory.room(0);
    this.#ends = form === 'json' ? new JsonListEnds() : new LineEnds(form === 'csv' ? memory : undefined);
  }

  /** Remarks on how the text is read, one line each. */
  get remarks(): readonly string[] {
    return this.#guessed
      ? [`${this.#file}: it is no UTF-8, and read as Windows-1252: letters beyond ASCII may be others`]
      : [];
  }

  /** Where so many bytes that come next are best read to: they need not be copied then when they are added. */
  room(bytes: number): Buffer {
    this.#makeRoom(bytes);
    return this.#held.subarray(this.#length, this.#length + bytes);
  }

  /** Leaves the last block as it is until the room that is given is taken back. */
  lend(): Buffer {
    this.#lent = true;
    return this.#held;
  }

  takeBack(room: Buffer): void {
    this.#free.push(room);
  }

  /** The records that end within the bytes so far, if any; `line` is where the next record begins, for errors. */
  add(bytes: Buffer, line: number): Buffer | undefined {
    this.#refuseFault();
    this.#reached += bytes.length;
    if (this.#decode) this.#append(this.#decode(bytes));
    else {
      this.#first = Buffer.concat([this.#first, bytes]);
      if (this.#first.length < MARK_BYTES) return undefined;
      this.#begin();
    }
    const cut = this.#ends.last(this.#held, this.#length);
    if (cut === 0) this.#refuseFault();
    if (cut === 0 && this.#length > MAX_RECORD)
      throw new EvidenceError(this.#file, 'a record is longer than 16 MiB', { line });
    this.#cut = cut;
    return cut === 0 ? undefined : checked(this.#held.subarray(0, cut), this.#file);
  }

  /** All that is left at the end of the file, if anything. */
  end(): Buffer | undefined {
    this.#refuseFault();
    if (!this.#decode) this.#begin();
    this.#append(this.#decode?.(undefined) ?? Buffer.alloc(0));
    this.#ends.last(this.#held, this.#length);
    this.#torn = this.#ends.end?.();
    const cut = this.#torn !== undefined && !this.#ends.whole ? 0 : this.#length;
    return cut > 0 ? checked(this.#held.subarray(0, cut), this.#file) : undefined;
  }

  /** Once the rest was read: throws where the file ends before its records do. */
  close(): void {
    this.#refuseFault();
    if (this.#torn !== undefined)
      throw new EvidenceError(this.#file, this.#reached > 0 ? `${this.#torn}, at byte ${this.#reached}` : this.#torn);
  }

  #refuseFault(): void {
    const { fault } = this.#ends;
    if (!fault) return;
    const place = this.#mark === undefined ? '' : `, at byte ${fault.at + this.#mark}`;
    throw new EvidenceError(this.#file, `${fault.why}${place}`);
  }

  /** Takes the first bytes, which say how the text is encoded. */
  #begin(): void {
    const first = this.#first;
    this.#mark = isUtf16(first) ? undefined : isMarked(first) ? MARK_BYTES : 0;
    const legacy = (): void => {
      this.#guessed = true;
    };
    // JSON is UTF-8 wherever it is exchanged (RFC 8259, 8.1).
    const unmarked = this.#form === 'csv' && this.#mark === 0;
    this.#decode = unmarked ? unmarkedDecoder(this.#file, legacy) : decoderOf(first, this.#file);
    this.#append(this.#decode(first));
  }

  #append(more: Buffer): void {
    const isThere =
      this.#cut === 0 &&
      more.buffer === this.#held.buffer &&
      more.byteOffset === this.#held.byteOffset + this.#length &&
      this.#length + more.length <= this.#held.length;
    if (!isThere) {
      this.#makeRoom(more.length);
      more.copy(this.#held, this.#length);
    }
    this.#length += more.length;
  }

  /** Forgets the block that was handed out, and makes room for so many bytes behind what is left. */
  #makeRoom(bytes: number): void {
    const [room, cut, end] = [this.#held, this.#cut, this.#length];
    const kept = end - cut;
    if (this.#lent || kept + bytes > room.length) {
      const fitting = this.#free.findIndex(({ length }) => length >= kept + bytes);
      const [free] = fitting < 0 ? [] : this.#free.splice(fitting, 1);
      this.#held = free ?? this.#memory.room(Math.max(kept + bytes + SOME_BYTES, this.#lent ? 0 : 2 * room.length));
      room.copy(this.#held, 0, cut, end);
      if (!this.#lent) this.#free.push(room);
      this.#lent = false;
    } else if (cut > 0) room.copyWithin(0, cut, end);
    this.#ends.moved(cut);
    this.#length = kept;
    this.#cut = 0;
  }
}

/** Where so many bytes are to be put. */
export type RoomFor = (bytes: number) => Buffer;

/**
 * The bytes of a file on disk in blocks, each valid until the next, and in the room that is given for it; read
 * synchronously: only threads that do nothing else read so.
 */
export function* fileBlocks(
  file: string,
  blockBytes = BLOCK_BYTES,
  from = 0,
  room?: RoomFor,
): Generator<{ bytes: Buffer; offset: number }> {
  let descriptor: number | undefined;
  try {
    descriptor = openSync(file, 'r');
    const own = room ? undefined : Buffer.allocUnsafe(blockBytes);
    for (let offset = from; ; ) {
      const bytes = own ?? room?.(blockBytes) ?? Buffer.alloc(0);
      const got = readSync(descriptor, bytes, 0, blockBytes, offset);
      if (got === 0) return;
      yield { bytes: bytes.subarray(0, got), offset };
      offset += got;
    }
  } catch (error) {
    throw isSystemError(error) ? fileFailure(file, error) : error;
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

const isSystemError = (error: unknown): boolean => error instanceof Error && 'syscall' in error;

function checked(block: Buffer, file: string): Buffer {
  if (!isUtf8(block)) throw new EvidenceError(file, 'it is no text (not UTF-8)');
  return block;
}

/** Of the longest byte order mark. */
const MARK_BYTES = 3;

const isMarked = ([a, b, c]: Buffer): boolean => a === 0xef && b === 0xbb && c === 0xbf;
const isUtf16 = ([a, b]: Buffer): boolean => (a === 0xff && b === 0xfe) || (a === 0xfe && b === 0xff);

/** By the byte order mark at the beginning: UTF-16 as UTF-8, UTF-8 as it is without the mark. */
function decoderOf(first: Buffer, file: string): (bytes: Buffer | undefined) => Buffer {
  if (isUtf16(first)) {
    const decoder = new TextDecoder(first[0] === 0xff ? 'utf-16le' : 'utf-16be', { fatal: true });
    return (bytes) => {
      try {
        return Buffer.from(bytes ? decoder.decode(bytes, { stream: true }) : decoder.decode());
      } catch {
        throw new EvidenceError(file, 'it is no text (not UTF-16)');
      }
    };
  }
  let mark = isMarked(first);
  return (bytes) => {
    const skip = mark ? 3 : 0;
    mark = false;
    return bytes ? bytes.subarray(skip) : Buffer.alloc(0);
  };
}

/**
 * For a text without a mark: UTF-8 as it is, or, where the first bytes beyond ASCII are none, from Windows-1252, as Excel and
 * Windows PowerShell write a CSV in Western Europe and America: `legacy` is called then. A text that is mostly UTF-8 is that, with damage.
 */
function unmarkedDecoder(file: string, legacy: () => void): (bytes: Buffer | undefined) => Buffer {
  let encoding: 'ascii' | 'utf-8' | 'windows-1252' = 'ascii';
  let held = Buffer.alloc(0);
  return (bytes) => {
    if (bytes === undefined && held.length === 0) return held;
    if (bytes === undefined) {
      legacy();
      return fromLegacy(held, file);
    }
    if (encoding === 'utf-8' || (encoding === 'ascii' && held.length === 0 && isAscii(bytes))) return bytes;
    if (encoding === 'ascii') {
      const all = held.length === 0 ? bytes : Buffer.concat([held, bytes]);
      // A character may be cut where the bytes end.
      const whole = all.subarray(0, all.length - cutCharacter(all));
      if (isAscii(whole)) {
        held = Buffer.from(all.subarray(whole.length));
        return whole;
      }
      held = Buffer.alloc(0);
      encoding = isMostlyUtf8(whole) ? 'utf-8' : 'windows-1252';
      if (encoding === 'utf-8') return all;
      legacy();
      return fromLegacy(all, file);
    }
    return fromLegacy(bytes, file);
  };
}

/** The letters of 0x80 to 0x9F in Windows-1252 (encoding.spec.whatwg.org/index-windows-1252.txt); "\ufffd" where it leaves one undefined. */
const LEGACY_LETTERS = '€\ufffd‚ƒ„…†‡ˆ‰Š‹Œ\ufffdŽ\ufffd\ufffd‘’“”•–—˜™š›œ\ufffdžŸ';

/**
 * Windows-1252 as UTF-8. The decoder of Node takes it for ISO 8859-1 from 20.18.3, 22.13 and 24.0 on, until it was mended in each line
 * (github.com/nodejs/node/issues/60888, 2025-11).
 */
function fromLegacy(bytes: Buffer, file: string): Buffer {
  const text = bytes
    .toString('latin1')
    .replace(/[\u0080-\u009f]/g, (letter) => LEGACY_LETTERS[letter.charCodeAt(0) - 0x80] ?? letter);
  if (text.includes('\ufffd')) throw new EvidenceError(file, 'it is no text (neither UTF-8 nor Windows-1252)');
  return Buffer.from(text);
}

/** How many bytes at the end begin a character of UTF-8 without ending it. */
function cutCharacter(bytes: Buffer): number {
  for (let back = 1; back <= 3 && back <= bytes.length; back++) {
    const byte = bytes[bytes.length - back] ?? 0;
    if (byte < 0x80) return 0;
    if (byte >= 0xc0) return back < (byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2) ? back : 0;
  }
  return 0;
}

/** Is it UTF-8, or are fewer of its characters beyond ASCII broken than whole? */
function isMostlyUtf8(bytes: Buffer): boolean {
  if (isUtf8(bytes)) return true;
  const beyond = bytes.toString('utf8').match(/[^\0-\x7f]/gu) ?? [];
  return beyond.filter((one) => one === '\ufffd').length * 2 < beyond.length;
}

const LF = 10;
const CR = 13;
const QUOTE = 34;

/** Finds where the last whole record ends. By RFC 4180 a place is within quotes when an odd number of them is before it. */
class LineEnds implements RecordEnds {
  /** Of a text with quotes. */
  readonly #memory: CellMemory | undefined;
  #scanned = 0;
  #open = false;

  constructor(memory: CellMemory | undefined) {
    this.#memory = memory;
  }

  /** The place after the last record that ends within the first `length` bytes; 0 where none does. */
  last(bytes: Buffer, length: number): number {
    const from = this.#scanned;
    this.#scanned = length;
    if (!this.#memory) {
      const lf = bytes.subarray(from, length).lastIndexOf(LF);
      return lf < 0 ? 0 : from + lf + 1;
    }
    const begin = this.#memory.placeOf(bytes);
    if (this.#memory.functions.oddQuotes(begin + from, begin + length) === 1) this.#open = !this.#open;
    const lf = lastOutside(bytes, length, LF, this.#open);
    if (lf >= 0) return lf + 1;
    // Files of which CR alone ends the lines; the last may have its LF to come.
    const cr = bytes[length - 1] === CR ? length - 1 : length;
    return lastOutside(bytes, cr, CR, this.#open) + 1;
  }

  /** The first `bytes` bytes are gone. */
  moved(bytes: number): void {
    this.#scanned -= bytes;
  }
}

/** The last place before `length` of a byte outside of quotes, where `open` says whether `length` is within; else -1. */
function lastOutside(bytes: Buffer, length: number, sought: number, open: boolean): number {
  let within = open;
  for (let i = length - 1; i >= 0; i--) {
    const byte = bytes[i];
    if (byte === QUOTE) within = !within;
    else if (byte === sought && !within) return i;
  }
  return -1;
}
