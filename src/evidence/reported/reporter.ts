import type { ReportedLogon } from '../../eventlog/reported-logons.ts';
import type { Ticks } from '../../triage/logons/ticks.ts';
import { TICKS_TO_DATETIME } from '../event-rows.ts';
import { cellOf } from '../guessed-type.ts';
import { type Fields, textOf } from '../shapes/export-shape.ts';

/** A table, or a form of export, whose rows report logons, and not every one. */
export type Reporter = {
  /** What it leaves out, in words. */
  lacks: string;
} & ({ logonOf(row: Fields): RowLogon } | { logonsOf(row: Fields): Iterable<RowLogon> });

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
