import { burstKinds } from '../documents/burst-kinds.ts';
import type { EventLogReport, EvtxDocument } from '../documents/evtx.ts';
import type { Burst, Logons } from '../documents/triage.ts';
import { count, counted } from '../text/counts.ts';
import { printable } from '../text/printable.ts';
import { logonTypeWords } from '../triage/logons/event-words.ts';
import { witnessTexts } from '../words/witnesses.ts';
import { describedLogs, summaryLines } from './evtx-summary.ts';

const damagesShown = 5;
/** Of more files, only those with logons are described one by one. */
const manyFiles = 4;
const notesShown = 4;
const burstsShown = 20;
const namesShown = 5;
const nextShown = 8;

/** Logons that events of other kinds report. */
const otherReports = (others = 0): string => (others === 0 ? '' : `, ${counted(others, 'other event')} of logons`);

function fileLines(file: EventLogReport): string[] {
  const span = file.first === null ? 'no time in it' : `${file.first} – ${file.last}`;
  const lines = [
    printable(file.path, 1024),
    `  ${counted(file.records, 'record')}, ${span}`,
    `  ${counted(file.failures, 'failed logon')}, ${counted(file.successes, 'successful logon')}${otherReports(file.others)}${
      file.computers.length > 0 ? `, of ${file.computers.slice(0, namesShown).join(', ')}` : ''
    }`,
    `  ${count(file.bytes)} bytes, sha256 ${file.sha256}`,
  ];
  if (file.dirty) lines.push('  the log was in use when it was copied');
  if (file.unverified > 0)
    lines.push(`  ? ${counted(file.unverified, 'record')} without a checksum that matches: shown, no proof`);
  for (const note of (file.notes ?? []).slice(0, notesShown)) lines.push(`  · ${printable(note, 300)}`);
  for (const { offset, because } of file.damaged.slice(0, damagesShown))
    lines.push(`  ! at byte ${count(offset)}: ${printable(because, 300)}`);
  if (file.damages > damagesShown) lines.push(`  ! and ${count(file.damages - damagesShown)} more places`);
  return lines;
}

function some<T>(all: readonly T[], of: number, text: (one: T) => string): string {
  const shown = all.slice(0, namesShown).map(text).join(', ');
  return of > namesShown ? `${shown} and ${count(of - namesShown)} more` : shown;
}

const exists = { true: '', false: ' (no such account)', null: ' (it is not known whether it exists)' } as const;

function successLines(burst: Burst): string[] {
  const { success } = burst;
  if (success.state === 'unknown')
    return [`? whether one succeeded is not known: ${success.because}`, `  to fix: ${success.cure}`];
  if (success.value === null) return ['· no success followed in these logs'];
  const told = ({ at, account, address, logonType }: NonNullable<typeof success.value>): string =>
    `as ${account} from ${address} at ${at}${logonType === null ? '' : ` (${logonTypeWords(String(logonType))})`}`;
  const lines = [`▲ THEN A LOGON ${told(success.value)}`];
  if (success.fromSource) lines.push(`▲ and from the source itself: ${told(success.fromSource)}`);
  for (const event of burst.next.slice(0, nextShown))
    lines.push(`    ${event.at}  ${event.eventId > 0 ? `${event.eventId}  ` : ''}${event.what}`);
  if (burst.next.length > nextShown) lines.push(`    and ${count(burst.next.length - nextShown)} more events`);
  return lines;
}

function burstLines(burst: Burst): string[] {
  const accounts = burst.distinctAccounts ?? burst.accounts.length;
  const sources = burst.distinctSources ?? burst.sources.length;
  const unverified = burst.unverified ? `, ${count(burst.unverified)} of them unverified` : '';
  return [
    `${burst.success.state === 'known' && burst.success.value ? '▲' : '△'} ${burstKinds[burst.kind].name}  ${burst.start} – ${burst.end}`,
    `    ${counted(burst.failures, 'failure')}${unverified}, at most ${count(burst.peakPerMinute)} a minute`,
    `    from ${some(burst.sources, sources, ({ address, failures }) => `${address} (${count(failures)})`)}`,
    `    on   ${some(
      burst.accounts,
      accounts,
      ({ name, failures, exists: there }) => `${name} (${count(failures)})${exists[`${there}`]}`,
    )}`,
    `    ${some(
      burst.codes,
      burst.codes.length,
      ({ code, meaning, failures }) => `${meaning} ${code} (${count(failures)})`,
    )}`,
    ...witnessTexts(burst).map((text) => `    ? at the same time: ${text}`),
    `    ${burst.logonTypes.map((type) => logonTypeWords(String(type))).join('; ') || 'no logon type'}`,
    ...successLines(burst).map((line) => `    ${line}`),
  ];
}

const othersShown = 5;

/** Logons listed beside bursts: right credentials that were refused, and logons after failures too few for a burst. */
function besideLines({ rightButRefused = [], afterFailures = [] }: Logons): string[] {
  const refused = rightButRefused.map(
    ({ account, address, first, failures, meaning, guesses }) =>
      `! right and refused: ${account} from ${address}, ${counted(failures, 'time')} from ${first}: ${meaning}; after ${counted(guesses, 'other failure')} of it or from there`,
  );
  const entered = afterFailures.map(
    ({ account, failures, success }) =>
      `! ${counted(failures, 'failure')} of ${account} and then a logon from ${success.address} at ${success.at}, in no burst`,
  );
  return [refused, entered].flatMap((lines) => [
    ...lines.slice(0, othersShown),
    ...(lines.length > othersShown ? [`  and ${count(lines.length - othersShown)} more; --json has them`] : []),
  ]);
}

function logonLines(logons: Logons, document: EvtxDocument): string[] {
  const { bursts, thresholds } = logons;
  const from = document.addresses === 0 ? '' : ` from ${counted(document.addresses, 'address', 'addresses')}`;
  return [
    `  ${counted(logons.failures, 'failure')}${from} on ${counted(document.accounts, 'account')}; ${counted(bursts.length, 'burst')} of ${thresholds.failures} in ${thresholds.windowSeconds} s`,
    ...(logons.successesCollected === false ? ['  ? successful logons (4624) are not in these logs'] : []),
    ...besideLines(logons).map((line) => `  ${line}`),
    ...bursts.slice(0, burstsShown).flatMap((burst) => ['', ...burstLines(burst).map((line) => `  ${line}`)]),
    ...(bursts.length > burstsShown
      ? ['', `  and ${counted(bursts.length - burstsShown, 'smaller burst')}; --json has them`]
      : []),
  ];
}

/** The report for a terminal or a pipe. */
export function evtxText(document: EvtxDocument): string {
  const { files, unread, logons, besides } = document;
  const told =
    logons.state === 'unknown'
      ? [`  ? not known: ${logons.because}`, `    to fix: ${logons.cure}`]
      : [...logonLines(logons.value, document), ...logons.notSeen.map((what) => `  ? not seen: ${what}`)];
  const several = besides !== undefined || files.length > manyFiles;
  return [
    ...(several ? [...summaryLines(document), ''] : []),
    ...(several ? describedLogs(files) : files).flatMap((file) => [...fileLines(file), '']),
    ...(several ? [] : unread.flatMap(({ because }) => [`! not read: ${because}`, ''])),
    `Failed logons${logons.state === 'known' ? ` — ${logons.coverage}` : ''}`,
    ...told,
    '',
  ]
    .map((line) =>
      line === '' ? line : line.slice(0, line.length - line.trimStart().length) + printable(line.trimStart(), 1200),
    )
    .join('\n');
}
