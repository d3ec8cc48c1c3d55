import { availableParallelism } from 'node:os';
import { type Frame, settled, type Vector, vectorOf } from '../kql/frame.ts';
import type { PlainPart } from '../kql/part.ts';
import { columnsOf, isKnownTable } from '../kql/table-schemas.ts';
import type { Column, ColumnType } from '../kql/types.ts';
import { PartsDiffer, type Work } from '../kql/work.ts';
import { CellMemory } from './cell-memory.ts';
import { ColumnCells } from './column-cells.ts';
import { checkNames } from './column-names.ts';
import { EvidenceError, fileFailure } from './evidence-error.ts';
import { commonType, typeOfValue } from './guessed-type.ts';
import { misfitNote } from './misfit-note.ts';
import { ParsePool, type PoolResult } from './parse-pool.ts';
import { RecordBlocks, type RecordForm } from './record-blocks.ts';
import { CsvRows, JsonRows, type RecordRows, unitOf } from './record-rows.ts';
import { standInNotes, standInsOf } from './stand-ins.ts';
import type { TextContent } from './text-content.ts';

/** Of the beginning of a file: what its columns are taken to be until a row says otherwise. */
const SAMPLE_BYTES = 1024 * 1024;

/** The types of columns that a file has by its own values; undefined where all are missing. */
export type OwnColumns = ReadonlyMap<string, ColumnType | undefined>;

/** Thrown when all of a file has been read and its columns are not what its beginning had them. */
export class ColumnsChanged extends Error {
  override readonly name = 'ColumnsChanged';
  readonly file: string;
  readonly columns: OwnColumns;
  constructor(file: string, columns: OwnColumns) {
    super('the columns of a file are not those of its beginning');
    this.file = file;
    this.columns = columns;
  }
}

/** The columns of a table, and those of them that a query needs. */
export interface Wanted {
  columns: readonly Column[];
  needed: ReadonlySet<string>;
  /** Columns of which no value was seen: their type is a guess without any. */
  open: ReadonlySet<string>;
  /** As in `TablePlan`. */
  members?: ReadonlyMap<string, readonly string[]>;
}

export interface TextExportOptions {
  file: string;
  table: string;
  format: RecordForm;
  /** Damage ends the rows and is remarked on; it is no error. */
  lenient: boolean;
  content: TextContent;
  /** Threads that parse beside the one that evaluates; default: by the size of the file and the machine. */
  threads?: number | undefined;
  /** Megabytes of memory that each of them may take; there is a good default. */
  threadMegabytes?: number | undefined;
  /** Bytes that are read at once, and of the beginning to describe it; there are good defaults. */
  bytesAtOnce?: number | undefined;
  /** The columns as an earlier reading of the whole file found them. */
  learned: OwnColumns | undefined;
}

/**
 * An export of Log Analytics as CSV, JSON lines or a JSON list, read in pieces. The columns of a table that Microsoft documents have its
 * types; others have the one type that holds all their values: that of the file's beginning, and where a later row does
 * not fit, the whole file is read for its types, and then again.
 */
export class TextExport {
  readonly file: string;
  readonly table: string;
  readonly #options: TextExportOptions;
  readonly #documented: Record<string, ColumnType>;
  #own: Map<string, ColumnType | undefined> = new Map();
  /** By column that it lacks: the one of its columns that stands for it. */
  #standIns: ReadonlyMap<string, string> = new Map();
  #sampledWhole = false;
  #readWhole = false;
  #rowBytes = 0;
  #cellBytes = new Map<string, number>();
  #notes: string[] = [];
  /** Rows of the longest reading so far. */
  rows = 0;

  constructor(options: TextExportOptions) {
    this.file = options.file;
    this.table = options.table;
    this.#options = options;
    this.#documented = isKnownTable(options.table) ? columnsOf(options.table) : {};
  }

  /** Is what `describe` gave known of all rows? */
  get certain(): boolean {
    return this.#sampledWhole || this.#options.learned !== undefined;
  }

