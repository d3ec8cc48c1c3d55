import { pieceBytes } from './in-order.ts';
import { BlobChanged, type BlobHead, BlobRefused, type SignedBlob } from './signed-blob.ts';

/** Which pieces of an image the storage keeps bytes of: the others are zeros, and need not come. */
export interface WrittenPieces {
  /** Is anything of the piece that begins here to be transferred? */
  has(first: number): boolean;
  /** Bytes of such pieces from `first` on. */
  bytesFrom(first: number): number;
}

/**
 * Of so many bytes the pages are asked for at once: "in a highly fragmented page blob with a large number of writes, a Get Page Ranges
 * request can fail due to an internal server timeout" (Microsoft Learn, "Get Page Ranges", read 2026-11-30).
 */
const windowBytes = 4 * 1024 ** 3;
const windowsAtOnce = 4;

/** All of it: what is transferred where the storage does not say which pages it has. */
export function allPieces(bytes: number): WrittenPieces {
  return { has: () => true, bytesFrom: (first) => Math.max(0, bytes - first) };
}

/**
 * Asks the storage which pages of this version of the blob were ever written and not cleared ("Get Page Ranges", for a disk's signature
 * as for any). Reading others gives zeros, as "Get Blob" says by its pages. A part of which it does not tell is transferred.
 */
export async function writtenPieces(blob: SignedBlob, head: BlobHead, signal: AbortSignal): Promise<WrittenPieces> {
  const pieces = new Uint8Array(Math.ceil(head.bytes / pieceBytes));
  const mark = (first: number, last: number) =>
    pieces.fill(1, Math.floor(first / pieceBytes), Math.floor(last / pieceBytes) + 1);
  let refused = false;
  const ask = async (first: number) => {
    const last = Math.min(head.bytes, first + windowBytes) - 1;
    const ranges = refused
      ? null
      : await blob.written(head, { first, last }, signal).catch((error: unknown) => {
          signal.throwIfAborted();
          if (error instanceof BlobChanged) throw error;
          // A storage that does not know the question is not asked again; one that took too long here may answer elsewhere.
          refused ||= error instanceof BlobRefused && error.statusCode >= 400 && error.statusCode < 500;
          return null;
        });
    if (ranges === null) mark(first, last);
    else for (const one of ranges) mark(one.first, one.last);
  };
  for (let first = 0; first < head.bytes; ) {
    const asked: Promise<void>[] = [];
    // The first alone: its answer decides whether the others are asked.
    const atOnce = first === 0 ? 1 : windowsAtOnce;
    for (; asked.length < atOnce && first < head.bytes; first += windowBytes) asked.push(ask(first));
    await Promise.all(asked);
  }
  const sizeOf = (piece: number) => Math.min(pieceBytes, head.bytes - piece * pieceBytes);
  return {
    has: (first) => pieces[Math.floor(first / pieceBytes)] === 1,
    bytesFrom: (first) =>
      pieces.reduce((sum, is, piece) => (is === 1 && piece * pieceBytes >= first ? sum + sizeOf(piece) : sum), 0),
  };
}
