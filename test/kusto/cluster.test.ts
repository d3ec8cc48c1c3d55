import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { queryDocument } from '../../src/documents/query.ts';
import { analyse } from '../../src/kql/evaluate.ts';
import { getsToken } from '../../src/kusto/trusted-clusters.ts';
import { begunCase } from '../commands/begun-case.ts';
import { failedLogon, writeLog } from '../eventlog/log-writer.ts';
import { answer, database, inCluster, overFiles, run, simulated, temporary } from './simulated.ts';

const folder = temporary();
const file = (name: string, content: string | Buffer): string => {
  writeFileSync(join(folder, name), content);
  return join(folder, name);
};
const logs = file(
  'Logs.csv',
  'n,who,TimeGenerated,bag,odd name,flag,share\n1,ann,2026-01-02T03:04:05.1234567Z,"{""a"":[1,""x""]}",é,true,0.1\n' +
    '-2,"=cmd|\' /C calc\'!A0",,,"two\r\nlines",,\n3,"a, ""b""",2026-01-02T03:04:06Z,,"\u001b[2J",false,1e300\n',
);
const big = file(
  'Big.jsonl',
  '{"id":9007199254740993,"text":"42"}\n{"id":1,"text":"null","more":{"__proto__":1}}\n{}\n',
);
const at = (second: number): string => `2026-11-23T01:58:${String(second).padStart(2, '0')}.1234567Z`;
const events = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, i) => failedLogon(from + i, at((from + i) % 60)));

let cluster: Awaited<ReturnType<typeof simulated>>;
beforeAll(async () => {
  cluster = await simulated();
});

describe('evidence in a cluster', () => {
  it.each([
    'Logs | order by n asc',
    "Logs | where ['odd name'] != '' | summarize count(), max(TimeGenerated) by flag | order by flag asc",
    'Big | order by text asc',
    'union withsource=T Logs, Big | summarize n = count() by T | order by T asc',
    'search "ann" | project n, who',
    'Logs | getschema',
  ])('answers as files do: %s', async (query) => {
    const [here, there] = [await overFiles(query, [logs, big]), await inCluster(cluster, query, [logs, big])];
    expect(here.total).toBeGreaterThan(0);
    expect([there.columns, there.rows]).toEqual([here.columns, here.rows]);
  });

  it('is written once, under whatever name the file has', async () => {
    const first = await inCluster(cluster, 'Once | count', [file('Once.csv', 'a\n1\n2\n')]);
    const again = file('Renamed.csv', 'a\n1\n2\n');
    const second = await inCluster(cluster, 'Once | count', [`Once=${again}`]);
    expect([first.rows, first.written, second.rows, second.written]).toEqual([[[2]], first.names, [[2]], []]);
    expect(second.names).toEqual(first.names);
    expect(await cluster.command(`.show table ${first.names[0]} extents`)).toHaveLength(1);
    file('Renamed.csv', 'a\n1\n2\n3\n');
    expect(await inCluster(cluster, 'Once | count', [`Once=${again}`])).toMatchObject({ rows: [[3]] });
  });

  it('is seen alone: other tables of the database are not, nor other evidence', async () => {
    const ours = [file('Ours.csv', 'a\n1\n')];
    await cluster.command('.create-merge table Theirs (a:long)');
    await inCluster(cluster, 'Theirs | count', [file('Theirs.csv', 'a\n1\n2\n')]);
    expect(await inCluster(cluster, 'union withsource=T * | summarize n = count() by T', ours)).toMatchObject({
      rows: [['Ours', 1]],
    });
    await expect(inCluster(cluster, 'Theirs | count', ours)).rejects.toThrow('Ours');
  });

  it('counts an event that is in several logs once, and keeps the columns of its tables', async () => {
    const files = [file('a.evtx', writeLog(events(1, 40))), file('b.evtx', writeLog(events(31, 60)))];
    const query = 'SecurityEvent | summarize n = count(), files = make_set(_EvidenceFile) by EventID';
    const there = await inCluster(cluster, query, files);
    expect(there.rows).toEqual((await overFiles(query, files)).rows);
    expect(there.rows[0]?.slice(0, 2)).toEqual([4625, 60]);
    const whole = 'SecurityEvent | order by _EventRecordId asc';
    const [all, here] = [await inCluster(cluster, whole, files), await overFiles(whole, files)];
    expect([all.columns, all.rows]).toEqual([here.columns, here.rows]);
    const stored = Object.fromEntries(
      await Promise.all(
        all.names.map(async (name) => [name, Object.fromEntries(await cluster.command(`.show table ${name} columns`))]),
      ),
    );
    expect(analyse(all.text, stored).diagnostics).toEqual([]);
    // A free cluster has at most 200 columns a table ("Kusto emulator vs. free cluster", 2025-12-11).
    expect(all.columns.length).toBeGreaterThan(200);
    const columns = await cluster.command(`.show table ${all.names[0]} columns`);
    expect(columns.length).toBeGreaterThan(100);
    expect(columns.length).toBeLessThanOrEqual(200);
  });

  it('is another table where rows are other than were written, or where its note is no longer ours', async () => {
    const kept = async () => inCluster(cluster, 'Kept | count', [file('Kept.csv', 'a\n1\n2\n')]);
    const [name] = (await kept()).names;
    await cluster.command(`.ingest inline into table ${name} <|\n7\n`);
    expect(await kept()).toMatchObject({ rows: [[2]], written: [`${name}_2`] });
    await cluster.command(`.alter table ${name}_2 docstring "mine"`);
    expect(await kept()).toMatchObject({ rows: [[2]], written: [`${name}_3`] });
    expect(await kept()).toMatchObject({ rows: [[2]], names: [`${name}_3`], written: [] });
  });

  it('is not written without a yes, and what would be is said', async () => {
    const before = await cluster.command('.show tables');
    const flags = { evidence: [file('Unasked.csv', 'a\n1\n')], ...cluster.flags };
    await expect(run('Unasked', flags)).rejects.toMatchObject({
      message: expect.stringContaining('--yes'),
      exitCode: 2,
    });
    expect(await cluster.command('.show tables')).toEqual(before);
  });
});

