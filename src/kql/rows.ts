import { concat, type Frame } from './frame.ts';
import type { Work } from './work.ts';

/**
 * Rows that are read as they are asked for, a piece at a time; each call of `pieces` reads them anew, in the same order.
 */
export interface Stream {
  /** The columns, without rows. */
  empty: Frame;
  pieces(): Iterable<Frame>;
  /** About how many bytes all of its rows would take in memory, where nothing has left out rows. */
  size?: number;
  /** The rows of its source, with work done on them where they are read: further threads can do it too. */
  worked?(work: Work): Iterable<Frame>;
}

/** Takes note of rows that are kept, or of about how many bytes are to come, and what for. Throws where they are too many. */
export type Hold = (kept: { frame?: Frame; about?: number; by: string }) => void;

/** Rows on their way through the operators: all there, or read piece by piece. */
export type Rows = Frame | Stream;

export const isStream = (rows: Rows): rows is Stream => 'pieces' in rows;

/** An operator that takes rows in, in order and however they are cut, and gives what it makes of them at the end. */
export interface Reducer {
  /** `at`: the place of the piece among all, where parts are made of some of them. */
  add(frame: Frame, at?: number): void;
  /** More rows would not change the result. */
  full?(): boolean;
  result(): Frame;
  /** Where its result can be put together of parts, each of some pieces; asked once columns were added. */
  parts?(): Parts | undefined;
}

export interface Parts {
  /** The part that the pieces made, as plain data; nothing else is done with the reducer then. */
  take(): unknown;
  /** Takes a part that another reducer of the same operator made. Throws PartsDiffer where the order of rows decides. */
  join(part: unknown): void;
}

/** Rows whose every piece is made of one piece of others. `all`: with as many rows. */
export function mapped(rows: Rows, map: (frame: Frame) => Frame, all = false): Rows {
  if (!isStream(rows)) return map(rows);
  return {
    ...(all && rows.size !== undefined ? { size: rows.size } : {}),
    empty: map(rows.empty),
    *pieces() {
      for (const piece of rows.pieces()) {
        const made = map(piece);
        if (made.length > 0) yield made;
      }
    },
  };
}

/** All rows in memory. */
export function whole(rows: Rows, hold: Hold, by: string): Frame {
  if (!isStream(rows)) return rows;
  if (rows.size !== undefined) hold({ about: rows.size, by });
  const pieces: Frame[] = [];
  for (const frame of rows.pieces()) {
    hold({ frame, by });
    pieces.push(frame);
  }
  return pieces.length > 0 ? concat(pieces) : rows.empty;
}
