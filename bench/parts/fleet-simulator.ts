import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { program } from './bundled.ts';

/** A simulator of a fleet in a process of its own, so that what it costs is not cordon's. */
export async function fleetSimulator(vms: number, subscriptions: number): Promise<{ url: string; stop(): void }> {
  const file = join(mkdtempSync(join(tmpdir(), 'cordon-bench-')), 'fleet.json');
  const script = join(import.meta.dirname, '../worlds/fleet.ts');
  const parameters = [script, String(vms), String(subscriptions)];
  writeFileSync(file, execFileSync(process.execPath, parameters, { maxBuffer: 1 << 30 }));
  const child = spawn(process.execPath, [program, 'simulate', '--world', file, '--limits', 'none'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const url = await new Promise<string>((resolve, reject) => {
    let said = '';
    child.stdout.on('data', (data: Buffer) => {
      said += data.toString();
      const found = /http:\/\/127\.0\.0\.1:\d+/.exec(said);
      if (found) resolve(found[0]);
    });
    child.on('exit', () => reject(new Error(`the simulator ended: ${said}`)));
  });
  return { url, stop: () => child.kill('SIGKILL') };
}
