import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ChangeGate, Exchange } from '../../src/documents/exchange.ts';
import { evidenceFile } from '../../src/evidence/evidence-files.ts';
import { evidenceParts } from '../../src/evidence/evidence-parts.ts';
import { type ClusterClient, clusterClient } from '../../src/kusto/cluster-client.ts';
import { clusterTable } from '../../src/kusto/cluster-table.ts';
import { type PlacedTable, placeTables, writeTable } from '../../src/kusto/ingestion.ts';
import { IngestionService } from '../../src/kusto/ingestion-service.ts';
import { patience } from '../../src/kusto/patience.ts';
import { chooseWay, queuedWay } from '../../src/kusto/ways.ts';
import { begunCase } from '../commands/begun-case.ts';
import { answer, anything, clusterOfAzure, database, run, simulated, temporary } from './simulated.ts';

const folder = temporary();
let cluster: Awaited<ReturnType<typeof simulated>>;
let client: ClusterClient;
/** All that was seen of what was sent and answered. */
const seen: Exchange[] = [];
beforeAll(async () => {
  cluster = await simulated();
  cluster.azure.observe((exchange) => void seen.push(exchange));
  client = await clusterClient(cluster.azure.cluster());
});
beforeEach(() => cluster.fault());

/** A file whose rows make about four pieces. */
async function placed(name: string): Promise<PlacedTable> {
  const path = join(folder, `${name}.csv`);
  writeFileSync(path, `n,text\n${Array.from({ length: 2000 }, (_, i) => `${i},"é ${i}"`).join('\n')}\n`);
  const { parts } = await evidenceParts({ query: name, files: [evidenceFile(path)] }, () => {});
  const [table] = await placeTables(client, database, parts.map(clusterTable));
  if (!table) throw new Error('no table');
  return table;
}

function write(table: PlacedTable, gate: ChangeGate = anything, onWait = async (): Promise<void> => {}) {
  const waits: number[] = [];
  const trying = patience(undefined, async (ms) => {
    waits.push(ms);
    await onWait();
  });
  const way = queuedWay(new IngestionService(client, cluster.azure.cluster(), cluster.azure.clock), trying, 8192);
  const work = () => writeTable(client, database, table, { patience: trying, way });
  return { waits, done: cluster.azure.changing(gate, work) };
}

const sums = (name: string): Promise<unknown[][]> =>
  client
    .query(database, `${name} | summarize count(), dcount(n), sum(n)`, { now: new Date(), onSent: () => {} })
    .then(({ rows }) => rows);
const whole = [[2000, 2000, 1_999_000]];