describe('a query that a cluster answers', () => {
  it('runs over what is there already, with now() as it was given', async () => {
    await cluster.command('.create-merge table Own (a:long)');
    await cluster.command('.ingest inline into table Own <|\n1\n2\n');
    const flags = { ...cluster.flags, now: '2026-11-23T02:00:00Z' };
    const document = await answer('Own | summarize sum(a), t = take_any(now())', flags);
    expect(document.rows).toEqual([[3, '2026-11-23T02:00:00Z']]);
    expect(document.source.cluster.activityId).toMatch(/^[0-9a-f-]{36}$/);
    expect(document.notes[0]).toContain(document.source.cluster.activityId);
  });

  it('is told as a part where the cluster cut it, and ends with 5', async () => {
    const query = 'set truncationmaxrecords=2; range x from 1 to 5 step 1';
    const { code, stdout, stderr } = await run(query, cluster.flags);
    expect([code, stderr]).toEqual([5, expect.stringContaining('not all rows')]);
    expect(stdout).toContain('2 rows of at least 2 rows: the answer is not whole');
    expect(await answer(query, cluster.flags)).toMatchObject({ total: 2, partial: expect.stringContaining('limit 2') });
  });

  it('names the place of an error in the text as it was given', async () => {
    await expect(run('Nope | count', cluster.flags)).rejects.toMatchObject({
      message: expect.stringMatching(/refused it \(400\): Semantic error: SEM0100: .*\[line 1, column 1\]/),
      exitCode: 2,
    });
    const flags = { evidence: [file('Placed.csv', 'a\n1\n')], ...cluster.flags, yes: true };
    await expect(run("Placed\n| where tostring(a) matches regex '('", flags)).rejects.toMatchObject({
      message: expect.stringMatching(/regular expression is not valid.*\[line 2, column \d+\]/),
    });
  });

  it('takes its flags together', async () => {
    for (const flags of [
      { cluster: cluster.url },
      { evidence: [logs], database },
      { evidence: [logs], yes: true },
      { ...cluster.flags, vm: 'web01' },
      { ...cluster.flags, database: 'a;b' },
    ])
      await expect(run('print 1', flags)).rejects.toMatchObject({ name: 'Failure', exitCode: 2 });
  });

  it('says who does not answer, and what to do', async () => {
    const silent = (flags: object) => run('print 1', { ...cluster.flags, ...flags }).catch((error: unknown) => error);
    expect(await silent({ cluster: 'http://127.0.0.1:1' })).toMatchObject({
      message:
        'no Kusto emulator answers at http://127.0.0.1:1 (ECONNREFUSED): start it, or name the port that it listens at',
      exitCode: 5,
    });
  });

  // Words and codes of "Kusto.Data exceptions" (2026-05-20), "Capacity policy" and "Request rate limit policy" (read 2026-11-30).
  it.each([
    [
      { status: 403, code: 'Forbidden', message: "Principal 'aaduser=1' is not authorized to read database 'D'." },
      /refused it \(403\): Principal 'aaduser=1' is not authorized/,
      3,
    ],
    [
      {
        status: 429,
        code: 'TooManyRequests',
        message: 'The query was aborted due to throttling. Retrying after some backoff might succeed. Capacity: 50.',
        retryAfter: 0,
      },
      /refused it \(429\): The query was aborted due to throttling\. Retrying after some backoff might succeed/,
      5,
    ],
    [
      { status: 504, code: 'RequestExecutionTimeout', message: 'The request has timed out.' },
      /refused it \(504\): The request has timed out/,
      5,
    ],
    [
      { status: 412, code: 'PreconditionFailed', message: 'The service is in a suspended state.' },
      /refused it \(412\): The service is in a suspended state/,
      5,
    ],
  ])('is refused in the cluster’s words: %o', async (effect, message, exitCode) => {
    await cluster.fault({ match: { path: '^/v2/rest/query' }, effect });
    const failure = await run('print 1', cluster.flags).catch((error: unknown) => error);
    await cluster.fault();
    expect(failure).toMatchObject({ name: 'Failure', message: expect.stringMatching(message), exitCode });
  });

  it('says which database is not there', async () => {
    await expect(run('print 1', { ...cluster.flags, database: 'Absent' })).rejects.toMatchObject({
      message: expect.stringContaining("Database 'Absent' could not be found"),
      exitCode: 2,
    });
  });

  it('is no management command', async () => {
    await expect(run(' .drop table Own', cluster.flags)).rejects.toMatchObject({ exitCode: 2 });
    expect((await cluster.command('.show tables')).map(([name]) => name)).toContain('Own');
  });

  it.each([
    ['http://example.com', 'on this computer alone'],
    ['http://127.0.0.1.example.com', 'on this computer alone'],
    ['https://user:secret@x.kusto.windows.net', 'takes an address'],
    ['https://x.kusto.windows.net/db', '--database names the database'],
    ['x.kusto.windows.net', 'takes an'],
    ['https://x.kusto.windows.net.example.com', 'gets no token'],
    ['https://localhost:8080', 'gets no token'],
  ])('is not sent to %s', async (given, because) => {
    const flags = { cluster: given, database, simulator: cluster.url };
    const refusal = await run('print 1', flags).catch((error: unknown) => error);
    expect(refusal).toMatchObject({ name: 'Failure', message: expect.stringContaining(because), exitCode: 2 });
    expect(String(refusal)).not.toContain('secret');
  });
});

