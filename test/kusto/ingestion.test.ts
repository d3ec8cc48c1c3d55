import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { textAt } from '../../src/arm/json.ts';
import type { Connection } from '../../src/azure/client/connection.ts';
import type { ChangeGate } from '../../src/documents/exchange.ts';
import { evidenceFile } from '../../src/evidence/evidence-files.ts';
import { evidenceParts } from '../../src/evidence/evidence-parts.ts';
import { analyse } from '../../src/kql/evaluate.ts';
import type { ColumnType } from '../../src/kql/types.ts';
import { type ClusterClient, clusterClient } from '../../src/kusto/cluster-client.ts';
import { clusterTable } from '../../src/kusto/cluster-table.ts';
import { type PlacedTable, placeTables, withViews, writeTable } from '../../src/kusto/ingestion.ts';
import { patience } from '../../src/kusto/patience.ts';
import { answering } from '../azure/client/answering.ts';
import { anything, database, simulated, temporary } from './simulated.ts';

const folder = temporary();
let cluster: Awaited<ReturnType<typeof simulated>>;
let connection: Connection;
let client: ClusterClient;
beforeAll(async () => {
  cluster = await simulated();
  connection = cluster.connection;
  client = await cluster.client();
  connection.observe(({ requestBody }) => {
    sent.add(textAt(requestBody, 'csl').replace(/<\|\n[\s\S]*$/, '<|\n1'));
  });
});
beforeEach(() => cluster.fault());

/** Every command and query that leaves. */
const sent = new Set<string>();

const query = async (text: string) => (await client.query(database, text, { now: new Date(), onSent: () => {} })).rows;

/** A file of so many rows, of which a piece holds about 9,000. */
async function placed(name: string, rows: number): Promise<PlacedTable> {
  const path = join(folder, `${name}.csv`);
  writeFileSync(path, `n,text\n${Array.from({ length: rows }, (_, i) => `${i},"${'x'.repeat(100)}"`).join('\n')}\n`);
  const { parts } = await evidenceParts({ query: name, files: [evidenceFile(path)] }, () => {});
  const [table] = await placeTables(client, database, parts.map(clusterTable));
  if (!table) throw new Error('no table');
  return table;
}

const write = (table: PlacedTable, signal?: AbortSignal) => {
  const waits: number[] = [];
  const wait = async (ms: number): Promise<void> => void waits.push(ms);
  return {
    waits,
    done: connection.changing(anything, () =>
      writeTable(client, database, table, { patience: patience(signal, wait) }),
    ),
  };
};
const ingestion = { method: 'POST', path: '/v1/rest/mgmt' };

