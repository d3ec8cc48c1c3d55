import { counted } from '../text/counts.ts';
import { sourceAddress } from '../triage/logons/addresses.ts';
import type { Thresholds } from '../triage/logons/bursts.ts';
import { type FailureColumns, type LogonEvent, noEvent } from '../triage/logons/events.ts';
import { KnownFailures } from '../triage/logons/known-failures.ts';
import { eventlessSuccess, type Success } from '../triage/logons/success.ts';
import { type Ticks, ticksPerSecond } from '../triage/logons/ticks.ts';
import type { Witness } from '../triage/logons/witnesses.ts';
import { Span } from './span.ts';

/** A logon that is reported by what does not report every one. */
export interface ReportedLogon
  extends Pick<LogonEvent, 'at' | 'computer' | 'account' | 'domain' | 'address' | 'logonType'> {
  outcome: 'failed' | 'succeeded' | 'not told';
  /** Why it failed, as `failureMeaning` knows it; "" where it did not. */
  code: string;
  /** The program that asked for the logon, "" where it is not known. */
  program: string;
  /** By which it is known in another file. */
  id: string;
  /** Is it the same wherever it is found, in the same file too? */
  once: boolean;
  /** Its time has no zone, and is taken as UTC. */
  zoneless?: boolean;
  /** It stands for as many logons, of which it has the time of the first and of the last alone. */
  several?: { count: number; last: Ticks };
}

/** Some hundred bytes each. */
const mostReports = 1_000_000;
/** The reporter takes the time of the event, or its own. */
const near = 2 * ticksPerSecond;

/** Reported logons: beside logs that hold every logon it adds what these do not have. */
export class ReportedLogons {
  readonly span = new Span();
  /** What each reporter leaves out. */
  readonly lacking = new Map<string, string>();
  /** Reports beyond those that are kept. */
  cut = 0;
  /** Failures of which only the number is known, once all were added. */
  untimed = 0;
  readonly #byReporter = new Map<string, ReportedLogon[]>();
  /** How often a row is in the last file that had it, and how many of these were kept. */
  readonly #seen = new Map<string, { file: number; inFile: number; kept: number }>();
  #held = 0;

  get length(): number {
    return this.#held;
  }

  take(logon: ReportedLogon, { by, lacks, file }: { by: string; lacks: string; file: number }): void {
    this.span.add(logon.at);
    if (logon.several) this.span.add(logon.several.last);
    this.lacking.set(by, lacks);
    const key = `${by}\n${logon.id}`;
    const seen = this.#seen.get(key) ?? { file, inFile: 0, kept: 0 };
    seen.inFile = seen.file === file && !logon.once ? seen.inFile + 1 : 1;
    seen.file = file;
    if (seen.inFile <= seen.kept) return;
    if (this.#held >= mostReports) {
      this.cut += 1;
      return;
    }
    seen.kept = seen.inFile;
    this.#seen.set(key, seen);
    this.#held += 1;
    const own = this.#byReporter.get(by);
    if (own) own.push(logon);
    else this.#byReporter.set(by, [logon]);
  }

  *rows(): Generator<ReportedLogon> {
    for (const own of this.#byReporter.values()) yield* own;
  }

  /** "DeviceLogonEvents reports 3 logons", each: where none of them failed that says nothing of those that did. */
  said(): string[] {
    return [...this.#byReporter].map(
      ([by, own]) => `${by} reports ${counted(own.length, 'logon')}, and not every one that there was`,
    );
  }

  /** Adds the failures that no log has, to `failures`, and gives clients that these do not name. */
  addTo(failures: FailureColumns, thresholds: Thresholds): Witness[] {
    const witnesses: Witness[] = [];
    // What has an event each knows its time.
    const inOrder = [...this.#byReporter].sort(([, a], [, b]) => Number(isSummary(a)) - Number(isSummary(b)));
    for (const [by, own] of inOrder) {
      const known = new KnownFailures(failures);
      for (const logon of own) {
        if (logon.outcome !== 'failed') continue;
        if (logon.several) {
          this.#addSeveral(failures, known, { ...logon, several: logon.several }, thresholds);
          continue;
        }
        const source = failures.addresses.find(sourceAddress(logon.address));
        const same = known.spend(logon, near, (row) => failures.address[row] === source);
        // One of the two may not have the address.
        const row = same >= 0 ? same : known.spend(logon, near, (at) => failures.address[at] === 0 || source === 0);
        if (row < 0) failures.addEvent(eventOf(logon));
        else if (failures.address[row] === 0 && source !== 0)
          witnesses.push({ at: logon.at, computer: logon.computer, address: logon.address, source: by, events: 1 });
      }
    }
    return witnesses;
  }

  /** Adds those of several that no log has: they are a burst where all of them lie within the time of one. */
  #addSeveral(
    failures: FailureColumns,
    known: KnownFailures,
    logon: ReportedLogon & Required<Pick<ReportedLogon, 'several'>>,
    { failures: detail, windowSeconds }: Thresholds,
  ): void {
    const { at, several } = logon;
    const [middle, around] = [(at + several.last) / 2, (several.last - at) / 2 + near];
    const left = several.count - known.spendSeveral({ ...logon, at: middle }, around, several.count);
    if (left === several.count && several.last - at <= windowSeconds * ticksPerSecond) {
      const { computer, address, account, logonType, code, domain } = logon;
      const bucket = { first: at, last: several.last, failures: left, computer, address, account, logonType, code };
      failures.addBucket({ ...bucket, domain }, detail);
      return;
    }
    // Of those in between nothing is known but their number.
    const ends = left === several.count ? [at, several.last].slice(0, left) : [];
    for (const time of ends) failures.addEvent(eventOf({ ...logon, at: time }));
    this.untimed += left - ends.length;
  }

  successes(): Success[] {
    return [...this.rows()]
      .filter(({ outcome }) => outcome === 'succeeded')
      .map((logon) => eventlessSuccess({ ...logon, last: logon.several?.last, method: '' }));
  }
}

const isSummary = (own: readonly ReportedLogon[]): boolean => own.some(({ several }) => several !== undefined);

function eventOf({ at, computer, account, domain, address, logonType, code, program }: ReportedLogon): LogonEvent {
  const processName = address === '' ? program : '';
  return { ...noEvent, at, computer, account, domain, address, logonType, status: code, processName };
}
