import ipaddr from 'ipaddr.js';
import { accountName } from './account-names.ts';
import { sourceAddress } from './addresses.ts';
import type { SshdLine } from './sshd-line.ts';
import { sessionMethod } from './success.ts';
import { type Ticks, ticksPerSecond } from './ticks.ts';
import { withoutVis } from './vis.ts';

/** A line with its time: since the first line of its process, or since 2015 as `Ticks`. */
export interface TimedLine {
  at: Ticks;
  line: SshdLine;
}

/** One judged credential of one connection, or several of the same kind. */
export interface Attempt {
  at: Ticks;
  times: number;
  account: string;
  address: string;
  /** A code of `failure-codes.ts`. */
  code: string;
  method: string;
  /**
   * The source that counted it. What PAM's modules alone say (`pam`) may be the other half of an `interactive` attempt, which they
   * log under the id of a process of their own, or of a `trace`. A `service` is another than sshd.
   */
  by: 'password' | 'interactive' | 'pam' | 'service' | 'trace' | 'refusal';
  /** Was it judged, although it was the one too many that locked its account? */
  locks?: true;
}

export interface SshLogon {
  at: Ticks;
  account: string;
  address: string;
  method: string;
}

/** What the lines of one process, close to each other in time, say. */
export interface Judged {
  attempts: Attempt[];
  logons: SshLogon[];
  /** Keys of accounts that sshd says are there. */
  existing: string[];
  /** Keys of accounts that PAM locked for a while. */
  locks: { at: Ticks; account: string }[];
}

const shown = ({ account, escapes }: SshdLine): string => {
  const once = withoutVis(account);
  return escapes === 2 ? withoutVis(once) : once;
};
const keyOf = (line: SshdLine): string => accountName(shown(line)).key;
const isAddress = (text: string): boolean => ipaddr.isValid(text);

/**
 * The attempts in the lines of one process, in the order of time. sshd and PAM report one attempt in up to five lines,
 * and a process id comes round: lines are parted by address and port first. Within a connection
 * - each refused password counts, and each answer to an interactive one (sshd logs only some of these a second time);
 * - what PAM's modules count, where sshd's own lines are not there to count: its module with the most, and those that
 *   it only sums up ("PAM 5 more authentication failures"). A module that fails before the next succeeds is no failure;
 * - a refusal after the right password judges the last guess of its account, or is an attempt of its own;
 * - what left nothing but traces counts once;
 * - a session that PAM opened is a logon where sshd's own line is not there, from the address that its account had failed
 *   from in the same connection, or from one that is not known.
 */
export function judge(lines: readonly TimedLine[]): Judged {
  const judged: Judged = { attempts: [], logons: [], existing: [], locks: [] };
  for (const connection of connectionsOf(lines)) judgeConnection(connection, judged);
  return judged;
}

/** Parts the lines of one process into connections: by address and port, and lines that name neither by their neighbours. */
function connectionsOf(lines: readonly TimedLine[]): TimedLine[][] {
  const keyed = lines.map((timed) => ({ timed, key: timed.line.certain ? endOf(timed.line) : '' }));
  if (keyed.every(({ key }) => key === '')) for (const one of keyed) one.key = endOf(one.timed.line);
  const ends = new Set(keyed.map(({ key }) => key).filter((key) => key !== ''));
  if (ends.size <= 1) return lines.length === 0 ? [] : [[...lines]];
  const withPort = new Set([...ends].filter((key) => key.includes(' ')));
  const groups = new Map<string, TimedLine[]>([...ends].map((key) => [key, []]));
  for (const [at, { timed, key }] of keyed.entries()) {
    const own = ownEnd(key, timed.line, withPort, ends);
    const found = own.length === 1 ? own[0] : nearest(keyed, at, own);
    groups.get(found ?? key)?.push(timed);
  }
  return [...groups.values()].filter((group) => group.length > 0);
}

/** "203.0.113.9 50022" or, without a port, "203.0.113.9"; "" where no address is reported, or only a host's name. */
function endOf(line: SshdLine): string {
  const address = sourceAddress(line.address);
  if (line.says === 'trace' && line.code === 'sshd:refused-connection') return address;
  if (!isAddress(address)) return '';
  return line.port > 0 ? `${address} ${line.port}` : address;
}