describe('queued ingestion', () => {
  it('brings each row once, in pieces with a tag, each past the gate, and shows no signature and no identity token', async () => {
    const table = await placed('Whole');
    const intents: unknown[] = [];
    const gate: ChangeGate = {
      before: async ({ method, url, requestBody }) => void intents.push([method, url, requestBody]),
      after: async (_change, { status }) => void intents.push(status),
    };
    expect(await write(table, gate).done).toMatchObject({ state: 'whole', way: 'queued', rows: 2000, notes: [] });
    expect(await sums(table.name)).toEqual(whole);
    const tags = (await cluster.command(`.show table ${table.name} extents`)).map(([, , , , tag]) => String(tag));
    expect(tags.length).toBeGreaterThan(2);
    expect(new Set(tags)).toEqual(new Set(tags.map((_, i) => `ingest-by:${table.name}-${i}`)));
    // Containers are used in turn.
    const hosts = intents.flatMap((intent) => (Array.isArray(intent) ? [new URL(String(intent[1])).host] : []));
    expect(new Set(hosts.filter((host) => host.includes('.blob.'))).size).toBe(2);
    expect(intents.filter((status) => status === 201)).toHaveLength(tags.length);
    const shown = JSON.stringify([seen, intents]);
    expect(shown).toContain('.get kusto identity token');
    expect(shown).not.toMatch(/sig=|AuthorizationContext/);
  });

  it('does not leave without the gate', async () => {
    const table = await placed('Gated');
    await cluster.azure.changing(anything, () =>
      client.command(database, `.create-merge table ${table.name} (n:long)`),
    );
    const closed: ChangeGate = { ...anything, before: async () => Promise.reject(new Error('not now')) };
    await expect(write({ ...table, state: 'begun' }, closed).done).rejects.toThrow('not now');
    expect(await cluster.command(`.show table ${table.name} extents`)).toEqual([]);
  });

  it('doubles nothing where an answer is lost, and goes on with other signatures where these are over', async () => {
    const table = await placed('Lost');
    await cluster.fault(
      { match: { method: 'POST', path: '^/queue/' }, times: 1, effect: { drop: 'answer' } },
      { match: { method: 'PUT', path: '^/blob/' }, times: 1, effect: { status: 403, code: 'AuthenticationFailed' } },
      { match: { path: '^/table/' }, after: 1, times: 1, effect: { status: 503, code: 'ServerBusy' } },
    );
    expect(await write(table).done).toMatchObject({ rows: 2000 });
    expect(await sums(table.name)).toEqual(whole);
  });

  it('waits until the queue is empty', async () => {
    const table = await placed('Waiting');
    await cluster.fault({ match: { path: '/ingestion/message' }, effect: { hangOperation: true } });
    let looks = 0;
    const { waits, done } = write(table, anything, async () => {
      looks += 1;
      if (looks === 3) await cluster.fault();
    });
    expect(await done).toMatchObject({ rows: 2000 });
    expect(waits).toEqual([1000, 2000, 4000]);
  });

  it('gives up where nothing arrives, and the next attempt goes on', async () => {
    const table = await placed('Hung');
    await cluster.fault({ match: { path: '/ingestion/message' }, effect: { hangOperation: true } });
    await expect(write(table).done).rejects.toMatchObject({
      exitCode: 5,
      message: expect.stringMatching(/^\d pieces of \d that were queued are not in the table yet/),
    });
    await cluster.fault();
    // The pieces that were queued before arrive now, and are not sent again, whatever the queue does first.
    await cluster.fault({ match: { path: '/ingestion/message' }, times: 8, effect: { hangOperation: true } });
    const uploads: string[] = [];
    const gate: ChangeGate = {
      ...anything,
      before: async ({ method, url }) => void (method === 'PUT' && uploads.push(url)),
    };
    expect(await write({ ...table, state: 'begun', way: 'queued' }, gate).done).toMatchObject({ rows: 2000 });
    expect(uploads).toEqual([]);
    expect(await sums(table.name)).toEqual(whole);
  });

  it('says in the service’s words, without its signature, which piece was not taken, and sends that one alone again', async () => {
    const table = await placed('Broken');
    const effect = { failOperation: { code: 'Stream_ClosingQuoteMissing', message: 'Closing quote is missing.' } };
    await cluster.fault({ match: { path: '/ingestion/message' }, after: 1, times: 1, effect });
    const failed = await write(table).done.catch((error: unknown) => error);
    expect(failed).toMatchObject({
      exitCode: 5,
      message: expect.stringContaining(`${table.name}-1: Stream_ClosingQuoteMissing: Closing quote is missing.`),
    });
    expect(String(failed)).toContain('sig=[redacted]');
    const kept = (await cluster.command(`.show table ${table.name} extents`)).map(([id]) => id);
    expect(await placed('Broken')).toMatchObject({ name: table.name, state: 'begun', way: 'queued' });
    expect(await write({ ...table, state: 'begun' }).done).toMatchObject({ rows: 2000 });
    const extents = (await cluster.command(`.show table ${table.name} extents`)).map(([id]) => id);
    expect(extents.filter((id) => !kept.includes(id))).toHaveLength(1);
  });

  it('answers from no table that has fewer rows than were sent', async () => {
    const table = await placed('Fewer');
    await cluster.command(`.create-merge table ${table.name} (n:long, text:string)`);
    await cluster.command(
      `.ingest inline into table ${table.name} with (tags='["ingest-by:${table.name}-0"]') <|\n7,x\n`,
    );
    await expect(write({ ...table, state: 'begun' }).done).rejects.toMatchObject({
      exitCode: 5,
      message: expect.stringMatching(
        /has [\d,]+ rows where 2000 were written: the cluster did not take the others; nothing is answered/,
      ),
    });
    expect(await placed('Fewer')).toMatchObject({ name: `${table.name}_2`, state: 'missing' });
  });
});

