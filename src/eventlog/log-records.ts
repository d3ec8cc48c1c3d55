import { type ChunkListener, ChunkReader } from './chunk-reader.ts';
import { DamagedRegions } from './damaged-regions.ts';
import { DeclaredTotals } from './declared-totals.ts';
import { EventLogFile } from './event-log-file.ts';
import { readChunk } from './read-chunk.ts';

/** A file that was read to its end. */
export interface ReadLog {
  bytes: number;
  /** Of the very bytes that were read, lower case. */
  sha256: string;
  /** Was the log written to when it was copied? */
  dirty: boolean;
}

export interface RecordReadingOptions {
  /** 0 to 1. */
  onProgress?: (fraction: number) => void;
  signal?: AbortSignal;
  /** Awaited after each chunk, so that the consumer of the records can keep up. */
  betweenChunks?: () => Promise<void>;
}

/**
 * Reports every record of a log to a listener, in its order, and every place where it is damaged; `damages` counts those
 * that were reported. Throws an EventLogError when the file cannot be read.
 */
export async function readRecords(
  path: string,
  told: ChunkListener & { readonly damages: number },
  options: RecordReadingOptions,
): Promise<ReadLog> {
  const file = await EventLogFile.open(path);
  try {
    const regions = new DamagedRegions((damage) => told.damage(damage));
    const reader = new ChunkReader({
      record: (record) => told.record(record),
      damage: (damage) => regions.damage(damage),
    });
    const totals = new DeclaredTotals(file.header);
    if (file.header.recognised && !file.header.sound)
      told.damage({ offset: 0, because: "the checksum of the file's header does not match" });
    if (!file.header.recognised) told.damage({ offset: 0, because: 'the file does not begin as an event log does' });
    const chunks = file.chunks({ digest: true, ...(options.signal ? { signal: options.signal } : {}) });
    for await (const placed of chunks) {
      readChunk(placed, { reader, regions, totals });
      options.onProgress?.(Math.min(1, (placed.offset + placed.available) / Math.max(1, file.size)));
      if (options.betweenChunks) await options.betweenChunks();
    }
    regions.flush();
    const missing = totals.shortfall(file.size, told.damages > 0);
    if (missing) told.damage(missing);
    if (file.changed !== '') told.damage({ offset: file.size, because: file.changed });
    return { bytes: file.storedBytes, sha256: file.sha256, dirty: file.header.dirty };
  } finally {
    await file.close();
  }
}
