import type { Fact } from '../documents/fact.ts';
import type { Burst, Logons } from '../documents/triage.ts';
import { printable } from '../text/printable.ts';
import { known, unknown } from '../triage/fact.ts';
import { defaultThresholds, type Thresholds } from '../triage/logons/bursts.ts';
import { assembleLogons, type SuccessEvidence } from '../triage/logons/logons.ts';
import { isoOf, type Ticks } from '../triage/logons/ticks.ts';
import { EventLogError, type LogFile, readLogFile } from './log-file.ts';
import { LogonCollector } from './logon-collector.ts';
import { RecordIds } from './record-ids.ts';
import { type SecurityEvent, SecurityEvents } from './security-events.ts';

/** An event log that was read, with what it holds of logons. */
export interface LogonLog extends LogFile {
  failures: number;
  successes: number;
  /** Times of its first and its last record that can be believed, ISO 8601 UTC; null when there is none. */
  first: string | null;
  last: string | null;
  /** Computers that wrote them. */
  computers: string[];
}

/** A file that could not be read at all. */
export interface UnreadLog {
  path: string;
  because: string;
}

export interface EventLogReading {
  files: LogonLog[];
  unread: UnreadLog[];
  logons: Fact<Logons>;
  /** Distinct source addresses, and accounts, of the failures. */
  addresses: number;
  accounts: number;
}

export interface LogReadingOptions {
  thresholds?: Partial<Thresholds>;
  /** 0 to 1 over all files. */
  onProgress?: (fraction: number) => void;
  signal?: AbortSignal;
  /** Gets every event of logons, each once, as it is read. */
  onEvent?: (event: SecurityEvent) => void;
  /** When the files are read, for the fact. */
  now: Date;
}

const mostComputers = 50;

/**
 * The failed logons in exported event logs, their bursts and what followed, as Log Analytics would tell them. An event
 * that stands in several files, or twice in one, counts once. Rejects only when it is aborted: files that cannot be read
 * are named in `unread`, and when none could be the fact is unknown.
 */
export async function readEventLogs(paths: readonly string[], options: LogReadingOptions): Promise<EventLogReading> {
  const collector = new LogonCollector();
  const ids = new RecordIds();
  const files: LogonLog[] = [];
  const unread: UnreadLog[] = [];
  for (const [at, path] of paths.entries()) {
    const told = new Told();
    const events = new SecurityEvents((event) => {
      told.take(event);
      if (collector.take(event)) options.onEvent?.(event);
    });
    try {
      const file = await readLogFile(path, events.visit, {
        ...(options.signal ? { signal: options.signal } : {}),
        onProgress: (fraction) => options.onProgress?.((at + fraction) / paths.length),
        onChunk: (first, last, verified) => {
          const sound = verified && first <= last;
          collector.chunk(!sound || ids.add(first, last));
        },
      });
      files.push({ ...file, ...told.values(events.first, events.last) });
    } catch (error) {
      if (!(error instanceof EventLogError)) throw error;
      unread.push({ path, because: error.message });
    }
  }
  const thresholds = { ...defaultThresholds, ...options.thresholds };
  return {
    files,
    unread,
    logons: logonsOf(collector, files, unread, thresholds, options.now),
    addresses: collector.failures.addresses.size - 1,
    accounts: collector.failures.accounts.size - 1,
  };
}

/** What one file holds of logons. */
class Told {
  #failures = 0;
  #successes = 0;
  readonly #computers = new Set<string>();

