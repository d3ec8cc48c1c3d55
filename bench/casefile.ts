/**
 * The case file: what the chain costs over writing and flushing the same lines, and what verifying costs over hashing the
 * same bytes. `npm run bench -- casefile [entries] [flushed]`.
 */
import { createHash } from 'node:crypto';
import { mkdtemp, open, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openCaseStore } from '../src/casefile/case-store.ts';
import { verifyTranscript } from '../src/casefile/verify.ts';

const entries = Number(process.argv[3] ?? 100_000);
const flushed = Number(process.argv[4] ?? 2_000);
const root = await mkdtemp(join(tmpdir(), 'cordon-bench-'));
const outcome = (at: number) => ({
  intent: `8f14e45f-ceea-467f-a8f1-${String(at).padStart(12, '0')}`,
  status: 200,
  ok: true,
  result: 'Succeeded',
  requestId: '2f9c1c9e-6a55-4b8e-9a44-0f6a3a2d1c7b',
  correlationId: '9c1c9e2f-556a-8e4b-449a-6a0f2d3a7b1c',
  durationSeconds: 0.123,
});

async function timed(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}

/** How many entries are written before the other side has its turn: what else the disk does then falls on both. */
const turn = 50;

try {
  const operator = { upn: 'anna', oid: '' };
  const header = { toolVersion: '0', tenantId: '', subscriptionId: '', operator, demo: true, cloud: 'public' };
  const file = await openCaseStore(root).create({
    vmName: 'web01',
    header: { ...header, vm: { id: '/x', name: 'web01' } },
  });
  const bare = await open(join(root, 'bare.jsonl'), 'wx');
  let ours = 0;
  let theirs = 0;
  for (let from = 0; from < flushed; from += turn) {
    const before = (await readFile(file.file)).length;
    ours += await timed(async () => {
      for (let at = from; at < from + turn; at += 1) await file.transcript.append('outcome', 'anna', outcome(at));
    });
    const written = (await readFile(file.file)).subarray(before).toString('utf8').trimEnd().split('\n');
    theirs += await timed(async () => {
      for (const line of written) {
        await bare.write(`${line}\n`);
        await bare.sync();
      }
    });
  }
  await bare.close();
  const each = (ms: number) => `${((ms * 1000) / flushed).toFixed(0)} µs`;
  console.log(
    `append and flush    ${flushed} entries: ${each(ours)} each; write and fsync alone ${each(theirs)}; ratio ${(ours / theirs).toFixed(2)}`,
  );

  for (let at = flushed; at < entries; at += 1)
    file.transcript.record('note', 'anna', { text: 'noted', ...outcome(at) });
  await file.transcript.flush();
  await file.release();
  const bytes = await readFile(file.file);
  const hashed = await timed(async () =>
    createHash('sha256')
      .update(await readFile(file.file))
      .digest(),
  );
  const verified = await timed(() => verifyTranscript(file.file));
  console.log(
    `verify  ${entries} entries, ${(bytes.length / 1e6).toFixed(1)} MB: ${verified.toFixed(0)} ms; SHA-256 of the same bytes ${hashed.toFixed(0)} ms; ratio ${(verified / hashed).toFixed(1)}`,
  );
} finally {
  await rm(root, { recursive: true });
}
