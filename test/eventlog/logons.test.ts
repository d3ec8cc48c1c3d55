import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { readLogons } from '../../src/azure/readers/logons.ts';
import type { Known } from '../../src/documents/fact.ts';
import type { Burst, Logons } from '../../src/documents/triage.ts';
import { type EventLogReading, readEventLogs } from '../../src/eventlog/read-logs.ts';
import { isoOf, type Ticks, ticksOf, ticksPerSecond } from '../../src/triage/logons/ticks.ts';
import { connectTo, machine } from '../azure/log-workspace.ts';
import {
  chunkSize,
  failedLogon,
  hex32,
  hex64,
  sign,
  successfulLogon,
  text,
  uint32,
  type WrittenEvent,
  writeLog,
} from './log-writer.ts';
import { haveRealLogs, realFile, trueRecords } from './real-logs.ts';
import { temporaryFolder } from './temporary.ts';

const folder = temporaryFolder();
const now = new Date('2026-11-23T02:20:11Z');
const start = ticksOf('2026-11-23T01:58:02.1234567Z') ?? 0;
const later = (seconds: number): Ticks => start + Math.round(seconds * ticksPerSecond);

let files = 0;
const write = (events: readonly WrittenEvent[], each = 40): string => {
  files += 1;
  return folder.write(`Security-${files}.evtx`, writeLog(events, { each }));
};

function knownLogons({ logons }: EventLogReading): Known<Logons> {
  if (logons.state === 'unknown') throw new Error(logons.because);
  return logons;
}

const guess = Array.from({ length: 120 }, (_, i) => failedLogon(100 + i, later(i * 3.2)));
const success = successfulLogon(300, later(400));
const aftermath: WrittenEvent[] = [
  {
    recordId: 301,
    time: later(400),
    eventId: 4672,
    data: [
      ['SubjectUserName', text('svc-backup')],
      ['SubjectLogonId', hex64(0x47a203c)],
    ],
  },
  {
    recordId: 302,
    time: later(460),
    eventId: 4720,
    data: [
      ['TargetUserName', text('helpdesk2')],
      ['SubjectUserName', text('svc-backup')],
      ['SubjectLogonId', hex64(0x47a203c)],
    ],
  },
];

/** Rows of SecurityEvent, as the agent would have sent the same events. */
function rowsOf(events: readonly WrittenEvent[]): Record<string, unknown>[] {
  const told = (bytes: Buffer, type: number): unknown =>
    type === 0x01
      ? bytes.toString('utf16le')
      : type === 0x08
        ? bytes.readUInt32LE()
        : `0x${(type === 0x15 ? bytes.readBigUInt64LE() : bytes.readUInt32LE()).toString(16)}`;
  return events.map(({ time, eventId, data }) => ({
    TimeGenerated: typeof time === 'string' ? time : isoOf(time),
    EventID: eventId,
    Computer: 'web01',
    _ResourceId: machine().id.toLowerCase(),
    EventSourceName: 'Microsoft-Windows-Security-Auditing',
    ...Object.fromEntries(
      data.filter(([, { type }]) => type !== 0x13).map(([name, { type, bytes }]) => [name, told(bytes, type)]),
    ),
  }));
}

/** What Log Analytics makes of rows. */
async function live(rows: Record<string, unknown>[], at: Date): Promise<Known<Logons>> {
  const heartbeat = { TimeGenerated: at.toISOString(), Computer: 'web01', _ResourceId: machine().id };
  const workspace = { now: at.toISOString(), tables: { SecurityEvent: rows, Heartbeat: [heartbeat] } };
  const fact = await readLogons(connectTo(workspace), machine(), { lookbackHours: 48, thresholds: { failures: 5 } });
  if (fact.state === 'unknown') throw new Error(fact.because);
  return fact;
}

