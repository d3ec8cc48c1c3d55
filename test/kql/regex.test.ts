import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { KqlError } from '../../src/kql/kqlerror.ts';
import { compileRegex, literalPattern, Regex, RegexRefused } from '../../src/kql/regex.ts';

describe('regular expressions as Kusto reads them', () => {
  it.each([
    ['(?i)abc', 'xABC', true],
    ['^a.c$', 'a\nc', false],
    ['(?s)^a.c$', 'a\nc', true],
    ['(?m)^b$', 'a\nb\nc', true],
    ['a(?i)b', 'aB', true],
    ['a(?i)b', 'AB', false],
    ['(?U)^a*$', 'aaa', true],
    ['[[:digit:]]+', 'x1', true],
    ['[[:^digit:]]', '1x', true],
    ['\\A\\d+\\z', '12', true],
    ['(?P<n>a)\\-b', 'a-b', true],
    ['\\pL', 'é', true],
    // https://learn.microsoft.com/kusto/query/regex, "Perl character classes (Unicode friendly)", read 2026-11-30.
    ['^\\s$', '\u00a0', true],
    ['^\\s$', '\v', true],
    ['^\\S$', '\u2003', false],
    ['^\\w+$', 'José', true],
    ['^\\w+$', 'e\u0301\u203f\u24b6', true],
    ['^\\w$', '–', false],
    ['^[\\W]$', 'é', false],
    ['^[^\\W]$', 'é', true],
    ['^\\d$', '\u0663', true],
    ['^\\D$', '\u0663', false],
    ['^[[:word:]]$', 'é', false],
    ['^[\\w\\s-.]$', '!', false],
    ['^[\\w\\s-.]$', '-', true],
    ['(?m)^[\\s-.]$', '!', false],
    ['(?m)^[\\s-.]$', '-', true],
    ['^é[\\w-~]$', 'é{', false],
    ['(?m)^é[\\s-~]$', 'é-', true],
    ['(?m)^é[\\s-~]$', 'éa', false],
    ['^[\\w-~]$', '{', false],
    ['^[[:space:]-x]$', 'a', false],
    ['^[a-z-\\d]$', '-', true],
    ['^[-\\d]$', '-', true],
    ['caf\\b', 'café', false],
    ['café\\b', 'un café noir', true],
    ['\\bnoir\\b', 'café – noir', true],
    ['^(a|a)*\\bb', 'a – b', false],
    ['[^\\S ]', '\t', true],
    ['\\Qa.b\\E', 'a.b', true],
    ['a{2}b', 'aab', true],
    ['{x}', '{x}', true],
    ['[^\\]a-c]', 'd', true],
    ['\\"\\/\\@', '"/@', true],
    ['x$', 'x\n', false],
    ['((a|b*))*c', 'abbac', true],
    ['(?i)\\bs', '\u017fs', true],
    ['(?i)k\\b', 'k\u212a', true],
    ['(?i)^\\P{Lu}$', 'A', false],
    ['(?i)^[\\P{Lu}]$', 'A', false],
    ['(?i)^\\p{Lu}$', 'a', true],
    ['(?i)^\\w\\W$', '\u017f\u017f', false],
  ])('%s on %j', (pattern, text, expected) => {
    expect(compileRegex(pattern).test(text)).toBe(expected);
  });

  it.each<'linear' | 'native'>(['linear', 'native'])('has no empty match right behind another, %s', (engine) => {
    // RE2's own test of GlobalReplace (re2_test.cc) for b*, which Rust's regex agrees with.
    const replaced = (text: string): string => new Regex('b*', engine).replace(text, () => 'bb');
    expect(replaced('bbbbbb')).toBe('bb');
    expect(replaced('aaaaa')).toBe('bbabbabbabbabbabb');
    expect(replaced('abba')).toBe('bbabbabb');
    expect([...new Regex('a|', engine).matchAll('ab')].map((m) => m.index)).toEqual([0, 2]);
  });

  it('refuses what it cannot tell, and takes no other meaning for it', () => {
    expect(() => compileRegex('(?i)k\\Bs').test('k\u017f')).toThrow(/word boundaries/);
    expect(() => compileRegex('[a-y&&xyz]')).toThrow(/sets of characters/);
    expect(() => compileRegex('[0-9--4]')).toThrow(/sets of characters/);
    expect(compileRegex('[+--]').test('-')).toBe(true);
    // What follows means one thing to Kusto (https://learn.microsoft.com/kusto/query/regex, of 2024-11-25) and another to RE2.
    expect(() => compileRegex('[[a-c]d]')).toThrow(/class within a class.*\\\[/);
    expect(() => compileRegex('[x[^xyz]]')).toThrow(/class within a class/);
    expect(() => compileRegex('=\\>')).toThrow(/write > without a backslash/);
    expect(() => compileRegex('\\b{start}a')).toThrow(/b\{start\} as the beginning/);
    expect(() => compileRegex('a{01,2}')).toThrow(/count of repeats/);
    expect(() => compileRegex('a{,2}')).toThrow(/count of repeats/);
    expect(() => compileRegex('[ab]{01}')).toThrow(/count of repeats/);
    expect(() => compileRegex('\\d{01}')).toThrow(/count of repeats/);
    expect(() => compileRegex('a{1, 2}')).toThrow(/count of repeats/);
    expect(compileRegex('^\\x{0041}\\{01}$').test('A{01}')).toBe(true);
    expect(compileRegex('^[a{,5}]+$').test('{5,a}')).toBe(true);
    expect(compileRegex('^[\\[[:alpha:]]\\\\<b{0,2}a{1,20}$').test('[\\<ba')).toBe(true);
  });

  // With the blanks shared out among its parts this is 10^11 ways to read it.
  it('reads a long pattern of blanks at once', () => {
    const blanks = ' '.repeat(4_900);
    expect(compileRegex(`a{${blanks},${blanks}`).test('a')).toBe(false);
    expect(() => compileRegex(`a{${blanks}1${blanks}}`)).toThrow(/count of repeats/);
  });

  it('says of a text that it is too long for a pattern that RE2 has not', () => {
    const regex = compileRegex('\\p{Letter}+1');
    expect(regex.test('é1')).toBe(true);
    expect(() => regex.replace('a'.repeat(9000), () => '')).toThrow(KqlError);
    expect(() => regex.replace('a'.repeat(9000), () => '')).toThrow(/text of 9000 characters: .*not valid/);
  });

  it.each([
    ['lookahead', '(?=a)'],
    ['lookbehind', '(?<=a)b'],
    ['backreference', '(a)\\1'],
    ['a repeat of a repeat', 'a**'],
    ['a repeat that is too great', 'a{100000}'],
    ['repeats within repeats that are too great', '(?:a{40}){40,}'],
    ['a range up to a class', '[+-\\w]'],
    ['the escape of a letter beyond ASCII', '\\é'],
    ['an unmatched bracket', '(a'],
    ['another', 'a)'],
    ['an open class', '[a'],
    ['a name of two groups', '(?P<n>a)|(?P<n>b)'],
    ['a pattern that is too long', 'a'.repeat(20_000)],
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

  // Each of these takes JavaScript's engine longer than anyone waits.
  it.each([
    ['^(a|a)*b', 'a'.repeat(2000)],
    ['(a+)+$', `${'a'.repeat(2000)}b`],
    ['^(([a-z])+.)+[A-Z]([a-z])+$', 'a'.repeat(1000)],
    ['(.*)(.*)(.*)(.*)(.*)(.*)=', 'x'.repeat(2000)],
    ['(x+x+)+y', 'x'.repeat(1000)],
    ['\\w*\\w*\\w*\\w*\\w*!', 'w'.repeat(3000)],
    ['x(?:x(?:x+){0})*zw*y', 'x'.repeat(20_000)],
    [`${'a?'.repeat(60)}${'a'.repeat(60)}$`, `${'a'.repeat(59)}b`],
  ])('%s is searched in a hostile text, and in linear time', (pattern, text) => {
    const regex = new Regex(pattern);
    expect(regex.isNative(text)).toBe(false);
    expect(regex.exec(text)).toBeNull();
  });

  it('patterns of detections are left to JavaScript’s engine for lines of a log', () => {
    for (const pattern of [
      'Name="TargetUserName">([^<]*)<',
      '^Failed (\\S+) for (invalid user )?(\\S+) from (\\S+) port (\\d{1,5})',
      '(?i)\\b(?:powershell|pwsh)(?:\\.exe)?\\b',
      '^\\d{1,3}(?:\\.\\d{1,3}){3}$',
      'port (\\d+)',
    ])
      expect(new Regex(pattern).isNative('x'.repeat(300)), pattern).toBe(true);
  });

  const atom = fc.constantFrom(
    ...[
      'a',
      'b',
      'k',
      ' ',
      '.',
      '[ab]',
      '[^a]',
      '[^\\W]',
      '\\pL',
      '\\P{Ll}',
      '\\d',
      '\\w',
      '\\W',
      '\\S',
      '\\s',
      '\\D',
      '[\\w.]',
      '[\\s-.]',
      '1',
      '<',
      '\\.',
      'é',
    ],
  );
  const repeat = fc.constantFrom('', '', '', '*', '+', '?', '*?', '+?', '??', '{2}', '{1,3}', '{2,}');
  const pattern = fc.letrec<{ piece: string; group: string; any: string }>((tie) => ({
    piece: fc.tuple(fc.oneof({ weight: 4, arbitrary: atom }, tie('group')), repeat).map((parts) => parts.join('')),
    group: fc.tuple(fc.constantFrom('(', '(?:', '(?i:'), tie('any')).map(([open, inner]) => `${open}${inner})`),
    any: fc.oneof(
      { depthSize: 'small' },
      fc.array(tie('piece'), { minLength: 1, maxLength: 3 }).map((parts) => parts.join('')),
      fc.tuple(tie('piece'), tie('piece')).map(([a, b]) => `${a}|${b}`),
    ),
  })).any;
  const whole = fc
    .tuple(
      fc.constantFrom('', '', '(?i)', '(?s)'),
      fc.constantFrom('', '^', '\\b', '\\B'),
      pattern,
      fc.constantFrom('', '$', '\\b'),
    )
    .map((parts) => parts.join(''));

  it('both engines find the same, where JavaScript’s is used', () => {
    const text = fc.string({
      unit: fc.constantFrom(
        'a',
        'b',
        'A',
        'k',
        ' ',
        '1',
        '<',
        '.',
        '\n',
        '\v',
        '\u00a0',
        '\u0663',
        '–',
        'é',
        '\u017f',
        '\u212a',
        '😀',
      ),
      maxLength: 14,
    });
    let compared = 0;
    fc.assert(
      fc.property(whole, text, (source, line) => {
        const regex = new Regex(source);
        if (!regex.isNative(line)) return;
        compared += 1;
        // RE2 has no edges of words beyond ASCII; those are in the table above.
        if (/\\b/i.test(source) && /[é\u017f\u212a\u0663]/.test(line)) return;
        const linear = new Regex(source, 'linear');
        const shape = (one: Regex) => [...one.matchAll(line)].map((found) => [found.index, ...found]);
        expect([source, line, shape(regex)]).toEqual([source, line, shape(linear)]);
        expect(regex.test(line)).toBe(linear.test(line));
      }),
      { numRuns: 3000 },
    );
    expect(compared).toBeGreaterThan(500);
  });
});
