import { CSV_MODULE } from './csv-module.ts';

/** What wasm/csv-cells.ts gives: there is said what each does. Addresses are bytes of the memory. */
interface CellFunctions {
  oddQuotes(from: number, to: number): number;
  scan(state: number): number;
  singlesTo(room: number): void;
  single(span: number): number;
  numberOf(texts: number, from: number, to: number): number;
  placeAll(texts: number): void;
  numbers(texts: number, spans: number, each: number, picked: number, from: number, rows: number, into: number): number;
  plain(times: number, spans: number, each: number, picked: number, rows: number, into: number): void;
}

const PAGE = 65_536;
/** 2 GiB, which are reserved and not taken. */
const MOST_PAGES = 32_768;
/** Pages that are added at once, for much that is small. */
const SOME_PAGES = 16;
/** Bytes behind a text that may be read with it. */
const BEHIND = 64;

let compiled: WebAssembly.Module | undefined;

/** Memories that were given back: thousands of small files are read with a few. */
const spare: CellMemory[] = [];
const MOST_SPARE = 4;
const MOST_SPARE_BYTES = 32 * 1024 * 1024;

/**
 * Memory with the text of a file, its cells and all that is made of them by the functions of wasm/csv-cells.ts. What was
 * allocated stays where it is, and goes with the memory. Threads may share it: each allocates parts of its own.
 */
export class CellMemory {
  readonly shared: WebAssembly.Memory;
  readonly functions: CellFunctions;
  #bytes: Buffer = Buffer.alloc(0);
  #words: Int32Array = new Int32Array(0);
  /** All views of the memory: it has another as often as it was made longer. */
  readonly #views = new WeakSet<ArrayBufferLike>();
  #next = 0;
  #end = 0;
  /** From here on nothing was allocated yet. */
  #fresh = 0;
  #scratch = { at: 0, length: 0 };
  #copied: Buffer = Buffer.alloc(0);

  /** `shared`: the memory of another thread. */
  constructor(shared = new WebAssembly.Memory({ initial: 1, maximum: MOST_PAGES, shared: true })) {
    this.shared = shared;
    compiled ??= new WebAssembly.Module(Buffer.from(CSV_MODULE, 'base64'));
    this.functions = new WebAssembly.Instance(compiled, { env: { memory: shared } }).exports as CellFunctions;
    this.#look();
  }

  /** A memory of which nothing is allocated. */
  static take(): CellMemory {
    return spare.pop() ?? new CellMemory();
  }

  /** Neither it nor what was allocated is used any more, nor was by another thread. */
  giveBack(): void {
    if (spare.length >= MOST_SPARE || this.#bytes.length > MOST_SPARE_BYTES || spare.includes(this)) return;
    // All that was added follows the first page.
    this.#next = PAGE;
    this.#end = this.#bytes.length;
    this.#scratch = { at: 0, length: 0 };
    this.#copied = Buffer.alloc(0);
    spare.push(this);
  }

  /** All of it that was there when this thread looked last, by bytes. */
  get bytes(): Buffer {
    return this.#bytes;
  }

  /** The same by words of 32 bits. */
  get words(): Int32Array {
    return this.#words;
  }

  #look(): void {
    const { buffer } = this.shared;
    if (buffer.byteLength === this.#bytes.length) return;
    this.#views.add(buffer);
    this.#bytes = Buffer.from(buffer);
    this.#words = new Int32Array(buffer);
  }

  /** A text that another thread put there. */
  text(from: number, to: number): Buffer {
    this.#look();
    return this.#bytes.subarray(from, to);
  }

  /** Is more than half of it taken? What is left is for the text that comes, and for its cells. */
  get scarce(): boolean {
    return this.shared.buffer.byteLength > (MOST_PAGES / 2) * PAGE;
  }

  /** The address of bytes that are 0 and nobody else's. Throws a RangeError where there are no more. */
  allocate(bytes: number): number {
    const at = this.#allocated(bytes);
    if (at < this.#fresh) this.#bytes.fill(0, at, at + bytes);
    this.#fresh = Math.max(this.#fresh, at + bytes);
    return at;
  }

  #allocated(bytes: number): number {
    const needed = (bytes + 15) & ~15;
    if (needed > this.#end - this.#next) {
      const pages = Math.max(SOME_PAGES, Math.ceil(needed / PAGE));
      this.#next = this.shared.grow(pages) * PAGE;
      this.#end = this.#next + pages * PAGE;
      this.#look();
    }
    const at = this.#next;
    this.#next += needed;
    return at;
  }

  /** The address of bytes of any value, which are the caller's until the next call. */
  scratch(bytes: number): number {
    if (bytes > this.#scratch.length) this.#scratch = { at: this.allocate(2 * bytes), length: 2 * bytes };
    return this.#scratch.at;
  }

  /** Room for a text. */
  room(bytes: number): Buffer {
    const at = this.#allocated(bytes + BEHIND);
    this.#fresh = Math.max(this.#fresh, at + bytes + BEHIND);
    return this.bytes.subarray(at, at + bytes);
  }

  /** The address of a text; where it is elsewhere, that of a copy, until the next that is copied. */
  placeOf(text: Buffer): number {
    if (this.#views.has(text.buffer)) return text.byteOffset;
    if (text.length > this.#copied.length) this.#copied = this.room(2 * text.length);
    text.copy(this.#copied);
    return this.#copied.byteOffset;
  }
}
