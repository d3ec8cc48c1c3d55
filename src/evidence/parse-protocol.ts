import type { ColumnType } from '../kql/types.ts';
import type { Value } from '../kql/values.ts';
import type { Guess } from './column-cells.ts';

/** The work of a thread that parses blocks of one file. */
export interface ParseTask {
  file: string;
  format: 'csv' | 'jsonl';
  /** The names of the columns of CSV, by their places. */
  header: readonly string[];
  /** All columns that the file is known to have. */
  known: readonly string[];
  /** The columns that are wanted. None of them is dynamic: bags do not travel. */
  wanted: readonly { name: string; type: ColumnType; guess: Guess | undefined }[];
  /** Counts the blocks that are done; the first of all, which has no block, says that the thread runs. */
  done: SharedArrayBuffer;
}

/** A block to parse: the first bytes of a shared memory. */
export interface ParseBlock {
  memory: SharedArrayBuffer;
  length: number;
}

/** The cells of one column of a block. */
export interface ParsedColumn {
  /** Of each row the number of its value among all that the thread has sent; undefined where `values` are the rows' own. */
  codes: Int32Array | undefined;
  /** Further values, or those of the rows. */
  values: Value[];
  misfits: number;
  misfitLine: number | undefined;
}

export interface ParsedBlock {
  rows: number;
  lines: number;
  columns: ParsedColumn[];
  /** A value does not fit what its column was taken to be, or is of a column that is not known. */
  changed: boolean;
  /** The fault that ended it, and the line within the block. */
  error: { why: string; line: number | undefined } | undefined;
}
