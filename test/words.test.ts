import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = resolve(import.meta.dirname, '..');
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

function filesOf(path: string): string[] {
  const full = join(root, path);
  if (statSync(full).isFile()) return [path];
  return readdirSync(full, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && /\.(?:tsx?|kql|yaml|md)$/.test(entry.name))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)));
}

function findingsIn(file: string, text: string): string[] {
  return text.split('\n').flatMap((line, index) =>
    forbidden.flatMap((phrase) => {
      const found = phrase.exec(line)?.[0];
      return found === undefined ? [] : [`${file}:${index + 1}: "${found}"`];
    }),
  );
}

describe('words', () => {
  it('finds a forbidden phrase, with its file and line', () => {
    expect(findingsIn('a.ts', 'one\n/** Whoever looks. */')).toEqual(['a.ts:2: "Whoever"']);
  });

  it('says everything in plain technical English', () => {
    const files = searched.flatMap(filesOf);
    expect(files.length).toBeGreaterThan(300);
    expect(files.flatMap((file) => findingsIn(file, readFileSync(join(root, file), 'utf8')))).toEqual([]);
  });
});
