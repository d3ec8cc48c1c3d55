import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import type { SyslogEntry } from '../../src/syslog/syslog-entry.ts';
import { noGaps, type SyslogFormat, syslogEntries } from '../../src/syslog/syslog-file.ts';
import { isoOf } from '../../src/triage/logons/ticks.ts';
import { temporaryFolder } from '../eventlog/temporary.ts';

const folder = temporaryFolder();

async function read(name: string, format: SyslogFormat, content: string | Buffer) {
  const gaps = noGaps();
  const entries: SyslogEntry[] = [];
  for await (const some of syslogEntries({ path: folder.write(name, content), format }, gaps)) entries.push(...some);
  return { entries: entries.map((entry) => ({ ...entry, at: isoOf(entry.at) })), gaps };
}

const binary = (name: string, value: string): Buffer => {
  const bytes = Buffer.from(value);
  const size = Buffer.alloc(8);
  size.writeBigUInt64LE(BigInt(bytes.length));
  return Buffer.concat([Buffer.from(`${name}\n`), size, bytes, Buffer.from('\n')]);
};

describe('files of syslog', () => {
  it('are read on past lines of no known form, bytes that are no UTF-8, and zeros, which are counted', async () => {
    const { entries, gaps } = await read(
      'messages',
      'syslog',
      Buffer.concat([
        Buffer.from('2026-11-23T02:00:00Z web01 sshd[7]: Invalid user caf'),
        Buffer.from([0xe9]),
        Buffer.from(
          ' from 203.0.113.9\n\0\0\0\n  at some.Trace(line:7)\r\n\n2026-11-23T02:00:01Z web01 sshd[7]: last\r\n',
        ),
        Buffer.from('2026-11-23T02:00:02Z web01 sshd[7]: no end of line'),
      ]),
    );
    expect(entries.map(({ line, message }) => [line, message])).toEqual([
      [1, 'Invalid user caf\ufffd from 203.0.113.9'],
      [5, 'last'],
      [6, 'no end of line'],
    ]);
    expect(gaps).toEqual({ unread: 1, firstUnread: 3, zeros: 3, remarks: [] });
  });

  it.each([
    ['sysklogd', 'web01 last message repeated 3 times'],
    ['FreeBSD', 'web01 syslogd: last message repeated 3 times'],
    ['rsyslog', 'web01 rsyslogd: last message repeated 3 times'],
    ['Apple', '--- last message repeated 3 times ---'],
  ])('repeat the message before, where the daemon says so without it as %s does', async (name, said) => {
    const { entries } = await read(
      name,
      'syslog',
      `Nov 23 02:00:00 web01 sshd[7]: Failed password for root from 203.0.113.9 port 1 ssh2\nNov 23 02:00:30 ${said}\n`,
    );
    expect(entries[1]).toMatchObject({
      host: 'web01',
      program: 'sshd',
      processId: 7,
      message: 'message repeated 3 times: [ Failed password for root from 203.0.113.9 port 1 ssh2]',
    });
  });

  it('repeat nothing where another program says so', async () => {
    const { entries } = await read(
      'said',
      'syslog',
      'Nov 23 02:00:00 web01 sshd[7]: Failed password for root from 203.0.113.9 port 1 ssh2\nNov 23 02:00:30 web01 bob: last message repeated 9 times\n',
    );
    expect(entries[1]).toMatchObject({ program: 'bob', message: 'last message repeated 9 times' });
  });
});

describe('exported journals', () => {
  const entry = {
    at: '2026-11-23T02:00:00.123456Z',
    host: 'web01',
    program: 'sshd',
    processId: 812,
    facility: 'auth',
    severity: 'info',
  };
  const time = String(Date.UTC(2026, 10, 23, 2) * 1000 + 123_456);

  it('are read from JSON, with bytes, several values, and values that were left out', async () => {
    const fields = {
      __REALTIME_TIMESTAMP: time,
      _HOSTNAME: 'web01',
      SYSLOG_IDENTIFIER: 'sshd',
      _PID: '812',
      SYSLOG_FACILITY: '4',
      PRIORITY: '6',
    };
    const { entries, gaps } = await read(
      'journal.json',
      'journal-json',
      [
        { ...fields, MESSAGE: 'plain' },
        { ...fields, MESSAGE: [...Buffer.from('by\ttes')] },
        { ...fields, MESSAGE: ['one', 'two'], SYSLOG_PID: '9' },
        { ...fields, MESSAGE: null },
        'no entry',
      ]
        .map((one) => `${JSON.stringify(one)}\n`)
        .join(''),
    );
    expect(entries).toEqual([
      { ...entry, line: 1, message: 'plain' },
      { ...entry, line: 2, message: 'by\ttes' },
      { ...entry, line: 3, message: 'one', processId: 9 },
    ]);
    expect(gaps).toEqual({ unread: 2, firstUnread: 4, zeros: 0, remarks: [] });
  });

  it('are read from the export format, wherever a portion of the file ends', async () => {
    const one = Buffer.concat([
      Buffer.from(
        `__CURSOR=s=1\n__REALTIME_TIMESTAMP=${time}\n_HOSTNAME=web01\nSYSLOG_IDENTIFIER=sshd\n_PID=812\nSYSLOG_FACILITY=4\nPRIORITY=6\n`,
      ),
      binary('MESSAGE', 'two\nlines\n\nand a blank'),
      // Field data may look like fields.
      binary('_CMDLINE', `x\n\n__REALTIME_TIMESTAMP=1\nMESSAGE=forged\n${'y'.repeat(3_000_000)}`),
      Buffer.from('\n'),
    ]);
    const two = Buffer.from(`__REALTIME_TIMESTAMP=${time}\nMESSAGE=last=one\n_COMM=cron`);
    const { entries, gaps } = await read('journal.export', 'journal-export', Buffer.concat([one, one, two]));
    expect(entries.map(({ message, program, line }) => [line, program, message])).toEqual([
      [1, 'sshd', 'two\nlines\n\nand a blank'],
      [2, 'sshd', 'two\nlines\n\nand a blank'],
      [3, '', 'last=one'],
    ]);
    expect(entries[0]).toMatchObject(entry);
    // The end of the last field is missing.
    expect(gaps.unread).toBe(1);
  });

  it('agree with what journalctl itself prints, in both forms', async (context) => {
    const journalctl = (...parameters: string[]) =>
      spawnSync('journalctl', ['--no-pager', '-n', '50', ...parameters], { maxBuffer: 1 << 28 });
    const json = journalctl('-o', 'json', '--all');
    if (json.status !== 0 || json.stdout.length < 100) {
      console.warn('SKIPPED: journalctl is not here, or knows no journal');
      context.skip();
    }
    const fromJson = await read('real.json', 'journal-json', json.stdout);
    const fromExport = await read('real.export', 'journal-export', journalctl('-o', 'export').stdout);
    const bare = ({ entries }: typeof fromJson) => entries.map(({ line: _, ...rest }) => rest);
    expect(bare(fromExport)).toEqual(bare(fromJson));
  });
});
