import type { Fact } from '../documents/fact.ts';
import { known, unknown } from '../documents/fact.ts';
import type { Burst, Logons } from '../documents/triage.ts';
import type { SyslogFile } from '../syslog/syslog-file.ts';
import type { DerivedYear } from '../syslog/years.ts';
import { counted, listed } from '../text/counts.ts';
import { printable } from '../text/printable.ts';
import { defaultThresholds, type Thresholds } from '../triage/logons/bursts.ts';
import { ComputerNames, onlyComputer } from '../triage/logons/computer-names.ts';
import { assembleLogons, type SuccessEvidence } from '../triage/logons/logons.ts';
import { isoOf, type Ticks, ticksOf } from '../triage/logons/ticks.ts';
import { type AuditLogFile, type AuditReading, readAuditLog } from './audit-log.ts';
import type { Damage } from './damage.ts';
import { DamagedChunks } from './damaged-regions.ts';
import { EventLogError } from './event-log-file.ts';
import { type ExportedLog, readExportedLogons } from './exported-logons.ts';
import { readRecords } from './log-records.ts';
import { LogonCollector } from './logon-collector.ts';
import { type LogonLog, mostComputers, namedComputers } from './logon-log.ts';
import { LogsAhead } from './logs-ahead.ts';
import { nodeNames } from './node-names.ts';
import type { TakenRecord } from './record.ts';
import { type ReportedLog, readReportedLogons } from './reported-log.ts';
import { failedLogon, type SecurityEvent, successfulLogon } from './security-events.ts';
import { Span } from './span.ts';
import { readSyslogLogons } from './syslog-logons.ts';
import { untoldComputers } from './untold-computers.ts';
import { computersBeside, readUtmpLogons, type UtmpFile } from './utmp-logons.ts';

/** A file that holds logons, by its form; a path alone is that of an event log (.evtx). */
export type LogFile =
  | string
  | { path: string; format: 'evtx' }
  | SyslogFile
  | ExportedLog
  | UtmpFile
  | AuditLogFile
  | ReportedLog;

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
  /** Awaited after each chunk, so that the consumer of the events can keep up. */
  betweenChunks?: () => Promise<void>;
  /** How many logs are read at once (`LogsAhead`). One where events are handed over as they are read. */
  threads?: number;
  /** When the files are read, for the fact. */
  now: Date;
}

const mostDamages = 1000;

/**
 * The failed logons in exported event logs, their bursts and what followed, as Log Analytics would report them. An
 * event that is in several files, or twice in one, counts once. Rejects only when it is aborted: files that cannot be
 * read are named in `unread`, and when none could be the fact is unknown.
 */