  /** Are its rows read as they are asked for? Else there are few. */
  get inPieces(): boolean {
    return this.#options.content.inPieces;
  }

  /** Remarks of the last reading, one line each. */
  get notes(): readonly string[] {
    return this.#notes;
  }

  /** Its columns with their types, as far as they are known. Throws an EvidenceError. */
  async describe(): Promise<OwnColumns> {
    const sample = await this.#sample();
    this.#own = new Map(sample);
    for (const [name, type] of this.#options.learned ?? []) this.#own.set(name, type);
    checkNames([...this.#own.keys()], this.file);
    return new Map([...Object.entries(this.#documented), ...this.#own]);
  }

  /** Its columns by all of its rows. */
  async wholeColumns(): Promise<OwnColumns> {
    const types = new TypeReader(this.#options, this.#documented);
    await this.#leniently(async () => {
      for await (const bytes of await this.#options.content.passing()) types.add(bytes);
      types.end();
    });
    types.close();
    return types.columns();
  }

  /** About how many bytes these columns of all rows take in memory. */
  sizeOf(needed: ReadonlySet<string>): number {
    const cells = [...needed].reduce((sum, name) => sum + 16 + (this.#cellBytes.get(name) ?? 0), 0);
    return this.#rowBytes === 0 ? 0 : (this.#options.content.bytes / this.#rowBytes) * cells;
  }

  /**
   * Its rows, piece by piece, where they are read so. `work` is done on each where it is read; `place` numbers the pieces.
   * Throws ColumnsChanged when all has been read, and PartsDiffer where the work must be done on rows in their order.
   */
  *pieces(wanted: Wanted, work?: Work, place: () => number = counted()): Generator<Frame> {
    const reader = this.#reader(wanted, work, place);
    try {
      yield* this.#read(reader);
    } catch (error) {
      if (!this.#options.lenient || !(error instanceof EvidenceError)) throw error;
      // Threads may have kept something of rows that come after the damage.
      if (work?.keeps && reader.parallel) throw new PartsDiffer();
      yield* some(reader.rest());
      this.#notes = [`not read to its end: ${error.message}`];
    } finally {
      // Where no more is asked for, those so far.
      this.rows = Math.max(this.rows, reader.rows);
      reader.close();
    }
    // Threads see the values in another order than that which decides a type.
    if (reader.parallel && reader.changed()) throw new ColumnsChanged(this.file, this.#typesInOrder());
    this.#finished(reader);
  }

  /** The pieces in their order, parsed by further threads where that is worth it. */
  *#read(reader: PieceReader): Generator<Frame> {
    const { content, bytesAtOnce } = this.#options;
    const threads = this.#options.threads ?? threadsFor(content.bytes);
    const { work } = reader;
    let asked = false;
    let pool: ParsePool | undefined;
    try {
      for (const bytes of content.blocks(bytesAtOnce, reader.room)) {
        const block = reader.cut(bytes);
        if (!block) continue;
        // The header is in the first block.
        if (pool === undefined) yield* some(reader.add(block));
        else {
          while (pool.full) yield* some(reader.join(pool.take()));
          reader.handOver(pool, block);
        }
        // What this thread has done of the work decides what others need to know of it.
        if (threads > 0 && !asked) {
          asked = true;
          pool = reader.start(threads, work?.plain());
        }
      }
      while (pool && pool.pending > 0) yield* some(reader.join(pool.take()));
      yield* some(reader.end());
      if (pool && work) for (const part of pool.parts()) work.join(part);
    } finally {
      pool?.close();
    }
  }

  #typesInOrder(): OwnColumns {
    const types = new TypeReader(this.#options, this.#documented);
    try {
      for (const bytes of this.#options.content.blocks()) types.add(bytes);
      types.end();
    } catch (error) {
      if (!this.#options.lenient || !(error instanceof EvidenceError)) throw error;
    }
    types.close();
    return types.columns();
  }

  /** Reads what the rows that were asked for left unread, where a column may prove another there. */
  complete(wanted: Wanted): void {
    const guessed = [...wanted.needed].some((name) => this.#own.has(name));
    if (this.certain || this.#readWhole || !(guessed || this.#options.format !== 'csv')) return;
    for (const _piece of this.pieces(wanted));
  }

  /** Its rows, piece by piece, for a thread that does other things too. */
  async *passing(wanted: Wanted): AsyncGenerator<Frame> {
    const reader = this.#reader(wanted);
    try {
      for await (const bytes of await this.#options.content.passing()) {
        const block = reader.cut(bytes);
        if (block) yield* some(reader.add(block));
      }
      yield* some(reader.end());
    } catch (error) {
      const failure = fileFailure(this.file, error);
      if (!this.#options.lenient) throw failure;
      yield* some(reader.rest());
      this.#notes = [`not read to its end: ${failure.message}`];
    }
    this.#finished(reader);
  }

  #reader(wanted: Wanted, work?: Work, place?: () => number): PieceReader {
    const known = { documented: this.#documented, own: this.#own, standIns: this.#standIns, certain: this.certain };
    return new PieceReader(this.#options, known, wanted, work, place);
  }

  #finished(reader: PieceReader): void {
    this.#readWhole = true;
    this.rows = Math.max(this.rows, reader.rows);
    const changed = reader.changed();
    if (changed) {
      const own = new Map(this.#own);
      for (const [name, type] of changed) own.set(name, commonType(own.get(name), type));
      throw new ColumnsChanged(this.file, own);
    }
    this.#notes = [...this.#notes.filter((note) => note.startsWith('not read')), ...reader.notes()];
  }

  /** The damage that ended it, where that is no error. */
  async #leniently(work: () => Promise<void>): Promise<EvidenceError | undefined> {
    try {
      await work();
      return undefined;
    } catch (error) {
      const failure = error instanceof ColumnsChanged ? error : fileFailure(this.file, error);
      if (this.#options.lenient && failure instanceof EvidenceError) return failure;
      throw failure;
    }
  }

  /** The columns by the rows at the file's beginning. */
  async #sample(): Promise<OwnColumns> {
    const types = new TypeReader(this.#options, this.#documented);
    const enough = this.#options.bytesAtOnce ?? SAMPLE_BYTES;
    await this.#leniently(async () => {
      let bytes = 0;
      this.#sampledWhole = true;
      for await (const piece of await this.#options.content.passing(enough)) {
        types.add(piece);
        bytes += piece.length;
        if (bytes < enough || !types.begun) continue;
        this.#sampledWhole = false;
        break;
      }
      if (this.#sampledWhole) types.end();
      if (types.rows > 0) this.#rowBytes = bytes / types.rows;
    });
    types.close();
    this.#options.content.beginningWasAll(this.#sampledWhole);
    this.#cellBytes = types.cellBytes();
    this.#standIns = standInsOf(types.names, this.#documented);
    return types.columns();
  }
}

/** A file that is read in less than a second is not worth a thread; the one that evaluates needs a core for itself. */
const WORTH_BYTES = 64 * 1024 * 1024;
const MOST_THREADS = 8;

const threadsFor = (bytes: number): number =>
  bytes < WORTH_BYTES || availableParallelism() < 2 ? 0 : Math.min(MOST_THREADS, availableParallelism());

function counted(): () => number {
  let next = 0;
  return () => next++;
}

const some = (frame: Frame | undefined): Frame[] => (frame && frame.length > 0 ? [frame] : []);

/** Reads rows for the types of columns that are not documented. */
class TypeReader {
  readonly #memory = CellMemory.take();
  readonly #blocks: RecordBlocks;
  readonly #records: RecordRows;
  readonly #cells = new Map<string, ColumnCells>();
  readonly #found = new Map<string, ColumnType | undefined>();
  /** Of all columns. */
  readonly names = new Set<string>();
  readonly #bytes = new Map<string, number>();

  constructor({ file, format }: TextExportOptions, documented: Record<string, ColumnType>) {
    this.#blocks = new RecordBlocks(file, format, this.#memory);
    if (format === 'csv') {
      this.#records = new CsvRows(file, this.#memory, (name) => {
        const cells = new ColumnCells('string', { expected: undefined });
        this.#cells.set(name, cells);
        this.names.add(name);
        if (!Object.hasOwn(documented, name)) this.#found.set(name, undefined);
        return cells;
      });
    } else {
      const found = (name: string, value: unknown): void => {
        this.names.add(name);
        if (!Object.hasOwn(documented, name))
          this.#found.set(name, commonType(this.#found.get(name), typeOfValue(value)));
        if (typeof value === 'string') this.#bytes.set(name, (this.#bytes.get(name) ?? 0) + value.length);
      };
      this.#records = new JsonRows(file, new Map(), new Set(), found, format);
    }
  }

  get rows(): number {
    return this.#records.rows;
  }

  /** Has a record been read, if only a header? */
  get begun(): boolean {
    return this.#cells.size > 0 || this.rows > 0;
  }

  add(bytes: Buffer): void {
    this.#take(this.#blocks.add(bytes, this.#records.line));
  }

  end(): void {
    this.#take(this.#blocks.end());
    this.#blocks.close();
    this.#records.end();
  }

  /** Nothing is added any more. */
  close(): void {
    this.#memory.giveBack();
  }

  columns(): OwnColumns {
    return this.#found;
  }

  /** About how many characters a cell of each column has. */
  cellBytes(): Map<string, number> {
    return new Map([...this.#bytes].map(([name, bytes]) => [name, bytes / Math.max(1, this.rows)]));
  }

  #take(block: Buffer | undefined): void {
    if (!block) return;
    try {
      this.#records.add(block);
    } finally {
      // The types stay, also of what was read before damage; the cells go.
      for (const [name, cells] of this.#cells) {
        if (this.#found.has(name)) this.#found.set(name, cells.found);
        this.#bytes.set(name, (this.#bytes.get(name) ?? 0) + lengthOf(cells.piece(cells.rows)));
      }
    }
  }
}

/** The characters of all cells, by some of them. */
function lengthOf({ values, rows }: Vector): number {
  const count = rows?.length ?? values.length;
  let [sum, looked] = [0, 0];
  for (let row = 0; row < count; row += 1 + (count >> 8)) {
    const value = values[rows?.[row] ?? row];
    if (typeof value === 'string') sum += value.length;
    looked += 1;
  }
  return looked === 0 ? 0 : (sum / looked) * count;
}

/** The columns of a file. */
interface KnownColumns {
  documented: Readonly<Record<string, ColumnType>>;
  own: OwnColumns;
  standIns: ReadonlyMap<string, string>;
  certain: boolean;
}

/** Reads rows into frames. */
class PieceReader {
  readonly #file: string;
  readonly #format: RecordForm;
  readonly #threadMegabytes: number | undefined;
  readonly #known: readonly string[];
  readonly #memory = CellMemory.take();
  readonly #blocks: RecordBlocks;
  readonly #records: RecordRows;
  /** Threads were given the memory. */
  #shared = false;
  /** Threads took part. */
  parallel = false;
  readonly #misfits = new Map<string, { count: number; line: number | undefined }>();
  readonly #columns: readonly Column[];
  readonly #standIns: ReadonlyMap<string, string>;
  readonly #needed: ReadonlySet<string>;
  readonly #cells: ReadonlyMap<string, ColumnCells>;
  /** Columns that the file has and that were not known. */
  readonly #strange = new Map<string, ColumnType | undefined>();
  #handedOn = 0;
  readonly work: Work | undefined;
  readonly #members: Wanted['members'];
  /** Numbers the pieces. */
  readonly place: () => number;
  /** Rows were read that the columns are not made for: they and all after them only say what the columns are. */
  #changed = false;

  constructor(
    { file, format, threadMegabytes }: TextExportOptions,
    { documented, own, standIns, certain }: KnownColumns,
    { columns, needed, open, members }: Wanted,
    work?: Work,
    place: () => number = counted(),
  ) {
    this.work = work;
    this.#members = members;
    this.place = place;
    this.#file = file;
    this.#format = format;
    this.#threadMegabytes = threadMegabytes;
    this.#known = [...own.keys(), ...Object.keys(documented)];
    this.#columns = columns;
    this.#standIns = standIns;
    this.#needed = needed;
    const read = new Set([...needed].map((name) => standIns.get(name) ?? name));
    this.#blocks = new RecordBlocks(file, format, this.#memory);
    this.#cells = new Map(
      columns
        .filter(({ name }) => read.has(name) && (own.has(name) || Object.hasOwn(documented, name)))
        .map(({ name, type }) => {
          const guess = { expected: open.has(name) ? undefined : type };
          const doubtful = certain || Object.hasOwn(documented, name) ? undefined : guess;
          return [name, new ColumnCells(type, doubtful, members?.get(name))];
        }),
    );
    this.#records =
      format === 'csv'
        ? new CsvRows(file, this.#memory, (name) => this.#cells.get(name))
        : new JsonRows(file, this.#cells, new Set(this.#known), this.#found, format);
  }

  readonly #found = (name: string, value: unknown): void => {
    this.#strange.set(name, commonType(this.#strange.get(name), typeOfValue(value)));
  };

  get rows(): number {
    return this.#records.rows;
  }

  /** Where the bytes that come next are best read to. */
  readonly room = (bytes: number): Buffer => this.#blocks.room(bytes);

  /** The whole records within the bytes so far, if any. */
  cut(bytes: Buffer): Buffer | undefined {
    return this.#blocks.add(bytes, this.#records.line);
  }

  add(block: Buffer): Frame | undefined {
    this.#records.add(block);
    return this.rest();
  }

  /** Threads for the blocks that follow; undefined before the header was read, where none is worth it, and where none starts. */
  start(threads: number, part: PlainPart | undefined): ParsePool | undefined {
    const header = this.#records instanceof CsvRows ? this.#records.header : undefined;
    if (this.#format === 'csv' && !header) return undefined;
    const wanted = [...this.#cells].map(([name, { type, guess }]) => ({
      name,
      type,
      guess,
      members: this.#members?.get(name),
    }));
    // This thread has the rest of the work then, and bags are slow to hand on.
    const others = part ? threads : threads - 1;
    if (others < 1 || (!part && wanted.some(({ type }) => type === 'dynamic'))) return undefined;
    this.#shared = true;
    const { shared: memory } = this.#memory;
    const task = { file: this.#file, format: this.#format, memory, header, known: this.#known, wanted };
    const rows = { columns: this.#columns, standIns: this.#standIns };
    const pool = ParsePool.start({ ...task, ...rows, part }, others, this.#threadMegabytes);
    this.parallel ||= pool !== undefined;
    return pool;
  }

  /** Gives the block that was cut to another thread. */
  handOver(pool: ParsePool, block: Buffer): void {
    pool.add(block, this.#blocks.lend(), this.place());
  }

  /** Takes a block that another thread parsed. Throws what is wrong with it once its whole rows are taken. */
  join(parsed: PoolResult | undefined): Frame | undefined {
    if (!parsed) return undefined;
    const { rows, lines, changed, error, spoiled, part, at, room } = parsed;
    this.#blocks.takeBack(room);
    if (spoiled && this.work?.keeps) throw new PartsDiffer();
    const before = this.#records.line - 1;
    [...this.#cells.keys()].forEach((name, i) => {
      const { count, line } = parsed.misfits[i] ?? { count: 0, line: undefined };
      this.#misfit(name, count, line === undefined ? undefined : before + line);
    });
    this.#records.skip(lines);
    this.#records.rows += rows;
    this.#handedOn += error ? 0 : rows;
    this.#changed ||= changed;
    if (part !== undefined) this.work?.join(part);
    const frame = (): Frame => parsed.made ?? this.#worked(this.#parsedFrame(parsed), at);
    if (error) {
      this.#left = this.#changed ? undefined : frame();
      const unit = unitOf(this.#format);
      const place = error.line === undefined ? undefined : { line: before + error.line, unit };
      throw new EvidenceError(this.#file, error.why, place);
    }
    return this.#changed ? undefined : frame();
  }

  #parsedFrame({ vectors, rows }: PoolResult): Frame {
    return this.#frame(
      new Map([...this.#cells.keys()].map((name, i) => [name, vectors[i] ?? vectorOf('string', [])])),
      rows,
    );
  }

  #worked(frame: Frame, at: number): Frame {
    return this.work && frame.length > 0 ? this.work.here(frame, at) : settled(frame);
  }

  /** Rows before damage, of a block that another thread parsed. */
  #left: Frame | undefined;

  #misfit(name: string, count: number, line: number | undefined): void {
    if (count === 0) return;
    const known = this.#misfits.get(name) ?? { count: 0, line };
    this.#misfits.set(name, { count: known.count + count, line: known.line ?? line });
  }

  #frame(vectors: ReadonlyMap<string, Vector>, length: number): Frame {
    return {
      names: this.#columns.map(({ name }) => name),
      vectors: this.#columns.map(
        ({ name, type }) => vectors.get(this.#standIns.get(name) ?? name) ?? vectorOf(type, []),
      ),
      length,
      serialized: false,
    };
  }

  end(): Frame | undefined {
    const block = this.#blocks.end();
    if (block) this.#records.add(block);
    this.#blocks.close();
    this.#records.end();
    return this.rest();
  }

  /** The whole rows since the last piece; none once the columns are known to be others. */
  rest(): Frame | undefined {
    const length = this.rows - this.#handedOn;
    this.#handedOn = this.rows;
    if (this.#left) return this.#changed ? undefined : this.#left;
    const vectors = new Map<string, Vector>();
    for (const [name, cells] of this.#cells) if (cells.rows > 0) vectors.set(name, cells.piece(length));
    this.#changed ||= this.#strange.size > 0 || [...this.#cells.values()].some((cells) => cells.changed);
    if (this.#changed) return undefined;
    return this.#worked(this.#frame(vectors, length), this.place());
  }

  /** Nothing is read any more, and no cell is asked for. */
  close(): void {
    // Threads that were told to end may not have ended.
    if (!this.#shared) this.#memory.giveBack();
  }

  /** The columns that are others than it was said; undefined where all are as it was said. */
  changed(): OwnColumns | undefined {
    if (!this.#changed) return undefined;
    const others = [...this.#cells].filter(([, cells]) => cells.guess !== undefined);
    return new Map([
      ...others.map(([name, { found }]): [string, ColumnType | undefined] => [name, found]),
      ...this.#strange,
    ]);
  }

  notes(): string[] {
    const dayOrMonth = ': of 3/4/2026 it is not known which is the month';
    for (const [name, cells] of this.#cells) this.#misfit(name, cells.misfits, cells.misfitLine);
    const misfits = [...this.#cells].flatMap(([column, { type }]) => {
      const { count, line } = this.#misfits.get(column) ?? { count: 0, line: undefined };
      if (count === 0) return [];
      const place = line === undefined ? undefined : `${unitOf(this.#format)} ${line}`;
      return `${misfitNote(this.#file, { count, column, type, place })}${type === 'datetime' ? dayOrMonth : ''}`;
    });
    return [...this.#blocks.remarks, ...standInNotes(this.#file, this.#standIns, this.#needed), ...misfits];
  }
}
