import { accountName } from '../triage/logons/account-names.ts';
import { sourceAddress } from '../triage/logons/addresses.ts';
import type { Thresholds } from '../triage/logons/bursts.ts';
import { ComputerNames } from '../triage/logons/computer-names.ts';
import { eventWords, madeBy } from '../triage/logons/event-words.ts';
import { FailureColumns, type LogonEvent, Names } from '../triage/logons/events.ts';
import { SidNames } from '../triage/logons/sid-names.ts';
import type { LaterEvent, Success } from '../triage/logons/success.ts';
import { type Ticks, ticksPerMinute, ticksPerSecond } from '../triage/logons/ticks.ts';
import type { Witness } from '../triage/logons/witnesses.ts';
import { float64s, uint8s, uint32s } from './growing-column.ts';
import { loggedAmong, OtherWitnesses } from './other-witnesses.ts';
import { failureFields, privilegeFields, successFields } from './read-fields.ts';
import type { TakenRecord } from './record.ts';
import {
  directoryEvents,
  failedLogon,
  isSecurityEvent,
  logCleared,
  openSshEvents,
  otherLogEvents,
  partsOf,
  rdpRefused,
  type SecurityEvent,
  securityEventOf,
  securityLogCleared,
  serviceInstalled,
  specialPrivileges,
  successfulLogon,
} from './security-events.ts';
import { RecordRanges, SeenEvents } from './seen-events.ts';
import { Span } from './span.ts';

/** Logon types by which a password reaches the VM; services, batch jobs and the system itself are none of them. */
const tellingTypes = new Set([2, 3, 7, 8, 10, 11, 12]);
/** Sessions of the system, of the local and of the network service; 0 is none. */
const ownSessions = new Set([0, 0x3e4, 0x3e5, 0x3e7]);
/** Events that follow a logon are rare; a log that holds more is reported as cut. */
export const mostLater = 100_000;
const ticksPerDay = 24 * 60 * ticksPerMinute;

/** Successful logons in columns: a domain controller's log holds millions. */
class SuccessColumns {
  readonly at = float64s();
  readonly recordId = float64s();
  readonly computer = uint32s();
  readonly account = uint32s();
  readonly address = uint32s();
  /** 255 for none. */
  readonly type = uint8s();
  readonly logonId = float64s();
  readonly verified = uint8s();
}

/** Sessions with special privileges in columns: Windows logs one with every logon of an administrator. */
class PrivilegeColumns {
  readonly at = float64s();
  readonly recordId = float64s();
  readonly computer = uint32s();
  readonly subject = uint32s();
  readonly session = float64s();
}

/** A log was cleared: its earlier events are gone. */
export interface Clearing {
  at: Ticks;
  computer: string;
  /** "Security", "System". */
  log: string;
  by: string;
}

const mostClearings = 100;
/** Whose programs of one name said something within the same seconds. */
const mostComputersAtOnce = 100;
/** syslog and audit give one action times of their own. */
const actionNear = 5 * ticksPerSecond;
const actionPlace = (program: string, moment: number): string => `${program.toLowerCase()}\n${moment}`;

/** What someone did on Linux. */
interface Action {
  at: Ticks;
  computer: string;
  what: string;
}

/** What became of a record. */
export type Taken = 'failure' | 'success' | 'other' | 'repeated' | 'unwanted';

const kinds = { failure: 0, success: 1, other: 2 } as const;

const isZero = (code: string): boolean => code === '0x0' || code === '' || code === '-';
const sessionText = (logonId: number): string => `0x${logonId.toString(16)}`;

