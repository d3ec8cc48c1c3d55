import { type Frame, frameOf, vectorOf } from '../kql/frame.ts';
import type { KqlError } from '../kql/kqlerror.ts';
import type { ReadTable } from '../kql/read-table.ts';
import type { Column, ColumnType } from '../kql/types.ts';
import type { Work } from '../kql/work.ts';
import { EvidenceEvents } from './event-logs.ts';
import type { EvidenceFile } from './evidence-files.ts';
import { commonType } from './guessed-type.ts';
import type { Reading } from './reading.ts';
import { type OpenedFile, sourcesOf, type Tuning } from './sources-of.ts';
import { StreamedRows } from './streamed-rows.ts';
import { TableBuilder } from './table-builder.ts';
import type { Wanted } from './text-export.ts';

/** The columns that are wanted, by table, and the only event ids that matter. */
export interface TablePlan {
  needed: ReadonlyMap<string, ReadonlySet<string>>;
  eventIds?: ReadonlySet<number> | undefined;
  /** By column: the members of its bags that are asked for, where nothing else of them is. */
  members?: ReadonlyMap<string, readonly string[]>;
}

export interface TableSchema {
  name: string;
  columns: readonly Column[];
}

type Opened = OpenedFile & {
  /** The tables it has rows of. */
  tables: string[];
  /** Rows that are in memory, by table. */
  held: Map<string, Frame[]>;
  /** Rows that a thread reads as they are asked for. */
  streamed: StreamedRows | undefined;
};

/** Files of less together are read into memory, where they are read once however often a query asks for their rows. */
const WHOLE_BELOW = 64 * 1024 * 1024;

interface Described extends Wanted {
  name: string;
}

/** The tables of all files of a query: large ones are read as their rows are asked for, small ones before. */
export class EvidenceTables {
  readonly #reading: Reading;
  readonly #tuning: Tuning | undefined;
  #opened: Opened[] = [];
  /** Events of logs that are in memory, beside others that are streamed. */
  readonly #heldEvents = new EvidenceEvents();
  readonly #notes: string[] = [];
  #described: Described[] = [];
  #eventIds: ReadonlySet<number> | undefined;
  /** Tables that the query can depend on. */
  #asked: ReadonlySet<string> = new Set();

  constructor(reading: Reading, tuning?: Tuning) {
    this.#reading = reading;
    this.#tuning = tuning;
  }

  get schemas(): readonly TableSchema[] {
    return this.#described;
  }

