/**
 * Evidence into a cluster, by each way, and one query over it: against reading the same rows and writing them as CSV, which no way can
 * do without. The simulated cluster is a process of its own, and keeps all rows in memory: its time is in that of each way, its
 * memory and its processor are not. Ours is the memory that this process held at most, and the processor time that it took.
 * `npm run bench -- cluster [rows]`: 200,000 rows of 190 bytes when left out.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from '../src/azure/client/connection.ts';
import { evidenceFile } from '../src/evidence/evidence-files.ts';
import { evidenceParts } from '../src/evidence/evidence-parts.ts';
import { rowsOfPart } from '../src/evidence/part-rows.ts';
import { clusterClient } from '../src/kusto/cluster-client.ts';
import { clusterTable, csvLines, type WayName } from '../src/kusto/cluster-table.ts';
import { placeTables, withViews, writeTable } from '../src/kusto/ingestion.ts';
import { IngestionService } from '../src/kusto/ingestion-service.ts';
import { patience } from '../src/kusto/patience.ts';
import { inlineWay, queuedWay } from '../src/kusto/ways.ts';
import { writeLogonFiles } from './parts/logon-files.ts';

const rows = Number(process.argv[3] ?? 200_000);
const folder = mkdtempSync(join(tmpdir(), 'cordon-bench-'));
const database = 'NetDefaultDB';
const query = 'Logons | summarize n = count() by IpAddress | top 3 by n';

/** A file of other bytes for each way, and so a table of its own. */
let files = 0;
async function written(): Promise<string> {
  const own = join(folder, String(files));
  mkdirSync(own);
  return (await writeLogonFiles(own, rows + files++)).logons;
}

const other = fork(new URL('./parts/disk-simulator.ts', import.meta.url), ['1073741824']);
const [simulator] = (await once(other, 'message')) as [{ url: string; identityHeader: string; now: number }];
const connection = connect({
  cluster: { uri: 'https://bench.westeurope.kusto.windows.net', local: false },
  simulator: { ...simulator, clock: { now: () => new Date() } },
});
const door = connection.cluster();
const client = await clusterClient(door);

async function timed(name: string, work: () => Promise<number>): Promise<void> {
  let peak = process.memoryUsage.rss();
  const watch = setInterval(() => {
    peak = Math.max(peak, process.memoryUsage.rss());
  }, 20);
  const [began, before] = [performance.now(), process.cpuUsage()];
  const bytes = await work();
  const seconds = (performance.now() - began) / 1000;
  const { user, system } = process.cpuUsage(before);
  clearInterval(watch);
  const figures = [
    `${(bytes / seconds / 1e6).toFixed(1).padStart(7)} MB/s`,
    `${seconds.toFixed(1).padStart(6)} s`,
    `${((user + system) / 1e6).toFixed(1).padStart(6)} s of processor`,
    `${Math.round(peak / 1e6)} MB held`,
  ];
  process.stdout.write(`${name.padEnd(34)} ${figures.join(', ')}\n`);
}

async function partOf(path: string) {
  const { parts } = await evidenceParts({ query: 'Logons', files: [evidenceFile(`Logons=${path}`)] }, () => {});
  const [part] = parts;
  if (!part) throw new Error('no part');
  return part;
}

async function through(name: WayName): Promise<void> {
  const path = await written();
  const part = await partOf(path);
  const [table] = await placeTables(client, database, [clusterTable(part)]);
  if (!table) throw new Error('no table');
  const trying = patience(undefined);
  const way =
    name === 'queued'
      ? queuedWay(new IngestionService(client, door, connection.clock), trying)
      : inlineWay(client, trying);
  let placed = table;
  await timed(`written, ${name}`, async () => {
    const anything = { before: async () => undefined, after: async () => {} };
    placed = await connection.changing(anything, () => writeTable(client, database, table, { patience: trying, way }));
    return statSync(path).size;
  });
  await timed(`  asked: ${query.slice(0, 25)}…`, async () => {
    await client.query(database, withViews(query, [placed]).text, { now: new Date(), onSent: () => {} });
    return statSync(path).size;
  });
}

try {
  const path = await written();
  const part = await partOf(path);
  await timed('read, and made CSV', async () => {
    const table = clusterTable(part);
    for await (const frame of rowsOfPart(part, () => {})) csvLines(table, frame);
    return statSync(path).size;
  });
  await through('inline');
  await through('queued');
} finally {
  connection.close();
  other.disconnect();
  rmSync(folder, { recursive: true, force: true });
}
