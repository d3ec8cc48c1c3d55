import { counted } from '../text/counts.ts';
import { printable } from '../text/printable.ts';
import type { KnownText } from './known-text.ts';
import { fieldOf, type LogEvent } from './log-event.ts';
import type { LogonCollector } from './logon-collector.ts';
import { type LogonLog, mostComputers, namedComputers } from './logon-log.ts';
import { readThrough, type ThroughOptions } from './read-through.ts';
import { numberIn, type TakenRecord } from './record.ts';
import { failedLogon, type SecurityEvent, successfulLogon } from './security-events.ts';
import { Span } from './span.ts';

/** Events that a program exported as text, and what could not be read of them, once all was. */
export interface ExportedLog {
  path: string;
  format: 'events';
  /** "EvtxECmd’s CSV". */
  by: string;
  events(read: (bytes: number) => void, gaps: { unread: number; firstUnread: number }): AsyncIterable<LogEvent>;
}

/** An event as a record: the logons in it are read by the code that reads those of event logs. */
class EventAsRecord implements TakenRecord {
  readonly eventId: number;
  readonly recordId: number;
  readonly time: number;
  /** No checksum covers it, and none is missing: it is as whole as what exported it. */
  readonly verified = true;
  readonly #event: LogEvent;
  #names: readonly string[] = [];

  constructor(event: LogEvent) {
    const { eventId, recordId, time } = event.system;
    this.#event = event;
    this.eventId = eventId;
    this.recordId = recordId;
    this.time = time ?? Number.NaN;
  }

  isOf(provider: KnownText, channel: KnownText): boolean {
    return this.system('provider') === provider.text && this.system('channel') === channel.text;
  }

  system(name: 'provider' | 'channel' | 'computer'): string {
    return this.#event.system[name];
  }

  choose(names: readonly string[]): void {
    this.#names = names;
  }

  text(place: number): string {
    return fieldOf(this.#event, this.#names[place] ?? '');
  }

  number(place: number): number | null {
    return numberIn(this.text(place));
  }

  processId(): number | null {
    return this.#event.system.processId;
  }
}

/**
 * Reads exported events, and gives those about logons to the collector. Throws an EventLogError when the file cannot be
 * opened; where its end cannot be read, the rest counts.
 */
export async function readExportedLogons(
  log: ExportedLog,
  collector: LogonCollector,
  options: ThroughOptions & { onEvent?: (event: SecurityEvent) => void },
): Promise<LogonLog> {
  const { path } = log;
  const gaps = { unread: 0, firstUnread: 0 };
  const span = new Span();
  const computers = new Set<string>();
  let [records, failures, successes, others, timeless] = [0, 0, 0, 0, 0];
  let channel = '';
  let held = collector.other.held;
  const take = (event: LogEvent): void => {
    const record = new EventAsRecord(event);
    records += 1;
    if (records === 1) channel = event.system.channel;
    if (Number.isNaN(record.time)) timeless += 1;
    else span.add(record.time);
    if (computers.size < mostComputers) computers.add(event.system.computer);
    const taken = collector.takeExported(record, options.onEvent);
    if (taken === 'other') {
      others += collector.other.held - held;
      held = collector.other.held;
    }
    if (taken === 'unwanted') return;
    // The log that holds logons is what the file is known by.
    channel = event.system.channel;
    if (record.eventId === failedLogon) failures += 1;
    if (record.eventId === successfulLogon) successes += 1;
  };
  const file = await readThrough(path, (read) => log.events(read, gaps), take, options);
  return {
    ...file,
    // Bytes of the text may be more than those of the file.
    damaged: file.damaged.map((one) => ({ ...one, offset: Math.min(one.offset, file.bytes) })),
    records,
    failures,
    successes,
    others,
    ...span.written,
    channel: printable(channel, 256),
    computers: namedComputers(computers),
    notes: [
      `exported as ${log.by}: no checksum covers its events, and what was left out of the export is not seen`,
      ...(gaps.unread > 0
        ? [`${counted(gaps.unread, 'record')} left out, no whole event (first in line ${gaps.firstUnread})`]
        : []),
      ...(timeless > 0 ? [`${counted(timeless, 'event')} without a time that can be read`] : []),
    ],
  };
}
