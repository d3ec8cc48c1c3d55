import { at, type Json, numberAt, textAt } from '../../arm/json.ts';
import type { Thresholds } from '../../triage/logons/bursts.ts';
import { type EventParts, eventWords, madeBy } from '../../triage/logons/event-words.ts';
import type { FailureColumns } from '../../triage/logons/events.ts';
import { explicitFloods } from '../../triage/logons/explicit-floods.ts';
import { failureCode } from '../../triage/logons/failure-codes.ts';
import { SidNames } from '../../triage/logons/sid-names.ts';
import { judge, type TimedLine } from '../../triage/logons/ssh-attempts.ts';
import { addLocks, entered, type SshEvidence, type SyslogLine, settled } from '../../triage/logons/ssh-logons.ts';
import { parseSshd } from '../../triage/logons/sshd.ts';
import { eventlessSuccess, type LaterEvent, type Success } from '../../triage/logons/success.ts';
import { type Ticks, ticksOf, ticksPerSecond } from '../../triage/logons/ticks.ts';
import { isRemote, type Witness, withoutPort, witnessSource } from '../../triage/logons/witnesses.ts';

/** How a row's VM becomes the computer of its events: one name for a VM, whatever its logs call it. */
export type ComputerOf = (machine: string) => string;

/** What a minute's row left out, and whether times inside a minute had to be spread. */
export interface Reduction {
  /** Failures that the rows count and do not list, and the computers whose they are. */
  unlisted: number;
  cut: Set<string>;
  /** Did every row keep the time of every failure? */
  exact: boolean;
}

/** A packed list; a list of one may have come as its only value. */
function list(row: Json, name: string): unknown[] {
  const found = at(row, name);
  return Array.isArray(found) ? found : found === null || found === undefined || found === '' ? [] : [found];
}

const text = (value: unknown): string => (typeof value === 'string' ? value : value == null ? '' : String(value));
const count = (value: unknown): number => {
  const number = Number(value);
  return Number.isFinite(number) && number > 0 ? Math.floor(number) : 0;
};
const typeOf = (value: unknown): number | null => (text(value) === '' ? null : count(value));

interface Tuple {
  first: Ticks;
  last: Ticks;
  failures: number;
  index: number;
}

function* tuples(row: Json): Generator<Tuple> {
  const minute = ticksOf(textAt(row, 'Minute'));
  if (minute === null) return;
  const firsts = list(row, 'Firsts');
  const lasts = list(row, 'Lasts');
  for (const [index, failures] of list(row, 'Counts').entries()) {
    const first = minute + count(firsts[index]);
    yield { first, last: Math.max(first, minute + count(lasts[index])), failures: count(failures), index };
  }
}

const isExact = (row: Json): boolean => {
  const exact = at(row, 'Exact');
  return exact === true || exact === 1 || exact === 'true';
};

function addUnlisted(reduction: Reduction, computer: string, unlisted: number): void {
  if (unlisted <= 0) return;
  reduction.unlisted += unlisted;
  reduction.cut.add(computer);
}

/** Adds the rows of `logon-failures.kql` or `fleet-bursts.kql` to the columns. */
export function addFailureRows(
  rows: readonly Json[],
  computerOf: ComputerOf,
  thresholds: Thresholds,
  columns: FailureColumns,
): Reduction {
  const reduction: Reduction = { unlisted: 0, cut: new Set(), exact: true };
  const window = thresholds.windowSeconds * ticksPerSecond;
  for (const row of rows) {
    const computer = computerOf(textAt(row, 'Machine'));
    const [addresses, accounts] = [list(row, 'Addresses'), list(row, 'Accounts')];
    const [codes, types] = [list(row, 'Codes'), list(row, 'LogonTypes')];
    const [programs, domains] = [list(row, 'Processes'), list(row, 'Domains')];
    let listed = 0;
    for (const { first, last, failures, index } of tuples(row)) {
      listed += failures;
      columns.addBucket(
        {
          first,
          last,
          failures,
          computer,
          address: text(addresses[index]),
          account: text(accounts[index]),
          logonType: typeOf(types[index]),
          code: failureCode('', text(codes[index])),
          process: text(programs[index]),
          domain: text(domains[index]),
        },
        thresholds.failures,
        window,
      );
    }
    addUnlisted(reduction, computer, (numberAt(row, 'Failures') ?? 0) - listed);
    reduction.exact &&= isExact(row);
  }
  return reduction;
}

