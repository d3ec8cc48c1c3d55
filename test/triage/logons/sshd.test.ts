import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type SyslogLine, sshLogons } from '../../../src/triage/logons/ssh-logons.ts';
import { parseSshd } from '../../../src/triage/logons/sshd.ts';
import { at } from './logon-events.ts';

const line = (message: string, seconds = 0, processId: number | null = 4711): SyslogLine => ({
  at: at(seconds),
  computer: 'lin-build',
  processId,
  message,
});

describe('a message of sshd', () => {
  it.each([
    ['Failed password for root from 203.0.113.7 port 40022 ssh2', 'failed', 'sshd:wrong-password', 'root'],
    ['Failed password for invalid user admin from 203.0.113.7 port 40022 ssh2', 'failed', 'sshd:invalid-user', 'admin'],
    [
      'Failed keyboard-interactive/pam for root from 203.0.113.7 port 40022 ssh2',
      'failed',
      'sshd:wrong-password',
      'root',
    ],
    ['Failed password for invalid user  from 203.0.113.7 port 40022 ssh2', 'failed', 'sshd:invalid-user', ''],
    ['Failed none for invalid user admin from 203.0.113.7 port 40022 ssh2', 'trace', 'sshd:invalid-user', 'admin'],
    ['Failed publickey for root from 203.0.113.7 port 40022 ssh2: RSA SHA256:abc', 'trace', 'sshd:key-refused', 'root'],
    ['Invalid user admin from 203.0.113.7 port 40022', 'trace', 'sshd:invalid-user', 'admin'],
    ['Connection closed by authenticating user root 203.0.113.7 port 40022 [preauth]', 'trace', 'sshd:gave-up', 'root'],
    ['Connection reset by invalid user admin 203.0.113.7 port 40022 [preauth]', 'trace', 'sshd:invalid-user', 'admin'],
    [
      'Disconnecting authenticating user root 203.0.113.7 port 40022: Too many authentication failures [preauth]',
      'trace',
      'sshd:too-many',
      'root',
    ],
    [
      'error: maximum authentication attempts exceeded for root from 203.0.113.7 port 40022 ssh2 [preauth]',
      'trace',
      'sshd:too-many',
      'root',
    ],
    ['Accepted password for deploy from 203.0.113.7 port 40022 ssh2', 'accepted', '', 'deploy'],
    ['Accepted publickey for deploy from 203.0.113.7 port 40022 ssh2: RSA SHA256:x y', 'accepted', '', 'deploy'],
  ])('%j', (message, kind, code, account) => {
    expect(parseSshd(message)).toMatchObject({ kind, code, account, address: '203.0.113.7', port: 40022, times: 1 });
  });

  it('without a port: old sshd, PAM', () => {
    expect(parseSshd('Invalid user admin from 203.0.113.7')).toMatchObject({ address: '203.0.113.7', port: 0 });
    const pam = 'pam_unix(sshd:auth): authentication failure; logname= uid=0 euid=0 tty=ssh ruser= rhost=203.0.113.7';
    expect(parseSshd(`${pam} `)).toMatchObject({
      kind: 'trace',
      code: 'pam:failure',
      account: '',
      address: '203.0.113.7',
    });
    expect(parseSshd(`${pam}  user=root`)).toMatchObject({ account: 'root', address: '203.0.113.7' });
    expect(parseSshd('error: PAM: Authentication failure for illegal user bob from 203.0.113.7')).toMatchObject({
      code: 'sshd:invalid-user',
      account: 'bob',
    });
  });

  it('repeated stands for that many', () => {
    const message = 'message repeated 5 times: [ Failed password for root from 203.0.113.7 port 40022 ssh2]';
    expect(parseSshd(message)).toMatchObject({ kind: 'failed', account: 'root', address: '203.0.113.7', times: 5 });
  });

  it.each([
    'Server listening on 0.0.0.0 port 22.',
    'pam_unix(sudo:session): session opened for user root(uid=0) by deploy(uid=1000)',
    'pam_unix(cron:session): session opened for user root(uid=0) by (uid=0)',
    'pam_unix(su-l:session): session opened for user root by bob(uid=1000)',
    'pam_unix(sshd:session): session closed for user root',
    'Disconnected from user anna 10.0.0.5 port 50211',
    'Failed password',
    '',
  ])('that says nothing about a logon: %j', (message) => {
    expect(parseSshd(message)).toBeNull();
  });

  it('cannot be told another source by the name that was tried', () => {
    const names = fc.oneof(
      fc.constantFrom(
        'root from 1.2.3.4 port 22 ssh2',
        'x from 1.2.3.4 port 22 ssh2: RSA y',
        'root from 1.2.3.4',
        'invalid user bob',
        ' rhost=1.2.3.4',
      ),
      fc.string({ maxLength: 60, size: 'max' }).map((name) => name.replace(/[\n\r\u2028\u2029]/g, '?')),
    );
    fc.assert(
      fc.property(names, (name) => {
        for (const message of [
          `Failed password for invalid user ${name} from 203.0.113.7 port 40022 ssh2`,
          `Invalid user ${name} from 203.0.113.7 port 40022`,
          `Connection closed by invalid user ${name} 203.0.113.7 port 40022 [preauth]`,
        ])
          expect(parseSshd(message)).toMatchObject({ account: name, address: '203.0.113.7', port: 40022 });
      }),
    );
  });

  it('of any length and content is read in bounded time', () => {
    expect(parseSshd(`Failed password for ${' from '.repeat(100_000)}`)).toBeNull();
  });
});

