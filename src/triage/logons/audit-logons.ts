import { accountName } from './account-names.ts';
import { sourceAddress } from './addresses.ts';
import { type LogonEvent, noEvent } from './events.ts';
import { sessionMethod } from './success.ts';
import { type Ticks, ticksPerSecond } from './ticks.ts';

/** A record of audit that says something of a logon. */
export interface AuditedStep {
  at: Ticks;
  computer: string;
  processId: number;
  type: string;
  op: string;
  /** "" where the record hides it: no such account, or none was named. */
  account: string;
  /** sshd says that the account is not there, or may not log on: it does not tell these apart. */
  invalid: boolean;
  address: string;
  /** The whole path. */
  program: string;
  /** "" where it has none yet. */
  session: string;
  ok: boolean;
}

/** OpenSSH works in processes of other names since 9.8 (https://www.openssh.com/releasenotes.html). */
export const isSshd = (program: string): boolean => /(?:^|\/)sshd(?:-session|-auth)?$/.test(program);
/** One process serves a connection; its number comes round. */
const processGap = 180 * ticksPerSecond;
/** A child of sshd asks PAM where the password is asked for interactively; sshd reports the end of it. */
const before = 5 * ticksPerSecond;
const after = 60 * ticksPerSecond;

const isPam = ({ op }: AuditedStep): boolean => op === 'PAM:authentication' || op === '';
/** Fedora's and RHEL's sshd reports how it was asked (openssh-*-audit.patch). */
const isJudged = ({ op }: AuditedStep): boolean => op === 'password' || op === 'challenge-response';
const byKey = /^(?:pubkey|key|pubkey_auth)$/;

interface Connection {
  computer: string;
  address: string;
  first: Ticks;
  last: Ticks;
  steps: AuditedStep[];
  /** Of the first of them that names one. */
  account: string;
  invalid: boolean;
}

/** Passwords that were refused, each once. */
interface Guess {
  step: AuditedStep;
  connection: Connection;
  /** Is it known only from PAM, with nothing of sshd's own in its process? */
  half: boolean;
}

/**
 * The failed logons and the logons in records of audit, in any order. One attempt leaves several: PAM's, sshd's own, for each
 * key and for the question which methods there are. So
 * - each password that PAM, or sshd without it, refused counts once;
 * - a refusal of the account after the right credential counts (`USER_ACCT`);
 * - a connection that left nothing but failed logons (`USER_LOGIN`), and in which nobody came in, counts once;
 * - a session that PAM opened and the logon that sshd reports of it are one.
 */
export function auditLogons(all: readonly AuditedStep[]): { failures: LogonEvent[]; successes: LogonEvent[] } {
  const connections = connectionsOf(all);
  const guesses = connections.flatMap(guessesOf);
  const kept = withoutSecondHalves(guesses);
  const failures = kept.map(({ step, connection }) => eventOf(step, connection, codeOf(step, connection)));
  const unspent = new Halves(kept);
  const guessing = new Set(kept.map(({ connection }) => connection));
  for (const connection of connections) {
    const entered = connection.steps.some(isEntry);
    if (entered) continue;
    for (const step of connection.steps)
      if (step.type === 'USER_ACCT' && !step.ok) failures.push(eventOf(step, connection, 'audit:account-refused'));
    const traces = connection.steps.filter(({ type, ok }) => type === 'USER_LOGIN' && !ok);
    const trace = traces.find(({ invalid, account }) => invalid || account !== '');
    if (!trace || guessing.has(connection) || connection.steps.some(({ type }) => type === 'USER_ACCT')) continue;
    if (!unspent.take(connection, connection.first - before, connection.last + after))
      failures.push(eventOf(trace, connection, codeOf(trace, connection)));
  }
  return { failures: failures.sort((a, b) => a.at - b.at), successes: entriesOf(connections, all) };
}

/** The steps by process: the same number, the same address, and no gap between them. */
function connectionsOf(all: readonly AuditedStep[]): Connection[] {
  const open = new Map<string, Connection>();
  const connections: Connection[] = [];
  for (const step of [...all].sort((a, b) => a.at - b.at)) {
    const { at, computer, processId } = step;
    const address = sourceAddress(step.address);
    const key = `${computer}\n${processId}`;
    const known = open.get(key);
    const same = known && (address === '' || known.address === '' || known.address === address);
    if (known && same && at - known.last <= processGap) {
      known.steps.push(step);
      known.last = at;
      known.address ||= address;
      known.account ||= step.account;
      known.invalid ||= step.invalid;
    } else {
      const { account, invalid } = step;
      const fresh = { computer, address, first: at, last: at, steps: [step], account, invalid };
      open.set(key, fresh);
      connections.push(fresh);
    }
  }
  return connections;
}

/** Of one process PAM's refusals, or sshd's own where these are more. */
function guessesOf(connection: Connection): Guess[] {
  const refused = connection.steps.filter(({ type, ok }) => type === 'USER_AUTH' && !ok);
  const [pam, judged] = [refused.filter(isPam), refused.filter(isJudged)];
  const half = connection.steps.every((step) => step.type === 'USER_AUTH' && isPam(step));
  return (judged.length > pam.length ? judged : pam).map((step) => ({ step, connection, half }));
}

