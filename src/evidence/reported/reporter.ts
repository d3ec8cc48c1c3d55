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
  | { lineOf(row: Fields): RowLine | RowLogon }
);

/** One of which each row is a logon or none. */
export type RowReporter = Extract<Reporter, { logonOf: unknown }>;

/** Day or month, whichever a date begins with; 'clear' where its form leaves no doubt, as that of ISO 8601. */
export type DateOrder = 'day' | 'month' | 'clear';

/** A row that is a line of a log: several may make a logon. */
export interface RowLine {
  line: { program: string; message: string; computer: string; processId: number | null };
  /** When it was written; null where that cannot be read. */
  at(): Ticks | null;
}

/** The logon that a row reports; null for any other row, and why one is no row of it. */
export type RowLogon = ReportedLogon | null | { because: string };

/** Longer is no name, address or program. */
const longest = 1024;

/** A value as text; "" for `-`, and for what is no text or number. */
export function valueText(value: unknown): string {
  const text = textOf(value).trim().slice(0, longest);
  return text === '-' ? '' : text;
}

/** A field as such a text, of several names the first that has any. */
export function fieldText(row: Fields, ...names: string[]): string {
  for (const name of names) {
    const text = valueText(row.get(name));
    if (text !== '') return text;
  }
  return '';
}

/** The number of a process; null where it is none. */
export function processIdOf(text: string): number | null {
  return /^\d{1,10}$/.test(text) ? Number(text) : null;
}

/** An instant in any of the forms that a query reads; null where it is none. */
export function instantOf(value: unknown): Ticks | null {
  const cell = cellOf(value, 'datetime');
  return typeof cell === 'number' ? cell + TICKS_TO_DATETIME : null;
}
