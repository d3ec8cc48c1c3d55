/**
 * A Security log of a gibibyte, to bursts: against reading the same file, and 16 MiB of it against libevtx's evtxexport
 * where that is installed. The log is made of real chunks (of `CORDON_SHARED`, or ../shared beside the project) with new
 * record ids, times and checksums. Run: npm run bench -- evtx [MiB]
 */
import { spawnSync } from 'node:child_process';
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
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { crc32 } from 'node:zlib';
import { ChunkNames } from '../src/eventlog/binxml.ts';
import { readChunkHeader } from '../src/eventlog/chunk-header.ts';
import { ChunkReader } from '../src/eventlog/chunk-reader.ts';
import { chunkSize, chunkViewAt } from '../src/eventlog/chunk-view.ts';
import { readEventLogs } from '../src/eventlog/read-logs.ts';
import { recordHead, recordTail } from '../src/eventlog/record.ts';
import { TemplateCache } from '../src/eventlog/template-cache.ts';
import { DecodedChunk, TemplateInstance } from '../src/eventlog/template-instance.ts';

const shared = process.env.CORDON_SHARED ?? resolve(import.meta.dirname, '../../shared');
const mebibytes = Number(process.argv[3] ?? 1024);

/** A chunk and where in it a record's id and times stand. */
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

/** Writes a valid log of `count` chunks; returns how many records it has. */
function write(path: string, count: number, from: readonly Model[]): number {
  const file = openSync(path, 'w');
  let id = 1n;
  let clock = 134_000_000_000_000_000n;
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
  return Number(id) - 1;
}

/** Milliseconds by the clock, and of the processor in all threads: the latter tell something on a busy machine too. */
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

function readAlone(path: string): Cost {
  const buffer = Buffer.alloc(4 << 20);
  const file = openSync(path, 'r');
  const before = stopwatch();
  let position = 0;
  for (;;) {
    const read = readSync(file, buffer, 0, buffer.length, position);
    if (read === 0) break;
    position += read;
  }
  closeSync(file);
  return before();
}

async function bursts(path: string) {
  const before = stopwatch();
  const { files, logons } = await readEventLogs([path], { now: new Date() });
  return { cost: before(), files, logons };
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
const shown = ({ ms, processor }: Cost): string => `${ms.toFixed(0)} ms, ${processor.toFixed(0)} ms of the processor`;
const folder = mkdtempSync(join(tmpdir(), 'cordon-bench-'));
try {
  const from = models();
  if (from.length === 0) throw new Error(`no event logs in ${join(shared, 'evtx')} to make a log of`);
  const big = join(folder, 'Security.evtx');
  const records = write(big, mebibytes * 16, from);
  console.log(`${mebibytes} MiB, ${records.toLocaleString('en-US')} records, made of ${from.length} real chunks`);
  readAlone(big);
  const reading: Cost[] = [];
  const working: Cost[] = [];
  let told = await bursts(big);
  for (let round = 0; round < 3; round++) {
    reading.push(readAlone(big));
    told = await bursts(big);
    working.push(told.cost);
  }
  const value = told.logons.state === 'known' ? told.logons.value : undefined;
  const [mineBig, floor] = [best(working), best(reading)];
  console.log(
    `bursts  ${shown(mineBig)}; ${value?.failures.toLocaleString('en-US')} failures in ${value?.bursts.length} bursts, ${told.files[0]?.damages} damages`,
  );
  console.log(`reading ${shown(floor)}`);
  console.log(
    `ratio   ${(mineBig.ms / floor.ms).toFixed(1)} by the clock, ${(mineBig.processor / floor.processor).toFixed(1)} of the processor, with checksums and SHA-256`,
  );
  console.log(peakOfProgram(big));

  const small = join(folder, 'Small.evtx');
  write(small, 16 * 16, from);
  const mine = best([(await bursts(small)).cost, (await bursts(small)).cost, (await bursts(small)).cost]).ms;
  const before = performance.now();
  const theirs = spawnSync('evtxexport', [small], { stdio: ['ignore', 'ignore', 'ignore'] });
  const elapsed = performance.now() - before;
  if (theirs.error) console.log('evtxexport is not installed (Debian: libevtx-utils)');
  else
    console.log(
      `16 MiB  ${mine.toFixed(0)} ms, evtxexport ${elapsed.toFixed(0)} ms, ratio 1/${(elapsed / mine).toFixed(0)}`,
    );
} finally {
  rmSync(folder, { recursive: true, force: true });
}
