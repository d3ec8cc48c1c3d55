import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hasTerm } from '../../src/kql/text-match.ts';

describe('terms', () => {
  it.each([
    ['error', 'err', false],
    ['an error.', 'error', true],
    ['a_b', 'a', true],
    ['a1', 'a', false],
    ['éa', 'a', false],
    ['foo-bar baz', 'foo-bar', true],
    ['xfoo-bar', 'foo-bar', false],
    ['xfoo foo', 'foo', true],
    ['abc', '', true],
    ['a-b', '-', true],
  ])('%j has %j: %s', (text, term, expected) => {
    expect(hasTerm(text, term, true, true)).toBe(expected);
  });

  it('agree with splitting the text into runs of letters and digits', () => {
    const word = fc.stringMatching(/^[a-c1]{1,3}$/);
    const gap = fc.constantFrom(' ', '_', '-', '.', '/');
    fc.assert(
      fc.property(fc.array(fc.tuple(word, gap), { maxLength: 8 }), word, (parts, term) => {
        const text = parts.flat().join('');
        const terms = text.split(/[^\p{L}\p{N}]+/u);
        expect(hasTerm(text, term, true, true)).toBe(terms.includes(term));
        expect(hasTerm(text, term, true, false)).toBe(terms.some((t) => t.startsWith(term)));
        expect(hasTerm(text, term, false, true)).toBe(terms.some((t) => t.endsWith(term)));
      }),
    );
  });
});
