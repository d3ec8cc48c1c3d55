/**
 * Instants as event logs keep them: counts of 100 ns. Relative to 2015-01-01 so that a JavaScript number holds every
 * one exactly from 1986 to 2043; milliseconds would put events in the wrong order, ticks since 1601 would be rounded.
 */
export type Ticks = number;

const epochMs = Date.UTC(2015, 0, 1);

const ticksPerMs = 10_000;
export const ticksPerSecond = 10_000_000;
export const ticksPerMinute = 60 * ticksPerSecond;

/** Ticks of milliseconds since 1970. */
export const ticksOfUnix = (milliseconds: number): Ticks => (milliseconds - epochMs) * ticksPerMs;

/** Milliseconds since 1970, rounded down. */
export const unixOf = (ticks: Ticks): number => Math.floor(ticks / ticksPerMs) + epochMs;

const iso = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(?:Z|[+-]00:?00)?$/;

/** Ticks of an ISO 8601 instant in UTC, with up to nine digits of a second (cut to seven); null for anything else. */
export function ticksOf(text: string): Ticks | null {
  const match = iso.exec(text.trim());
  if (!match) return null;
  const seconds = Date.parse(`${match[1]}T${match[2]}Z`);
  if (Number.isNaN(seconds)) return null;
  const fraction = Number((match[3] ?? '').padEnd(7, '0').slice(0, 7));
  return (seconds - epochMs) * ticksPerMs + fraction;
}

/** ISO 8601 in UTC with `Z`; a fraction of a second only where there is one, without trailing zeros. */
export function isoOf(ticks: Ticks): string {
  const whole = Math.floor(ticks / ticksPerSecond);
  const fraction = Math.round(ticks - whole * ticksPerSecond);
  const seconds = new Date(whole * 1000 + epochMs).toISOString().slice(0, 19);
  return fraction === 0 ? `${seconds}Z` : `${seconds}.${String(fraction).padStart(7, '0').replace(/0+$/, '')}Z`;
}
