/** What the thread and its owner share: blocks of bytes, and four numbers by which they take turns. */
export interface DigestShared {
  blocks: SharedArrayBuffer[];
  control: SharedArrayBuffer;
  /** The digest, 32 bytes, once it is finished. */
  result: SharedArrayBuffer;
}

/** Places in `control`. */
export const place = { turn: 0, block: 1, from: 2, to: 3 } as const;
/** Values of `turn`: whose it is. */
export const turn = { owner: 0, thread: 1, finish: 2 } as const;
