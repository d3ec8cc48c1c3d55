import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cordon, type RunningSimulator, root, simulate } from '../e2e/cordon.ts';

const shared = process.env.CORDON_SHARED ?? resolve(root, '../shared');
const judge = join(shared, 'contract/check');
const there = existsSync(judge);
if (!there) console.warn(`SKIPPED: no ${judge}: the traffic is not held against Azure's specifications`);

let simulator: RunningSimulator;
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'cordon-contract-'));
  simulator = await simulate();
});
afterAll(async () => {
  await simulator.stop();
  rmSync(folder, { recursive: true, force: true });
});

describe.skipIf(!there)('the traffic of a whole incident', () => {
  it('is valid under Azure’s specifications, in both directions', { timeout: 300_000 }, async () => {
    const traffic = join(folder, 'traffic.jsonl');
    const cases = join(folder, 'cases');
    const common = ['--simulator', simulator.url, '--traffic', traffic];
    const acting = [...common, '--cases', cases];
    const ran: [string[], number][] = [
      [['doctor', ...common], 0],
      [['scan', '--full', '--json', ...common], 0],
      [['triage', 'web01', ...common], 0],
      [['triage', 'sql02', '--markdown', ...common], 0],
      [['triage', 'lin-build', ...common], 0],
      [['triage', 'jump01', ...common], 0],
      [['triage', 'legacy7', ...common], 0],
      [['run', 'assess-patches', '--vm', 'kiosk01', '--yes', ...acting], 0],
      [['run', 'lock-nsg', '--vm', 'web01', '--dry-run', ...acting], 0],
      [['run', 'enable-jit', '--vm', 'jump01', '--yes', ...acting], 0],
      [['run', 'request-jit', '--vm', 'gate01', '--yes', ...acting], 0],
      [['triage', 'gate01', ...common], 0],
      [['undo', '2026-11-23-jump01', '--yes', ...acting], 0],
      [['run', 'contain-brute-force', '--vm', 'web01', '--yes', '--confirm', 'web01', ...acting], 0],
      [['triage', 'web01', ...common], 0],
      [['undo', '2026-11-23-web01', '--step', 'lock', '--yes', ...acting], 0],
    ];
    for (const [parameters, expected] of ran) {
      const { code, stdout, stderr } = await cordon(parameters);
      expect(code, `${parameters.join(' ')}\n${stdout.slice(-1500)}\n${stderr.slice(-1500)}`).toBe(expected);
    }
    // The specification of resource providers (Microsoft.Resources) is not among those that the traffic is held against.
    // Nor are those of Privileged Identity Management and of the network's usages.
    const unspecified =
      /"url":"[^"]*(\/subscriptions\/[^/"]+\/providers\/[\w.]+\?api-version=2021-04-01|\/roleEligibilityScheduleInstances\?[^"]*|\/Microsoft\.Network\/locations\/\w+\/usages\?[^"]*)"/;
    const lines = readFileSync(traffic, 'utf8').trim().split('\n');
    const specified = lines.filter((line) => !unspecified.test(line));
    expect(specified.length).toBeLessThan(lines.length);
    writeFileSync(traffic, `${specified.join('\n')}\n`);
    const exchanges = specified.length;
    expect(exchanges).toBeGreaterThan(150);
    const { stdout } = await promisify(execFile)(judge, [traffic, '--coverage'], { maxBuffer: 64 * 1024 * 1024 });
    expect(stdout).toMatch(new RegExp(`${exchanges} exchanges, 0 errors`));
  });
});
