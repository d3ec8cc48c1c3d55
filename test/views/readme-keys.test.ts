import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect, it } from 'vitest';
import { keyTable } from '../../views/key-table.ts';

it('the README’s table of keys is the table of actions', () => {
  const readme = readFileSync(resolve(import.meta.dirname, '../../README.md'), 'utf8');
  const written = /<!-- keys: made from the table of actions -->\n([\s\S]*?)\n<!-- \/keys -->/.exec(readme)?.[1];
  expect(written).toBe(keyTable().trim());
});
