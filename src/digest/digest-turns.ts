/**
 * What the thread and its owner share: blocks of bytes, and the numbers by which they report to each other how far they
 * are.
 */
export interface DigestShared {
  blocks: readonly SharedArrayBuffer[];
  control: SharedArrayBuffer;
  /** The digest, 32 bytes, once it is finished. */
  result: SharedArrayBuffer;
}

/**
 * Places in `control`. Pieces are given and taken in their order, the nth in block n modulo their number; where in its
 * block a piece begins and ends is held in two numbers from `pieces` on.
 */
export const place = { given: 0, taken: 1, finish: 2, pieces: 3 } as const;
/** Values of `finish`. */
export const finish = { no: 0, asked: 1, done: 2 } as const;
