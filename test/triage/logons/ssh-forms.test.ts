import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { Regex } from '../../../src/kql/regex.ts';
import { sshLogons } from '../../../src/triage/logons/ssh-logons.ts';
import { parseSshd } from '../../../src/triage/logons/sshd.ts';

const S = '203.0.113.9';
/** Forms of one process's lines as OpenSSH 5 to 10 and PAM write them, hostile ones too: account|address|code, counted. */
const cases: [string, string[], string][] = [
  [
    'v6',
    ['Failed password for invalid user admin from 2001:db8::1 port 40000 ssh2'],
    'admin|2001:db8::1|sshd:invalid-user',
  ],
  ['zone', ['Failed password for bob from fe80::1%eth0 port 40000 ssh2'], 'bob|fe80::1%eth0|sshd:wrong-password'],
  ['empty name', [`Failed password for invalid user  from ${S} port 1 ssh2`], `|${S}|sshd:invalid-user`],
  ['empty invalid', [`Invalid user  from ${S} port 1`], `|${S}|sshd:invalid-user`],
  [
    'hostile name',
    [`Failed password for invalid user a from 198.51.100.1 port 22 ssh2 from ${S} port 1 ssh2`],
    `a from 198.51.100.1 port 22 ssh2|${S}|sshd:invalid-user`,
  ],
  [
    'cert failed',
    [
      `Failed publickey for bob from ${S} port 5 ssh2: RSA-CERT SHA256:q ID x from 198.51.100.1 port 9 ssh2: RSA SHA256:z (serial 1) CA RSA SHA256:k`,
    ],
    `bob|${S}|sshd:key-refused`,
  ],
  [
    'cert id with serial',
    [
      `Failed publickey for bob from ${S} port 5 ssh2: ED25519-CERT SHA256:q ID (serial 9) CA RSA SHA256:aa from 198.51.100.1 port 9 ssh2 (serial 1) CA ED25519 SHA256:k`,
    ],
    `bob|${S}|sshd:key-refused`,
  ],
  [
    'cert empty id',
    [`Failed publickey for bob from ${S} port 5 ssh2: ED25519-CERT SHA256:q ID  (serial 1) CA ED25519 SHA256:k`],
    `bob|${S}|sshd:key-refused`,
  ],
  ['ecdsa-sk', [`Failed publickey for bob from ${S} port 5 ssh2: ECDSA-SK SHA256:q`], `bob|${S}|sshd:key-refused`],
  [
    'md5 fp',
    [`Failed publickey for bob from ${S} port 5 ssh2: RSA 00:11:22:33:44:55:66:77:88:99:aa:bb:cc:dd:ee:ff`],
    `bob|${S}|sshd:key-refused`,
  ],
  [
    'none',
    [
      `Failed none for invalid user x from ${S} port 5 ssh2`,
      `Failed password for invalid user x from ${S} port 5 ssh2`,
    ],
    `x|${S}|sshd:invalid-user`,
  ],
  [
    'kbd',
    [
      `error: PAM: Authentication failure for bob from ${S}`,
      `Failed keyboard-interactive/pam for bob from ${S} port 5 ssh2`,
    ],
    `bob|${S}|sshd:wrong-password`,
  ],
  [
    'kbd user unknown',
    [
      `error: PAM: User not known to the underlying authentication module for illegal user x from ${S}`,
      `Failed keyboard-interactive/pam for invalid user x from ${S} port 5 ssh2`,
    ],
    `x|${S}|sshd:invalid-user`,
  ],
  [
    'sss then unix',
    [
      `pam_sss(sshd:auth): authentication failure; logname= uid=0 euid=0 tty=ssh ruser= rhost=${S} user=bob`,
      `pam_unix(sshd:auth): authentication failure; logname= uid=0 euid=0 tty=ssh ruser= rhost=${S}  user=bob`,
      `Failed password for bob from ${S} port 5 ssh2`,
    ],
    `bob|${S}|sshd:wrong-password`,
  ],
  [
    'unix only, no user',
    [
      'pam_unix(sshd:auth): check pass; user unknown',
      `pam_unix(sshd:auth): authentication failure; logname= uid=0 euid=0 tty=ssh ruser= rhost=${S} `,
    ],
    `|${S}|pam:failure`,
  ],
  [
    'max',
    [
      `error: maximum authentication attempts exceeded for root from ${S} port 5 ssh2 [preauth]`,
      `Disconnecting authenticating user root ${S} port 5: Too many authentication failures [preauth]`,
    ],
    `root|${S}|sshd:too-many`,
  ],
  [
    'repeated',
    [`message repeated 3 times: [ Failed password for root from ${S} port 22 ssh2]`],
    `root|${S}|sshd:password-refused x3`,
  ],
  [
    'pam more',
    [
      `pam_unix(sshd:auth): authentication failure; logname= uid=0 euid=0 tty=ssh ruser= rhost=${S}  user=bob`,
      `PAM 2 more authentication failures; logname= uid=0 euid=0 tty=ssh ruser= rhost=${S}  user=bob`,
    ],
    `bob|${S}|pam:failure x3`,
  ],
  [
    'groups',
    [
      `User bob from ${S} not allowed because none of user's groups are listed in AllowGroups`,
      `Failed password for invalid user bob from ${S} port 5 ssh2`,
    ],
    `bob|${S}|sshd:not-allowed`,
  ],
  [
    'shell',
    [
      'User bob not allowed because shell /bin/nope does not exist',
      `Failed password for invalid user bob from ${S} port 5 ssh2`,
    ],
    `bob|${S}|sshd:not-allowed`,
  ],
  [
    'authenticating preauth',
    [`Connection closed by authenticating user bob ${S} port 5 [preauth]`],
    `bob|${S}|sshd:gave-up`,
  ],
  ['reset invalid', [`Connection reset by invalid user x ${S} port 5 [preauth]`], `x|${S}|sshd:invalid-user`],
  ['name user', [`Failed password for user from ${S} port 5 ssh2`], `user|${S}|sshd:wrong-password`],
  [
    'name invalid user',
    [`Failed password for invalid user invalid user from ${S} port 5 ssh2`],
    `invalid user|${S}|sshd:invalid-user`,
  ],
  ['octal', [`Failed password for invalid user jos\\303\\251 from ${S} port 5 ssh2`], `josé|${S}|sshd:invalid-user`],
  ['domain', [`Failed password for CONTOSO\\\\bob from ${S} port 5 ssh2`], `CONTOSO\\bob|${S}|sshd:wrong-password`],
  [
    'host name',
    ['Failed password for bob from evil.example.net port 5 ssh2'],
    'bob|evil.example.net|sshd:wrong-password',
  ],
  ['via', [`error: PAM: Authentication error for bob from ${S} via 10.0.0.4`], `bob|${S}|sshd:wrong-password`],
  [
    'order swap',
    [
      `Failed password for bob from ${S} port 5 ssh2`,
      `pam_unix(sshd:auth): authentication failure; logname= uid=0 euid=0 tty=ssh ruser= rhost=${S}  user=bob`,
    ],
    `bob|${S}|sshd:wrong-password`,
  ],
  [
    'openssh 10 fatal',
    [
      `Failed password for bob from ${S} port 5 ssh2`,
      'fatal: Access denied for user bob by PAM account configuration [preauth]',
    ],
    `bob|${S}|sshd:account-refused`,
  ],
  [
    'expired',
    [
      'pam_unix(sshd:account): account bob has expired (account expired)',
      `Failed password for bob from ${S} port 5 ssh2`,
      'fatal: Access denied for user bob by PAM account configuration [preauth]',
    ],
    `bob|${S}|sshd:account-refused`,
  ],
  [
    'gssapi',
    [`Failed gssapi-with-mic for bob from ${S} port 5 ssh2`, `Failed password for bob from ${S} port 5 ssh2`],
    `bob|${S}|sshd:wrong-password`,
  ],
  [
    'hostbased',
    [
      `Failed hostbased for bob from ${S} port 5 ssh2: RSA SHA256:q, client user "x from 198.51.100.1 port 2 ssh2", client host "h"`,
    ],
    `bob|${S}|sshd:key-refused`,
  ],
  ['timed out', [`Connection from authenticating user bob ${S} port 5 timed out [preauth]`], `bob|${S}|sshd:gave-up`],
  [
    'broken packets',
    [
      `ssh_dispatch_run_fatal: Connection from invalid user x 198.51.100.1 port 9: y ${S} port 5: message authentication code incorrect [preauth]`,
    ],
    `x 198.51.100.1 port 9: y|${S}|sshd:invalid-user`,
  ],
  [
    'openssh 10, the name run into its word',
    [`Connection closed by authenticatinguser bob ${S} port 5 [preauth]`],
    `bob|${S}|sshd:gave-up`,
  ],
  [
    'refuse connection',
    [`administratively prohibited connection for bob from 2001:db8::1 port 5`],
    'bob|2001:db8::1|sshd:refused-connection',
  ],
  [
    'a security key that nobody touched',
    [
      `error: public key ED25519-SK SHA256:q signature for bob from ${S} port 5 rejected: user presence (authenticator touch) requirement not met `,
      `Failed publickey for bob from ${S} port 5 ssh2: ED25519-SK SHA256:q`,
    ],
    `bob|${S}|sshd:partial-key`,
  ],
  [
    'a key from elsewhere',
    [
      `/home/bob/.ssh/authorized_keys:1: Authentication tried for bob with correct key but not from a permitted host (host=x.example.net, ip=${S}, required=10.0.0.0/8).`,
      `Connection closed by authenticating user bob ${S} port 5 [preauth]`,
    ],
    `bob|${S}|sshd:key-elsewhere`,
  ],
  [
    'a certificate from elsewhere',
    [`cert: Authentication tried for bob with valid certificate but not from a permitted source address (${S}).`],
    `bob|${S}|sshd:key-elsewhere`,
  ],
  [
    'tally, a wait',
    [
      'pam_tally2(sshd:auth): user bob (1001) has time limit [10s left] since last failure.',
      `Failed password for bob from ${S} port 5 ssh2`,
    ],
    `bob|${S}|pam:locked-out`,
  ],
  [
    'no logon for long',
    ['pam_lastlog(sshd:auth): user bob inactive for 91 days - denied', `Failed password for bob from ${S} port 5 ssh2`],
    `bob|${S}|pam:locked-out`,
  ],
  [
    'a condition of PAM, in authpriv alone',
    ['pam_succeed_if(sshd:account): requirement "user ingroup ssh" not met by user "bob"'],
    'bob||sshd:account-refused',
  ],
  [
    'a list of PAM',
    [
      'pam_listfile(sshd:account): Refused user bob for service sshd',
      `Failed password for bob from ${S} port 5 ssh2`,
      'fatal: Access denied for user bob by PAM account configuration [preauth]',
    ],
    `bob|${S}|sshd:account-refused`,
  ],
  [
    'a condition that only chooses, before a session',
    [
      'pam_succeed_if(sshd:account): requirement "uid < 1000" not met by user "bob"',
      'pam_unix(sshd:session): session opened for user bob(uid=1001) by (uid=0)',
    ],
    '',
  ],
  [
    'a password that had to be changed, before a session',
    [
      'pam_unix(sshd:account): expired password for user bob (password aged)',
      'pam_unix(sshd:session): session opened for user bob(uid=1001) by (uid=0)',
    ],
    '',
  ],
  [
    'the guess that locks',
    [
      'pam_faillock(sshd:auth): Consecutive login failures for user bob account temporarily locked',
      `Failed password for bob from ${S} port 5 ssh2`,
    ],
    `bob|${S}|sshd:wrong-password`,
  ],
  [
    'sss: right, and denied for the account',
    [
      `pam_sss(sshd:auth): authentication success; logname= uid=0 euid=0 tty=ssh ruser= rhost=${S} user=bob`,
      'pam_sss(sshd:account): Access denied for user bob: 6 (Permission denied)',
      `Failed password for bob from ${S} port 5 ssh2`,
      'fatal: Access denied for user bob by PAM account configuration [preauth]',
    ],
    `bob|${S}|sshd:account-refused`,
  ],
  // github.com/duosecurity/duo_unix, pam_duo.c; github.com/google/google-authenticator-libpam, pam_google_authenticator.c.
  [
    'Duo refused',
    [`Failed Duo login for 'bob' from ${S}: Login request denied.`, `error: PAM: Permission denied for bob from ${S}`],
    `bob|${S}|pam:factor-refused`,
  ],
  ['Duo alone', [`Aborted Duo login for 'bob' from ${S}`], `bob|${S}|pam:factor-refused`],
  [
    'a verification code',
    ['Invalid verification code for bob', `error: PAM: Authentication failure for bob from ${S}`],
    `bob|${S}|pam:code-refused`,
  ],
  // github.com/mkj/dropbear at 1442f00d (2026-07-23), src/svr-*.c; the older ones from fail2ban's test log "dropbear" (62aeb55b).
  [
    'dropbear',
    [
      `Bad password attempt for 'root' from ${S}:60588`,
      `Bad password attempt for 'root' from ${S}:60588`,
      `Exit before auth from <${S}:60588>: (user 'root', 2 fails): Disconnect received`,
    ],
    `root|${S}|sshd:password-refused x2`,
  ],
  [
    'dropbear before 0.53, mapped',
    [`bad password attempt for 'bob' from ::ffff:198.51.100.215:60495`],
    'bob|::ffff:198.51.100.215|sshd:wrong-password',
  ],
  ['dropbear IPv6', [`Bad password attempt for 'bob' from 2001:db8::7:50122`], 'bob|2001:db8::7|sshd:wrong-password'],
  [
    'dropbear with PAM, in auth and authpriv',
    [
      `pam_unix(dropbear:auth): authentication failure; logname= uid=0 euid=0 tty=ssh ruser= rhost=${S}  user=bob`,
      `Bad PAM password attempt for 'bob' from ${S}:5`,
    ],
    `bob|${S}|sshd:wrong-password`,
  ],
  [
    'dropbear, nobody',
    [
      `Login attempt for nonexistent user from ${S}:60794`,
      `Exit before auth from <${S}:60794>: Max auth tries reached - user '<invalid username>'`,
    ],
    `|${S}|sshd:invalid-user`,
  ],
  [
    'dropbear, only how it ended',
    [`Exit before auth (user 'bob', 10 fails): Max auth tries reached - user 'bob' from ${S}:60588`],
    `bob|${S}|sshd:wrong-password x10`,
  ],
  ['dropbear, only a knock', [`Exit before auth from <${S}:5>: Exited normally`], `|${S}|sshd:gave-up`],
  [
    'dropbear in a journal',
    [`[825] Jul 10 23:53:52 Bad password attempt for 'bob' from ${S}:52289`],
    `bob|${S}|sshd:wrong-password`,
  ],
  [
    'dropbear, locked',
    [`User account 'bob' is locked`, `Exit before auth from <${S}:5>: (user 'bob', 1 fails): Exited normally`],
    `bob|${S}|sshd:wrong-password`,
  ],
  [
    'dropbear, no shell',
    [`User 'bob' has invalid shell, rejected`, `Exit before auth from <${S}:5>: Exited normally`],
    `bob|${S}|sshd:not-allowed`,
  ],
  [
    'dropbear, a second factor',
    [`Password auth succeeded for 'bob' from ${S}:5, extra auth required`],
    `bob|${S}|sshd:partial`,
  ],
  [
    'dropbear, a key',
    [`Pubkey auth bad signature for 'bob' with key SHA256:q from ${S}:5`],
    `bob|${S}|sshd:key-refused`,
  ],
  ['dropbear, let in', [`Password auth succeeded for 'bob' from ${S}:5`], ''],
  // AIX, as FreeIPA's documentation and notes of administrators quote it; port-aix.c of OpenSSH.
  [
    'AIX, an account that is locked',
    [
      'Login restricted for bob: 3004-303 There have been too many unsuccessful login attempts; please see the system administrator.',
      `Failed password for invalid user bob from ${S} port 5 ssh2`,
    ],
    `bob|${S}|sshd:not-allowed`,
  ],
  [
    'AIX, nobody',
    [
      'Login restricted for x: You entered an invalid login name or password.',
      `Failed none for invalid user x from ${S} port 5 ssh2`,
    ],
    `x|${S}|sshd:invalid-user`,
  ],
  [
    'AIX, a right password that must be changed',
    [
      "Password can't be changed for user bob: [compat]: 3004-333 A password change is required.",
      `Failed password for bob from ${S} port 5 ssh2`,
    ],
    `bob|${S}|sshd:account-refused`,
  ],
  [
    'Solaris',
    [`[ID 800047 auth.info] Failed keyboard-interactive for bob from ${S} port 5 ssh2`],
    `bob|${S}|sshd:wrong-password`,
  ],
  ['macOS', [`error: PAM: authentication error for bob from ${S} via 10.0.0.4`], `bob|${S}|sshd:wrong-password`],
  ['tcp wrappers', [`refused connect from ::ffff:${S} (::ffff:${S})`], `|::ffff:${S}|sshd:refused-connection`],
  ['no address', ['Failed password for bob from UNKNOWN port 65535 ssh2'], 'bob|UNKNOWN|sshd:wrong-password'],
];

