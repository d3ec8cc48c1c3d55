import { ChunkReader } from './chunk-reader.ts';
import type { Damage } from './damage.ts';
import { DamagedRegions } from './damaged-regions.ts';
import { DeclaredTotals } from './declared-totals.ts';
import { EventLogFile } from './event-log-file.ts';
import type { LogEvent } from './log-event.ts';
import { readChunk } from './read-chunk.ts';

export interface EventsOptions {
  /** Only events with one of these numbers; the others are not rendered. All when absent. */
  eventIds?: ReadonlySet<number>;
  onDamage?: (damage: Damage) => void;
  signal?: AbortSignal;
}

/**
 * The whole events of an event log in the order in which they are in it, each with its system fields and its data;
 * rendered when they are asked for, in memory of one chunk. Events whose checksums do not match come too, not
 * `verified`. Damage is passed by, and reported with its offset. Throws an EventLogError when the file cannot be read.
 */
export async function* eventsOf(path: string, options: EventsOptions = {}): AsyncGenerator<LogEvent> {
  const file = await EventLogFile.open(path);
  let found: LogEvent[] = [];
  let damaged = false;
  const damage = (one: Damage): void => {
    damaged = true;
    options.onDamage?.(one);
  };
  const regions = new DamagedRegions(damage);
  const reader = new ChunkReader({
    record(record) {
      if (options.eventIds === undefined || options.eventIds.has(record.eventId)) found.push(record.event());
    },
    damage: (one) => regions.damage(one),
  });
  const totals = new DeclaredTotals(file.header);
  try {
    for await (const placed of file.chunks(options.signal ? { signal: options.signal } : {})) {
      readChunk(placed, { reader, regions, totals });
      yield* found;
      found = [];
    }
    regions.flush();
    const missing = totals.shortfall(file.size, damaged);
    if (missing) damage(missing);
  } finally {
    await file.close();
  }
}
