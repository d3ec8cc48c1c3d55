import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { covers, permits } from '../../../src/azure/readers/role-permissions.ts';

/** The pattern as a regular expression: slow and obvious. */
function oracle(pattern: string, action: string): boolean {
  const source = pattern.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\/]/g, '\\$&'));
  return new RegExp(`^${source.join('.*')}$`, 'i').test(action);
}

describe('covers', () => {
  it('agrees with a regular expression', () => {
    const letters = fc.constantFrom('a', 'B', 'b', '/', '*');
    const plain = fc.constantFrom('a', 'B', 'b', '/');
    fc.assert(
      fc.property(fc.array(letters, { maxLength: 8 }), fc.array(plain, { maxLength: 10 }), (pattern, action) => {
        expect(covers(pattern.join(''), action.join(''))).toBe(oracle(pattern.join(''), action.join('')));
      }),
      { numRuns: 2000 },
    );
  });

  it('knows the patterns of role definitions', () => {
    expect(covers('*', 'Microsoft.Network/networkInterfaces/write')).toBe(true);
    expect(covers('*/read', 'Microsoft.Network/networkInterfaces/read')).toBe(true);
    expect(covers('*/read', 'Microsoft.Network/networkInterfaces/write')).toBe(false);
    expect(covers('microsoft.network/*', 'Microsoft.Network/networkInterfaces/write')).toBe(true);
  });
});

describe('permits', () => {
  const write = 'Microsoft.Network/networkInterfaces/write';
  it('lets notActions take away within one grant only', () => {
    const contributor = { actions: ['*'], notActions: ['Microsoft.Network/*/write'] };
    expect(permits([contributor], write)).toBe(false);
    expect(permits([contributor, { actions: [write], notActions: [] }], write)).toBe(true);
    expect(permits([], write)).toBe(false);
  });
});
