import { mkdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { gatherLogs, logFiles } from '../../src/commands/gathered-logs.ts';
import { readEventLogs } from '../../src/eventlog/read-logs.ts';
import { evidenceFile } from '../../src/evidence/evidence-files.ts';
import { gatherEvidence } from '../../src/evidence/gather.ts';
import { runQuery } from '../../src/evidence/run-query.ts';
import { temporaryFolder } from './temporary.ts';
import { utmpRecord, type WrittenRecord } from './utmp-writer.ts';

const folder = temporaryFolder();
const now = new Date('2026-11-24T00:00:00Z');
const start = Date.UTC(2026, 10, 23, 2) / 1000;
const from = [203, 0, 113, 9];

const failed = (i: number): WrittenRecord => ({
  type: 6,
  user: 'admin',
  host: '203.0.113.9',
  address: from,
  at: start + i,
  pid: 1000 + i,
});
const session: WrittenRecord = {
  type: 7,
  user: 'admin',
  line: 'pts/0',
  host: 'scanner.example',
  address: from,
  at: start + 30.25,
};
const btmp = (arm = false): Buffer => Buffer.concat(Array.from({ length: 12 }, (_, i) => utmpRecord(failed(i), arm)));
const wtmp = (arm = false): Buffer =>
  Buffer.concat(
    [
      { type: 2, user: 'reboot', line: '~', host: '6.1.0-azure', at: start - 100 },
      { type: 6, user: 'LOGIN', line: 'tty1', at: start - 90 },
      session,
      { ...session, type: 8, user: '', at: start + 60 },
    ].map((record) => utmpRecord(record, arm)),
  );

/** What sshd writes of the same. */
const authLog = [
  ...Array.from(
    { length: 12 },
    (_, i) =>
      `2026-11-23T02:00:${String(i).padStart(2, '0')}.400000+00:00 web01 sshd[${1000 + i}]: Failed password for invalid user admin from 203.0.113.9 port ${4000 + i} ssh2\n`,
  ),
  '2026-11-23T02:00:29.900000+00:00 web01 sshd[1100]: Accepted password for admin from 203.0.113.9 port 5000 ssh2\n',
].join('');

async function read(paths: readonly string[]) {
  return readEventLogs(logFiles(await gatherLogs(paths)), { now });
}

describe('btmp and wtmp', () => {
  for (const arm of [false, true]) {
    it(`are failed logons and sessions, with their source: of ${arm ? '64-bit ARM' : 'x86-64'}`, async () => {
      const paths = [folder.write('btmp', btmp(arm)), folder.write('wtmp', wtmp(arm))];
      const { files, logons } = await read(paths);
      expect(files).toMatchObject([
        { channel: 'btmp', records: 12, failures: 12, successes: 0, damages: 0, computers: [] },
        { channel: 'wtmp', records: 4, failures: 0, successes: 1, damages: 0 },
      ]);
      if (logons.state !== 'known') throw new Error(logons.because);
      expect(logons.value.bursts).toMatchObject([
        {
          failures: 12,
          sources: [{ address: '203.0.113.9' }],
          codes: [{ code: 'btmp:failed', meaning: 'failed logon, whose reason btmp does not keep' }],
          success: {
            state: 'known',
            value: { account: 'admin', address: '203.0.113.9', at: '2026-11-23T02:00:30.25Z' },
          },
        },
      ]);
    });
  }

  it('add nothing to what sshd logged of the same, and get their computer from the logs beside them', async () => {
    const log = `${folder.path}/uac/[root]/var/log`;
    mkdirSync(log, { recursive: true });
    folder.write(
      'uac/[root]/var/log/btmp',
      Buffer.concat([btmp(), utmpRecord({ ...failed(0), user: 'root', at: start + 90 })]),
    );
    folder.write('uac/[root]/var/log/wtmp', wtmp());
    folder.write('uac/btmp.copy', btmp());
    folder.write('uac/[root]/var/log/auth.log', authLog);
    const { files, logons } = await read([`${folder.path}/uac`]);
    expect(files.map(({ channel, computers }) => [channel, computers])).toEqual([
      ['syslog', ['web01']],
      ['btmp', ['web01']],
      ['wtmp', ['web01']],
      ['btmp', ['web01']],
    ]);
    expect(logons).toMatchObject({ state: 'known', value: { failures: 13 } });
    if (logons.state !== 'known') throw new Error(logons.because);
    expect(logons.value.bursts[0]?.success).toMatchObject({ value: { at: '2026-11-23T02:00:29.9Z' } });
  });

  it('leave unknown what they cannot say: wtmp knows no failures, btmp no sessions', async () => {
    const alone = await read([folder.write('wtmp.1', wtmp())]);
    expect(alone.logons).toMatchObject({
      state: 'unknown',
      because: expect.stringContaining('wtmp has 1 session, which say'),
      cure: expect.stringContaining('auth.log'),
    });
    const failures = await read([folder.write('btmp-20261123', btmp())]);
    expect(failures.logons).toMatchObject({
      state: 'known',
      value: { failures: 12, bursts: [{ success: { state: 'unknown', cure: expect.stringContaining('wtmp') } }] },
    });
  });

  it('are rows of a table of their own, and damage is passed by with its place', async () => {
    const torn = Buffer.concat([
      btmp(),
      Buffer.alloc(384, 0xee),
      Buffer.alloc(384),
      utmpRecord(failed(20)).subarray(0, 200),
    ]);
    torn.writeInt16LE(99, 384 * 9);
    const path = folder.write('btmp', torn);
    const { files } = await read([path]);
    expect(files).toMatchObject([
      {
        failures: 11,
        damaged: [
          { offset: 384 * 9, because: '2 records from here on of no known form' },
          { offset: 384 * 14, because: 'its last record is cut after 200 bytes' },
        ],
      },
    ]);
    const { files: evidence } = await gatherEvidence([path], { named: evidenceFile });
    const query =
      'UtmpRecords | where Failed | summarize n = count(), min(_EvidenceOffset) by Account, IpAddress, Terminal';
    const { rows, notes } = await runQuery({ query, files: evidence, now: 0, limit: 9 }, () => {});
    expect(rows).toEqual([['admin', '203.0.113.9', 'ssh:notty', 11, 0]]);
    expect(notes).toHaveLength(2);
  });

  it('are told from other files by what they hold, IPv6 included, and whatever name was tried', async () => {
    const v6 = [0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7];
    const named = folder.write(
      'records.bin',
      Buffer.concat([utmpRecord({ ...failed(1), address: v6 }), utmpRecord(failed(2))]),
    );
    const { files } = await gatherEvidence([named], { named: evidenceFile });
    expect(files).toMatchObject([{ format: 'btmp' }]);
    const { rows } = await runQuery({ query: 'UtmpRecords | project IpAddress', files, now: 0, limit: 9 }, () => {});
    expect(rows[0]).toEqual(['2001:db8:0:0:0:0:0:7']);
    mkdirSync(`${folder.path}/strange`);
    folder.write('strange/btmp', utmpRecord({ ...failed(1), line: 'a\u001b[31m' }));
    folder.write('strange/wtmp', Buffer.alloc(3840));
    folder.write('strange/other.bin', Buffer.alloc(3840, 7));
    const tried = folder.write('btmp-20261122', utmpRecord({ ...failed(1), user: 'a\u001b[31m' }));
    expect((await read([tried])).files).toMatchObject([{ failures: 1 }]);
    const strange = await gatherEvidence([`${folder.path}/strange`], { named: evidenceFile });
    expect(strange.files).toEqual([]);
  });
});
