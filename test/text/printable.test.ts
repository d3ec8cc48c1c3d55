import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { printable } from '../../src/text/printable.ts';

describe('printable', () => {
  it.each([
    ['\u001b]0;owned\u0007admin', 'admin'],
    ['\u001b[2J\u001b[31mred\u001b[0m', 'red'],
    ['a\u202egnp.exe', 'agnp.exe'],
    ['two\nlines\there', 'two lines here'],
    ['\u009b2Jx', 'x'],
    ['zero\u200bwidth\u00ad', 'zerowidth'],
    ['日本語 ümlaut €', '日本語 ümlaut €'],
  ])('%j becomes %j', (text, expected) => {
    expect(printable(text)).toBe(expected);
  });

  it('holds no control, format or surrogate character, whatever goes in, and is bounded', () => {
    const hostile = fc.array(
      fc.oneof(
        fc.string({ unit: 'binary' }),
        fc.constantFrom('\u001b', '\u001b[', '\u001b]', '\u0007', '\u009d', '\u202e', '\ud800', '\r\n'),
      ),
    );
    fc.assert(
      fc.property(hostile, fc.integer({ min: 1, max: 64 }), (parts, limit) => {
        const text = printable(parts.join(''), limit);
        expect(text).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2066-\u2069]/);
        expect(text.length).toBeLessThanOrEqual(limit);
        expect(text.isWellFormed()).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });
});
