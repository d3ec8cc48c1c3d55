/**
 * A set of integers as sorted, disjoint, non-adjacent half-open intervals, flat: [start0, end0, start1, end1, …).
 * IPv4 addresses and ports are numbers, IPv6 addresses bigints; the algebra only compares, so it serves both.
 */
export type Intervals<A extends number | bigint> = readonly A[];

/** The empty set. */
export const NOTHING: readonly never[] = Object.freeze([]);

/** Puts half-open intervals, in any order and overlapping, into normal form; empty and inverted ones are dropped. */
export function normalise<A extends number | bigint>(pairs: readonly (readonly [A, A])[]): Intervals<A> {
  if (pairs.length === 0) return NOTHING;
  if (pairs.length === 1) {
    const only = pairs[0];
    return only !== undefined && only[0] < only[1] ? [only[0], only[1]] : NOTHING;
  }
  const sorted = pairs.filter(([start, end]) => start < end).sort((a, b) => (a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0));
  const flat: A[] = [];
  for (const [start, end] of sorted) {
    const last = flat[flat.length - 1];
    if (last !== undefined && start <= last) {
      if (last < end) flat[flat.length - 1] = end;
    } else {
      flat.push(start, end);
    }
  }
  return flat;
}

/** Every element of either set. */
export function union<A extends number | bigint>(a: Intervals<A>, b: Intervals<A>): Intervals<A> {
  if (a.length === 0) return b;
  if (b.length === 0 || a === b) return a;
  const flat: A[] = [];
  let i = 0;
  let j = 0;
  while (i < a.length || j < b.length) {
    const fromA = j >= b.length || (i < a.length && (a[i] as A) <= (b[j] as A));
    const start = (fromA ? a[i] : b[j]) as A;
    const end = (fromA ? a[i + 1] : b[j + 1]) as A;
    if (fromA) i += 2;
    else j += 2;
    const last = flat[flat.length - 1];
    if (last !== undefined && start <= last) {
      if (last < end) flat[flat.length - 1] = end;
    } else {
      flat.push(start, end);
    }
  }
  return flat;
}

/** Every element of any of the sets. */
export function unionAll<A extends number | bigint>(sets: readonly Intervals<A>[]): Intervals<A> {
  if (sets.length <= 2) return union(sets[0] ?? NOTHING, sets[1] ?? NOTHING);
  const pairs: [A, A][] = [];
  for (const set of sets) for (let i = 0; i < set.length; i += 2) pairs.push([set[i] as A, set[i + 1] as A]);
  return normalise(pairs);
}

/** Index of the first interval of `set`, from the even index `from` on, that ends after `value`. */
function firstEndingAfter<A extends number | bigint>(set: Intervals<A>, value: A): number {
  if (set.length === 2) return (set[1] as A) <= value ? 2 : 0;
  let low = 0;
  let high = set.length >> 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((set[middle * 2 + 1] as A) <= value) low = middle + 1;
    else high = middle;
  }
  return low * 2;
}

/** Every element of both sets. */
export function intersect<A extends number | bigint>(a: Intervals<A>, b: Intervals<A>): Intervals<A> {
  if (a === b) return a;
  if (a.length === 0 || b.length === 0) return NOTHING;
  let flat: A[] | undefined;
  let i = firstEndingAfter(a, b[0] as A);
  // One block inside an interval of the other set, which is the most usual case, is the answer itself.
  if (b.length === 2 && i < a.length && (a[i] as A) <= (b[0] as A) && (b[1] as A) <= (a[i + 1] as A)) return b;
  let j = firstEndingAfter(b, a[0] as A);
  if (a.length === 2 && j < b.length && (b[j] as A) <= (a[0] as A) && (a[1] as A) <= (b[j + 1] as A)) return a;
  while (i < a.length && j < b.length) {
    const startA = a[i] as A;
    const startB = b[j] as A;
    const endA = a[i + 1] as A;
    const endB = b[j + 1] as A;
    // biome-ignore lint/complexity/useMathMinMax: Math.max takes no bigint
    const start = startB < startA ? startA : startB;
    // biome-ignore lint/complexity/useMathMinMax: Math.min takes no bigint
    const end = endA < endB ? endA : endB;
    if (start < end) {
      if (flat === undefined) flat = [start, end];
      else flat.push(start, end);
    }
    if (endA < endB) i += 2;
    else j += 2;
  }
  return flat ?? NOTHING;
}

/** Every element of `a` that is not in `b`. Returns `a` itself when nothing is taken away. */
export function subtract<A extends number | bigint>(a: Intervals<A>, b: Intervals<A>): Intervals<A> {
  if (a.length === 0 || b.length === 0) return a;
  if (a === b) return NOTHING;
  // Made when something is first taken away: mostly nothing is.
  let flat: A[] | undefined;
  let j = firstEndingAfter(b, a[0] as A);
  for (let i = 0; i < a.length; i += 2) {
    let start = a[i] as A;
    const end = a[i + 1] as A;
    while (j < b.length && (b[j + 1] as A) <= start) j += 2;
    for (let k = j; k < b.length && (b[k] as A) < end && start < end; k += 2) {
      flat ??= a.slice(0, i);
      const cut = b[k] as A;
      if (start < cut) flat.push(start, cut);
      const after = b[k + 1] as A;
      if (start < after) start = after;
    }
    if (flat !== undefined && start < end) flat.push(start, end);
  }
  return flat === undefined ? a : flat.length === 0 ? NOTHING : flat;
}

/** The least element of both sets; undefined when they share none. */
export function firstCommon<A extends number | bigint>(a: Intervals<A>, b: Intervals<A>): A | undefined {
  if (a.length === 0 || b.length === 0) return undefined;
  let i = firstEndingAfter(a, b[0] as A);
  let j = firstEndingAfter(b, a[0] as A);
  while (i < a.length && j < b.length) {
    const startA = a[i] as A;
    const startB = b[j] as A;
    // biome-ignore lint/complexity/useMathMinMax: Math.max takes no bigint
    const start = startA < startB ? startB : startA;
    if (start < (a[i + 1] as A) && start < (b[j + 1] as A)) return start;
    if ((a[i + 1] as A) < (b[j + 1] as A)) i += 2;
    else j += 2;
  }
  return undefined;
}

/** Do the sets share an element? */
export function overlaps<A extends number | bigint>(a: Intervals<A>, b: Intervals<A>): boolean {
  return firstCommon(a, b) !== undefined;
}

/** Is every element of `b` in `a`? */
export function covers<A extends number | bigint>(a: Intervals<A>, b: Intervals<A>): boolean {
  if (a === b) return true;
  let i = 0;
  for (let j = 0; j < b.length; j += 2) {
    while (i < a.length && (a[i + 1] as A) <= (b[j] as A)) i += 2;
    if (i >= a.length || (a[i] as A) > (b[j] as A) || (a[i + 1] as A) < (b[j + 1] as A)) return false;
  }
  return true;
}

/** Is `value` in the set? */
export function contains<A extends number | bigint>(set: Intervals<A>, value: A): boolean {
  const i = firstEndingAfter(set, value);
  return i < set.length && (set[i] as A) <= value;
}

/** Are the sets the same? */
export function equal<A extends number | bigint>(a: Intervals<A>, b: Intervals<A>): boolean {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i += 1) if (a[i] !== b[i]) return false;
  return true;
}