describe('attempts', () => {
  it('are counted once, although one is logged in five lines', () => {
    const { failures } = sshLogons([
      line('Invalid user admin from 203.0.113.7 port 40022'),
      line('pam_unix(sshd:auth): check pass; user unknown'),
      line('pam_unix(sshd:auth): authentication failure; logname= uid=0 euid=0 tty=ssh ruser= rhost=203.0.113.7'),
      line('Failed password for invalid user admin from 203.0.113.7 port 40022 ssh2', 2),
      line('Connection closed by invalid user admin 203.0.113.7 port 40022 [preauth]', 3),
    ]);
    expect(failures).toMatchObject([{ account: 'admin', address: '203.0.113.7', subStatus: 'sshd:invalid-user' }]);
  });

  it('of one connection are as many as its failed passwords', () => {
    const { failures } = sshLogons([
      line('Failed password for root from 203.0.113.7 port 40022 ssh2', 0),
      line('message repeated 2 times: [ Failed password for root from 203.0.113.7 port 40022 ssh2]', 4),
      line('error: maximum authentication attempts exceeded for root from 203.0.113.7 port 40022 ssh2 [preauth]', 6),
    ]);
    expect(failures).toHaveLength(3);
  });

  it('that left no failed password count once for the connection', () => {
    const { failures } = sshLogons([
      line('pam_unix(sshd:auth): authentication failure; logname= uid=0 euid=0 tty=ssh ruser= rhost=203.0.113.7'),
      line('Invalid user admin from 203.0.113.7 port 40022'),
      line('Connection closed by invalid user admin 203.0.113.7 port 40022 [preauth]', 1),
      line('Connection closed by authenticating user root 203.0.113.8 port 40023 [preauth]', 1, 4712),
    ]);
    expect(failures.map(({ account }) => account)).toEqual(['admin', 'root']);
  });

  it('are known by address and port where the process was not logged', () => {
    const { failures } = sshLogons([
      line('Invalid user admin from 203.0.113.7 port 40022', 0, null),
      line('Failed password for invalid user admin from 203.0.113.7 port 40022 ssh2', 2, null),
      line('Invalid user guest from 203.0.113.7 port 40023', 3, null),
    ]);
    expect(failures.map(({ account }) => account)).toEqual(['admin', 'guest']);
  });

  it('that were sent twice are read once', () => {
    const message = 'Failed password for root from 203.0.113.7 port 40022 ssh2';
    expect(sshLogons([line(message), line(message), line(message, 2)]).failures).toHaveLength(2);
  });

  it('that were accepted keep their method', () => {
    const { successes, failures } = sshLogons([line('Accepted publickey for deploy from 10.0.0.5 port 1 ssh2: RSA x')]);
    expect(failures).toEqual([]);
    expect(successes).toMatchObject([{ account: 'deploy', address: '10.0.0.5', method: 'publickey' }]);
  });
});
