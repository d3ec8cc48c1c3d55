import { stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { resolve } from 'node:path';
import { known } from '../documents/fact.ts';
import type { TracedEvent } from '../documents/traces.ts';
import type { VirtualMachine } from '../documents/triage.ts';
import { type LogReadingOptions, readEventLogs } from '../eventlog/read-logs.ts';
import { partsOf, type SecurityEvent } from '../eventlog/security-events.ts';
import { Failure } from '../failure.ts';
import type { EventLogs } from '../session/event-logs.ts';
import { printable } from '../text/printable.ts';
import type { Thresholds } from '../triage/logons/bursts.ts';
import { eventWords } from '../triage/logons/event-words.ts';
import { isoOf, type Ticks, ticksOf, ticksPerMinute } from '../triage/logons/ticks.ts';

const minutesBefore = 5;
const minutesAfter = 15;
const mostEvents = 200;

/**
 * The paths in what a person typed or pasted: quoted with ' or ", or with blanks escaped by \, as a shell takes them; `~`
 * is the home folder. What names a file as a whole is that file, blanks and all.
 */
export async function pathsIn(typed: string): Promise<string[]> {
  const whole = atHome(typed.trim());
  const found = await stat(whole).catch(() => null);
  if (found) return [resolve(whole)];
  const words = typed.match(/(?:'[^']*'|"[^"]*"|\\.|[^\s'"\\])+/g) ?? [];
  return words.map((word) => resolve(atHome(unquoted(word))));
}

function unquoted(word: string): string {
  // A backslash parts folders on Windows, and only escapes a blank or a quote elsewhere.
  return word.replace(/'([^']*)'|"([^"]*)"|\\([\s'"\\])/g, (_, single, double, escaped) => single ?? double ?? escaped);
}

const atHome = (path: string): string => (/^~(?=$|[/\\])/.test(path) ? homedir() + path.slice(1) : path);

function tracedEvent(event: SecurityEvent): TracedEvent {
  return {
    at: isoOf(event.at),
    eventId: event.eventId,
    account: printable(event.account, 256),
    address: printable(event.address, 64),
    by: printable(event.subject, 256),
    what: `${printable(eventWords(partsOf(event)), 300)}${event.verified ? '' : ' (unverified)'}`,
  };
}

/** Opens exported event logs for the workbench. */
export function openedLogs(options: { thresholds: Partial<Thresholds>; now: () => Date }): EventLogs {
  const reading = (given: Omit<LogReadingOptions, 'now'>): LogReadingOptions => ({
    ...given,
    thresholds: options.thresholds,
    now: options.now(),
  });
  return {
    async open(typed, vm, onProgress, signal) {
      const paths = await pathsIn(typed);
      const { files, unread, logons } = await readEventLogs(paths, reading({ onProgress, signal }));
      if (files.length === 0) throw new Failure(unread.map(({ because }) => because).join('; '));
      const doubt = doubtOf(
        files.flatMap(({ computers }) => computers),
        vm,
      );
      return {
        logons: logons.state === 'known' && doubt !== '' ? { ...logons, notSeen: [doubt, ...logons.notSeen] } : logons,
        doubt,
        files: files.map(({ path, bytes, sha256, records, damages }) => ({
          path,
          bytes,
          sha256,
          records,
          damaged: damages,
        })),
        async around(instant, stop) {
          const middle = ticksOf(instant) ?? 0;
          const from = middle - minutesBefore * ticksPerMinute;
          const until = middle + minutesAfter * ticksPerMinute;
          const near = new Nearest(middle);
          const read = await readEventLogs(
            paths,
            reading({
              signal: stop,
              onEvent: (event) => {
                if (event.at >= from && event.at <= until) near.add(event);
              },
            }),
          );
          return known(
            { around: instant, events: near.inOrder().map(tracedEvent) },
            {
              source: read.logons.source,
              asOf: options.now().toISOString(),
              coverage: `${minutesBefore} min before to ${minutesAfter} min after`,
              notSeen: near.cut ? [`events further away than the nearest ${mostEvents}`] : [],
            },
          );
        },
      };
    },
  };
}

/** The events that are nearest to an instant, however many there are. */
class Nearest {
  readonly #middle: Ticks;
  #events: SecurityEvent[] = [];
  cut = false;

  constructor(middle: Ticks) {
    this.#middle = middle;
  }

  add(event: SecurityEvent): void {
    this.#events.push(event);
    if (this.#events.length >= 20 * mostEvents) this.#trim();
  }

  inOrder(): SecurityEvent[] {
    this.#trim();
    return this.#events.sort((a, b) => a.at - b.at || a.recordId - b.recordId);
  }

  #trim(): void {
    this.cut ||= this.#events.length > mostEvents;
    this.#events = this.#events
      .sort((a, b) => Math.abs(a.at - this.#middle) - Math.abs(b.at - this.#middle))
      .slice(0, mostEvents);
  }
}

/** A log of another machine is easily opened by mistake; "" when it is this machine's. */
function doubtOf(computers: readonly string[], vm: VirtualMachine): string {
  const mine = new Set([vm.name, vm.computerName].map((name) => name.toLowerCase()));
  const others = [...new Set(computers)].filter((name) => !mine.has(name.toLowerCase().split('.')[0] ?? ''));
  return others.length === 0
    ? ''
    : `This may not be the log of ${printable(vm.name, 64)}: it names ${others.slice(0, 3).join(', ')}`;
}
