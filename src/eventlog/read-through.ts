import { digestOfStored, placedFile } from '../archives/open-file.ts';
import type { Damage } from './damage.ts';
import { openingError } from './event-log-file.ts';
import type { LogonLog } from './logon-log.ts';

/** Known of every file without checksums of its own, whatever it holds. */
export type ReadFile = Pick<LogonLog, 'path' | 'bytes' | 'sha256' | 'unverified' | 'dirty' | 'damaged' | 'damages'>;

export interface ThroughOptions {
  /** 0 to 1. */
  onProgress?: (fraction: number) => void;
  signal?: AbortSignal;
}

/**
 * Gives a file's portions to `take`, one after the other. `portions` reads them and tells how many bytes it has read;
 * `noticed` is asked at the end, with their sum, for places that the reader passed by. Throws an EventLogError when the file
 * cannot be opened; where its end cannot be read, the rest counts, and the place is damage.
 */
export async function readThrough<Portion>(
  path: string,
  portions: (read: (more: number) => void) => AsyncIterable<Portion>,
  take: (portion: Portion) => void,
  options: ThroughOptions,
  noticed: (bytes: number) => Damage[] = () => [],
): Promise<ReadFile> {
  const failed = (error: unknown): never => {
    throw openingError(path, error);
  };
  const placed = await placedFile(path).catch(failed);
  const stored = await digestOfStored(placed).catch(failed);
  const damaged: Damage[] = [];
  let bytes = 0;
  const read = (more: number): void => {
    bytes += more;
    options.onProgress?.(Math.min(1, bytes / Math.max(1, stored.bytes)));
  };
  try {
    for await (const portion of portions(read)) {
      options.signal?.throwIfAborted();
      take(portion);
    }
  } catch (error) {
    options.signal?.throwIfAborted();
    damaged.push({ offset: bytes, because: openingError(path, error).because });
  }
  damaged.push(...noticed(bytes));
  const changed = await placed.changed();
  if (changed !== '') damaged.push({ offset: stored.bytes, because: changed });
  return { path, ...stored, unverified: 0, dirty: false, damaged, damages: damaged.length };
}
