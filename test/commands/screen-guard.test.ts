import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { debugFile, guardScreen, sdkLine } from '../../src/commands/screen-guard.ts';

const folder = mkdtempSync(join(tmpdir(), 'cordon-debug-'));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('what libraries print goes to the debug file without what is secret, and never to the terminal', () => {
  const { write } = process.stderr;
  const shown: string[] = [];
  process.stderr.write = (text: unknown) => shown.push(String(text)) > 0;
  const file = join(folder, 'sdk.log');
  try {
    const guard = guardScreen(debugFile(file));
    process.stderr.write('azure:core-rest-pipeline:info Request: GET\n');
    process.stderr.write(
      'azure:identity:info Authorization: Bearer eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiJ9.eyJhIjoxfQ.c2ln\n',
    );
    console.error('a warning');
    guard.stderr.write('own words\n');
    guard.end();
    const lines = guardScreen(null, sdkLine);
    process.stderr.write('azure:identity:info gone\n');
    process.stderr.write('cordon: kept\n');
    lines.end();
  } finally {
    process.stderr.write = write;
  }
  expect(shown).toEqual(['own words\n', 'cordon: kept\n']);
  const kept = readFileSync(file, 'utf8');
  expect(kept).toContain('Request: GET');
  expect(kept).toContain('a warning');
  expect(kept).not.toContain('eyJ0eXAi');
});

test('a file that cannot be written is named', () => {
  expect(() => debugFile(join(folder, 'nowhere', 'sdk.log'))).toThrow(/--debug .*ENOENT/);
});