export async function readEventLogs(given: readonly LogFile[], options: LogReadingOptions): Promise<EventLogReading> {
  const collector = new LogonCollector(options.onEvent !== undefined);
  const files: LogonLog[] = [];
  const audits: AuditReading[] = [];
  const unread: UnreadLog[] = [];
  const done = given.map(() => 0);
  const progress = (at: number, fraction: number): void => {
    done[at] = fraction;
    options.onProgress?.(done.reduce((sum, one) => sum + one, 0) / given.length);
  };
  const { signal, threads = options.onEvent ? 1 : undefined } = options;
  const logs = given.map((one) => (typeof one === 'string' ? { path: one, format: 'evtx' as const } : one));
  // Logs of text are read where their turn has come.
  const paths = logs.map(({ path, format }) => (format === 'evtx' ? path : ''));
  const order = [...logs.entries()].sort(([, a], [, b]) => turnOf(a) - turnOf(b));
  const ahead = new LogsAhead(paths, {
    onProgress: progress,
    ...(signal ? { signal } : {}),
    ...(threads === undefined ? {} : { threads }),
  });
  try {
    for (const [at, log] of order) {
      const { path } = log;
      const told = new Told(collector, options.onEvent);
      const alone = { ...options, onProgress: (fraction: number) => progress(at, fraction) };
      try {
        if (log.format === 'events') {
          files.push(await readExportedLogons(log, collector, alone));
          continue;
        }
        if (log.format === 'reported') {
          files.push(await readReportedLogons(log, at, collector, alone));
          continue;
        }
        if (isUtmp(log)) {
          files.push(
            await readUtmpLogons(
              log,
              { computer: onlyComputer(computersBeside(path, files)), number: at },
              collector,
              alone,
            ),
          );
          continue;
        }
        if (log.format === 'audit') {
          audits.push(await readAuditLog(log, alone));
          continue;
        }
        if (log.format !== 'evtx') {
          files.push(await readSyslogLogons(log, at, collector, alone));
          continue;
        }
        const read = (await ahead.read(at, told)) ?? (await readRecords(path, told, alone));
        files.push({ path, ...read, ...told.values() });
      } catch (error) {
        if (!(error instanceof EventLogError)) throw error;
        unread.push({ path, because: error.message });
      }
    }
  } finally {
    ahead.end();
  }
  const yearless = logs.flatMap((log) => ('year' in log && log.year ? [{ path: log.path, year: log.year }] : []));
  const thresholds = { ...defaultThresholds, ...options.thresholds };
  const notSeen: string[] = [];
  const beside = [...files];
  for (const audit of audits) {
    const nodes = nodeNames(audit, audits, beside);
    notSeen.push(...nodes.notSeen);
    files.push(audit.give(collector, nodes));
  }
  const places = new Map(order.map(([, { path }], place) => [path, place]));
  files.sort((a, b) => (places.get(a.path) ?? 0) - (places.get(b.path) ?? 0));
  const names = new ComputerNames(collector.computerNames());
  notSeen.push(...names.unclear);
  for (const file of files) {
    const taken = file.computers.map((name) => names.because(name)).filter((because) => because !== '');
    if (taken.length > 0) file.notes = [...(file.notes ?? []), ...taken];
    file.computers = [...new Set(file.computers.map((name) => names.nameOf(name)))];
  }
  collector.finish(thresholds, names);
  return {
    files,
    unread,
    logons: logonsOf({ collector, files, unread, yearless, notSeen: [...new Set(notSeen)] }, thresholds, options.now),
    addresses: collector.failures.addresses.size - 1,
    accounts: collector.failures.accounts.size - 1,
  };
}

/** An export holds what a log beside it may hold in full; btmp and audit.log do not name the computer, as logs beside them do. */
const turnOf = ({ format }: Exclude<LogFile, string>): number => {
  if (format === 'events' || format === 'reported') return 1;
  return format === 'btmp' || format === 'wtmp' || format === 'audit' ? 2 : 0;
};

const isUtmp = (log: Exclude<LogFile, string>): log is UtmpFile => log.format === 'btmp' || log.format === 'wtmp';