it('the query takes each form that is read', () => {
  const query = readFileSync(new URL('../../../src/azure/queries/sshd-attempts.kql', import.meta.url), 'utf8');
  const taken = new Regex(/Message matches regex @'((?:[^']|'')*)'/.exec(query)?.[1] ?? '(');
  const left = cases
    .flatMap(([, messages]) => messages)
    .filter((message) => parseSshd(message) !== null && !taken.test(message));
  expect(left).toEqual([]);
});

it.each(cases)('%s', (_, messages, expected) => {
  const lines = messages.map((message, i) => ({ at: 1e12 + i * 1e6, computer: 'h', processId: 77, message }));
  const counts = new Map<string, number>();
  for (const { account, address, subStatus } of sshLogons(lines).failures) {
    const key = `${account}|${address}|${subStatus}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  expect([...counts].map(([key, times]) => (times === 1 ? key : `${key} x${times}`)).join(' ; ')).toBe(expected);
});

it('what PAM’s process says of a further factor is of the answer that sshd counts', () => {
  const line = (seconds: number, processId: number, message: string) => ({
    at: 1e12 + seconds * 1e7,
    computer: 'h',
    processId,
    message,
  });
  const { failures } = sshLogons(
    Array.from({ length: 6 }, (_, i) => [
      line(i * 10, 500 + i, 'Invalid verification code for bob'),
      line(i * 10 + 1, 400 + i, `error: PAM: Authentication failure for bob from ${S}`),
    ]).flat(),
  );
  expect(failures.map(({ account, address, subStatus }) => [account, address, subStatus])).toEqual(
    Array.from({ length: 6 }, () => ['bob', S, 'pam:code-refused']),
  );
});
