import { accountName } from '../triage/logons/account-names.ts';
import { isLoopback, sourceAddress } from '../triage/logons/addresses.ts';
import { type AuditedStep, auditLogons } from '../triage/logons/audit-logons.ts';
import type { Thresholds } from '../triage/logons/bursts.ts';
import { type FailureColumns, type LogonEvent, noEvent } from '../triage/logons/events.ts';
import { addSshAttempts, KnownFailures } from '../triage/logons/known-failures.ts';
import { type SyslogLine, sshLogons } from '../triage/logons/ssh-logons.ts';
import { kerberos as byTicket, eventlessSuccess, type Success } from '../triage/logons/success.ts';
import { type FiledLine, onceAcrossFiles } from '../triage/logons/syslog-copies.ts';
import { type Ticks, ticksPerSecond } from '../triage/logons/ticks.ts';
import { isRemote, type Witness, withoutPort, witnessSource } from '../triage/logons/witnesses.ts';
import { ExplicitCredentials } from './explicit-credentials.ts';
import { payloadField, rdpFields, refusalFields } from './read-fields.ts';
import type { TakenRecord } from './record.ts';
import { ReportedLogons } from './reported-logons.ts';
import {
  explicitCredentials,
  kerberosRefused,
  kerberosTicket,
  ntlmValidation,
  openSshEvents,
  rdpAuthenticated,
  rdpBroken,
  rdpConnected,
  rdpDenied,
  rdpRefused,
  sessionLogon,
  sessionReconnected,
} from './security-events.ts';

/** Other reports of logons are rare beside 4625 and 4624; a log that holds more is reported as cut. */
const most = 1_000_000;
/** Lines of syslog's files; with what is made of them, some two kilobytes each. No file keeps more of them by itself either. */
export const mostLines = 1_000_000;

interface Taken {
  at: Ticks;
  recordId: number;
  computer: string;
  verified: boolean;
}

interface Refusal extends Taken {
  eventId: number;
  account: string;
  address: string;
  code: string;
}

interface Line extends Taken {
  line: SyslogLine;
}

/** A record of btmp, or a session of wtmp. */
interface Utmp {
  at: Ticks;
  computer: string;
  account: string;
  address: string;
  failed: boolean;
}

interface RdpEvent extends Taken {
  eventId: number;
  account: string;
  address: string;
}

/**
 * Events beside 4625 and 4624 that report logons: a domain controller's Kerberos and NTLM refusals (4768, 4771, 4776),
 * denied Remote Desktop (4825), explicit credentials (4648), OpenSSH's own log, and Remote Desktop's.
 */
export class OtherWitnesses {
  /** Events beyond those that are kept. */
  cut = 0;
  /** What reports logons, and not every one. */
  readonly reported = new ReportedLogons();
  readonly #refusals: Refusal[] = [];
  readonly #explicit = new ExplicitCredentials();
  #held = 0;
  /** Tickets that were granted to people, from elsewhere. */
  readonly #tickets: Refusal[] = [];
  readonly #lines: Line[] = [];
  /** Lines of syslog's files, each with the number of its file. */
  readonly #syslog: FiledLine[] = [];
  /** Lines of them beyond those that are kept. */
  cutLines = 0;
  readonly #rdp: RdpEvent[] = [];
  readonly #utmp: Utmp[] = [];
  readonly #audit: AuditedStep[] = [];
  /** Records of audit by computer, time, number and type: one that several files have counts once. */
  readonly #auditSeen = new Set<string>();
  /** How many times a record is in the last file that had it, and how many of them were kept. */
  readonly #utmpSeen = new Map<string, { file: number; inFile: number; kept: number }>();

  /** Events and lines that were kept: each reports a logon, failed or not. */
  get held(): number {
    return this.#held + this.#syslog.length + this.#utmp.length + this.#audit.length;
  }

  /** Are there lines of OpenSSH? It logs what failed and what succeeded side by side. */
  get hasSshLines(): boolean {
    return this.#lines.length > 0 || this.hasSyslog;
  }

  /** Are there lines of syslog's files that report logons? */
  get hasSyslog(): boolean {
    return this.#syslog.length > 0;
  }

