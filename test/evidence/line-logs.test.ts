import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { evidenceFile } from '../../src/evidence/evidence-files.ts';
import { gatherEvidence } from '../../src/evidence/gather.ts';
import { lineLogFormat } from '../../src/evidence/line-logs/line-log.ts';
import { runQuery } from '../../src/evidence/run-query.ts';
import { temporaryFolder } from '../eventlog/temporary.ts';

const folder = temporaryFolder();

async function ask(path: string, query: string) {
  const { files, artifacts } = await gatherEvidence([path], { named: evidenceFile });
  const { rows, notes } = await runQuery({ query, files, now: 0, limit: 20 }, () => {});
  return { rows, notes, artifacts };
}

const iis = [
  '#Software: Microsoft Internet Information Services 10.0',
  '#Version: 1.0',
  '#Date: 2026-11-23 02:00:00',
  '#Fields: date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) cs(Referer) sc-status sc-substatus sc-win32-status time-taken X-Forwarded-For',
  '2026-11-23 02:00:01 10.0.0.4 POST /owa/auth.owa x=1 443 CONTOSO\\ann 203.0.113.9 curl+8 - 401 1 2148074254 15 198.51.100.7',
  '2026-11-23 02:00:02 torn',
  '#Fields: date time c-ip cs-method sc-status',
  '2026-11-23 02:00:03 203.0.113.9 GET 200',
  '',
].join('\r\n');

const access = [
  '203.0.113.9 - ann [23/Nov/2026:04:00:01 +0200] "GET /a.php?id=1?x HTTP/1.1" 200 512 "https://x.example/" "Mozilla/5.0 \\"q\\""',
  '2001:db8::1 - - [23/Nov/2026:02:00:02 +0000] "\\x16\\x03\\x01" 400 -',
  'web01:443 203.0.113.9 - - [23/Nov/2026:02:00:03 +0000] "POST /b HTTP/1.1" 302 0 "-" "curl/8" 0.01 -',
  'no request',
  '',
].join('\n');

/** Microsoft's own samples: a blob of anyone, and one of version 2.0 with its last fields. */
const storage = [
  '1.0;2014-06-19T22:59:23.1967767Z;GetBlob;AnonymousSuccess;200;17;16;anonymous;;storagesample;blob;"https://storagesample.blob.core.windows.net/sample-container1/00001.txt?a=1&amp;b=2";"/storagesample/sample-container1/00001.txt";61d2e3f6-bcb7-4cd1-a81e-4f8f497f0da2;0;192.100.0.102:4362;2014-02-14;283;0;354;23;0;;;""0x8D15A2913C934DE"";Thursday, 19-Jun-14 22:58:10 GMT;;"WA-Storage/4.0.1 (.NET CLR 4.0.30319.34014; Win32NT 6.3.9600.0)";;"44dfd78e-7288-4898-8f70-c3478983d3b6"',
  '2.0;2026-11-23T02:00:00.5Z;DeleteBlob;OAuthSuccess;202;13;12;bearer;sa;sa;blob;"https://sa.blob.core.windows.net/c/b";"/sa/c/b";id;0;203.0.113.9:50000;2019-12-12;1;0;2;0;0;;;;;;"azcopy";;"c";"oid";"tid";"app";"aud";"iss";"ann@contoso.com";;"[{&quot;action&quot;:&quot;x&quot;}]"',
  '1.0;2026-11-23T02:00:01Z;GetBlob;torn',
  '',
].join('\n');

const firewall = [
  '#Version: 1.5',
  '#Software: Microsoft Windows Firewall',
  '#Time Format: Local',
  '#Fields: date time action protocol src-ip dst-ip src-port dst-port size tcpflags tcpsyn tcpack tcpwin icmptype icmpcode info path pid',
  '',
  '2026-11-23 02:00:01 ALLOW TCP 203.0.113.9 10.0.0.4 4242 3389 0 - 0 0 0 - - - RECEIVE 716',
  '2026-11-23 02:00:02 DROP UDP 10.0.0.4 198.51.100.7 53 53 48 - - - - - - - SEND 1',
  '2026-11-23 02:00:03 DROP TCP 203.0.113.9 10.0.0.5 4243 3389 48 S 0 0 0 - - - FORWARD 0',
  '2026-11-23 02:00:04 OPEN-INBOUND TCP 203.0.113.9 10.0.0.4 4244 3389 - - - - - - - - - -',
  'torn',
  '',
].join('\r\n');

describe('the log of Windows’ firewall', () => {
  it('is WindowsFirewall, and no request of IIS, with a word on its times', async () => {
    const path = folder.write('pfirewall.log', firewall);
    const { rows, notes } = await ask(
      path,
      'WindowsFirewall | project TimeGenerated, FirewallAction, RemoteIP, DestinationPort, CommunicationDirection, RequestSizeInBytes',
    );
    expect(rows).toEqual([
      ['2026-11-23T02:00:01Z', 'ALLOW', '203.0.113.9', 3389, 'RECEIVE', 0],
      ['2026-11-23T02:00:02Z', 'DROP', '198.51.100.7', 53, 'SEND', 48],
      ['2026-11-23T02:00:03Z', 'DROP', '', 3389, 'FORWARD', 48],
      ['2026-11-23T02:00:04Z', 'OPEN-INBOUND', '', 3389, '', null],
    ]);
    expect(notes).toEqual([
      expect.stringContaining('its times are those of its computer, whose zone it does not say, and taken as UTC'),
      `${path}: 1 line of no known form left out (first in line 10)`,
    ]);
    expect(lineLogFormat(firewall.split('\r\n').slice(0, 4))).toBe('firewall');
  });
});

