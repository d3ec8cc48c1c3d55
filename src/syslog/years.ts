import { type Ticks, ticksOfUnix } from '../triage/logons/ticks.ts';
import type { YearlessTime } from './syslog-line.ts';
import type { TimeZone } from './time-zone.ts';

const dayMs = 86_400_000;
/** Further back than clocks are set and lines are out of order: a new year has begun. */
const rolloverDays = 7;

const dayOf = ({ month, day }: YearlessTime): number => month * 31 + day;
const isLeap = (year: number): boolean => (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;

/** Counts the years that lines without one go through, in their order. */
export class YearCounter {
  #last: YearlessTime | null = null;
  #years = 0;

  /** How many years after that of the first line this one is. */
  yearOf(time: YearlessTime): number {
    const last = this.#last;
    if (last !== null) {
      const [day, before] = [dayOf(time), dayOf(last)];
      if (day < before - rolloverDays) this.#years += 1;
      // Late on the last days of a year, written when the next had begun.
      else if (last.month === 0 && last.day <= 2 && time.month === 11 && time.day >= 30) return this.#years - 1;
    }
    this.#last = time;
    return this.#years;
  }

  get years(): number {
    return this.#years;
  }
}

/** A time in a year as if it were UTC, milliseconds since 1970. */
export const localOf = ({ month, day, milliseconds }: YearlessTime, year: number): number =>
  Date.UTC(year, month, day) + milliseconds;

/** The instant of a time in a year, in UTC: the lines name no zone. */
export function instantOf(time: YearlessTime, year: number): Ticks {
  return ticksOfUnix(localOf(time, year));
}

/** What one reading of a log found of its lines' times. */
export interface YearEvidence {
  /** Are there lines without a year? */
  yearless: boolean;
  /** How many years after the first line's the last one's is. */
  years: number;
  first: YearlessTime | null;
  last: YearlessTime | null;
  /** February 29ths: how many years after the first line's. */
  leapYears: readonly number[];
  /** The year of the first line, where a line with its year is beside; null where there is none. */
  anchored: number | null;
  /** The first line with its year. */
  begins: Ticks | null;
}

/** The year of a log's first line, and where it comes from. */
export interface DerivedYear {
  first: number;
  from: string;
  /** That of the computer, where its collection says it; else the lines are taken for UTC. */
  zone?: TimeZone;
}

/** What has to be said of the times of such a log. */
export const yearNote = ({ first, from, zone }: DerivedYear): string =>
  `its lines have no year and no time zone: ${first} at its beginning, by ${from}, and ${zone ? `${zone.name}, by ${zone.from} of its collection` : 'UTC'}`;

/**
 * The year of the first line of a log whose lines have none: the last line is no later than `latest` (milliseconds since
 * 1970), nor more than a day after it, where zones differ.
 */
export function firstYear({ years, last, leapYears }: YearEvidence, latest: number): number {
  let year = new Date(latest).getUTCFullYear();
  if (last && Date.UTC(year, last.month, last.day) + last.milliseconds > latest + dayMs) year -= 1;
  let first = year - years;
  // Every eighth year at the latest is a leap year (1896 to 1904).
  for (let tries = 0; tries < 9 && !leapYears.every((after) => isLeap(first + after)); tries++) first -= 1;
  return first;
}
