import { MAX_FRAME_ROWS } from '../kql/frame.ts';
import type { Column, Table } from '../kql/table.ts';
import { missing, type Value } from '../kql/values.ts';
import { EvidenceError } from './evidence-error.ts';

/** Different texts of one column that are kept once; a column of ever new texts is not worth looking up. */
const MAX_KEPT = 50_000;

/** Takes the rows of a table when there are so many, and resolves when it can take more. */
export interface RowTaker {
  rows: number;
  take(table: Table): Promise<void>;
}

/** Collects rows by columns. Only wanted columns hold cells; the others are there by name and type, and empty. */
export class TableBuilder {
  readonly name: string;
  readonly columns: readonly Column[];
  #data: Value[][];
  readonly #kept: (Map<string, string> | undefined)[];
  /** Positions of the wanted columns. */
  readonly wanted: readonly number[];
  #length = 0;
  readonly #taker: RowTaker | undefined;

  /** With a taker it never holds more rows than that wants. */
  constructor(name: string, columns: readonly Column[], wanted: ReadonlySet<string>, taker?: RowTaker) {
    this.#taker = taker;
    this.name = name;
    this.columns = columns;
    this.#data = columns.map(() => []);
    this.wanted = columns.flatMap((c, i) => (wanted.has(c.name) ? [i] : []));
    this.#kept = columns.map((c) => (c.type === 'string' ? new Map() : undefined));
  }

  get length(): number {
    return this.#length;
  }

  /**
   * Adds a row; `cell` is asked for each wanted column. Where that makes enough rows they are handed on: to be awaited before
   * the next row, unless it is undefined.
   */
  add(file: string, cell: (column: Column, position: number) => Value): Promise<void> | undefined {
    if (this.#length >= MAX_FRAME_ROWS) {
      throw new EvidenceError(file, `the table ${this.name} would have more than ${MAX_FRAME_ROWS} rows`);
    }
    for (const position of this.wanted) {
      const column = this.columns[position];
      if (column) this.#data[position]?.push(this.#once(position, cell(column, position) ?? missing(column.type)));
    }
    this.#length += 1;
    return this.#taker && this.#length >= this.#taker.rows ? this.handOnRest() : undefined;
  }

  /** The same text again is the same string, so that a million rows of one address take no million texts. */
  #once(position: number, value: Value): Value {
    const kept = this.#kept[position];
    if (!kept || typeof value !== 'string') return value;
    const known = kept.get(value);
    if (known !== undefined) return known;
    if (kept.size < MAX_KEPT) kept.set(value, value);
    return value;
  }

  table(): Table {
    return { name: this.name, columns: [...this.columns], data: this.#data, length: this.#length };
  }

  /** Hands on what rows there are. */
  async handOnRest(): Promise<void> {
    if (!this.#taker || this.#length === 0) return;
    const rows = this.table();
    this.#data = this.columns.map(() => []);
    this.#length = 0;
    await this.#taker.take(rows);
  }
}
