import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runDocument } from '../../src/documents/run.ts';
import { cordon, program, type RunningSimulator, root, simulate } from './cordon.ts';

let simulator: RunningSimulator;
let folder: string;
const at = (cases: string) => ['--simulator', simulator.url, '--cases', join(folder, cases)];
const post = (path: string, body: unknown) =>
  fetch(`${simulator.url}/simulator/${path}`, { method: 'POST', body: JSON.stringify(body) });
const lock = ['run', 'lock-nsg', '--vm', 'web01', '--confirm', 'web01'];
/** The one case in a folder. */
const idIn = (cases: string) => readdirSync(join(folder, cases))[0] ?? '';
const entries = (cases: string, id = idIn(cases)) =>
  readFileSync(join(folder, cases, id, 'transcript.jsonl'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line): { kind: string; body: Record<string, unknown> } => JSON.parse(line));

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'cordon-deadline-'));
  mkdirSync(join(folder, 'books'));
  process.env.CORDON_PLAYBOOKS = join(folder, 'books');
  const book = readFileSync(join(root, 'playbooks/lock-nsg.yaml'), 'utf8');
  writeFileSync(join(folder, 'books/lock-nsg.yaml'), book);
  simulator = await simulate();
});
afterAll(async () => {
  await simulator.stop();
  // The processes that wait for a deadline end when their case is gone.
  rmSync(folder, { recursive: true, force: true });
});

describe('a lock that undoes itself outlives the session', () => {
  it('headless: another process sees to it, and undoes it when it is overdue', async () => {
    const ran = await cordon([...lock, '--json', ...at('a')]);
    expect(ran.code).toBe(0);
    const { autoUndo } = runDocument.parse(JSON.parse(ran.stdout));
    const guard = Number(/^process (\d+) of this host$/.exec(autoUndo?.by ?? '')?.[1]);
    expect(process.kill(guard, 0)).toBe(true);
    process.kill(guard, 'SIGKILL');

    const early = await cordon(['undo', idIn('a'), '--due', ...at('a')]);
    expect(early.code).toBe(0);
    expect(early.stdout).toContain(`is undone by itself at ${autoUndo?.at}`);
    await post('clock', { skipSeconds: 16 * 60 });
    const told = await cordon(['undo', idIn('a'), ...at('a')]);
    expect(told.stderr).toContain('OVERDUE');
    const due = await cordon(['undo', idIn('a'), '--due', ...at('a')]);
    expect(due.stdout).toContain('web-nsg again');
    expect(due.code).toBe(0);
    expect(entries('a').filter(({ kind, body }) => kind === 'verify' && body.undo === true)).toHaveLength(1);
    expect((await cordon(['undo', idIn('a'), '--due', ...at('a')])).stdout).toContain('nothing waits');
    expect((await cordon(['case', 'verify', idIn('a'), '--cases', join(folder, 'a')])).code).toBe(0);
  });

  it('is kept by a word, and then nothing undoes it', async () => {
    const ran = await cordon([...lock, ...at('b')]);
    expect(ran.stdout).toMatch(/unless you keep it: cordon undo \S+ --keep/);
    const kept = await cordon(['undo', idIn('b'), '--keep', ...at('b')]);
    expect(kept.stdout).toContain('no longer undone by itself');
    await post('clock', { skipSeconds: 16 * 60 });
    expect((await cordon(['undo', idIn('b'), '--due', ...at('b')])).stdout).toContain('nothing waits');
    expect((await cordon(['undo', idIn('b'), '--yes', ...at('b')])).code).toBe(0);
  });
});

describe('a session whose terminal or reader goes away ends in order', () => {
  it.each(['SIGHUP', 'SIGTERM'] as const)(
    '%s in the middle of a change: told, recorded, unlocked, not 0',
    async (signal) => {
      const cases = `c-${signal}`;
      await post('faults', [
        { match: { method: 'PUT', path: 'networkInterfaces' }, times: 1, effect: { delayMs: 2500 } },
      ]);
      const puts = async () =>
        (await simulator.mutations()).filter(({ path }) => /networkInterfaces/i.test(path)).length;
      const before = await puts();
      const child = spawn(process.execPath, [program, ...lock, ...at(cases)], { stdio: ['ignore', 'pipe', 'pipe'] });
      let err = '';
      child.stderr.on('data', (data: Buffer) => {
        err += data.toString();
      });
      const ended = new Promise<number | null>((done) => child.on('close', done));
      while ((await puts()) === before);
      child.kill(signal);
      expect(await ended).toBe(5);
      expect(existsSync(join(folder, cases, idIn(cases), 'writer.lock'))).toBe(false);
      expect(entries(cases).at(-1)?.kind).toBe('close');
      expect(JSON.stringify(entries(cases))).toContain(signal);
      await post('faults', []);
      const undone = await cordon(['undo', idIn(cases), '--yes', ...at(cases)]);
      expect(undone.code, err + undone.stdout + undone.stderr).toBe(0);
      expect((await cordon(['case', 'verify', idIn(cases), '--cases', join(folder, cases)])).code).toBe(0);
    },
  );

  it('a reader that closes: a run that failed is not 0, and the case is closed', async () => {
    await post('faults', [
      {
        match: { method: 'PUT', path: 'networkInterfaces' },
        effect: { status: 403, code: 'AuthorizationFailed', message: 'x' },
      },
    ]);
    const child = spawn(process.execPath, [program, ...lock, ...at('d')], { stdio: ['ignore', 'pipe', 'ignore'] });
    child.stdout.destroy();
    expect(await new Promise((done) => child.on('close', done))).toBe(4);
    expect(existsSync(join(folder, 'd', idIn('d'), 'writer.lock'))).toBe(false);
    expect(entries('d').at(-1)?.kind).toBe('close');
    await post('faults', []);
  });
});
