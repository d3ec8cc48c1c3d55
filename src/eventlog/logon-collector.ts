import { accountName } from '../triage/logons/account-names.ts';
import { sourceAddress } from '../triage/logons/addresses.ts';
import { eventWords } from '../triage/logons/event-words.ts';
import { FailureColumns, Names } from '../triage/logons/events.ts';
import { type LaterEvent, normalLogonId, type Success } from '../triage/logons/success.ts';
import type { Ticks } from '../triage/logons/ticks.ts';
import { partsOf, type SecurityEvent } from './security-events.ts';

/** Logon types by which a password reaches the machine; services, batch jobs and the system itself are none of them. */
const tellingTypes = new Set([2, 3, 7, 8, 10, 11, 12]);
const specialPrivileges = 4672;
/** What follows a logon is rare; a log that holds more of it is told to be cut. */
const mostLater = 100_000;

/** Successful logons in columns: a domain controller's log holds millions. */
class SuccessColumns {
  readonly at: number[] = [];
  readonly recordId: number[] = [];
  readonly computer: number[] = [];
  readonly account: number[] = [];
  readonly address: number[] = [];
  readonly type: number[] = [];
  readonly logonId: number[] = [];
  readonly unverified: boolean[] = [];
}

/** Sessions with special privileges in columns: Windows logs one with every logon of an administrator. */
class PrivilegeColumns {
  readonly at: number[] = [];
  readonly recordId: number[] = [];
  readonly computer: number[] = [];
  readonly subject: number[] = [];
  readonly session: number[] = [];
}

/** Events by record id and time: two different ones never have both in common. */
class Seen {
  readonly #first = new Map<number, Ticks>();
  /** Logs of several machines have the same ids. */
  readonly #others = new Map<number, Ticks[]>();

  /** Adds an event; true when it was there. */
  add(recordId: number, at: Ticks): boolean {
    const first = this.#first.get(recordId);
    if (first === undefined) {
      this.#first.set(recordId, at);
      return false;
    }
    if (first === at) return true;
    const others = this.#others.get(recordId);
    if (!others) this.#others.set(recordId, [at]);
    else if (others.includes(at)) return true;
    else others.push(at);
    return false;
  }
}

/** Gathers the events of logons from one log or several, each event once. */
export class LogonCollector {
  readonly failures = new FailureColumns();
  /** How many of each id were taken, with those that no burst can need. */
  readonly counts = new Map<number, number>();
  first: Ticks | null = null;
  last: Ticks | null = null;
  /** Later events beyond those that are kept. */
  cut = 0;
  unverifiedSuccesses = 0;
  readonly #successes = new SuccessColumns();
  readonly #privileges = new PrivilegeColumns();
  readonly #later: { event: LaterEvent; recordId: number }[] = [];
  readonly #names = new Names();
  /** Times by record id, when chunks were seen whose events may have been taken before. */
  #seen: Seen | null = null;
  #mayRepeat = false;

  /** Begins a chunk; `mayRepeat` when its records may have been read before, from this file or another. */
  chunk(mayRepeat: boolean): void {
    this.#mayRepeat = mayRepeat;
    if (mayRepeat) this.#seen ??= this.#everySeen();
  }

  /** Takes an event; false when it was taken before. */
  take(event: SecurityEvent): boolean {
    if (this.#seen?.add(event.recordId, event.at) && this.#mayRepeat) return false;
    this.counts.set(event.eventId, (this.counts.get(event.eventId) ?? 0) + 1);
    if (this.first === null || event.at < this.first) this.first = event.at;
    if (this.last === null || event.at > this.last) this.last = event.at;
    if (event.eventId === 4625) this.failures.addEvent(event, !event.verified);
    else if (event.eventId === 4624) this.#takeSuccess(event);
    else if (event.eventId === specialPrivileges) {
      const { at, recordId, computer, subject, session } = this.#privileges;
      at.push(event.at);
      recordId.push(event.recordId);
      computer.push(this.#names.numberOf(event.computer));
      subject.push(this.#names.numberOf(event.subject));
      session.push(this.#names.numberOf(event.session));
    } else if (this.#later.length >= mostLater) this.cut += 1;
    else {
      const { at, eventId, computer, session } = event;
      const what = eventWords(partsOf(event));
      this.#later.push({ event: { at, eventId, computer, logonId: session, what }, recordId: event.recordId });
    }
    return true;
  }

  #takeSuccess(event: SecurityEvent): void {
    if (!event.verified) this.unverifiedSuccesses += 1;
    if (event.logonType !== null && !tellingTypes.has(event.logonType)) return;
    const columns = this.#successes;
    columns.at.push(event.at);
    columns.recordId.push(event.recordId);
    columns.computer.push(this.#names.numberOf(event.computer));
    columns.account.push(this.#names.numberOf(event.account));
    columns.address.push(this.#names.numberOf(event.address));
    columns.type.push(event.logonType ?? -1);
    columns.logonId.push(this.#names.numberOf(event.logonId));
    columns.unverified.push(!event.verified);
  }

  /**
   * The successes that can have followed a burst, by an address or an account that failed; and what came after logons,
   * where special privileges are kept for the sessions of those successes alone.
   */
  evidence(unverified: boolean): { successes: Success[]; later: LaterEvent[] } {
    const columns = this.#successes;
    const text = (number: number | undefined) => this.#names.text(number ?? 0);
    const telling = new Uint8Array(this.#names.size);
    for (const [number, name] of this.#names.texts.entries()) {
      const failed =
        this.failures.addresses.find(sourceAddress(name)) > 0 || this.failures.accounts.find(accountName(name).key) > 0;
      telling[number] = failed ? 1 : 0;
    }
    const successes: Success[] = [];
    const sessions = new Set<string>();
    for (let i = 0; i < columns.at.length; i++) {
      if (columns.unverified[i] && !unverified) continue;
      if (telling[columns.account[i] ?? 0] !== 1 && telling[columns.address[i] ?? 0] !== 1) continue;
      const at = columns.at[i] ?? 0;
      const logonId = text(columns.logonId[i]);
      sessions.add(normalLogonId(logonId));
      successes.push({
        first: at,
        last: at,
        recordId: columns.recordId[i] ?? 0,
        computer: text(columns.computer[i]),
        account: text(columns.account[i]),
        address: text(columns.address[i]),
        logonType: (columns.type[i] ?? -1) < 0 ? null : (columns.type[i] ?? null),
        logonId,
        method: '',
      });
    }
    const later = this.#later.map(({ event }) => event);
    const { at, computer, subject, session } = this.#privileges;
    for (let i = 0; i < at.length; i++) {
      const logonId = text(session[i]);
      if (!sessions.has(normalLogonId(logonId))) continue;
      later.push({
        at: at[i] ?? 0,
        eventId: specialPrivileges,
        computer: text(computer[i]),
        logonId,
        what: `special privileges for ${text(subject[i])}`,
      });
    }
    return { successes, later };
  }

  #everySeen(): Seen {
    const seen = new Seen();
    const { failures } = this;
    for (let row = 0; row < failures.length; row++) seen.add(failures.recordId[row] ?? 0, failures.time[row] ?? 0);
    for (const columns of [this.#successes, this.#privileges])
      for (let i = 0; i < columns.at.length; i++) seen.add(columns.recordId[i] ?? 0, columns.at[i] ?? 0);
    for (const { event, recordId } of this.#later) seen.add(recordId, event.at);
    return seen;
  }
}
