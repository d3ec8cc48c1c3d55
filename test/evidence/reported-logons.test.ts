import { mkdirSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { evtxDocumentOf, gatherLogs, logFiles } from '../../src/commands/gathered-logs.ts';
import { LogonCollector } from '../../src/eventlog/logon-collector.ts';
import { readEventLogs } from '../../src/eventlog/read-logs.ts';
import { readReportedLogons } from '../../src/eventlog/reported-log.ts';
import { evidenceFile } from '../../src/evidence/evidence-files.ts';
import { reportedLog } from '../../src/evidence/reported/reporters.ts';
import { failedLogon, successfulLogon, text, writeLog } from '../eventlog/log-writer.ts';
import { temporaryFolder } from '../eventlog/temporary.ts';

const folder = temporaryFolder();
const now = new Date('2026-11-24T00:00:00Z');
const two = (number: number): string => String(number).padStart(2, '0');

async function read(paths: readonly string[]) {
  const gathered = await gatherLogs(paths);
  return evtxDocumentOf(gathered, await readEventLogs(logFiles(gathered), { now }));
}

/** A row of DeviceLogonEvents with Microsoft's columns; `second` after 02:00. */
const row = (second: number, given: Record<string, unknown> = {}): Record<string, unknown> => ({
  Timestamp: `2026-11-23T02:00:${two(second)}.1230000Z`,
  DeviceId: 'd1',
  DeviceName: 'web01.contoso.com',
  ActionType: 'LogonFailed',
  LogonType: 'Network',
  AccountDomain: 'web01',
  AccountName: 'admin',
  FailureReason: 'InvalidUserNameOrPassword',
  RemoteIP: '203.0.113.9',
  ReportId: 7000 + second,
  ...given,
});
const failures = Array.from({ length: 12 }, (_, i) => row(i));
const entered = row(40, { ActionType: 'LogonSuccess', LogonType: 'RemoteInteractive', FailureReason: '', ReportId: 9 });
const lines = (rows: readonly unknown[]): string => rows.map((one) => `${JSON.stringify(one)}\n`).join('');
const csv = (rows: readonly Record<string, unknown>[]): string =>
  [Object.keys(rows[0] ?? {}), ...rows.map((one) => Object.values(one))]
    .map((cells) => `${cells.join(',')}\n`)
    .join('');

describe('Defender’s logons', () => {
  it.each([
    ['DeviceLogonEvents.csv', csv([...failures, entered])],
    ['hunt.jsonl', lines([...failures, entered])],
    ['answer.json', JSON.stringify({ Schema: [], Results: [...failures, entered] })],
    [
      'PT1H.json',
      lines(
        [...failures, entered].map((properties) => ({
          time: '2026-11-23T03:00:00Z',
          category: 'AdvancedHunting-DeviceLogonEvents',
          properties,
        })),
      ),
    ],
  ])('are counted from %s, with the burst and the logon after it', async (name, content) => {
    const { files, logons, besides } = await read([folder.write(name, content)]);
    expect(files).toMatchObject([{ channel: 'DeviceLogonEvents', failures: 12, successes: 1, records: 13 }]);
    expect(besides?.tables ?? []).toEqual([]);
    expect(logons).toMatchObject({
      state: 'known',
      value: {
        failures: 12,
        successesCollected: false,
        bursts: [
          {
            failures: 12,
            sources: [{ address: '203.0.113.9' }],
            codes: [{ code: 'defender:invalidusernameorpassword', meaning: 'wrong account or password' }],
            success: { state: 'known', value: { account: 'admin', logonType: 10 } },
          },
        ],
      },
      coverage: 'only what DeviceLogonEvents reports 2026-11-23T02:00:00Z to 2026-11-23T02:00:40Z',
      notSeen: expect.arrayContaining([expect.stringContaining('beside DeviceLogonEvents: logons that Defender did')]),
    });
  });

  it('never vouch for none: neither for failures nor for a logon after them', async () => {
    const without = await read([folder.write('failed.jsonl', lines(failures))]);
    expect(without.logons).toMatchObject({ value: { bursts: [{ success: { state: 'unknown' } }] } });
    const attempt = row(1, { ActionType: 'LogonAttempted' });
    const only = await read([folder.write('entered.jsonl', lines([entered, attempt]))]);
    expect(only.logons).toMatchObject({ state: 'unknown' });
    expect(only.logons).toMatchObject({
      because: expect.stringContaining('DeviceLogonEvents reports 2 logons, and not'),
    });
    expect(only.files[0]?.notes).toContain('1 attempt whose outcome it does not have');
  });

  it('count once beside the Security log and in several exports, and name an address that it does not have', async () => {
    mkdirSync(`${folder.path}/both`, { recursive: true });
    const at = (i: number): string => `2026-11-23T02:00:${two(i)}.1Z`;
    const given = (i: number) => ({
      TargetUserName: text('admin'),
      IpAddress: text(i < 6 ? '203.0.113.9' : '-'),
    });
    const events = failures.slice(0, 10).map((_, i) => ({ ...failedLogon(i + 1, at(i), given(i)), computer: 'WEB01' }));
    const logon = { ...successfulLogon(20, at(40), given(0)), computer: 'WEB01' };
    folder.write('both/Security.evtx', writeLog([...events, logon]));
    folder.write('both/one.jsonl', lines([...failures, entered]));
    folder.write('both/two.jsonl', lines([entered, ...failures.slice(3)]));
    const { logons, files } = await read([`${folder.path}/both`]);
    expect(files.map(({ computers }) => computers)).toEqual([['WEB01'], ['WEB01'], ['WEB01']]);
    expect(logons).toMatchObject({ state: 'known', value: { failures: 12 } });
    if (logons.state !== 'known') return;
    const [burst] = logons.value.bursts;
    expect(burst?.witnesses).toEqual([{ address: '203.0.113.9', events: 4, source: 'DeviceLogonEvents' }]);
  });

  it('pass by bad rows with their place, whatever is in them', async () => {
    const broken = [
      JSON.stringify(row(1)),
      '{"Timestamp":',
      JSON.stringify(row(2, { Timestamp: 'no time' })),
      '[1,null]',
    ];
    const { files } = await read([folder.write('broken.jsonl', `${broken.join('\n')}\n`)]);
    expect(files).toMatchObject([{ failures: 1, damages: 0 }]);
    expect(files[0]?.notes).toContain('2 records left out (first in line 2: this line is no JSON)');
    const value = fc.oneof(
      fc.anything({ maxDepth: 2 }),
      fc.constantFrom(
        'LogonFailed',
        '-',
        '\u001b[31m',
        '9'.repeat(4000),
        '2026-11-23T02:00:00Z',
        '9999-12-31T23:59:59Z',
      ),
    );
    const anyRow = fc.record(Object.fromEntries(Object.keys(row(0)).map((name) => [name, value])));
    await fc.assert(
      fc.asyncProperty(fc.array(anyRow, { maxLength: 4 }), fc.nat(), async (rows, cut) => {
        const whole = lines([{ ...row(0), _: 1 }, ...rows].map((one) => JSON.parse(JSON.stringify(one) ?? 'null')));
        const path = folder.write('DeviceLogonEvents.jsonl', whole.slice(0, whole.length - (cut % 40)));
        const log = reportedLog({ ...evidenceFile(path), found: true });
        if (!log) throw new Error('no reporter');
        const collector = new LogonCollector();
        const read = await readReportedLogons(log, 0, collector, {});
        expect(read.failures + read.successes).toBeLessThanOrEqual(rows.length + 1);
      }),
      { numRuns: 60 },
    );
  });
});
