/**
 * KQL over rows in memory: a summarize by bin and a join, each against a loop written by hand over the same columns.
 * Then `cordon kql` over a CSV file against DuckDB over the same file, each as a program from its start to its end; the
 * answers must be the same. `npm run bench -- kql [rows [rounds]]`: 1,000,000 rows of 180 bytes by default, 10,000,000 take
 * 2 GB of disk; needs a build.
 */
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { evaluateFrame } from '../src/kql/evaluate.ts';
import type { Table } from '../src/kql/table.ts';
import { columnsOf } from '../src/kql/table-schemas.ts';
import { datetimeFromMilliseconds, TICKS_PER_MINUTE } from '../src/kql/times.ts';
import type { Value } from '../src/kql/values.ts';
import { program } from './parts/bundled.ts';
import { duckdbFolder } from './parts/duckdb.ts';
import { median } from './parts/figures.ts';
import { writeLogonFiles } from './parts/logon-files.ts';
import { type Timed, timedProgram } from './parts/timed-program.ts';

const now = new Date('2026-11-23T12:00:00Z');

/** Failed logons of a day from 600 addresses, in a table of all the columns that SecurityEvent has. */
function failures(rows: number): Table {
  let state = 4625;
  const random = (below: number): number => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return (state >>> 8) % below;
  };
  const columns = Object.entries(columnsOf('SecurityEvent')).map(([name, type]) => ({ name, type }));
  const from = now.getTime() - 86_400_000;
  // A column without values has no cells of its own, as where a file lacks it.
  const empty: Value[] = [];
  const data = columns.map(({ name }): Value[] => {
    switch (name) {
      case 'TimeGenerated':
        return Array.from({ length: rows }, (_, i) =>
          datetimeFromMilliseconds(from + Math.floor((i * 86_400_000) / rows)),
        );
      case 'IpAddress':
        return Array.from({ length: rows }, () => `203.0.${random(3)}.${random(200)}`);
      case 'TargetUserName':
        return Array.from({ length: rows }, () => `user${random(5000)}`);
      case 'EventID':
        return Array.from({ length: rows }, () => (random(50) === 0 ? 4624 : 4625));
      default:
        return empty;
    }
  });
  return { name: 'SecurityEvent', columns, data, length: rows };
}

const columnOf = (table: Table, name: string): readonly Value[] =>
  table.data[table.columns.findIndex((c) => c.name === name)] ?? [];

function best<T>(work: () => T): { ms: number; result: T } {
  let result = work();
  let ms = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 7; round++) {
    const before = performance.now();
    result = work();
    ms = Math.min(ms, performance.now() - before);
  }
  return { ms, result };
}

const [lines = 1_000_000, rounds = 3] = process.argv.slice(3).map(Number);
if (!(Number.isInteger(lines) && lines > 0 && Number.isInteger(rounds) && rounds > 0))
  throw new Error('npm run bench -- kql [rows [rounds]]');
const rows = 140_000;
const table = failures(rows);
const [time, address, user, id] = ['TimeGenerated', 'IpAddress', 'TargetUserName', 'EventID'].map((name) =>
  columnOf(table, name),
);

function compare(what: string, query: string, byHand: () => number): void {
  const evaluated = best(() => evaluateFrame(query, [table], { now }).length);
  const loop = best(byHand);
  if (evaluated.result !== loop.result) throw new Error(`${what}: ${evaluated.result} rows, by hand ${loop.result}`);
  console.log(
    `${what.padEnd(10)} ${evaluated.ms.toFixed(0).padStart(5)} ms   by hand ${loop.ms.toFixed(0).padStart(4)} ms   ratio ${(evaluated.ms / loop.ms).toFixed(1)}   ${loop.result.toLocaleString('en-US')} rows`,
  );
}

