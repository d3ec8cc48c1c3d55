import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { EvidenceFile } from '../../src/evidence/evidence-files.ts';
import { evidenceParts } from '../../src/evidence/evidence-parts.ts';
import { rowsOfPart } from '../../src/evidence/part-rows.ts';
import { utmpRecord } from '../eventlog/utmp-writer.ts';

const folder = mkdtempSync(join(tmpdir(), 'cordon-part-rows-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const many = 9000;
const written = (name: string, content: string | Buffer): string => {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
};
const numbers = Array.from({ length: many }, (_, i) => i);

describe('the rows of a file that is read into memory', () => {
  it.each<[string, () => EvidenceFile]>([
    [
      'wtmp',
      () => ({
        path: written('wtmp', Buffer.concat(numbers.map((i) => utmpRecord({ type: 7, user: 'ana', at: 1.79e9 + i })))),
        format: 'wtmp',
        table: 'UtmpRecords',
      }),
    ],
    [
      'syslog',
      () => ({
        path: written('syslog', numbers.map((i) => `2026-11-23T02:00:00Z web01 cron[${i}]: job\n`).join('')),
        format: 'syslog',
        table: 'Syslog',
      }),
    ],
    [
      'JSON',
      () => {
        const answer = { tables: [{ name: 'T', columns: [{ name: 'n' }], rows: numbers.map((n) => [n]) }] };
        return { path: written('T.json', JSON.stringify(answer)), format: 'json', table: 'T' };
      },
    ],
  ])('come in pieces, of %s too', async (_name, file) => {
    const given = file();
    const { parts } = await evidenceParts({ query: given.table ?? '', files: [given] }, () => {});
    const [part] = parts;
    if (!part) throw new Error('no part');
    const lengths: number[] = [];
    const rows = rowsOfPart(part, () => {});
    let next = await rows.next();
    for (; !next.done; next = await rows.next()) lengths.push(next.value.length);
    expect(lengths).toEqual([4096, 4096, many - 2 * 4096]);
    expect(next.value.rows).toBe(many);
  });
});
