import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { failureMeaning } from '../../../src/triage/logons/failure-codes.ts';
import { judge } from '../../../src/triage/logons/ssh-attempts.ts';
import { type SyslogLine, sshLogons } from '../../../src/triage/logons/ssh-logons.ts';
import { parseSshd } from '../../../src/triage/logons/sshd.ts';
import { at } from './logon-events.ts';
import { connections, consistent, inTurn, type ModelLine, type Truth, written } from './sshd-model.ts';

const line = (message: string, seconds = 0, processId: number | null = 4711): SyslogLine => ({
  at: at(seconds),
  computer: 'lin-build',
  processId,
  message,
});

const codes = (lines: SyslogLine[]): string[] => sshLogons(lines).failures.map(({ subStatus }) => subStatus);

const real = (account: string): string => (account === 'jos\\303\\251' ? 'josé' : account);

describe('attempts in every collection and order', () => {
  it('are those that were made, each once, with what decided', () => {
    fc.assert(
      fc.property(
        connections,
        fc.constantFrom<readonly ModelLine['facility'][]>(['auth'], ['authpriv'], ['auth', 'authpriv']),
        fc.boolean(),
        fc.infiniteStream(fc.nat()),
        (given, collected, twice, random) => {
          const made = inTurn(given.map(consistent)).map((tried, i) => written(tried, 10_000 + 10 * i));
          const seen = made
            .flatMap(({ lines }) => lines)
            .filter(({ facility }) => collected.includes(facility))
            .map(({ seconds, pid, message }) => line(message, seconds, pid));
          const sent = [...seen, ...(twice ? seen : [])]
            .map((one) => ({ one, by: random.next().value ?? 0 }))
            .sort((a, b) => a.by - b.by)
            .map(({ one }) => one);
          const { failures, successes } = sshLogons(sent);
          const told = made
            .flatMap(({ truth }) => truth)
            .filter(({ toldBy }) => toldBy === 'both' || collected.includes(toldBy));
          const byPam = !collected.includes('auth');
          const of = ({ account, address, credential }: Omit<Truth, 'toldBy'>): string =>
            [byPam && /[ \\é]/.test(account) ? '' : real(account), address, credential].join('|');
          expect(
            failures
              .map(({ account, address, subStatus }) =>
                of({ account, address, credential: failureMeaning(subStatus).credential }),
              )
              .sort(),
          ).toEqual(told.map(of).sort());
          // A session that PAM opens is a logon where sshd's own line is not collected.
          expect(successes.length).toBe(made.filter(({ entered }) => entered).length);
        },
      ),
      { numRuns: 1200 },
    );
  });
});

it('once PAM has locked an account, the passwords that follow are not called wrong', () => {
  const guess = (seconds: number, pid: number, account = 'bob') =>
    line(`Failed password for ${account} from 203.0.113.9 port ${pid} ssh2`, seconds, pid);
  const lines = [
    guess(0, 1),
    guess(5, 2),
    // The third guess locks: PAM says so before sshd does.
    line('pam_faillock(sshd:auth): Consecutive login failures for user bob account temporarily locked', 10, 3),
    guess(12, 3),
    guess(14, 3),
    guess(20, 4),
    guess(21, 5, 'anna'),
    guess(10 + 601, 6),
  ];
  expect(codes(lines)).toEqual([
    'sshd:wrong-password',
    'sshd:wrong-password',
    'sshd:wrong-password',
    'pam:locked-out',
    'pam:locked-out',
    'sshd:wrong-password',
    'sshd:wrong-password',
  ]);
});

it('counts more attempts on one connection than a call takes arguments', () => {
  const said = parseSshd('Failed password for root from 203.0.113.9 port 50000 ssh2');
  if (said === null) throw new Error('not read');
  expect(judge(Array.from({ length: 130_000 }, (_, i) => ({ at: i, line: said }))).attempts).toHaveLength(130_000);
});

const failedFrom = (address: string, account: string, seconds: number, pid: number, port = 50_000 + pid) =>
  line(`Failed password for ${account} from ${address} port ${port} ssh2`, seconds, pid);

