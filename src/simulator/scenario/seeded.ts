// Everything in the built-in world that looks random comes from here, so that two builds are the same to the byte.

/** 32-bit FNV-1a of a text. */
export function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  return hash >>> 0;
}

export interface Dice {
  /** A real number in [0, 1). */
  real(): number;
  /** A whole number in [from, to]. */
  whole(from: number, to: number): number;
  /** One element; the list is never empty. */
  pick<T>(list: readonly [T, ...T[]]): T;
  /** Lower-case hexadecimal digits. */
  hex(length: number): string;
}

/** Numbers in [0, 1) that are the same for a seed (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000;
  };
}

/** A generator whose sequence the seed's text decides. */
export function dice(seed: string): Dice {
  const real = seeded(hashOf(seed));
  const whole = (from: number, to: number): number => from + Math.floor(real() * (to - from + 1));
  return {
    real,
    whole,
    pick: (list) => list[whole(0, list.length - 1)] ?? list[0],
    hex: (length) => Array.from({ length }, () => whole(0, 15).toString(16)).join(''),
  };
}

/** A GUID (version 4 in form) that depends on the text alone, not on the order of calls. */
export function guidOf(text: string): string {
  const hex = dice(`guid:${text}`).hex(32);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20)}`;
}
