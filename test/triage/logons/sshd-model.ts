import fc from 'fast-check';

/**
 * A model of what sshd 9 with PAM writes, after lines that a real one wrote: given what was tried, it makes the lines, and
 * it knows what was tried. It shares nothing with what reads them.
 */
export interface Tried {
  /**
   * `password`, `absent` (no such account), `interactive`: wrong `times`; `denied`: right, and the account is refused;
   * `barred`: an account that may not log on; `partial`: right, a second factor missing; `looked`: left without a guess;
   * `renamed`: changed its user name; `in`: right after `times` wrong; `expired`: `denied`, interactively.
   */
  how:
    | 'password'
    | 'absent'
    | 'interactive'
    | 'denied'
    | 'expired'
    | 'barred'
    | 'partial'
    | 'looked'
    | 'renamed'
    | 'in';
  account: string;
  address: string;
  times: number;
  /** Seconds after the beginning. */
  from: number;
  pid: number;
  port: number;
}

export interface ModelLine {
  seconds: number;
  pid: number;
  facility: 'auth' | 'authpriv';
  message: string;
}

/** The attempts as an observer would record them. */
export interface Truth {
  account: string;
  address: string;
  credential: 'wrong' | 'right' | 'undecided';
  /** The program that reports it: PAM reports no key, and names no account that does not exist. */
  toldBy: 'both' | 'auth' | 'authpriv';
}

const delay = 2;

/** The lines of one connection, and what they mean. `child`: ids of the processes that ask PAM interactively. */
export function written(tried: Tried, child: number): { lines: ModelLine[]; truth: Truth[]; entered: boolean } {
  const { how, account, address, times, pid, port } = tried;
  const lines: ModelLine[] = [];
  const truth: Truth[] = [];
  let clock = tried.from;
  const say = (facility: ModelLine['facility'], message: string, process = pid): void => {
    lines.push({ seconds: clock, pid: process, facility, message });
  };
  const at = `${address} port ${port}`;
  const absent = how === 'absent';
  const who = absent || how === 'barred' ? `invalid user ${account}` : account;
  const pamUser = absent ? '' : `  user=${account}`;
  const pam = `logname= uid=0 euid=0 tty=ssh ruser= rhost=${address}${pamUser}`;
  const tell = (credential: Truth['credential'], toldBy: Truth['toldBy'] = 'both'): void => {
    truth.push({ account, address, credential, toldBy });
  };
  const closed = (): void =>
    say(
      'auth',
      `Connection closed by ${absent || how === 'barred' ? 'invalid' : 'authenticating'} user ${account} ${at} [preauth]`,
    );

  const guess = (count: number): void => {
    for (let i = 0; i < count; i++) {
      if (i === 0) {
        if (absent) say('authpriv', 'pam_unix(sshd:auth): check pass; user unknown');
        say('authpriv', `pam_unix(sshd:auth): authentication failure; ${pam}`);
      }
      clock += delay;
      say('auth', `Failed password for ${who} from ${at} ssh2`);
      tell('wrong');
    }
  };
  const more = (count: number): void => {
    if (count > 1) say('authpriv', `PAM ${count - 1} more authentication failure${count > 2 ? 's' : ''}; ${pam}`);
  };

  if (absent) say('auth', `Invalid user ${account} from ${at}`);
  switch (how) {
    case 'password':
    case 'absent':
      guess(times);
      closed();
      more(times);
      break;
    case 'in':
      guess(times);
      clock += 1;
      say('auth', `Accepted password for ${account} from ${at} ssh2`);
      say('authpriv', `pam_unix(sshd:session): session opened for user ${account}(uid=1000) by ${account}(uid=0)`);
      more(times);
      break;
    case 'interactive':
      for (let i = 0; i < times; i++) {
        say('authpriv', `pam_unix(sshd:auth): authentication failure; ${pam}`, child + i);
        clock += delay;
        say('auth', `error: PAM: Authentication failure for ${account} from ${address}`);
        // Below half of the attempts that it allows, sshd logs its own line at a level that is not collected.
        if (i >= 3) say('auth', `Failed keyboard-interactive/pam for ${account} from ${at} ssh2`);
        tell('wrong');
      }
      closed();
      break;
    case 'denied':
      say('authpriv', `pam_access(sshd:account): access denied for user \`${account}' from \`${address}'`);
      say('auth', `Failed password for ${account} from ${at} ssh2`);
      say('auth', `fatal: Access denied for user ${account} by PAM account configuration [preauth]`);
      tell('right');
      break;
    case 'expired':
      say('authpriv', `pam_access(sshd:account): access denied for user \`${account}' from \`${address}'`, child);
      say('auth', `error: PAM: User account has expired for ${account} from ${address}`);
      closed();
      tell('right');
      break;
    case 'barred':
      say('auth', `User ${account} from ${address} not allowed because not listed in AllowUsers`);
      for (let i = 0; i < times; i++) {
        clock += delay;
        say('auth', `Failed password for ${who} from ${at} ssh2`);
        tell('undecided', 'auth');
      }
      closed();
      break;
    case 'partial':
      say('auth', `Partial password for ${account} from ${at} ssh2`);
      closed();
      tell('right', 'auth');
      break;
    case 'looked':
      closed();
      tell('undecided', 'auth');
      break;
    case 'renamed':
      say(
        'auth',
        `Disconnecting authenticating user ${account} ${at}: Change of username or service not allowed: (${account},ssh-connection) -> (oracle,ssh-connection) [preauth]`,
      );
      tell('undecided', 'auth');
  }
  return { lines, truth, entered: how === 'in' };
}

export const connections = fc.array(
  fc.record({
    how: fc.constantFrom<Tried['how']>(
      'password',
      'absent',
      'interactive',
      'denied',
      'expired',
      'barred',
      'partial',
      'looked',
      'renamed',
      'in',
    ),
    account: fc.constantFrom('alice', 'bob', 'x from 198.51.100.66 port 22 ssh2', 'jos\\303\\251'),
    address: fc.constantFrom('203.0.113.7', '203.0.113.8', '2001:db8::7'),
    times: fc.integer({ min: 1, max: 6 }),
    // Few ids for many connections: they come round, some at once.
    pid: fc.integer({ min: 1, max: 6 }),
    from: fc.integer({ min: 0, max: 40 }).map((step) => step * 400),
  }),
  { maxLength: 14, size: 'max' },
);

/** An id is of one process at a time, and free again as soon as that ends. */
export function inTurn(given: readonly Tried[]): Tried[] {
  const free = new Map<number, number>();
  return [...given]
    .sort((a, b) => a.from - b.from)
    .map((tried) => {
      const from = Math.max(tried.from, free.get(tried.pid) ?? 0);
      free.set(tried.pid, from + 2 * tried.times + 2);
      return { ...tried, from };
    });
}

/** Accounts of one kind of existence each, and names that sshd takes for accounts only where they are none. */
export function consistent(tried: Omit<Tried, 'port'>, index: number): Tried {
  const strange = /[ \\]/.test(tried.account);
  const how = strange ? 'absent' : tried.how === 'barred' ? 'barred' : tried.how === 'absent' ? 'password' : tried.how;
  const account = how === 'barred' ? `${tried.account}-barred` : tried.account;
  return { ...tried, how, account, port: 40_000 + index };
}