describe('a process id that comes round', () => {
  it('does not let the first holder swallow what the next did, after minutes or within seconds', () => {
    for (const apart of [900, 4]) {
      const lines = Array.from({ length: 9 }, (_, i) => [
        failedFrom('198.51.100.3', 'bob', i, 300 + i),
        line(`Invalid user admin from 203.0.113.9 port ${41_000 + i}`, i + apart, 300 + i),
        line(
          `Connection closed by invalid user admin 203.0.113.9 port ${41_000 + i} [preauth]`,
          i + apart + 1,
          300 + i,
        ),
      ]).flat();
      const { failures } = sshLogons(lines);
      const of = (address: string) => failures.filter((one) => one.address === address).map(({ account }) => account);
      expect(of('198.51.100.3')).toEqual(Array(9).fill('bob'));
      expect(of('203.0.113.9')).toEqual(Array(9).fill('admin'));
    }
  });

  it('nor one address that connects again', () => {
    const twice = [
      failedFrom('203.0.113.9', 'bob', 0, 7, 50_001),
      line('Connection closed by authenticating user carol 203.0.113.9 port 50002 [preauth]', 3, 7),
    ];
    expect(sshLogons(twice).failures.map(({ account }) => account)).toEqual(['bob', 'carol']);
  });
});

it('a refusal after a session is of the next process with its id, one before it kept nobody out', () => {
  const session = (seconds: number) =>
    line('pam_unix(sshd:session): session opened for user bob(uid=1000) by bob(uid=0)', seconds);
  const denied = (seconds: number) =>
    line("pam_access(sshd:account): access denied for user `bob' from `203.0.113.9'", seconds);
  expect(codes([session(3), denied(4)])).toEqual(['sshd:account-refused']);
  expect(codes([denied(2), session(3)])).toEqual([]);
  const wrong = line(
    'pam_unix(sshd:auth): authentication failure; logname= uid=0 euid=0 tty=ssh ruser= rhost=203.0.113.9  user=bob',
    6,
  );
  expect(codes([denied(2), wrong, session(9)]).sort()).toEqual(['pam:failure', 'sshd:account-refused']);
});

describe('a process that serves many', () => {
  const dovecot = (seconds: number, user: string) =>
    line(
      `pam_unix(dovecot:auth): authentication failure; logname= uid=0 euid=0 tty=dovecot ruser=${user} rhost=203.0.113.9  user=${user}`,
      seconds,
      812,
    );

  it('makes an attempt with each line', () => {
    const { failures } = sshLogons(Array.from({ length: 12 }, (_, i) => dovecot(i, `box${i}`)));
    expect(failures.map(({ account }) => account)).toEqual(Array.from({ length: 12 }, (_, i) => `box${i}`));
  });
});

describe('modules of PAM', () => {
  const failure = (module: string, user: string) =>
    line(
      `${module}(sshd:auth): authentication failure; logname= uid=0 euid=0 tty=ssh ruser= rhost=203.0.113.9${user}`,
      1,
    );

  it('judge the same password, and that is one attempt', () => {
    expect(codes([failure('pam_unix', '  user=bob'), failure('pam_sss', ' user=bob')])).toEqual(['pam:failure']);
  });

  it('that fail before another takes the password tell of no failure', () => {
    const taken = line(
      'pam_sss(sshd:auth): authentication success; logname= uid=0 euid=0 tty=ssh ruser= rhost=203.0.113.9 user=bob',
      1,
    );
    expect(codes([failure('pam_unix', '  user=bob'), taken])).toEqual([]);
    expect(
      codes([failure('pam_unix', '  user=bob'), line('Accepted password for bob from 203.0.113.9 port 4242 ssh2', 2)]),
    ).toEqual([]);
  });

  it('sum up what they did not log, which counts where nothing else does', () => {
    const summed = line(
      'PAM 4 more authentication failures; logname= uid=0 euid=0 tty=ssh ruser= rhost=203.0.113.9  user=bob',
      9,
    );
    expect(codes([failure('pam_unix', '  user=bob'), summed])).toHaveLength(5);
    expect(codes([failedFrom('203.0.113.9', 'bob', 2, 4711), summed])).toHaveLength(1);
  });
});

