/**
 * Ten million failed logons, bursts in one pass over their columns, against the floor (reading two columns of the same
 * length and summing them) and, where it is installed, against the same question in DuckDB. `npm run bench -- bursts
 * [events]`; DuckDB is no dependency: `npm install --no-save @duckdb/node-api` brings it.
 */
import { BurstScanner, defaultThresholds } from '../src/triage/logons/bursts.ts';
import { ticksPerSecond } from '../src/triage/logons/ticks.ts';

interface Columns {
  time: Float64Array;
  key: Uint32Array;
  keys: number;
}

/** A month: two thousand campaigns from 400 addresses over noise from 50,000, in time order. */
function month(events: number): Columns {
  let state = 4625;
  const random = (): number => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
  const span = 30 * 86_400 * ticksPerSecond;
  const sources = 50_000;
  const campaigns = Array.from({ length: 2000 }, () => ({
    source: Math.floor(random() * 400),
    start: random() * span,
    length: (60 + random() * 6 * 3600) * ticksPerSecond,
  }));
  const time = new Float64Array(events);
  // A time and its key in one number, so that a native sort keeps them together: 6 hours' ticks would not fit, ms do.
  for (let i = 0; i < events; i++) {
    const campaign = random() < 0.6 ? campaigns[Math.floor(random() * campaigns.length)] : undefined;
    const at = campaign ? campaign.start + random() * campaign.length : random() * span;
    const source = campaign ? campaign.source : 400 + Math.floor(random() * (sources - 400));
    time[i] = Math.floor(at / 10_000) * 65_536 + source;
  }
  time.sort();
  const key = new Uint32Array(events);
  for (let i = 0; i < events; i++) {
    const both = time[i] ?? 0;
    key[i] = both % 65_536;
    time[i] = Math.floor(both / 65_536) * 10_000;
  }
  return { time, key, keys: sources };
}

function scan({ time, key, keys }: Columns): number {
  const perKey = new Uint32Array(keys);
  for (let i = 0; i < key.length; i++) {
    const k = key[i] ?? 0;
    perKey[k] = (perKey[k] ?? 0) + 1;
  }
  const scanner = new BurstScanner(perKey, defaultThresholds);
  for (let i = 0; i < time.length; i++) scanner.push(key[i] ?? 0, time[i] ?? 0);
  return scanner.spans().count;
}

function sum({ time, key }: Columns): number {
  let total = 0;
  for (let i = 0; i < time.length; i++) total += (time[i] ?? 0) + (key[i] ?? 0);
  return total;
}

function best<T>(rounds: number, work: () => T): { ms: number; result: T } {
  let result = work();
  let ms = Number.POSITIVE_INFINITY;
  for (let round = 0; round < rounds; round++) {
    const before = performance.now();
    result = work();
    ms = Math.min(ms, performance.now() - before);
  }
  return { ms, result };
}

/** What the comparison needs of DuckDB's client, which is no dependency and so has no types here. */
interface DuckDb {
  run(sql: string): Promise<unknown>;
  runAndReadAll(sql: string): Promise<{ getRows(): unknown[][] }>;
  createAppender(table: string): Promise<{ appendDataChunk(chunk: unknown): void; closeSync(): void }>;
}
interface DuckDbModule {
  DuckDBInstance: { create(path: string): Promise<{ connect(): Promise<DuckDb> }> };
  DuckDBDataChunk: { create(types: unknown[], rows: number): { setColumns(columns: unknown[][]): void } };
  BIGINT: unknown;
  INTEGER: unknown;
}

/** The same bursts by window functions; the events are in DuckDB's own table before the clock starts. */
async function duckDb({ time, key }: Columns): Promise<{ ms: number; result: number } | undefined> {
  const name: string = '@duckdb/node-api';
  let client: DuckDbModule;
  try {
    client = await import(name);
  } catch {
    return undefined;
  }
  const database = await (await client.DuckDBInstance.create(':memory:')).connect();
  await database.run('CREATE TABLE failure (time BIGINT, key INTEGER)');
  const appender = await database.createAppender('failure');
  const types = [client.BIGINT, client.INTEGER];
  for (let from = 0; from < time.length; from += 2048) {
    const to = Math.min(time.length, from + 2048);
    const chunk = client.DuckDBDataChunk.create(types, to - from);
    chunk.setColumns([Array.from(time.subarray(from, to), BigInt), Array.from(key.subarray(from, to))]);
    appender.appendDataChunk(chunk);
  }
  appender.closeSync();
  const { failures, windowSeconds } = defaultThresholds;
  const sql = `
    WITH reach AS (
      SELECT key, time AS last, lag(time, ${failures - 1}) OVER (PARTITION BY key ORDER BY time) AS first FROM failure
    ), hit AS (SELECT * FROM reach WHERE last - first <= ${windowSeconds * ticksPerSecond}),
    edge AS (SELECT coalesce(first > lag(last) OVER (PARTITION BY key ORDER BY last, first), true) AS begins FROM hit)
    SELECT count(*) FROM edge WHERE begins`;
  let ms = Number.POSITIVE_INFINITY;
  let result = 0;
  for (let round = 0; round < 2; round++) {
    const before = performance.now();
    result = Number((await database.runAndReadAll(sql)).getRows()[0]?.[0]);
    ms = Math.min(ms, performance.now() - before);
  }
  return { ms, result };
}

/** The last argument is the number of events; the name that this file was called by may come before it. */
const given = Number(process.argv.at(-1));
const events = Number.isInteger(given) && given > 0 ? given : 10_000_000;
const columns = month(events);
const floor = best(5, () => sum(columns));
const found = best(5, () => scan(columns));
console.log(`${events.toLocaleString('en-US')} failures, ${found.result.toLocaleString('en-US')} bursts`);
console.log(`bursts  ${found.ms.toFixed(0)} ms, ${((events / found.ms) * 1000).toExponential(1)} a second`);
console.log(`floor   ${floor.ms.toFixed(0)} ms to sum two columns`);
console.log(`ratio   ${(found.ms / floor.ms).toFixed(1)} (at most 40)`);
const other = await duckDb(columns);
if (!other) console.log('DuckDB  not installed');
else {
  console.log(`DuckDB  ${other.ms.toFixed(0)} ms, ${other.result.toLocaleString('en-US')} bursts`);
  console.log(`ratio   ${(found.ms / other.ms).toFixed(2)} to DuckDB`);
}
