import { lastRecordNumber, readChunkHeader } from './chunk-header.ts';
import { ChunkReader } from './chunk-reader.ts';
import { chunkSize } from './chunk-view.ts';
import { EventLogFile, type PlacedChunk } from './event-log-file.ts';
import { type FileHeader, fileHeaderSize } from './file-header.ts';
import type { EventRecord } from './record.ts';

/** One of the threads that read a log together: each reads every `of`-th block of chunks, which nothing connects but their order. */
export interface Stripe {
  index: number;
  of: number;
}

/** A block of chunks that was read to its end. */
export interface StripedBlock {
  /** Bytes from the beginning of the file, behind it; and of itself. */
  to: number;
  bytes: number;
  /** Chunks with something in them, and the number of the last record of these. */
  chunks: number;
  lastRecord: number;
  /** Are there chunks of zeros, behind those? */
  zeros: boolean;
}

/** How the reading of a stripe ended. */
export interface StripeEnd {
  /** Where the place is from which on the log has to be read as a whole; -1 where it was read to its end. */
  unsound: number;
  header: FileHeader;
  bytes: number;
}

/** Chunks of a block: 4 MiB. */
const chunksOfBlock = 64;

export interface StripeListener<T> {
  make(record: EventRecord): T | undefined;
  take(made: T): Promise<void> | undefined;
  /** All of a block was taken. */
  ended(block: StripedBlock): Promise<void>;
}

/**
 * Reads a stripe of an event log so long as nothing in it is damaged: its records, as `madeOfEvents` gives them. Where a chunk is not as its
 * checksums say, it ends, since what follows depends on what was before; all records before that were taken. Throws an EventLogError when the file cannot be read.
 */
export async function readStripe<T>(
  path: string,
  { index, of }: Stripe,
  eventIds: ReadonlySet<number> | undefined,
  listener: StripeListener<T>,
): Promise<StripeEnd> {
  const file = await EventLogFile.open(path);
  let found: T[] = [];
  let damaged = false;
  const reader = new ChunkReader({
    record(record) {
      if (damaged || (eventIds !== undefined && !eventIds.has(record.eventId))) return;
      const made = listener.make(record);
      if (made !== undefined) found.push(made);
    },
    damage: () => {
      damaged = true;
    },
  });
  try {
    const { header } = file;
    const ended = (unsound: number): StripeEnd => ({ unsound, header, bytes: file.size });
    if (!header.recognised) return ended(0);
    for (let block = index; ; block += of) {
      const from = fileHeaderSize + block * chunksOfBlock * chunkSize;
      const chunks = await file.block(from, chunksOfBlock);
      if (chunks.length === 0) return ended(-1);
      const sound = soundChunks(chunks);
      if (sound === null) return ended(from);
      for (const { placed, header } of sound) {
        reader.read(placed.chunk, header, placed.available, placed.offset);
        if (damaged) return ended(placed.offset);
        for (const one of found) {
          const full = listener.take(one);
          if (full) await full;
        }
        found = [];
      }
      await listener.ended({
        to: from + chunks.length * chunkSize,
        bytes: chunks.length * chunkSize,
        chunks: sound.length,
        lastRecord: Math.max(0, ...sound.map(({ placed }) => lastRecordNumber(placed.chunk))),
        zeros: sound.length < chunks.length,
      });
    }
  } finally {
    await file.close();
  }
}

/**
 * Is the chunk at `offset` one of those that stripes read before a place? Where bytes are missing, the chunk that should begin at
 * that place begins within the one before.
 */
export const isStriped = (offset: number, before: number): boolean =>
  offset < before && (offset - fileHeaderSize) % chunkSize === 0;

/** The chunks that have something in them; null where one is not as it should be, or one of zeros is before another. */
function soundChunks(chunks: readonly PlacedChunk[]) {
  const sound = [];
  let zeros = false;
  for (const placed of chunks) {
    if (placed.available < chunkSize) return null;
    const header = readChunkHeader(placed.chunk, placed.available);
    if (header.kind === 'empty') zeros = true;
    else if (zeros || !header.verified) return null;
    else sound.push({ placed, header });
  }
  return sound;
}