describe('a session that PAM opened', () => {
  const session = (seconds: number, pid: number, form: string): SyslogLine => line(form, seconds, pid);
  it.each([
    'pam_unix(sshd:session): session opened for user bob(uid=1000) by bob(uid=0)',
    'pam_unix(sshd:session): session opened for user bob by (uid=0)',
    '(pam_unix) session opened for user bob by (uid=0)',
    'session opened for user bob by (uid=0)',
  ])('is a logon by itself, and none beside the line that lets it in: %s', (form) => {
    expect(sshLogons([session(0, 7, form)])).toMatchObject({
      failures: [],
      successes: [{ account: 'bob', address: '', method: 'session' }],
    });
    const accepted = line('Accepted password for bob from 203.0.113.9 port 50022 ssh2', 0, 7);
    for (const pid of [7, 8])
      expect(sshLogons([accepted, session(1, pid, form)]).successes).toMatchObject([
        { account: 'bob', address: '203.0.113.9', method: 'password' },
      ]);
  });
});

describe('a right password that is refused', () => {
  const guesses = [failedFrom('203.0.113.9', 'bob', 0, 1), failedFrom('203.0.113.9', 'bob', 9, 2)];

  it('by the account stage, is told apart from the wrong ones', () => {
    const denied = line('fatal: Access denied for user bob by PAM account configuration [preauth]', 9.2, 2);
    expect(codes([...guesses, denied])).toEqual(['sshd:wrong-password', 'sshd:account-refused']);
    const sss = line('pam_sss(sshd:account): Access denied for user bob: 6 (Permission denied)', 9.1, 2);
    expect(codes([...guesses, sss, denied])).toEqual(['sshd:wrong-password', 'sshd:account-refused']);
  });

  it.each([
    ['Partial password for bob from 203.0.113.9 port 1 ssh2', 'sshd:partial'],
    ['Partial publickey for bob from 203.0.113.9 port 1 ssh2: ED25519 SHA256:abc', 'sshd:partial-key'],
    ['ROOT LOGIN REFUSED FROM 203.0.113.9 port 1', 'sshd:root-refused'],
    ['error: PAM: User account has expired for bob from 203.0.113.9', 'sshd:account-refused'],
    ['pam_unix(sshd:account): account bob has expired (account expired)', 'sshd:account-refused'],
  ])('%s', (message, code) => {
    expect(codes([line(message)])).toEqual([code]);
    expect(failureMeaning(code).credential).toBe('right');
  });

  it('is none where the second factor came', () => {
    const partial = line('Partial publickey for bob from 203.0.113.9 port 1 ssh2: ED25519 SHA256:abc');
    expect(codes([partial, line('Accepted keyboard-interactive/pam for bob from 203.0.113.9 port 1 ssh2', 5)])).toEqual(
      [],
    );
  });
});

describe('an account', () => {
  it('that may not log on is there, though sshd calls it invalid', () => {
    const locked = [
      line('User dave not allowed because account is locked'),
      failedFrom('203.0.113.9', 'invalid user dave', 1, 4711),
    ];
    // Another connection, of which the line that explains it was lost.
    expect(codes([...locked, failedFrom('203.0.113.9', 'invalid user dave', 300, 12)])).toEqual([
      'sshd:not-allowed',
      'sshd:not-allowed',
    ]);
  });

  it('root: its password may not have been looked at, unless one was accepted', () => {
    const guess = failedFrom('203.0.113.9', 'root', 0, 1);
    expect(codes([guess])).toEqual(['sshd:password-refused']);
    expect(codes([guess, line('Accepted password for root from 10.0.0.9 port 4 ssh2', 60, 9)])).toEqual([
      'sshd:wrong-password',
    ]);
    expect(codes([guess, line('Accepted publickey for root from 10.0.0.9 port 4 ssh2: RSA SHA256:x', 60, 9)])).toEqual([
      'sshd:password-refused',
    ]);
  });

  it.each([
    ['jos\\303\\251', 'josé'],
    ['CORP\\\\bob', 'CORP\\bob'],
    ['tab\\tname', 'tab\tname'],
    ['\\377', '\\377'],
  ])('%s is %s', (logged, account) => {
    expect(sshLogons([failedFrom('203.0.113.9', `invalid user ${logged}`, 0, 1)]).failures[0]?.account).toBe(account);
  });
});

