import { burstKinds } from '../src/documents/burst-kinds.ts';
import type { Known } from '../src/documents/fact.ts';
import { severityOf } from '../src/documents/severity.ts';
import type { Burst, Logons } from '../src/documents/triage.ts';
import { wrap } from '../src/text/cells.ts';
import { count, sparkline } from '../src/text/counts.ts';
import { clock, day, sameDay } from '../src/text/times.ts';
import type { TriageInProgress } from '../src/triage/in-progress.ts';
import { mark } from '../src/words/severity.ts';
import { withoutActor } from '../src/words/story.ts';
import { loadingRows, notSeenRows, unknownRows } from './fact-rows.ts';
import { between, type Line, line, ofItem, type Span, span } from './line.ts';
import { severityMark, severityTone } from './marks.ts';

/** "01:58:02–02:14:07Z", or "01:58–02:14Z" where there is no room for seconds; with its day when it was not today. */
function burstTime(burst: Burst, now: Date, seconds = true): string {
  const time = (instant: string) => clock(instant).slice(0, seconds ? 8 : 5);
  const dayText = day(burst.start) === day(now) ? '' : `${day(burst.start).slice(5)} `;
  return `${dayText}${time(burst.start)}–${time(burst.end)}Z`;
}

/** From where, against whom. */
export function burstParties(burst: Burst): string {
  const [source] = burst.sources;
  const [account] = burst.accounts;
  const from = !source
    ? 'address not recorded'
    : burst.sources.length === 1
      ? source.address
      : `${count(burst.distinctSources ?? burst.sources.length)} addresses`;
  const against = !account
    ? 'account not recorded'
    : burst.accounts.length === 1
      ? account.name
      : `${count(burst.distinctAccounts ?? burst.accounts.length)} accounts`;
  return `${from} → ${against}`;
}

/** Does it come from an opened log rather than from Log Analytics? */
const isFromLog = ({ readFrom }: Burst) => readFrom !== undefined && readFrom !== 'Log Analytics';

/** Did a logon follow? Unknown is not no. */
function successSpan(burst: Burst, now: Date): Span {
  const { success } = burst;
  if (success.state === 'unknown') return span(`${mark.unknown} logon after it: not known`, 'unknown');
  if (success.value === null) return span('no logon followed', 'dim');
  return span(`THEN LOGON ${sameDay(success.value.at, now)}`, 'critical', true);
}

/** A pane of fewer cells has no room for what a sentence can do without. */
const narrow = 44;

/** What followed a logon: by the account that logged on, so that it need not be named. */
function nextText({ at, what }: Burst['next'][number], width: number, now: Date): string {
  const short = withoutActor(what);
  const today = day(at) === day(now);
  if (width >= narrow) return `${today ? clock(at) : sameDay(at, now)} ${short}`;
  const minute = `${today ? '' : `${day(at).slice(5)} `}${clock(at).slice(0, 5)}Z`;
  return `${minute} ${short.replace(/^account /, '').replace(/^scheduled task \S*\\/, 'task ')}`;
}

/** How many of the events after a logon a pane names. */
const mostNext = 8;

/** The first row of a burst: when, of which kind, how many failures. */
function burstHeading(part: TriageInProgress, burst: Burst, at: number, width: number, now: Date): Line[] {
  const succeeded = burst.success.state === 'known' && burst.success.value !== null;
  // The kind of a burst and its failures do not give way to seconds; in a narrow pane the kind goes to the next row.
  const kind = burstKinds[burst.kind].short;
  const fitting = (time: string) => ` △ ${time}  ${kind} ${count(burst.failures)} `.length <= width;
  const [precise, minutes] = [burstTime(burst, now), burstTime(burst, now, false)];
  const kindFirst = fitting(precise) || fitting(minutes);
  const severity = severityOf(part.findings, `logons.bursts[${at}]`) ?? (succeeded ? 'critical' : 'medium');
  const heading = line(
    ' ',
    severityMark(severity),
    ' ',
    span(fitting(precise) ? precise : minutes, severityTone(severity)),
    kindFirst ? `  ${kind}` : '',
  );
  return [between(heading, line(` ${count(burst.failures)} `), width), ...(kindFirst ? [] : [line(`     ${kind}`)])];
}

function burstRows(part: TriageInProgress, burst: Burst, at: number, width: number, now: Date): Line[] {
  const graph = sparkline(burst.histogram, width < 32 ? 0 : Math.min(10, width - 28));
  // Special privileges (4672) come with every administrator's logon.
  const then = burst.next.filter(({ eventId }) => eventId !== 4672);
  const rows = [
    ...burstHeading(part, burst, at, width, now),
    line(`     ${burstParties(burst)}`),
    ...(burst.witnesses ?? [])
      .slice(0, 1)
      .map(({ address }) => line(span(`     ${mark.unknown} ${address} at the same time`, 'unknown'))),
    ...(isFromLog(burst) ? [line(span(`     ${burst.readFrom}`, 'dim'))] : []),
    line('     ', span(graph, 'medium'), '  ', successSpan(burst, now)),
    ...then
      .slice(0, mostNext)
      .map((next) => line('     ', span(mark.critical, 'critical'), ` ${nextText(next, width, now)}`)),
    ...(then.length > mostNext ? [line(`       and ${count(then.length - mostNext)} more: Enter shows them`)] : []),
  ];
  return rows.map((row) => ofItem(row, at));
}

/** Says so where there is no failed logon, or none that makes a burst. */
function noBurstRows(fact: Known<Logons>, width: number): Line[] {
  const { bursts, failures, thresholds } = fact.value;
  if (failures > 0 && bursts.length > 0) return [];
  // Less than it sounds: many addresses with few failures each make no burst.
  const text =
    failures === 0
      ? `No failed logon in ${fact.coverage.replace(/^last /, '')}.`
      : `${count(failures)} failed logons, no burst: never ${thresholds.failures} within ${thresholds.windowSeconds} s from one address or on one account, nor from many addresses on many accounts.`;
  return [...wrap(text, width - 4, failures === 0 ? 6 : undefined).entries()].map(([at, part]) =>
    line(span(at === 0 ? ` ${mark.low} ` : '   ', 'dim'), part),
  );
}

/** Do events still arrive, and are successful logons among them? */
function collectionRows({ source, value }: Known<Logons>, now: Date): Line[] {
  const { lastEventAt, successesCollected } = value;
  const rows: Line[] = [];
  if (lastEventAt !== null) {
    const live = source.startsWith('Log Analytics');
    const text = `${live ? 'events arrive, last' : 'the log ends'} ${sameDay(lastEventAt, now)}`;
    rows.push(line(span(`   ${text}`, 'dim')));
  }
  if (successesCollected === true) {
    return [...rows, line(span(` ${mark.verified} `, 'good'), 'successful logons are collected')];
  }
  const text =
    successesCollected === false ? 'successful logons are NOT collected' : 'are successful logons collected? not known';
  return [...rows, line(span(` ${mark.unknown} ${text}`, 'unknown'))];
}

/** The pane that answers: is there a brute-force attack, and did it succeed? */
export function logonsRows(part: TriageInProgress, width: number, now: Date): Line[] {
  const fact = part.logons;
  if (!fact) return loadingRows('looking for failed logons');
  if (fact.state === 'unknown') return unknownRows(fact, width);
  return [
    ...fact.value.bursts.flatMap((burst, at) => burstRows(part, burst, at, width, now)),
    ...noBurstRows(fact, width),
    line(''),
    ...collectionRows(fact, now),
    ...notSeenRows(fact.notSeen, width),
  ];
}
