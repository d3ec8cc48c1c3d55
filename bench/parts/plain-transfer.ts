/**
 * What an export is measured against, in a process of its own and with Node alone: reading and hashing a file, getting and
 * hashing the same ranges over the same connections, writing so many bytes and flushing them.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, rm } from 'node:fs/promises';
import { Agent, get } from 'node:http';

export type Task =
  | { kind: 'read'; file: string }
  | { kind: 'get'; url: string; headers: Record<string, string>; bytes: number; file: string | null }
  | { kind: 'write'; file: string; bytes: number };

export interface Cost {
  seconds: number;
  /** Of the processor, in seconds. */
  cpu: number;
  sha256: string;
}

const piece = 2 * 1024 * 1024;
const atOnce = 6;

async function read(file: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file, { highWaterMark: piece })) hash.update(chunk);
  return hash.digest('hex');
}

async function getAll({ url, headers, bytes, file }: Extract<Task, { kind: 'get' }>): Promise<string> {
  const hash = createHash('sha256');
  const agent = new Agent({ keepAlive: true });
  const handle = file === null ? null : await open(file, 'w');
  // The simulator closes a connection over which nothing came for 5 s, while the disk was waited for.
  const fill = (first: number, into: Buffer) => fillOnce(first, into).catch(() => fillOnce(first, into));
  const fillOnce = (first: number, into: Buffer) =>
    new Promise<void>((resolve, reject) => {
      const range = `bytes=${first}-${first + into.length - 1}`;
      const request = get(url, { agent, headers: { ...headers, 'x-ms-range': range } }, (answer) => {
        if (answer.statusCode !== 206) reject(new Error(`status ${answer.statusCode}`));
        let at = 0;
        answer.on('data', (chunk: Buffer) => {
          at += chunk.copy(into, at);
        });
        answer.on('end', resolve);
        answer.on('error', reject);
      });
      request.on('error', reject);
    });
  const under: { first: number; into: Buffer; filled: Promise<void> }[] = [];
  const free: Buffer[] = [];
  let next = 0;
  const begin = () => {
    for (; under.length < atOnce && next < bytes; next += piece) {
      const into = (free.pop() ?? Buffer.allocUnsafeSlow(piece)).subarray(0, Math.min(piece, bytes - next));
      under.push({ first: next, into, filled: fill(next, into) });
    }
  };
  for (begin(); under.length > 0; begin()) {
    const one = under.shift();
    if (!one) break;
    await one.filled;
    const written = handle?.write(one.into, 0, one.into.length, one.first);
    hash.update(one.into);
    await written;
    free.push(one.into);
  }
  await handle?.close();
  agent.destroy();
  return hash.digest('hex');
}

async function write(file: string, bytes: number): Promise<string> {
  const handle = await open(file, 'w');
  const buffer = Buffer.alloc(piece, 7);
  for (let at = 0; at < bytes; at += piece) await handle.write(buffer, 0, Math.min(piece, bytes - at), at);
  await handle.datasync();
  await handle.close();
  return '';
}

process.once('message', async (task: Task) => {
  const began = { ms: performance.now(), cpu: process.cpuUsage() };
  const sha256 =
    task.kind === 'read'
      ? await read(task.file)
      : task.kind === 'get'
        ? await getAll(task)
        : await write(task.file, task.bytes);
  const { user, system } = process.cpuUsage(began.cpu);
  const cost: Cost = { seconds: (performance.now() - began.ms) / 1000, cpu: (user + system) / 1e6, sha256 };
  if (task.kind !== 'read' && task.file !== null) await rm(task.file);
  process.send?.(cost);
  process.disconnect();
});
