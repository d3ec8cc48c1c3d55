/** How a column of a table is set: a time or an id is never broken, a mark is as narrow as it can be. */
export type ColumnShape = 'time' | 'id' | 'mark' | 'text';

/** A piece of the case notes. Every text in it is untrusted: each format neutralises it for itself. */
export type Block =
  | { kind: 'title' | 'heading' | 'subheading' | 'text' | 'quiet' | 'alarm'; text: string }
  /** A heading that begins a new page in print. */
  | { kind: 'annex'; text: string }
  /** Short statements, each with what kind it is. */
  | { kind: 'verdict'; lines: { label: string; severity: string; text: string }[] }
  | { kind: 'list'; items: string[] }
  /** A table is its columns, its rows, its end: it may be longer than what fits in memory. */
  | { kind: 'columns'; names: string[]; shapes?: ColumnShape[] }
  | { kind: 'row'; cells: string[] }
  /** A row of a table that says which day the rows after it are of. */
  | { kind: 'day'; text: string; columns: number }
  | { kind: 'end' }
  | { kind: 'code'; language: '' | 'diff' | 'kusto'; lines: string[] };

export interface Column {
  name: string;
  shape: ColumnShape;
}

export const time = (name = 'UTC'): Column => ({ name, shape: 'time' });
export const id = (name: string): Column => ({ name, shape: 'id' });
export const mark = (name: string): Column => ({ name, shape: 'mark' });
export const words = (name: string): Column => ({ name, shape: 'text' });

/** The head of a table. */
export function columnsOf(columns: readonly Column[]): Block {
  return { kind: 'columns', names: columns.map(({ name }) => name), shapes: columns.map(({ shape }) => shape) };
}

/** A whole table; nothing when it has no row. */
export function* table(columns: readonly Column[], rows: readonly string[][]): Generator<Block> {
  if (rows.length === 0) return;
  yield columnsOf(columns);
  for (const cells of rows) yield { kind: 'row', cells };
  yield { kind: 'end' };
}

/** A table whose rows are under their days; `at` is ISO 8601 UTC, and oldest first. */
export function* dayTable(
  columns: readonly Column[],
  rows: readonly { at: string; cells: string[] }[],
): Generator<Block> {
  if (rows.length === 0) return;
  yield columnsOf(columns);
  const days = new Days(columns.length);
  for (const { at, cells } of rows) {
    yield* days.before(at);
    yield { kind: 'row', cells };
  }
  yield { kind: 'end' };
}

/** Gives the row of the day where a new one begins. */
export class Days {
  readonly #columns: number;
  #day = '';

  constructor(columns: number) {
    this.#columns = columns;
  }

  *before(at: string): Generator<Block> {
    const day = at.slice(0, 10);
    if (day === this.#day) return;
    this.#day = day;
    yield { kind: 'day', text: day, columns: this.#columns };
  }
}

/** "02:14:09Z" of an ISO 8601 instant in UTC. */
export function clockOf(at: string): string {
  return /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d/.test(at) ? `${at.slice(11, 19)}Z` : at;
}

/** "2026-11-23 02:14:09Z" */
export function momentOf(at: string): string {
  return /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d/.test(at) ? `${at.slice(0, 10)} ${at.slice(11, 19)}Z` : at;
}

/** Every instant in a sentence to the second, as `momentOf` prints one. */
export function toTheSecond(text: string): string {
  return text.replace(/(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(?:\.\d{1,9})?Z/g, '$1 $2Z');
}
