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
import { median } from './parts/figures.ts';

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
/** How often the whole file is hashed and verified, in turns. */
const rounds = 7;

try {
  const operator = { upn: 'anna', oid: '' };
  const header = { toolVersion: '0', tenantId: '', subscriptionId: '', operator, demo: true, cloud: 'public' };
  const file = await openCaseStore(root).create({
    vmName: 'web01',
    header: { ...header, vm: { id: '/x', name: 'web01' } },
  });
  const bare = await open(join(root, 'bare.jsonl'), 'wx');
  const ours: number[] = [];
  const theirs: number[] = [];
  for (let from = 0; from < flushed; from += turn) {
    const before = (await readFile(file.file)).length;
    ours.push(
      await timed(async () => {
        for (let at = from; at < from + turn; at += 1) await file.transcript.append('outcome', 'anna', outcome(at));
      }),
    );
    const written = (await readFile(file.file)).subarray(before).toString('utf8').trimEnd().split('\n');
    theirs.push(
      await timed(async () => {
        for (const line of written) {
          await bare.write(`${line}\n`);
          await bare.sync();
        }
      }),
    );
  }
  await bare.close();
  const each = (ms: number[]) => `${((median(ms) * 1000) / turn).toFixed(0)} µs`;
  // What else the machine does then falls on one turn or another, and is not in the median.
  const slower = median(ours.map((ms, at) => ms / (theirs[at] ?? ms)));
  console.log(
    `append and flush    ${flushed} entries: ${each(ours)} each; write and fsync alone ${each(theirs)}; ratio ${slower.toFixed(2)}`,
  );

  for (let at = flushed; at < entries; at += 1)
    file.transcript.record('note', 'anna', { text: 'noted', ...outcome(at) });
  await file.transcript.flush();
  await file.release();
  const bytes = await readFile(file.file);
  const hashed: number[] = [];
  const verified: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    hashed.push(
      await timed(async () =>
        createHash('sha256')
          .update(await readFile(file.file))
          .digest(),
      ),
    );
    verified.push(await timed(() => verifyTranscript(file.file)));
  }
  const slowerToVerify = median(verified.map((ms, at) => ms / (hashed[at] ?? ms)));
  console.log(
    `verify  ${entries} entries, ${(bytes.length / 1e6).toFixed(1)} MB: ${median(verified).toFixed(0)} ms; SHA-256 of the same bytes ${median(hashed).toFixed(0)} ms; ratio ${slowerToVerify.toFixed(1)}`,
  );
} finally {
  await rm(root, { recursive: true });
}
