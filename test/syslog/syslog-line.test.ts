import { describe, expect, it } from 'vitest';
import { syslogLine } from '../../src/syslog/syslog-line.ts';
import { isoOf } from '../../src/triage/logons/ticks.ts';

const read = (line: string) => {
  const found = syslogLine(line);
  return found && { ...found, at: found.at === null ? null : isoOf(found.at) };
};
const said = { program: 'sshd', processId: 812, message: 'Failed password for root from 203.0.113.9 port 22 ssh2' };
const text = `sshd[812]: ${said.message}`;

describe('a line of syslog', () => {
  it('is read as RFC 3164 has it, which knows no year', () => {
    expect(read(`Nov  3 02:17:09 web01 ${text}`)).toMatchObject({
      ...said,
      at: null,
      yearless: { month: 10, day: 3, milliseconds: 8_229_000 },
      host: 'web01',
      facility: '',
      severity: '',
    });
    expect(read(`<38>Nov 13 02:17:09 web01 ${text}`)).toMatchObject({ ...said, facility: 'auth', severity: 'info' });
    expect(read('Nov 13 02:17:09 web01 last message repeated 2 times')).toMatchObject({
      program: '',
      message: 'last message repeated 2 times',
    });
    expect(read(`Nov 13 2024 02:17:09 fw01 ${text}`)).toMatchObject({ ...said, at: '2024-11-13T02:17:09Z' });
    expect(read('Nov 13 02:17:09 old su(pam_unix)[7]: session opened')).toMatchObject({
      program: 'su(pam_unix)',
      processId: 7,
    });
  });

  // Lines of AIX as FreeIPA's documentation quotes them, of BusyBox and OpenWrt's logread as their users do, of syslog-ng;
  // journalctl(1) of systemd 256, output modes; `log show --style syslog` of macOS.
  it.each([
    [`Aug 24 10:38:29 aix01 auth|security:info ${text}`, { host: 'aix01', facility: 'auth', severity: 'info' }],
    [`Sep 20 10:00:01 alpine authpriv.warn ${text}`, { host: 'alpine', facility: 'authpriv', severity: 'warning' }],
    [`Sep 20 10:00:01 web1 [auth.info] ${text}`, { host: 'web1', facility: 'auth', severity: 'info' }],
    [`Sep 20 10:00:01 collector Message forwarded from aix02: ${text}`, { host: 'aix02' }],
    [
      `Mon Oct  5 04:22:26 2026 authpriv.warn ${text}`,
      { at: '2026-10-05T04:22:26Z', host: '', facility: 'authpriv', severity: 'warning' },
    ],
    [
      `Mon 2026-11-23 02:17:09 UTC web01.example.org ${text}`,
      { at: '2026-11-23T02:17:09Z', host: 'web01.example.org' },
    ],
    [`2026-11-23 02:17:09.123456-0800  mac ${text}`, { at: '2026-11-23T10:17:09.123456Z', host: 'mac' }],
    [`1795400229.123456 web01 ${text}`, { at: '2026-11-23T02:17:09.123456Z', host: 'web01' }],
    [`2026-11-23T02:17:09+0000 web01 ${text}`, { at: '2026-11-23T02:17:09Z' }],
    [`Nov 23 02:17:09 web01 /usr/sbin/${text}`, { host: 'web01' }],
  ])('is read as other systems write it: %s', (line, expected) => {
    expect(read(line)).toMatchObject({ ...said, ...expected });
  });

  it('is read with its zone as rsyslog and RFC 5424 write it', () => {
    expect(read(`2026-11-23T03:17:09.123456+01:00 web01 ${text}`)).toMatchObject({
      ...said,
      at: '2026-11-23T02:17:09.123456Z',
      host: 'web01',
    });
    expect(read(`<86>1 2026-11-23T02:17:09Z web01 sshd 812 - [a@1 b="]\\"["][c] \ufeff${said.message}`)).toMatchObject({
      ...said,
      at: '2026-11-23T02:17:09Z',
      facility: 'authpriv',
      severity: 'info',
    });
    expect(read('<34>1 2026-11-23T02:17:09.5-07:30 - - - ID47 -')).toMatchObject({
      at: '2026-11-23T09:47:09.5Z',
      host: '',
      program: '',
      message: '',
    });
  });

  it.each([
    '',
    'no log at all',
    'Foo 13 02:17:09 web01 sshd: x',
    'Nov 41 02:17:09 web01 sshd: x',
    'Nov 13 32:17:09 web01 sshd: x',
    '2026-11-23T02:17:09Z INFO Daemon Azure Linux Agent',
    '2026-11-23 02:17:09 install libc6',
    '2026-13-23T02:17:09Z web01 sshd[1]: x',
    '<34>1 not-a-time web01 sshd 1 - - x',
    '{"time":"2026-11-23T02:17:09Z"}',
  ])('%j is none', (line) => {
    expect(syslogLine(line)).toBeNull();
  });

  it('takes no longer for a line that is made to be slow', () => {
    for (const line of [
      `1 2026-11-23T02:17:09Z a b c d ${'['.repeat(60_000)}`,
      `Nov 13 02:17:09 ${' '.repeat(60_000)}`,
    ])
      expect(syslogLine(line)?.message ?? '').toHaveLength(0);
  });
});
