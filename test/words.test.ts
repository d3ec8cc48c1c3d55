import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = resolve(import.meta.dirname, '..');
const self = relative(root, import.meta.filename);
const searched = ['src', 'views', 'playbooks', 'docs', 'README.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md'];

/** Phrases that a stranger has to read twice, and names that were replaced before the first release. */
const forbidden = [
  /\bwhoever\b/i,
  /\bnobody looks\b/i,
  /\bsomebody who looks\b/i,
  /\bof weight\b/i,
  /\bleaves? it undone\b/i,
  /"to see it:/i,
  /\bbelongs? into\b/i,
  /\bmark it so\b/i,
  /\bwould tell\b/i,
  /\b(?:is|are|was|were|when|or) not told\b/i,
  /\bguessing attacks?\b/i,
  /\bopen-guessed\b/,
  /\bbroken-into-with\b/,
  /\bwatch-weakened\b/,
];

/** Comments that a stranger has to read twice: a question in place of a subject, a person where the program acts. */
const comment = String.raw`(?:\/\*\*|\/\/|^\s*\*) (?:.*\b)?`;
const forbiddenInComments = [
  /(?:\/\*\*|\/\/) What\b[^.;:,?]*\b(?:is|are|was|were)\b/,
  /(?:\/\*\*|\/\/) Who (?:is|are|was|tells|connected)\b/,
  new RegExp(`${comment}stood\\b`, 'i'),
  new RegExp(`${comment}stands? (?:at|on|there|before|between|alone|under|in (?!for))`, 'i'),
  new RegExp(`${comment}(?:is|are|was|be) told\\b`, 'i'),
  new RegExp(`${comment}tells? (?:of|what|whether)\\b`, 'i'),
];

function filesOf(path: string): string[] {
  const full = join(root, path);
  if (statSync(full).isFile()) return [path];
  return readdirSync(full, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && /\.(?:tsx?|mjs|kql|yaml|md)$/.test(entry.name))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)));
}

function findingsIn(file: string, text: string, phrases: readonly RegExp[]): string[] {
  return text.split('\n').flatMap((line, index) =>
    phrases.flatMap((phrase) => {
      const found = phrase.exec(line)?.[0];
      return found === undefined ? [] : [`${file}:${index + 1}: "${found}"`];
    }),
  );
}

describe('words', () => {
  it('finds a forbidden phrase, with its file and line', () => {
    expect(findingsIn('a.ts', 'one\n/** Whoever looks. */', forbidden)).toEqual(['a.ts:2: "Whoever"']);
    const lines = [
      '/** What is read. */',
      '// It stands in a table.',
      '// `*` stands for any text, and stands in for it.',
    ];
    expect(findingsIn('a.ts', lines.join('\n'), forbiddenInComments).map((text) => text.slice(0, 6))).toEqual([
      'a.ts:1',
      'a.ts:2',
    ]);
  });

  it('says everything in plain technical English', () => {
    const files = searched.flatMap(filesOf);
    expect(files.length).toBeGreaterThan(300);
    expect(files.flatMap((file) => findingsIn(file, readFileSync(join(root, file), 'utf8'), forbidden))).toEqual([]);
  });

  it('comments are about things of the program', () => {
    const files = ['src', 'views', 'test', 'bench', 'scripts'].flatMap(filesOf).filter((file) => file !== self);
    expect(files.length).toBeGreaterThan(800);
    const found = files.flatMap((file) =>
      findingsIn(file, readFileSync(join(root, file), 'utf8'), forbiddenInComments),
    );
    expect(found).toEqual([]);
  });
});
