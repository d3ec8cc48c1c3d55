import { packedCells } from '../kql/packed.ts';
import type { Column, Table } from '../kql/table.ts';
import type { ColumnType } from '../kql/types.ts';
import { missing, type Value } from '../kql/values.ts';
import type { ParsedColumn } from './parse-protocol.ts';

/** Different values of one column that are numbered. */
const MAX_KEPT = 32_768;

/** Bags are no two the same, and a map takes -0 for 0. */
const UNNUMBERED: ReadonlySet<ColumnType> = new Set(['dynamic', 'real', 'decimal']);

/**
 * The columns of a table as they travel to another thread: a value that comes again travels once, and rows refer to it by
 * number; a column of ever new values has them as they come.
 */
export class CodedColumns {
  readonly #columns: readonly Column[];
  readonly #numbers: (Map<Value, number> | undefined)[];

  constructor(columns: readonly Column[]) {
    this.#columns = columns;
    this.#numbers = columns.map(({ type }) => (UNNUMBERED.has(type) ? undefined : new Map()));
  }

  /** Those of a piece of rows, which is not needed any more. */
  piece({ data, length }: Table): ParsedColumn[] {
    return this.#columns.map((column, i) => this.#column(column, i, data[i] ?? [], length));
  }

  #column({ type }: Column, of: number, cells: readonly Value[], length: number): ParsedColumn {
    if (cells.length === 0) return { type, codes: undefined, values: [], of: -1 };
    const numbers = this.#numbers[of];
    if (!numbers) return { type, codes: undefined, values: packedCells(type, cells), of: -1 };
    const before = numbers.size;
    const codes = new Int32Array(length);
    const fresh: Value[] = [];
    for (let row = 0; row < length; row++) {
      const value = cells[row] ?? missing(type);
      let number = numbers.get(value);
      if (number === undefined) {
        number = before + fresh.length;
        numbers.set(value, number);
        fresh.push(value);
      }
      codes[row] = number;
    }
    // The numbers that were sent stay as they are.
    if (numbers.size > MAX_KEPT || (length > 1000 && fresh.length * 2 > length)) this.#numbers[of] = undefined;
    return { type, codes, values: packedCells(type, fresh), of };
  }
}