/** What PAM alone reports, by source and in the order of time, each to be matched once with sshd's report of the same. */
class Halves {
  readonly #bySource: Map<string, { times: Ticks[]; from: number }>;
  readonly #spent = new Set<string>();

  constructor(guesses: readonly Guess[]) {
    const own = guesses.filter(({ half }) => half).sort((a, b) => a.step.at - b.step.at);
    this.#bySource = new Map(
      [...Map.groupBy(own, ({ connection }) => sourceOf(connection))].map(([source, found]) => [
        source,
        { times: found.map(({ step }) => step.at), from: 0 },
      ]),
    );
  }

  /** Spends the first of a source within a span; the beginnings of spans that are asked do not fall. */
  take(connection: Connection, first: Ticks, last: Ticks): boolean {
    const source = sourceOf(connection);
    const own = this.#bySource.get(source);
    if (!own) return false;
    const isSpent = (at: number): boolean => this.#spent.has(`${at} ${source}`);
    while (own.from < own.times.length && ((own.times[own.from] ?? 0) < first || isSpent(own.from))) own.from += 1;
    for (let at = own.from; at < own.times.length && (own.times[at] ?? 0) <= last; at++) {
      if (isSpent(at)) continue;
      this.#spent.add(`${at} ${source}`);
      return true;
    }
    return false;
  }
}

const sourceOf = ({ computer, address }: Connection): string => `${computer}\n${address}`;

/** Drops what sshd reports of a password that a child of its asked PAM about. */
function withoutSecondHalves(guesses: readonly Guess[]): Guess[] {
  const halves = new Halves(guesses);
  return [...guesses]
    .sort((a, b) => a.step.at - b.step.at)
    .filter(
      ({ step, connection, half }) =>
        half || !isJudged(step) || !halves.take(connection, step.at - before, step.at + before),
    );
}

/**
 * sshd tries no password of root where root may log on with a key alone (the default, and Azure's images'), and reports it
 * like one that was wrong.
 */
function codeOf(step: AuditedStep, connection: Connection): string {
  if (connection.invalid) return 'audit:invalid-user';
  if (step.type === 'USER_LOGIN') return 'audit:login-failed';
  return isSshd(step.program) && accountOf(step, connection) === 'root' ? 'audit:refused' : 'audit:failure';
}

/** The account of a step, or else one that another step of its connection names. */
const accountOf = ({ account }: AuditedStep, connection: Connection): string => account || connection.account;

const isEntry = ({ type, op, ok }: AuditedStep): boolean =>
  ok &&
  (type === 'USER_LOGIN' || (type === 'USER_START' && (op === 'PAM:session_open' || op === 'login' || op === '')));

/** The logons, each once: by session, or by process where there is no number of one. */
function entriesOf(connections: readonly Connection[], all: readonly AuditedStep[]): LogonEvent[] {
  const minuteOf = (at: Ticks): number => Math.floor(at / after);
  const passwords = new Set(
    all
      .filter((step) => step.type === 'USER_AUTH' && step.ok && isPam(step))
      .map(({ computer, account, address, at }) =>
        [computer, accountName(account).key, sourceAddress(address), minuteOf(at)].join('\n'),
      ),
  );
  const seen = new Map<string, Ticks>();
  const entries: LogonEvent[] = [];
  for (const connection of connections) {
    const entry = connection.steps.find(isEntry);
    if (!entry) continue;
    const own = `${entry.computer}\n${entry.session}`;
    const earlier = entry.session === '' ? undefined : seen.get(own);
    if (earlier !== undefined && entry.at - earlier <= processGap) continue;
    seen.set(own, entry.at);
    const account =
      connection.steps.find((step) => step.ok && step.account !== '' && !step.account.startsWith('uid '))?.account ??
      accountOf(entry, connection);
    const byPassword =
      connection.steps.some((step) => step.ok && step.type === 'USER_AUTH' && (isPam(step) || isJudged(step))) ||
      // Another process may have asked PAM, a moment before.
      [0, 1].some((ago) =>
        passwords.has(
          [entry.computer, accountName(account).key, connection.address, minuteOf(entry.at) - ago].join('\n'),
        ),
      );
    const withKey = connection.steps.some((step) => step.ok && step.type === 'USER_AUTH' && byKey.test(step.op));
    const method = withKey ? 'publickey' : byPassword ? 'password' : isSshd(entry.program) ? sessionMethod : '';
    entries.push({ ...eventOf(entry, connection, ''), account, method });
  }
  return entries.sort((a, b) => a.at - b.at);
}

function eventOf(step: AuditedStep, connection: Connection, code: string): LogonEvent {
  const { at, computer, program } = step;
  const { address } = connection;
  const processName = address === '' ? program : '';
  return { ...noEvent, at, computer, account: accountOf(step, connection), address, subStatus: code, processName };
}
