import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { jsonText } from '../../src/text/json-text.ts';

describe('JSON that is printed', () => {
  it('holds nothing that drives a terminal, and the same value', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.string({ unit: 'binary', maxLength: 40 }), (value, text) => {
        const printed = jsonText({ value, text, [text]: 1 });
        expect(printed).not.toMatch(/[\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]/);
        expect(JSON.parse(printed)).toEqual(JSON.parse(JSON.stringify({ value, text, [text]: 1 })));
      }),
      { numRuns: 200 },
    );
    expect(jsonText({ name: 'web\u009b31m\u009d0;x\u009c' })).toBe('{"name":"web\\u009b31m\\u009d0;x\\u009c"}');
  });
});