/** Gathers the events of logons from one log or several, each event once. */
export class LogonCollector {
  readonly failures = new FailureColumns();
  /** How many successful logons there are, with those that no burst can need. */
  verifiedSuccesses = 0;
  unverifiedSuccesses = 0;
  /** From the first of the Security log's events to the last; what other logs hold says nothing of logons. */
  readonly span = new Span();
  readonly clearings: Clearing[] = [];
  /** From the first to the last event of OpenSSH's log and of Remote Desktop's. */
  readonly otherSpan = new Span();
  readonly other = new OtherWitnesses();
  #witnessed: ReturnType<OtherWitnesses['addTo']> = { successes: [], besideFailures: 0, witnesses: [] };
  /** Later events beyond those that are kept. */
  cut = 0;
  readonly #successes = new SuccessColumns();
  readonly #privileges = new PrivilegeColumns();
  readonly #later: { event: LaterEvent; recordId: number }[] = [];
  /** Of Linux, by computer and words. */
  readonly #actions = new Map<string, LaterEvent[]>();
  #actionsKept = 0;
  /** When programs said in syslog what they did: the computers, by program and time. */
  readonly #actionsAt = new Map<string, Set<string>>();
  /** What audit says that someone did, until all is read. */
  readonly #audited: (Action & { program: string })[] = [];
  /** Which names are one computer, once all is read. */
  names = new ComputerNames([]);
  readonly #names = new Names();
  #lastComputer = '';
  #lastNumber = this.#names.numberOf('');
  /** Computers, by their numbers, that wrote events of the Security log, and logons among them. */
  readonly #security = new Set<number>();
  readonly #entered = new Set<number>();
  readonly #sids = new SidNames();
  readonly #codes = new Map<number, string>();
  readonly #ranges = new RecordRanges();
  /** Every event that was taken, once one was seen that may have been taken before. */
  #seen: SeenEvents | null;
  /** The same by whole seconds, once an event was taken that was exported as text. */
  #seenBySecond: SeenEvents | null = null;
  /** The failure that is being added, used again for each. */
  readonly #failure: LogonEvent = {
    at: 0,
    recordId: 0,
    eventId: failedLogon,
    computer: '',
    account: '',
    domain: '',
    address: '',
    workstation: '',
    logonType: null,
    status: '',
    subStatus: '',
    process: '',
    processName: '',
    logonId: '',
    method: '',
  };

  /** `exact`: events that no burst needs are known again too. */
  constructor(exact = false) {
    this.#seen = exact ? new SeenEvents() : null;
  }

  /**
   * Takes a record. The same event may be in several files, or twice in one that was copied live; where one copy is
   * verified, that one counts. `whole` is given the event when it is new.
   */
  take(record: TakenRecord, whole?: (event: SecurityEvent) => void): Taken {
    const mayRepeat = !record.verified || this.#ranges.add(record.recordId);
    if (!isSecurityEvent(record)) return 'unwanted';
    const { eventId, time: at } = record;
    const taken = eventId === failedLogon ? 'failure' : eventId === successfulLogon ? 'success' : 'other';
    if (mayRepeat) this.#seen ??= this.#everySeen();
    if (this.#seen) {
      const computer = this.#computer(record.system('computer'));
      const before = this.#seen.add(computer, record.recordId, at, this.#place(taken));
      if (before >= 0) {
        if (record.verified) this.#confirm(before, record);
        return 'repeated';
      }
    }
    return this.#takeNew(record, taken, whole);
  }

  /**
   * Takes an event that a program exported as text, after all event logs. Its time may be kept to the second: it is one that
   * was taken before when it has the number of such a one, of its computer, within its second.
   */
  takeExported(record: TakenRecord, whole?: (event: SecurityEvent) => void): Taken {
    if (!isSecurityEvent(record)) return 'unwanted';
    const { eventId, recordId } = record;
    const taken = eventId === failedLogon ? 'failure' : eventId === successfulLogon ? 'success' : 'other';
    if (recordId > 0) {
      this.#seenBySecond ??= this.#everySeen(ticksPerSecond);
      const second = Math.floor(record.time / ticksPerSecond);
      const computer = this.#computer(record.system('computer'));
      if (this.#seenBySecond.add(computer, recordId, second, this.#place(taken)) >= 0) return 'repeated';
    }
    return this.#takeNew(record, taken, whole);
  }

  #takeNew(
    record: TakenRecord,
    taken: 'failure' | 'success' | 'other',
    whole: ((event: SecurityEvent) => void) | undefined,
  ): Taken {
    const { eventId, time: at } = record;
    if (taken === 'failure') this.failures.addEvent(this.#readFailure(record), !record.verified);
    else if (taken === 'success') this.#takeSuccess(record);
    else if (eventId === specialPrivileges) this.#takePrivileges(record);
    else if (otherLogEvents.has(eventId)) {
      // A connection or a session of Remote Desktop says nothing of logons that failed meanwhile.
      if (openSshEvents.has(eventId) || eventId === rdpRefused) this.otherSpan.add(at);
      this.other.take(record);
      return taken;
    } else if (directoryEvents.has(eventId)) this.other.take(record);
    else this.#takeLater(record);
    if (eventId !== serviceInstalled && eventId !== logCleared) {
      this.span.add(at);
      this.#security.add(this.#computerOf(record));
    }
    if (whole) whole(securityEventOf(record));
    return taken;
  }

  #readFailure(record: TakenRecord): LogonEvent {
    const failure = this.#failure;
    record.choose(failureFields);
    failure.at = record.time;
    failure.recordId = record.recordId;
    failure.computer = record.system('computer');
    failure.account = record.text(0);
    failure.domain = record.text(6);
    failure.address = record.text(1);
    failure.logonType = record.number(2);
    failure.status = this.#code(record, 3);
    failure.subStatus = this.#code(record, 4);
    if (isZero(failure.status) && isZero(failure.subStatus)) failure.subStatus = record.text(7) || failure.subStatus;
    // The program identifies the client only where no address is recorded.
    failure.processName = failure.address.length > 1 ? '' : record.text(5);
    return failure;
  }

  /** A status code; the few that there are, are made texts once. */
  #code(record: TakenRecord, place: number): string {
    const number = record.number(place);
    if (number === null) return record.text(place);
    let code = this.#codes.get(number);
    if (code === undefined) {
      code = `0x${number.toString(16)}`;
      if (this.#codes.size < FailureColumns.mostCodes) this.#codes.set(number, code);
    }
    return code;
  }

  #takeSuccess(record: TakenRecord): void {
    if (record.verified) this.verifiedSuccesses += 1;
    else this.unverifiedSuccesses += 1;
    this.#entered.add(this.#computerOf(record));
    record.choose(successFields);
    const type = record.number(2);
    if (type !== null && !tellingTypes.has(type)) return;
    const columns = this.#successes;
    columns.at.push(record.time);
    columns.recordId.push(record.recordId);
    columns.computer.push(this.#computerOf(record));
    columns.account.push(this.#names.numberOf(record.text(0)));
    columns.address.push(this.#names.numberOf(record.text(1)));
    columns.type.push(type ?? 255);
    columns.logonId.push(record.number(3) ?? 0);
    columns.verified.push(record.verified ? 1 : 0);
  }

  /** The number of the record's computer: mostly that of the one before. */
  #computerOf(record: TakenRecord): number {
    const name = record.system('computer');
    if (name !== this.#lastComputer) {
      this.#lastComputer = name;
      this.#lastNumber = this.#names.numberOf(name);
    }
    return this.#lastNumber;
  }

  #takePrivileges(record: TakenRecord): void {
    record.choose(privilegeFields);
    const id = record.number(1) ?? 0;
    // Windows logs these all day, and none of them is a logon from outside.
    if (ownSessions.has(id)) return;
    const { at, recordId, computer, subject, session } = this.#privileges;
    at.push(record.time);
    recordId.push(record.recordId);
    computer.push(this.#computerOf(record));
    subject.push(this.#names.numberOf(record.text(0)));
    session.push(id);
  }

  /**
   * Does any event, failed or not, report a logon? Other events of the Security log do not prove that logons would
   * be logged.
   */
  get tellsOfLogons(): boolean {
    return this.failures.length + this.verifiedSuccesses + this.unverifiedSuccesses + this.otherLogons > 0;
  }

  #takeLater(record: TakenRecord): void {
    const clears = record.eventId === securityLogCleared || record.eventId === logCleared;
    const full = this.#later.length >= mostLater;
    if (full) this.cut += 1;
    if (full && !clears) return;
    const event = securityEventOf(record);
    if (clears) this.#takeClearing(event);
    if (full) return;
    const parts = partsOf(event);
    const what = `${eventWords(parts)}${event.verified ? '' : ' (unverified)'}`;
    const { at, eventId, computer, session } = event;
    this.#sids.learn(eventId, event.account, event.member);
    this.#later.push({
      event: { at, eventId, computer, logonId: session, what, target: event.account, made: madeBy(parts) },
      recordId: event.recordId,
    });
  }

  /** Takes what audit says that someone did on Linux; in the end it counts unless a line of syslog by the same program says it. */
  takeAudited(action: Action & { program: string }): void {
    if (this.#audited.length >= mostLater) this.cut += 1;
    else this.#audited.push(action);
  }

  #addAudited(): void {
    const isSame = (one: string, other: string): boolean =>
      this.names.nameOf(one).toLowerCase() === this.names.nameOf(other).toLowerCase();
    for (const { at, computer, program, what } of this.#audited) {
      const moment = Math.floor(at / actionNear);
      const isLogged = [-1, 0, 1].some((by) =>
        this.#actionsAt
          .get(actionPlace(program, moment + by))
          ?.values()
          .some((other) => isSame(other, computer)),
      );
      if (!isLogged) this.#keepAction({ at, computer: this.names.nameOf(computer), what });
    }
  }

  /** Takes what a line of syslog says that someone did on Linux; one that comes again within a day counts once. */
  takeAction(action: Action): void {
    const { at, computer, what } = action;
    const place = actionPlace(what.slice(0, what.indexOf(':')), Math.floor(at / actionNear));
    const computers = this.#actionsAt.get(place);
    if (computers) {
      if (computers.size < mostComputersAtOnce) computers.add(computer);
    } else if (this.#actionsAt.size < mostLater) this.#actionsAt.set(place, new Set([computer]));
    this.#keepAction(action);
  }

  #keepAction({ at, computer, what }: Action): void {
    const key = `${computer.toLowerCase()}\n${what}`;
    const known = this.#actions.get(key) ?? [];
    const near = known.find((one) => Math.abs(one.at - at) < ticksPerDay);
    if (near) {
      near.at = Math.min(near.at, at);
      return;
    }
    if (this.#actionsKept >= mostLater) {
      this.cut += 1;
      return;
    }
    this.#actionsKept += 1;
    known.push({ at, eventId: 0, computer, logonId: '', what });
    this.#actions.set(key, known);
  }

  /** The names of all computers in what was taken. */
  computerNames(): Set<string> {
    const names = this.other.computerNames();
    for (const { computer } of this.#audited) names.add(computer);
    for (const computers of this.#actionsAt.values()) for (const computer of computers) names.add(computer);
    for (const number of [...this.#security, ...this.#entered]) names.add(this.#names.text(number));
    for (const name of this.failures.computers.texts) names.add(name);
    return names;
  }

  #renameComputers(): void {
    const nameOf = (name: string): string => this.names.nameOf(name);
    this.failures.renameComputers(nameOf);
    this.other.renameComputers(nameOf);
    const actions = [...this.#actions.values()].flat();
    this.#actions.clear();
    this.#actionsKept = 0;
    for (const action of actions) this.#keepAction({ ...action, computer: nameOf(action.computer) });
  }

  /** Once all is read: adds what other events report of failed logons. `names` are those of what was taken, and of more. */
  finish(thresholds: Thresholds, names: ComputerNames): void {
    this.names = names;
    if (names.areSeveral) this.#renameComputers();
    this.#addAudited();
    this.#witnessed = this.other.addTo(this.failures, thresholds, this.#named(this.#entered));
    this.cut += this.other.cut;
  }

  /** Clients connected while failures without an address were logged, by other logs. */
  get witnesses(): readonly Witness[] {
    return this.#witnessed.witnesses;
  }

  /** Logons that are reported by what reports failed ones too: OpenSSH, and a domain controller. */
  get otherLogons(): number {
    return this.#witnessed.besideFailures;
  }

  /**
   * The computers, in lower case, whose successful logons would be in what was read: those that logged some (4624, a domain
   * controller's tickets), and those of sshd's lines alone, which has both sorts in one log.
   */
  get computersWithSuccesses(): ReadonlySet<string> {
    const security = this.#named(this.#security);
    const { tickets, sshd } = this.other.computers();
    return new Set([...this.#named(this.#entered), ...tickets, ...sshd.filter((name) => !security.has(name))]);
  }

  /** The computers, in lower case, of which any logon is known: those that failed, and all that are. */
  get computersTold(): { failed: ReadonlySet<string>; any: ReadonlySet<string> } {
    const failed = this.failures.computersOfRows();
    const { tickets, sshd } = this.other.computers();
    const reported = [...this.other.reported.rows()].map(({ computer }) => computer.trim().toLowerCase());
    return { failed, any: new Set([...failed, ...this.#named(this.#entered), ...tickets, ...sshd, ...reported]) };
  }

  #named(numbers: ReadonlySet<number>): Set<string> {
    return new Set([...numbers].map((number) => this.#computerText(number).trim().toLowerCase()));
  }

  #takeClearing({ at, eventId, computer, subject, thing }: SecurityEvent): void {
    if (this.clearings.length >= mostClearings) return;
    this.clearings.push({ at, computer, log: eventId === securityLogCleared ? 'Security' : thing, by: subject });
  }

  /** The number by which `SeenEvents` knows the event that is taken next: its row and its kind. */
  #place(kind: keyof typeof kinds): number {
    const row = kind === 'failure' ? this.failures.length : kind === 'success' ? this.#successes.at.length : 0;
    return row * 4 + kinds[kind];
  }

  /** A verified copy of an event that was taken before: it replaces one that was not verified. */
  #confirm(place: number, record: TakenRecord): void {
    const row = Math.floor(place / 4);
    if (place % 4 === kinds.failure && this.failures.unverified[row] === 1)
      this.failures.replaceEvent(row, this.#readFailure(record));
    if (place % 4 !== kinds.success || this.#successes.recordId.at(row) !== record.recordId) return;
    if (this.#successes.verified.at(row) === 1) return;
    record.choose(successFields);
    this.#successes.verified.set(row, 1);
    this.#successes.account.set(row, this.#names.numberOf(record.text(0)));
    this.#successes.address.set(row, this.#names.numberOf(record.text(1)));
    this.unverifiedSuccesses -= 1;
    this.verifiedSuccesses += 1;
  }

  /**
   * The successes that can have followed a burst, by an address or an account that failed; and what came after logons,
   * where special privileges are kept for the sessions of those successes alone.
   */
  evidence(unverified: boolean): { successes: Success[]; later: LaterEvent[] } {
    const columns = this.#successes;
    const telling = Uint8Array.from(this.#names.texts, (name) =>
      this.failures.addresses.find(sourceAddress(name)) > 0 || this.failures.accounts.find(accountName(name).key) > 0
        ? 1
        : 0,
    );
    const successes: Success[] = [];
    const sessions = new Set<number>();
    for (let i = 0; i < columns.at.length; i++) {
      if (columns.verified.at(i) === 0 && !unverified) continue;
      if (telling[columns.account.at(i)] !== 1 && telling[columns.address.at(i)] !== 1) continue;
      const at = columns.at.at(i);
      sessions.add(columns.logonId.at(i));
      successes.push({
        first: at,
        last: at,
        recordId: columns.recordId.at(i),
        computer: this.#computerText(columns.computer.at(i)),
        account: this.#names.text(columns.account.at(i)),
        address: this.#names.text(columns.address.at(i)),
        logonType: columns.type.at(i) === 255 ? null : columns.type.at(i),
        logonId: sessionText(columns.logonId.at(i)),
        method: '',
      });
    }
    for (const success of this.#witnessed.successes) successes.push(success);
    this.#addReported(successes);
    const actions = [...this.#actions.values()].flat();
    const later: LaterEvent[] = this.#later.map(({ event }) => {
      const what = this.#sids.told(event.what);
      const named = this.names.nameOf(event.computer);
      return what === event.what && named === event.computer ? event : { ...event, what, computer: named };
    });
    const { at, computer, subject, session } = this.#privileges;
    for (let i = 0; i < at.length; i++) {
      if (!sessions.has(session.at(i))) continue;
      later.push({
        at: at.at(i),
        eventId: specialPrivileges,
        computer: this.#computerText(computer.at(i)),
        logonId: sessionText(session.at(i)),
        what: `special privileges for ${this.#names.text(subject.at(i))}`,
      });
    }
    return { successes, later: [...later, ...actions] };
  }

  /** Adds successes that only what reports some of them has. */
  #addReported(successes: Success[]): void {
    if (this.other.reported.length === 0) return;
    const isLogged = loggedAmong(successes.map((one) => ({ ...one, at: one.first })));
    for (const one of this.other.reported.successes())
      if ((one.logonType === null || tellingTypes.has(one.logonType)) && !isLogged({ ...one, at: one.first }))
        successes.push(one);
  }

  /** The name by which the computer of that number is known. */
  #computerText(number: number): string {
    return this.names.nameOf(this.#names.text(number));
  }

  /** A computer's number for `SeenEvents`, whatever the case of its name. */
  #computer(name: string): number {
    return this.#names.numberOf(name.trim().toLowerCase());
  }

  /** Every event that was taken; `unit` is how fine their times are. */
  #everySeen(unit: Ticks = 1): SeenEvents {
    const seen = new SeenEvents();
    const add = (computer: number, recordId: number, at: Ticks, place: number): number =>
      seen.add(computer, recordId, unit === 1 ? at : Math.floor(at / unit), place);
    const { failures } = this;
    const byNumber = failures.computers.texts.map((name) => this.#computer(name));
    for (let row = 0; row < failures.length; row++) {
      const computer = byNumber[failures.computer[row] ?? 0] ?? 0;
      add(computer, failures.recordId[row] ?? 0, failures.time[row] ?? 0, row * 4 + kinds.failure);
    }
    const computerOf = (number: number): number => this.#computer(this.#names.text(number));
    const { at, recordId, computer } = this.#successes;
    for (let row = 0; row < at.length; row++)
      add(computerOf(computer.at(row)), recordId.at(row), at.at(row), row * 4 + kinds.success);
    const privileges = this.#privileges;
    for (let row = 0; row < privileges.at.length; row++) {
      const [number, id, time] = [privileges.computer, privileges.recordId, privileges.at].map((all) => all.at(row));
      add(computerOf(number ?? 0), id ?? 0, time ?? 0, kinds.other);
    }
    for (const { computer: name, recordId: id, at: time } of this.other.taken())
      add(this.#computer(name), id, time, kinds.other);
    for (const { event, recordId: id } of this.#later) add(this.#computer(event.computer), id, event.at, kinds.other);
    return seen;
  }
}
