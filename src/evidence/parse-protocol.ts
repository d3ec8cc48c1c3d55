import type { Packed } from '../kql/packed.ts';
import type { PlainPart } from '../kql/part.ts';
import type { Column, ColumnType } from '../kql/types.ts';
import type { Guess } from './column-cells.ts';
import type { RecordForm } from './record-blocks.ts';
import type { CsvHeader } from './record-rows.ts';

/** The work of a thread that parses blocks of one file. */
export interface ParseTask {
  file: string;
  format: RecordForm;
  /** The blocks are there. */
  memory: WebAssembly.Memory;
  /** Of CSV; undefined for anything else. */
  header: CsvHeader | undefined;
  /** All columns that the file is known to have. */
  known: readonly string[];
  /** The columns that are wanted. */
  wanted: readonly {
    name: string;
    type: ColumnType;
    guess: Guess | undefined;
    members: readonly string[] | undefined;
  }[];
  /** By column that the file lacks: the one of its columns that stands for it. */
  standIns: ReadonlyMap<string, string>;
  /** All columns of the table, and the part of a query that is evaluated over its rows, where there is one. */
  columns: readonly Column[];
  part: PlainPart | undefined;
  /** Bytes of its heap: what is kept is handed over before there is no room for it. */
  mostKept: number;
}

/** A block to parse: where it is in the memory, and its place among all pieces. Without one: hand over what is kept. */
export type ParseBlock = { from: number; to: number; at: number } | { from: undefined };

/** The cells of one column of a block. */
export interface ParsedColumn {
  type: ColumnType;
  /** Of each row the number of its value among those of the list `of`; undefined where `values` are the rows' own. */
  codes: Int32Array | undefined;
  /** Further values for the list, or those of the rows. */
  values: Packed[];
  of: number;
}

export interface ParsedBlock {
  rows: number;
  lines: number;
  /** Of each column that is wanted the values that it cannot hold, and the line of the first within the block. */
  misfits: { count: number; line: number | undefined }[];
  /** The columns that are wanted, or, where `made`, all columns of what the query's part gave. */
  columns: ParsedColumn[];
  made: { names: readonly string[]; length: number; serialized: boolean } | undefined;
  /** The part that pieces up to here made, where it became too large to keep. */
  part: unknown;
  /** Its parts cannot be used: rows must be read in their order. */
  spoiled: boolean;
  /** A value does not fit what its column was taken to be, or is of a column that is not known. */
  changed: boolean;
  /** The fault that ended it, and the line within the block. */
  error: { why: string; line: number | undefined } | undefined;
}
