import { type Ticks, ticksPerSecond } from './ticks.ts';

/** How many failures within how long make a burst, and how many accounts or sources make it a spray or distributed. */
export interface Thresholds {
  /** N, at least 2. */
  failures: number;
  /** W. */
  windowSeconds: number;
  /** Distinct accounts from one source from which on it is a spray. */
  manyAccounts: number;
  /** Distinct sources against one account from which on it is distributed. */
  manySources: number;
}

export const defaultThresholds: Thresholds = { failures: 10, windowSeconds: 300, manyAccounts: 10, manySources: 10 };

/** Bursts of one kind of key, in the order of their beginning: columns of equal length. */
export interface BurstSpans {
  count: number;
  /** The key's number, as it was given to the scanner. */
  key: Uint32Array;
  start: Float64Array;
  end: Float64Array;
}

const none = 0xffffffff;

/** The number that stands for "this event has no key of this kind". */
export const noKey = none;

/**
 * Finds the bursts of every key in one pass over failures in time order.
 *
 * For a key's failures t1..tn a hit window is an i with t(i+N-1) - t(i) <= W, and a burst is a maximal union of hit
 * windows that share a failure. A window slides with the failures; fixed bins would split one campaign into many and
 * miss what straddles their edges. Per key the last N times are kept in a ring, and only for keys that have N at all.
 */
export class BurstScanner {
  readonly #n: number;
  readonly #window: number;
  /** Of each key: its ring's number, or `none`. */
  readonly #ring: Uint32Array;
  readonly #times: Float64Array;
  readonly #next: Uint16Array;
  /** Of each ring: the burst that may still grow, or -1. */
  readonly #open: Int32Array;
  #count = 0;
  #key = new Uint32Array(256);
  #start = new Float64Array(256);
  #end = new Float64Array(256);

  /** `perKey` holds how many failures each key has in all. */
  constructor(perKey: Uint32Array, thresholds: Thresholds) {
    this.#n = Math.min(65_535, Math.max(2, Math.floor(thresholds.failures)));
    this.#window = thresholds.windowSeconds * ticksPerSecond;
    this.#ring = new Uint32Array(perKey.length);
    let rings = 0;
    for (let key = 0; key < perKey.length; key++) this.#ring[key] = (perKey[key] ?? 0) >= this.#n ? rings++ : none;
    this.#times = new Float64Array(rings * this.#n).fill(Number.NEGATIVE_INFINITY);
    this.#next = new Uint16Array(rings);
    this.#open = new Int32Array(rings).fill(-1);
  }

  /** The next failure in time order. Keys without a ring, and `noKey`, pass by. */
  push(key: number, time: Ticks): void {
    const ring = key === none ? none : (this.#ring[key] ?? none);
    if (ring === none) return;
    const place = this.#next[ring] ?? 0;
    const base = ring * this.#n;
    this.#times[base + place] = time;
    const oldest = place + 1 === this.#n ? 0 : place + 1;
    this.#next[ring] = oldest;
    const first = this.#times[base + oldest] ?? Number.NEGATIVE_INFINITY;
    if (!(time - first <= this.#window)) return;
    const open = this.#open[ring] ?? -1;
    // A window that begins no later than the burst ends shares a failure with it: equal times are all inside.
    if (open >= 0 && first <= (this.#end[open] ?? 0)) this.#end[open] = time;
    else this.#open[ring] = this.#begin(key, first, time);
  }

  /** The bursts so far. */
  spans(): BurstSpans {
    return {
      count: this.#count,
      key: this.#key.subarray(0, this.#count),
      start: this.#start.subarray(0, this.#count),
      end: this.#end.subarray(0, this.#count),
    };
  }

  #begin(key: number, start: Ticks, end: Ticks): number {
    const number = this.#count++;
    if (number === this.#key.length) {
      const capacity = number * 2;
      const keys = new Uint32Array(capacity);
      keys.set(this.#key);
      this.#key = keys;
      const starts = new Float64Array(capacity);
      starts.set(this.#start);
      this.#start = starts;
      const ends = new Float64Array(capacity);
      ends.set(this.#end);
      this.#end = ends;
    }
    this.#key[number] = key;
    this.#start[number] = start;
    this.#end[number] = end;
    return number;
  }
}

/** Which rows belong to which burst: the rows of burst b are `rows[from[b]]` to `rows[from[b + 1] - 1]`, in time order. */
export interface BurstRows {
  from: Uint32Array;
  rows: Uint32Array;
}

/**
 * The rows of each burst. `keyOf` holds each row's key, of `keys` keys; `order` is the rows' time order, or null when
 * they lie in it. A key's bursts never overlap, and a failure of the key between a burst's first and last belongs to it.
 */
export function rowsOfBursts(
  spans: BurstSpans,
  keys: number,
  length: number,
  time: Float64Array,
  keyOf: Uint32Array,
  order: Uint32Array | null,
): BurstRows {
  const firstOfKey = new Int32Array(keys).fill(-1);
  const nextOfKey = new Int32Array(spans.count).fill(-1);
  for (let b = spans.count - 1; b >= 0; b--) {
    const key = spans.key[b] ?? 0;
    nextOfKey[b] = firstOfKey[key] ?? -1;
    firstOfKey[key] = b;
  }
  const burstOf = (cursor: Int32Array, row: number): number => {
    const key = keyOf[row] ?? none;
    if (key === none) return -1;
    const at = time[row] ?? 0;
    let burst = cursor[key] ?? -1;
    while (burst >= 0 && (spans.end[burst] ?? 0) < at) burst = nextOfKey[burst] ?? -1;
    cursor[key] = burst;
    return burst >= 0 && (spans.start[burst] ?? 0) <= at ? burst : -1;
  };
  const from = new Uint32Array(spans.count + 1);
  const counting = firstOfKey.slice();
  for (let i = 0; i < length; i++) {
    const burst = burstOf(counting, order === null ? i : (order[i] ?? 0));
    if (burst >= 0) from[burst + 1] = (from[burst + 1] ?? 0) + 1;
  }
  for (let b = 0; b < spans.count; b++) from[b + 1] = (from[b + 1] ?? 0) + (from[b] ?? 0);
  const rows = new Uint32Array(from[spans.count] ?? 0);
  const fill = from.slice();
  for (let i = 0; i < length; i++) {
    const row = order === null ? i : (order[i] ?? 0);
    const burst = burstOf(firstOfKey, row);
    if (burst < 0) continue;
    const place = fill[burst] ?? 0;
    rows[place] = row;
    fill[burst] = place + 1;
  }
  return { from, rows };
}