describe('a token', () => {
  const inPublic = { name: 'public', authority: 'https://login.microsoftonline.com' } as const;
  const inGovernment = { name: 'usgov', authority: 'https://login.microsoftonline.us' } as const;
  const inChina = { name: 'china', authority: 'https://login.chinacloudapi.cn' } as const;
  const inGermany = { name: 'custom', authority: 'https://login.sovcloud-identity.de' } as const;
  it.each([
    ['https://help.kusto.windows.net', inPublic, true],
    ['https://incidents.westeurope.kusto.windows.net', inPublic, true],
    ['https://ingest-incidents.westeurope.kusto.windows.net', inPublic, true],
    ['https://trd-a1.z0.kusto.fabric.microsoft.com', inPublic, true],
    ['https://adx.monitor.azure.com', inPublic, true],
    ['https://x.kusto.usgovcloudapi.net', inGovernment, true],
    ['https://x.kusto.chinacloudapi.cn', inChina, true],
    ['https://x.kusto.sovcloud-api.de', inGermany, true],
    ['https://x.kusto.usgovcloudapi.net', inPublic, false],
    ['https://x.kusto.windows.net', inGovernment, false],
    ['https://x.kusto.windows.net.example.com', inPublic, false],
    ['https://xkusto.windows.net', inPublic, false],
    ['https://x.adx.monitor.azure.com', inPublic, false],
    ['https://127.0.0.1:8080', inPublic, false],
    ['https://localhost', inPublic, false],
  ])('goes to %s in %o: %s', (url, cloud, gets) => {
    expect(getsToken(url, cloud)).toBe(gets);
  });
});

