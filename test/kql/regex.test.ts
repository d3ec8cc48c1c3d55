import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileRegex, literalPattern, RegexRefused } from '../../src/kql/regex.ts';

describe('regular expressions as Kusto reads them', () => {
  it.each([
    ['(?i)abc', 'xABC', true],
    ['^a.c$', 'a\nc', false],
    ['(?s)^a.c$', 'a\nc', true],
    ['[[:digit:]]+', 'x1', true],
    ['\\A\\d+\\z', '12', true],
    ['(?P<n>a)\\-b', 'a-b', true],
    ['\\pL', 'é', true],
    ['\\s', '\u00a0', false],
    ['a{2}b', 'aab', true],
    ['{x}', '{x}', true],
    ['[^\\]a-c]', 'd', true],
    ['\\"\\/\\@', '"/@', true],
    ['x$', 'x\n', false],
  ])('%s on %j', (pattern, text, expected) => {
    expect(compileRegex(pattern).test(text)).toBe(expected);
  });

  it.each([
    ['lookahead', '(?=a)'],
    ['lookbehind', '(?<=a)b'],
    ['backreference', '(a)\\1'],
    ['a repeat within a repeat', '(a+)+$'],
    ['a deep repeat within a repeat', '((a|b*))*c'],
    ['a repeat that is too great', 'a{100000}'],
    ['an unmatched bracket', '(a'],
    ['another', 'a)'],
    ['an open class', '[a'],
    ['a flag that means something else', '(?U)a*'],
    ['a pattern that is too long', 'a'.repeat(3_000)],
  ])('refuses %s', (_, pattern) => {
    expect(() => compileRegex(pattern)).toThrow(RegexRefused);
  });

  it('matches any text literally', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 20 }), (text) => {
        expect(compileRegex(`^${literalPattern(text)}$`).test(text)).toBe(true);
      }),
    );
  });
});
