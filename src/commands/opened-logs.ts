import { stat } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import { known } from '../documents/fact.ts';
import type { TracedEvent } from '../documents/traces.ts';
import type { VirtualMachine } from '../documents/triage.ts';
import { type LogReadingOptions, readEventLogs } from '../eventlog/read-logs.ts';
import { partsOf, type SecurityEvent } from '../eventlog/security-events.ts';
import { Failure } from '../failure.ts';
import type { EventLogs, OpenedLogs } from '../session/event-logs/event-logs.ts';
import { printable } from '../text/printable.ts';
import type { Thresholds } from '../triage/logons/bursts.ts';
import { eventWords } from '../triage/logons/event-words.ts';
import { SidNames } from '../triage/logons/sid-names.ts';
import { isoOf, type Ticks, ticksOf, ticksPerMinute } from '../triage/logons/ticks.ts';
import { evtxText } from './evtx-report.ts';
import { evtxDocumentOf, gatherLogs, logFiles } from './gathered-logs.ts';
import { atHome } from './path-completion.ts';

const minutesBefore = 5;
const minutesAfter = 15;
const mostEvents = 200;

/**
 * The paths in what a user typed or pasted: quoted with ' or ", or with blanks escaped by \, as a shell takes them; `~`
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

function tracedEvent(event: SecurityEvent, sids: SidNames): TracedEvent {
  return {
    at: isoOf(event.at),
    eventId: event.eventId,
    account: printable(event.account, 256),
    address: printable(event.address, 64),
    by: printable(event.subject, 256),
    what: `${printable(sids.told(eventWords(partsOf(event))), 300)}${event.verified ? '' : ' (unverified)'}`,
  };
}

/** Reads exported event logs by what a user typed, or by their paths. */
interface PathLogs extends Omit<EventLogs, 'complete'> {
  openPaths(
    paths: readonly string[],
    vm: VirtualMachine,
    onProgress: (fraction: number) => void,
    signal: AbortSignal,
  ): Promise<OpenedLogs>;
}

/** Opens exported event logs. */
export function openedLogs(options: { thresholds: Partial<Thresholds>; now: () => Date }): PathLogs {
  const reading = (given: Omit<LogReadingOptions, 'now'>): LogReadingOptions => ({
    ...given,
    thresholds: options.thresholds,
    now: options.now(),
  });
  const readSome = async (paths: readonly string[], given: Omit<LogReadingOptions, 'now'>) => {
    const gathered = await gatherLogs(paths, given.signal);
    const logs = logFiles(gathered);
    const document = await evtxDocumentOf(gathered, await readEventLogs(logs, reading(given)));
    if (document.files.length === 0)
      throw new Failure(document.unread.map(({ because }) => because).join('; ') || 'no log is there');
    return { ...document, logs };
  };
  return {
    async report(typed, onProgress, signal) {
      const read = await readSome(await pathsIn(typed), { onProgress, signal });
      return evtxText(read).trimEnd().split('\n');
    },
    async open(typed, vm, onProgress, signal) {
      return this.openPaths(await pathsIn(typed), vm, onProgress, signal);
    },
    async openPaths(paths, vm, onProgress, signal) {
      const { files, logons, logs } = await readSome(paths, { onProgress, signal });
      const computers = strangersAmong(
        files.flatMap((file) => file.computers),
        vm,
      );
      const last = latest(files.map((file) => file.last));
      const doubt = doubtOf(computers, last, options.now());
      const names = files.map(({ path }) => printable(basename(path), 100)).join(', ');
      return {
        name: computers.length > 0 ? `${names}, a log of ${namesOf(computers)}` : names,
        // A log is as old as what it reports last, whenever it was opened.
        logons:
          logons.state === 'unknown'
            ? logons
            : {
                ...logons,
                asOf: last ?? logons.asOf,
                notSeen: [...(doubt === '' ? [] : [`what this VM did: ${doubt}`]), ...logons.notSeen],
              },
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
          const sids = new SidNames();
          const read = await readEventLogs(
            logs,
            reading({
              signal: stop,
              onEvent: (event) => {
                sids.learn(event.eventId, event.account, event.member);
                if (event.at >= from && event.at <= until) near.add(event);
              },
            }),
          );
          return known(
            { around: instant, events: near.inOrder().map((event) => tracedEvent(event, sids)) },
            {
              source: read.logons.source,
              asOf: options.now().toISOString(),
              coverage: `${minutesBefore} min before to ${minutesAfter} min after`,
              notSeen: [
                ...(near.cut ? [`events further away than the nearest ${mostEvents}`] : []),
                ...(logs.some((log) => typeof log !== 'string' && log.format !== 'evtx' && log.format !== 'events')
                  ? ['lines of syslog']
                  : []),
              ],
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

/** A log that ends longer ago than this is asked about before it counts. */
const staleDays = 7;

const latest = (instants: readonly (string | null)[]): string | null =>
  instants
    .filter((instant) => instant !== null)
    .sort()
    .at(-1) ?? null;

const namesOf = (computers: readonly string[]) =>
  computers.slice(0, 3).join(', ') + (computers.length > 3 ? ` and ${computers.length - 3} more` : '');

/**
 * The computers that wrote a log, when the VM is none of them; empty when it is. Others beside it are no doubt: a VM's
 * log goes on from before it got its name, and one may hold what was forwarded to it.
 */
function strangersAmong(computers: readonly string[], vm: VirtualMachine): string[] {
  const mine = new Set([vm.name, vm.computerName].map((name) => name.toLowerCase().split('.')[0] ?? ''));
  const named = [...new Set(computers)].filter((name) => name !== '');
  return named.some((name) => mine.has(name.toLowerCase().split('.')[0] ?? '')) ? [] : named;
}

/** Why a log does not fit: another computer's is easily opened by mistake, and so is an old one. */
function doubtOf(strangers: readonly string[], last: string | null, now: Date): string {
  const old = last !== null && now.getTime() - Date.parse(last) > staleDays * 86_400_000;
  if (strangers.length === 0 && !old) return '';
  const whose = strangers.length === 0 ? 'log' : `log of ${namesOf(strangers)}`;
  return printable(last === null ? whose : `${whose}, ends ${last.slice(0, 10)}`, 300);
}