/** Adds what floods there are in the rows of `explicit-credentials.kql` to the columns. */
export function addExplicitRows(
  rows: readonly Json[],
  computerOf: ComputerOf,
  thresholds: Thresholds,
  columns: FailureColumns,
): void {
  const uses = rows.flatMap((row) => {
    const [first, last] = [ticksOf(textAt(row, 'First')), ticksOf(textAt(row, 'Last'))];
    if (first === null || last === null) return [];
    return {
      first,
      last,
      attempts: numberAt(row, 'Attempts') ?? 1,
      computer: computerOf(textAt(row, 'Machine')),
      subject: textAt(row, 'Subject'),
      account: textAt(row, 'Account'),
      address: textAt(row, 'Address'),
      program: textAt(row, 'Process'),
    };
  });
  for (const { attempts, program, ...use } of explicitFloods(uses, thresholds))
    columns.addBucket(
      { ...use, failures: attempts, logonType: null, code: 'explicit-credentials', process: program },
      thresholds.failures,
      thresholds.windowSeconds * ticksPerSecond,
    );
}

/** What the rows of `linux-logons.kql` or `fleet-sshd.kql` say. */
export interface SshdRows extends Reduction {
  successes: Success[];
  /** Keys of accounts that sshd says are there. */
  existing: Set<string>;
  failures: number;
  /** Lines of sshd itself, which logs failures and logons to the same facility at the same level. */
  ownLines: number;
  /** Lines that the query chose and no form is known for, and one of them. */
  unread: number;
  unreadLine: string;
}

/** One process as the query packs it: what it said, its lines' times (null where they were merged) and how it was read. */
interface Said {
  lines: TimedLine[];
  timed: boolean;
  own: number;
  unread: number;
  unreadLine: string;
}

/** Reads "123 message\n456 message": times since the process began, absent where like processes were counted. */
function saidIn(packed: string): Said {
  const said: Said = { lines: [], timed: true, own: 0, unread: 0, unreadLine: '' };
  for (const told of packed.split('\n')) {
    const space = told.indexOf(' ');
    const message = told.slice(space + 1);
    const line = parseSshd(message);
    if (line === null) {
      said.unread += 1;
      said.unreadLine = message;
      continue;
    }
    if (space <= 0) said.timed = false;
    if (line.service === '') said.own += 1;
    said.lines.push({ at: count(told.slice(0, Math.max(0, space))), line });
  }
  return said;
}

/** Adds the failures in the rows of `linux-logons.kql` or `fleet-sshd.kql` to the columns. */
export function addSshdRows(
  rows: readonly Json[],
  computerOf: ComputerOf,
  thresholds: Thresholds,
  columns: FailureColumns,
): SshdRows {
  const window = thresholds.windowSeconds * ticksPerSecond;
  const told: SshdRows = {
    unlisted: 0,
    cut: new Set(),
    exact: true,
    successes: [],
    existing: new Set(),
    failures: 0,
    ownLines: 0,
    unread: 0,
    unreadLine: '',
  };
  const evidence: SshEvidence = { attempts: [], logons: [], existing: new Set(), locks: new Map() };
  for (const row of rows) {
    const computer = computerOf(textAt(row, 'Machine'));
    const [packs, known] = [list(row, 'Said'), list(row, 'Known')];
    let listed = 0;
    for (const { first, last, failures: processes, index } of tuples(row)) {
      const said = saidIn(text(packs[index]));
      listed += processes * (said.lines.length + said.unread);
      told.ownLines += processes * said.own;
      told.unread += processes * said.unread;
      told.unreadLine ||= said.unreadLine;
      const { attempts, logons, existing, locks } = judge(said.lines);
      const timesOf = (at: Ticks) => (said.timed ? { first: first + at, last: first + at } : { first, last });
      addLocks(
        evidence,
        computer,
        locks.map(({ at, account }) => ({ at: timesOf(at).last, account })),
      );
      for (const attempt of attempts) {
        const failures = processes * attempt.times;
        const isKnown = known[index] === true || known[index] === 1;
        evidence.attempts.push({ computer, ...timesOf(attempt.at), failures, attempt, known: isKnown });
      }
      for (const logon of logons) {
        const times = timesOf(logon.at);
        evidence.logons.push({ ...logon, computer, at: times.first, last: times.last });
      }
      for (const account of existing) {
        evidence.existing.add(`${computer}\n${account}`);
        told.existing.add(account);
      }
    }
    addUnlisted(told, computer, (numberAt(row, 'Lines') ?? 0) - listed);
    told.exact &&= isExact(row);
  }
  for (const logon of entered(evidence)) told.successes.push(eventlessSuccess(logon));
  for (const { computer, first, last, failures, attempt } of settled(evidence)) {
    const { account, address, code } = attempt;
    told.failures += failures;
    columns.addBucket(
      { first, last, failures, computer, address, account, logonType: null, code },
      thresholds.failures,
      window,
    );
  }
  return told;
}