describe('a cluster of Azure', () => {
  const azures = () => ({
    cluster: 'https://incidents.westeurope.kusto.windows.net',
    database,
    simulator: cluster.url,
  });

  it('is asked with a token, which an emulator gets none of', async () => {
    expect((await answer('print x = 1', azures())).rows).toEqual([[1]]);
    const response = await fetch(`${cluster.url}/v2/rest/query`, {
      method: 'POST',
      headers: { 'x-forwarded-proto': 'https', 'x-forwarded-host': 'incidents.westeurope.kusto.windows.net' },
      body: JSON.stringify({ db: database, csl: 'print 1' }),
    });
    expect(response.status).toBe(401);
  });

  it('is written to with a case alone, where each table is entered before it is written, and the query after', async () => {
    const begun = await begunCase();
    const flags = { evidence: [file('Cased.csv', 'a\n1\n2\n')], ...azures(), yes: true };
    await expect(run('Cased | count', flags)).rejects.toMatchObject({ message: expect.stringContaining('--case') });
    expect((await cluster.command('.show tables')).map(([name]) => name)).not.toContainEqual(
      expect.stringMatching(/^cordon_Cased/),
    );
    const document = await answer('Cased | count', { ...flags, ...begun.flags });
    const { source } = queryDocument.parse(document);
    if (!source.cluster) throw new Error('no cluster');
    const [stored] = source.cluster.stored;
    const entries = await begun.entries('note', 'fact', 'query');
    expect(entries.map(({ kind }) => kind)).toEqual(['note', 'note', 'fact', 'query']);
    const [before, after, , query] = entries.map(({ body }) => body);
    for (const part of [stored?.name, stored?.sha256, database, azures().cluster]) expect(before?.text).toContain(part);
    expect(after?.text).toMatch(/^Wrote 2 rows, as many as were read, of Cased/);
    expect(query).toMatchObject({
      service: 'Azure Data Explorer',
      text: 'Cased | count',
      rows: 1,
      requestId: source.cluster.activityId,
      clientRequestId: source.cluster.clientRequestId,
      sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
      cluster: {
        uri: azures().cluster,
        database,
        sent: expect.stringMatching(/^let \['Cased'\] = view .*\nrestrict access to/),
      },
      evidence: { file: expect.stringContaining('query') },
    });
    expect(await begun.verify()).toMatchObject({ ok: true });
    expect((await begun.notes()).replaceAll('\\', '')).toContain(
      `Azure Data Explorer (${azures().cluster}, database ${database}, activity ${source.cluster.activityId}): 1 row`,
    );
    await expect(run('Nope', { ...azures(), ...begun.flags })).rejects.toMatchObject({ exitCode: 2 });
    expect((await begun.entries('query')).at(-1)?.body).toMatchObject({
      text: 'Nope',
      rows: null,
      error: expect.stringContaining('SEM0100'),
    });
  });
});
