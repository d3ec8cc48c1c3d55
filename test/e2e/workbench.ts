import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach } from 'vitest';
import { program, type RunningSimulator, root, simulate } from './cordon.ts';
import { TerminalProgram } from './terminal.ts';

let terminal: TerminalProgram | undefined;
let started: { cases: string; simulator: RunningSimulator };

beforeEach(async () => {
  started = { cases: mkdtempSync(join(tmpdir(), 'cordon-e2e-')), simulator: await simulate() };
});
afterEach(async () => {
  terminal?.end();
  await started.simulator.stop();
  rmSync(started.cases, { recursive: true, force: true });
});

/** The test's own folder of cases and its own simulator; both end with the test. */
export const begun = () => started;

/** The built workbench on these. */
export function open(columns: number, rows: number, parameters: string[] = []): TerminalProgram {
  const { cases, simulator } = started;
  terminal = new TerminalProgram(process.execPath, [program, '--simulator', simulator.url, ...parameters], {
    columns,
    rows,
    cwd: root,
    env: { CORDON_CASES: cases, NO_COLOR: undefined, CI: undefined },
  });
  return terminal;
}
