/** The built-in world's clock at start. */
export const now = '2026-11-23T02:20:11Z';

export const second = 1000;
export const minute = 60 * second;
export const hour = 60 * minute;
export const day = 24 * hour;

/** Milliseconds since 1970 of a UTC time. */
export function at(time: string): number {
  return Date.parse(time);
}

/** ISO time `span` milliseconds before the world's start, to the second. */
export function ago(span: number): string {
  return `${new Date(at(now) - span).toISOString().slice(0, 19)}Z`;
}

/**
 * A time as Log Analytics and Windows print it: seven digits of a second. `ticks` are the 100 ns steps below the
 * millisecond (0 to 9999).
 */
export function sevenDigits(milliseconds: number, ticks = 0): string {
  return `${new Date(milliseconds).toISOString().slice(0, -1)}${String(ticks).padStart(4, '0')}Z`;
}
