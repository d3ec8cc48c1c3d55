import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readEventLogs } from '../../src/eventlog/read-logs.ts';
import { type Ticks, ticksOf, ticksPerSecond } from '../../src/triage/logons/ticks.ts';
import { chunkSize, failedLogon, hex32, hex64, successfulLogon, text, uint32, writeLog } from './log-writer.ts';
import { realFile, realFiles } from './real-logs.ts';
import { temporaryFolder } from './temporary.ts';

const folder = temporaryFolder();
const now = new Date('2026-11-23T02:20:11Z');
const start = ticksOf('2026-11-23T01:58:02.1234567Z') ?? 0;
const later = (seconds: number): Ticks => start + Math.round(seconds * ticksPerSecond);

const guess = Array.from({ length: 300 }, (_, i) =>
  failedLogon(100 + i, later(i * 2), { TargetUserName: text(`user${i % 7}`) }),
);
const entered = [
  successfulLogon(500, later(640)),
  successfulLogon(501, later(650), { LogonType: uint32(5) }),
  {
    recordId: 502,
    time: later(660),
    eventId: 4672,
    data: [['SubjectUserName', text('svc-backup')] as const, ['SubjectLogonId', hex64(0x47a203c)] as const],
  },
  {
    recordId: 503,
    time: later(670),
    eventId: 4720,
    data: [['TargetUserName', text('helpdesk2')] as const, ['SubjectLogonId', hex64(0x47a203c)] as const],
  },
];
const directory = Array.from({ length: 60 }, (_, i) => ({
  recordId: 900 + i,
  time: later(i),
  eventId: i % 2 === 0 ? 4771 : 4776,
  data: [
    ['TargetUserName', text(`user${i}`)] as const,
    ['IpAddress', text('::ffff:10.1.9.9')] as const,
    ['Status', hex32(0x18)] as const,
  ],
}));
const ssh = Array.from({ length: 40 }, (_, i) => ({
  recordId: 1 + i,
  time: later(i),
  eventId: 4,
  provider: 'OpenSSH',
  channel: 'OpenSSH/Operational',
  data: [
    ['process', text('sshd')] as const,
    ['payload', text(`Failed password for root from 198.51.100.7 port ${4000 + i} ssh2`)] as const,
  ],
}));
const core = 'Microsoft-Windows-RemoteDesktopServices-RdpCoreTS';
const desktop = Array.from({ length: 40 }, (_, i) => ({
  recordId: 1 + i,
  time: later(i),
  eventId: i % 2 === 0 ? 131 : 140,
  provider: core,
  channel: `${core}/Operational`,
  data: [[i % 2 === 0 ? 'ClientIP' : 'IPString', text('203.0.113.9')] as const],
}));
const others = Array.from({ length: 50 }, (_, i) => ({
  recordId: 1 + i,
  time: later(i),
  eventId: 4688,
  data: [['NewProcessName', text('cmd.exe')] as const],
}));

/** Logs of every kind, some of the same events, some damaged in places, and what cannot be read. */
function logs(): string[] {
  const whole = writeLog([...guess, ...entered], { each: 40 });
  const damaged = Buffer.from(whole);
  for (let i = 0; i < 200; i++) {
    const at = 4096 + ((i * 7919) % (damaged.length - 4096));
    damaged[at] = (damaged[at] ?? 0) ^ (1 << (i % 8));
  }
  const file = (name: string, bytes: Buffer) => folder.write(name, bytes);
  return [
    file('damaged.evtx', damaged),
    file('Security.evtx', whole),
    file('older.evtx', writeLog(guess.slice(120), { each: 60 })),
    join(folder.path, 'absent.evtx'),
    file('cut.evtx', whole.subarray(0, 4096 + 2 * chunkSize + 3000)),
    file('directory.evtx', writeLog(directory, { each: 20 })),
    file('OpenSSH.evtx', writeLog(ssh, { each: 20 })),
    file('rdp.evtx', writeLog(desktop, { each: 20 })),
    file('others.evtx', writeLog(others, { each: 20 })),
    file('no log.evtx', Buffer.from('not an event log')),
  ];
}

describe('Several event logs', () => {
  it('say the same whatever the number of threads that read them', async () => {
    const paths = logs();
    for (const [order, threads] of [
      [paths, 3],
      [paths.toReversed(), 2],
    ] as const) {
      const alone = await readEventLogs(order, { now, threads: 1 });
      expect(alone.files.length).toBe(8);
      expect(alone.files.reduce((sum, { damages }) => sum + damages, 0)).toBeGreaterThan(5);
      expect(await readEventLogs(order, { now, threads })).toEqual(alone);
    }
  });

  it('say the same of real logs', async () => {
    const paths = realFiles()
      .filter((name) => /Security|4625|4624|ssh|Rdp|Terminal/i.test(name))
      .slice(0, 6)
      .map(realFile);
    if (paths.length === 0) return;
    expect(await readEventLogs(paths, { now, threads: 3 })).toEqual(await readEventLogs(paths, { now, threads: 1 }));
  });

  it('are left where they are when the reading is aborted, and tell how far it is', async () => {
    const stop = new AbortController();
    const reading = readEventLogs(logs(), {
      now,
      threads: 3,
      signal: stop.signal,
      onProgress: (fraction) => {
        expect(fraction).toBeLessThanOrEqual(1);
        stop.abort();
      },
    });
    await expect(reading).rejects.toThrow(/aborted/);
  });
});
