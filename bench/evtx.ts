/**
 * A Security log of a gibibyte, to bursts: against reading the same file, and 16 MiB of it against libevtx's evtxexport
 * where that is installed. Each is measured without and with the SHA-256 that `cordon evtx` makes beside it: that alone takes
 * several times as long as the reading. The log is made of real chunks (of `CORDON_SHARED`, or ../shared beside the
 * project) with new record ids, times and checksums. Run: npm run bench -- evtx [MiB]
 */

import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { crc32 } from 'node:zlib';
import type { Logons } from '../src/documents/triage.ts';
import { ChunkNames } from '../src/eventlog/binxml.ts';
import { readChunkHeader } from '../src/eventlog/chunk-header.ts';
import { ChunkReader } from '../src/eventlog/chunk-reader.ts';
import { chunkSize, chunkViewAt } from '../src/eventlog/chunk-view.ts';
import { EventLogFile } from '../src/eventlog/event-log-file.ts';
import { LogonCollector } from '../src/eventlog/logon-collector.ts';
import { readEventLogs } from '../src/eventlog/read-logs.ts';
import { recordHead, recordTail } from '../src/eventlog/record.ts';
import { TemplateCache } from '../src/eventlog/template-cache.ts';
import { DecodedChunk, TemplateInstance } from '../src/eventlog/template-instance.ts';
import { defaultThresholds } from '../src/triage/logons/bursts.ts';
import { ComputerNames } from '../src/triage/logons/computer-names.ts';
import { assembleLogons } from '../src/triage/logons/logons.ts';
import { isoOf } from '../src/triage/logons/ticks.ts';

const shared = process.env.CORDON_SHARED ?? resolve(import.meta.dirname, '../../shared');
const mebibytes = Number(process.argv[3] ?? 1024);

/** A chunk, and the places of a record's id and times in it. */
interface Model {
  bytes: Buffer;
  records: { at: number; id: number; time: number }[];
}

function modelOf(bytes: Buffer): Model | null {
  const chunk = chunkViewAt(new Uint8Array(bytes).buffer, 0);
  const header = readChunkHeader(chunk, chunkSize);
  if (!header.verified) return null;
  const records: Model['records'] = [];
  let whole = true;
  const decoded = new DecodedChunk(chunk, new ChunkNames(chunk, header.end), header.end, new TemplateCache());
  const instance = new TemplateInstance();
  const reader = new ChunkReader({
    record({ offset: at }) {
      const { view } = chunk;
      if (chunk.bytes[at + recordHead + 4] !== 0x0c) {
        whole = false;
        return;
      }
      instance.read(decoded, at + recordHead + 4, at + view.getUint32(at + 4, true) - recordTail);
      const plan = instance.template?.system;
      if (!plan || plan.recordId.index < 0 || plan.time.index < 0) whole = false;
      else records.push({ at, id: instance.offset(plan.recordId.index), time: instance.offset(plan.time.index) });
    },
    damage() {
      whole = false;
    },
  });
  reader.read(chunk, header, chunkSize, 0);
  return whole && records.length > 0 ? { bytes: chunk.bytes, records } : null;
}

function models(): Model[] {
  const folder = join(shared, 'evtx');
  const found: Model[] = [];
  for (const name of readdirSync(folder).filter((one) => /\.evtx$/.test(one) && /Security|4625|4624/.test(one))) {
    const file = readFileSync(join(folder, name));
    for (let at = 4096; at + chunkSize <= file.length; at += chunkSize) {
      const model = modelOf(file.subarray(at, at + chunkSize));
      if (model) found.push(model);
    }
  }
  return found;
}