describe('writing into a cluster', () => {
  it('passes a gate, without which nothing leaves', async () => {
    const table = await placed('Gated', 3);
    const before = await cluster.command('.show tables');
    await expect(writeTable(client, database, table)).rejects.toThrow('nothing may be changed from here');
    await expect(client.command(database, '.show tables | count <| x')).rejects.toThrow('nothing may be changed');
    const closed: ChangeGate = { ...anything, before: async () => Promise.reject(new Error('not now')) };
    await expect(connection.changing(closed, () => writeTable(client, database, table))).rejects.toThrow('not now');
    expect(await cluster.command('.show tables')).toEqual(before);
  });

  it('sends pieces, and none of them twice, also where an answer is lost and where the cluster is busy', async () => {
    const table = await placed('Pieces', 30_000);
    await cluster.fault(
      { match: ingestion, after: 2, times: 1, effect: { drop: 'answer' } },
      { match: ingestion, after: 4, times: 1, effect: { status: 429, code: 'TooManyRequests', retryAfter: 7 } },
    );
    const { done, waits } = write(table);
    expect(await done).toMatchObject({ state: 'whole', rows: 30_000, notes: [] });
    expect(waits).toContain(7000);
    expect(await query(`${table.name} | summarize count(), dcount(n), sum(n)`)).toEqual([
      [30_000, 30_000, 449_985_000],
    ]);
    const extents = await cluster.command(`.show table ${table.name} extents`);
    expect(extents.length).toBeGreaterThan(2);
    for (const [, , , , tags] of extents) expect(String(tags)).toMatch(new RegExp(`^ingest-by:${table.name}-\\d+$`));
  });

  it('goes on where it was ended, with what is there', async () => {
    const table = await placed('Ended', 30_000);
    await cluster.fault({ match: ingestion, after: 3, effect: { status: 403, code: 'Forbidden' } });
    await expect(write(table).done).rejects.toMatchObject({ statusCode: 403 });
    await cluster.fault();
    const kept = await cluster.command(`.show table ${table.name} extents`);
    expect(kept.length).toBeGreaterThan(0);
    const again = await placed('Ended', 30_000);
    expect(again).toMatchObject({ name: table.name, state: 'begun' });
    expect(await write(again).done).toMatchObject({ state: 'whole', rows: 30_000 });
    expect(await query(`${table.name} | summarize count(), dcount(n)`)).toEqual([[30_000, 30_000]]);
    const ids = (await cluster.command(`.show table ${table.name} extents`)).map(([id]) => id);
    expect(ids).toEqual(expect.arrayContaining(kept.map(([id]) => id)));
  });

  it('gives up what the cluster refuses for good, after waits that end', async () => {
    const table = await placed('Busy', 3);
    await cluster.fault({ match: ingestion, effect: { status: 503, code: 'ServiceUnavailable' } });
    const { done, waits } = write(table);
    await expect(done).rejects.toMatchObject({ statusCode: 503 });
    expect([waits.length, Math.max(...waits)]).toEqual([5, 16_000]);
  });

  it('ends when it is aborted', async () => {
    const table = await placed('Aborted', 30_000);
    const ending = new AbortController();
    await cluster.fault({ match: ingestion, after: 1, effect: { delayMs: 600_000 } });
    const { done } = write(table, ending.signal);
    ending.abort(new Error('enough'));
    await expect(done).rejects.toThrow();
  });

  it('does not count a table as whole that has more rows than were written', async () => {
    const table = await placed('Doubled', 3);
    await cluster.command(`.create-merge table ${table.name} (n:long, text:string)`);
    await cluster.command(`.ingest inline into table ${table.name} <|\n7,x\n`);
    await expect(write({ ...table, state: 'begun' }).done).rejects.toMatchObject({
      exitCode: 5,
      message: expect.stringContaining('4 rows where 3'),
    });
  });
});

describe('a query under way', () => {
  it('is cancelled in the cluster when nobody waits for it any more', async () => {
    const ending = new AbortController();
    await cluster.fault({ match: { path: '/v2/rest/query' }, times: 1, effect: { delayMs: 600_000 } });
    const asked = client.query(database, 'print slow = 1', {
      now: new Date(),
      onSent: () => {},
      signal: ending.signal,
    });
    const states = async () => (await cluster.command('.show queries | where Text has "slow" | project State')).flat();
    await expect.poll(states).toEqual(['InProgress']);
    ending.abort(new Error('enough'));
    await expect(asked).rejects.toThrow('enough');
    expect(await states()).toEqual(['Cancelled']);
  });

  it('asks the cluster to change nothing, and to end it in time', async () => {
    const azure = await answering(
      ({ url }) => (url.endsWith('metadata') ? { body: metadata('https://kusto.kusto.windows.net') } : { body: [] }),
      {
        cluster: { uri: 'https://x.kusto.windows.net', local: false },
        limits: { read: 5, logs: 5, change: 5, cluster: 100 },
      },
    );
    const asking = await clusterClient(azure.connection.cluster());
    await asking.query('d', 'T', { now: new Date(0), onSent: () => {} }).catch(() => {});
    await azure.close();
    const sent = JSON.parse(azure.asked.at(-1)?.body ?? '{}');
    expect(sent).toMatchObject({ db: 'd', csl: 'T' });
    expect(sent.properties.Options).toMatchObject({
      request_readonly: true,
      servertimeout: '00:01:30.000',
      query_now: '1970-01-01T00:00:00.000Z',
    });
    expect(azure.asked.map(({ token }) => token)).toEqual(['', '1']);
  });
});