  /** All that was taken, so far as it names a computer. */
  *#named(): Generator<{ computer: string }> {
    for (const rows of [this.#syslog, this.#audit, this.#utmp, this.#rdp, this.#refusals, this.#tickets]) yield* rows;
    yield* this.#lines;
    for (const { line } of this.#lines) yield line;
    yield* this.#explicit.uses;
    yield* this.reported.rows();
  }

  /** The names of computers in all that was taken, as they were written. */
  computerNames(): Set<string> {
    const names = new Set<string>();
    for (const { computer } of this.#named()) names.add(computer);
    return names;
  }

  /** Puts what was taken of a computer that has several names under one of them. */
  renameComputers(nameOf: (name: string) => string): void {
    for (const row of this.#named()) row.computer = nameOf(row.computer);
  }

  /** Takes a line of a file that holds syslog's messages; one that says nothing of a logon is left out. */
  takeLine(line: FiledLine): void {
    if (this.#syslog.length >= mostLines) this.cutLines += 1;
    else this.#syslog.push(line);
  }

  /** Takes a record of btmp or wtmp; one that another file has too (`file` is its number) counts once. */
  takeUtmp(record: Utmp & { processId: number }, file: number): void {
    const { at, failed, processId, account, address } = record;
    const key = `${at} ${failed} ${processId} ${account}\n${address}`;
    const seen = this.#utmpSeen.get(key) ?? { file, inFile: 0, kept: 0 };
    this.#utmpSeen.set(key, seen);
    seen.inFile = seen.file === file ? seen.inFile + 1 : 1;
    seen.file = file;
    if (seen.inFile <= seen.kept) return;
    seen.kept = seen.inFile;
    if (this.#utmp.length >= mostLines) this.cutLines += 1;
    else this.#utmp.push(record);
  }

  /** Takes a record of audit; `id` is its time and number, by which it is known in another file. */
  takeAudit(step: AuditedStep, id: string): void {
    const key = `${step.computer}\n${id}\n${step.type}`;
    if (this.#auditSeen.has(key)) return;
    if (this.#audit.length >= mostLines) {
      this.cutLines += 1;
      return;
    }
    this.#auditSeen.add(key);
    this.#audit.push(step);
  }

  /** Are there records of audit that report logons? It keeps what failed and what succeeded side by side. */
  get hasAudit(): boolean {
    return this.#audit.length > 0;
  }

  /** Are there records of btmp? */
  get hasBtmp(): boolean {
    return this.#utmp.some(({ failed }) => failed);
  }

  /** How many sessions wtmp has. */
  get utmpSessions(): number {
    return this.#utmp.filter(({ failed }) => !failed).length;
  }

  /** Are there a domain controller's tickets? */
  get hasTickets(): boolean {
    return this.#tickets.length > 0;
  }

  /** The computers, in lower case, that granted tickets, and those of sshd's lines. */
  computers(): { tickets: string[]; sshd: string[] } {
    const distinct = (rows: readonly { computer: string }[]): string[] => [
      ...new Set(rows.map(({ computer }) => computer.trim().toLowerCase())),
    ];
    return {
      tickets: distinct(this.#tickets),
      sshd: [
        ...distinct(this.#lines),
        ...distinct(this.#syslog),
        ...distinct(this.#audit),
        ...distinct(this.#utmp.filter(({ failed }) => !failed)),
      ],
    };
  }

  /** Connections of Remote Desktop (131), or its sessions (21, 25), by address, most first: no proof that none failed. */
  remote(of: 'connections' | 'sessions'): { address: string; events: number }[] {
    const wanted = of === 'sessions' ? sessions : new Set([rdpConnected]);
    const counts = new Map<string, number>();
    for (const { address, eventId } of this.#rdp)
      if (wanted.has(eventId) && (of === 'connections' || isRemote(address)))
        counts.set(address, (counts.get(address) ?? 0) + 1);
    return [...counts].map(([address, events]) => ({ address, events })).sort((a, b) => b.events - a.events);
  }

  /** All that was taken, for `SeenEvents`. */
  *taken(): Generator<Taken> {
    yield* this.#refusals;
    for (const { at, recordId, verified, use } of this.#explicit.attempts())
      yield { at, recordId, verified, computer: use.computer };
    yield* this.#tickets;
    yield* this.#lines;
    yield* this.#rdp;
  }

  take(record: TakenRecord): void {
    if (this.#held >= most) {
      this.cut += 1;
      return;
    }
    const { eventId } = record;
    if (eventId === explicitCredentials) {
      this.#held += 1;
      this.#explicit.take(record);
    } else if (openSshEvents.has(eventId) || rdpEvents.has(eventId)) this.#takeOtherLog(record);
    else this.#takeRefusal(record);
  }

  #taken(record: TakenRecord): Taken {
    this.#held += 1;
    const { time: at, recordId, verified } = record;
    return { at, recordId, computer: record.system('computer'), verified };
  }

  #takeOtherLog(record: TakenRecord): void {
    const taken = this.#taken(record);
    const { at, computer } = taken;
    if (openSshEvents.has(record.eventId)) {
      record.choose(payloadField);
      const message = record.text(0);
      const processId = record.processId();
      this.#lines.push({ ...taken, line: { at, computer, processId, message } });
      return;
    }
    record.choose(rdpFields);
    const address = withoutPort(record.text(0)) || record.text(1) || record.text(3) || record.text(5);
    this.#rdp.push({ ...taken, eventId: record.eventId, account: record.text(2) || record.text(4), address });
  }

  #takeRefusal(record: TakenRecord): void {
    const { eventId } = record;
    record.choose(refusalFields);
    const status = record.number(0) ?? 0;
    const kerberos = eventId === kerberosTicket || eventId === kerberosRefused;
    const granted = status === 0 && eventId !== rdpDenied;
    // The client is asked to prove who it is, which comes before every ticket.
    if ((granted && eventId !== kerberosTicket) || (kerberos && status === 0x19)) return;
    const account = record.text(1) || record.text(3);
    const address = record.text(2) || record.text(4);
    if (granted && (account.endsWith('$') || !record.verified || isLoopback(sourceAddress(address)))) return;
    const code = eventId === rdpDenied ? 'rdp:denied' : `${kerberos ? 'kerberos:' : ''}0x${status.toString(16)}`;
    (granted ? this.#tickets : this.#refusals).push({ ...this.#taken(record), eventId, account, address, code });
  }

  /**
   * Adds what counts as failed logons to `failures`, which hold the 4625s: NTLM's refusals that no 4625 of the account
   * reports, Kerberos' all, attempts with explicit credentials where one subject tries many accounts; OpenSSH's
   * attempts, of which 4625 knows no address; and refused connections of Remote Desktop where there is no 4625 at all.
   */
  addTo(
    failures: FailureColumns,
    thresholds: Thresholds,
    entered: ReadonlySet<string>,
  ): { successes: Success[]; besideFailures: number; witnesses: Witness[] } {
    const known = new KnownFailures(failures);
    // Where the Security log has logons of a computer, it has those that Remote Desktop refused.
    const logged = new Set([...entered, ...failures.computersOfRows()]);
    const add = (refusal: Refusal): void => failures.addEvent(eventOf(refusal, refusal.code, ''), !refusal.verified);
    for (const refusal of this.#refusals)
      if (refusal.eventId !== ntlmValidation || known.spend(refusal, ntlmNear, () => true) < 0) add(refusal);
    for (const { first: at, verified, program, ...attempt } of this.#explicit.floods(thresholds))
      failures.addEvent(eventOf({ ...attempt, at }, 'explicit-credentials', program), !verified);

    const verified = this.#lines.filter((line) => line.verified).map(({ line }) => line);
    const doubted = this.#lines.filter((line) => !line.verified).map(({ line }) => line);
    const ssh = sshLogons([...verified, ...onceAcrossFiles(this.#syslog)]);
    addSshAttempts(failures, known, ssh.failures, false);
    addSshAttempts(failures, known, sshLogons(doubted).failures, true);
    const audited = this.#addAudit(failures, ssh.successes);
    const sessions = this.#addUtmp(failures, [...ssh.successes, ...audited]);
    const witnesses: Witness[] = [];
    for (const { eventId, at, computer, address, account, verified: sure } of this.#rdp) {
      if (eventId === rdpRefused && !logged.has(computer.trim().toLowerCase()))
        failures.addEvent({ ...eventOf({ at, computer, account, address }, 'rdp:refused', ''), logonType: 10 }, !sure);
      else if (sure && address !== '')
        witnesses.push({ at, computer, address, source: witnessSource(eventId), events: 1 });
    }
    witnesses.push(...this.reported.addTo(failures, thresholds));
    const tickets = this.#tickets
      .filter(({ account }) => failures.accounts.find(failures.keyOf(account)) > 0)
      .map((ticket) => eventlessSuccess({ ...eventOf(ticket, '', ''), method: byTicket }));
    const beside = [...ssh.successes.map(eventlessSuccess), ...audited.map(eventlessSuccess), ...tickets];
    return { successes: [...beside, ...sessions, ...this.#sessions()], besideFailures: beside.length, witnesses };
  }

  /** Adds what audit alone reports: sshd writes lines of the same attempt. Gives the logons that no line of sshd reports. */
  #addAudit(failures: FailureColumns, accepted: readonly LogonEvent[]): LogonEvent[] {
    if (this.#audit.length === 0) return [];
    const { failures: refused, successes } = auditLogons(this.#audit);
    const known = new KnownFailures(failures);
    const computers = failures.computers.texts.slice(0, computersTried);
    for (const attempt of refused) {
      const source = failures.addresses.find(sourceAddress(attempt.address));
      const places = attempt.computer === '' ? computers : [attempt.computer];
      const isKnown = places.some((computer) => {
        const own = { ...attempt, computer };
        return (
          known.spend(own, auditNear, (row) => failures.address[row] === source) >= 0 ||
          // Either may hide a name that is no account.
          known.spendOfSource(own, auditNear, (row) => attempt.account === '' || failures.account[row] === 0) >= 0
        );
      });
      if (!isKnown) failures.addEvent(attempt, false);
    }
    const isLogged = loggedAmong(accepted);
    return successes.filter((logon) => !isLogged(logon));
  }

  /**
   * Adds what btmp alone reports: sshd and audit write of the same attempt. Gives the sessions of wtmp that neither reports.
   */
  #addUtmp(failures: FailureColumns, accepted: readonly LogonEvent[]): Success[] {
    const known = new KnownFailures(failures);
    const computers = failures.computers.texts.slice(0, computersTried);
    const isLogged = loggedAmong(accepted);
    const successes: Success[] = [];
    for (const record of this.#utmp) {
      const { computer, address, failed } = record;
      if (failed) {
        const source = failures.addresses.find(sourceAddress(address));
        const fits = (row: number): boolean => failures.address[row] === source;
        const places = computer === '' ? computers : [computer];
        const isKnown = places.some((place) => {
          const own = { ...record, computer: place };
          return (
            known.spend(own, utmpNear, fits) >= 0 ||
            known.spendOfSource(own, auditNear, (row) => failures.account[row] === 0) >= 0
          );
        });
        if (!isKnown) failures.addEvent(eventOf(record, 'btmp:failed', ''), false);
      } else if (!isLogged(record)) successes.push(eventlessSuccess(eventOf(record, '', '')));
    }
    return successes;
  }

  /**
   * Sessions of Remote Desktop that were logged on or reconnected; not those at the console.
   */
  #sessions(): Success[] {
    return this.#rdp
      .filter(({ eventId, verified, address }) => verified && sessions.has(eventId) && isRemote(address))
      .map((session) =>
        eventlessSuccess({ ...session, logonType: session.eventId === sessionLogon ? 10 : 7, method: '' }),
      );
  }
}

const rdpEvents = new Set([rdpConnected, rdpBroken, rdpRefused, rdpAuthenticated, sessionLogon, sessionReconnected]);
const sessions = new Set([sessionLogon, sessionReconnected]);
/** sshd writes its line and the record one after the other; the record may keep whole seconds alone. */
const utmpNear = 2 * ticksPerSecond;
const sessionNear = 5 * ticksPerSecond;
/** PAM is asked before sshd waits for its delay (two seconds, more or less by half) and writes its line. */
const auditNear = 5 * ticksPerSecond;
/** Logons of an account by the stretch of time that they are in. */
const sessionPlace = (account: string, at: Ticks, by: number): string =>
  `${accountName(account).key}\n${Math.floor(at / sessionNear) + by}`;
/** Of a record whose computer is not known. */
const computersTried = 50;

type Entry = Pick<LogonEvent, 'at' | 'computer' | 'account'>;

/** Is a logon one of those that another log has: of the same account, at nearly the same time, on the same computer? */
export function loggedAmong(accepted: readonly Entry[]): (entry: Entry) => boolean {
  const logged = Map.groupBy(accepted, ({ account, at }) => sessionPlace(account, at, 0));
  const isSame = (logon: Entry, { at, computer }: Entry): boolean =>
    Math.abs(logon.at - at) <= sessionNear &&
    (computer === '' || logon.computer === '' || logon.computer.toLowerCase() === computer.toLowerCase());
  return (entry) =>
    [-1, 0, 1].some((by) =>
      logged.get(sessionPlace(entry.account, entry.at, by))?.some((logon) => isSame(logon, entry)),
    );
}

/** NTLM is validated before the logon is refused, on the same computer. */
const ntlmNear = 2 * ticksPerSecond;

function eventOf(
  {
    at,
    computer,
    account,
    address,
    recordId = 0,
  }: { at: Ticks; computer: string; account: string; address: string; recordId?: number },
  code: string,
  processName: string,
): LogonEvent {
  return { ...noEvent, at, recordId, computer, account, address, status: code, processName };
}
