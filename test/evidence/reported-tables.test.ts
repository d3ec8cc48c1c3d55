import { mkdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { evtxDocumentOf, gatherLogs, logFiles } from '../../src/commands/gathered-logs.ts';
import { readEventLogs } from '../../src/eventlog/read-logs.ts';
import { runQuery } from '../../src/evidence/run-query.ts';
import { temporaryFolder } from '../eventlog/temporary.ts';

const folder = temporaryFolder();
const now = new Date('2026-11-24T00:00:00Z');
const two = (number: number): string => String(number).padStart(2, '0');
const guesses = Array.from({ length: 12 }, (_, i) => i + 1);

async function read(paths: readonly string[]) {
  const gathered = await gatherLogs(paths);
  return evtxDocumentOf(gathered, await readEventLogs(logFiles(gathered), { now }));
}

const quoted = (cells: readonly (string | number)[]): string =>
  cells.map((cell) => `"${String(cell).replaceAll('"', '""')}"`).join(',');
const csv = (header: readonly string[], rows: readonly (readonly (string | number)[])[]): string =>
  [header, ...rows].map((cells) => `${quoted(cells)}\r\n`).join('');
const lines = (rows: readonly unknown[]): string => rows.map((one) => `${JSON.stringify(one)}\n`).join('');

/** Twelve guesses and the logon after them, as each table has them. */
const portalTime = (i: number): string => `11/23/2026, 2:00:${two(i)}.123 AM`;
const isoTime = (i: number): string => `2026-11-23T02:00:${two(i)}.123Z`;
const securityEvents = csv(
  [
    'TimeGenerated [UTC]',
    'Computer',
    'EventID',
    'TargetAccount',
    'IpAddress',
    'LogonType',
    'Status',
    'SubStatus',
    'Type',
  ],
  [...guesses, 13].map((i) => {
    const failed = i < 13;
    const codes = failed ? ['0xc000006d', '0xc000006a'] : ['', ''];
    return [portalTime(i), 'web01', failed ? 4625 : 4624, 'WEB01\\admin', '203.0.113.9', 3, ...codes, 'SecurityEvent'];
  }),
);
/** The same as Log Analytics' API answers. */
const answer = JSON.stringify({
  tables: [
    {
      name: 'PrimaryResult',
      columns: 'TimeGenerated Computer EventID TargetAccount IpAddress LogonType SubStatus Activity Type'
        .split(' ')
        .map((name) => ({ name, type: 'string' })),
      rows: [...guesses, 13].map((i) => [
        ...[isoTime(i), 'web01', i < 13 ? 4625 : 4624, 'WEB01\\admin', '203.0.113.9', 3, '0xc000006a'],
        ...['4625 - An account ["failed"] to log on.', 'SecurityEvent'],
      ]),
    },
  ],
});
const windowsEvents = lines(
  [...guesses, 13].map((i) => ({
    TimeGenerated: isoTime(i),
    Computer: 'web01',
    Channel: 'Security',
    EventID: i < 13 ? 4625 : 4624,
    Provider: 'Microsoft-Windows-Security-Auditing',
    EventData: {
      TargetUserName: 'admin',
      TargetDomainName: 'WEB01',
      IpAddress: '203.0.113.9',
      LogonType: '3',
      Status: '0xc000006d',
      SubStatus: '0xc000006a',
    },
    Type: 'WindowsEvent',
  })),
);
const syslogHeader =
  'TimeGenerated [UTC],Computer,EventTime [UTC],Facility,ProcessName,ProcessID,SyslogMessage,Type'.split(',');
const said = (i: number): string =>
  i < 13
    ? 'Failed password for root from 203.0.113.9 port 4242 ssh2'
    : 'Accepted password for root from 203.0.113.9 port 4242 ssh2';
const syslogRow = (i: number, program = 'sshd-session', message = said(i)): (string | number)[] => [
  portalTime(i + 4),
  'lin01',
  `11/23/2026, 2:00:${two(i)}.000 AM`,
  'authpriv',
  program,
  700 + i,
  message,
  'Syslog',
];
const syslog = csv(syslogHeader, [
  ...[...guesses, 13].map((i) => syslogRow(i)),
  syslogRow(20, 'cron', 'pam_unix(cron:session): session opened for user root'),
]);
const rdpAuth = lines(
  [...guesses, 13].map((i) => ({
    EventTime: `2026-11-23T02:00:${two(i)}Z`,
    Computer: 'web01',
    Channel: 'Security',
    EventID: i < 13 ? 4625 : 4624,
    DomainName: 'WEB01',
    UserName: 'admin',
    LogonType: 3,
    SourceIP: '203.0.113.9',
    Description: i < 13 ? 'LOGON_FAILED' : 'LOGON_SUCCESSFUL',
    Message: null,
    EventRecordID: 100 + i,
    FullPath: 'C:\\Windows\\System32\\Winevt\\Logs\\Security.evtx',
  })),
);
const journal = lines(
  [...guesses, 13].map((i) => ({
    File: '/run/log/journal/x/system.journal',
    Offset: i,
    Timestamp: isoTime(i),
    Data: ['_HOSTNAME=lin01', 'SYSLOG_IDENTIFIER=sshd', `_PID=${700 + i}`, `MESSAGE=${said(i)}`],
  })),
);
const deviceTimeline = csv(
  [
    'Event Time',
    'Machine Id',
    'Computer Name',
    'Action Type',
    'Account Domain',
    'Account Name',
    'Remote IP',
    'Report Id',
  ],
  [...guesses, 13].map((i) => [
    isoTime(i).slice(0, -1),
    'd1',
    'web01',
    i < 13 ? 'LogonFailed' : 'LogonSuccess',
    'web01',
    'admin',
    '203.0.113.9',
    i,
  ]),
);

/** The data of a 4625 and of a 4624 in the order of Windows' manifest. */
const strings = (i: number): string[] =>
  i < 13
    ? ['S-1-0-0', '-', '-', '0x0', 'S-1-0-0', 'admin', 'WEB01', '0xc000006d', '%%2313', '0xc000006a', '3', 'NtLmSsp ']
        .concat(['NTLM', 'WS', '-', '-', '0', '0x0', '-'])
        .concat(['203.0.113.9', '4242'])
    : [
        'S-1-0-0',
        '-',
        '-',
        '0x0',
        'S-1-5-21-1',
        'admin',
        'WEB01',
        '0x3e8a1',
        '3',
        'NtLmSsp ',
        'NTLM',
        'WS',
        '{0}',
      ].concat(['-', 'NTLM V2', '128', '0x0', 'C:\\a', '203.0.113.9', '4242']);
const plasoJson = lines(
  [...guesses, 13].flatMap((i) =>
    ['Creation Time', 'Content Modification Time'].map((timestamp_desc, more) => ({
      __container_type__: 'event',
      data_type: 'windows:evtx:record',
      event_identifier: i < 13 ? 4625 : 4624,
      computer_name: 'web01',
      source_name: 'Microsoft-Windows-Security-Auditing',
      record_number: 100 + i,
      strings: strings(i),
      timestamp: Date.parse(isoTime(i)) * 1000 + more,
      timestamp_desc,
    })),
  ),
);
const plasoSaid = (i: number, comma: string): string =>
  `[${i < 13 ? '4625 / 0x1211' : '4624 / 0x1210'}] Provider identifier: {54849625-5478-4994-a5ba-3e3b0328c30d} Source Name: Microsoft-Windows-Security-Auditing Strings: [${strings(
    i,
  )
    .map((text) => `'${text.replaceAll('\\', '\\\\')}'`)
    .join(comma)}] Computer Name: web01 Record Number: ${100 + i} Event Level: 0`;
const plasoDynamic = csv(
  ['datetime', 'timestamp_desc', 'source', 'source_long', 'message', 'parser', 'display_name', 'tag'],
  [...guesses, 13].map((i) => {
    const time = isoTime(i).replace('Z', '000+00:00');
    return [time, 'Content Modification Time', 'EVT', 'WinEVTX', plasoSaid(i, '  '), 'winevtx', 'NTFS:\\s.evtx', '-'];
  }),
);
const l2tcsv = csv(
  'date,time,timezone,MACB,source,sourcetype,type,user,host,short,desc,version,filename,inode,notes,format,extra'.split(
    ',',
  ),
  [...guesses, 13].map((i) => [
    ...[
      '11/23/2026',
      `02:00:${two(i)}`,
      'UTC',
      'M...',
      'EVT',
      'WinEVTX',
      'Content Modification Time',
      '-',
      'web01',
      '-',
    ],
    ...[plasoSaid(i, ', '), '2', 's.evtx', '1', '-', 'winevtx', '-'],
  ]),
);

const message = (i: number): string =>
  `Message=An account ${i < 13 ? 'failed to log on' : 'was successfully logged on'}.\n\nSubject:\n\tAccount Name:\t\tWEB01$\n\nLogon Type:\t\t\t3\n\n${i < 13 ? 'Account For Which Logon Failed' : 'New Logon'}:\n\tAccount Name:\t\tadmin\n\tAccount Domain:\t\tWEB01\n\nFailure Information:\n\tSub Status:\t\t0xC000006A\n\nNetwork Information:\n\tSource Network Address:\t203.0.113.9\n`;
const classic = (i: number): string =>
  `11/23/2026 03:00:${two(i)} AM\nLogName=Security\nEventCode=${i < 13 ? 4625 : 4624}\nEventType=0\nComputerName=web01\nRecordNumber=${100 + i}\n${message(i)}`;
const xml = (i: number): string =>
  `<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System><Provider Name='Microsoft-Windows-Security-Auditing'/><EventID>${i < 13 ? 4625 : 4624}</EventID><TimeCreated SystemTime='${isoTime(i)}'/><EventRecordID>${100 + i}</EventRecordID><Channel>Security</Channel><Computer>web01</Computer></System><EventData><Data Name='TargetUserName'>admin</Data><Data Name='LogonType'>3</Data><Data Name='SubStatus'>0xc000006a</Data><Data Name='IpAddress'>203.0.113.9</Data></EventData></Event>`;
const splunkJson = (raw: (i: number) => string): string =>
  lines(
    [...guesses, 13].map((i) => ({
      preview: false,
      offset: i,
      result: { _raw: raw(i), _time: `2026-11-23T03:00:${two(i)}.000+01:00`, sourcetype: 'WinEventLog:Security' },
    })),
  );
const splunkCsv = csv(
  ['_raw', '_time', 'sourcetype'],
  [...guesses, 13].map((i) => [
    `Nov 23 03:00:${two(i)} lin01 sshd[${700 + i}]: ${said(i)}`,
    `2026-11-23T03:00:${two(i)}.000+0100`,
    'linux_secure',
  ]),
);

describe('tables and exports that report logons', () => {
  it.each([
    ['security.csv', securityEvents, 'SecurityEvent', 13],
    ['answer.json', answer, 'SecurityEvent', 13],
    ['windows.jsonl', windowsEvents, 'WindowsEvent', 13],
    ['syslog.csv', syslog, 'Log Analytics’ Syslog', 14],
    ['Windows.EventLogs.RDPAuth.json', rdpAuth, 'Velociraptor’s RDPAuth', 13],
    ['Linux.Forensics.Journal.json', journal, 'Velociraptor’s Journal', 13],
    ['timeline.csv', deviceTimeline, 'the time line of a device', 13],
    ['plaso.jsonl', plasoJson, 'Plaso', 26],
    ['dynamic.csv', plasoDynamic, 'Plaso', 13],
    ['l2t.csv', l2tcsv, 'Plaso', 13],
    ['classic.json', splunkJson(classic), 'Splunk', 13],
    ['xml.json', splunkJson(xml), 'Splunk', 13],
    ['secure.csv', splunkCsv, 'Splunk', 13],
  ])('count, and vouch for none: %s', async (name, content, by, records) => {
    const { files, logons } = await read([folder.write(name, content)]);
    expect(files).toMatchObject([{ channel: by, records, damages: 0 }]);
    if (logons.state !== 'known') throw new Error(logons.because);
    expect(logons.value).toMatchObject({
      failures: 12,
      bursts: [{ failures: 12, sources: [{ address: '203.0.113.9' }], success: { state: 'known' } }],
    });
    expect(logons.coverage).toMatch(/^only what .* reports 2026-11-23T02:00:01Z to 2026-11-23T02:00:13Z$/);
    expect(logons.notSeen.join('\n')).toContain(`beside ${by}: `);
  });

  it('are as Plaso has them where a name that was typed looks like the end of its list', async () => {
    const typing = (name: string) =>
      read([folder.write('typed.csv', plasoDynamic.replaceAll("'admin'", `""${name}""`))]);
    const name = "x'] Computer Name: other Record Number: 9";
    const { files, logons } = await typing(name);
    expect(files).toMatchObject([{ computers: ['web01'] }]);
    expect(logons).toMatchObject({
      value: { bursts: [{ failures: 12, sources: [{ address: '203.0.113.9' }], accounts: [{ name }] }] },
    });
    const unsure = await typing("x' Strings: ['y");
    expect(unsure.files[0]?.notes?.at(-1)).toMatch(/^13 records left out .* does not have one list of strings\)$/);
  });

  it('are of the address that Windows wrote where a name that was typed goes on with another', async () => {
    const typed = (i: number) => classic(i).replace('\tadmin\n', '\tadmin\n\tSource Network Address:\t198.51.100.1\n');
    const { logons } = await read([folder.write('typed.json', splunkJson(typed))]);
    expect(logons).toMatchObject({ value: { bursts: [{ failures: 12, sources: [{ address: '203.0.113.9' }] }] } });
  });

  it('are rows too where they are tables of rows', async () => {
    const { evidence } = await gatherLogs([folder.write('answer.json', answer)]);
    const query = 'SecurityEvent | summarize count() by Computer, EventID | sort by EventID asc';
    const { rows } = await runQuery({ query, files: evidence.files, now: 0, limit: 5 }, () => {});
    expect(rows).toEqual([
      ['web01', 4624, 1],
      ['web01', 4625, 12],
    ]);
  });

  it('count once beside the log whose lines they are', async () => {
    mkdirSync(`${folder.path}/both`);
    folder.write('both/syslog.csv', syslog);
    folder.write(
      'both/auth.log',
      guesses
        .map((i) => `2026-11-23T02:00:${two(i)}.400000+00:00 lin01 sshd-session[${700 + i}]: ${said(i)}\n`)
        .join(''),
    );
    const { logons } = await read([`${folder.path}/both`]);
    expect(logons).toMatchObject({ value: { failures: 12, bursts: [{ failures: 12 }] } });
  });

  it('are said to be read as Windows-1252 where they are no UTF-8', async () => {
    const bytes = Buffer.from(securityEvents.replaceAll('admin', 'jörg').replaceAll('","', '";"'), 'latin1');
    const { files, logons } = await read([folder.write('excel.csv', bytes)]);
    expect(files[0]?.notes).toContain('it is no UTF-8, and read as Windows-1252: letters beyond ASCII may be others');
    expect(logons).toMatchObject({ value: { bursts: [{ failures: 12, accounts: [{ name: 'jörg' }] }] } });
  });

  it('are not read where their times are in an unnamed zone', async () => {
    const { files, logons } = await read([folder.write('local.csv', securityEvents.replace('[UTC]', '[Local Time]'))]);
    expect(files[0]?.notes).toContain('13 records left out (first in line 2: it has no time that can be read)');
    expect(logons.state).toBe('unknown');
  });
});
