import { spawn } from 'node:child_process';
import { resolve } from 'node:path';

export const root = resolve(import.meta.dirname, '../..');
export const program = resolve(root, 'dist/cordon.js');

export interface Ran {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** Runs the built program without a terminal. */
export function cordon(parameters: string[], env: Record<string, string> = {}): Promise<Ran> {
  return cordonAt(program, parameters, env);
}

/** Runs a program of another place without a terminal. */
export function cordonAt(path: string, parameters: string[], env: Record<string, string> = {}): Promise<Ran> {
  return new Promise((done, reject) => {
    const child = spawn(process.execPath, [path, ...parameters], {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (data: Buffer) => {
      stdout += data.toString();
    });
    child.stderr.on('data', (data: Buffer) => {
      stderr += data.toString();
    });
    child.on('error', reject);
    child.on('close', (code) => done({ code, stdout, stderr }));
  });
}

export interface RunningSimulator {
  url: string;
  mutations(): Promise<{ method: string; path: string; status: number; clientRequestId: string }[]>;
  stop(): Promise<void>;
}

/** Starts `cordon simulate` as a process of its own, as another client would use it. */
export function simulate(parameters: string[] = []): Promise<RunningSimulator> {
  return new Promise((done, reject) => {
    const child = spawn(process.execPath, [program, 'simulate', ...parameters], { stdio: ['ignore', 'pipe', 'pipe'] });
    let text = '';
    const ended = new Promise<void>((resolveEnd) => child.on('close', () => resolveEnd()));
    child.on('error', reject);
    child.on('close', (code) => reject(new Error(`cordon simulate ended with ${code}`)));
    child.stdout.on('data', (data: Buffer) => {
      text += data.toString();
      const line = text.split('\n').find((candidate) => candidate.startsWith('{') && candidate.endsWith('}'));
      if (!line) return;
      const { url }: { url: string } = JSON.parse(line);
      done({
        url,
        async mutations() {
          const answer = await (await fetch(`${url}/simulator/mutations`)).json();
          return (answer as { mutations: Awaited<ReturnType<RunningSimulator['mutations']>> }).mutations;
        },
        async stop() {
          child.kill('SIGTERM');
          await ended;
        },
      });
    });
  });
}