/** Hands a file's records to the collector, and counts what the file itself holds. */
class Told {
  readonly #collector: LogonCollector;
  readonly #onEvent: ((event: SecurityEvent) => void) | undefined;
  readonly #verified = new Span();
  readonly #unverified = new Span();
  readonly #computers = new Set<string>();
  readonly #damaged: Damage[] = [];
  #damages = 0;
  readonly #chunks = new DamagedChunks((damage) => {
    this.#damages += 1;
    if (this.#damaged.length < mostDamages) this.#damaged.push(damage);
  });
  #channel = '';
  #records = 0;
  #unverifiedRecords = 0;
  #failures = 0;
  #successes = 0;
  #others = 0;
  /** Of the collector, when this log's turn came: logs are taken one after the other. */
  #held: number;

  constructor(collector: LogonCollector, onEvent: ((event: SecurityEvent) => void) | undefined) {
    this.#collector = collector;
    this.#onEvent = onEvent;
    this.#held = collector.other.held;
  }

  damage(damage: Damage): void {
    this.#chunks.damage(damage);
  }

  get damages(): number {
    return this.#damages + (this.#chunks.isHolding ? 1 : 0);
  }

  record(record: TakenRecord): void {
    this.#records += 1;
    if (!record.verified) this.#unverifiedRecords += 1;
    (record.verified ? this.#verified : this.#unverified).add(record.time);
    if (this.#records === 1) this.#channel = record.system('channel');
    const taken = this.#collector.take(record, this.#onEvent);
    if (taken === 'unwanted') {
      if (this.#computers.size === 0) this.#computers.add(record.system('computer'));
      return;
    }
    if (taken === 'other') {
      const { held } = this.#collector.other;
      this.#others += held - this.#held;
      this.#held = held;
    }
    if (record.eventId === failedLogon) this.#failures += 1;
    if (record.eventId === successfulLogon) this.#successes += 1;
    if (this.#computers.size < mostComputers) this.#computers.add(record.system('computer'));
  }

  values() {
    this.#chunks.flush();
    // A damaged time can be any: those of sound records give the span, where there are any.
    const span = this.#verified.ends === null ? this.#unverified : this.#verified;
    return {
      records: this.#records,
      unverified: this.#unverifiedRecords,
      damaged: this.#damaged,
      damages: this.damages,
      failures: this.#failures,
      successes: this.#successes,
      others: this.#others,
      ...span.written,
      channel: printable(this.#channel, 256),
      computers: namedComputers(this.#computers),
    };
  }
}

const fileName = (path: string): string => printable(path.split(/[\\/]/).at(-1) ?? path, 120);

function sourceOf(files: readonly LogonLog[]): string {
  const names = files.map(({ path, sha256 }) => `${fileName(path)} (sha256 ${sha256.slice(0, 12)}…)`);
  const rest = names.length - 3;
  return `event log ${names.slice(0, 3).join(', ')}${rest > 0 ? ` and ${rest} more` : ''}`;
}

/** All that was read. */
interface Gathered {
  collector: LogonCollector;
  files: readonly LogonLog[];
  unread: readonly UnreadLog[];
  /** Logs whose lines have no year. */
  yearless: readonly { path: string; year: DerivedYear }[];
  /** Names whose computer is not known. */
  notSeen: readonly string[];
}

function logonsOf(
  { collector, files, unread, yearless, notSeen: open }: Gathered,
  thresholds: Thresholds,
  now: Date,
): Fact<Logons> {
  if (files.length === 0) {
    const because = unread.map((one) => one.because).join('; ') || 'no file was named';
    return unknown('damaged', printable(because, 600), 'name exported .evtx files', 'event logs');
  }
  const { failures } = collector;
  const security = collector.span.ends;
  const elsewhere = collector.otherSpan.ends;
  const { reported } = collector.other;
  const logged = together(security, elsewhere);
  const ends = together(logged, reported.span.ends);
  const cleared = clearingsOf(collector);
  if (ends === null || !collector.tellsOfLogons) {
    const names = files.map(({ path }) => fileName(path)).join(', ');
    return unknown(
      'absent',
      printable(
        [
          `no logon event, failed or not, is in ${names}`,
          ...connectionsOf(collector),
          ...sessionsOf(collector),
          ...reported.said(),
          ...cleared,
        ].join('; '),
        900,
      ),
      files.every(isOfLinux)
        ? 'open auth.log or secure, audit.log, or the journal of sshd (journalctl -o export), of a time when it logged logons'
        : files.some(({ channel }) => channel.toLowerCase() === 'security')
          ? 'open a Security log of a time when logons were audited (auditpol /get /category:*), or one of another computer'
          : 'export the Security log (wevtutil epl Security Security.evtx)',
      sourceOf(files),
    );
  }
  const entered = collector.verifiedSuccesses + collector.unverifiedSuccesses;
  const damages = files.reduce((sum, file) => sum + file.damages, 0);
  const unverified = files.reduce((sum, file) => sum + file.unverified, 0);
  const knowing = collector.computersWithSuccesses;
  const cut = collector.other.cutLines > 0 || collector.other.cut > 0 || reported.cut > 0;
  const collected =
    entered > 0 ||
    collector.other.hasTickets ||
    (security === null &&
      (collector.other.hasSshLines || collector.other.hasAudit || collector.other.utmpSessions > 0));
  const evidence = (withUnverified: boolean) => {
    const { successes, later } = collector.evidence(withUnverified);
    const successEvidence: SuccessEvidence = {
      ...successesOn(collected, cut ? 'cut' : damages > 0 ? 'damage' : '', files.every(isOfLinux)),
      on: (computer, burst) => {
        const own = files.filter((file) => mayHoldLogons(file, computer, collector.names));
        const loss = cut
          ? 'cut'
          : own.some(({ damages }) => damages > 0)
            ? 'damage'
            : isOfAnotherTime(own, burst)
              ? 'time'
              : '';
        return successesOn(knowing.has(computer), loss, files.every(isOfLinux));
      },
      rows: successes,
    };
    return assembleLogons({
      failures,
      successes: successEvidence,
      later,
      lastEventAt: isoOf(ends.last),
      thresholds,
      witnesses: collector.witnesses,
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
      coverage: [
        ...(security && elsewhere && (elsewhere.first < security.first || elsewhere.last > security.last)
          ? [`Security ${spanText(security)}, other logs ${spanText(elsewhere)}`]
          : logged
            ? [spanText(logged)]
            : []),
        ...(reported.span.ends
          ? [`only what ${[...reported.lacking.keys()].join(', ')} reports ${spanText(reported.span.ends)}`]
          : []),
      ].join(', '),
      notSeen: [
        ...notSeen,
        ...(failures.length === 0 && damages === 0 && security !== null
          ? ['no failed logon (4625) is in it: it is not known whether they are audited']
          : []),
        ...untoldComputers(files, collector.computersTold),
        ...[...reported.lacking].map(([by, lacks]) => `beside ${by}: ${lacks}`),
        ...(security === null && !collector.other.hasSyslog && !collector.other.hasBtmp && !collector.other.hasAudit
          ? ['logons of other kinds than these logs tell: no Security log was opened']
          : []),
        ...cleared.map((text) => `what was there before: ${text}`),
        ...open.map((what) => printable(what, 300)),
        ...unread.map((one) => printable(one.because, 300)),
        ...files.flatMap(damageOf),
        ...(unverified > 0
          ? [
              `${counted(unverified, 'record is unverified: no proof by itself', 'records are unverified: no proof by themselves')}`,
            ]
          : []),
        ...(collector.cut > 0 ? [`${counted(collector.cut, 'event')} after logons`] : []),
        ...(reported.untimed > 0
          ? [
              `${counted(reported.untimed, 'failed logon')} of which a summary has the number and not the time: in no count, and in no burst`,
            ]
          : []),
        ...(reported.cut > 0 ? [`${counted(reported.cut, 'reported logon')} beyond the first that are kept`] : []),
        ...(collector.other.cutLines > 0
          ? [
              `${counted(collector.other.cutLines, 'line or record', 'lines and records')} of logons on Linux beyond the first that are kept`,
            ]
          : []),
        ...[...Map.groupBy(yearless, ({ year }) => year.zone?.name ?? 'UTC')].map(
          ([zone, own]) =>
            `the year and the time zone of ${listed(
              own.map(({ path }) => fileName(path)),
              3,
            )}: derived, and ${zone}`,
        ),
      ],
    },
  );
}

const spanText = ({ first, last }: { first: Ticks; last: Ticks }): string =>
  `${isoOf(first).slice(0, 19)}Z to ${isoOf(last).slice(0, 19)}Z`;

type Ends = Span['ends'];

/** From the first to the last of both. */
const together = (one: Ends, other: Ends): Ends =>
  one && other ? { first: Math.min(one.first, other.first), last: Math.max(one.last, other.last) } : (one ?? other);

/** How logons may have been lost of what was read: parts are damaged, it was more than is kept, or it is of another time. */
type Loss = '' | keyof typeof losses;
const losses = {
  damage: {
    because: 'parts of the opened logs are damaged, and may have held a logon',
    cure: 'export the damaged logs again, from the VM or a snapshot of its disk',
  },
  cut: {
    because: 'the opened logs report more logons than are kept, and one of the others may have succeeded',
    cure: 'open the logs of fewer computers, or of fewer days, at once',
  },
  time: {
    because: 'the opened logs of its computer that hold successful logons are of another time than the burst',
    cure: 'open the Security log, or the logs of sshd, of the time of the burst: a copy of it, or what was archived',
  },
};

/** How far successful logons are known, by whether any would be there and whether the logs are whole. */
const successesOn = (collected: boolean, loss: Loss, linux: boolean): Omit<SuccessEvidence, 'rows' | 'on'> => ({
  collected,
  complete: loss === '',
  ...(collected
    ? losses[loss || 'damage']
    : linux
      ? {
          because: 'the opened logs hold no successful logon',
          cure: 'open auth.log or secure, the journal, audit.log, or wtmp of that computer',
        }
      : {
          because: 'the opened logs hold no successful logon (4624)',
          cure: 'open a Security log of that computer that has successful logons too (4624; 4768 of a domain controller): auditpol /get /category:* shows whether they are audited',
        }),
});

/** Logs that can hold logons, by the log that their first record was written to. */
const logonChannels =
  /^(?:security|forwardedevents|syslog|journal|audit|btmp|wtmp)?$|openssh|terminalservices|remotedesktop/i;

/** Those of them that hold successful ones where they hold any. */
const successChannels = /^(?:security|forwardedevents|syslog|journal|audit|wtmp)$|openssh/i;

/** Do the logs that hold successful logons begin after a burst did, or end before it did? */
function isOfAnotherTime(files: readonly LogonLog[], { start, end }: { start: Ticks; end: Ticks }): boolean {
  const span = new Span();
  for (const { channel, first, last } of files)
    if (successChannels.test(channel)) for (const time of [first, last]) span.add(ticksOf(time ?? '') ?? Number.NaN);
  return span.ends !== null && (start < span.ends.first || end > span.ends.last);
}

/** May the log hold logons of the computer? */
function mayHoldLogons({ channel, computers }: LogonLog, computer: string, known: ComputerNames): boolean {
  if (!logonChannels.test(channel)) return false;
  const names = computers.map((name) => known.nameOf(name).trim().toLowerCase());
  return names.length === 0 || names.length >= mostComputers || names.includes(computer);
}

const addressesTold = 3;

/** "Remote Desktop counts 154 connections there, of 10.23.123.11 (154)", and its sessions; nothing where it counts none. */
function connectionsOf({ other }: LogonCollector): string[] {
  return (['connections', 'sessions'] as const).flatMap((of) => {
    const found = other.remote(of);
    if (found.length === 0) return [];
    const total = found.reduce((sum, { events }) => sum + events, 0);
    const told = found.map(({ address, events }) => `${address} (${events})`);
    return [`Remote Desktop counts ${counted(total, of.slice(0, -1))} there, of ${listed(told, addressesTold)}`];
  });
}

/** "wtmp has 3 sessions, which say nothing of logons that failed"; nothing where there is none. */
function sessionsOf({ other: { utmpSessions } }: LogonCollector): string[] {
  return utmpSessions === 0
    ? []
    : [`wtmp has ${counted(utmpSessions, 'session')}, which say nothing of logons that failed`];
}

const ofLinux = new Set(['syslog', 'journal', 'audit', 'btmp', 'wtmp']);
const isOfLinux = ({ channel }: LogonLog): boolean => ofLinux.has(channel);

const clearingsTold = 5;

/** "the Security log of web01 was cleared by admin at 2026-11-23T02:17:00Z", each. */
function clearingsOf({ clearings }: LogonCollector): string[] {
  const told = clearings
    .slice(0, clearingsTold)
    .map(({ at, computer, log, by }) =>
      printable(`the ${log || 'event'} log of ${computer} was cleared by ${by || 'someone'} at ${isoOf(at)}`, 300),
    );
  const rest = clearings.length - told.length;
  return rest > 0 ? [...told, `logs were cleared ${rest} more times`] : told;
}

function damageOf(file: LogonLog): string[] {
  const [first] = file.damaged;
  if (!first) return [];
  const more = file.damages > 1 ? `, and ${counted(file.damages - 1, 'more place')}` : '';
  return [`${fileName(file.path)} is damaged at byte ${first.offset} (${printable(first.because, 160)})${more}`];
}

const identity = (burst: Burst): string =>
  [burst.kind, burst.start, burst.end, burst.failures, burst.sources[0]?.address, burst.accounts[0]?.name].join('|');

/** A logon found only in a damaged part of a log proves neither that an intruder got in nor that none did. */
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
        because: `a logon as ${account} from ${address} at ${at} is in a damaged part of the log, unverified`,
        cure: 'export the damaged logs again, from the VM or a snapshot of its disk',
      },
    };
  });
}