describe('logs of requests', () => {
  it('of IIS are W3CIISLog, with the fields of the last directive', async () => {
    const query =
      'W3CIISLog | project TimeGenerated, cIP, csMethod, csUriStem, csUserName, csUserAgent, scStatus, sPort, TimeTaken, X_Forwarded_For, _EvidenceLine';
    const { rows, notes } = await ask(folder.write('u_ex261123.log', iis), query);
    expect(rows.map((row) => row.slice(1))).toEqual([
      ['203.0.113.9', 'POST', '/owa/auth.owa', 'CONTOSO\\ann', 'curl+8', '401', 443, 15, '198.51.100.7', 5],
      ['203.0.113.9', 'GET', '', '', '', '200', null, null, '', 8],
    ]);
    expect(notes).toEqual([expect.stringMatching(/: 1 line of no known form left out \(first in line 6\)$/)]);
  });

  it('of Apache and nginx are rows of the same table, in UTC', async () => {
    const query =
      'W3CIISLog | project format_datetime(TimeGenerated, "HH:mm:ss"), cIP, csUserName, csMethod, csUriStem, csUriQuery, csHost, scStatus, scBytes, csUserAgent, SourceSystem';
    const { rows, notes } = await ask(folder.write('access.log', access), query);
    expect(rows).toEqual([
      [
        '02:00:01',
        '203.0.113.9',
        'ann',
        'GET',
        '/a.php',
        'id=1?x',
        '',
        '200',
        512,
        'Mozilla/5.0 \\"q\\"',
        'access log',
      ],
      ['02:00:02', '2001:db8::1', '-', '', '\\x16\\x03\\x01', '', '', '400', null, '', 'access log'],
      ['02:00:03', '203.0.113.9', '-', 'POST', '/b', '-', 'web01:443', '302', 0, 'curl/8', 'access log'],
    ]);
    expect(notes).toEqual([expect.stringContaining('1 line of no known form left out (first in line 4)')]);
  });

  it('of a storage account are StorageAnalyticsLogs, of either version', async () => {
    const query =
      'StorageAnalyticsLogs | project OperationName, StatusCode, AccountName, Uri, CallerIpAddress, Etag, LastModifiedTime, UserAgentHeader, RequesterUpn, tostring(AuthorizationDetails[0].action), DurationMs';
    const { rows, notes } = await ask(folder.write('000000.log', storage), query);
    expect(rows.map((row) => row.filter((_, place) => place !== 6))).toEqual([
      [
        'GetBlob',
        '200',
        'storagesample',
        'https://storagesample.blob.core.windows.net/sample-container1/00001.txt?a=1&b=2',
        '192.100.0.102:4362',
        '"0x8D15A2913C934DE"',
        'WA-Storage/4.0.1 (.NET CLR 4.0.30319.34014; Win32NT 6.3.9600.0)',
        '',
        '',
        17,
      ],
      [
        'DeleteBlob',
        '202',
        'sa',
        'https://sa.blob.core.windows.net/c/b',
        '203.0.113.9:50000',
        '',
        'azcopy',
        'ann@contoso.com',
        'x',
        13,
      ],
    ]);
    expect(rows.map((row) => row[6] !== null)).toEqual([true, false]);
    expect(notes).toEqual([expect.stringContaining('1 line of no known form left out (first in line 3)')]);
  });

  it('take any line, however long, and are taken for no other file', async () => {
    const pieces = fc.constantFrom(
      '"',
      ';',
      ' ',
      '\\',
      '[',
      '&quot;',
      '#Fields: date time',
      '\u001b[31m',
      '1.0;',
      'GET /',
    );
    const line = fc
      .array(fc.oneof(pieces, fc.string()), { maxLength: 12 })
      .map((parts) => parts.join('').replaceAll('\n', ' '));
    const wholes = [['iis', iis] as const, ['access', access] as const, ['storage-log', storage] as const];
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...wholes), fc.array(line, { maxLength: 4 }), async ([format, whole], more) => {
        const lines = whole.split('\n').slice(0, -1);
        const path = folder.write('any.log', [...lines, ...more, lines.at(-1)?.slice(0, 40)].join('\n'));
        const query = 'union isfuzzy=true W3CIISLog, StorageAnalyticsLogs | count';
        const { rows } = await runQuery({ query, files: [{ path, format, table: 'any' }], now: 0, limit: 9 }, () => {});
        expect(Number(rows[0]?.[0])).toBeGreaterThanOrEqual(2);
      }),
      { numRuns: 12 },
    );
    const long = `1.2.3.4 - ${'a '.repeat(200_000)}[23/Nov/2026:02:00:02 +0000] "${'\\"'.repeat(200_000)}`;
    expect(lineLogFormat([long, `1.0;2026-11-23T02:00:01Z;${'"'.repeat(300_000)}`])).toBeUndefined();
    expect(lineLogFormat(['Nov 23 02:00:00 web01 sshd[1]: Failed password', '# comment'])).toBeUndefined();
  });
});

describe('records of last logons that are not read', () => {
  it('are named with the program that reads them', async () => {
    const database = Buffer.concat([Buffer.from('SQLite format 3\0'), Buffer.alloc(100)]);
    folder.write('lastlog2.db', database);
    folder.write('faillog', Buffer.alloc(64, '\u0001\0'));
    const { artifacts } = await gatherEvidence([folder.path], { named: evidenceFile });
    expect(artifacts.map(({ what }) => what).sort()).toEqual([
      'faillog, counts of failed logons by user number',
      'lastlog2',
    ]);
  });
});
