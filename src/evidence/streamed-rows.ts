import { type Frame, pick, reader, vectorOf } from '../kql/frame.ts';
import type { Column } from '../kql/types.ts';
import { type EvidenceEvents, takenBefore } from './event-logs.ts';
import { identityColumns, TICKS_TO_DATETIME } from './event-rows.ts';
import type { EvidenceFile } from './evidence-files.ts';
import type { ReadThreads } from './read-threads.ts';

/** The rows of one file as a thread reads them: as often as they are asked for, each time from its beginning. */
export class StreamedRows {
  readonly #file: EvidenceFile;
  readonly #threads: ReadThreads;
  readonly #rows = new Map<string, number>();
  #notes: readonly string[] = [];

  constructor(file: EvidenceFile, threads: ReadThreads) {
    this.#file = file;
    this.#threads = threads;
  }

  /** Remarks of the longest reading, one line each. */
  get notes(): readonly string[] {
    return this.#notes;
  }

  /** Rows of a table, of the longest reading so far. */
  rowsOf(table: string): number {
    return this.#rows.get(table) ?? 0;
  }

  /**
   * The rows of a table, piece by piece. `events`: those of the files before, of which each counts once. Throws EvidenceError,
   * once the rows before the damage were given, and ThreadLost.
   */
  *pieces(
    table: { name: string; columns: readonly Column[]; needed: ReadonlySet<string> },
    eventIds: ReadonlySet<number> | undefined,
    events: EvidenceEvents,
  ): Generator<Frame> {
    const file = this.#file;
    const identity = file.format === 'evtx' || file.format === 'events' ? identityColumns(table.name) : undefined;
    const needed = new Set([...table.needed, ...(identity ?? [])]);
    const rows = this.#threads.rows({ file, table: table.name, columns: table.columns, needed, eventIds });
    let [count, again] = [0, 0];
    try {
      for (;;) {
        const next = rows.next();
        if (next.done) {
          this.#notes = [...next.value, ...(again > 0 ? [takenBefore(file.path, again)] : [])];
          return;
        }
        const first = identity ? firstTimes(next.value, identity, events) : next.value;
        again += next.value.length - first.length;
        count += first.length;
        this.#rows.set(table.name, Math.max(count, this.rowsOf(table.name)));
        if (first.length > 0) yield identity ? asked(first, table.needed) : first;
      }
    } finally {
      // Ends the thread where not all was asked for.
      rows.return([]);
    }
  }
}

/** Without the events that were there before. */
function firstTimes(frame: Frame, identity: readonly string[], events: EvidenceEvents): Frame {
  const [computer, channel, recordId, time] = identity.map((name) => {
    const vector = frame.vectors[frame.names.indexOf(name)];
    if (!vector) throw new Error(`events have no ${name}`);
    return reader(vector);
  });
  const rows = new Int32Array(frame.length);
  let length = 0;
  for (let row = 0; row < frame.length; row++) {
    const at = time?.(row);
    const event = {
      computer: String(computer?.(row)),
      channel: String(channel?.(row)),
      recordId: Number(recordId?.(row)),
      time: typeof at === 'number' ? at + TICKS_TO_DATETIME : null,
    };
    if (!events.again(event)) rows[length++] = row;
  }
  return length === frame.length ? frame : pick(frame, rows.slice(0, length));
}

/** Without the cells that were read for something else. */
const asked = (frame: Frame, needed: ReadonlySet<string>): Frame => ({
  ...frame,
  vectors: frame.vectors.map((vector, i) => (needed.has(frame.names[i] ?? '') ? vector : vectorOf(vector.type, []))),
});
