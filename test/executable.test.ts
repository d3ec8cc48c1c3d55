import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, describe, expect, it } from 'vitest';
import { root } from './e2e/cordon.ts';

const executable = join(root, 'build', process.platform === 'win32' ? 'cordon.exe' : 'cordon');
const built = existsSync(executable);
if (!built) console.warn('SKIPPED: no single executable in build/ (npm run executable), so that it was not tried');

describe.skipIf(!built)('the single executable', () => {
  const home = mkdtempSync(join(tmpdir(), 'cordon-alone-'));
  afterAll(() => rmSync(home, { recursive: true, force: true }));
  /** In an empty folder, with nothing on the PATH. */
  const alone = (...parameters: string[]) =>
    promisify(execFile)(executable, parameters, {
      cwd: home,
      env: { HOME: home, LOCALAPPDATA: home, PATH: '' },
      maxBuffer: 2 ** 26,
    });

  it('is the version of this package, and says nothing else', async () => {
    const { stdout, stderr } = await alone('--version');
    expect(stdout).toContain(JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).version);
    expect(stderr).toBe('');
  });

  it('runs the demo without a Node', { timeout: 120_000 }, async () => {
    expect((await alone('triage', 'web01', '--demo')).stdout).toContain('svc-backup');
  });
});