  /** Finds out which tables there are, and their columns. Throws an EvidenceError. */
  async describe(): Promise<void> {
    const types = new Map<string, Map<string, ColumnType | undefined>>();
    const sources = await sourcesOf(this.#reading, this.#tuning, this.#heldEvents);
    this.#opened = sources.map((one) => ({ ...one, tables: [], held: new Map(), streamed: undefined }));
    for (const opened of this.#opened) {
      const { file, text, source } = opened;
      const described = await this.#reading.attempt(file, async () =>
        text ? new Map([[text.table, await text.describe()]]) : await source?.describe(this.#reading.progress),
      );
      for (const [table, own] of described ?? []) {
        opened.tables.push(table);
        const all = types.get(table) ?? new Map<string, ColumnType | undefined>();
        for (const [name, type] of own) all.set(name, commonType(all.get(name), type));
        types.set(table, all);
      }
    }
    this.#described = [...types].map(([name, own]) => ({
      name,
      columns: [...own].map(([column, type]): Column => ({ name: column, type: type ?? 'string' })),
      open: new Set([...own].flatMap(([column, type]) => (type === undefined ? [column] : []))),
      needed: new Set(),
    }));
  }

  /** Reads what is wanted and cannot be read piece by piece. Throws EvidenceError. */
  async prepare({ needed, eventIds, members }: TablePlan): Promise<void> {
    this.#described = this.#described.map((one) => ({
      ...one,
      needed: needed.get(one.name) ?? new Set(),
      ...(members ? { members } : {}),
    }));
    this.#asked = new Set(needed.keys());
    const wanted = this.#described.filter(({ name }) => needed.has(name));
    this.#eventIds = eventIds;
    const inPieces = this.#sourceBytes(needed) >= (this.#tuning?.wholeBelow ?? WHOLE_BELOW);
    for (const opened of this.#opened) {
      const { file, text, source } = opened;
      const own = wanted.filter(({ name }) => opened.tables.includes(name));
      const [only] = own;
      if (!only) {
        opened.tables = [];
        continue;
      }
      if (text?.inPieces) continue;
      if (source && inPieces && !this.#reading.alone.has(file.path)) {
        opened.streamed = new StreamedRows(file, this.#reading.threads);
        continue;
      }
      await this.#reading.attempt(file, async () => {
        if (!source) {
          const held: Frame[] = [];
          for await (const frame of text.passing(only)) held.push(frame);
          opened.held.set(only.name, held);
          return;
        }
        const builders = new Map(own.map((one) => [one.name, new TableBuilder(one.name, one.columns, one.needed)]));
        try {
          this.#notes.push(...(await source.read(builders, this.#reading.progress, eventIds)));
        } finally {
          // Rows before damage count.
          for (const [name, builder] of builders) opened.held.set(name, [frameOf(builder.table())]);
        }
      });
    }
  }

  /** The tables; without `rows` as large as they are, and empty. */
  tables(rows: boolean): ReadTable[] {
    return this.#described.map((one): ReadTable => {
      const { name, columns, needed } = one;
      const opened = this.#opened.filter(({ tables }) => tables.includes(name));
      const size = opened.reduce((sum, { text }) => sum + (text?.sizeOf(needed) ?? 0), 0);
      const vectors = columns.map(({ type }) => vectorOf(type, []));
      return {
        name,
        columns: [...columns],
        empty: { names: columns.map((c) => c.name), vectors, length: 0, serialized: false },
        ...(size > 0 ? { size } : {}),
        pieces: () => (rows ? this.#pieces(one, opened) : []),
        worked: (work) => (rows ? this.#worked(one, opened, work) : []),
      };
    });
  }

  *#pieces(one: Described, files: readonly Opened[]): Generator<Frame> {
    const events = new EvidenceEvents(this.#heldEvents);
    for (const opened of files) {
      const kept = opened.held.get(one.name);
      if (kept) yield* kept;
      else if (opened.text) yield* opened.text.pieces(one);
      else yield* this.#streamed(one, opened, events);
    }
  }

  *#worked(one: Described, files: readonly Opened[], work: Work): Generator<Frame> {
    const events = new EvidenceEvents(this.#heldEvents);
    let pieces = 0;
    const place = (): number => pieces++;
    for (const opened of files) {
      const kept = opened.held.get(one.name);
      if (kept) for (const piece of kept) yield work.here(piece, place());
      else if (opened.text) yield* opened.text.pieces(one, work, place);
      else for (const piece of this.#streamed(one, opened, events)) yield work.here(piece, place());
    }
  }

  /** The rows that a thread reads; of a file that was found up to its damage. */
  *#streamed(one: Described, { file, streamed }: Opened, events: EvidenceEvents): Generator<Frame> {
    try {
      if (streamed) yield* streamed.pieces(one, this.#eventIds, events);
    } catch (error) {
      if (!this.#reading.remarksOn(file, error)) throw error;
    }
  }

  /** The bytes of all files whose rows a query can depend on, and that are no text of their table's own. */
  #sourceBytes(needed: ReadonlyMap<string, unknown>): number {
    return this.#opened
      .filter(({ source, tables }) => source && tables.some((name) => needed.has(name)))
      .reduce((sum, { file }) => sum + this.#reading.bytesOf(file.path), 0);
  }

  /** Makes sure that no row which was not asked for makes a column another. Throws ColumnsChanged. */
  complete(): void {
    for (const one of this.#described)
      for (const { tables, text } of this.#opened) if (text?.inPieces && tables.includes(one.name)) text.complete(one);
  }

  /** The tables of each file, with what it takes to read its rows of them alone. */
  byFile(): { file: EvidenceFile; table: TableSchema; open: string[] }[] {
    return this.#opened.flatMap(({ file, tables }) =>
      this.#described
        .filter(({ name }) => tables.includes(name))
        .map(({ name, columns, open }) => ({ file, table: { name, columns }, open: [...open] })),
    );
  }

  /** Remarks on the files. */
  notes(): string[] {
    return [...this.#notes, ...this.#opened.flatMap(({ text, streamed }) => (text ?? streamed)?.notes ?? [])];
  }

  /** The tables that were read, with their rows. */
  read(): { name: string; rows: number }[] {
    return this.#described
      .filter(({ name }) => this.#asked.has(name))
      .map(({ name }) => ({
        name,
        rows: this.#opened
          .filter(({ tables }) => tables.includes(name))
          .reduce(
            (sum, { text, held, streamed }) =>
              sum + (text?.rows ?? streamed?.rowsOf(name) ?? rowsIn(held.get(name) ?? [])),
            0,
          ),
      }));
  }

  /**
   * Reads files of which only the beginning is known for their columns, where an error may come of that. Says whether
   * there were any.
   */
  async learn(error: KqlError): Promise<boolean> {
    return error.kind !== 'syntax' && error.kind !== 'limit' && this.learnAll();
  }

  /** Reads files of which only the beginning is known for their columns. Says whether there were any. */
  async learnAll(): Promise<boolean> {
    let learned = false;
    for (const { file, text } of this.#opened) {
      if (!text || text.certain) continue;
      this.#reading.learn(file.path, await text.wholeColumns());
      learned = true;
    }
    return learned;
  }
}

const rowsIn = (frames: readonly Frame[]): number => frames.reduce((sum, { length }) => sum + length, 0);
