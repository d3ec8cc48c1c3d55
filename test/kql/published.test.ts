import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { evidenceFile } from '../../src/evidence/evidence-files.ts';
import { runQuery } from '../../src/evidence/run-query.ts';
import { type Json, logAnalyticsRows } from '../../src/kql/cells.ts';
import { evaluate } from '../../src/kql/evaluate.ts';
import { type Table, tableFromRows } from '../../src/kql/table.ts';
import { columnsOf } from '../../src/kql/table-schemas.ts';
import { builtInWorld } from '../../src/simulator/scenario/built-in-world.ts';

/** Published detection queries over the simulator's incident, and over the same rows exported to files. */

const folder = resolve(process.env.CORDON_SHARED ?? resolve(import.meta.dirname, '../../../shared'), 'kql/published');
const files = existsSync(folder) ? readdirSync(folder).filter((f) => f.endsWith('.kql')) : [];
const names = ['SecurityEvent', 'Syslog', 'SecurityAlert'];

describe('published queries over the incident', async () => {
  if (files.length === 0) {
    console.warn(`no published queries in ${folder}: not tested`);
    it.skip('run', () => {});
    return;
  }
  const world = builtInWorld();
  const now = new Date(world.now);
  const rowsOf = (name: string) => world.tables[name] ?? [];
  const tables: Table[] = names.map((name) => tableFromRows(name, rowsOf(name), columnsOf(name)));
  const text = (file: string): string => readFileSync(join(folder, file), 'utf8');
  const exported = await mkdtemp(join(tmpdir(), 'cordon-published-'));
  afterAll(() => rm(exported, { recursive: true, force: true }));
  const paths = names.map((name) => join(exported, `${name}.jsonl`));
  for (const [i, name] of names.entries()) {
    const lines = rowsOf(name).map((row) => JSON.stringify(row));
    // A table without rows is still a table: its export is an object without values.
    await writeFile(paths[i] ?? '', lines.length > 0 ? lines.join('\n') : '');
  }

  it.each(files)('%s gives the same over exported files', async (file) => {
    const direct = evaluate(text(file), tables, { now });
    const { columns, rows, total } = await runQuery(
      { query: text(file), files: paths.map(evidenceFile), now: now.getTime(), limit: 100_000 },
      () => {},
    );
    expect(columns).toEqual(direct.columns);
    expect(total).toBe(direct.length);
    const sorted = (all: Json[][]): string[] => all.map((r) => JSON.stringify(r)).sort();
    expect(sorted(rows)).toEqual(sorted(logAnalyticsRows(direct)));
  });

  const rows = (file: string): Record<string, Json>[] => {
    const result = evaluate(text(file), tables, { now });
    return logAnalyticsRows(result).map((r) =>
      Object.fromEntries(result.columns.map((c, i) => [c.name, r[i] ?? null])),
    );
  };
  const lastDay = (row: Record<string, unknown>): boolean => {
    const at = new Date(String(row.TimeGenerated)).getTime();
    return at >= now.getTime() - 86_400_000 && at <= now.getTime();
  };

  it('counts the logons of the last day by type, as a loop does', () => {
    const counts = new Map<string, number>();
    for (const row of rowsOf('SecurityEvent')) {
      if (!lastDay(row) || row.AccountType !== 'User' || ![4624, 4625].includes(Number(row.EventID))) continue;
      const type = String(row.LogonTypeName ?? '');
      counts.set(type, (counts.get(type) ?? 0) + 1);
    }
    expect(counts.size).toBeGreaterThan(0);
    const found = rows('12_UserLogonsByLogonType.kql').map((r) => [r.LogonTypeName, r.Amount]);
    expect(Object.fromEntries(found)).toEqual(Object.fromEntries(counts));
  });

  it('finds the account whose failures ended in a success', () => {
    const found = rows('03_MultipleFailedFollowedBySuccess.kql');
    expect(found.map((r) => String(r.Account).toLowerCase())).toContain('web01\\svc-backup');
  });

  it('finds the address that guesses at ssh', () => {
    const guessed = new Map<string, number>();
    for (const row of rowsOf('Syslog')) {
      const m = /Failed password for invalid user .* from (\S+) port \d+ ssh2/.exec(String(row.SyslogMessage));
      if (m?.[1] && lastDay(row)) guessed.set(m[1], (guessed.get(m[1]) ?? 0) + 1);
    }
    for (const r of rows('13_ssh_potentialBruteForce.kql')) {
      expect(Number(guessed.get(String(r.ip).trim()))).toBeGreaterThanOrEqual(Number(r.count_));
    }
  });
});
