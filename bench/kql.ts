/**
 * KQL over rows in memory: a summarize by bin and a join, each against a loop written by hand over the same columns.
 * `npm run bench -- kql [rows]`.
 */
import { evaluate } from '../src/kql/evaluate.ts';
import type { Table } from '../src/kql/table.ts';
import { columnsOf } from '../src/kql/table-schemas.ts';
import { datetimeFromMilliseconds, TICKS_PER_MINUTE } from '../src/kql/times.ts';
import type { Value } from '../src/kql/values.ts';

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
  const data = columns.map(({ name, type }): Value[] => {
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
        return new Array<Value>(rows).fill(type === 'string' ? '' : null);
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

const given = Number(process.argv.at(-1));
const rows = Number.isInteger(given) && given > 0 ? given : 140_000;
const table = failures(rows);
const [time, address, user, id] = ['TimeGenerated', 'IpAddress', 'TargetUserName', 'EventID'].map((name) =>
  columnOf(table, name),
);

function compare(what: string, query: string, byHand: () => number): void {
  const evaluated = best(() => evaluate(query, [table], { now }).length);
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
