import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect, it } from 'vitest';
import { keyTable } from '../../views/key-table.ts';
import { bindings } from '../../views/keymap.ts';

it('docs/keys.md is the table of actions', async () => {
  const page = `# Keys\n\nMade from the table of actions (\`npx vitest run test/views -u\` writes it).\n\n${keyTable()}\n`;
  await expect(page).toMatchFileSnapshot('../../docs/keys.md');
});

it('the README says of its keys what the table of actions says', () => {
  const readme = readFileSync(resolve(import.meta.dirname, '../../README.md'), 'utf8');
  const section = /^## Keys\n([\s\S]*?)(?=^## |(?![\s\S]))/m.exec(readme)?.[1] ?? '';
  const rows = [...section.matchAll(/^\| (`[^|]+`) \| ([^|]+) \|$/gm)];
  expect(rows.length).toBeGreaterThan(8);
  for (const [, keys, description] of rows) {
    const told = { keys: [...(keys ?? '').matchAll(/`([^`]+)`/g)].map(([, key]) => key), description };
    expect(bindings).toContainEqual(expect.objectContaining(told));
  }
});
