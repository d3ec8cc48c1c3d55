/** Fills the buffer with the bytes from `first` on, or rejects. */
export type Fill = (first: number, into: Buffer, signal: AbortSignal) => Promise<void>;

export interface Span {
  /** The first byte that is wanted, and the one after the last. */
  from: number;
  to: number;
  /** Bytes of a piece, and how many pieces are under way at once: together the memory that it takes. */
  piece: number;
  atOnce: number;
}

/**
 * The bytes of a span in their order, a piece at a time, while the next ones are on their way. A piece is valid until the next
 * one is asked for: its memory is used again. When one fails, those before it have been given, and those after it are given up.
 */
export async function* inOrder(span: Span, fill: Fill, signal: AbortSignal): AsyncGenerator<Buffer> {
  const { from, to, piece, atOnce } = span;
  const stop = new AbortController();
  const either = AbortSignal.any([signal, stop.signal]);
  const free: Buffer[] = [];
  const under: { into: Buffer; whole: Buffer; filled: Promise<void> }[] = [];
  let next = from;
  const begin = () => {
    while (under.length < atOnce && next < to) {
      const length = Math.min(piece, to - next);
      const whole = free.pop() ?? Buffer.allocUnsafeSlow(Math.min(piece, to - from));
      const into = whole.subarray(0, length);
      const filled = fill(next, into, either);
      // Awaited in its turn: what comes before it is wanted all the same.
      filled.catch(() => undefined);
      under.push({ into, whole, filled });
      next += length;
    }
  };
  try {
    for (begin(); under.length > 0; begin()) {
      const [first] = under;
      if (!first) break;
      await first.filled;
      under.shift();
      yield first.into;
      free.push(first.whole);
    }
  } finally {
    stop.abort();
    await Promise.allSettled(under.map(({ filled }) => filled));
  }
}
