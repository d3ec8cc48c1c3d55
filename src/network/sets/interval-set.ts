/**
 * A set of integers as sorted, disjoint, non-adjacent half-open intervals, flat: [start0, end0, start1, end1, …).
 * IPv4 addresses and ports are numbers, IPv6 addresses bigints; the algebra only compares, so it serves both.
 */
export type Intervals<A extends number | bigint> = readonly A[];

/** The empty set. */
export const NOTHING: readonly never[] = Object.freeze([]);

// Up to this many intervals are put in order by insertion: rules name few prefixes and ports each.
const FEW = 16;

/**
 * Puts half-open intervals, flat, in any order and overlapping, into normal form; empty and inverted ones are dropped.
 * The list is used for the result.
 */
export function normalise<A extends number | bigint>(flat: A[]): Intervals<A> {
  if (flat.length > 2) {
    if (flat.length <= 2 * FEW) sortByInsertion(flat);
    else sortAtLength(flat);
  }
  let length = 0;
  for (let i = 0; i < flat.length; i += 2) {
    const start = flat[i] as A;
    const end = flat[i + 1] as A;
    if (start >= end) continue;
    if (length > 0 && start <= (flat[length - 1] as A)) {
      if ((flat[length - 1] as A) < end) flat[length - 1] = end;
    } else {
      flat[length] = start;
      flat[length + 1] = end;
      length += 2;
    }
  }
  if (length === 0) return NOTHING;
  flat.length = length;
  return flat;
}

function sortByInsertion<A extends number | bigint>(flat: A[]): void {
  for (let i = 2; i < flat.length; i += 2) {
    const start = flat[i] as A;
    const end = flat[i + 1] as A;
    let at = i;
    for (; at > 0 && (flat[at - 2] as A) > start; at -= 2) {
      flat[at] = flat[at - 2] as A;
      flat[at + 1] = flat[at - 1] as A;
    }
    flat[at] = start;
    flat[at + 1] = end;
  }
}

function sortAtLength<A extends number | bigint>(flat: A[]): void {
  const pairs: [A, A][] = [];
  for (let i = 0; i < flat.length; i += 2) pairs.push([flat[i] as A, flat[i + 1] as A]);
  pairs.sort((a, b) => (a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0));
  for (let i = 0; i < pairs.length; i += 1) {
    const [start, end] = pairs[i] as [A, A];
    flat[2 * i] = start;
    flat[2 * i + 1] = end;
  }
}

/** Every element of either set. */
export function union<A extends number | bigint>(a: Intervals<A>, b: Intervals<A>): Intervals<A> {
  if (a.length === 0) return b;
  if (b.length === 0 || a === b) return a;
  const flat: A[] = [];
  let i = 0;
  let j = 0;
  let start = ((a[0] as A) <= (b[0] as A) ? a[0] : b[0]) as A;
  let end = start;
  while (i < a.length || j < b.length) {
    let nextStart: A;
    let nextEnd: A;
    if (j >= b.length || (i < a.length && (a[i] as A) <= (b[j] as A))) {
      nextStart = a[i] as A;
      nextEnd = a[i + 1] as A;
      i += 2;
    } else {
      nextStart = b[j] as A;
      nextEnd = b[j + 1] as A;
      j += 2;
    }
    if (nextStart > end) {
      flat.push(start, end);
      start = nextStart;
      end = nextEnd;
    } else if (nextEnd > end) {
      end = nextEnd;
    }
  }
  flat.push(start, end);
  return flat;
}

/** Every element of any of the sets. */
export function unionAll<A extends number | bigint>(sets: readonly Intervals<A>[]): Intervals<A> {
  if (sets.length <= 2) return union(sets[0] ?? NOTHING, sets[1] ?? NOTHING);
  const flat: A[] = [];
  for (const set of sets) for (let i = 0; i < set.length; i += 1) flat.push(set[i] as A);
  return normalise(flat);
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
