import type { EventLogReport, EvtxDocument } from '../documents/evtx.ts';
import { count, counted, listed } from '../text/counts.ts';
import { artifactLines, othersLine, tablelessLine } from './gathered-notes.ts';

const computersTold = 20;
const namesTold = 4;

/** Has a log no events of logons? */
const isQuiet = ({ failures, successes, others = 0 }: EventLogReport): boolean => failures + successes + others === 0;

/** The files of a reading without those that have the bytes of one before. */
function distinctOf(files: readonly EventLogReport[]): EventLogReport[] {
  const seen = new Set<string>();
  return files.filter(({ sha256 }) => !seen.has(sha256) && seen.add(sha256));
}

/** The logs that are described one by one beside the summary. */
export const describedLogs = (files: readonly EventLogReport[]): EventLogReport[] =>
  distinctOf(files).filter((file) => !isQuiet(file));

/** Damage of logs that are not described: which, and at how many places. */
function damageLine(quiet: readonly EventLogReport[]): string[] {
  const damaged = quiet.filter(({ damages, unverified }) => damages + unverified > 0);
  if (damaged.length === 0) return [];
  const told = damaged.map((file) => `${nameOf(file)} (${counted(file.damages, 'place')})`);
  return [
    `  ! ${counted(damaged.length, 'log')} of these damaged or unverified; --json has the places: ${listed(told, namesTold)}`,
  ];
}

const nameOf = ({ path }: EventLogReport): string => path.split(/[\\/]/).at(-1) ?? path;

interface Told {
  logs: number;
  records: number;
  /** By the kind of log: several kinds may report the same one. */
  failures: Map<string, number>;
  successes: Map<string, number>;
  others: number;
  first: string | null;
  last: string | null;
}

function addTo(counts: Map<string, number>, kind: string, number: number): void {
  counts.set(kind, (counts.get(kind) ?? 0) + number);
}

const most = (counts: ReadonlyMap<string, number>): number => Math.max(0, ...counts.values());

/** "15", or "15 to 30" where kinds of logs that may report the same ones have 15 each. */
function between(counts: ReadonlyMap<string, number>): string {
  const sum = [...counts.values()].reduce((all, one) => all + one, 0);
  return most(counts) === sum ? count(sum) : `${count(most(counts))} to ${count(sum)}`;
}

/** What the logs of each computer hold together, the one with the most failed logons first. */
function byComputer(files: readonly EventLogReport[]): [computer: string, told: Told][] {
  const found = new Map<string, Told>();
  for (const file of files) {
    const computer =
      file.computers.length > 1
        ? 'several computers in one log'
        : (file.computers[0]?.toLowerCase() ?? 'no computer named');
    const told = found.get(computer) ?? {
      logs: 0,
      records: 0,
      failures: new Map<string, number>(),
      successes: new Map<string, number>(),
      others: 0,
      first: null,
      last: null,
    };
    told.logs += 1;
    told.records += file.records;
    addTo(told.failures, file.channel, file.failures);
    addTo(told.successes, file.channel, file.successes);
    told.others += file.others ?? 0;
    if (file.first !== null && (told.first === null || file.first < told.first)) told.first = file.first;
    if (file.last !== null && (told.last === null || file.last > told.last)) told.last = file.last;
    found.set(computer, told);
  }
  return [...found].sort(([, a], [, b]) => most(b.failures) - most(a.failures) || b.records - a.records);
}

function logonsOf({ failures, successes, others }: Told): string {
  if (most(failures) + most(successes) + others === 0) return 'no event of logons';
  const beside = others === 0 ? '' : `, ${count(others)} other events of logons`;
  return `${between(failures)} failed and ${between(successes)} successful logons${beside}`;
}

const seconds = (instant: string | null): string => (instant === null ? '-' : `${instant.slice(0, 19)}Z`);

/** The findings beside logs, one line a kind. */
export function besidesLines(besides: EvtxDocument['besides']): string[] {
  const { tables = [], tableless = [], artifacts = [], others = [] } = besides ?? {};
  return [
    ...(tables.length > 0
      ? [
          `for cordon kql: ${listed(
            tables.map(({ table, files: n }) => `${table} (${counted(n, 'file')})`),
            8,
          )}`,
        ]
      : []),
    ...tablelessLine(tableless),
    ...artifactLines(artifacts),
    ...othersLine(others),
  ];
}

/** The summary of a reading: by computer and period, then logs without logons, then files that were not read. */
export function summaryLines({ files, unread, besides }: EvtxDocument): string[] {
  const distinct = distinctOf(files);
  const copies = files.length - distinct.length;
  const computers = byComputer(distinct);
  const quiet = distinct.filter(isQuiet);
  const { archives = [] } = besides ?? {};
  const opened = archives.length > 0 ? `, ${counted(archives.length, 'archive')} opened` : '';
  return [
    `Found ${counted(distinct.length, 'log')} of ${counted(computers.length, 'computer')}${opened}`,
    ...computers.slice(0, computersTold).map(([name, told]) => {
      const period = told.first === null ? 'no time in it' : `${seconds(told.first)} – ${seconds(told.last)}`;
      return `  ${name}: ${counted(told.logs, 'log')}, ${counted(told.records, 'record')}, ${period}; ${logonsOf(told)}`;
    }),
    ...(computers.length > computersTold ? [`  and ${count(computers.length - computersTold)} more computers`] : []),
    ...(quiet.length > 0
      ? [`  no logons in ${counted(quiet.length, 'log')}: ${listed(quiet.map(nameOf), namesTold)}`]
      : []),
    ...damageLine(quiet),
    ...(copies > 0 ? [`  ${counted(copies, 'file')} with the bytes of another, counted once`] : []),
    ...besidesLines(besides).map((line) => `  ${line}`),
    ...unread.map(({ because }) => `! not read: ${because}`),
  ];
}
