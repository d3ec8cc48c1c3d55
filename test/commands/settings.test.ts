import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { completedPath } from '../../src/commands/path-completion.ts';
import { readSettings, settingsFile, usualSettings } from '../../src/commands/settings.ts';
import { bindingOf, bindings, rebind } from '../../views/keymap.ts';

const folder = mkdtempSync(join(tmpdir(), 'cordon-settings-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function written(text: string): string {
  const file = join(folder, 'cordon.yaml');
  writeFileSync(file, text);
  return file;
}

test('without a file everything is as usual', async () => {
  expect(await readSettings(join(folder, 'nowhere.yaml'))).toEqual(usualSettings);
  expect(settingsFile({ CORDON_CONFIG: '/x/y.yaml' })).toBe('/x/y.yaml');
});

test('what the file says is taken, the rest is as usual', async () => {
  const file = written('theme: light\nrefresh: 60\ncolumns: [VM, Exposed]\nkeys: { zoom: Z, copy: [c, C] }\n');
  expect(await readSettings(file)).toEqual({
    ...usualSettings,
    theme: 'light',
    refresh: 60,
    columns: ['VM', 'Exposed'],
    keys: { zoom: ['Z'], copy: ['c', 'C'] },
  });
});

test.each([
  ['theme: pink\n', /cordon\.yaml: theme: .*dark/],
  ['refresh: 1\n', /refresh/],
  ['colour: red\n', /colour/],
  ['keys: [1\n', /cordon\.yaml: .*/],
])('%s is refused with its place', async (text, told) => {
  await expect(readSettings(written(text))).rejects.toThrow(told);
});

test('keys that clash and actions that are not there are named', () => {
  const before = Object.fromEntries(bindings.map(({ id, keys }) => [id, keys]));
  try {
    expect(rebind({ zoom: ['Z'] })).toEqual([]);
    expect(bindingOf('triage', 'Z')?.id).toBe('zoom');
    expect(bindingOf('triage', 'z')).toBeUndefined();
    const wrong = rebind({ zoom: ['p'], zooom: ['Z'] });
    expect(wrong).toContain('there is no action zooom');
    expect(wrong.some((one) => /p is both (zoom and playbooks|playbooks and zoom)/.test(one))).toBe(true);
  } finally {
    expect(rebind(before)).toEqual([]);
  }
});

test('a path is completed as far as the names agree', async () => {
  for (const name of ['Security-1.evtx', 'Security-2.evtx', 'notes.txt']) writeFileSync(join(folder, name), '');
  const typed = join(folder, 'Sec');
  expect(await completedPath(typed, /\.evtx$/i)).toEqual({
    text: join(folder, 'Security-'),
    choices: ['Security-1.evtx', 'Security-2.evtx'],
  });
  expect((await completedPath(join(folder, 'n'), /\.evtx$/i)).choices).toEqual([]);
});
