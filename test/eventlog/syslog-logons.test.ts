import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { LogonCollector } from '../../src/eventlog/logon-collector.ts';
import { type LogFile, readEventLogs } from '../../src/eventlog/read-logs.ts';
import { readSyslogLogons } from '../../src/eventlog/syslog-logons.ts';
import type { SyslogFile } from '../../src/syslog/syslog-file.ts';
import { failedLogon, successfulLogon, writeLog } from './log-writer.ts';
import { temporaryFolder } from './temporary.ts';

const folder = temporaryFolder();
const now = new Date('2026-11-23T12:00:00Z');
const two = (number: number): string => String(number).padStart(2, '0');

/** Guesses of one address, as PAM and sshd log each: "Nov 23 02:00:07 web01 sshd[1007]: Failed password …". */
function guesses(count: number, told: (second: number, process: number, message: string) => string): string {
  return Array.from({ length: count }, (_, i) => {
    const pam =
      'pam_unix(sshd:auth): authentication failure; logname= uid=0 euid=0 tty=ssh ruser= rhost=203.0.113.9  user=root';
    return [
      told(i, 1000 + i, pam),
      told(i, 1000 + i, `Failed password for root from 203.0.113.9 port ${40_000 + i} ssh2`),
    ].join('');
  }).join('');
}
const traditional = (second: number, process: number, message: string): string =>
  `Nov 23 02:00:${two(second)} web01 sshd[${process}]: ${message}\n`;
const accepted = 'Accepted password for root from 203.0.113.9 port 50000 ssh2';

const syslog = (name: string, content: string | Buffer): SyslogFile => ({
  path: folder.write(name, content),
  format: 'syslog',
  year: { first: 2026, from: 'the time of the file (2026-11-23)' },
});

