import { describe, expect, it } from 'vitest';
import { severalQueries } from '../../src/kql/several-queries.ts';

const linesOf = (text: string): number[] => severalQueries(text).map(({ line }) => line);

describe('a text of several queries', () => {
  it.each([
    ['T | take 1\n\nU | take 2', [1, 3]],
    ['// first\nlet a = 1;\n\nT | where x == a\n\n| take 1\n\n\n// second\n//\nlet b = 2;\nU | where y == b', [2, 11]],
    ['T\n| join (\n\nU\n| take 1\n) on k\n\nV\n| count', [1, 8]],
  ])('is divided by its empty lines: %j', (text, lines) => {
    expect(linesOf(text)).toEqual(lines);
    for (const { query, line } of severalQueries(text))
      expect(query.split('\n')[line - 1]).toBe(text.split('\n')[line - 1]);
  });

  it('is divided also where it is longer than a query may be', () => {
    const query = `T | where a == "${'x'.repeat(5000)}"`;
    expect(linesOf(`${query}\n\n`.repeat(50))).toEqual(Array.from({ length: 50 }, (_, i) => 2 * i + 1));
  });

  it.each([
    'T | take 1',
    'let a = 1;\n\nT\n\n| where x == a\n\n| summarize count()\n\nby y',
    'T | where x == ```a\n\nb```',
    // Its pieces have a fault of their own.
    'T | where (\n\nU | take 1',
    // Too deep to be read.
    `T | where ${'('.repeat(201)}a${')'.repeat(201)}\n\nU | take 1`,
  ])('is none where it is one: %j', (text) => {
    expect(severalQueries(text)).toEqual([]);
  });
});