/** Writes a valid log of `count` chunks whose records are numbered from `first`; returns the number after its last. */
function write(path: string, count: number, from: readonly Model[], first = 1): number {
  const file = openSync(path, 'w');
  let id = BigInt(first);
  let clock = 134_000_000_000_000_000n + id * 500_000n;
  writeSync(file, Buffer.alloc(4096), 0, 4096, 0);
  for (let i = 0; i < count; i++) {
    const model = from[i % from.length];
    if (!model) throw new Error('no chunk to make a log of');
    const bytes = Buffer.from(model.bytes);
    const firstId = id;
    for (const record of model.records) {
      // Twenty records a second: a day's log of a machine that is guessed at.
      const time = clock;
      clock += 500_000n;
      bytes.writeBigUInt64LE(id, record.at + 8);
      bytes.writeBigUInt64LE(id, record.id);
      bytes.writeBigUInt64LE(time, record.at + 16);
      bytes.writeBigUInt64LE(time, record.time);
      id += 1n;
    }
    for (const [at, value] of [
      [0x08, firstId],
      [0x10, id - 1n],
      [0x18, firstId],
      [0x20, id - 1n],
    ] as const)
      bytes.writeBigUInt64LE(value, at);
    bytes.writeUInt32LE(crc32(bytes.subarray(0x200, bytes.readUInt32LE(0x30))), 0x34);
    bytes.writeUInt32LE(crc32(bytes.subarray(0x80, 0x200), crc32(bytes.subarray(0, 0x78))), 0x7c);
    writeSync(file, bytes, 0, chunkSize, 4096 + i * chunkSize);
  }
  const head = Buffer.alloc(4096);
  head.write('ElfFile\0', 'latin1');
  head.writeBigUInt64LE(BigInt(count - 1), 16);
  head.writeBigUInt64LE(id, 24);
  head.writeUInt32LE(128, 32);
  head.writeUInt16LE(1, 36);
  head.writeUInt16LE(3, 38);
  head.writeUInt16LE(4096, 40);
  head.writeUInt16LE(Math.min(count, 65_535), 42);
  head.writeUInt32LE(crc32(head.subarray(0, 0x78)), 0x7c);
  writeSync(file, head, 0, 4096, 0);
  closeSync(file);
  return Number(id);
}

/** Milliseconds by the clock, and of the processor in all threads: the latter is meaningful on a busy machine too. */
interface Cost {
  ms: number;
  processor: number;
}

function stopwatch(): () => Cost {
  const from = performance.now();
  const used = process.cpuUsage();
  return () => {
    const { user, system } = process.cpuUsage(used);
    return { ms: performance.now() - from, processor: (user + system) / 1000 };
  };
}

const buffer = Buffer.alloc(1 << 20);

/** Reads a file from its beginning to its end, and gives what was read to `take`. */
function readThrough(path: string, take?: (bytes: Buffer) => void): void {
  const file = openSync(path, 'r');
  for (let position = 0; ; ) {
    const read = readSync(file, buffer, 0, buffer.length, position);
    if (read === 0) break;
    take?.(buffer.subarray(0, read));
    position += read;
  }
  closeSync(file);
}

async function readAlone(path: string): Promise<void> {
  readThrough(path);
}

async function digestAlone(path: string): Promise<void> {
  const hash = createHash('sha256');
  readThrough(path, (bytes) => hash.update(bytes));
  hash.digest('hex');
}

/** From the file to bursts as `readEventLogs` goes, but without a digest. */
async function burstsAlone(path: string): Promise<Logons> {
  const file = await EventLogFile.open(path);
  const collector = new LogonCollector();
  const reader = new ChunkReader({
    record: (record) => {
      collector.take(record);
    },
    damage({ because }) {
      throw new Error(because);
    },
  });
  for await (const { chunk, offset, available } of file.chunks())
    reader.read(chunk, readChunkHeader(chunk, available), available, offset);
  await file.close();
  collector.finish(defaultThresholds, new ComputerNames([]));
  const { successes, later } = collector.evidence(false);
  return assembleLogons({
    failures: collector.failures,
    successes: { collected: true, complete: true, because: '', cure: '', rows: successes },
    later,
    lastEventAt: isoOf(collector.span.ends?.last ?? 0),
    thresholds: defaultThresholds,
  }).logons;
}

/** The same with the digest: what `cordon evtx` does. */
async function burstsAndDigest(path: string): Promise<Logons> {
  const { logons } = await readEventLogs([path], { now: new Date() });
  if (logons.state === 'unknown') throw new Error(logons.because);
  return logons.value;
}

async function costOf(work: (path: string) => Promise<unknown>, path: string): Promise<Cost> {
  const before = stopwatch();
  await work(path);
  return before();
}

/** The most memory that `cordon evtx` takes for a file: of the built program, in a process of its own. */
function peakOfProgram(path: string): string {
  const program = resolve(import.meta.dirname, '../dist/cordon.js');
  if (!existsSync(program)) return 'peak resident not measured: npm run build first';
  const tell = 'data:text/javascript,process.on("exit",()=>console.error("peak",process.resourceUsage().maxRSS))';
  const run = spawnSync(process.execPath, ['--import', tell, program, 'evtx', path], { encoding: 'utf8' });
  const kibibytes = Number(/peak (\d+)/.exec(run.stderr)?.[1]);
  return `peak resident ${(kibibytes / 1024).toFixed(0)} MB`;
}

