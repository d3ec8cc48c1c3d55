import { type Frame, frameOf, vectorOf } from '../kql/frame.ts';
import type { KqlError } from '../kql/kqlerror.ts';
import type { ReadTable } from '../kql/read-table.ts';
import type { Column, ColumnType } from '../kql/types.ts';
import type { EvidenceFile } from './evidence-files.ts';
import { commonType } from './guessed-type.ts';
import type { Reading } from './reading.ts';
import { type OpenedFile, sourcesOf, type Tuning } from './sources-of.ts';
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
};

interface Described extends Wanted {
  name: string;
}

/** The tables of all files of a query: CSV and JSON lines on disk are read as their rows are asked for, others before. */
export class EvidenceTables {
  readonly #reading: Reading;
  readonly #tuning: Tuning | undefined;
  #opened: Opened[] = [];
  readonly #notes: string[] = [];
  #described: Described[] = [];
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
    const sources = await sourcesOf(this.#reading, this.#tuning);
    this.#opened = sources.map((one) => ({ ...one, tables: [], held: new Map() }));
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
    for (const opened of this.#opened) {
      const { file, text, source } = opened;
      const own = wanted.filter(({ name }) => opened.tables.includes(name));
      const [only] = own;
      if (!only) {
        opened.tables = [];
        continue;
      }
      if (text && this.#reading.digestOf(file.path)) continue;
      await this.#reading.attempt(file, async () => {
        if (text) opened.held.set(only.name, await text.load(only));
        if (!source) return;
        const builders = new Map(own.map((one) => [one.name, new TableBuilder(one.name, one.columns, one.needed)]));
        this.#notes.push(...(await source.read(builders, this.#reading.progress, eventIds)));
        for (const [name, builder] of builders) opened.held.set(name, [frameOf(builder.table())]);
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
        *pieces() {
          if (!rows) return;
          for (const { held, text } of opened) {
            const kept = held.get(name);
            if (kept) yield* kept;
            else if (text) yield* text.pieces(one);
          }
        },
        *worked(work) {
          if (!rows) return;
          let pieces = 0;
          const place = (): number => pieces++;
          for (const { held, text } of opened) {
            const kept = held.get(name);
            if (kept) for (const piece of kept) yield work.here(piece, place());
            else if (text) yield* text.pieces(one, work, place);
          }
        },
      };
    });
  }

  /** Makes sure that no row which was not asked for makes a column another. Throws ColumnsChanged. */
  complete(): void {
    for (const one of this.#described)
      for (const { tables, text } of this.#opened)
        if (text && tables.includes(one.name) && this.#reading.digestOf(text.file)) text.complete(one);
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
    return [...this.#notes, ...this.#opened.flatMap(({ text }) => text?.notes ?? [])];
  }

  /** The tables that were read, with their rows. */
  read(): { name: string; rows: number }[] {
    return this.#described
      .filter(({ name }) => this.#asked.has(name))
      .map(({ name }) => ({
        name,
        rows: this.#opened
          .filter(({ tables }) => tables.includes(name))
          .reduce((sum, { text, held }) => sum + (text?.rows ?? rowsIn(held.get(name) ?? [])), 0),
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
