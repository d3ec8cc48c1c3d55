import type { CellMemory } from './cell-memory.ts';
import { COMMA, CsvRecords } from './csv.ts';
import { EvidenceError } from './evidence-error.ts';

/** Where `scan` of wasm/csv-cells.ts stops. */
const ALL = 0;
const FULL = 1;
/** The words that it takes and leaves. */
const STATE_WORDS = 11;
const [FROM, LINE, FOUND] = [0, 2, 3];

/** The cells of a column in a block of records: the beginning and the end of the nth are words from `spans + n * each` on, `each` in bytes. */
export interface Spans {
  memory: CellMemory;
  spans: number;
  each: number;
  rows: number;
  /** By row: the line that it begins in. */
  lines: Int32Array;
}

/**
 * Finds the cells of wanted columns in blocks of whole records of CSV, of which each must have as many cells as all. In a memory
 * there is one that does.
 */
export class BlockCells {
  readonly #file: string;
  readonly #memory: CellMemory;
  readonly #known: number;
  readonly #separator: number;
  readonly #slots: number;
  readonly #each: number;
  readonly #state: number;
  #room = 0;
  #spans = 0;
  #lines = 0;
  #singles = { at: 0, length: -1 };
  /** How many records were found in the last block. */
  found = 0;

  /** `slots`: by place in a record the number of a column among those that are wanted, or -1. `separator`: the byte between cells. */
  constructor(file: string, memory: CellMemory, slots: readonly number[], separator = COMMA) {
    this.#file = file;
    this.#separator = separator;
    this.#memory = memory;
    this.#known = slots.length;
    this.#each = 8 * slots.filter((slot) => slot >= 0).length;
    this.#state = memory.allocate(4 * STATE_WORDS);
    this.#slots = memory.allocate(4 * slots.length);
    const places = slots.map((slot) => (slot < 0 ? -1 : 8 * slot));
    memory.words.set(places, this.#slots >> 2);
    this.#longer(1024);
  }

  /** Gives the line after the block, which begins with line `line`. Where it throws, those are found that come before. */
  find(block: Buffer, line: number): number {
    const { functions } = this.#memory;
    const begin = this.#memory.placeOf(block);
    if (this.#singles.length < block.length)
      this.#singles = { at: this.#memory.room(2 * block.length).byteOffset, length: 2 * block.length };
    functions.singlesTo(this.#singles.at);
    const to = begin + block.length;
    let state: readonly number[] = [begin, to, line, 0];
    for (;;) {
      const [from = 0, , at = 1, found = 0] = state;
      const given = [from, to, at, found, this.#room, this.#slots, this.#known, this.#spans, this.#each, this.#lines];
      this.#memory.words.set([...given, this.#separator], this.#state >> 2);
      const why = functions.scan(this.#state);
      const words = this.#memory.words.subarray(this.#state >> 2, (this.#state >> 2) + STATE_WORDS);
      state = [...words];
      this.found = words[FOUND] ?? 0;
      const next = words[LINE] ?? line;
      if (why === ALL) return next;
      if (why === FULL) this.#longer(2 * this.#room);
      else throw this.#fault(block, (words[FROM] ?? begin) - begin, next);
    }
  }

  /** The cells of the column with a number. */
  column(slot: number): Spans {
    const lines = this.#memory.words.subarray(this.#lines >> 2, (this.#lines >> 2) + this.found);
    return { memory: this.#memory, spans: this.#spans + 8 * slot, each: this.#each, rows: this.found, lines };
  }

  /** Room for so many records. */
  #longer(room: number): void {
    const [spans, lines] = [this.#spans, this.#lines];
    this.#spans = this.#memory.allocate(this.#each * room);
    this.#lines = this.#memory.allocate(4 * room);
    const { bytes } = this.#memory;
    bytes.copyWithin(this.#spans, spans, spans + this.#each * this.#room);
    bytes.copyWithin(this.#lines, lines, lines + 4 * this.#room);
    this.#room = room;
  }

  /** The fault of the record that begins at `at`. */
  #fault(block: Buffer, at: number, line: number): EvidenceError {
    const records = new CsvRecords(this.#file, this.#separator);
    records.line = line;
    try {
      records.next(block, at, () => {});
    } catch (error) {
      if (error instanceof EvidenceError) return error;
      throw error;
    }
    const why = `${records.cells} fields where the header has ${this.#known}`;
    return new EvidenceError(this.#file, why, { line: records.began });
  }
}
