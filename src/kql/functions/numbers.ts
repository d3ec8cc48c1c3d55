import { argument, type Call, counts, type Implementation, longs, reals } from '../call.ts';
import { addLongs, long, subtractLongs } from '../longs.ts';
import { refuse } from '../scope.ts';
import { isNumeric, moreExtreme, type Value } from '../values.ts';

const real =
  (map: (n: number) => number | null): Implementation =>
  (call) => {
    const read = reals(call, 0);
    return (row) => {
      const n = read(row);
      return n === null ? null : map(n);
    };
  };

/** Logarithms of what is negative are null (Microsoft Learn, log(), log2() and log10(), read 2026-11-30). */
const ofPositive =
  (map: (n: number) => number) =>
  (n: number): number | null =>
    n < 0 ? null : map(n);

const flag =
  (test: (n: number) => boolean): Implementation =>
  (call) => {
    const read = reals(call, 0);
    return (row) => {
      const n = read(row);
      return n === null ? null : test(n);
    };
  };

const numbersOnly = (call: Call): void => {
  for (const [i, a] of call.args.entries()) {
    if (a.type === 'dynamic' || a.type === 'decimal') {
      refuse(`${call.name}() of a ${a.type}`, call.argumentNodes[i] ?? call.node, call.scope);
    }
  }
};

const extreme =
  (sign: 1 | -1): Implementation =>
  (call) => {
    numbersOnly(call);
    const reads = call.args.map((a) => a.at);
    return (row) => {
      let best: Value = null;
      for (const read of reads) {
        const value = read(row);
        if (value !== null && (best === null || moreExtreme(value, best, sign) > 0)) best = value;
      }
      return best;
    };
  };

const bitwise =
  (combine: (a: bigint, b: bigint) => bigint | null): Implementation =>
  (call) => {
    const left = longs(call, 0);
    const right = longs(call, 1);
    return (row) => {
      const a = left(row);
      const b = right(row);
      const value = a === null || b === null ? null : combine(BigInt(a), BigInt(b));
      return value === null ? null : long(value);
    };
  };

/**
 * Rounds half away from zero. Measured on Microsoft's emulator of the service (https://github.com/saoc90/kql-to-sql,
 * fuzzing/verdicts3, read 2026-11-30): 2.5 is 3, -0.5 is -1, and 3.25 to one digit 3.3.
 */
function round(n: number, digits: number): number {
  if (!Number.isFinite(n)) return n;
  const scale = 10 ** digits;
  const scaled = digits >= 0 ? n * scale : n / 10 ** -digits;
  // From 2^53 on a real has no fraction.
  if (Math.abs(scaled) >= 9_007_199_254_740_992) return n;
  const least = Math.trunc(scaled);
  const whole = Math.abs(scaled - least) >= 0.5 ? least + Math.sign(scaled) : least;
  return digits >= 0 ? Number(`${whole}e${-digits}`) : whole * 10 ** -digits;
}

const whole =
  (map: (n: number) => number): Implementation =>
  (call) => {
    numbersOnly(call);
    const { at } = argument(call, 0);
    return (row) => {
      const value = at(row);
      return typeof value === 'number' ? map(value) : isNumeric(value) ? value : null;
    };
  };

export const NUMBER_FUNCTIONS: Record<string, Implementation> = {
  abs: (call) => {
    numbersOnly(call);
    const { at } = argument(call, 0);
    return (row) => {
      const value = at(row);
      if (typeof value === 'number') return Math.abs(value);
      return typeof value === 'bigint' ? long(value < 0n ? -value : value) : null;
    };
  },
  round: (call) => {
    numbersOnly(call);
    const { at } = argument(call, 0);
    const digits = counts(call, 1);
    return (row) => {
      const value = at(row);
      const to = digits ? digits(row) : 0;
      return value === null || to === null ? null : typeof value === 'number' ? round(value, to) : value;
    };
  },
  ceiling: whole(Math.ceil),
  pi: () => () => Math.PI,
  sin: real(Math.sin),
  cos: real(Math.cos),
  tan: real(Math.tan),
  asin: real(Math.asin),
  acos: real(Math.acos),
  atan: real(Math.atan),
  cot: real((n) => 1 / Math.tan(n)),
  atan2: (call) => {
    const [y, x] = [reals(call, 0), reals(call, 1)];
    return (row) => {
      const [a, b] = [y(row), x(row)];
      return a === null || b === null ? null : Math.atan2(a, b);
    };
  },
  binary_not: (call) => {
    const read = longs(call, 0);
    return (row) => {
      const n = read(row);
      return n === null ? null : long(~BigInt(n));
    };
  },
  bitset_count_ones: (call) => {
    const read = longs(call, 0);
    return (row) => {
      const n = read(row);
      return n === null ? null : BigInt.asUintN(64, BigInt(n)).toString(2).replaceAll('0', '').length;
    };
  },
  radians: real((n) => (n / 180) * Math.PI),
  degrees: real((n) => (n / Math.PI) * 180),
  sign: real((n) => Math.sign(n) || 0),
  // The page says null; the service gives NaN (kql-to-sql, see round).
  sqrt: real(Math.sqrt),
  exp: real(Math.exp),
  exp2: real((n) => 2 ** n),
  exp10: real((n) => 10 ** n),
  log: real(ofPositive(Math.log)),
  log2: real(ofPositive(Math.log2)),
  log10: real(ofPositive(Math.log10)),
  pow: (call) => {
    const base = reals(call, 0);
    const power = reals(call, 1);
    return (row) => {
      const b = base(row);
      const p = power(row);
      return b === null || p === null ? null : b ** p;
    };
  },
  around: (call) => {
    numbersOnly(call);
    const [value, center, delta] = [argument(call, 0), argument(call, 1), argument(call, 2)];
    return (row) => {
      const [x, c, d] = [value.at(row), center.at(row), delta.at(row)];
      if (!isNumeric(x) || !isNumeric(c) || !isNumeric(d)) return null;
      return typeof x === 'number' &&
        typeof c === 'number' &&
        typeof d === 'number' &&
        call.args.some(({ type }) => type === 'real')
        ? Math.abs(x - c) <= d
        : x >= subtractLongs(c, d) && x <= addLongs(c, d);
    };
  },
  isnan: flag(Number.isNaN),
  isinf: flag((n) => n === Number.POSITIVE_INFINITY || n === Number.NEGATIVE_INFINITY),
  isfinite: flag(Number.isFinite),
  min_of: extreme(-1),
  max_of: extreme(1),
  binary_and: bitwise((a, b) => a & b),
  binary_or: bitwise((a, b) => a | b),
  binary_xor: bitwise((a, b) => a ^ b),
  binary_shift_left: bitwise((a, b) => (b < 0n ? null : a << (b % 64n))),
  binary_shift_right: bitwise((a, b) => (b < 0n ? null : a >> (b % 64n))),
};
