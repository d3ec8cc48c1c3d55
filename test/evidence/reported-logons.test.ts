import { mkdirSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { evtxDocumentOf, gatherLogs, logFiles } from '../../src/commands/gathered-logs.ts';
import { LogonCollector } from '../../src/eventlog/logon-collector.ts';
import { readEventLogs } from '../../src/eventlog/read-logs.ts';
import { readReportedLogons } from '../../src/eventlog/reported-log.ts';
import { ReportedLogons } from '../../src/eventlog/reported-logons.ts';
import { evidenceFile } from '../../src/evidence/evidence-files.ts';
import { hayabusa } from '../../src/evidence/reported/hayabusa.ts';
import { reportedLog } from '../../src/evidence/reported/reporters.ts';
import { defaultThresholds } from '../../src/triage/logons/bursts.ts';
import { FailureColumns } from '../../src/triage/logons/events.ts';
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
    const nameless = await read([folder.write('nameless.jsonl', lines([row(1, { DeviceName: '', DeviceId: '' })]))]);
    expect(nameless.files).toMatchObject([{ failures: 1, computers: [] }]);
  });

  it('are followed by a logon that is not known where the Security log is of another time', async () => {
    mkdirSync(`${folder.path}/later`, { recursive: true });
    folder.write('later/hunt.jsonl', lines(failures.map((one) => ({ ...one, DeviceName: 'web01' }))));
    const security = (from: string) =>
      writeLog(
        [from, '2026-11-25T02:00:00Z'].map((time, i) =>
          successfulLogon(i + 1, time, { TargetUserName: text('owner') }),
        ),
      );
    for (const [from, success] of [
      [
        '2026-11-25T01:00:00Z',
        { state: 'unknown', because: expect.stringContaining('of another time than the burst') },
      ],
      ['2026-11-22T01:00:00Z', { state: 'known', value: null }],
    ] as const) {
      folder.write('later/Security.evtx', security(from));
      const { logons } = await read([`${folder.path}/later`]);
      expect(logons).toMatchObject({ value: { bursts: [{ success }] } });
    }
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

const at = (second: number): string => `2026-11-23T02:00:${two(second)}.1Z`;
const seconds = Array.from({ length: 12 }, (_, i) => i);
const eventData = (i: number) => ({
  TargetUserName: 'admin',
  TargetDomainName: 'WEB01',
  Status: '0xc000006d',
  SubStatus: '0xc000006a',
  LogonType: 3,
  IpAddress: '203.0.113.9',
  ProcessName: `p${i}`,
});

/** A detection of Chainsaw, by its source (`Detection`, `Kind`, `Document`). */
const detection = (i: number, name: string) => ({
  group: 'Login Attacks',
  kind: 'individual',
  document: {
    kind: 'evtx',
    path: 'Security.evtx',
    data: {
      Event: {
        System: {
          Provider_attributes: { Name: 'Microsoft-Windows-Security-Auditing' },
          EventID: 4625,
          TimeCreated_attributes: { SystemTime: at(i) },
          EventRecordID: 100 + i,
          Channel: 'Security',
          Computer: 'web01',
        },
        EventData: eventData(i),
      },
    },
  },
  name,
  timestamp: at(i),
  authors: [],
  level: 'info',
  source: 'chainsaw',
  status: 'stable',
});
const detections = seconds.flatMap((i) => [detection(i, 'Failed logon'), detection(i, 'Another rule')]);
const { document: _, ...aggregate } = detection(0, 'Account Brute Force');

const hayabusaDetails =
  'Type: 3 - NETWORK ¦ TgtUser: admin ¦ SrcComp: - ¦ SrcIP: 203.0.113.9 ¦ AuthPkg: NTLM ¦ Proc: -';
const hayabusaCsv = (time: (i: number) => string): string =>
  [
    'Timestamp,RuleTitle,Level,Computer,Channel,EventID,RecordID,Details,ExtraFieldInfo,RuleID',
    ...seconds.map(
      (i) =>
        `${time(i)},Logon Failure (Wrong Password),low,web01,Sec,4625,${100 + i},${hayabusaDetails},SubStatus: WRONG PW,x`,
    ),
    `${time(0)},PW Guessing,med,web01,Sec,-,-,Count: 12 ¦ IpAddress: 203.0.113.9,,x`,
    '',
  ].join('\n');
const hayabusaJson = seconds.map((i) => ({
  Timestamp: at(i),
  RuleTitle: 'Logon Failure (Unknown Reason)',
  Level: 'low',
  Computer: 'web01',
  Channel: 'Sec',
  EventID: 4625,
  RecordID: 100 + i,
  Details: { Type: '3 - NETWORK', TgtUser: 'admin', SrcIP: '203.0.113.9', SubStatus: 'WRONG PW' },
}));

/** Properties in the order of Windows' manifest; message as English Windows writes it. */
const properties = (i: number) =>
  ['S-1-0-0', '-', '-', 0, 'S-1-0-0', 'admin', 'WEB01', -1073741715, '%%2313', -1073741718, 3, 'NtLmSsp ', 'NTLM', 'ws']
    .concat(['-', '-', 0, 0, '-', '203.0.113.9', String(i)] as string[])
    .map((Value) => ({ Value }));
const message =
  'An account failed to log on.\r\n\r\nSubject:\r\n\tSecurity ID:\t\tS-1-5-18\r\n\tAccount Name:\t\tWEB01$\r\n\r\nLogon Type:\t\t\t3\r\n\r\nAccount For Which Logon Failed:\r\n\tSecurity ID:\t\tS-1-0-0\r\n\tAccount Name:\t\tadmin\r\n\tAccount Domain:\t\tWEB01\r\n\r\nFailure Information:\r\n\tFailure Reason:\t\tUnknown user name or bad password.\r\n\tStatus:\t\t\t0xC000006D\r\n\tSub Status:\t\t0xC000006A\r\n\r\nNetwork Information:\r\n\tWorkstation Name:\t-\r\n\tSource Network Address:\t203.0.113.9\r\n';
const winEvent = (i: number, given: Record<string, unknown>) => ({
  Id: 4625,
  RecordId: 100 + i,
  ProviderName: 'Microsoft-Windows-Security-Auditing',
  LogName: 'Security',
  MachineName: 'web01',
  TimeCreated: `/Date(${Date.parse(at(i))})/`,
  ...given,
});
const summary =
  'Failed,First Attempt,Last Attempt,Event,Target Account,Target Domain,Target Computer,Logon Type,Source Account,Source Domain,Source Computer,Source IP Address\n' +
  '12,2026-11-23 02:00:00.000 +00:00,2026-11-23 02:00:11.000 +00:00,Sec 4625,admin,WEB01,web01,3 - NETWORK,-,-,-,203.0.113.9\n';

describe('logons in what other programs export', () => {
  it.each([
    ['chainsaw.json', JSON.stringify(detections), 'Chainsaw', '0xc000006a'],
    ['chainsaw.jsonl', lines(detections), 'Chainsaw', '0xc000006a'],
    [
      'aggregate.json',
      JSON.stringify([{ ...aggregate, kind: 'aggregate', documents: detections.map(({ document }) => document) }]),
      'Chainsaw',
      '0xc000006a',
    ],
    [
      'login_attacks.csv',
      `timestamp,detections,path,Event ID,Record ID,Computer,User,Logon Type,IP Address\n${seconds.map((i) => `${at(i)},Failed,s.evtx,4625,${i + 1},web01,admin,3,203.0.113.9\n`).join('')}`,
      'Chainsaw',
      'reported:',
    ],
    ['hayabusa.csv', hayabusaCsv((i) => `2026-11-23 11:00:${two(i)}.100 +09:00`), 'Hayabusa', '0xc000006a'],
    // --European-time, --US-military-time, --US-time and --RFC-2822.
    ['european.csv', hayabusaCsv((i) => `23-11-2026 11:00:${two(i)}.100 +09:00`), 'Hayabusa', '0xc000006a'],
    ['military.csv', hayabusaCsv((i) => `11-23-2026 11:00:${two(i)}.100 +09:00`), 'Hayabusa', '0xc000006a'],
    ['us.csv', hayabusaCsv((i) => `11-22-2026 09:00:${two(i)}.100 PM -05:00`), 'Hayabusa', '0xc000006a'],
    ['rfc.csv', hayabusaCsv((i) => `"Mon, 23 Nov 2026 11:00:${two(i)} +0900"`), 'Hayabusa', '0xc000006a'],
    ['hayabusa.jsonl', lines(hayabusaJson), 'Hayabusa', '0xc000006a'],
    ['logons-failed.csv', summary, 'HayabusaLogonSummary', 'reported:'],
    [
      'winevent.json',
      JSON.stringify(seconds.map((i) => winEvent(i, { Properties: properties(i), Message: 'auf Deutsch' }))),
      'GetWinEvent',
      '0xc000006a',
    ],
    ['message.jsonl', lines(seconds.map((i) => winEvent(i, { Message: message }))), 'GetWinEvent', '0xc000006a'],
  ])('are counted from %s, each event once, and vouch for none', async (name, content, channel, code) => {
    const { files, logons } = await read([folder.write(name, content)]);
    expect(files.map((file) => file.channel)).toEqual([channel]);
    expect(logons).toMatchObject({
      state: 'known',
      value: {
        failures: 12,
        bursts: [
          {
            failures: 12,
            sources: [{ address: '203.0.113.9' }],
            accounts: [{ name: 'admin' }],
            codes: [{ code }],
            logonTypes: [3],
            success: { state: 'unknown' },
          },
        ],
      },
      notSeen: expect.arrayContaining([expect.stringMatching(new RegExp(`^beside ${channel}: `))]),
    });
  });

  it('of a summary over hours are those at its ends, and the others a number', async () => {
    const long = summary.replace('02:00:11', '09:00:11');
    const { logons } = await read([folder.write('long-failed.csv', long)]);
    expect(logons).toMatchObject({
      value: { failures: 2, bursts: [] },
      notSeen: expect.arrayContaining([expect.stringMatching(/^10 failed logons of which a summary has the number/)]),
    });
  });

  it('of a summary are matched with those of a log in one pass, however many they are', () => {
    const failures = new FailureColumns();
    const logon = (at: number, account: string, address: string) => ({
      ...{ at, account, address },
      ...{ computer: 'web01', domain: '', logonType: 3 },
    });
    const rest = { recordId: 0, eventId: 4625, workstation: '', status: '', subStatus: '', process: '' };
    const add = (at: number, account: string, address: string) =>
      failures.addEvent({ ...logon(at, account, address), ...rest, logonId: '', method: '' });
    const many = 200_000;
    for (let i = 0; i < many; i++) add(i, 'admin', `203.0.113.${i % 2}`);
    for (let i = 0; i < 10; i++) add(i, `user${i}`, '203.0.113.0');
    const reported = new ReportedLogons();
    const take = (count: number, account: string, address: string) =>
      reported.take(
        {
          ...logon(0, account, address),
          ...{ outcome: 'failed' as const, code: 'reported:', program: '', once: true },
          id: `${account} ${address}`,
          several: { count, last: 3600 * 1e7 },
        },
        { by: 'HayabusaLogonSummary', lacks: '', file: 0 },
      );
    take(many / 2, 'admin', '203.0.113.0');
    take(many / 2 + 3, 'admin', '203.0.113.1');
    take(2, 'user3', '203.0.113.0');
    take(2, 'user3', '203.0.113.1');
    reported.addTo(failures, defaultThresholds);
    expect([failures.length, reported.untimed]).toEqual([many + 10 + 2, 3 + 1]);
  });

  it('count once where several programs have the same events', async () => {
    mkdirSync(`${folder.path}/tools`, { recursive: true });
    folder.write('tools/chainsaw.json', JSON.stringify(detections));
    folder.write('tools/hayabusa.jsonl', lines(hayabusaJson));
    folder.write('tools/logons-failed.csv', summary);
    const { logons } = await read([`${folder.path}/tools`]);
    expect(logons).toMatchObject({ value: { failures: 12, bursts: [{ failures: 12 }] } });
  });

  it('are left out where day and month may be either, and where nothing says whose they are', async () => {
    const dates = await read([
      folder.write(
        'dates.csv',
        hayabusaCsv((i) => `03-04-2026 02:00:${two(i)}.100 +00:00`),
      ),
    ]);
    expect(dates.files[0]?.notes).toContain('12 records left out (first in line 2: it has no time that can be read)');
    expect(dates.logons.state).toBe('unknown');
    // Any date of the file that can be read in one way alone says how the others are.
    for (const [decisive, first] of [
      ['23-04-2026 02:00:00.100 +00:00', '2026-04-03'],
      ['04-23-2026 02:00:00.100 +00:00', '2026-03-04'],
    ] as const) {
      const csv = hayabusaCsv((i) => `03-04-2026 02:00:${two(i)}.100 +00:00`);
      const { files } = await read([folder.write('dates.csv', `${csv}${decisive},Other,low,web01,Sys,1,1,,,x\n`)]);
      expect(files[0]).toMatchObject({ failures: 12, first: `${first}T02:00:00.1Z` });
    }
    // A file whose dates leave no doubt is not looked through for one that ends it.
    const orderOf = (time: string) => hayabusa.orderOf?.(new Map([['Timestamp', time]]));
    expect(orderOf('2026-11-23 11:00:00.100 +09:00')).toBe('clear');
    expect(['03-04-2026 02:00:00.100 +00:00', 'none'].map(orderOf)).toEqual([null, null]);
    const german = lines([
      winEvent(1, { Properties: ['System.Diagnostics.Eventing.Reader.EventProperty'], Message: 'nein' }),
    ]);
    const { files } = await read([folder.write('german.jsonl', german)]);
    expect(files[0]?.notes?.[1]).toMatch(/^1 record left out \(first in line 1: neither its Properties/);
  });

  it('are said to be taken as UTC where their times have no zone', async () => {
    const rows = seconds.map((i) => winEvent(i, { Message: message, TimeCreated: `11/23/2026 2:00:${two(i)} AM` }));
    const zoneless = await read([folder.write('zoneless.jsonl', lines(rows))]);
    expect(zoneless.files[0]?.notes).toContain('its times have no zone, and are taken as UTC');
    if (zoneless.logons.state !== 'known') throw new Error(zoneless.logons.because);
    expect(zoneless.logons.notSeen.join('\n')).toMatch(/beside GetWinEvent: .*; its times have no zone/);
    const core = seconds.map((i) => winEvent(i, { Message: message, TimeCreated: at(i).replace('Z', '+00:00') }));
    const { files } = await read([folder.write('core.jsonl', lines(core))]);
    expect(files[0]?.notes).toHaveLength(1);
  });

  it('take any values in the place of those that are expected', async () => {
    const any = fc.oneof(
      fc.anything({ maxDepth: 3 }),
      fc.constantFrom(4625, 'Sec', 'Security', at(1), '1e400', '¦: ¦'),
    );
    const shapes = [detection(1, 'x'), hayabusaJson[0], winEvent(1, { Properties: properties(1), Message: message })];
    const kinds =
      'Chainsaw Hayabusa GetWinEvent HayabusaLogonSummary DeviceLogonEvents SecurityEvent WindowsEvent Syslog DeviceTimeline Plaso Splunk Windows_EventLogs_RDPAuth Linux_Forensics_Journal'.split(
        ' ',
      );
    await fc.assert(
      fc.asyncProperty(
        fc.nat(2),
        fc.nat(kinds.length - 1),
        fc.array(fc.tuple(fc.nat(30), any)),
        async (shape, kind, changes) => {
          const record: Record<string, unknown> = { ...shapes[shape] };
          const names = Object.keys(record);
          for (const [place, given] of changes) record[names[place % names.length] ?? ''] = given;
          const path = folder.write('any.jsonl', lines([record, null, [record]]));
          const log = reportedLog({ path, format: 'jsonl', table: kinds[kind] });
          if (!log) throw new Error('no reporter');
          const { damages } = await readReportedLogons(log, 0, new LogonCollector(), {});
          expect(damages).toBe(0);
        },
      ),
      { numRuns: 150 },
    );
  });
});
