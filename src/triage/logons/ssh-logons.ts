import { accountName } from './account-names.ts';
import { type LogonEvent, noEvent } from './events.ts';
import { type CountedAttempt, judge, type SshLogon, type TimedLine, withoutHalves } from './ssh-attempts.ts';
import { parseSshd } from './sshd.ts';
import { sessionMethod } from './success.ts';
import { type Ticks, ticksPerSecond } from './ticks.ts';

/** A line of syslog, as the Syslog table or a file holds it. */
export interface SyslogLine {
  at: Ticks;
  computer: string;
  /** Of the process that wrote it; null where it was not logged. */
  processId: number | null;
  message: string;
}

/** Lines of one process id that lie further apart are of two processes: sshd waits 120 s for a logon. */
const processGap = 180 * ticksPerSecond;
/** However close they lie, the lines of one connection before its logon do not go on for so long. */
const longestProcess = 3600 * ticksPerSecond;

/** An attempt as it is counted, and the logons and names that show what it means. */
export interface SshEvidence {
  attempts: CountedAttempt[];
  logons: (SshLogon & { computer: string; last: Ticks })[];
  /** `computer\naccount` of accounts that sshd says are there. */
  existing: Set<string>;
  /** `computer\naccount` of accounts that PAM locked for a while, and when. */
  locks: Map<string, Ticks[]>;
}

/** The default of pam_faillock's `unlock_time` (pam_faillock(8)): so long nothing is known of a password that was tried. */
const lockTakes = 600 * ticksPerSecond;
const decidedByPassword = new Set(['sshd:wrong-password', 'sshd:password-refused', 'pam:failure']);

/** Adds when PAM locked accounts of a computer. */
export function addLocks(
  evidence: SshEvidence,
  computer: string,
  locks: readonly { at: Ticks; account: string }[],
): void {
  for (const { at, account } of locks) {
    const key = `${computer}\n${account}`;
    evidence.locks.set(key, [...(evidence.locks.get(key) ?? []), at]);
  }
}

const guessedIn = /^(?:password|keyboard-interactive|challenge-response)/;

/**
 * The attempts as they are counted in the end: each once, whichever process reported it, and with the code that all
 * lines together allow. sshd does not try the password of root where root may log on with a key alone (the default, and
 * Azure's images'), and says "Failed password" all the same: unless a password of root was accepted there, it decides
 * nothing.
 */
export function settled({ attempts, logons, existing, locks }: SshEvidence): CountedAttempt[] {
  const rootByPassword = new Set(
    logons.filter(({ account, method }) => account === 'root' && guessedIn.test(method)).map((one) => one.computer),
  );
  return withoutHalves(attempts).map((one) => {
    const { computer, attempt } = one;
    const key = accountName(attempt.account).key;
    const isLocked =
      attempt.locks !== true &&
      decidedByPassword.has(attempt.code) &&
      locks.get(`${computer}\n${key}`)?.some((at) => one.first > at && one.last <= at + lockTakes) === true;
    if (isLocked) return { ...one, attempt: { ...attempt, code: 'pam:locked-out' } };
    const code =
      attempt.code === 'sshd:wrong-password' && key === 'root' && !rootByPassword.has(computer)
        ? 'sshd:password-refused'
        : attempt.code === 'sshd:invalid-user' && existing.has(`${computer}\n${key}`)
          ? 'sshd:not-allowed'
          : attempt.code;
    return code === attempt.code ? one : { ...one, attempt: { ...attempt, code } };
  });
}

/** A session that PAM opened and the line of sshd that lets it in are one logon, whichever process wrote them. */
const sessionNear = 5 * ticksPerSecond;

/** The logons, each once: sessions that PAM opened only where no line of sshd says how. */
export function entered({ logons }: SshEvidence): SshEvidence['logons'] {
  const keyOf = (logon: { computer: string; account: string }): string =>
    `${logon.computer}\n${accountName(logon.account).key}`;
  const accepted = Map.groupBy(
    logons.filter(({ method }) => method !== sessionMethod),
    keyOf,
  );
  return logons.filter(
    (one) =>
      one.method !== sessionMethod ||
      !accepted
        .get(keyOf(one))
        ?.some((other) => other.at <= one.last + sessionNear && other.last >= one.at - sessionNear),
  );
}

/**
 * The attempts and the logons behind lines of syslog, in any order. A line that was sent twice is read once; an attempt
 * that several lines report counts once. `unread` counts lines that say something about a logon no form is known for.
 */
export function sshLogons(lines: readonly SyslogLine[]): { failures: LogonEvent[]; successes: LogonEvent[] } {
  const evidence: SshEvidence = { attempts: [], logons: [], existing: new Set(), locks: new Map() };
  for (const { computer, known, lines: own } of processesOf(lines)) {
    const { attempts, logons, existing, locks } = judge(own);
    addLocks(evidence, computer, locks);
    for (const attempt of attempts)
      evidence.attempts.push({
        computer,
        first: attempt.at,
        last: attempt.at,
        failures: attempt.times,
        attempt,
        known,
      });
    for (const logon of logons) evidence.logons.push({ ...logon, computer, last: logon.at });
    for (const account of existing) evidence.existing.add(`${computer}\n${account}`);
  }
  const failures = settled(evidence).flatMap(({ computer, failures: times, attempt }) =>
    Array.from({ length: times }, () => logonEvent(computer, attempt)),
  );
  const byTime = (a: LogonEvent, b: LogonEvent): number => a.at - b.at;
  return {
    failures: failures.sort(byTime),
    successes: entered(evidence)
      .map((logon) => logonEvent(logon.computer, { ...logon, code: '' }))
      .sort(byTime),
  };
}

interface Process {
  computer: string;
  known: boolean;
  lines: TimedLine[];
}

/** Lines by the process that wrote them: the same id, and no gap between them. */
function processesOf(lines: readonly SyslogLine[]): Process[] {
  const seen = new Set<string>();
  const sorted = [...lines].sort((a, b) => a.at - b.at || (a.message < b.message ? -1 : a.message > b.message ? 1 : 0));
  const open = new Map<string, Process>();
  const processes: Process[] = [];
  let before = Number.NaN;
  for (const { at, computer, processId, message } of sorted) {
    // A line that was sent twice has the same time: those of earlier ones need not be kept.
    if (at !== before) seen.clear();
    before = at;
    const id = `${at}\n${computer}\n${processId}\n${message}`;
    const line = seen.has(id) ? null : parseSshd(message);
    seen.add(id);
    if (line === null) continue;
    const known = processId !== null && processId > 0;
    // A process of another service goes on for days, and each of its lines is an attempt.
    const apart = line.service !== '' && line.service !== 'sshd';
    const key = apart ? id : known ? `${computer}\n${processId}` : `${computer}\n${line.address} ${line.port}`;
    const process = open.get(key);
    const last = process?.lines.at(-1)?.at ?? 0;
    if (process && at - last <= processGap && at - (process.lines[0]?.at ?? 0) <= longestProcess)
      process.lines.push({ at, line });
    else {
      const fresh = { computer, known, lines: [{ at, line }] };
      open.set(key, fresh);
      processes.push(fresh);
    }
  }
  return processes;
}

function logonEvent(computer: string, { at, account, address, code, method }: SshLogon & { code: string }): LogonEvent {
  return { ...noEvent, at, computer, account, address, subStatus: code, process: 'sshd', method };
}
