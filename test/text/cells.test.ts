import fc from 'fast-check';
import stringWidth from 'string-width';
import { describe, expect, test } from 'vitest';
import { cells, cut, fitted, steady, wrap } from '../../src/text/cells.ts';

const anyText = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 60 }),
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc
    .array(fc.constantFrom('漢', 'é', 'e\u0301', '💥', '👨‍👩‍👧', '\u202e', '\u001b[31m', ' ', 'a', '\t', '🇩🇪'))
    .map((all) => all.join('')),
);

describe('cells', () => {
  test('counts what terminals draw', () => {
    expect(cells('web01')).toBe(5);
    expect(cells('漢字')).toBe(4);
    expect(cells('e\u0301')).toBe(1);
  });

  test('cuts by cells, never through a wide character', () => {
    expect(cut('web01', 5)).toBe('web01');
    expect(cut('web01', 4)).toBe('web…');
    expect(cut('漢字漢字', 6)).toBe('漢字…');
    expect(fitted('漢字漢字', 6)).toBe('漢字… ');
    expect(fitted('7', 3, 'right')).toBe('  7');
  });

  test('shows an emoji as its code point, so that its width does not depend on the terminal', () => {
    expect(steady('a💥b')).toBe('a<1F4A5>b');
  });

  test('fits any text into exactly so many cells, without anything that drives a terminal', () => {
    fc.assert(
      fc.property(anyText, fc.integer({ min: 1, max: 40 }), (text, width) => {
        const shown = fitted(text, width);
        expect(stringWidth(shown)).toBe(width);
        expect(shown).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e]/);
      }),
    );
  });

  test('wraps any text into lines that fit, no more than asked', () => {
    fc.assert(
      fc.property(anyText, fc.integer({ min: 2, max: 40 }), fc.integer({ min: 1, max: 5 }), (text, width, most) => {
        const lines = wrap(text, width, most);
        expect(lines.length).toBeLessThanOrEqual(most);
        for (const line of lines) expect(stringWidth(line)).toBeLessThanOrEqual(width);
      }),
    );
  });

  test('wraps at blanks and loses no word', () => {
    expect(wrap('the quick brown fox', 10)).toEqual(['the quick', 'brown fox']);
    expect(wrap('abcdefghij', 4)).toEqual(['abcd', 'efgh', 'ij']);
    expect(wrap('the quick brown fox', 10, 1)).toEqual(['the quick…']);
  });
});
