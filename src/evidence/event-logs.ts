import type { Damage } from '../eventlog/damage.ts';
import { EventLogError } from '../eventlog/event-log-file.ts';
import { isStriped, readStripe, type Stripe, type StripedBlock, type StripeEnd } from '../eventlog/event-stripes.ts';
import { madeOfEvents } from '../eventlog/events.ts';
import type { LogEvent } from '../eventlog/log-event.ts';
import type { EventRecord } from '../eventlog/record.ts';
import { SeenEvents } from '../eventlog/seen-events.ts';
import type { Value } from '../kql/values.ts';
import { counted } from '../text/counts.ts';
import { ticksPerSecond } from '../triage/logons/ticks.ts';
import { eventColumn, eventTables, tableOfEvent } from './event-rows.ts';
import { EvidenceError, fileFailure } from './evidence-error.ts';
import { eventFormNames } from './exported-events/event-form.ts';
import { type ExportedEvents, exportedEvents } from './exported-events/exported-events.ts';
import { RecordEvent } from './record-event.ts';
import type { Progress, Source } from './source.ts';
import type { TableBuilder } from './table-builder.ts';

/** Places of damage that are listed one by one; of more, how many. */
const MOST_PLACES = 5;

/** What distinguishes an event from all others. */
export type EventIdentity = Pick<LogEvent['system'], 'computer' | 'channel' | 'recordId' | 'time'>;

/** The events of all logs of a query: one that is in several exports, or twice in one, counts once. */
export class EvidenceEvents {
  readonly #seen = new SeenEvents();
  readonly #logs = new Map<string, number>();
  readonly #before: EvidenceEvents | undefined;

  /** `before`: events that were there before all of these. */
  constructor(before?: EvidenceEvents) {
    this.#before = before;
  }

