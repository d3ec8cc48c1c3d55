/** Fills the buffer with the bytes from `first` on, or rejects. */
export type Fill = (first: number, into: Buffer, signal: AbortSignal) => Promise<void>;

/** Bytes of a piece: a request for them, a write, a turn of the digest. */
export const pieceBytes = 2 * 1024 * 1024;
/** So many pieces are under way at once: what a fast line carries. */
const piecesAtOnce = 6;
/** So many pieces that came may wait for the digest: with those under way all the memory that an image takes. */
const piecesWaiting = 2;

export interface Span {
  /** Bytes in all. */
  length: number;
  /** The memory of the pieces, which are as long as its blocks: the nth is in block n modulo their number. */
  blocks: readonly SharedArrayBuffer[];
  /** How many pieces are under way at once, no more than there are blocks. The other blocks keep the pieces given last. */
  atOnce: number;
}

/** The pieces of an image of so many bytes, with the memory for them. */
export function piecesOf(bytes: number): Span {
  const count = Math.ceil(bytes / pieceBytes);
  const size = Math.min(pieceBytes, bytes);
  const blocks = Array.from(
    { length: Math.min(count, piecesAtOnce + piecesWaiting) },
    () => new SharedArrayBuffer(size),
  );
  return { length: bytes, blocks, atOnce: Math.min(count, piecesAtOnce) };
}

/**
 * The pieces of a span in their order, while the next ones are on their way. When one fails, those before it have been given,
 * and those after it are given up.
 */
export async function* inOrder(
  { length, blocks, atOnce }: Span,
  fill: Fill,
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  const stop = new AbortController();
  const either = AbortSignal.any([signal, stop.signal]);
  const under: { into: Buffer; filled: Promise<void> }[] = [];
  let next = 0;
  let turn = 0;
  const begin = () => {
    while (under.length < atOnce && next < length) {
      const block = blocks[turn % blocks.length];
      if (!block) throw new Error('there is no memory for a piece');
      const into = Buffer.from(block, 0, Math.min(block.byteLength, length - next));
      const filled = fill(next, into, either);
      // Awaited in its turn: what comes before it is wanted all the same.
      filled.catch(() => undefined);
      under.push({ into, filled });
      next += into.length;
      turn += 1;
    }
  };
  try {
    for (begin(); under.length > 0; begin()) {
      const [first] = under;
      if (!first) break;
      await first.filled;
      under.shift();
      yield first.into;
    }
  } finally {
    stop.abort();
    await Promise.allSettled(under.map(({ filled }) => filled));
  }
}