/** The connections that a line can belong to. */
function ownEnd(key: string, line: SshdLine, withPort: ReadonlySet<string>, ends: ReadonlySet<string>): string[] {
  if (withPort.has(key)) return [key];
  const address = key === '' && isAddress(sourceAddress(line.address)) ? sourceAddress(line.address) : key;
  const same = [...withPort].filter((end) => end.startsWith(`${address} `));
  if (address !== '' && same.length > 0) return same;
  if (key !== '') return [key];
  // An address without a port is that of a connection whose port another line has.
  return [...ends].filter((end) => withPort.has(end) || ![...withPort].some((other) => other.startsWith(`${end} `)));
}

/** The connection of the nearest line before, unless that had ended by then, or else of the nearest after. */
function nearest(
  keyed: readonly { timed: TimedLine; key: string }[],
  at: number,
  own: readonly string[],
): string | undefined {
  const wanted = new Set(own);
  const here = keyed[at]?.timed;
  const earlier = keyed.slice(0, at).findLast(({ key }) => wanted.has(key))?.key;
  const ended = keyed.some(({ key, timed }) => key === earlier && timed.line.ends && timed.at < (here?.at ?? 0));
  // PAM sums up when all is over.
  if (earlier !== undefined && (!ended || here?.line.says === 'pam-more')) return earlier;
  return keyed.slice(at + 1).find(({ key }) => wanted.has(key))?.key ?? earlier ?? own[0];
}

const sum = (lines: readonly TimedLine[]): number => lines.reduce((total, { line }) => total + line.times, 0);

function judgeConnection(lines: readonly TimedLine[], judged: Judged): void {
  const address = addressOf(lines);
  const saying = (...says: SshdLine['says'][]): TimedLine[] => lines.filter(({ line }) => says.includes(line.says));
  const attemptOf = ({ at, line }: TimedLine, by: Attempt['by']): Attempt => ({
    at,
    times: line.times,
    account: shown(line),
    address: address || line.address,
    code: line.code,
    method: line.method,
    by,
  });

  const accepted = saying('accepted');
  const sessions = accepted.length > 0 ? [] : saying('session');
  for (const { at, line } of sessions) {
    const account = keyOf(line);
    const failed = lines.some((one) => one.line.says === 'pam-failure' && keyOf(one.line) === account && one.at <= at);
    judged.logons.push({ at, account: shown(line), address: failed ? address : '', method: sessionMethod });
    judged.existing.push(account);
  }
  for (const { at, line } of accepted)
    judged.logons.push({ at, account: shown(line), address: address || line.address, method: line.method });
  const notAllowed = new Set(saying('exists').map(({ line }) => keyOf(line)));
  for (const key of notAllowed) judged.existing.push(key);

  const [answers, refused] = [saying('pam-error'), saying('interactive')];
  const interactive = sum(refused) > sum(answers) ? refused : answers;
  const guesses = [
    ...saying('password').map((timed) => attemptOf(timed, 'password')),
    ...interactive.map((timed) => attemptOf(timed, 'interactive')),
  ].sort((a, b) => a.at - b.at);
  const best = bestTrace(lines);
  if (guesses.length === 0) {
    for (const timed of pamGuesses(lines, accepted)) {
      const guess = attemptOf(timed, timed.line.service === 'sshd' ? 'pam' : 'service');
      // pam_unix names no account that is not there; sshd does.
      const named = guess.account === '' && best ? { ...guess, account: shown(best.line) } : guess;
      guesses.push(best?.line.code === 'sshd:invalid-user' ? { ...named, code: best.line.code } : named);
    }
  }
  for (const { at, line } of saying('locks')) {
    const account = keyOf(line);
    judged.locks.push({ at, account });
    const own = guesses.find((one) => one.at >= at && accountName(one.account).key === account) ?? guesses.at(-1);
    if (own) own.locks = true;
  }
  if (saying('locked').length > 0) for (const guess of guesses) guess.code = 'pam:locked-out';

  const counted = [...guesses];
  // Where a session opens afterwards, a password that had to be changed, or a condition of PAM that only chooses, kept nobody out.
  // A refusal after it, or before a password that was judged anew, is of another process with this id.
  const opened = [...accepted, ...sessions];
  const again = saying('pam-failure');
  const excused = ({ at }: TimedLine): boolean =>
    opened.some((one) => one.at >= at && !again.some((failure) => failure.at > at && failure.at <= one.at));
  const final = (...says: SshdLine['says'][]): TimedLine[] => saying(...says).filter((timed) => !excused(timed));
  for (const timed of final('partial')) counted.push(attemptOf(timed, 'refusal'));
  refuse(final('refused', 'root-refused'), guesses, saying('key', 'partial').length > 0, (timed) =>
    counted.push(attemptOf(timed, 'refusal')),
  );
  if (best && counted.length === 0 && opened.length === 0)
    counted.push({ ...attemptOf(best, 'trace'), at: lines[0]?.at ?? best.at, times: 1 });
  for (const attempt of counted) {
    // sshd calls an account that may not log on an invalid user, like one that is not there.
    if (attempt.code === 'sshd:invalid-user' && notAllowed.has(accountName(attempt.account).key))
      attempt.code = 'sshd:not-allowed';
    judged.attempts.push(attempt);
  }
}

