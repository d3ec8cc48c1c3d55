import { mkdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { evtxDocumentOf, gatherLogs, logFiles } from '../../src/commands/gathered-logs.ts';
import { readEventLogs } from '../../src/eventlog/read-logs.ts';
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

describe('tables and exports that report logons', () => {
  it.each([
    ['security.csv', securityEvents, 'SecurityEvent', 13],
    ['windows.jsonl', windowsEvents, 'WindowsEvent', 13],
    ['syslog.csv', syslog, 'Log Analytics’ Syslog', 14],
    ['Windows.EventLogs.RDPAuth.json', rdpAuth, 'Velociraptor’s RDPAuth', 13],
    ['timeline.csv', deviceTimeline, 'the time line of a device', 13],
  ])('count, and vouch for none: %s', async (name, content, by, records) => {
    const { files, logons } = await read([folder.write(name, content)]);
    expect(files).toMatchObject([{ channel: by, records, failures: 12, successes: 1, damages: 0 }]);
    if (logons.state !== 'known') throw new Error(logons.because);
    expect(logons.value).toMatchObject({
      failures: 12,
      bursts: [{ failures: 12, sources: [{ address: '203.0.113.9' }], success: { state: 'known' } }],
    });
    expect(logons.coverage).toMatch(/^only what .* reports 2026-11-23T02:00:01Z to 2026-11-23T02:00:13Z$/);
    expect(logons.notSeen.join('\n')).toContain(`beside ${by}: `);
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

  it('are not read where their times are in an unnamed zone', async () => {
    const { files, logons } = await read([folder.write('local.csv', securityEvents.replace('[UTC]', '[Local Time]'))]);
    expect(files[0]?.notes).toContain('13 records left out (first in line 2: it has no time that can be read)');
    expect(logons.state).toBe('unknown');
  });
});
