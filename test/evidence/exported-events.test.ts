import { mkdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { gatherLogs, logFiles } from '../../src/commands/gathered-logs.ts';
import { readEventLogs } from '../../src/eventlog/read-logs.ts';
import { evidenceFile } from '../../src/evidence/evidence-files.ts';
import { gatherEvidence } from '../../src/evidence/gather.ts';
import { runQuery } from '../../src/evidence/run-query.ts';
import { hex32, text, writeLog } from '../eventlog/log-writer.ts';
import { temporaryFolder } from '../eventlog/temporary.ts';

const folder = temporaryFolder();
const now = new Date('2026-11-24T00:00:00Z');
const two = (number: number): string => String(number).padStart(2, '0');

/** Twelve guesses and the logon that follows, by hand in each form: 4625 and 4624 as Microsoft documents their fields. */
const guesses = Array.from({ length: 12 }, (_, i) => i + 1);
const fieldsOf = (i: number): [string, string][] => [
  ['TargetUserName', 'admin'],
  ['TargetDomainName', 'WEB01'],
  ['Status', i === 13 ? '0x0' : '0xc000006d'],
  ['SubStatus', '0xc000006a'],
  ['LogonType', '3'],
  ['TargetLogonId', '0x3e8a1'],
  ['IpAddress', '203.0.113.9'],
  ['ProcessName', 'C:\\a&b "c" <d>'],
];
const idOf = (i: number): number => (i === 13 ? 4624 : 4625);
const at = (i: number): string => `02:00:${two(i)}.1234567`;
const all = [...guesses, 13];

const escaped = (value: string): string => value.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&#x3E;');

const xml = (i: number): string =>
  `<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System><Provider Name='Microsoft-Windows-Security-Auditing' Guid='{54849625-5478-4994-a5ba-3e3b0328c30d}'/><EventID>${idOf(i)}</EventID><Version>0</Version><Level>0</Level><Task>12544</Task><Opcode>0</Opcode><Keywords>0x8010000000000000</Keywords><TimeCreated SystemTime='2026-11-23T${at(i)}00Z'/><EventRecordID>${100 + i}</EventRecordID><Correlation/><Execution ProcessID='716' ThreadID='4000'/><Channel>Security</Channel><Computer>web01</Computer><Security/></System><EventData>${fieldsOf(
    i,
  )
    .map(([name, value]) => `<Data Name='${name}'>${escaped(value)}</Data>`)
    .join('')}</EventData></Event>`;

const quoted = (value: string): string => `"${value.replaceAll('"', '""')}"`;
const payload = (i: number): string =>
  JSON.stringify({ EventData: { Data: fieldsOf(i).map(([name, value]) => ({ '@Name': name, '#text': value })) } });
const evtxecmdHeader =
  'RecordNumber,EventRecordId,TimeCreated,EventId,Level,Provider,Channel,ProcessId,ThreadId,Computer,ChunkNumber,UserId,MapDescription,UserName,RemoteHost,PayloadData1,PayloadData2,PayloadData3,PayloadData4,PayloadData5,PayloadData6,ExecutableInfo,HiddenRecord,SourceFile,Keywords,ExtraDataOffset,Payload';
const evtxecmd = (i: number): string =>
  `${i},${100 + i},2026-11-23 ${at(i)},${idOf(i)},LogAlways,Microsoft-Windows-Security-Auditing,Security,716,4000,web01,0,,Failed logon,WEB01\\admin,- (203.0.113.9),,,,,,,,False,C:\\s.evtx,Audit failure,0,${quoted(payload(i))}`;

/** As Velociraptor keeps them: codes as numbers, times to the second. */
const data = (i: number): Record<string, unknown> => ({
  ...Object.fromEntries(fieldsOf(i)),
  Status: i === 13 ? 0 : 0xc000006d,
  SubStatus: 0xc000006a,
  LogonType: 3,
  TargetLogonId: 0x3e8a1,
});
const hunter = (i: number): string =>
  JSON.stringify({
    EventTime: `2026-11-23T02:00:${two(i)}Z`,
    Computer: 'web01',
    Channel: 'Security',
    Provider: 'Microsoft-Windows-Security-Auditing',
    EventID: idOf(i),
    EventRecordID: 100 + i,
    EventData: data(i),
    Message: 'An account failed to log on.',
  });
const parseEvtx = (i: number): string =>
  JSON.stringify({
    System: {
      Provider: { Name: 'Microsoft-Windows-Security-Auditing', Guid: '54849625-5478-4994-A5BA-3E3B0328C30D' },
      EventID: { Value: idOf(i) },
      TimeCreated: { SystemTime: Date.UTC(2026, 10, 23, 2, 0, i) / 1000 + 0.1234567 },
      EventRecordID: 100 + i,
      Channel: 'Security',
      Computer: 'web01',
    },
    EventData: data(i),
  });
const evtxDump = (i: number): string =>
  JSON.stringify({
    Event: {
      '#attributes': { xmlns: 'http://schemas.microsoft.com/win/2004/08/events/event' },
      System: {
        Provider: { '#attributes': { Name: 'Microsoft-Windows-Security-Auditing' } },
        EventID: idOf(i),
        TimeCreated: { '#attributes': { SystemTime: `2026-11-23T${at(i)}Z` } },
        EventRecordID: 100 + i,
        Channel: 'Security',
        Computer: 'web01',
      },
      EventData: Object.fromEntries(fieldsOf(i)),
    },
  });

/** As Winlogbeat's module for the Security log keeps them: an address, and a program, are where they are of any log. */
const beat = (i: number): Record<string, unknown> => {
  const { IpAddress, ProcessName, ...event_data } = Object.fromEntries(fieldsOf(i));
  return {
    '@timestamp': `2026-11-23T02:00:${two(i)}.123Z`,
    event: { code: String(idOf(i)), outcome: 'failure', created: '2026-11-23T02:01:00Z' },
    source: { ip: IpAddress, port: 4242 },
    process: { pid: 0, executable: ProcessName },
    winlog: {
      channel: 'Security',
      computer_name: 'web01',
      event_id: String(idOf(i)),
      provider_name: 'Microsoft-Windows-Security-Auditing',
      record_id: 100 + i,
      keywords: ['Audit Failure'],
      process: { pid: 716, thread: { id: 4000 } },
      event_data,
    },
  };
};
const flat = (i: number, time: Record<string, string>): Record<string, unknown> => ({
  ...time,
  Keywords: -1,
  EventID: idOf(i),
  Channel: 'Security',
  Message: 'An account failed to log on.',
  ...Object.fromEntries(fieldsOf(i)),
});
const nxlog = (i: number): Record<string, unknown> => ({
  ...flat(i, { EventTime: `2026-11-23T03:00:${two(i)}.1234567+01:00` }),
  ...{ Hostname: 'web01', SourceName: 'Microsoft-Windows-Security-Auditing', RecordNumber: 100 + i, ProcessID: 716 },
});
const throughApi = (i: number): Record<string, unknown> => ({
  ...flat(i, { TimeCreated: `2026-11-23T02:00:${two(i)}.123Z`, TimeGenerated: `2026-11-22T18:00:${two(i)}.123Z` }),
  ...{ Computer: 'web01', Provider: 'Microsoft-Windows-Security-Auditing', EventRecordID: String(100 + i) },
  EventData: `<EventData xmlns="http://schemas.microsoft.com/win/2004/08/events/event">${fieldsOf(i)
    .map(([name, value]) => `<Data Name="${name}">${escaped(value)}</Data>`)
    .join('')}</EventData>`,
});
const pretty = (i: number): string => JSON.stringify(JSON.parse(evtxDump(i)), null, 2);

const forms: Record<string, string | Buffer> = {
  // evtx_dump as it is called without options, with -o xml, and python-evtx.
  'evtx_dump.json': all.map((i) => `Record ${100 + i}\n${pretty(i)}\n`).join(''),
  'records.xml': all.map((i) => `Record ${100 + i}\n<?xml version="1.0" encoding="utf-8"?>\n${xml(i)}\n`).join(''),
  'python.xml': `<?xml version="1.1" encoding="utf-8" standalone="yes" ?>\n\n<Events>\n${all.map((i) => xml(i).replace(/SystemTime='(.{10})T(.*?)00Z'/, 'SystemTime="$1 $2+00:00"')).join('\n')}\n</Events>`,
  'list.json': JSON.stringify(
    all.map((i) => JSON.parse(evtxDump(i))),
    null,
    1,
  ),
  'winlogbeat.ndjson': all.map((i) => `${JSON.stringify(beat(i))}\n`).join(''),
  'elasticdump.json': all
    .map((i) => `${JSON.stringify({ _index: 'winlogbeat', _id: `${i}`, _source: beat(i) })}\n`)
    .join(''),
  'nxlog.json': all.map((i) => `${JSON.stringify(nxlog(i))}\n`).join(''),
  'api.json': JSON.stringify(all.map(throughApi)),
  'viewer.xml': `\ufeff<?xml version="1.0" encoding="utf-8" standalone="yes"?>\r\n<Events>${all.map(xml).join('')}</Events>`,
  'wevtutil.txt': all.map((i) => `${xml(i)}\r\n`).join(''),
  'redirected.xml': Buffer.from(`\ufeff${all.map((i) => `${xml(i)}\r\n`).join('')}`, 'utf16le'),
  '20261123020500_EvtxECmd_Output.csv': `\ufeff${evtxecmdHeader}\r\n${all.map(evtxecmd).join('\r\n')}\r\n`,
  'Windows.EventLogs.EvtxHunter.json': all.map((i) => `${hunter(i)}\n`).join(''),
  'parse_evtx.json': all.map((i) => `${parseEvtx(i)}\n`).join(''),
  'evtx_dump.jsonl': all.map((i) => `${evtxDump(i)}\n`).join(''),
};

async function logonsIn(paths: readonly string[]) {
  return readEventLogs(logFiles(await gatherLogs(paths)), { now });
}

describe('events that a program exported as text', () => {
  for (const [name, content] of Object.entries(forms)) {
    it(`are logons and rows as those of an event log are: ${name}`, async () => {
      const path = folder.write(name, content);
      const { files, logons } = await logonsIn([path]);
      expect(files).toMatchObject([
        { records: 13, failures: 12, successes: 1, damages: 0, channel: 'Security', computers: ['web01'] },
      ]);
      expect(files[0]?.notes?.[0]).toMatch(/^exported as .*: no checksum covers its events/);
      if (logons.state !== 'known') throw new Error(logons.because);
      expect(logons.value).toMatchObject({ failures: 12 });
      expect(logons.value.bursts).toMatchObject([
        {
          failures: 12,
          sources: [{ address: '203.0.113.9' }],
          success: { state: 'known', value: { account: 'admin', at: expect.stringMatching(/^2026-11-23T02:00:13/) } },
        },
      ]);
      const { files: evidence } = await gatherEvidence([path], { named: evidenceFile });
      const query =
        'SecurityEvent | where EventID == 4625 | summarize n = count(), arg_max(TimeGenerated, Status, SubStatus, IpAddress, TargetAccount, ProcessName, Computer, LogonTypeName, _EventRecordId, _Verified)';
      const { rows, notes } = await runQuery({ query, files: evidence, now: 0, limit: 5 }, () => {});
      expect(rows[0]?.[0]).toBe(12);
      expect(String(rows[0]?.[1])).toMatch(/^2026-11-23T02:00:12/);
      expect(rows[0]?.slice(2)).toEqual([
        '0xc000006d',
        '0xc000006a',
        '203.0.113.9',
        'WEB01\\admin',
        'C:\\a&b "c" <d>',
        'web01',
        '3 - Network',
        112,
        null,
      ]);
      expect(notes.join('\n')).toContain('which no checksum covers');
    });
  }

  it('count once beside the log that they are from, in any order, and beside each other', async () => {
    mkdirSync(`${folder.path}/both`);
    for (const [name, content] of Object.entries(forms)) folder.write(`both/${name}`, content);
    const log = writeLog(
      guesses.map((i) => ({
        recordId: 100 + i,
        time: `2026-11-23T${at(i)}Z`,
        eventId: 4625,
        computer: 'web01',
        data: [
          ['TargetUserName', text('admin')],
          ['IpAddress', text('203.0.113.9')],
          ['Status', hex32(0xc000006d)],
        ] as const,
      })),
    );
    folder.write('both/zz-Security.evtx', log);
    const { logons } = await logonsIn([`${folder.path}/both`]);
    expect(logons).toMatchObject({ state: 'known', value: { failures: 12, bursts: [{ failures: 12 }] } });
    const { files } = await gatherEvidence([`${folder.path}/both`], { named: evidenceFile });
    const query =
      'SecurityEvent | summarize n = count(), sound = countif(_Verified == true) by EventID | sort by EventID asc';
    const { rows } = await runQuery({ query, files, now: 0, limit: 5 }, () => {});
    expect(rows).toEqual([
      [4624, 1, 0],
      [4625, 12, 12],
    ]);
  });

  it('are read on past what is no event, which is counted with its line', async () => {
    const files = {
      'torn.xml': `<Events>\n${xml(1)}\n<Event><System><EventID>46\n${xml(2)}\n<Event><System></Event>\n<Event xmlns='x'><!DOCTYPE a [<!ENTITY b "c">]></Event>\n${xml(3)}\n<Event><System>`,
      'torn.jsonl': `${hunter(1)}\nnot json\n{"Channel":"Security"}\n${hunter(2)}\n${hunter(3)}\n{"Chan`,
      'torn.csv': `${evtxecmdHeader}\n${evtxecmd(1)}\n${evtxecmd(2).replace('4625', 'x')}\n${evtxecmd(2)}\n${evtxecmd(3).replace(/"\{.*$/, '"{"')}\n${evtxecmd(3)}\n`,
      'torn.json': `[${evtxDump(1)},\n{"Event":1},\n${evtxDump(2)}, nothing here\n${evtxDump(3)},\n{"Event":{"System":"\\`,
    };
    const unread: Record<string, string> = {
      'torn.xml': '4 records left out, no whole event (first in line 3)',
      'torn.jsonl': '3 records left out, no whole event (first in line 2)',
      'torn.csv': '2 records left out, no whole event (first in line 3)',
      'torn.json': '2 records left out, no whole event (first in line 2)',
    };
    for (const [name, content] of Object.entries(files)) {
      const read = await logonsIn([folder.write(name, content)]);
      expect(read.files, name).toMatchObject([{ records: 3, failures: 3, damages: 0 }]);
      expect(read.files[0]?.notes?.[1], name).toBe(unread[name]);
    }
  });

  it('have no time where NXLog has that of an unnamed zone, and are not taken from rows of a table', async () => {
    const local = all.map((i) => `${JSON.stringify({ ...nxlog(i), EventTime: `2026-11-23 02:00:${two(i)}` })}\n`);
    const { files } = await logonsIn([folder.write('local.json', local.join(''))]);
    expect(files[0]?.notes).toContain('13 events without a time that can be read');
    const rows = all.map((i) => ({ ...throughApi(i), TenantId: 't', Type: 'SecurityEvent' }));
    const evidence = await gatherEvidence([folder.write('rows.json', JSON.stringify(rows))], { named: evidenceFile });
    expect(evidence.files).toMatchObject([{ format: 'json', table: 'SecurityEvent' }]);
  });

  it('hold no hostile value: names of prototypes, deep nesting, endless text', async () => {
    const deep = `${'<a>'.repeat(100)}${'</a>'.repeat(100)}`;
    const long = `<Event><System>${'x'.repeat(5 * 1024 * 1024)}`;
    const path = folder.write('hostile.xml', `${xml(1)}<Event><System/>${deep}</Event>${long}${xml(2)}`);
    const { files } = await logonsIn([path]);
    expect(files).toMatchObject([{ records: 2, failures: 2 }]);
    const nested = `${'['.repeat(2000)}${']'.repeat(2000)}`;
    const json = `{"EventTime":"2026-11-23T02:00:01Z","Computer":"web01","Channel":"Security","EventID":4625,"EventRecordID":1,"EventData":{"__proto__":"x","constructor":{"a":1},"TargetUserName":"admin","Deep":${nested}}}\n`;
    const read = await logonsIn([folder.write('hostile.json', json + hunter(2))]);
    expect(read.files).toMatchObject([{ records: 2, failures: 2 }]);
  });
});