/** As a cluster of the public cloud says of itself; Azure/azure-kusto-node has the same as its default, commit 9f037fb. */
const metadata = (resource: string, login = 'https://login.microsoftonline.com') => ({
  AzureAD: {
    LoginEndpoint: login,
    LoginMfaRequired: false,
    KustoClientAppId: 'db662dc1-0cfe-4e1c-a843-19a68e65be58',
    KustoClientRedirectUri: 'https://microsoft/kustoclient',
    KustoServiceResourceId: resource,
    FirstPartyAuthorityUrl: '',
  },
});

describe('a token', () => {
  it.each([
    ['https://management.azure.com', 'https://login.microsoftonline.com'],
    ['http://kusto.kusto.windows.net', 'https://login.microsoftonline.com'],
    ['https://kusto.kusto.windows.net', 'https://login.example.com'],
  ])('is not asked for because a cluster wants one for %s by %s', async (resource, login) => {
    const azure = await answering(() => ({ body: metadata(resource, login) }), {
      cluster: { uri: 'https://x.kusto.windows.net', local: false },
    });
    await expect(clusterClient(azure.connection.cluster())).rejects.toMatchObject({
      message: expect.stringContaining('not this cloud’s'),
    });
    await azure.close();
    expect(azure.asked.map(({ url, token }) => [url, token])).toEqual([['/v1/rest/auth/metadata', '']]);
  });
});

describe('the text that is sent', () => {
  it('shows nothing of the database to a query that asks nothing of the evidence', async () => {
    await cluster.command('.create-merge table Others (a:long)');
    const { text } = withViews('union * | count', []);
    expect(await query(text)).toEqual([[1]]);
    await expect(query(withViews('Others | count', []).text)).rejects.toMatchObject({ statusCode: 400 });
  });

  it('reads a watchlist from the evidence, in as many characters', async () => {
    const vips = await placed('vips', 2);
    await write(vips).done;
    const asked = "_GetWatchlist('vips') | count";
    const { text } = withViews(asked, [vips]);
    expect([await query(text), text.split('\n').at(-1)?.length]).toEqual([[[2]], asked.length]);
  });

  it('has untrusted names as names, and nothing else of them', async () => {
    const path = join(folder, "x'); drop.csv");
    writeFileSync(path, 'it\'s,"a]b"\n1,2\n');
    const file = { ...evidenceFile(`Odd=${path}`) };
    const { parts } = await evidenceParts({ query: 'Odd', files: [file] }, () => {});
    const [table] = await placeTables(client, database, parts.map(clusterTable));
    if (!table) throw new Error('no table');
    await write(table).done;
    const { text } = withViews('Odd', [table]);
    expect(
      (await client.query(database, text, { now: new Date(), onSent: () => {} })).columns.map(({ name }) => name),
    ).toEqual(["it's", 'a]b']);
  });
});

describe('whatever was sent', () => {
  it('has no fault by Microsoft’s own grammar and analyser (@kusto/language-service-next), commands too', async () => {
    const schemas: Record<string, Record<string, ColumnType>> = {};
    for (const [name] of await cluster.command('.show tables')) {
      const columns = await cluster.command(`.show table ['${name}'] columns`);
      schemas[String(name)] = Object.fromEntries(columns.map(([column, type]) => [String(column), type as ColumnType]));
    }
    const kinds = [...sent].map((text) => /^\.[a-z-]+|^[a-z]+/.exec(text)?.[0]);
    for (const kind of ['.show', '.create-merge', '.ingest', '.alter', '.cancel', 'let']) expect(kinds).toContain(kind);
    // A name of the cluster that this test makes unknown on purpose.
    const faults = [...sent]
      .filter((text) => !text.endsWith('\nOthers | count') && !text.includes('<| x'))
      .flatMap((text) =>
        analyse(text, schemas).diagnostics.map(({ message, token }) => `${text.slice(0, 80)}: ${message} ${token}`),
      );
    expect(faults).toEqual([]);
  });
});
