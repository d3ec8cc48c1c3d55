import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

export interface Timed {
  ms: number;
  /** The most memory that it and its children held at one time, in MB; NaN where the system does not say. */
  megabytes: number;
  /** Processor time of it and its children, in ms, as last looked at; NaN where the system does not say. */
  processor: number;
  stdout: string;
}

/** Runs a Node program to its end, by the clock. */
export async function timedProgram(args: readonly string[]): Promise<Timed> {
  const began = performance.now();
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  let stdout = '';
  let megabytes = Number.NaN;
  const used = new Map<number, number>();
  const watch = setInterval(() => {
    const found = child.pid === undefined ? [] : withChildren(child.pid);
    const now = found.reduce((sum, one) => sum + one.megabytes, 0);
    if (found.length > 0 && !(now <= megabytes)) megabytes = now;
    // A process that has ended used as much as when it was last seen.
    for (const { pid, processor } of found) used.set(pid, processor);
  }, 20);
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  const code = await new Promise<number | null>((resolve, reject) => child.on('error', reject).on('close', resolve));
  clearInterval(watch);
  if (code !== 0) throw new Error(`${args.join(' ')} ended with ${code}`);
  const processor = used.size === 0 ? Number.NaN : [...used.values()].reduce((sum, one) => sum + one, 0);
  return { ms: performance.now() - began, megabytes, processor, stdout };
}

interface OneProcess {
  pid: number;
  parent: number;
  megabytes: number;
  processor: number;
}

/** A tick of /proc, as on every Linux that Node runs on. */
const TICK_MS = 10;

/** Linux alone: a process and all below it; none elsewhere. */
function withChildren(root: number): OneProcess[] {
  let all: OneProcess[];
  try {
    all = readdirSync('/proc').flatMap((entry) => (/^\d+$/.test(entry) ? processOf(Number(entry)) : []));
  } catch {
    return [];
  }
  const below = (pid: number): OneProcess[] =>
    all.filter(({ parent }) => parent === pid).flatMap((one) => [one, ...below(one.pid)]);
  return [...all.filter(({ pid }) => pid === root), ...below(root)];
}

/** None for a process that has ended meanwhile. */
function processOf(pid: number): OneProcess[] {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    // proc(5): after the name in brackets state, parent, …; user and system time are the 14th and 15th field.
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const megabytes = Number(/^VmRSS:\s*(\d+) kB/m.exec(status)?.[1] ?? 0) / 1024;
    const processor = TICK_MS * (Number(fields[11]) + Number(fields[12]));
    return [{ pid, parent: Number(fields[1]), megabytes, processor }];
  } catch {
    return [];
  }
}
