import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  addLongs,
  divideLongs,
  floorLong,
  type Long,
  long,
  moduloLongs,
  multiplyLongs,
  parseLong,
  subtractLongs,
} from '../../src/kql/longs.ts';

const anyLong = fc
  .oneof(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), fc.bigInt({ min: -1000n, max: 1000n }))
  .map(long);
const wrap = (v: bigint): bigint => BigInt.asIntN(64, v);
const canonical = (v: Long): boolean =>
  typeof v === 'number' ? Number.isSafeInteger(v) && !Object.is(v, -0) : !Number.isSafeInteger(Number(v));

describe('64-bit integers', () => {
  it.each([
    ['addition', addLongs, (a: bigint, b: bigint) => a + b],
    ['subtraction', subtractLongs, (a: bigint, b: bigint) => a - b],
    ['multiplication', multiplyLongs, (a: bigint, b: bigint) => a * b],
  ] as const)('%s wraps as two’s complement does, in one canonical form', (_, ours, exact) => {
    fc.assert(
      fc.property(anyLong, anyLong, (a, b) => {
        const result = ours(a, b);
        expect(BigInt(result)).toBe(wrap(exact(BigInt(a), BigInt(b))));
        expect(canonical(result)).toBe(true);
      }),
    );
  });

  it('divides toward zero, and by zero gives null', () => {
    fc.assert(
      fc.property(anyLong, anyLong, (a, b) => {
        const result = divideLongs(a, b);
        if (b === 0) expect(result).toBeNull();
        else expect(BigInt(result ?? 0)).toBe(wrap(BigInt(a) / BigInt(b)));
      }),
    );
  });

  it('floors to a multiple that is at most the value and less than a size below it', () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: -(2n ** 60n), max: 2n ** 60n }),
        fc.bigInt({ min: 1n, max: 2n ** 40n }),
        (a, size) => {
          const floor = BigInt(floorLong(long(a), long(size)) ?? 0);
          expect(floor % size).toBe(0n);
          expect(floor <= a && a - floor < size).toBe(true);
          expect(BigInt(moduloLongs(long(a), long(size)) ?? -1)).toBe(a - floor);
        },
      ),
    );
  });

  it('reads decimal and hexadecimal digits, and nothing else', () => {
    expect(parseLong('9223372036854775807')).toBe(9223372036854775807n);
    expect(parseLong('9223372036854775808')).toBeNull();
    expect(parseLong('-0')).toBe(0);
    expect(parseLong('0x10')).toBe(16);
    expect(parseLong('0xffffffffffffffff')).toBe(-1);
    for (const none of ['', '1.5', '1e3', 'x', '1 2', '--1']) expect(parseLong(none)).toBeNull();
  });
});
