/** How long ago, in one short unit: `12s`, `3m`, `6h`, `2d`. A time that lies ahead counts as now; "?" when unreadable. */
export function age(instant: string, now: Date): string {
  const at = Date.parse(instant);
  return Number.isNaN(at) ? '?' : span(Math.max(0, now.getTime() - at) / 1000);
}

/** A duration in seconds, in one short unit. */
export function span(seconds: number): string {
  if (seconds < 60) return `${Math.floor(seconds)}s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m`;
  if (seconds < 48 * 3600) return `${Math.floor(seconds / 3600)}h`;
  return `${Math.floor(seconds / 86_400)}d`;
}

/** Time of day, UTC, to the second: `02:14:09Z`; "?" when unreadable. */
export function clock(instant: string | Date): string {
  const iso = isoOf(instant);
  return iso === null ? '?' : `${iso.slice(11, 19)}Z`;
}

/** The day: `2026-11-23`; "?" when unreadable. */
export function day(instant: string | Date): string {
  return isoOf(instant)?.slice(0, 10) ?? '?';
}

/** Day and time: `2026-11-23 02:14:09Z`; "?" when unreadable. */
export function moment(instant: string | Date): string {
  const iso = isoOf(instant);
  return iso === null ? '?' : `${iso.slice(0, 10)} ${iso.slice(11, 19)}Z`;
}

/** The time alone when it is of today, else with its day. */
export function sameDay(instant: string, now: Date): string {
  return day(instant) === day(now) ? clock(instant) : moment(instant);
}

/** A running time in seconds, as a stopwatch shows it: `0:42`, `12:07`, `1:02:03`. */
export function stopwatch(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const two = (part: number) => String(part).padStart(2, '0');
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor(whole / 60) % 60;
  return hours > 0 ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}

function isoOf(instant: string | Date): string | null {
  const date = typeof instant === 'string' ? new Date(instant) : instant;
  return Number.isNaN(date.getTime()) ? null : date.toISOString();
}