  take({ eventId, computer }: SecurityEvent): void {
    if (eventId === 4625) this.#failures += 1;
    if (eventId === 4624) this.#successes += 1;
    if (this.#computers.size < mostComputers) this.#computers.add(computer);
  }

  values(first: Ticks | null, last: Ticks | null) {
    return {
      failures: this.#failures,
      successes: this.#successes,
      first: first === null ? null : isoOf(first),
      last: last === null ? null : isoOf(last),
      computers: [...this.#computers].map((name) => printable(name, 64)),
    };
  }
}

const fileName = (path: string): string => printable(path.split(/[\\/]/).at(-1) ?? path, 120);

function sourceOf(files: readonly LogonLog[]): string {
  const names = files.map(({ path, sha256 }) => `${fileName(path)} (sha256 ${sha256.slice(0, 12)}…)`);
  const rest = names.length - 3;
  return `event log ${names.slice(0, 3).join(', ')}${rest > 0 ? ` and ${rest} more` : ''}`;
}

function logonsOf(
  collector: LogonCollector,
  files: readonly LogonLog[],
  unread: readonly UnreadLog[],
  thresholds: Thresholds,
  now: Date,
): Fact<Logons> {
  if (files.length === 0) {
    const because = unread.map((one) => one.because).join('; ') || 'no file was named';
    return unknown(printable(because, 600), 'name exported .evtx files', 'event logs');
  }
  const { failures, first, last, counts } = collector;
  if (first === null || last === null) {
    return unknown(
      `no logon event, failed or not, stands in ${files.map(({ path }) => fileName(path)).join(', ')}`,
      'export the Security log (wevtutil epl Security Security.evtx)',
      sourceOf(files),
    );
  }
  const entered = counts.get(4624) ?? 0;
  const damages = files.reduce((sum, file) => sum + file.damages, 0);
  const unverified = files.reduce((sum, file) => sum + file.unverified, 0);
  const evidence = (withUnverified: boolean) => {
    const { successes, later } = collector.evidence(withUnverified);
    const because =
      entered === 0
        ? 'the opened logs hold no successful logon (4624)'
        : 'parts of the opened logs are damaged, and a logon may have stood there';
    const successEvidence: SuccessEvidence = {
      collected: entered > 0,
      complete: damages === 0,
      because,
      cure: 'export the Security log again, from the machine or a snapshot of its disk',
      rows: successes,
    };
    return assembleLogons({
      failures,
      successes: successEvidence,
      later,
      lastEventAt: isoOf(last),
      thresholds,
    });
  };
  const { logons, notSeen } = evidence(false);
  const bursts =
    collector.unverifiedSuccesses === 0 ? logons.bursts : withDoubts(logons.bursts, evidence(true).logons.bursts);
  return known(
    { ...logons, bursts },
    {
      source: sourceOf(files),
      asOf: now.toISOString(),
      coverage: `${isoOf(first).slice(0, 19)}Z to ${isoOf(last).slice(0, 19)}Z`,
      notSeen: [
        ...notSeen,
        ...unread.map((one) => printable(one.because, 300)),
        ...files.flatMap(damageOf),
        ...(unverified > 0
          ? [`${unverified.toLocaleString('en-US')} records are unverified: no proof by themselves`]
          : []),
        ...(collector.cut > 0 ? [`${collector.cut.toLocaleString('en-US')} events after logons`] : []),
      ],
    },
  );
}

function damageOf(file: LogonLog): string[] {
  const [first] = file.damaged;
  if (!first) return [];
  const more = file.damages > 1 ? `, and ${file.damages - 1} more places` : '';
  return [`${fileName(file.path)} is damaged at byte ${first.offset} (${printable(first.because, 160)})${more}`];
}

const identity = (burst: Burst): string =>
  [burst.kind, burst.start, burst.end, burst.failures, burst.sources[0]?.address, burst.accounts[0]?.name].join('|');

/** A logon that only a damaged part of a log tells of is no proof that somebody got in, nor that nobody did. */
function withDoubts(bursts: readonly Burst[], withUnverified: readonly Burst[]): Burst[] {
  const others = new Map(withUnverified.map((burst) => [identity(burst), burst]));
  return bursts.map((burst) => {
    const found = others.get(identity(burst))?.success;
    const proven = burst.success.state === 'known' && burst.success.value !== null;
    if (proven || found?.state !== 'known' || found.value === null) return burst;
    const { account, address, at } = found.value;
    return {
      ...burst,
      success: {
        state: 'unknown',
        because: `a logon as ${account} from ${address} at ${at} stands in a damaged part of the log, unverified`,
        cure: 'export the Security log again, from the machine or a snapshot of its disk',
      },
    };
  });
}
