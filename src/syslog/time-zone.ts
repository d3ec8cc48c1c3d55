const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

/** The time zone that a computer wrote its logs in, and the file that says so. */
export interface TimeZone {
  /** By the IANA ("Europe/Berlin"), or as POSIX writes rules ("CET-1CEST,M3.5.0,M10.5.0/3"). */
  name: string;
  from: string;
}

/** Milliseconds that local time is ahead of UTC at an instant (milliseconds since 1970). */
type OffsetAt = (at: number) => number;

/** Transitions are at a quarter of an hour. */
const step = 15 * minute;

function ofIana(name: string): OffsetAt | null {
  let format: Intl.DateTimeFormat;
  try {
    format = new Intl.DateTimeFormat('en-US', { timeZone: name, timeZoneName: 'longOffset' });
  } catch {
    return null;
  }
  const known = new Map<number, number>();
  return (at) => {
    const slot = Math.floor(at / step);
    const found = known.get(slot);
    if (found !== undefined) return found;
    const text = format.formatToParts(slot * step).find(({ type }) => type === 'timeZoneName')?.value ?? '';
    const match = /^GMT(?:([+-])(\d\d):(\d\d))?/.exec(text);
    const offset = (match?.[1] === '-' ? -1 : 1) * (Number(match?.[2] ?? 0) * 60 + Number(match?.[3] ?? 0)) * minute;
    known.set(slot, offset);
    return offset;
  };
}

const clock = String.raw`([+-]?\d{1,3})(?::(\d\d))?(?::(\d\d))?`;
const abbreviation = '(?:<[A-Za-z0-9+-]{3,20}>|[A-Za-z]{3,20})';
const rule = String.raw`M(\d{1,2})\.(\d)\.(\d)(?:/${clock})?`;
const posix = new RegExp(`^${abbreviation}${clock}(?:${abbreviation}(?:${clock})?,${rule},${rule})?$`);

const clockOf = (parts: readonly (string | undefined)[]): number => {
  const [hours = '0', minutes = '0', seconds = '0'] = parts;
  const size = Math.abs(Number(hours)) * hour + Number(minutes) * minute + Number(seconds) * 1000;
  return hours.startsWith('-') ? -size : size;
};

/** RFC 9636, 3.3.1; POSIX 8.3: rules of the form Mm.w.d alone, which all zones of today have. West of Greenwich is positive. */
function ofPosix(text: string): OffsetAt | null {
  const parts = posix.exec(text);
  if (!parts) return null;
  const standard = -clockOf(parts.slice(1, 4));
  if (parts[7] === undefined) return () => standard;
  const summer = parts[4] === undefined ? standard + hour : -clockOf(parts.slice(4, 7));
  const at = (from: number, year: number): number => {
    const [month = 1, week = 1, weekday = 0] = parts.slice(from, from + 3).map(Number);
    const time = parts[from + 3] === undefined ? 2 * hour : clockOf(parts.slice(from + 3, from + 6));
    const first = new Date(Date.UTC(year, month - 1, 1)).getUTCDay();
    const days = new Date(Date.UTC(year, month, 0)).getUTCDate();
    let date = 1 + ((weekday - first + 7) % 7) + (week - 1) * 7;
    if (date > days) date -= 7;
    return Date.UTC(year, month - 1, date) + time;
  };
  return (instant) => {
    const year = new Date(instant + standard).getUTCFullYear();
    const [begins, ends] = [at(7, year) - standard, at(13, year) - summer];
    const isSummer = begins < ends ? instant >= begins && instant < ends : instant >= begins || instant < ends;
    return isSummer ? summer : standard;
  };
}

const offsetsOf = (name: string): OffsetAt | null => ofPosix(name) ?? ofIana(name);

/** Is it a zone whose rules are known here? */
export const isTimeZone = (name: string): boolean => name.length <= 100 && offsetsOf(name) !== null;

/** Makes instants of a zone's local times, in their order. */
export class LocalTimes {
  readonly #offsetAt: OffsetAt;
  #last = Number.NEGATIVE_INFINITY;

  constructor(name: string) {
    this.#offsetAt = offsetsOf(name) ?? (() => 0);
  }

  /**
   * The instant of a local time, both as milliseconds since 1970. A time that comes twice, as summer ends, is the earlier one
   * unless a later line was before; one that is left out, as summer begins, is of the clock before.
   */
  instant(local: number): number {
    const offsets = new Set([this.#offsetAt(local - day), this.#offsetAt(local + day)]);
    const fitting = [...offsets].map((offset) => local - offset).filter((at) => at + this.#offsetAt(at) === local);
    const [first = local - this.#offsetAt(local - day), second] = fitting.sort((a, b) => a - b);
    const found = second !== undefined && first < this.#last - step ? second : first;
    this.#last = found;
    return found;
  }
}

/** Where /etc/localtime points to: ".../zoneinfo/Europe/Berlin"; "" where that names no zone. */
export function zoneOfLink(target: string): string {
  const name = /zoneinfo[/\\](?:posix[/\\]|right[/\\])?(.+)$/.exec(target)?.[1]?.replaceAll('\\', '/') ?? '';
  return isTimeZone(name) ? name : '';
}

/** The rules of a compiled time zone (TZif, RFC 9636): its last line; "" where it has none that can be read. */
export function zoneOfFile(bytes: Buffer): string {
  if (bytes.toString('latin1', 0, 4) !== 'TZif') return '';
  const footer = /\n([^\n]{1,100})\n$/.exec(bytes.toString('latin1', Math.max(0, bytes.length - 200)))?.[1] ?? '';
  return ofPosix(footer) ? footer : '';
}
