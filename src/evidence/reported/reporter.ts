import type { ReportedLogon } from '../../eventlog/reported-logons.ts';
import type { Ticks } from '../../triage/logons/ticks.ts';
import { TICKS_TO_DATETIME } from '../event-rows.ts';
import { cellOf } from '../guessed-type.ts';
import { type Fields, textOf } from '../shapes/export-shape.ts';

/** A table, or a form of export, whose rows report logons, and not every one. */
export type Reporter = {
  /** By which it is known in reports, where its table's name says too little. */
  name?: string;
  /** What it leaves out, in words. */
  lacks: string;
  /** Of a program that writes dates in either order: what a row says of the order of its file; null where it says nothing. */
  orderOf?(row: Fields): DateOrder | null;
} & (
  | { logonOf(row: Fields, order: DateOrder | null): RowLogon }
  | { logonsOf(row: Fields): Iterable<RowLogon> }
  | { lines(): RowLines }
);

/** One of which each row is a logon or none. */
export type RowReporter = Extract<Reporter, { logonOf: unknown }>;

/** Day or month, whichever a date begins with. */
export type DateOrder = 'day' | 'month';

/** Rows of which several may make a logon. */
export interface RowLines {
  /** Gives what the row is by itself; true where it is taken for what `logons` gives, false where it is none. */
  take(row: Fields): boolean | RowLogon;
  /** The logons of all that were taken. */
  logons(): Iterable<ReportedLogon>;
}

/** The logon that a row reports; null for any other row, and why one is no row of it. */
export type RowLogon = ReportedLogon | null | { because: string };

/** Longer is no name, address or program. */
const longest = 1024;

/** A field as text; "" for `-`, and for what is no text or number. */
export function fieldText(row: Fields, ...names: string[]): string {
  for (const name of names) {
    const text = textOf(row.get(name)).trim().slice(0, longest);
    if (text !== '' && text !== '-') return text;
  }
  return '';
}

/** An instant in any of the forms that a query reads; null where it is none. */
export function instantOf(value: unknown): Ticks | null {
  const cell = cellOf(value, 'datetime');
  return typeof cell === 'number' ? cell + TICKS_TO_DATETIME : null;
}
