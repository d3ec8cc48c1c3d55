import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { lineAt, offsetOf, syntaxFault } from '../../src/text/json-position.ts';

describe('syntaxFault', () => {
  it('agrees with JSON.parse on what is JSON, whatever is cut or swapped', () => {
    fc.assert(
      fc.property(
        fc.json(),
        fc.nat(),
        fc.constantFrom('', '"', '{', '}', ']', ',', ':', '1', '\\', '\n', '0'),
        (json, at, put) => {
          const place = at % (json.length + 1);
          const damaged = json.slice(0, place) + put + json.slice(place + 1);
          let valid = true;
          try {
            JSON.parse(damaged);
          } catch {
            valid = false;
          }
          expect(syntaxFault(damaged) === undefined, damaged).toBe(valid);
        },
      ),
      { numRuns: 2000 },
    );
  });

  it('names the place and what was expected', () => {
    expect(syntaxFault('{"a": 1 "b"}')).toEqual({ offset: 8, expected: '"," or "}"' });
    expect(syntaxFault('[1,]')).toEqual({ offset: 3, expected: 'a value' });
    expect(syntaxFault('')).toEqual({ offset: 0, expected: 'a value' });
    expect(syntaxFault('{} x')).toEqual({ offset: 3, expected: 'the end of the file' });
  });

  it('reads a long string and deep brackets without running out of stack', () => {
    expect(syntaxFault(`["${'x'.repeat(5_000_000)}"`)?.expected).toBe('"," or "]"');
    expect(syntaxFault('['.repeat(200_000))?.expected).toMatch(/levels/);
  });
});

describe('offsetOf', () => {
  it('finds every value of a document by its path', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4 }), (value) => {
        const text = JSON.stringify(value);
        const visit = (node: unknown, path: (string | number)[]): void => {
          expect(text.startsWith(JSON.stringify(node), offsetOf(text, path))).toBe(true);
          if (typeof node !== 'object' || node === null) return;
          for (const [key, child] of Object.entries(node))
            visit(child, [...path, Array.isArray(node) ? Number(key) : key]);
        };
        visit(value, []);
        expect(offsetOf(` [ ${text}]`, [0])).toBe(3);
      }),
    );
  });

  it('gives the nearest ancestor when the path leads nowhere', () => {
    const text = '{\n "a": {\n  "b": 1 }\n}';
    expect(lineAt(text, offsetOf(text, ['a', 'c', 'd']))).toBe(2);
    expect(lineAt(text, offsetOf(text, ['a', 'b']))).toBe(3);
  });
});