console.log(`${rows.toLocaleString('en-US')} rows of ${table.columns.length} columns`);
compare('summarize', 'SecurityEvent | summarize count() by bin(TimeGenerated, 5m), IpAddress', () => {
  const counts = new Map<string, number>();
  for (let i = 0; i < rows; i++) {
    const at = Number(time?.[i]);
    const key = `${Math.floor(at / (5 * TICKS_PER_MINUTE))}\u0000${String(address?.[i])}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return counts.size;
});
compare(
  'join',
  `SecurityEvent | where EventID == 4625
   | join kind=inner (SecurityEvent | where EventID == 4624 | project TargetUserName, Succeeded = TimeGenerated) on TargetUserName
   | where Succeeded > TimeGenerated`,
  () => {
    const successes = new Map<Value, Value[]>();
    for (let i = 0; i < rows; i++) {
      if (id?.[i] !== 4624) continue;
      const name = user?.[i] ?? '';
      const known = successes.get(name);
      if (known) known.push(time?.[i] ?? null);
      else successes.set(name, [time?.[i] ?? null]);
    }
    let matched = 0;
    for (let i = 0; i < rows; i++) {
      if (id?.[i] !== 4625) continue;
      for (const at of successes.get(user?.[i] ?? '') ?? []) if (Number(at) > Number(time?.[i])) matched += 1;
    }
    return matched;
  },
);
compare('where', 'SecurityEvent | where IpAddress has "203.0.1" and EventID != 4624 | distinct IpAddress', () => {
  const found = new Set<string>();
  for (let i = 0; i < rows; i++) {
    const text = String(address?.[i]);
    if (id?.[i] !== 4624 && /(^|[^0-9a-z])203\.0\.1($|[^0-9a-z])/i.test(text)) found.add(text);
  }
  return found.size;
});

// ---- files, against DuckDB ----------------------------------------------------------------------------------------

interface Question {
  what: string;
  kql: string;
  sql(logons: string, accounts: string): string;
}

const questions: readonly Question[] = [
  {
    what: 'filter',
    kql: 'Logons | where EventID == 4624 and Computer == "web7.contoso.example" and Bytes > 990000 | project Account, Bytes',
    sql: (l) =>
      `select Account, Bytes from ${l} where EventID = 4624 and Computer = 'web7.contoso.example' and Bytes > 990000`,
  },
  {
    what: 'group by two',
    kql: 'Logons | summarize n = count(), most = max(Bytes) by Computer, IpAddress | where n > 0',
    sql: (l) => `select Computer, IpAddress, count(*), max(Bytes) from ${l} group by all`,
  },
  {
    what: 'top',
    kql: 'Logons | top 10 by Bytes desc | project Bytes',
    sql: (l) => `select Bytes from ${l} order by Bytes desc limit 10`,
  },
  {
    what: 'join with 10 k',
    kql: 'Logons | join kind=inner Accounts on Account | summarize n = count() by Risk',
    sql: (l, a) => `select Risk, count(*) from ${l} join ${a} using (Account) group by all`,
  },
  {
    what: 'regular expression',
    kql: 'Logons | where Process matches regex @"svc[0-4]7\\.exe$" | summarize n = count() by Process',
    sql: (l) => `select Process, count(*) from ${l} where regexp_matches(Process, 'svc[0-4]7\\.exe$') group by all`,
  },
  {
    what: 'JSON column',
    kql: 'Logons | extend agent = tostring(parse_json(Extra).agent) | summarize n = count() by agent',
    sql: (l) => `select Extra->>'agent' as agent, count(*) from ${l} group by all`,
  },
];

async function againstDuckdb(lines: number): Promise<void> {
  const duckdb = duckdbFolder();
  if (duckdb === undefined) {
    console.error('SKIPPED: DuckDB cannot be installed here, and there is nothing to compare with');
    return;
  }
  const folder = mkdtempSync(join(tmpdir(), 'cordon-bench-kql-'));
  try {
    const files = await writeLogonFiles(folder, lines);
    const megabytes = statSync(files.logons).size / 1e6;
    console.log(
      `\n${lines.toLocaleString('en-US')} rows of CSV, ${megabytes.toFixed(0)} MB, each on ${availableParallelism()} processors`,
    );
    for (const { what, kql, sql } of questions) {
      const runs = await alternately(
        [program, 'kql', kql, '--csv', '--evidence', `Logons=${files.logons}`, `Accounts=${files.accounts}`],
        [
          join(import.meta.dirname, 'parts/duckdb-query.mjs'),
          duckdb,
          sql(`read_csv('${files.logons}')`, `read_csv('${files.accounts}')`),
          String(availableParallelism()),
        ],
      );
      const [own, other] = runs.map((all) => median(all.map(({ ms }) => ms)));
      const [ownMemory, otherMemory] = runs.map((all) => Math.max(...all.map((one) => one.megabytes)));
      sameAnswer(what, runs[0]?.[0]?.stdout ?? '', runs[1]?.[0]?.stdout ?? '');
      const processor = runs.map((all) => median(all.map((one) => one.processor)));
      console.log(
        `${what.padEnd(18)} ${Number(own).toFixed(0).padStart(6)} ms ${Number(ownMemory).toFixed(0).padStart(5)} MB   DuckDB ${Number(other).toFixed(0).padStart(5)} ms ${Number(otherMemory).toFixed(0).padStart(5)} MB   ratio ${(Number(own) / Number(other)).toFixed(1)}, of processor time ${(Number(processor[0]) / Number(processor[1])).toFixed(1)}`,
      );
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Both programs, turn by turn, so that what else the machine does falls on both. */
async function alternately(...programs: readonly (readonly string[])[]): Promise<Timed[][]> {
  const runs = programs.map((): Timed[] => []);
  for (let round = 0; round < rounds; round++)
    for (const [i, args] of programs.entries()) runs[i]?.push(await timedProgram(args));
  return runs;
}

function sameAnswer(what: string, csv: string, json: string): void {
  const own = csv
    .split('\r\n')
    .slice(1)
    .filter((line) => line !== '')
    .sort();
  if (JSON.stringify(own) !== json)
    throw new Error(`${what}: the answers differ: ${own.slice(0, 3).join(' | ')}, DuckDB ${json.slice(0, 200)}`);
}

await againstDuckdb(lines);