  /**
   * Whether the event was there before, by its number, to the second: some exports keep no finer time. Events without a record id or a time cannot be distinguished, and all count.
   */
  again(event: EventIdentity): boolean {
    const { computer, channel, recordId, time } = event;
    if (recordId === 0 || time === null) return false;
    if (this.#before?.has(event)) return true;
    const name = `${computer}\u0000${channel}`;
    let log = this.#logs.get(name);
    if (log === undefined) {
      log = this.#logs.size;
      this.#logs.set(name, log);
    }
    return this.#seen.add(log, recordId, Math.floor(time / ticksPerSecond), 0) >= 0;
  }

  /** The same, and it is not one of them now. */
  has({ computer, channel, recordId, time }: EventIdentity): boolean {
    if (recordId === 0 || time === null) return false;
    const log = this.#logs.get(`${computer}\u0000${channel}`);
    return log !== undefined && this.#seen.has(log, recordId, Math.floor(time / ticksPerSecond));
  }
}

export const takenBefore = (file: string, events: number): string =>
  `${file}: ${events} events were in the evidence before, and count once`;

function eventReaders(builders: Parameters<Source['read']>[0], file: string) {
  return new Map(
    [...builders].map(([name, builder]) => [
      name,
      { builder, cells: builder.columns.map((column) => eventColumn(name, column, file)) },
    ]),
  );
}

/** A row that was made of an event, with the cells of the wanted columns. */
interface EventRow {
  into: { builder: TableBuilder };
  cells: Value[];
  offset: number;
  verified: boolean;
  identity: EventIdentity;
}

/** Events that a program exported, as the same tables; no checksum covers them. */
export function exportedEventsSource(exported: ExportedEvents, events: EvidenceEvents | undefined): Source {
  const { path: file } = exported;
  return {
    file,
    describe: () => Promise.resolve(new Map(eventTables)),
    read: async (builders, read, eventIds) => {
      const readers = eventReaders(builders, file);
      const gaps = { unread: 0, firstUnread: 0 };
      let [again, timeless] = [0, 0];
      try {
        for await (const event of exportedEvents(exported, gaps, read)) {
          const into = readers.get(tableOfEvent(event));
          if (!into || (eventIds && !eventIds.has(event.system.eventId))) continue;
          if (events?.again(event.system)) {
            again += 1;
            continue;
          }
          if (event.system.time === null) timeless += 1;
          const full = into.builder.add(
            file,
            ({ name }, column): Value => (name === '_Verified' ? null : (into.cells[column]?.(event) ?? null)),
          );
          if (full) await full;
        }
      } catch (error) {
        throw fileFailure(file, error);
      }
      return [
        `${file}: events exported as ${eventFormNames[exported.form]}, which no checksum covers (_Verified is empty, _EvidenceOffset is the line)`,
        ...(gaps.unread > 0
          ? [`${file}: ${counted(gaps.unread, 'record')} left out, no whole event (first in line ${gaps.firstUnread})`]
          : []),
        ...(again > 0 ? [takenBefore(file, again)] : []),
        ...(timeless > 0 ? [timelessNote(file, timeless)] : []),
      ];
    },
  };
}

/** What makes rows of the records of an event log, for the tables that have a builder. */
function rowMaker(
  builders: Parameters<Source['read']>[0],
  file: string,
): (record: EventRecord) => EventRow | undefined {
  const readers = eventReaders(builders, file);
  const lazy = new RecordEvent();
  return (record) => {
    // An event that no checksum covers is rendered whole before any of it counts.
    const event = record.verified ? lazy : record.event();
    if (event === lazy) lazy.record = record;
    const into = readers.get(tableOfEvent(event));
    if (!into) return undefined;
    const { offset, verified, system } = event;
    const { computer, channel, recordId, time } = system;
    const cells = into.builder.wanted.map((place) => into.cells[place]?.(event) ?? null);
    return { into, cells, offset, verified, identity: { computer, channel, recordId, time } };
  };
}

function addRow({ into, cells }: EventRow, file: string): Promise<void> | undefined {
  let next = 0;
  return into.builder.add(file, (): Value => cells[next++] ?? null);
}

export const timelessNote = (file: string, events: number): string =>
  `${file}: ${counted(events, 'event')} without a time that can be read`;

/**
 * Adds the rows of a stripe of an event log. `ended` gets each block that was read, and how many of its events have no time; those
 * of a block that was not read to its end are given with the stripe's end.
 */
export async function addStripe(
  { file, stripe, eventIds }: { file: string; stripe: Stripe; eventIds: ReadonlySet<number> | undefined },
  builders: Parameters<Source['read']>[0],
  read: Progress,
  ended: (block: StripedBlock, timeless: number) => Promise<void>,
): Promise<{ end: StripeEnd; timeless: number }> {
  const make = rowMaker(builders, file);
  let timeless = 0;
  try {
    const end = await readStripe(file, stripe, eventIds, {
      make,
      take: (row: EventRow) => {
        if (row.identity.time === null) timeless += 1;
        return addRow(row, file);
      },
      ended: async (block) => {
        read(block.bytes);
        await ended(block, timeless);
        timeless = 0;
      },
    });
    return { end, timeless };
  } catch (error) {
    if (error instanceof EventLogError) throw new EvidenceError(error.path, error.because);
    throw error;
  }
}

/** Rows that others have read already: those before a place in the file, and how many of these have no time. */
export interface ReadBefore {
  offset: number;
  timeless: number;
}

/** An event log as the tables SecurityEvent and Event; `before`: without the rows that were read already. */
export function eventLogSource(
  file: string,
  events: EvidenceEvents | undefined,
  before: ReadBefore = { offset: 0, timeless: 0 },
): Source {
  return {
    file,
    describe: () => Promise.resolve(new Map(eventTables)),
    read: async (builders, read, eventIds) => {
      const make = rowMaker(builders, file);
      const damages: Damage[] = [];
      let [damaged, unverified, timeless, again, position] = [0, 0, before.timeless, 0, 0];
      const onDamage = (damage: Damage): void => {
        damaged += 1;
        if (damages.length < MOST_PLACES) damages.push(damage);
      };
      const rowOf = (record: EventRecord): EventRow | undefined =>
        isStriped(record.chunkOffset, before.offset) ? undefined : make(record);
      try {
        const options = { onDamage, ...(eventIds ? { eventIds } : {}) };
        for await (const row of madeOfEvents(file, rowOf, options)) {
          const { offset, verified, identity } = row;
          if (offset > position) {
            read(offset - position);
            position = offset;
          }
          if (events?.again(identity)) {
            again += 1;
            continue;
          }
          if (!verified) unverified += 1;
          if (identity.time === null) timeless += 1;
          const full = addRow(row, file);
          if (full) await full;
        }
      } catch (error) {
        if (error instanceof EventLogError) throw new EvidenceError(error.path, error.because);
        throw error;
      }
      const notes = damages.map(({ offset, because }) => `${file}: damage at ${offset}: ${because}`);
      if (damaged > damages.length) notes.push(`${file}: ${damaged} places of damage in all`);
      if (unverified > 0)
        notes.push(`${file}: ${unverified} events are not covered by checksums that match (_Verified is false)`);
      if (again > 0) notes.push(takenBefore(file, again));
      if (timeless > 0) notes.push(timelessNote(file, timeless));
      return notes;
    },
  };
}
