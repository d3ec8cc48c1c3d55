import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { failedLogon, writeLog } from '../eventlog/log-writer.ts';
import { program, root } from './cordon.ts';
import { TerminalProgram } from './terminal.ts';

const patience = 60_000;
let folder: string;
let terminal: TerminalProgram | undefined;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'cordon-first-'));
});
afterEach(() => {
  terminal?.end();
  rmSync(folder, { recursive: true, force: true });
});

function open(...parameters: string[]): TerminalProgram {
  terminal = new TerminalProgram(process.execPath, [program, ...parameters], {
    columns: 100,
    rows: 24,
    cwd: root,
    env: { CORDON_CASES: folder, NO_COLOR: undefined, CI: undefined },
  });
  return terminal;
}

/** A simulator that never answers which subscriptions there are. */
function neverAnswering(): string[] {
  const faults = join(folder, 'faults.json');
  const match = { method: 'GET', path: '^/subscriptions\\?' };
  writeFileSync(faults, JSON.stringify([{ match, effect: { delayMs: 600_000 } }]));
  return ['--demo', '--latency', 'none', '--faults', faults];
}

describe('before Azure has answered', () => {
  it('the workbench is there: help can be read, and a person can leave', { timeout: 120_000 }, async () => {
    const screen = open(...neverAnswering());
    const first = await screen.until('? help', patience);
    expect(first).toContain('signing in…');
    expect(first).toContain('listing the VMs you can see');
    expect(screen.alternate).toBe(true);
    screen.type('?');
    await screen.until('What you can do here', patience);
    screen.type('\u001b');
    await screen.until('listing the VMs you can see', patience);
    // An event log needs no Azure.
    const log = join(folder, 'Security.evtx');
    const failures = Array.from({ length: 40 }, (_, i) => failedLogon(i + 1, `2026-11-23T01:00:${10 + i}Z`));
    writeFileSync(log, writeLog(failures));
    screen.type('o');
    await screen.until('exported event log (.evtx) >', patience);
    screen.type(`${log}\r`);
    await screen.until(/40 failed logons[\s\S]*brute force/, patience);
    screen.type('\u001b');
    await screen.until('listing the VMs you can see', patience);
    screen.type('q');
    await screen.until('y leave');
    screen.type('y');
    expect((await screen.exited).exitCode).toBe(0);
    expect(screen.alternate).toBe(false);
  });

  it('the alternate screen is entered and left once, and no frame is drawn beside what the launcher drew', {
    timeout: 120_000,
  }, async () => {
    const screen = open(...neverAnswering());
    await screen.until('? help', patience);
    expect(screen.lines().filter((line) => line.includes('cordon'))).toHaveLength(1);
    screen.type('\u0003');
    await screen.exited;
    expect(screen.raw.split('\u001b[?1049h')).toHaveLength(2);
    expect(screen.raw.split('\u001b[?1049l')).toHaveLength(2);
  });
});

describe('what cannot start', () => {
  it('says so on the terminal that it gives back', { timeout: 120_000 }, async () => {
    const screen = open('--world', join(folder, 'none.json'));
    expect((await screen.exited).exitCode).toBe(2);
    expect(screen.alternate).toBe(false);
    expect(screen.lines().join('\n')).toContain('there is no such file');
  });

  it('a command that draws no screen has none left under it', { timeout: 120_000 }, async () => {
    const screen = open('--demo', 'schema', 'scan');
    expect((await screen.exited).exitCode).toBe(0);
    expect(screen.alternate).toBe(false);
    expect(screen.lines().join('\n')).toContain('"type"');
  });
});