/** The rows of `logon-successes.kql`. */
export function successesOf(rows: readonly Json[], computerOf: ComputerOf): Success[] {
  return rows.flatMap((row) => {
    const first = ticksOf(textAt(row, 'First'));
    const last = ticksOf(textAt(row, 'Last'));
    if (first === null || last === null) return [];
    return {
      first,
      last,
      recordId: 0,
      computer: computerOf(textAt(row, 'Machine')),
      account: textAt(row, 'Account'),
      address: textAt(row, 'Address'),
      logonType: typeOf(textAt(row, 'LogonType')),
      logonId: textAt(row, 'LogonId'),
      method: textAt(row, 'Method'),
    };
  });
}

/** The parts of a row of `logon-aftermath.kql` or `events-around.kql`. */
export function partsOf(row: Json): EventParts {
  return {
    eventId: numberAt(row, 'EventID') ?? 0,
    account: textAt(row, 'Account'),
    address: textAt(row, 'Address'),
    logonType: textAt(row, 'LogonType'),
    status: textAt(row, 'Status'),
    subStatus: textAt(row, 'SubStatus'),
    subject: textAt(row, 'Subject'),
    member: textAt(row, 'Member'),
    thing: textAt(row, 'Thing'),
  };
}

/** The accounts' names that rows of `logon-aftermath.kql` or `events-around.kql` report with their SIDs. */
export function sidNamesIn(rows: readonly Json[]): SidNames {
  const sids = new SidNames();
  for (const row of rows) {
    const { eventId, account, member } = partsOf(row);
    sids.learn(eventId, account, member);
  }
  return sids;
}

/** The rows of `logon-aftermath.kql`, `service-installs.kql` or `linux-aftermath.kql`. */
export function laterEventsOf(rows: readonly Json[], computerOf: ComputerOf): LaterEvent[] {
  const sids = sidNamesIn(rows);
  return rows.flatMap((row) => {
    const when = ticksOf(textAt(row, 'At'));
    if (when === null) return [];
    const parts = 'Service' in row ? { ...partsOf(row), eventId: 7045, thing: textAt(row, 'Service') } : partsOf(row);
    return {
      at: when,
      eventId: parts.eventId,
      computer: computerOf(textAt(row, 'Machine')),
      logonId: textAt(row, 'Session'),
      what: textAt(row, 'What') || sids.told(eventWords(parts)),
      target: parts.account,
      made: madeBy(parts),
    };
  });
}

/** The rows of `other-logs.kql`: lines of OpenSSH for Windows, who was there by Remote Desktop's logs, and its sessions. */
export function otherLogsOf(
  rows: readonly Json[],
  computerOf: ComputerOf,
): { lines: SyslogLine[]; witnesses: Witness[]; sessions: Success[] } {
  const found = { lines: [] as SyslogLine[], witnesses: [] as Witness[], sessions: [] as Success[] };
  for (const row of rows) {
    const [first, last] = [ticksOf(textAt(row, 'First')), ticksOf(textAt(row, 'Last'))];
    if (first === null || last === null) continue;
    const computer = computerOf(textAt(row, 'Machine'));
    const eventId = numberAt(row, 'EventID') ?? 0;
    const address = withoutPort(textAt(row, 'Address'));
    if (eventId === openSshEvent) {
      found.lines.push({ at: first, computer, processId: null, message: textAt(row, 'Message') });
      continue;
    }
    const events = numberAt(row, 'Events') ?? 1;
    found.witnesses.push({ at: first, computer, address, source: witnessSource(eventId), events });
    const session = { recordId: 0, computer, account: textAt(row, 'Account'), address, logonId: '', method: '' };
    if (sessionTypes.has(eventId) && isRemote(address))
      found.sessions.push({ ...session, first, last, logonType: sessionTypes.get(eventId) ?? null });
  }
  return found;
}

const openSshEvent = 4;
/** Sessions of Remote Desktop as 4624 would have their type: on, and again. */
const sessionTypes = new Map([
  [21, 10],
  [25, 7],
]);
