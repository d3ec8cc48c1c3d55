import { concat, type Frame } from './frame.ts';

/**
 * Rows that are read as they are asked for, a piece at a time; each call of `pieces` reads them anew, in the same order.
 */
export interface Stream {
  /** The columns, without rows. */
  empty: Frame;
  pieces(): Iterable<Frame>;
  /** About how many bytes all of its rows would take in memory, where nothing has left out rows. */
  size?: number;
}

/** Takes note of rows that are kept, or of about how many bytes are to come, and what for. Throws where they are too many. */
export type Hold = (kept: { frame?: Frame; about?: number; by: string }) => void;

/** Rows on their way through the operators: all there, or read piece by piece. */
export type Rows = Frame | Stream;

export const isStream = (rows: Rows): rows is Stream => 'pieces' in rows;

/** An operator that takes rows in, in order and however they are cut, and gives what it makes of them at the end. */
export interface Reducer {
  add(frame: Frame): void;
  /** More rows would not change the result. */
  full?(): boolean;
  result(): Frame;
}

/** What a reducer makes of rows. It is given columns even where there are no rows. */
export function reduced(rows: Rows, reducer: Reducer): Frame {
  if (!isStream(rows)) {
    reducer.add(rows);
    return reducer.result();
  }
  reducer.add(rows.empty);
  for (const piece of rows.pieces()) {
    reducer.add(piece);
    if (reducer.full?.()) break;
  }
  return reducer.result();
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