describe('logs of syslog as evidence of logons', () => {
  it('count once what two of them have under the short and the full name of one computer', async () => {
    const short = guesses(12, traditional);
    const names = [syslog('short.log', short), syslog('full.log', short.replaceAll('web01', 'web01.contoso.com'))];
    const { logons } = await readEventLogs(names, { now });
    expect(logons).toMatchObject({ state: 'known', value: { failures: 12, bursts: [{ failures: 12 }] } });
    const third = syslog('third.log', short.replaceAll('web01', 'web01.example.org'));
    const unclear = await readEventLogs([...names, third], { now });
    expect(unclear.logons).toMatchObject({
      value: { failures: 36 },
      notSeen: expect.arrayContaining([expect.stringMatching(/^which computer is meant by web01: /)]),
    });
  });

  it('keep no more lines of one file than they may, and say so', async () => {
    const log = syslog('flood.log', guesses(12, traditional) + traditional(40, 2000, accepted));
    const collector = new LogonCollector();
    const { notes } = await readSyslogLogons(log, 0, collector, {}, 20);
    expect([collector.other.held, collector.other.cutLines]).toEqual([20, 5]);
    expect(notes).toContain('5 lines of logons and actions beyond the first that are kept');
  });

  it('count each guess once, with the burst and the logon after it, like those of a workspace', async () => {
    const log = syslog('auth.log', guesses(20, traditional) + traditional(40, 2000, accepted));
    const { files, logons } = await readEventLogs([log], { now });
    expect(files).toMatchObject([
      {
        records: 41,
        failures: 20,
        successes: 1,
        first: '2026-11-23T02:00:00Z',
        last: '2026-11-23T02:00:40Z',
        channel: 'syslog',
        computers: ['web01'],
        damages: 0,
      },
    ]);
    expect(files[0]?.sha256).toMatch(/^[0-9a-f]{64}$/);
    expect(logons).toMatchObject({
      state: 'known',
      value: {
        failures: 20,
        successesCollected: true,
        bursts: [
          {
            kind: 'guess',
            failures: 20,
            sources: [{ address: '203.0.113.9', failures: 20 }],
            codes: [{ code: 'sshd:wrong-password' }],
            success: { state: 'known', value: { at: '2026-11-23T02:00:40Z', account: 'root' } },
          },
        ],
      },
      notSeen: ['the year and the time zone of auth.log: derived, and UTC'],
    });
  });

  it('count a message once that the journal, the log and its rotated copy all have', async () => {
    const journal = guesses(20, (second, process, message) => {
      const at = String(Date.UTC(2026, 10, 23, 2, 0, second) * 1000 + 812_345);
      const fields = {
        __REALTIME_TIMESTAMP: at,
        _HOSTNAME: 'web01.contoso.local',
        SYSLOG_IDENTIFIER: 'sshd',
        _PID: String(process),
        MESSAGE: message,
      };
      return `${JSON.stringify(fields)}\n`;
    });
    const text = guesses(20, traditional);
    const logs: LogFile[] = [
      syslog('auth.log.1', text),
      syslog('auth.log.1.gz', gzipSync(text)),
      { path: folder.write('journal.json', journal), format: 'journal-json' },
    ];
    const { files, logons } = await readEventLogs(logs, { now });
    expect(files.map(({ failures }) => failures)).toEqual([20, 20, 20]);
    expect(logons).toMatchObject({ state: 'known', value: { failures: 20 } });
    // Twice in one file is twice.
    const again = await readEventLogs(
      [syslog('twice.log', traditional(1, 7, 'Failed password for x from 203.0.113.9 port 1 ssh2').repeat(2))],
      { now },
    );
    expect(again.files).toMatchObject([{ failures: 1 }]);
  });

  it('are not known to have no failed logons where nothing in them speaks of logons', async () => {
    const log = syslog(
      'messages',
      'Nov 23 02:00:00 web01 kernel: eth0: link up\nNov 23 02:10:00 web01 CRON[7]: (root) CMD (true)\n',
    );
    const { logons } = await readEventLogs([log], { now });
    expect(logons).toMatchObject({
      state: 'unknown',
      because: 'no logon event, failed or not, is in messages',
      cure: expect.stringContaining('auth.log or secure'),
    });
  });

  it('speak of the whole log where sshd does, and are read as far as they go where their end is missing', async () => {
    const quiet = 'Nov 23 09:00:00 web01 kernel: eth0: link up\n';
    const whole = syslog('whole.log', traditional(5, 7, accepted) + quiet);
    const { logons } = await readEventLogs([whole], { now });
    expect(logons).toMatchObject({
      state: 'known',
      value: { failures: 0 },
      coverage: '2026-11-23T02:00:05Z to 2026-11-23T09:00:00Z',
    });

    const noise = Array.from({ length: 3000 }, (_, i) =>
      traditional(i % 60, i, `Connection from 198.51.100.${i % 250} port ${i * 7} on 10.0.0.4`),
    ).join('');
    const stored = gzipSync(guesses(20, traditional) + noise);
    const cut = await readEventLogs([syslog('cut.gz', stored.subarray(0, stored.length - 50))], { now });
    expect(cut.files).toMatchObject([{ failures: 20, damages: 1, damaged: [{ because: 'its end is missing' }] }]);
    expect(cut.logons).toMatchObject({ value: { bursts: [{ success: { state: 'unknown' } }] } });
  });

  it('are read beside event logs, and a file that is gone is named', async () => {
    const event = {
      path: folder.write('Security.evtx', writeLog([failedLogon(1, '2026-11-23T02:00:00Z')])),
      format: 'evtx',
    } as const;
    const log = syslog('beside.log', guesses(3, traditional));
    const { files, unread, logons } = await readEventLogs(
      [event, log, { path: `${folder.path}/gone`, format: 'syslog' }],
      { now },
    );
    expect(files).toHaveLength(2);
    expect(unread).toEqual([{ path: `${folder.path}/gone`, because: `${folder.path}/gone: there is no such file` }]);
    expect(logons).toMatchObject({ state: 'known', value: { failures: 4 } });
  });

  it.each([
    [
      'dropbear',
      (i: number) =>
        `Sep 20 10:00:${two(i)} box dropbear[${100 + i}]: Bad password attempt for 'root' from 203.0.113.9:${i + 1}\n`,
    ],
    [
      'logread',
      (i: number) =>
        `Sun Sep 20 10:00:${two(i)} 2026 authpriv.warn dropbear[${100 + i}]: Bad password attempt for 'root' from 203.0.113.9:${i + 1}\n`,
    ],
    [
      'AIX',
      (i: number) =>
        `Sep 20 10:00:${two(i)} aix auth|security:info sshd[${100 + i}]: Failed password for root from 203.0.113.9 port ${i + 1} ssh2\n`,
    ],
    [
      'with-unit',
      (i: number) =>
        `Sep 20 10:00:${two(i)} web ssh.service[${100 + i}]: Failed password for root from 203.0.113.9 port ${i + 1} ssh2\n`,
    ],
  ])('are read as %s has them', async (name, line) => {
    const { logons } = await readEventLogs(
      [syslog(`${name}.log`, Array.from({ length: 12 }, (_, i) => line(i)).join(''))],
      { now },
    );
    expect(logons).toMatchObject({
      value: { failures: 12, bursts: [{ failures: 12, sources: [{ address: '203.0.113.9', failures: 12 }] }] },
    });
  });

  it.each([
    ['sysklogd', 'Sep 20 10:00:40 web last message repeated 11 times'],
    ['Apple', 'Sep 20 10:00:40 --- last message repeated 11 times ---'],
  ])('count the lines that %s leaves out', async (name, repeated) => {
    const line = 'Sep 20 10:00:10 web sshd[7]: Failed password for root from 203.0.113.9 port 22 ssh2';
    const other = 'Sep 20 10:00:50 web cron[9]: job';
    const { logons } = await readEventLogs(
      [syslog(`${name}.log`, `${[line, repeated, other, repeated].join('\n')}\n`)],
      { now },
    );
    expect(logons).toMatchObject({ value: { failures: 12, bursts: [{ failures: 12 }] } });
  });

  it('count no line again because a program says that it was repeated', async () => {
    const line = 'Sep 20 10:00:10 web sshd[7]: Failed password for root from 203.0.113.9 port 22 ssh2';
    const said = 'Sep 20 10:00:40 web bob: last message repeated 900000 times';
    const { logons } = await readEventLogs([syslog('said.log', `${line}\n${said}\n`)], { now });
    expect(logons).toMatchObject({ value: { failures: 1, bursts: [] } });
  });

  it('vouch for no other computer: neither for its logons nor for its damage', async () => {
    const failures = (computer: string) =>
      Array.from({ length: 12 }, (_, i) => ({ ...failedLogon(i + 1, `2026-11-23T02:00:${two(i)}Z`), computer }));
    const without = folder.write('without.evtx', writeLog(failures('win01')));
    const entered = folder.write(
      'entered.evtx',
      writeLog([...failures('win02'), { ...successfulLogon(90, '2026-11-23T01:00:00Z'), computer: 'win02' }]),
    );
    const damaged = writeLog(failures('win03'));
    damaged.fill(0xff, damaged.lastIndexOf('**\0\0', undefined, 'latin1'));
    const { logons } = await readEventLogs(
      [without, entered, folder.write('damaged.evtx', damaged), syslog('auth.log', guesses(12, traditional))],
      { now },
    );
    if (logons.state !== 'known') throw new Error(logons.because);
    // One burst a computer, and one of the clock's order.
    const told = logons.value.bursts.map(({ success, codes }) => [
      codes[0]?.code.split(':')[0],
      success.state === 'known' ? success.value : success.cure,
    ]);
    expect(told.filter(([code]) => code === 'sshd')).toEqual([['sshd', null]]);
    const windows = told.filter(([code]) => code !== 'sshd').map(([, success]) => success);
    expect(windows).toHaveLength(3);
    expect(windows.filter((success) => success === null)).toHaveLength(1);
    expect(windows.filter((success) => success !== null)).toEqual([
      expect.stringContaining('auditpol'),
      expect.stringContaining('auditpol'),
    ]);
  });
});
