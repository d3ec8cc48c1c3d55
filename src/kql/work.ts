import type { Frame } from './frame.ts';
import type { PlainPart } from './part.ts';

/** Work on rows where they are read, by this thread or by another. */
export interface Work {
  /** The same for another thread; undefined where it must be done by this one. Asked once this one has done some. */
  plain(): PlainPart | undefined;
  /** Works on a piece; `at` is its place among all pieces, in their order. */
  here(piece: Frame, at: number): Frame;
  /** Takes what another thread made of all its pieces. */
  join(part: unknown): void;
  /** Is something kept of each piece, so that none may be taken that comes after damage? */
  keeps: boolean;
}

/** Thrown where parts cannot be put together to the very answer that rows in their order give: they must be read in order. */
export class PartsDiffer extends Error {
  override readonly name = 'PartsDiffer';
}

/** More than there are rows in a piece: the place of a row among all is `at * PIECE + row`. */
export const PIECE = 2 ** 26;
