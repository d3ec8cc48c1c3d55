/**
 * 64-bit integers. A long is a `number` while it is a safe integer and a `bigint` beyond, never both for one value,
 * so that `===` and Map keys work. Arithmetic wraps as 64-bit two's complement does.
 */
export type Long = number | bigint;

export const MAX_LONG = 9223372036854775807n;
export const MIN_LONG = -9223372036854775808n;

/** The canonical form of a 64-bit value, wrapping what does not fit. */
export function long(value: bigint): Long {
  const wrapped = BigInt.asIntN(64, value);
  return wrapped >= -9007199254740991n && wrapped <= 9007199254740991n ? Number(wrapped) : wrapped;
}

export function addLongs(a: Long, b: Long): Long {
  if (typeof a === 'number' && typeof b === 'number') {
    const sum = a + b;
    if (Number.isSafeInteger(sum)) return sum;
  }
  return long(BigInt(a) + BigInt(b));
}

export function subtractLongs(a: Long, b: Long): Long {
  if (typeof a === 'number' && typeof b === 'number') {
    const difference = a - b;
    if (Number.isSafeInteger(difference)) return difference;
  }
  return long(BigInt(a) - BigInt(b));
}

export function multiplyLongs(a: Long, b: Long): Long {
  if (typeof a === 'number' && typeof b === 'number') {
    const product = a * b;
    // + 0 turns -0 into 0, which a long does not have.
    if (Number.isSafeInteger(product)) return product + 0;
  }
  return long(BigInt(a) * BigInt(b));
}

/** Truncates toward zero; null when the divisor is zero. */
export function divideLongs(a: Long, b: Long): Long | null {
  if (b === 0) return null;
  if (typeof a === 'number' && typeof b === 'number') return Math.trunc(a / b) + 0;
  return long(BigInt(a) / BigInt(b));
}

/** Kusto's modulo has the sign of the divisor's absolute value: the result is never negative. Null for zero. */
export function moduloLongs(a: Long, b: Long): Long | null {
  if (b === 0) return null;
  if (typeof a === 'number' && typeof b === 'number') {
    const size = Math.abs(b);
    const rest = a % size;
    return rest < 0 ? rest + size : rest + 0;
  }
  const size = BigInt(b) < 0n ? -BigInt(b) : BigInt(b);
  const rest = BigInt(a) % size;
  return long(rest < 0n ? rest + size : rest);
}

/** The largest multiple of `size` not above `a`. Null when size is zero. */
export function floorLong(a: Long, size: Long): Long | null {
  const rest = moduloLongs(a, size);
  return rest === null ? null : subtractLongs(a, rest);
}

/** A long from decimal or 0x digits; null when the text is none, or does not fit. */
export function parseLong(text: string): Long | null {
  const trimmed = text.trim();
  if (/^[-+]?\d{1,15}$/.test(trimmed)) return Number(trimmed) + 0;
  if (/^[-+]?\d{1,30}$/.test(trimmed)) {
    const value = BigInt(trimmed.startsWith('+') ? trimmed.slice(1) : trimmed);
    return value < MIN_LONG || value > MAX_LONG ? null : long(value);
  }
  const hex = /^0[xX]([0-9a-fA-F]{1,16})$/.exec(trimmed)?.[1];
  return hex === undefined ? null : long(BigInt.asIntN(64, BigInt(`0x${hex}`)));
}

/** A long from a real, truncated toward zero; null when it does not fit or is no number. */
export function longFromReal(value: number): Long | null {
  if (!Number.isFinite(value)) return null;
  const whole = Math.trunc(value) + 0;
  if (Number.isSafeInteger(whole)) return whole;
  const big = BigInt(whole);
  return big < MIN_LONG || big > MAX_LONG ? null : long(big);
}
