import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EvidenceError } from '../../src/evidence/evidence-error.ts';
import { evidenceFile } from '../../src/evidence/evidence-files.ts';
import { QueryThread } from '../../src/evidence/query-thread.ts';
import type { QueryRequest } from '../../src/evidence/run-query.ts';
import { KqlError } from '../../src/kql/kqlerror.ts';

let folder = '';
let path = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cordon-query-'));
  path = join(folder, 'T.csv');
  await writeFile(path, 'n,s\n1,a\n2,b\n');
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const request = (query: string, limit = 1000): QueryRequest => ({
  query,
  files: [evidenceFile(path)],
  now: Date.parse('2026-11-23T12:00:00Z'),
  limit,
});

async function failureOf(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => expect.fail('no error'),
    (error: unknown) => error,
  );
}

describe('the query thread', () => {
  it('answers, says where a query is wrong, and goes on', async () => {
    const thread = new QueryThread();
    try {
      const first = thread.query(request('T | where n > 1 | project s, At = now()'));
      const second = thread.query(request('T | summarize sum(n)', 0));
      expect(await first).toMatchObject({ rows: [['b', '2026-11-23T12:00:00Z']], total: 1 });
      expect(await second).toMatchObject({ rows: [], total: 1, columns: [{ name: 'sum_n', type: 'long' }] });

      const wrong = await failureOf(thread.query(request('T\n| extend r = hash_many(s, s)')));
      expect(wrong).toBeInstanceOf(KqlError);
      expect(wrong).toMatchObject({ kind: 'unsupported', line: 2, column: 14, token: 'hash_many' });

      const absent = { ...request('T | count'), files: [evidenceFile(join(folder, 'absent.csv'))] };
      const missing = await failureOf(thread.query(absent));
      expect(missing).toBeInstanceOf(EvidenceError);
      expect(missing).toMatchObject({ message: `${join(folder, 'absent.csv')}: there is no such file` });

      expect(await thread.query(request('T | count'))).toMatchObject({ rows: [[2]] });
    } finally {
      thread.close();
    }
  });

  it('ends a query that is aborted, and answers the next one', async () => {
    const thread = new QueryThread();
    try {
      await thread.query(request('T | count'));
      const controller = new AbortController();
      const endless =
        'range a from 1 to 3000 step 1 | extend k = 1 | join kind=inner (range b from 1 to 1600 step 1 | extend k = 1) on k | summarize count() by strcat(a, b)';
      const asked = failureOf(thread.query(request(endless), { signal: controller.signal }));
      controller.abort(new Error('left'));
      expect(await asked).toMatchObject({ message: 'left' });
      expect(await failureOf(thread.query(request('T'), { signal: controller.signal }))).toMatchObject({
        message: 'left',
      });
      expect(await thread.query(request('T | count'))).toMatchObject({ rows: [[2]] });
    } finally {
      thread.close();
    }
  });
});
