import type { LogonEvent } from './events.ts';
import type { Ticks } from './ticks.ts';

/** What one message of sshd or PAM says about a logon. */
export interface SshdLine {
  /**
   * `failed`: one refused attempt, the line that counts. `trace`: an attempt was made, which `failed` lines of the same
   * connection count already. `accepted`: a logon. `exists`: no attempt, but the account is there.
   */
  kind: 'failed' | 'trace' | 'accepted' | 'exists';
  /** A code of `failure-codes.ts`; "" when nothing failed. */
  code: string;
  account: string;
  address: string;
  /** 0 when the message names none. */
  port: number;
  /** "password", "publickey", "keyboard-interactive/pam"; "" when the message names none. */
  method: string;
  /** How many attempts the message stands for. */
  times: number;
}

/** No message of sshd is longer; an attacker's name may try to be. */
const longest = 4096;

// A user name may itself hold " from 1.2.3.4 port 22 ssh2". Names are matched greedily and every pattern is tied to the
// end of the message, so that what sshd wrote last decides.
const repeated = /^message repeated (\d{1,6}) times: \[ ?(.*?) ?\]$/;
const failed = /^Failed (\S+) for (invalid user |illegal user )?(.*) from (\S+) port (\d{1,5})(?: ssh\d?)?(?:: \S.*)?$/;
const accepted = /^Accepted (\S+) for (.*) from (\S+) port (\d{1,5})(?: ssh\d?)?(?:: \S.*)?$/;
const invalidUser = /^(?:Invalid|Illegal) user (.*) from (\S+?)(?: port (\d{1,5}))?$/;
const gaveUp =
  /^(?:Connection (?:closed|reset) by|Disconnected from|Disconnecting) (authenticating|invalid) user (.*) (\S+) port (\d{1,5})(: Too many authentication failures)?(?: \[preauth\])?$/;
const tooMany =
  /^(?:error: )?maximum authentication attempts exceeded for (invalid user )?(.*) from (\S+) port (\d{1,5})(?: ssh\d?)?(?: \[preauth\])?$/;
const pamError = /^(?:error: )?PAM: .* for (illegal user |invalid user )?(.*) from (\S+)$/;
const pamFailure =
  /^pam_\w+\([^)]*\): authentication failure;? logname=\S* uid=\S* euid=\S* tty=\S* ruser=\S* rhost=(\S*)(?:\s+user=(.*))?$/;
const notAllowed = /^User (.*) from (\S+) not allowed because /;

const guessable = /^(?:password|keyboard-interactive|challenge-response)/;

/** Reads one message of sshd (or of PAM on its behalf); null when it says nothing about a logon. */
export function parseSshd(text: string): SshdLine | null {
  const message = text.slice(0, longest).trim();
  const again = repeated.exec(message);
  if (again) {
    const line = parseSshd(again[2] ?? '');
    return line && { ...line, times: line.times * Math.max(1, Number(again[1])) };
  }
  const about = (
    kind: SshdLine['kind'],
    code: string,
    account: string | undefined,
    address: string | undefined,
    port?: string,
    method?: string,
  ): SshdLine => ({
    kind,
    code,
    account: account ?? '',
    address: address ?? '',
    port: Number(port ?? 0),
    method: method ?? '',
    times: 1,
  });

  let match = failed.exec(message);
  if (match) {
    const [, method = '', invalid, account, address, port] = match;
    // Keys offered and the probe for "none" come before any guess: they leave a trace and are no guess of their own.
    if (!guessable.test(method))
      return about('trace', invalid ? 'sshd:invalid-user' : 'sshd:key-refused', account, address, port, method);
    return about('failed', invalid ? 'sshd:invalid-user' : 'sshd:wrong-password', account, address, port, method);
  }
  match = accepted.exec(message);
  if (match) return about('accepted', '', match[2], match[3], match[4], match[1]);
  match = tooMany.exec(message);
  if (match) return about('trace', match[1] ? 'sshd:invalid-user' : 'sshd:too-many', match[2], match[3], match[4]);
  match = gaveUp.exec(message);
  if (match) {
    const code = match[1] === 'invalid' ? 'sshd:invalid-user' : match[5] ? 'sshd:too-many' : 'sshd:gave-up';
    return about('trace', code, match[2], match[3], match[4]);
  }
  match = invalidUser.exec(message);
  if (match) return about('trace', 'sshd:invalid-user', match[1], match[2], match[3]);
  match = pamFailure.exec(message);
  if (match) return match[1] ? about('trace', 'pam:failure', match[2], match[1]) : null;
  match = pamError.exec(message);
  if (match) return about('trace', match[1] ? 'sshd:invalid-user' : 'pam:failure', match[2], match[3]);
  match = notAllowed.exec(message);
  if (match) return about('exists', '', match[1], match[2]);
  return null;
}

/** A line of syslog, as the Syslog table or a file holds it. */
export interface SyslogLine {
  at: Ticks;
  computer: string;
  /** Of the sshd process that serves the connection; null where it was not logged. */
  processId: number | null;
  message: string;
}

/** Which of a connection's traces names it best: the one with an account that is not there, then any with a name. */
function rank(line: SshdLine): number {
  return line.code === 'sshd:invalid-user' ? 0 : line.account !== '' ? 1 : 2;
}

/**
 * The attempts behind lines of syslog. sshd and PAM log one attempt in up to five lines: each `failed` line counts, and a
 * connection that has none but left a trace counts once, when it began. A line that was sent twice is read once.
 */
export function sshLogons(lines: readonly SyslogLine[]): { failures: LogonEvent[]; successes: LogonEvent[] } {
  const seen = new Set<string>();
  const failures: LogonEvent[] = [];
  const successes: LogonEvent[] = [];
  const counted = new Set<string>();
  const traces = new Map<string, { line: SyslogLine; said: SshdLine; began: Ticks }>();
  for (const line of lines) {
    const identity = `${line.at}\n${line.computer}\n${line.processId}\n${line.message}`;
    if (seen.has(identity)) continue;
    seen.add(identity);
    const said = parseSshd(line.message);
    if (said === null || said.kind === 'exists') continue;
    const connection = `${line.computer}\n${line.processId ?? `${said.address}\n${said.port || Math.floor(line.at / 600_000_000)}`}`;
    if (said.kind === 'accepted') successes.push(event(line, said));
    else if (said.kind === 'failed') {
      counted.add(connection);
      for (let i = 0; i < said.times; i++) failures.push(event(line, said));
    } else {
      const earlier = traces.get(connection);
      const began = Math.min(earlier?.began ?? line.at, line.at);
      const better =
        !earlier || rank(said) < rank(earlier.said) || (rank(said) === rank(earlier.said) && line.at < earlier.line.at);
      traces.set(connection, better ? { line, said, began } : { ...earlier, began });
    }
  }
  for (const [connection, { line, said, began }] of traces)
    if (!counted.has(connection)) failures.push(event({ ...line, at: began }, said));
  return { failures: failures.sort((a, b) => a.at - b.at), successes };
}

function event(line: SyslogLine, said: SshdLine): LogonEvent {
  return {
    at: line.at,
    recordId: 0,
    eventId: 0,
    computer: line.computer,
    account: said.account,
    domain: '',
    address: said.address,
    workstation: '',
    logonType: null,
    status: '',
    subStatus: said.code,
    process: 'sshd',
    logonId: '',
    method: said.method,
  };
}
