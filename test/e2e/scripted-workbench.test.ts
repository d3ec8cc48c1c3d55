import { mkdirSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type TerminalOptions, TerminalProgram } from './terminal.ts';

// Inside node_modules, so that the packages are found from there.
const folder = fileURLToPath(new URL(`../../node_modules/.cache/cordon-test-${process.pid}`, import.meta.url));
const program = `${folder}/workbench.mjs`;
const running: TerminalProgram[] = [];

beforeAll(async () => {
  mkdirSync(folder, { recursive: true });
  await build({
    entryPoints: [fileURLToPath(new URL('./scripted-workbench.tsx', import.meta.url))],
    bundle: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
    jsx: 'automatic',
    outfile: program,
    logLevel: 'error',
  });
});
afterEach(() => {
  for (const one of running.splice(0)) one.end();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function start(options: TerminalOptions = {}): TerminalProgram {
  const env = { NODE_ENV: 'production', NO_COLOR: undefined, FORCE_COLOR: undefined, CI: 'true', ...options.env };
  const one = new TerminalProgram(process.execPath, [program], { columns: 120, rows: 32, ...options, env });
  running.push(one);
  return one;
}

describe('the workbench in a real terminal', () => {
  test('draws on the alternate screen, follows a resize, and gives the terminal back on Ctrl-C', async () => {
    const terminal = start();
    await terminal.until('❯▲ web01');
    expect(terminal.alternate).toBe(true);
    terminal.type('\r');
    await terminal.until('THEN LOGON 02:14:09Z');
    terminal.resize(80, 24);
    await terminal.until(
      (screen) => screen.includes(' 2 Failed logons') && /^ Enter open/m.test(screen.split('\n')[23] ?? ''),
    );
    terminal.resize(40, 10);
    await terminal.until('cordon needs 60x15, this is 40x10');
    terminal.resize(120, 32);
    await terminal.until('Next: p1 lock-nsg');
    terminal.type('\u0003');
    const { exitCode } = await terminal.exited;
    expect(exitCode).toBe(0);
    expect(terminal.alternate).toBe(false);
    expect(terminal.lines().join('\n')).toContain('closed: 2026-11-23-web01 true');
    // The cursor is shown again and pasting is no longer marked.
    expect(terminal.raw.lastIndexOf('\u001b[?25h')).toBeGreaterThan(terminal.raw.lastIndexOf('\u001b[?25l'));
    expect(terminal.raw.lastIndexOf('\u001b[?2004l')).toBeGreaterThan(terminal.raw.lastIndexOf('\u001b[?2004h'));
  });

  test.each(['SIGTERM', 'SIGHUP'])('%s restores the terminal and closes the case', async (signal) => {
    const terminal = start();
    await terminal.until('❯▲ web01');
    terminal.type('\r');
    await terminal.until('case 2026-11-23-web01');
    terminal.signal(signal);
    await terminal.exited;
    expect(terminal.alternate).toBe(false);
    expect(terminal.raw).toContain('closed: 2026-11-23-web01 true');
  });

  test('without colour the selection still has its marker', async () => {
    const terminal = start({ env: { FORCE_COLOR: '0' } });
    await terminal.until('❯▲ web01');
    terminal.type('\u001b[B');
    await terminal.until('❯▲ sql02');
    expect(terminal.raw).not.toMatch(/\u001b\[[0-9;]*m/);
  });

  test('keys in one write: they open the prompt and do not answer it', async () => {
    const terminal = start();
    await terminal.until('❯▲ web01');
    terminal.type('\r');
    await terminal.until('Next: p');
    terminal.type('p1web01\r');
    await terminal.until('type web01 and Enter to apply');
    const screen = await terminal.until('> _');
    expect(screen, 'a second one was started').not.toContain('is ready');
  });
});