describe('the source', () => {
  const fingerprint = 'SHA256:KqBxxSD+3euN7GQVUCwQWYmqfmgC6VUxj5dEPSWf7s8';
  it.each([
    `Failed publickey for bob from 203.0.113.9 port 50000 ssh2: ED25519-CERT ${fingerprint} ID x from 198.51.100.66 port 22 ssh2: y (serial 0) CA RSA ${fingerprint}`,
    `Failed publickey for bob from 203.0.113.9 port 50000 ssh2: RSA-CERT ID x from 198.51.100.66 port 22 ssh2: RSA ${fingerprint} (serial 7) CA RSA 0a:1b:2c:3d`,
    `Failed hostbased for bob from 203.0.113.9 port 50000 ssh2: RSA ${fingerprint}, client user "x from 198.51.100.66 port 22 ssh2", client host "y from 198.51.100.66 port 1 ssh2"`,
    'Failed password for bob from 203.0.113.9 port 50000 ssh1: ruser x from 198.51.100.66',
    `Failed publickey for invalid user x from 198.51.100.66 port 22 ssh2: RSA ${fingerprint} from 203.0.113.9 port 50000 ssh2: RSA ${fingerprint}`,
    'pam_unix(dovecot:auth): authentication failure; logname= uid=0 euid=0 tty=dovecot ruser=bob rhost=198.51.100.66 rhost=203.0.113.9',
    'pam_sss(sshd:auth): authentication failure; logname= uid=0 euid=0 tty=ssh ruser= rhost=203.0.113.9 user=bob rhost=198.51.100.66',
    'error: PAM: Authentication failure for illegal user x from 198.51.100.66 from 203.0.113.9 via 192.0.2.1',
    'refused connect from _from 198.51.100.66 (x)_@::ffff:203.0.113.9 (::ffff:203.0.113.9)',
  ])('is not what the client says: %s', (message) => {
    expect(sshLogons([line(message)]).failures.map(({ address }) => address.replace('::ffff:', ''))).toEqual([
      '203.0.113.9',
    ]);
  });

  it('is told by sshd’s other lines of the connection where a name and a key id could both have written it', () => {
    const forged = `x from 198.51.100.66 port 22 ssh2: RSA-CERT ${fingerprint} ID z`;
    const lines = [
      line(`Invalid user ${forged} from 203.0.113.9 port 50000`),
      line(
        `Failed publickey for invalid user ${forged} from 203.0.113.9 port 50000 ssh2: RSA-CERT ${fingerprint} ID k (serial 1) CA RSA ${fingerprint}`,
        1,
      ),
    ];
    expect(sshLogons(lines).failures.map(({ address }) => address)).toEqual(['203.0.113.9']);
  });
});

describe('other systems, and older ones', () => {
  it.each([
    ['[ID 800047 auth.info] Failed keyboard-interactive for <invalid username> from 203.0.113.9 port 42742 ssh2', ''],
    ['Failed password for invalid user ROOT from 203.0.113.9', 'ROOT'],
    ['error: PAM: authentication error for james from 203.0.113.9 via 192.168.1.201', 'james'],
    ['Illegal user test from 203.0.113.9', 'test'],
    ['authentication failure; logname= uid=0 euid=0 tty=NODEVssh ruser= rhost=203.0.113.9  user=bob', 'bob'],
    [
      'Disconnecting invalid user admin 203.0.113.9 port 44004: Change of username or service not allowed: (admin,ssh-connection) -> (user,ssh-connection) [preauth]',
      'admin',
    ],
    ["User root from 203.0.113.9 not allowed because none of user's groups are listed in AllowGroups", 'root'],
    ['Failed password for bob from 203.0.113.9 port 40022 ssh2 [preauth]', 'bob'],
    ['refused connect from host.example (203.0.113.9)', ''],
    [
      'dovecot-auth: pam_unix(dovecot:auth): authentication failure; logname= uid=0 euid=0 tty=dovecot ruser=box rhost=203.0.113.9  user=box',
      'box',
    ],
  ])('%s', (message, account) => {
    expect(sshLogons([line(message)]).failures).toMatchObject([{ account, address: '203.0.113.9' }]);
  });
});
