import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EvidenceError } from '../../src/evidence/evidence-error.ts';
import { evidenceFile } from '../../src/evidence/evidence-files.ts';
import { type QueryResult, runQuery } from '../../src/evidence/run-query.ts';
import type { Json } from '../../src/kql/cells.ts';
import { realFiles, realLogs, trueRecords } from '../eventlog/real-logs.ts';

const logs = realLogs;
const shared = resolve(logs, '..');
const files = realFiles();

const ask = (query: string, paths: readonly string[]): Promise<QueryResult> =>
  runQuery(
    { query, files: paths.map(evidenceFile), now: Date.parse('2026-11-23T12:00:00Z'), limit: 100_000 },
    () => {},
  );

const objects = ({ columns, rows }: QueryResult): Record<string, Json>[] =>
  rows.map((row) => Object.fromEntries(columns.map((c, i) => [c.name, row[i] ?? null])));

/** "2021-05-20T12:49:31.863181800Z" as Log Analytics prints it. */
const timeOf = (text: string): string => text.replace(/(\.\d{7})\d*Z$/, '$1Z').replace(/\.?0*Z$/, 'Z');

describe('event logs as tables', () => {
  if (files.length === 0) {
    console.warn(`no event logs in ${logs}: not tested`);
    it.skip('agree with the truth', () => {});
    return;
  }

  const sound = [
    'ID4625-OpenSSH_brutforce_with_non_existing_users.evtx',
    'ID4625-OpenSSH_brutforce_with_valid_users.evtx',
    'ID_4776_4625-AccountRestore_local_bruteforce.evtx',
    'ID4688_4778_4779_RDP_hijack_direct.evtx',
    'nick_Security.evtx',
  ].filter((f) => files.includes(f));

  it.each(sound)(
    '%s: every event of the Security log is a row with its time, its computer and its fields',
    async (file) => {
      const truth = trueRecords(file).filter((t) => t.ch === 'Security');
      const found = objects(await ask('SecurityEvent | sort by _EvidenceOffset asc', [join(logs, file)]));
      const byRecord = new Map(found.map((row) => [row._EventRecordId, row]));
      expect(found).toHaveLength(truth.length);
      expect(truth.length).toBeGreaterThan(0);
      for (const t of truth) {
        const row = byRecord.get(t.rec);
        expect(row, `record ${t.rec}`).toMatchObject({
          EventID: t.id,
          Computer: t.comp,
          EventSourceName: t.prov,
          Channel: 'Security',
          TimeGenerated: timeOf(t.t),
          Type: 'SecurityEvent',
        });
        for (const name of [
          'TargetUserName',
          'TargetDomainName',
          'SubjectUserName',
          'IpAddress',
          'IpPort',
          'WorkstationName',
          'LogonProcessName',
          'CommandLine',
        ]) {
          if (t.d[name] !== undefined) expect(row?.[name], `${name} of record ${t.rec}`).toBe(t.d[name]);
        }
        if (t.d.LogonType !== undefined) expect(row?.LogonType).toBe(Number(t.d.LogonType));
        if (t.d.SubStatus !== undefined) expect(Number(row?.SubStatus)).toBe(Number(t.d.SubStatus));
      }
    },
  );

  it('derive what Log Analytics derives', async () => {
    const path = join(logs, 'ID4625-OpenSSH_brutforce_with_non_existing_users.evtx');
    const [failure] = objects(await ask('SecurityEvent | where EventID == 4625 | take 1', [path]));
    expect(failure).toMatchObject({
      Activity: '4625 - An account failed to log on.',
      Account: 'FS01\\NOUSER',
      TargetAccount: 'FS01\\NOUSER',
      SubjectAccount: 'OFFSEC\\FS01$',
      AccountType: 'User',
      LogonTypeName: '8 - NetworkCleartext',
      IpAddress: '-',
      _EvidenceFile: path,
      _Verified: true,
    });
    const [process] = objects(await ask('SecurityEvent | where EventID == 4688 | take 1', [path]));
    expect(process).toMatchObject({ Account: 'OFFSEC\\FS01$', AccountType: 'Machine', Process: 'sshd.exe' });
    const fields = await ask(
      `SecurityEvent | where EventID == 4625 | take 1
       | extend d = parse_xml(EventData).EventData.Data
       | mv-expand d | project name = tostring(d["@Name"]), value = tostring(d["#text"]) | where name == "TargetUserName"`,
      [path],
    );
    expect(fields.rows).toEqual([['TargetUserName', 'NOUSER']]);
  });

  it('keep what another log calls 4625 out of the failed logons', async () => {
    const paths = files.map((f) => join(logs, f));
    const { rows } = await ask('SecurityEvent | summarize count() by EventSourceName, Channel', paths);
    for (const [, channel] of rows) expect(channel).toBe('Security');
    const other = await ask('Event | where EventLog == "Security" | count', paths);
    expect(other.rows).toEqual([[0]]);
    const applications = files.flatMap((f) => trueRecords(f)).filter((t) => t.ch === 'Application').length;
    const mine = await ask('Event | where EventLog == "Application" | count', paths);
    expect(Number(mine.rows[0]?.[0])).toBeGreaterThanOrEqual(applications);
  });

  it('count an event once that stands in several exports', async () => {
    const path = join(logs, 'ID4625-OpenSSH_brutforce_with_non_existing_users.evtx');
    const copies = await mkdtemp(join(tmpdir(), 'cordon-copies-'));
    try {
      const copy = join(copies, 'copy.evtx');
      await writeFile(copy, readFileSync(path));
      const query = 'SecurityEvent | where EventID == 4625 | count';
      const { rows, notes } = await ask(query, [path, copy]);
      expect(rows).toEqual((await ask(query, [path])).rows);
      expect(notes).toEqual([`${copy}: 5 events were in the evidence before, and count once`]);
    } finally {
      await rm(copies, { recursive: true, force: true });
    }
  });

  it('tell of damage, and let a query tell proof from hint', async () => {
    const file = files.find((f) => f.startsWith('sample_with_a_bad_chunk_magic')) ?? '';
    const { rows, notes } = await ask('union SecurityEvent, Event | summarize count() by _Verified', [
      join(logs, file),
    ]);
    expect(rows.map(([verified]) => verified)).toContain(false);
    expect(notes.some((note) => /damage at \d+/.test(note))).toBe(true);
    expect(notes.some((note) => note.includes('_Verified is false'))).toBe(true);
  });

  it('load only the events that the first filters let through', async () => {
    const path = join(logs, 'nick_Security.evtx');
    const truth = trueRecords('nick_Security.evtx').filter((t) => t.ch === 'Security' && t.id === 4624).length;
    const { tables, rows } = await ask('SecurityEvent | where EventID == 4624 | count', [path]);
    expect(tables).toEqual([{ name: 'SecurityEvent', rows: truth }]);
    expect(rows).toEqual([[truth]]);
  });

  const published = join(shared, 'kql/published');
  const queries = existsSync(published) ? readdirSync(published).filter((f) => f.endsWith('.kql')) : [];
  it.each(queries)('run the published query %s', async (query) => {
    const text = readFileSync(join(published, query), 'utf8').replace(
      /\bSyslog\b|\bSecurityAlert\b/g,
      (name) => `(${name})`,
    );
    const empty = await mkdtemp(join(tmpdir(), 'cordon-empty-'));
    try {
      const syslog = join(empty, 'Syslog.jsonl');
      const alerts = join(empty, 'SecurityAlert.jsonl');
      await Promise.all([writeFile(syslog, ''), writeFile(alerts, '')]);
      // The logs are of many years: now() is put where the failures of one of them are.
      const result = await runQuery(
        {
          query: text,
          files: [join(logs, 'ID4625-OpenSSH_brutforce_with_non_existing_users.evtx'), syslog, alerts].map(
            evidenceFile,
          ),
          now: Date.parse('2021-05-20T13:00:00Z'),
          limit: 1000,
        },
        () => {},
      );
      expect(result.columns.length).toBeGreaterThan(0);
      if (query.startsWith('07'))
        expect(result.rows.map((r) => r[3]).reduce((a, b) => Number(a) + Number(b), 0)).toBe(5);
      if (query.startsWith('12'))
        expect(objects(result)).toContainEqual(
          expect.objectContaining({ LogonTypeName: '8 - NetworkCleartext', Amount: 5 }),
        );
    } finally {
      await rm(empty, { recursive: true, force: true });
    }
  });
});

describe('what is no event log', () => {
  let folder = '';
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'cordon-no-log-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('is refused with its name', async () => {
    const path = join(folder, 'note.evtx');
    await writeFile(path, 'just a text');
    await expect(ask('Event | count', [path])).rejects.toThrow(EvidenceError);
    await expect(ask('Event | count', [path])).rejects.toThrow(path);
    // No row is read for a function that has no implementation.
    await expect(ask('Event | summarize hll(Computer)', [path])).rejects.toThrow('dcount() is exact here');
    await expect(ask('Event | count', [join(folder, 'absent.evtx')])).rejects.toThrow('there is no such file');
  });
});
