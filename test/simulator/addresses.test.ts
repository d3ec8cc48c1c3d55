import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { printV4, readBlock, restOf } from '../../src/simulator/addresses.ts';

const block = fc
  .tuple(fc.nat({ max: 0xffffffff }), fc.integer({ min: 0, max: 32 }))
  .map(([address, length]) => `${printV4(BigInt(address >>> 0))}/${length}`);

describe('blocks', () => {
  it('read addresses and prefixes of both families, and nothing else', () => {
    expect(readBlock('10.0.0.0/8')).toEqual({ first: 0x0a000000n, last: 0x0affffffn, bits: 32 });
    expect(readBlock('::/0')).toEqual({ first: 0n, last: (1n << 128n) - 1n, bits: 128 });
    expect(readBlock('2001:db8::1')?.first).toBe(0x20010db8000000000000000000000001n);
    for (const bad of [
      '',
      '*',
      '10.0.0',
      '10.0.0.256',
      '10.0.0.0/33',
      '1.2.3.4/8/9',
      ':::',
      '1:2',
      'Internet',
      '10.0.0.0/',
    ]) {
      expect(readBlock(bad), bad).toBeUndefined();
    }
  });

  it('are exact when their host part is zero', () => {
    expect(readBlock('20.20.20.20/16', true)).toBeUndefined();
    expect(readBlock('20.20.0.0/16', true)).toBeDefined();
    expect(readBlock('20.20.20.20', true)).toBeDefined();
  });

  it('leave a rest that holds exactly the other addresses', () => {
    fc.assert(
      fc.property(
        fc.array(block, { maxLength: 8 }),
        fc.array(fc.nat({ max: 0xffffffff }), { maxLength: 20 }),
        (taken, probes) => {
          const blocks = taken.map((each) => readBlock(each)).filter((each) => each !== undefined);
          const rest = restOf(blocks).map((each) => readBlock(each, true));
          const edges = blocks.flatMap(({ first, last }) => [first, last, first - 1n, last + 1n]);
          for (const probe of [...probes.map((each) => BigInt(each >>> 0)), ...edges]) {
            if (probe < 0n || probe > 0xffffffffn) continue;
            const inTaken = blocks.some(({ first, last }) => probe >= first && probe <= last);
            const inRest = rest.filter(
              (each) => each !== undefined && probe >= each.first && probe <= each.last,
            ).length;
            expect(inRest).toBe(inTaken ? 0 : 1);
          }
        },
      ),
      { numRuns: 200 },
    );
  });
});