const best = (costs: Cost[]): Cost => ({
  ms: Math.min(...costs.map(({ ms }) => ms)),
  processor: Math.min(...costs.map(({ processor }) => processor)),
});
/** The best of some rounds of each, one after the other in each round. */
async function measured<K extends string>(
  works: Record<K, (path: string) => Promise<unknown>>,
  path: string,
  rounds: number,
): Promise<Record<K, Cost>> {
  const names = Object.keys(works) as K[];
  const costs = new Map<K, Cost[]>(names.map((name) => [name, []]));
  for (let round = 0; round < rounds; round++)
    for (const name of names) costs.get(name)?.push(await costOf(works[name], path));
  return Object.fromEntries(names.map((name) => [name, best(costs.get(name) ?? [])])) as Record<K, Cost>;
}

const shown = ({ ms, processor }: Cost): string =>
  `${ms.toFixed(ms < 100 ? 1 : 0)} ms, ${processor.toFixed(0)} ms of the processor`;
const works = {
  reading: readAlone,
  digest: digestAlone,
  bursts: burstsAlone,
  'bursts with digest': burstsAndDigest,
};
const folder = mkdtempSync(join(tmpdir(), 'cordon-bench-'));
try {
  const from = models();
  if (from.length === 0) throw new Error(`no event logs in ${join(shared, 'evtx')} to make a log of`);
  const big = join(folder, 'Security.evtx');
  const records = write(big, mebibytes * 16, from) - 1;
  console.log(`${mebibytes} MiB, ${records.toLocaleString('en-US')} records, made of ${from.length} real chunks`);
  const [alone, whole] = [await burstsAlone(big), await burstsAndDigest(big)];
  console.log(`${whole.failures.toLocaleString('en-US')} failures in ${whole.bursts.length} bursts`);
  if (alone.failures !== whole.failures || alone.bursts.length !== whole.bursts.length)
    throw new Error('with and without a digest the bursts are not the same');
  const costs = await measured(works, big, 6);
  for (const [name, cost] of Object.entries(costs)) {
    const ratio = name === 'reading' ? '' : `; ${(cost.ms / costs.reading.ms).toFixed(1)} times the reading`;
    console.log(`${name}: ${shown(cost)}${ratio}`);
  }
  console.log(peakOfProgram(big));

  // As many events in four logs: one after the other, and at once.
  const parts = [1, 2, 3, 4].map((part) => join(folder, `Archive-${part}.evtx`));
  let first = 1;
  for (const part of parts) first = write(part, mebibytes * 4, from, first);
  // The least that it takes, however many processors there are: what one thread does for all logs.
  const main: number[] = [];
  const logs = (threads: number) => async () => {
    const before = process.threadCpuUsage();
    await readEventLogs(parts, { now: new Date(), threads });
    const { user, system } = process.threadCpuUsage(before);
    if (threads > 1) main.push((user + system) / 1000);
  };
  const several = await measured({ 'one after the other': logs(1), 'at once': logs(4) }, '', 3);
  for (const [name, cost] of Object.entries(several))
    console.log(`four logs of ${mebibytes / 4} MiB ${name}, on ${availableParallelism()} processors: ${shown(cost)}`);

  console.log(`  of it ${Math.min(...main).toFixed(0)} ms on the thread that takes the records of all`);

  const small = join(folder, 'Small.evtx');
  write(small, 16 * 16, from);
  const exported = async (path: string): Promise<void> => {
    const { error } = spawnSync('evtxexport', [path], { stdio: ['ignore', 'ignore', 'ignore'] });
    if (error) throw error;
  };
  const have = spawnSync('evtxexport', ['-V']).error === undefined;
  // Now one, now the others: the machine is not equally fast all the time.
  const mine: Cost[][] = [[], []];
  const theirs: Cost[] = [];
  for (let turn = 0; turn < 3; turn++) {
    const costs = await measured({ bursts: burstsAlone, digested: burstsAndDigest }, small, 15);
    mine[0]?.push(costs.bursts);
    mine[1]?.push(costs.digested);
    if (have) theirs.push(await costOf(exported, small));
  }
  const [bursts, digested] = [best(mine[0] ?? []), best(mine[1] ?? [])];
  const elapsed = have ? best(theirs).ms : Number.NaN;
  const against = ({ ms }: Cost): string =>
    `${ms.toFixed(1)} ms${have ? `, 1/${(elapsed / ms).toFixed(0)} of evtxexport` : ''}`;
  console.log(`16 MiB: bursts ${against(bursts)}; with digest ${against(digested)}`);
  console.log(have ? `evtxexport: ${elapsed.toFixed(0)} ms` : 'evtxexport is not installed (Debian: libevtx-utils)');
} finally {
  rmSync(folder, { recursive: true, force: true });
}
