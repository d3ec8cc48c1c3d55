import { readdirSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { lintPlaybooks } from '../../src/commands/playbook-lint.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cordon-lint-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function lint(steps: string): Promise<{ code: number; lines: string[] }> {
  const file = join(folder, 'mine.yaml');
  await writeFile(file, `name: mine\ntitle: Mine\nsummary: A test\nsteps:\n${steps}`);
  return run([file]);
}

async function run(files: string[]): Promise<{ code: number; lines: string[] }> {
  let text = '';
  const code = await lintPlaybooks(files, { stdout: { write: (more: string) => (text += more) } });
  return {
    code,
    lines: text
      .trim()
      .split('\n')
      .map((line) => line.replace(`${folder}/`, '')),
  };
}

const step = (id: string, uses: string, more = '') => `  - id: ${id}\n    title: T\n    uses: ${uses}\n${more}`;

describe('cordon playbook lint', () => {
  it('has nothing to object to in the built-in playbooks', async () => {
    const books = resolve(import.meta.dirname, '../../playbooks');
    const files = readdirSync(books).filter((name) => name.endsWith('.yaml'));
    const { code, lines } = await run(files.map((name) => join(books, name)));
    expect(lines.filter((line) => !line.endsWith(': nothing to object to'))).toEqual([]);
    expect(code).toBe(0);
  });

  it('names the place of an unknown action, with the nearest', async () => {
    const { code, lines } = await lint(step('a', 'nsg.lokc'));
    expect(lines[0]).toMatch(/^mine\.yaml:7:11: unknown action nsg\.lokc: .*the nearest is nsg\.lock$/);
    expect(code).toBe(2);
  });

  it('warns of an order that loses evidence, at the step that comes too early', async () => {
    const { code, lines } = await lint(step('off', 'vm.deallocate') + step('keep', 'disks.snapshot'));
    expect(lines[0]).toMatch(
      /^mine\.yaml:7:11: warning: vm\.deallocate \(off\) before disks\.snapshot \(keep\): the VM is off then: memory is lost/,
    );
    expect(lines[1]).toMatch(/nothing before it preserves anything/);
    expect(code).toBe(1);
  });

  it('warns of a lock that may shut you out, of what cannot be undone, and of a check that changes', async () => {
    const { lines } = await lint(
      `${step('lock', 'nsg.lock')}${step('links', 'links.revoke')}  - id: c\n    title: T\n    check: nsg.lock\n    whenFailed:\n      undo: links\n`,
    );
    expect(lines.join('\n')).toMatch(/7:11: warning: nsg\.lock \(lock\) has no undoAfterMinutes/);
    expect(lines.join('\n')).toMatch(/13:12: warning: nsg\.lock changes Azure: as a check it fails/);
    expect(lines.join('\n')).toMatch(/15:13: warning: links\.revoke \(links\) cannot be undone/);
  });

  it('warns where a destruction goes on although what preserves failed', async () => {
    const { lines } = await lint(
      step('keep', 'disks.snapshot', '    whenFailed: go-on\n') + step('off', 'vm.deallocate'),
    );
    expect(lines).toEqual([
      expect.stringMatching(/vm\.deallocate \(off\) is run although disks\.snapshot \(keep\) failed/),
    ]);
  });

  it('says of a file that cannot be read that it cannot', async () => {
    const { code, lines } = await run([join(folder, 'none.yaml')]);
    expect(lines[0]).toBe('none.yaml: cannot be read (ENOENT)');
    expect(code).toBe(2);
  });
});