/** The address that most can be believed: sshd's own before a name, and one that no client had a word behind. */
function addressOf(lines: readonly TimedLine[]): string {
  const addresses = lines.filter(({ line }) => line.address !== '');
  const certain = addresses.filter(({ line }) => line.certain);
  const candidates = certain.length > 0 ? certain : addresses;
  const numbered = candidates.find(({ line }) => line.port > 0 && isAddress(sourceAddress(line.address)));
  const best = numbered ?? candidates.find(({ line }) => isAddress(sourceAddress(line.address))) ?? candidates[0];
  return best?.line.address ?? '';
}

/** The guesses that PAM's modules logged, of the module that logged most; each module judges the same passwords. */
function pamGuesses(lines: readonly TimedLine[], accepted: readonly TimedLine[]): TimedLine[] {
  const entered = new Set(accepted.map(({ line }) => keyOf(line)));
  const byModule = new Map<string, TimedLine[]>();
  const passed = lines.filter(({ line }) => line.says === 'pam-success').length;
  for (const timed of lines) {
    const { says, module } = timed.line;
    if (says !== 'pam-failure' && says !== 'pam-more') continue;
    const account = keyOf(timed.line);
    if (entered.size > 0 && (account === '' || entered.has(account))) continue;
    byModule.set(module, [...(byModule.get(module) ?? []), timed]);
  }
  let most: TimedLine[] = [];
  for (const guesses of byModule.values()) if (sum(guesses) > sum(most)) most = guesses;
  // The module that fails first leaves the password to the next, which took it.
  return most.slice(Math.min(passed, most.length));
}

/**
 * Puts refusals that came after the right password on the guess that each judges: sshd refuses it in the same breath. PAM
 * alone logs no failure where the password was right, so that there a refusal is an attempt of its own, as it is for a key.
 */
function refuse(
  refusals: readonly TimedLine[],
  guesses: readonly Attempt[],
  byKey: boolean,
  alone: (refusal: TimedLine) => void,
): void {
  const told: { account: string; at: Ticks }[] = [];
  for (const refusal of [...refusals].sort((a, b) => rankOf(a) - rankOf(b))) {
    const { line, at } = refusal;
    const account = keyOf(line);
    // Module and sshd both report it.
    if (told.some((one) => one.account === account && Math.abs(one.at - at) <= before)) continue;
    told.push({ account, at });
    const own = guesses.filter(({ by, account: name }) => by !== 'pam' && accountName(name).key === account);
    if (own.some((one) => one.code === line.code && Math.abs(one.at - at) <= before)) continue;
    const guess =
      line.says === 'root-refused' ? own.find((one) => Math.abs(one.at - at) <= ticksPerSecond) : own.at(-1);
    if (guess) {
      guess.code = line.code;
      continue;
    }
    const code = byKey && line.code === 'sshd:account-refused' ? 'sshd:key-account-refused' : line.code;
    alone({ ...refusal, line: { ...line, code, times: 1 } });
  }
}

/** A refusal with an address before one without. */
const rankOf = ({ line }: TimedLine): number => (line.address === '' ? 1 : 0);

/** The trace that names a connection best: an account that is not there or not allowed, then any account. */
function bestTrace(lines: readonly TimedLine[]): TimedLine | undefined {
  const rank = ({ line }: TimedLine): number =>
    line.says === 'exists' || line.code === 'sshd:invalid-user' ? 0 : line.account !== '' ? 1 : 2;
  let best: TimedLine | undefined;
  for (const timed of lines) {
    const { says } = timed.line;
    if (says !== 'trace' && says !== 'key' && says !== 'exists') continue;
    if (best === undefined || rank(timed) < rank(best)) best = timed;
  }
  return best;
}

/** Attempts of one process and kind that may be many alike, as Log Analytics counts them. */
export interface CountedAttempt {
  computer: string;
  first: Ticks;
  last: Ticks;
  failures: number;
  attempt: Attempt;
  /** Was it logged which process wrote it? */
  known: boolean;
}

