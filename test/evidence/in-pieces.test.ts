import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { evidenceFile } from '../../src/evidence/evidence-files.ts';
import { EvidenceTables } from '../../src/evidence/evidence-tables.ts';
import { gatherEvidence } from '../../src/evidence/gather.ts';
import { Reading } from '../../src/evidence/reading.ts';
import { type QueryRequest, type QueryResult, runQuery } from '../../src/evidence/run-query.ts';
import { writeTar } from '../archives/tar-writer.ts';
import { writeZip } from '../archives/zip-writer.ts';
import { failedLogon, successfulLogon, text, writeLog } from '../eventlog/log-writer.ts';
import { utmpRecord } from '../eventlog/utmp-writer.ts';

// What a thread unpacks or reads for the one that evaluates, against the same file read into memory.

const folder = mkdtempSync(join(tmpdir(), 'cordon-in-pieces-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function write(name: string, content: string | Buffer): string {
  const path = join(mkdtempSync(join(folder, 'evidence-')), name);
  writeFileSync(path, content);
  return path;
}

async function ask(query: string, path: string, more: Partial<QueryRequest> = {}): Promise<QueryResult> {
  const { files } = await gatherEvidence([path], { named: evidenceFile });
  return runQuery({ query, files, now: 0, limit: 1000, ...more }, () => {});
}

const whole = { wholeBelow: Number.POSITIVE_INFINITY };
const inPieces = { wholeBelow: 0, bytesAtOnce: 64 };

describe('a text that is packed', () => {
  const cell = fc.constantFrom(
    '',
    '1',
    '-2.5',
    'x',
    'a "b", c',
    'é😀\r\nz',
    '2026-11-23T02:14:09Z',
    '{"k":[1,"}"]}',
    ']',
  );
  const rows = fc.array(fc.tuple(cell, cell), { minLength: 1, maxLength: 12 });
  const packings: [string, (text: Buffer, name: string) => [string, Buffer]][] = [
    ['gz', (bytes, name) => [`${name}.gz`, gzipSync(bytes)]],
    ['gz of two parts', (bytes, name) => [`${name}.gz`, inParts(bytes)]],
    ['zip', (bytes, name) => ['a.zip', writeZip([{ name, content: bytes }])]],
    ['tar', (bytes, name) => ['a.tar', writeTar([{ name, content: bytes }])]],
    ['tar.gz', (bytes, name) => ['a.tgz', gzipSync(writeTar([{ name: `${name}.gz`, content: gzipSync(bytes) }]))]],
  ];
  const inParts = (bytes: Buffer): Buffer =>
    Buffer.concat([gzipSync(bytes.subarray(0, 2)), gzipSync(bytes.subarray(2))]);
  const forms: [string, (cells: [string, string][]) => string][] = [
    ['Syslog.csv', (cells) => `a,Computer\r\n${cells.map((row) => row.map(quoted).join(',')).join('\r\n')}`],
    ['Syslog.jsonl', (cells) => cells.map(([a, Computer]) => JSON.stringify({ a, Computer })).join('\n')],
    ['Syslog.json', (cells) => JSON.stringify({ value: cells.map(([a, Computer]) => ({ a, Computer, n: { a } })) })],
    [
      'Syslog.json',
      (cells) => JSON.stringify({ schema: [{ name: 'a' }], results: cells.map(([a, Computer]) => ({ a, Computer })) }),
    ],
  ];
  const encodings: ((text: string) => Buffer)[] = [
    (content) => Buffer.from(content),
    (content) => Buffer.from(`\ufeff${content}`),
    (content) => Buffer.from(`\ufeff${content}`, 'utf16le'),
  ];

  it('is answered as one that is read as a whole', async () => {
    const queries = ['Syslog', 'Syslog | summarize n = count(), max(tostring(a)) by Computer', 'Syslog | take 2'];
    // Each packing, form, encoding and query is among the runs for certain, beside others from time to time.
    const turn = <T>(all: readonly T[], shift: number, run: number): T => all[(run + shift) % all.length] as T;
    const runs = Array.from({ length: 8 }, (_, run) => run);
    await fc.assert(
      fc.asyncProperty(fc.tuple(...runs.map(() => rows)), fc.nat(59), async (tables, shift) => {
        for (const [run, cells] of tables.entries()) {
          const [, packing] = turn(packings, 0, run);
          const [name, form] = turn(forms, shift, run);
          const [encoding, query] = [turn(encodings, shift % 5, run), turn(queries, shift % 7, run)];
          const path = write(...packing(encoding(form(cells)), name));
          const [one, other] = [await ask(query, path, whole), await ask(query, path, inPieces)];
          // Pieces that a query asks for no more are not read.
          const seen = ({ tables, ...rest }: QueryResult) => ({
            ...rest,
            tables: query.includes('take') ? tables.map((table) => ({ ...table, rows: 0 })) : tables,
          });
          expect(seen(other)).toEqual(seen(one));
        }
      }),
      { numRuns: 1 },
    );
  });

  it('has the rows that were read, where no more are asked for', async () => {
    const csv = `TimeGenerated,Computer\n${'2026-11-23T02:14:09Z,web01\n'.repeat(40)}`;
    for (const path of [write('Syslog.csv', csv), write('Syslog.csv.gz', gzipSync(csv))]) {
      const { tables } = await ask('Syslog | take 1', path, inPieces);
      expect(tables[0]?.rows).toBeGreaterThan(0);
    }
  });

  it('is read as a list in each of more archives than stay open', async () => {
    const paths = Array.from({ length: 9 }, (_, i) =>
      write('a.zip', writeZip([{ name: 'Syslog.json', content: JSON.stringify([{ a: i, Computer: `web${i}` }]) }])),
    );
    const { files } = await gatherEvidence(paths, { named: evidenceFile });
    const { rows, notes } = await runQuery(
      { query: 'Syslog | summarize dcount(Computer)', files, now: 0, limit: 9 },
      () => {},
    );
    expect({ rows, notes }).toEqual({ rows: [[9]], notes: [] });
  });

  it('is read by a thread, which makes the digest of what is stored', async () => {
    const stored = gzipSync(`a,Computer\n${'1,web01\n'.repeat(400_000)}`);
    const path = write('Syslog.csv.gz', stored);
    const progress: number[] = [];
    const { files } = await gatherEvidence([path], { named: evidenceFile });
    const request = { query: 'Syslog | summarize count(), sum(a) by Computer', files, now: 0, limit: 9 };
    const result = await runQuery(request, ({ bytes, of }) => progress.push(bytes / of));
    expect(result.rows).toEqual([['web01', 400_000, 400_000]]);
    expect(result.files).toEqual([
      { path, bytes: stored.length, sha256: createHash('sha256').update(stored).digest('hex') },
    ]);
    expect(progress.at(-1)).toBe(1);
  });

  it('is named with its place where it is damaged, in an archive too', async () => {
    const csv = `a,Computer\n${'1,web01\n'.repeat(40)}1,x"y\n`;
    const cut = gzipSync(`a,Computer\n${Array.from({ length: 9000 }, (_, i) => `${i * 7919},w${i}`).join('\n')}\n`);
    for (const [name, content, why] of [
      ['Syslog.csv.gz', gzipSync(csv), /Syslog\.csv\.gz, line 42: a quote inside/],
      ['a.zip', writeZip([{ name: 'x/Syslog.csv', content: csv }]), /a\.zip!x\/Syslog\.csv, line 42: a quote inside/],
      ['Syslog.csv.gz', cut.subarray(0, cut.length - 99), /Syslog\.csv\.gz: its end is missing/],
    ] as const) {
      const path = write(name, content);
      const { files } = await gatherEvidence([path], { named: evidenceFile });
      const request = {
        query: 'Syslog | count',
        files: files.map((one) => ({ ...one, found: false })),
        now: 0,
        limit: 9,
      };
      for (const how of [whole, inPieces])
        await expect(runQuery({ ...request, ...how }, () => {})).rejects.toThrow(why);
      const found = files.map((one) => ({ ...one, found: true }));
      const [one, other] = [
        await runQuery({ ...request, files: found, ...whole }, () => {}),
        await runQuery({ ...request, files: found, ...inPieces }, () => {}),
      ];
      expect(other).toEqual(one);
      expect([Number(one.rows[0]?.[0]) > 30, one.notes]).toEqual([true, [expect.stringMatching(why)]]);
    }
  });

  it('is known by what is before its damage, however small it is', async () => {
    const lines = 'Nov 23 02:00:01 web01 sshd[7]: Failed password for root from 203.0.113.9 port 4000 ssh2\n'.repeat(9);
    const list = '{"value":[{"Timestamp":"2026-11-23T02:14:09Z","DeviceName":"a"},{"DeviceName":"b"}]}';
    const cut = (content: string): Buffer => gzipSync(content).subarray(0, -9);
    for (const [name, content, query, rows] of [
      ['auth.log.1.gz', lines, 'Syslog | count', 9],
      ['DeviceEvents.json.gz', list, 'DeviceEvents | count', 2],
    ] as const) {
      const { files } = await gatherEvidence([join(write(name, cut(content)), '..')], { named: evidenceFile });
      const result = await runQuery({ query, files, now: 0, limit: 9 }, () => {});
      expect(result.rows).toEqual([[rows]]);
      expect(result.notes).toContainEqual(expect.stringContaining('its end is missing'));
    }
    // A beginning that is no evidence says nothing about the lost rest.
    const stranger = write('auth.log.2.gz', cut('nothing of the kind\n'.repeat(9)));
    const { files, unread } = await gatherEvidence([join(stranger, '..')], { named: evidenceFile });
    expect([files, unread]).toEqual([[], [{ path: stranger, because: 'its end is missing' }]]);
  });
});

const quoted = (cell: string): string => (/[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell);

const time = (i: number): string => `2026-11-23T02:${String(i % 60).padStart(2, '0')}:09.1234567Z`;
const logon = (i: number, user: string) =>
  i % 5 === 0 ? successfulLogon(i, time(i), { TargetUserName: text(user) }) : failedLogon(i, time(i));

describe('event logs of which one is read without a thread', () => {
  it('have an event once that is in several', async () => {
    const logs = [1, 3].map((first) =>
      write(
        'Security.evtx',
        writeLog(
          Array.from({ length: 6 }, (_, i) => logon(first + i, 'mira')),
          { each: 4 },
        ),
      ),
    );
    for (const alone of logs) {
      const { files } = await gatherEvidence(logs, { named: evidenceFile });
      const reading = new Reading(files, () => {});
      await reading.begin();
      reading.alone.add(alone);
      const evidence = new EvidenceTables(reading, { wholeBelow: 0 });
      await evidence.describe();
      await evidence.prepare({ needed: new Map([['SecurityEvent', new Set(['EventID'])]]) });
      const table = evidence.tables(true).find(({ name }) => name === 'SecurityEvent');
      const rows = [...(table?.pieces() ?? [])].reduce((sum, { length }) => sum + length, 0);
      reading.close();
      expect(rows).toBe(8);
    }
  });
});

describe('a file whose rows a thread makes', () => {
  const users = fc.array(fc.constantFrom('alice', 'bob', '', 'é😀'), { minLength: 5, maxLength: 30 });
  const activity = (name: string, i: number) => ({
    time: time(i),
    resourceId: '/SUBSCRIPTIONS/S1/RESOURCEGROUPS/G',
    operationName: 'MICROSOFT.COMPUTE/VIRTUALMACHINES/WRITE',
    category: 'Administrative',
    resultType: 'Success',
    caller: name,
    properties: { list: [name, '],{'], n: i },
  });
  const forms: [string, string, (users: readonly string[]) => [string, Buffer | string][]][] = [
    [
      'event logs',
      'SecurityEvent | summarize n = count(), min(_EvidenceOffset), max(TimeGenerated) by EventID, TargetUserName, IpAddress',
      (all) => {
        const log = writeLog(
          all.map((user, i) => logon(i + 1, user)),
          { each: 4 },
        );
        // The second has some of the first's events again, and is torn within a record.
        const other = writeLog(
          all.map((user, i) => logon(i + 8, user)),
          { each: 6 },
        );
        return [
          ['Security.evtx', log],
          ['Other.evtx.gz', gzipSync(other.subarray(0, other.length - 60_000))],
        ];
      },
    ],
    [
      'event logs, filtered',
      'SecurityEvent | where EventID == 4624 | project TimeGenerated, Account, _EventRecordId, _Verified',
      (all) => [
        [
          'Security.evtx',
          writeLog(
            all.map((user, i) => logon(i + 1, user)),
            { each: 4 },
          ),
        ],
      ],
    ],
    [
      'the activity log of an event hub',
      'AzureActivity | project TimeGenerated, Caller, OperationNameValue, Properties_d',
      (all) => [['PT1H.json', JSON.stringify({ records: all.map(activity) }, undefined, 1)]],
    ],
    [
      'diagnostic settings',
      'AzureActivity | summarize count() by Caller',
      (all) => [['PT1H.json', `${all.map((user, i) => JSON.stringify(activity(user, i))).join('\r\n')}\r\n{"torn`]],
    ],
    [
      'syslog',
      'Syslog | project TimeGenerated, Computer, ProcessName, SyslogMessage, _EvidenceLine',
      (all) => [
        ['auth.log', `${all.map((user, i) => `${time(i)} web01 sshd[${i}]: user ${user}\n`).join('')}no line\n`],
      ],
    ],
    [
      'wtmp',
      'UtmpRecords | project TimeGenerated, Account, _EvidenceOffset',
      (all) => [['wtmp', Buffer.concat(all.map((user, i) => utmpRecord({ type: 7, user, at: 1.79e9 + i })))]],
    ],
  ];

  it.each(forms)('is answered as one that is read as a whole: %s', async (_name, query, form) => {
    await fc.assert(
      fc.asyncProperty(users, async (all) => {
        const at = mkdtempSync(join(folder, 'evidence-'));
        for (const [name, content] of form(all)) writeFileSync(join(at, name), content);
        const [one, other] = [await ask(query, at, whole), await ask(query, at, inPieces)];
        expect(other).toEqual(one);
        expect(one.total).toBeGreaterThan(0);
      }),
      { numRuns: 4 },
    );
  });
});
