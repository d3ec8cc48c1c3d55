import { counted } from '../text/counts.ts';
import { sourceAddress } from '../triage/logons/addresses.ts';
import type { FailureColumns, LogonEvent } from '../triage/logons/events.ts';
import { KnownFailures } from '../triage/logons/known-failures.ts';
import type { Success } from '../triage/logons/success.ts';
import { ticksPerSecond } from '../triage/logons/ticks.ts';
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
  readonly #byReporter = new Map<string, ReportedLogon[]>();
  /** How often a row is in the last file that had it, and how many of these were kept. */
  readonly #seen = new Map<string, { file: number; inFile: number; kept: number }>();
  #held = 0;

  get length(): number {
    return this.#held;
  }

  take(logon: ReportedLogon, { by, lacks, file }: { by: string; lacks: string; file: number }): void {
    this.span.add(logon.at);
    this.lacking.set(by, lacks);
    const key = `${by}\n${logon.id}`;
    const seen = this.#seen.get(key) ?? { file, inFile: 0, kept: 0 };
    seen.inFile = seen.file === file ? seen.inFile + 1 : 1;
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
  addTo(failures: FailureColumns): Witness[] {
    const witnesses: Witness[] = [];
    for (const [by, own] of this.#byReporter) {
      const known = new KnownFailures(failures);
      for (const logon of own) {
        if (logon.outcome !== 'failed') continue;
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

  successes(): Success[] {
    return [...this.rows()]
      .filter(({ outcome }) => outcome === 'succeeded')
      .map(({ at, computer, account, address, logonType }) => ({
        first: at,
        last: at,
        recordId: 0,
        computer,
        account,
        address,
        logonType,
        logonId: '',
        method: '',
      }));
  }
}

function eventOf({ at, computer, account, domain, address, logonType, code, program }: ReportedLogon): LogonEvent {
  return {
    at,
    recordId: 0,
    eventId: 0,
    computer,
    account,
    domain,
    address,
    workstation: '',
    logonType,
    status: code,
    subStatus: '',
    process: '',
    processName: address === '' ? program : '',
    logonId: '',
    method: '',
  };
}
