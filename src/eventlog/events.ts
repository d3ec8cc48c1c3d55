import { ChunkReader } from './chunk-reader.ts';
import type { Damage } from './damage.ts';
import { DamagedChunks, DamagedRegions } from './damaged-regions.ts';
import { DeclaredTotals } from './declared-totals.ts';
import { EventLogFile } from './event-log-file.ts';
import type { LogEvent } from './log-event.ts';
import { readChunk } from './read-chunk.ts';
import type { EventRecord } from './record.ts';

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
export function eventsOf(path: string, options: EventsOptions = {}): AsyncGenerator<LogEvent> {
  return madeOfEvents(path, (record) => record.event(), options);
}

/**
 * What is made of the records of an event log, as `eventsOf` gives them; `make` gets each while it is read, and gives undefined
 * for one that is left out. A DamagedError of it is damage.
 */
export async function* madeOfEvents<T>(
  path: string,
  make: (record: EventRecord) => T | undefined,
  options: EventsOptions = {},
): AsyncGenerator<T> {
  const file = await EventLogFile.open(path);
  let found: T[] = [];
  let damaged = false;
  const chunks = new DamagedChunks((one) => options.onDamage?.(one));
  const damage = (one: Damage): void => {
    damaged = true;
    chunks.damage(one);
  };
  const regions = new DamagedRegions(damage);
  const reader = new ChunkReader({
    record(record) {
      if (options.eventIds !== undefined && !options.eventIds.has(record.eventId)) return;
      const made = make(record);
      if (made !== undefined) found.push(made);
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
    chunks.flush();
  } finally {
    await file.close();
  }
}
