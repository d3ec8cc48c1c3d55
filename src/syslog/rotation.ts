import { baseName } from '../archives/evidence-path.ts';
import { unpackedName } from '../archives/open-file.ts';
import { isoOf, ticksOfUnix, unixOf } from '../triage/logons/ticks.ts';
import { type DerivedYear, firstYear, instantOf, type YearEvidence } from './years.ts';

/** A log of a rotation, and what tells the years of its lines. */
export interface RotatedLog {
  path: string;
  /** When the file was written last; an archive may have none. */
  modified: Date;
  evidence: YearEvidence;
}

/** No log of syslog is older; archives write 1980 where they know no time. */
const earliest = Date.UTC(1990, 0, 1);

/** "auth.log", of which "auth.log.2.gz" is the third; "secure-20261115" by its date. */
interface Place {
  stem: string;
  /** Larger for older ones. */
  order: number;
  /** The day of the rotation, milliseconds since 1970, where the name has it. */
  dated: number | null;
}

function placeOf(path: string): Place {
  const name = unpackedName(baseName(path));
  const folder = path.slice(0, path.length - baseName(path).length);
  const dated = /^(.*?)[-.](\d{4})-?(\d\d)-?(\d\d)(?:[-_.T]?\d{2,10})?$/.exec(name);
  if (dated) {
    const [, stem = '', year, month, day] = dated;
    const at = Date.UTC(Number(year), Number(month) - 1, Number(day));
    if (at >= earliest && Number(month) <= 12 && Number(day) <= 31)
      return { stem: folder + stem, order: 1e6 - at / 1e9, dated: at };
  }
  const numbered = /^(.*)\.(\d{1,4})$/.exec(name);
  if (numbered) return { stem: folder + numbered[1], order: Number(numbered[2]), dated: null };
  return { stem: folder + name, order: 0, dated: null };
}

const dayOf = (milliseconds: number): string => new Date(milliseconds).toISOString().slice(0, 10);

/**
 * The years of logs whose lines have none: by a line beside that has its year, else by what the last line cannot be later
 * than: the time of the file, the date in its name, the first line of the log that followed it, and the reading itself.
 */
export function deriveYears(logs: readonly RotatedLog[], now: Date): Map<string, DerivedYear> {
  const found = new Map<string, DerivedYear>();
  const placed = logs.map((log) => ({ log, place: placeOf(log.path) }));
  for (const rotation of Map.groupBy(placed, ({ place }) => place.stem).values()) {
    let next: { at: number; name: string } | null = null;
    for (const { log, place } of rotation.sort((a, b) => a.place.order - b.place.order)) {
      const { path, modified, evidence } = log;
      const year: DerivedYear | null = evidence.yearless ? derived(log, place.dated, next, now) : null;
      if (year) found.set(path, year);
      const times: number[] = [
        ...(evidence.begins === null ? [] : [unixOf(evidence.begins)]),
        ...(year && evidence.first ? [unixOf(instantOf(evidence.first, year.first))] : []),
      ];
      if (times.length > 0) next = { at: Math.min(...times), name: baseName(path) };
      else if (next === null && modified.getTime() >= earliest) next = { at: modified.getTime(), name: baseName(path) };
    }
  }
  return found;
}

function derived(
  { modified, evidence }: RotatedLog,
  dated: number | null,
  next: { at: number; name: string } | null,
  now: Date,
): DerivedYear {
  if (evidence.anchored !== null) return { first: evidence.anchored, from: 'a line of the log that has its year' };
  const bounds = [
    { at: now.getTime(), from: 'the time of this reading' },
    ...(modified.getTime() >= earliest
      ? [{ at: modified.getTime(), from: `the time of the file (${dayOf(modified.getTime())})` }]
      : []),
    ...(dated === null ? [] : [{ at: dated + 86_400_000, from: `its name (${dayOf(dated)})` }]),
    ...(next === null
      ? []
      : [{ at: next.at, from: `the first line of ${next.name} (${isoOf(ticksOfUnix(next.at)).slice(0, 10)})` }]),
  ];
  const [least = { at: now.getTime(), from: '' }] = bounds.sort((a, b) => a.at - b.at);
  return { first: firstYear(evidence, least.at), from: least.from };
}
