import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { svgOf, takePictures, wordsOf } from '../scripts/screen-pictures.ts';
import { root } from './e2e/cordon.ts';

/** The part of the words of one set that the other one has too. */
function shared(one: ReadonlySet<string>, other: ReadonlySet<string>): number {
  return [...one].filter((word) => other.has(word)).length / one.size;
}

it('the README’s pictures show what the program shows today (else: npm run pictures)', {
  timeout: 120_000,
}, async () => {
  const { pictures } = await takePictures();
  expect(pictures.map(({ name }) => name)).toEqual(['list', 'triage', 'incident', 'plan', 'notes']);
  for (const picture of pictures) {
    const kept = wordsOf(readFileSync(join(root, 'docs', 'pictures', `${picture.name}.svg`), 'utf8'));
    const today = wordsOf(svgOf(picture));
    expect(today.size, picture.name).toBeGreaterThan(25);
    // A reading that goes on while a picture is taken may change a word or two; a changed screen differs by more.
    expect(shared(kept, today), `${picture.name}: words that are gone`).toBeGreaterThan(0.9);
    expect(shared(today, kept), `${picture.name}: words that are new`).toBeGreaterThan(0.9);
  }
});

it('stand in the README in the order of the work, each with what it shows', () => {
  const readme = readFileSync(join(root, 'README.md'), 'utf8');
  const shown = [...readme.matchAll(/!\[([^\]]+)\]\(docs\/pictures\/(\w+)\.svg\)/g)];
  expect(shown.map(([, , name]) => name)).toEqual(['list', 'triage', 'incident', 'plan', 'notes']);
  for (const [, told = ''] of shown) expect(told.length).toBeGreaterThan(20);
});

it('the asciicast lasts at most thirty seconds', () => {
  const [head = '', ...events] = readFileSync(join(root, 'docs/pictures/demo.cast'), 'utf8').trimEnd().split('\n');
  expect(JSON.parse(head)).toMatchObject({ version: 2, width: 120 });
  const times = events.map((line) => JSON.parse(line)[0]);
  expect(times.length).toBeGreaterThan(20);
  expect(Math.max(...times)).toBeLessThanOrEqual(30);
});