describe('the way into a cluster', () => {
  const service = (exists: boolean) => ({ exists: async () => exists });
  const large = 64 * 1024 * 1024;
  it.each([
    [{ begun: undefined, wanted: undefined, bytes: large - 1 }, true, 'inline'],
    [{ begun: undefined, wanted: undefined, bytes: large }, true, 'queued'],
    [{ begun: undefined, wanted: undefined, bytes: large }, false, 'inline'],
    [{ begun: undefined, wanted: 'queued', bytes: 1 }, true, 'queued'],
    [{ begun: undefined, wanted: 'inline', bytes: large }, true, 'inline'],
    [{ begun: 'inline', wanted: undefined, bytes: large }, true, 'inline'],
    [{ begun: 'queued', wanted: undefined, bytes: 1 }, true, 'queued'],
  ] as const)('%o, with a service: %s, is %s', async (asked, exists, name) => {
    expect(await chooseWay(service(exists), asked)).toMatchObject({ name });
  });

  it('is said where it is not there', async () => {
    for (const asked of [
      { begun: undefined, wanted: 'queued' } as const,
      { begun: 'queued', wanted: undefined } as const,
    ])
      await expect(chooseWay(service(false), { ...asked, bytes: 1 })).rejects.toThrow('no ingestion service');
    // An emulator is not even asked, and a cluster whose host for it nobody knows is answered 404.
    expect(await (await cluster.client()).ingestion('.get ingestion resources')).toBeUndefined();
    await cluster.fault({ match: { path: '^/ingestion/v1' }, effect: { status: 404, code: 'NotFound' } });
    expect(await client.ingestion('.get ingestion resources')).toBeUndefined();
    await cluster.fault();
    await cluster.fault({ match: { path: '^/ingestion/v1' }, effect: { status: 403, code: 'Forbidden' } });
    await expect(client.ingestion('.get ingestion resources')).rejects.toMatchObject({ statusCode: 403 });
  });
});

it('leaves no signature in a case, in a traffic file or on the screen, and says which way was used', async () => {
  const begun = await begunCase();
  const traffic = join(folder, 'traffic.jsonl');
  const path = join(folder, 'Cased.csv');
  writeFileSync(path, 'a\n1\n2\n');
  const flags = {
    evidence: [path],
    cluster: clusterOfAzure,
    database,
    simulator: cluster.url,
    yes: true,
    ingestion: 'queued' as const,
    traffic,
    ...begun.flags,
  };
  const document = await answer('Cased | count', flags);
  expect(document.rows).toEqual([[2]]);
  expect(document.source.cluster.stored).toMatchObject([{ rows: 2, way: 'queued', written: true }]);
  expect(document.notes).toContainEqual(
    expect.stringMatching(/^the cluster has 2 rows .* as many as were sent, by queued/),
  );
  const { stderr } = await run('Cased | count', flags);
  const files = readdirSync(begun.flags.cases, { recursive: true, withFileTypes: true }).filter((file) =>
    file.isFile(),
  );
  const kept = files.map((file) => readFileSync(join(file.parentPath, file.name), 'latin1'));
  const all = [JSON.stringify(document), stderr, readFileSync(traffic, 'utf8'), ...kept].join('\n');
  expect(all).toContain('by queued ingestion');
  expect(all).toContain('.get ingestion resources');
  expect(all).not.toMatch(/sig=|AuthorizationContext/);
});