/**
 * Lines of one refusal lie closer to each other; PAM answers at once; sshd waits for its delay, and reports a
 * connection when it ends.
 */
const before = 2 * ticksPerSecond;
const after = { interactive: 60 * ticksPerSecond, trace: 180 * ticksPerSecond };

/**
 * Drops what PAM's modules logged under a process of their own for attempts that sshd counts: an interactive password is
 * asked for by a child of the process that serves the connection. They are one attempt when address, account (where both
 * name one) and time agree; each of sshd's is spent once.
 */
export function withoutHalves(attempts: readonly CountedAttempt[]): CountedAttempt[] {
  const bySource = new Map<string, CountedAttempt[]>();
  for (const one of attempts) {
    if (one.attempt.by === 'pam' || one.attempt.by === 'refusal') continue;
    const key = `${one.computer}\n${sourceAddress(one.attempt.address)}`;
    const list = bySource.get(key);
    if (list) list.push(one);
    else bySource.set(key, [one]);
  }
  const byAccount = Map.groupBy(
    [...bySource.values()].flat(),
    ({ computer, attempt }) => `${computer}\n${accountName(attempt.account).key}`,
  );
  for (const list of [...bySource.values(), ...byAccount.values()]) list.sort((a, b) => a.first - b.first);
  const spent = new Map<CountedAttempt, number>();
  const judged = new Map<CountedAttempt, string>();
  const from = new Map<CountedAttempt[], number>();
  const kept: CountedAttempt[] = [];
  for (const one of [...attempts].sort((a, b) => a.first - b.first)) {
    const { attempt, computer } = one;
    const half = attempt.by === 'pam' || (attempt.by === 'refusal' && ofAccount.has(attempt.code));
    if (!half) {
      kept.push(one);
      continue;
    }
    let left = one.failures;
    const address = sourceAddress(attempt.address);
    const wholes =
      (address === '' && factors.has(attempt.code)
        ? byAccount.get(`${computer}\n${accountName(attempt.account).key}`)
        : bySource.get(`${computer}\n${address}`)) ?? [];
    let at = from.get(wholes) ?? 0;
    while ((wholes[at]?.last ?? Number.POSITIVE_INFINITY) < one.first - before) at += 1;
    from.set(wholes, at);
    for (; left > 0 && at < wholes.length; at++) {
      const whole = wholes[at];
      if (whole === undefined || whole.first > one.last + after.trace) break;
      if (!canBeOne(one, whole)) continue;
      const free = whole.failures - (spent.get(whole) ?? 0);
      const taken = Math.min(free, left);
      if (taken <= 0) continue;
      spent.set(whole, (spent.get(whole) ?? 0) + taken);
      left -= taken;
      // The module of PAM knows more of the answer than that it failed.
      if (factors.has(attempt.code) && taken === whole.failures) judged.set(whole, attempt.code);
    }
    if (left > 0) kept.push({ ...one, failures: left });
  }
  return kept.map((one) => {
    const code = judged.get(one);
    return code === undefined ? one : { ...one, attempt: { ...one.attempt, code } };
  });
}

/** Refusals that a module of PAM reports beside the answer that sshd counts: of the account, and of another factor. */
const factors: ReadonlySet<string> = new Set(['pam:factor-refused', 'pam:code-refused']);
const ofAccount: ReadonlySet<string> = new Set(['sshd:account-refused', ...factors]);

function canBeOne(half: CountedAttempt, whole: CountedAttempt): boolean {
  const { by } = whole.attempt;
  // A password is judged by the process that serves the connection: its id is PAM's too, where it was logged.
  if (by !== 'interactive' && by !== 'trace' && half.known) return false;
  if (factors.has(half.attempt.code))
    return by === 'interactive' && nearEnough(half, whole, by) && sameAccount(half, whole);
  if (half.attempt.by === 'refusal' && whole.attempt.code !== 'sshd:account-refused') return false;
  return sameAccount(half, whole) && nearEnough(half, whole, by);
}

/** Where both name one. */
function sameAccount(half: CountedAttempt, whole: CountedAttempt): boolean {
  const [one, other] = [accountName(half.attempt.account).key, accountName(whole.attempt.account).key];
  return one === '' || other === '' || one === other;
}

function nearEnough(half: CountedAttempt, whole: CountedAttempt, by: Attempt['by']): boolean {
  const reach = by === 'trace' ? after.trace : after.interactive;
  return whole.last >= half.first - before && whole.first <= half.last + reach;
}
