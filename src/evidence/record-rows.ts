import { isBag, parseJson } from '../kql/values.ts';
import { BlockCells } from './block-cells.ts';
import type { CellMemory } from './cell-memory.ts';
import type { ColumnCells } from './column-cells.ts';
import { checkNames, columnName, ownNames } from './column-names.ts';
import { CsvRecords } from './csv.ts';
import { csvDialect } from './csv-dialect.ts';
import { EvidenceError } from './evidence-error.ts';
import type { RecordForm } from './record-blocks.ts';

/** Puts the records of a file, in blocks of whole records, into cells by columns. */
export interface RecordRows {
  /** The line that the next record begins in, one-based. */
  readonly line: number;
  /** The rows that are whole so far. */
  rows: number;
  /** Passes over records that are read elsewhere. */
  skip(lines: number): void;
  /** Begins with other records, as at the first line after the names of the columns. */
  restart(): void;
  add(block: Buffer): void;
  /** All has been added: throws where the file can be none of its kind. */
  end(): void;
}

/** The name of a record's place, for remarks: a line, or an element of a list. */
export const unitOf = (form: RecordForm): 'line' | 'element' => (form === 'json' ? 'element' : 'line');

/** Cells for the columns that are wanted, by name; asked once for each column of a CSV, in the order of its header. */
export type CellsFor = (name: string) => ColumnCells | undefined;

/** What the beginning of a CSV says: the names of its columns, by their places, and the byte between cells. */
export interface CsvHeader {
  names: readonly string[];
  separator: number;
}

/** The rows of CSV; its first record is the names of its columns. */
export class CsvRows implements RecordRows {
  readonly #file: string;
  readonly #memory: CellMemory;
  readonly #cellsFor: CellsFor;
  /** Undefined before the header was read. */
  #found: BlockCells | undefined;
  #wanted: ColumnCells[] = [];
  #header: CsvHeader | undefined;
  line = 1;
  rows = 0;

  /** `header`: what was read already. */
  constructor(file: string, memory: CellMemory, cellsFor: CellsFor, header?: CsvHeader) {
    this.#file = file;
    this.#memory = memory;
    this.#cellsFor = cellsFor;
    if (header) this.#named(header);
  }

  /** What the beginning says, once it was read. */
  get header(): CsvHeader | undefined {
    return this.#header;
  }

  skip(lines: number): void {
    this.line += lines;
  }

  restart(): void {
    this.line = 1;
    this.rows = 0;
  }

  #named(header: CsvHeader): void {
    this.#header = header;
    const cells = header.names.map((name) => this.#cellsFor(name));
    this.#wanted = cells.filter((one) => one !== undefined);
    let slot = 0;
    const slots = cells.map((one) => (one === undefined ? -1 : slot++));
    this.#found = new BlockCells(this.#file, this.#memory, slots, header.separator);
  }

  /** The rows of a block, which must stay as it is until its pieces are taken and settled. */
  add(block: Buffer): void {
    const at = this.#found ? 0 : this.#readHeader(block);
    const found = this.#found;
    if (!found) return;
    try {
      this.line = found.find(block.subarray(at), this.line);
    } finally {
      this.rows += found.found;
      this.#wanted.forEach((cells, slot) => {
        cells.addSpans(found.column(slot));
      });
    }
  }

  end(): void {
    if (!this.#found) throw new EvidenceError(this.#file, 'it is empty');
  }

  #readHeader(block: Buffer): number {
    const names: string[] = [];
    const { separator, header, lines } = csvDialect(block);
    const records = new CsvRecords(this.#file, separator);
    records.line = this.line + lines;
    const at = records.next(block, header, (_place, bytes, from, to) => names.push(bytes.toString('utf8', from, to)));
    this.line = records.line;
    if (records.cells === 0) return at;
    const line = records.began;
    const local = names.find((name) => / \[Local Time\]$/i.test(name));
    if (local !== undefined)
      throw new EvidenceError(this.#file, `"${local}" is in some local time; export it in UTC`, { line });
    const columns = ownNames(names.map(columnName));
    checkNames(columns, this.#file, line);
    this.#named({ names: columns, separator });
    return at;
  }
}

const LF = 10;

/** The rows of JSON lines: an object a line; of a JSON list an element a line. */
export class JsonRows implements RecordRows {
  readonly #file: string;
  readonly #unit: 'line' | 'element';
  readonly #cells: ReadonlyMap<string, ColumnCells>;
  readonly #strange: (name: string, value: unknown) => void;
  readonly #known: ReadonlySet<string>;
  line = 1;
  rows = 0;

  /** `strange` gets the values of columns that are not among those known. */
  constructor(
    file: string,
    cells: ReadonlyMap<string, ColumnCells>,
    known: ReadonlySet<string>,
    strange: (name: string, value: unknown) => void,
    form: RecordForm,
  ) {
    this.#file = file;
    this.#unit = unitOf(form);
    this.#cells = cells;
    this.#known = known;
    this.#strange = strange;
  }

  add(block: Buffer): void {
    for (let at = 0; at < block.length; this.line += 1) {
      const found = block.indexOf(LF, at);
      const end = found < 0 ? block.length : found;
      const text = block.toString('utf8', at, end).trim();
      at = end + 1;
      if (text !== '') this.#record(text);
    }
  }

  end(): void {}

  skip(lines: number): void {
    this.line += lines;
  }

  restart(): void {
    this.line = 1;
    this.rows = 0;
  }

  #record(text: string): void {
    const record = recordOf(text);
    if (!record) {
      const place = { line: this.line, unit: this.#unit };
      throw new EvidenceError(this.#file, `this ${this.#unit} is no JSON object`, place);
    }
    for (const name of Object.keys(record)) if (!this.#known.has(name)) this.#strange(name, record[name]);
    for (const [name, cells] of this.#cells) {
      cells.addValue(Object.hasOwn(record, name) ? record[name] : undefined, this.line);
    }
    this.rows += 1;
  }
}

/** Only a text with long numbers needs the parser that keeps their digits. */
function recordOf(text: string): Record<string, unknown> | undefined {
  if (/\d{16}/.test(text)) {
    const value = parseJson(text);
    return isBag(value) ? value : undefined;
  }
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}
