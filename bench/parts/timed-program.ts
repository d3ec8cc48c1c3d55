import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

export interface Timed {
  ms: number;
  /** The most memory that it and its children held at one time, in MB; NaN where the system does not say. */
  megabytes: number;
  stdout: string;
}

/** Runs a Node program to its end, by the clock. */
export async function timedProgram(args: readonly string[]): Promise<Timed> {
  const began = performance.now();
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  let stdout = '';
  let megabytes = Number.NaN;
  const watch = setInterval(() => {
    const now = child.pid === undefined ? Number.NaN : residentWithChildren(child.pid);
    if (!(now <= megabytes)) megabytes = now;
  }, 50);
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  const code = await new Promise<number | null>((resolve, reject) => child.on('error', reject).on('close', resolve));
  clearInterval(watch);
  if (code !== 0) throw new Error(`${args.join(' ')} ended with ${code}`);
  return { ms: performance.now() - began, megabytes, stdout };
}

/** Linux alone: the resident memory of a process and of all below it. */
function residentWithChildren(root: number): number {
  const of = new Map<number, { parent: number; megabytes: number }>();
  try {
    for (const entry of readdirSync('/proc')) {
      if (!/^\d+$/.test(entry)) continue;
      const status = statusOf(entry);
      const [parent, kilobytes] = [/^PPid:\s*(\d+)/m.exec(status)?.[1], /^VmRSS:\s*(\d+) kB/m.exec(status)?.[1]];
      of.set(Number(entry), { parent: Number(parent), megabytes: Number(kilobytes ?? 0) / 1024 });
    }
  } catch {
    return Number.NaN;
  }
  const total = (pid: number): number =>
    [...of].reduce((sum, [one, { parent }]) => (parent === pid ? sum + total(one) : sum), of.get(pid)?.megabytes ?? 0);
  return total(root);
}

/** Empty for a process that has ended meanwhile. */
function statusOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/status`, 'utf8');
  } catch {
    return '';
  }
}