/** Bursts without what may differ: the order of what is equal in number, and the words for what is not known. */
function inOrder(bursts: readonly Burst[]): Burst[] {
  const by = <T extends { failures: number }>(all: T[], name: (one: T) => string): T[] =>
    [...all].sort((a, b) => b.failures - a.failures || name(a).localeCompare(name(b)));
  return bursts.map((burst) => ({
    ...burst,
    accounts: by(burst.accounts, ({ name }) => name),
    sources: by(burst.sources, ({ address }) => address),
    codes: by(burst.codes, ({ code }) => code),
    success: burst.success.state === 'unknown' ? { state: 'unknown', because: '', cure: '' } : burst.success,
  }));
}

describe('the logons of an event log', () => {
  it('are bursts, with the success and what came after it', async () => {
    const reading = await readEventLogs([write([...guess, success, ...aftermath])], { now });
    const { value } = knownLogons(reading);
    expect(value.failures).toBe(120);
    expect(value.bursts).toMatchObject([
      {
        kind: 'guess',
        start: isoOf(start),
        failures: 120,
        sources: [{ address: '203.0.113.77', failures: 120 }],
        accounts: [{ name: 'svc-backup', failures: 120, exists: true }],
        codes: [{ code: '0xc000006a', meaning: 'wrong password', failures: 120 }],
        logonTypes: [3],
        success: {
          state: 'known',
          value: { account: 'svc-backup', address: '203.0.113.77', logonType: 3, by: 'both' },
        },
        next: [{ eventId: 4672 }, { eventId: 4720, what: 'account helpdesk2 created by svc-backup' }],
      },
    ]);
    expect(reading).toMatchObject({ addresses: 1, accounts: 1, unread: [] });
    expect(reading.files).toMatchObject([
      {
        records: 123,
        failures: 120,
        successes: 1,
        unverified: 0,
        damages: 0,
        channel: 'Security',
        computers: ['web01'],
        first: isoOf(start),
      },
    ]);
  });

  it('give the bursts that Log Analytics gives for the same events', async () => {
    const unattributed = Array.from({ length: 8 }, (_, i) =>
      failedLogon(500 + i, later(600 + i), {
        TargetUserName: text('root'),
        IpAddress: text('-'),
        LogonType: uint32(8),
        Status: hex32(0xc0000234),
        SubStatus: hex32(0),
      }),
    );
    const spray = Array.from({ length: 30 }, (_, i) =>
      failedLogon(600 + i, later(700 + i), {
        TargetUserName: text(i % 2 === 0 ? `user${i}` : `CONTOSO\\user${i}  `),
        IpAddress: text('::ffff:198.51.100.9'),
        SubStatus: hex32(0xc0000064),
        WorkstationName: text(`made-up-${i}`),
      }),
    );
    const events = [...guess, success, ...aftermath, ...unattributed, ...spray];
    const offline = knownLogons(await readEventLogs([write(events)], { now, thresholds: { failures: 5 } }));
    const online = await live(rowsOf(events), now);
    expect(offline.value.bursts.map(({ kind }) => kind).sort()).toEqual(['guess', 'spray', 'unattributed']);
    expect(inOrder(offline.value.bursts)).toEqual(inOrder(online.value.bursts));
  });

  it
    .skipIf(!haveRealLogs)
    .each([
      'ID_4776_4625-AccountRestore_local_bruteforce.evtx',
      'ID4625-OpenSSH_brutforce_with_non_existing_users.evtx',
      'ID4625-OpenSSH_brutforce_with_valid_users.evtx',
      'ID4771-Kerberos_brutforce_with_valid_user.evtx',
    ])('of %s give the bursts that Log Analytics gives for rows made from the truth', async (name) => {
    const records = trueRecords(name);
    const rows = records.map(({ id, t, d, prov }) => ({
      ...d,
      ...(d?.LogonType === undefined ? {} : { LogonType: Number(d.LogonType) }),
      TimeGenerated: t.replace(/00Z$/, 'Z'),
      EventID: id,
      Computer: 'web01',
      _ResourceId: machine().id.toLowerCase(),
      EventSourceName: prov,
    }));
    const last = Math.max(...records.map(({ t }) => Date.parse(`${t.slice(0, 23)}Z`)));
    const online = await live(rows, new Date(last + 60_000));
    const offline = knownLogons(await readEventLogs([realFile(name)], { now, thresholds: { failures: 5 } }));
    expect(offline.value.failures).toBe(records.filter(({ id }) => id === 4625 || id === 4771).length);
    expect(offline.value.bursts.length).toBeGreaterThan(0);
    expect(inOrder(offline.value.bursts)).toEqual(inOrder(online.value.bursts));
  });

  it('are not the events of the same number that another provider writes, or another channel holds', async () => {
    const other = guess.map((event) => ({
      ...event,
      provider: 'Microsoft-Windows-EventSystem',
      channel: 'Application',
    }));
    const elsewhere = guess.map((event) => ({ ...event, recordId: event.recordId + 1000, channel: 'Application' }));
    const { logons, files: told } = await readEventLogs([write([...other, ...elsewhere])], { now });
    expect(logons).toMatchObject({ state: 'unknown', because: expect.stringContaining('no logon event') });
    expect(told).toMatchObject([{ records: 240, failures: 0, successes: 0 }]);
  });

  const cleared: WrittenEvent = {
    recordId: 7,
    time: later(500),
    eventId: 1102,
    provider: 'Microsoft-Windows-Eventlog',
    data: [['SubjectUserName', text('mallory')]],
  };

  it.each<[string, WrittenEvent]>([
    [
      'an installed service of the System log',
      { ...cleared, eventId: 7045, provider: 'Service Control Manager', channel: 'System' },
    ],
    ['a new account', { ...cleared, eventId: 4720, provider: 'Microsoft-Windows-Security-Auditing' }],
    ['a session with privileges', { ...cleared, eventId: 4672, provider: 'Microsoft-Windows-Security-Auditing' }],
  ])('are not known from a log that holds only %s', async (_, event) => {
    const { logons } = await readEventLogs([write([event])], { now });
    expect(logons).toMatchObject({ state: 'unknown', because: expect.stringContaining('no logon event') });
  });

  it('are not known from a log that was cleared, and the clearing is told', async () => {
    const { logons } = await readEventLogs([write([cleared])], { now });
    expect(logons).toMatchObject({
      state: 'unknown',
      because: expect.stringContaining('the Security log of web01 was cleared by mallory at 2026-11-23T02:06:22'),
      // It is a Security log: exporting one is no cure.
      cure: expect.not.stringContaining('export the Security log'),
    });
    const both = knownLogons(await readEventLogs([write([...guess, cleared])], { now }));
    expect(both.notSeen.join()).toContain('cleared by mallory');
  });

  it('cover the time of the Security log, not that of a System log beside it', async () => {
    const service = {
      ...cleared,
      time: later(90_000),
      eventId: 7045,
      provider: 'Service Control Manager',
      channel: 'System',
    };
    const { coverage, value } = knownLogons(
      await readEventLogs([write([...guess, success]), write([service])], { now }),
    );
    expect(coverage).toBe('2026-11-23T01:58:02Z to 2026-11-23T02:04:42Z');
    expect(value.lastEventAt).toBe(isoOf(later(400)));
  });

  it('of one computer say nothing of another, whose logs have none, or none that failed', async () => {
    const of = (computer: string, ...events: WrittenEvent[]): WrittenEvent[] =>
      events.map((event) => ({ ...event, computer }));
    const created = aftermath.filter(({ eventId }) => eventId === 4720);
    const several = [
      write([...guess, success]),
      write(of('web02.contoso.com', ...created)),
      write(of('web03', success)),
      write(of('web01.contoso.com', ...created)),
    ];
    const { notSeen } = knownLogons(await readEventLogs(several, { now }));
    expect(notSeen).toEqual([
      'logons of web02.contoso.com: no logon event, failed or not, is in what was opened of it',
      'no failed logon of web03 is in it: it is not known whether they are logged there',
    ]);
  });

  it('refused by Remote Desktop count where the Security log of another computer has logons', async () => {
    const refusals = Array.from({ length: 12 }, (_, i) => ({
      recordId: i + 1,
      time: later(i),
      eventId: 140,
      provider: 'Microsoft-Windows-RemoteDesktopServices-RdpCoreTS',
      channel: 'Microsoft-Windows-RemoteDesktopServices-RdpCoreTS/Operational',
      computer: 'web02',
      data: [['IPString', text('198.51.100.9')] as const],
    }));
    const { value } = knownLogons(await readEventLogs([write([...guess, success]), write(refusals)], { now }));
    expect(value.bursts.map(({ sources }) => sources[0]?.address)).toEqual(['203.0.113.77', '198.51.100.9']);
  });

  it('of a file that ends between two chunks are partial, and the file says so', async () => {
    const log = writeLog([...guess, success], { each: 40 });
    const cut = folder.write('cut-at-chunk.evtx', log.subarray(0, 4096 + 2 * chunkSize));
    const reading = await readEventLogs([cut], { now });
    expect(reading.files).toMatchObject([
      {
        damages: 1,
        damaged: [{ because: '2 of the 4 chunks that its header counts are there (179 of the 300 records)' }],
      },
    ]);
    const { value, notSeen } = knownLogons(reading);
    expect(notSeen.join()).toContain('2 of the 4 chunks');
    expect(value.bursts[0]?.success.state).toBe('unknown');
  });

  it('of a file whose header counts records that no chunk has are partial too', async () => {
    const log = writeLog(guess, { each: 120 });
    log.writeBigUInt64LE(500n, 0x18);
    log.writeUInt32LE(crc32(log.subarray(0, 0x78)), 0x7c);
    const { files: told } = await readEventLogs([folder.write('short.evtx', log)], { now });
    expect(told[0]?.damaged).toMatchObject([
      { because: 'its records end at 219 of the 499 records that its header counts' },
    ]);
    log.writeUInt32LE(1, 0x78);
    log.writeUInt32LE(crc32(log.subarray(0, 0x78)), 0x7c);
    expect((await readEventLogs([folder.write('live.evtx', log)], { now })).files[0]?.damaged).toEqual([]);
  });

  it('count once what two files hold, and what one holds twice', async () => {
    const one = write([...guess, success]);
    const two = write(guess.slice(60));
    const log = writeLog(guess, { each: 40 });
    const repeated = folder.write('twice.evtx', Buffer.concat([log, log.subarray(4096, 4096 + 65_536)]));
    for (const paths of [[one, two], [two, one], [one, one], [repeated], [repeated, two, one]]) {
      const { value } = knownLogons(await readEventLogs(paths, { now }));
      expect(value.failures).toBe(120);
      expect(value.bursts.map(({ failures }) => failures)).toEqual([120]);
    }
    const another = write(guess.map((event) => ({ ...event, computer: 'web02' })));
    expect(knownLogons(await readEventLogs([one, another], { now })).value.failures).toBe(240);
  });

  it('hand each event over once', async () => {
    const path = write([...guess, success, successfulLogon(400, later(500), { LogonType: uint32(5) })]);
    const seen: number[] = [];
    await readEventLogs([path, path], { now, onEvent: (event) => seen.push(event.recordId) });
    expect(seen.length).toBe(122);
    expect(new Set(seen).size).toBe(122);
  });

  it('do not tell of successes where the log has none', async () => {
    const { value } = knownLogons(await readEventLogs([write(guess)], { now }));
    expect(value.successesCollected).toBe(false);
    expect(value.bursts[0]?.success).toMatchObject({
      state: 'unknown',
      because: 'the opened logs hold no successful logon (4624)',
    });
    const quiet = successfulLogon(400, later(500), { TargetUserName: text('other'), IpAddress: text('10.0.0.4') });
    const collected = knownLogons(await readEventLogs([write([...guess, quiet])], { now }));
    expect(collected.value.bursts[0]?.success).toEqual({ state: 'known', value: null });
  });

  it('are shown unverified where checksums do not match, and then prove nothing', async () => {
    const log = writeLog([...guess, ...aftermath, success], { each: 120 });
    const second = log.subarray(4096 + 65_536);
    second.writeUInt8(1, 0x200 + 20_000);
    second.writeUInt32LE(0, 0x34);
    const path = folder.write('damaged.evtx', log);
    const reading = await readEventLogs([path], { now });
    const { value, notSeen } = knownLogons(reading);
    expect(reading.files).toMatchObject([{ records: 123, unverified: 3, successes: 1 }]);
    expect(value.bursts[0]?.success).toMatchObject({
      state: 'unknown',
      because: expect.stringContaining('unverified'),
    });
    expect(notSeen.join()).toContain('damaged');
    const sound = write([success]);
    const both = knownLogons(await readEventLogs([path, sound], { now }));
    expect(both.value.bursts[0]?.success).toMatchObject({ state: 'known', value: { account: 'svc-backup' } });
  });

  it('that were unverified in one copy are verified once another has them', async () => {
    const log = writeLog(guess, { each: 120 });
    const damaged = Buffer.from(log);
    damaged.writeUInt32LE(1, 4096 + 0x34);
    sign(log.subarray(4096));
    const [bad, good] = [folder.write('bad.evtx', damaged), folder.write('good.evtx', log)];
    expect(knownLogons(await readEventLogs([bad], { now })).value.bursts).toMatchObject([
      { failures: 120, unverified: 120 },
    ]);
    for (const paths of [
      [bad, good],
      [good, bad],
    ]) {
      const [burst] = knownLogons(await readEventLogs(paths, { now })).value.bursts;
      expect(burst?.failures).toBe(120);
      expect(burst?.unverified).toBeUndefined();
    }
  });

  it.each([1, 40])('come with the SHA-256 of the file as it is, of %i MiB too', async (mebibytes) => {
    const bytes = Buffer.concat([writeLog(guess), Buffer.alloc(mebibytes * 1024 * 1024)]);
    bytes.write('not zeros', bytes.length - 5000);
    const { files: told } = await readEventLogs([folder.write('large.evtx', bytes)], { now });
    expect(told).toMatchObject([
      { bytes: bytes.length, failures: 120, sha256: createHash('sha256').update(bytes).digest('hex') },
    ]);
  });

  it('come with it where bytes are missing, and blocks are read a second time', async () => {
    const log = writeLog(guess, { each: 40 });
    const [head, chunk] = [log.subarray(0, 4096), log.subarray(4096, 4096 + chunkSize)];
    const cut = new Set([3, 16, 17, 100, 333, 639]);
    const pieces = Array.from({ length: 640 }, (_, i) => chunk.subarray(0, cut.has(i) ? chunkSize - 1000 : chunkSize));
    const bytes = Buffer.concat([head, ...pieces]);
    const { files: told } = await readEventLogs([folder.write('cut.evtx', bytes)], { now });
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    expect(told).toMatchObject([{ records: 640 * 40, unverified: 0, sha256 }]);
  });

  it('without templates count as well', async () => {
    const forwarded = Array.from({ length: 12 }, (_, i) => ({
      recordId: 1 + i,
      time: isoOf(Math.floor(later(i) / 10_000) * 10_000),
      eventId: 4625,
      computer: 'web01.contoso.com',
      withoutTemplate: true,
      data: (
        [
          ['TargetUserName', 'admin'],
          ['IpAddress', '203.0.113.5'],
          ['LogonType', '10'],
          ['Status', '0xC0000234'],
          ['SubStatus', '0x00000000'],
        ] as const
      ).map(([name, value]) => [name, text(value)] as const),
    }));
    const { value } = knownLogons(await readEventLogs([write(forwarded)], { now }));
    expect(value.bursts).toMatchObject([
      {
        failures: 12,
        logonTypes: [10],
        codes: [{ code: '0xc0000234', failures: 12 }],
        sources: [{ address: '203.0.113.5' }],
      },
    ]);
  });

  it('call the garbage behind a log one damaged region, however many chunks it is', async () => {
    const log = writeLog([failedLogon(1, '2026-11-23T02:00:00Z')]);
    const garbage = Buffer.alloc(5 * 0x10000, 'left over from before ');
    const { files: told } = await readEventLogs([folder.write('garbage.evtx', Buffer.concat([log, garbage]))], { now });
    expect(told[0]).toMatchObject({
      records: 1,
      damages: 1,
      damaged: [
        { offset: log.length, because: `no chunk begins here, and no record; ${garbage.length} bytes skipped` },
      ],
    });
  });
});
