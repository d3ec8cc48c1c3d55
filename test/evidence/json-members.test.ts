import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { JsonMembers } from '../../src/evidence/json-members.ts';

// JSON.parse is the judge: of what it takes and of what it gives.

const names = ['a', 'agent', '__proto__', 'é'];
const key = fc.constantFrom(...names, 'b', 'ag', 'x"y', 'constructor');
const leaf = fc.constantFrom<unknown>(null, true, false, 0, -0.5, 1e300, 12, 'x', '', 'q"\\/\n', 'é😀', 'a,b}');
const { tree } = fc.letrec<{ tree: unknown }>((tie) => ({
  tree: fc.oneof({ maxDepth: 3 }, leaf, fc.array(tie('tree'), { maxLength: 3 }), fc.dictionary(key, tie('tree'))),
}));

function found(text: string): Record<string, unknown> | undefined {
  const bytes = Buffer.from(`..${text}..`);
  const members = new JsonMembers(names);
  if (!members.find(bytes, 2, bytes.length - 2)) return undefined;
  const made: Record<string, unknown> = Object.create(null);
  names.forEach((name, n) => {
    const from = members.from[n] ?? -1;
    if (from >= 0) made[name] = JSON.parse(bytes.toString('utf8', from, members.to[n]));
  });
  return made;
}

function judged(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
    const made: Record<string, unknown> = Object.create(null);
    for (const name of names)
      if (Object.hasOwn(value, name)) made[name] = Object.getOwnPropertyDescriptor(value, name)?.value;
    return made;
  } catch {
    return undefined;
  }
}

describe('members of JSON by their places', () => {
  it('are those that JSON.parse gives, with blanks and keys that come twice', () => {
    const blank = fc.constantFrom('', ' ', '\n', '\t ');
    const pairs = fc.array(fc.tuple(key, tree, blank), { maxLength: 6 });
    fc.assert(
      fc.property(pairs, (given) => {
        const inner = given.map(([k, v, b]) => `${b}${JSON.stringify(k)}${b}:${b}${JSON.stringify(v)}${b}`);
        const text = `{${inner.join(',')}}`;
        // A key in other words (x\"y) and four digits of a character may be left to the parser; nothing else is.
        if (/\\"y|\\u/.test(text)) {
          const own = found(text);
          if (own) expect(own).toEqual(judged(text));
        } else expect(found(text)).toEqual(judged(text));
      }),
      { numRuns: 500 },
    );
  });

  it('are never those of a text that JSON.parse refuses', () => {
    const piece = fc.constantFrom(
      ...'{}[]:,"\\ \n\t.-+eE019truefalsnx/u'.split(''),
      ...['"a"', '"a":', '1', 'true', 'null', '{"a":1}', '"\\u0061"', '-0', '1.', '01', '\u0001'],
    );
    let taken = 0;
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 9 }), (pieces) => {
        const text = `{${pieces.join('')}`;
        const own = found(text);
        if (own === undefined) return;
        taken += 1;
        expect(own, text).toEqual(judged(text));
        expect(judged(text), text).toBeDefined();
      }),
      { numRuns: 5000 },
    );
    // Few of the random texts are JSON at all.
    expect(taken).toBeGreaterThan(0);
    for (const text of [
      '{"a":01}',
      '{"a":1.}',
      '{"a":"\u0001"}',
      '{"a":1}x',
      '{"a":1,}',
      '{"a":tru}',
      '{"a":"\\x"}',
      '{',
    ])
      expect(found(text), text).toBeUndefined();
    expect(found(`{"a":${'['.repeat(200)}${']'.repeat(200)}}`)).toBeUndefined();
  });
});
