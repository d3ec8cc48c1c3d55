import fc from 'fast-check';
import { expect, test } from 'vitest';
import { IdMap } from '../../src/arm/resource-id-map.ts';

// "a?" and "b " have the same hash; the Kelvin sign and the dotted capital I have lower cases of other lengths and ranges.
const letter = fc.constantFrom('a', 'A', 'b', 'B', '?', ' ', 'k', 'K', '\u212a', 'i', '\u0130', 'é', 'É', '/');
const id = fc.array(letter, { maxLength: 4 }).map((letters) => letters.join(''));
const step = fc.record({ what: fc.constantFrom('set', 'get', 'delete'), id, value: fc.nat() });

test('is a map by lower-case ids, also where hashes are the same', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const map = new IdMap<number>();
      const model = new Map<string, number>();
      for (const { what, id, value } of steps) {
        const key = id.toLowerCase();
        const before = model.get(key);
        if (what === 'set') {
          expect(map.set(id, value)).toBe(before);
          model.set(key, value);
        } else if (what === 'delete') {
          expect(map.delete(id)).toBe(before);
          model.delete(key);
        } else {
          expect(map.get(id)).toBe(before);
        }
      }
      for (const [key, value] of model) expect(map.get(key)).toBe(value);
    }),
    { numRuns: 1000 },
  );
});

test('ids with the same hash are told apart', () => {
  const map = new IdMap<string>();
  map.set('/a?', 'first');
  map.set('/b ', 'second');
  expect([map.get('/A?'), map.get('/B ')]).toEqual(['first', 'second']);
  map.delete('/b ');
  expect([map.get('/a?'), map.get('/b ')]).toEqual(['first', undefined]);
});
