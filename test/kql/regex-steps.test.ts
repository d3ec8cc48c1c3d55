import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nativeRegex } from '../../src/kql/native-regex.ts';
import { Regex } from '../../src/kql/regex.ts';

/** A pattern, as a backtracking engine goes through it. */
type Tree =
  | { kind: 'atom'; source: string }
  | { kind: 'all' | 'any'; parts: Tree[] }
  | { kind: 'repeat'; of: Tree; least: number; most: number; lazy: boolean };

const sourceOf = (tree: Tree): string => {
  switch (tree.kind) {
    case 'atom':
      return tree.source;
    case 'all':
      return tree.parts.map(sourceOf).join('');
    case 'any':
      return `(?:${tree.parts.map(sourceOf).join('|')})`;
    case 'repeat': {
      const { of, least, most, lazy } = tree;
      const inner = of.kind === 'all' ? `(?:${sourceOf(of)})` : sourceOf(of);
      return `${inner}{${least},${most === Number.POSITIVE_INFINITY ? '' : most}}${lazy ? '?' : ''}`;
    }
  }
};

class TooMany extends Error {}

/** The characters that an engine looks at which tries one way after another. */
class Engine {
  steps = 0;
  readonly #text: string;
  readonly #most: number;

  constructor(text: string, most: number) {
    this.#text = text;
    this.#most = most;
  }

  /** Where the first match at or after `from` ends, and where it begins. */
  search(tree: Tree, from: number): { begin: number; end: number } | null {
    for (let begin = from; begin <= this.#text.length; begin++) {
      let end = -1;
      const is = this.#match(tree, begin, (at) => {
        end = at;
        return true;
      });
      if (is) return { begin, end };
    }
    return null;
  }

  #match(tree: Tree, at: number, then: (at: number) => boolean): boolean {
    switch (tree.kind) {
      case 'atom':
        return this.#atom(tree.source, at, then);
      case 'all': {
        const go = (part: number, place: number): boolean => {
          const next = tree.parts[part];
          return next ? this.#match(next, place, (to) => go(part + 1, to)) : then(place);
        };
        return go(0, at);
      }
      case 'any':
        return tree.parts.some((part) => this.#match(part, at, then));
      case 'repeat': {
        const go = (count: number, place: number): boolean => {
          const again = () => count < tree.most && this.#match(tree.of, place, (to) => to > place && go(count + 1, to));
          const leave = () => count >= tree.least && then(place);
          return tree.lazy ? leave() || again() : again() || leave();
        };
        return go(0, at);
      }
    }
  }

  #atom(source: string, at: number, then: (at: number) => boolean): boolean {
    this.steps += 1;
    if (this.steps > this.#most) throw new TooMany();
    if (source === '^') return at === 0 && then(at);
    if (source === '$') return at === this.#text.length && then(at);
    const isWord = (place: number) => /\w/.test(this.#text.charAt(place));
    if (source === '\\b') return isWord(at - 1) !== isWord(at) && then(at);
    return at < this.#text.length && new RegExp(`^${source}$`, 'u').test(this.#text.charAt(at)) && then(at + 1);
  }
}

/** Steps of the search for all matches, counted up to `most`. */
function stepsForAll(tree: Tree, text: string, most: number): number {
  const engine = new Engine(text, most);
  try {
    for (let from = 0; from <= text.length; ) {
      const found = engine.search(tree, from);
      if (!found) break;
      from = found.end > found.begin ? found.end : found.end + 1;
    }
  } catch (error) {
    if (!(error instanceof TooMany)) throw error;
  }
  return engine.steps;
}

const atom = fc
  .constantFrom('a', 'a', 'b', 'c', '[^\\n]', '[ab]', '[^a]', '\\w', ':')
  .map((source): Tree => ({ kind: 'atom', source }));
const edge = fc.constantFrom('^', '$', '\\b').map((source): Tree => ({ kind: 'atom', source }));
const endless = Number.POSITIVE_INFINITY;
const bounds = fc.constantFrom<[number, number]>([0, endless], [0, endless], [1, endless], [0, 1], [1, 3], [2, 2]);
const tree = fc.letrec<{ piece: Tree; sequence: Tree }>((tie) => ({
  piece: fc.oneof(
    { depthSize: 'small' },
    { weight: 4, arbitrary: atom },
    { weight: 1, arbitrary: edge },
    {
      weight: 4,
      arbitrary: fc
        .tuple(atom, bounds, fc.boolean())
        .map(([of, [least, most], lazy]): Tree => ({ kind: 'repeat', of, least, most, lazy })),
    },
    {
      weight: 2,
      arbitrary: fc
        .tuple(tie('sequence'), bounds, fc.boolean())
        .map(([of, [least, most], lazy]): Tree => ({ kind: 'repeat', of, least, most, lazy })),
    },
    {
      weight: 2,
      arbitrary: fc
        .array(tie('sequence'), { minLength: 2, maxLength: 3 })
        .map((parts): Tree => ({ kind: 'any', parts })),
    },
  ),
  sequence: fc.array(tie('piece'), { minLength: 1, maxLength: 5 }).map((parts): Tree => ({ kind: 'all', parts })),
})).sequence;

/** What makes an engine try again and again: the same over and over, and not what would end it. */
const hostile = fc
  .tuple(fc.array(fc.constantFrom('a', 'b', ':', 'ab', 'a:', 'aab', 'a\n'), { minLength: 1, maxLength: 3 }), fc.nat(14))
  .map(([parts, times]) => parts.join('').repeat(times).slice(0, 40));

describe('the bound on the steps of a search', () => {
  it('is no lower than what an engine does that tries one way after another', () => {
    let counted = 0;
    fc.assert(
      fc.property(tree, hostile, (pattern, text) => {
        const source = sourceOf(pattern);
        if (nativeRegex(source, 100_000, false) === null) return;
        const steps = stepsForAll(pattern, text, 100_000);
        counted += 1;
        const longest = nativeRegex(source, steps - 1, false)?.longestForAll ?? 0;
        expect([source, text, steps, longest < text.length || text === '']).toEqual([source, text, steps, true]);
      }),
      { numRuns: 1500 },
    );
    expect(counted).toBeGreaterThan(300);
  });

  it('lets JavaScript’s engine search a line of a log for what cordon asks of it', () => {
    const folder = new URL('../../src/azure/queries/', import.meta.url);
    const slow: string[] = [];
    for (const file of readdirSync(folder)) {
      const text = readFileSync(new URL(file, folder), 'utf8');
      for (const [, single, double] of text.matchAll(
        /(?:matches regex|extract\(|replace_regex\(\w+,) ?@(?:'([^']*)'|"([^"]*)")/g,
      )) {
        const pattern = single ?? double ?? '';
        if (!new Regex(pattern).isNative('x'.repeat(160))) slow.push(`${file}: ${pattern}`);
      }
    }
    expect(slow).toEqual([]);
  });
});
