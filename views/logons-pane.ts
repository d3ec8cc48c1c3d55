import { burstKinds } from '../src/documents/burst-kinds.ts';
import { severityOf } from '../src/documents/severity.ts';
import type { Burst } from '../src/documents/triage.ts';
import { wrap } from '../src/text/cells.ts';
import { count, sparkline } from '../src/text/counts.ts';
import { clock, day, sameDay } from '../src/text/times.ts';
import type { TriageInProgress } from '../src/triage/in-progress.ts';
import { mark } from '../src/words/severity.ts';
import { loadingRows, notSeenRows, unknownRows } from './fact-rows.ts';
import { between, type Line, line, ofItem, type Span, span } from './line.ts';
import { severityMark, severityTone } from './marks.ts';
import { brief } from './words.ts';

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
      : `${count(burst.sources.length)} addresses`;
  const against = !account
    ? 'account not recorded'
    : burst.accounts.length === 1
      ? account.name
      : `${count(burst.accounts.length)} accounts`;
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
  const short = brief(what).replace(/ by \S+$/, '');
  const today = day(at) === day(now);
  if (width >= narrow) return `${today ? clock(at) : sameDay(at, now)} ${short}`;
  const minute = `${today ? '' : `${day(at).slice(5)} `}${clock(at).slice(0, 5)}Z`;
  return `${minute} ${short.replace(/^account /, '').replace(/^scheduled task \S*\\/, 'task ')}`;
}

/** How many of the events after a logon a pane names. */
const mostNext = 8;

/** The pane that answers: is there a brute-force attack, and did it succeed? */
export function logonsRows(part: TriageInProgress, width: number, now: Date): Line[] {
  const fact = part.logons;
  if (!fact) return loadingRows('looking for failed logons');
  if (fact.state === 'unknown') return unknownRows(fact, width);
  const { bursts, failures, lastEventAt, successesCollected, thresholds } = fact.value;
  const rows: Line[] = [];
  for (const [at, burst] of bursts.entries()) {
    const succeeded = burst.success.state === 'known' && burst.success.value !== null;
    // The kind of a burst and its failures do not give way to seconds; in a narrow pane the kind goes to the next row.
    const kind = burstKinds[burst.kind].short;
    const fitting = (time: string) => ` △ ${time}  ${kind} ${count(burst.failures)} `.length <= width;
    const [precise, minutes] = [burstTime(burst, now), burstTime(burst, now, false)];
    const kindFirst = fitting(precise) || fitting(minutes);
    const severity = severityOf(part.findings, `logons.bursts[${at}]`) ?? (succeeded ? 'critical' : 'medium');
    rows.push(
      ofItem(
        between(
          line(
            ' ',
            severityMark(severity),
            ' ',
            span(fitting(precise) ? precise : minutes, severityTone(severity)),
            kindFirst ? `  ${kind}` : '',
          ),
          line(` ${count(burst.failures)} `),
          width,
        ),
        at,
      ),
      ...(kindFirst ? [] : [ofItem(line(`     ${kind}`), at)]),
      ofItem(line(`     ${burstParties(burst)}`), at),
      ...(isFromLog(burst) ? [ofItem(line(span(`     ${burst.readFrom}`, 'dim')), at)] : []),
      ofItem(
        line(
          '     ',
          span(sparkline(burst.histogram, width < 32 ? 0 : Math.min(10, width - 28)), 'medium'),
          '  ',
          successSpan(burst, now),
        ),
        at,
      ),
    );
    // Special privileges (4672) come with every administrator's logon.
    const then = burst.next.filter(({ eventId }) => eventId !== 4672);
    for (const next of then.slice(0, mostNext)) {
      rows.push(ofItem(line('     ', span(mark.critical, 'critical'), ` ${nextText(next, width, now)}`), at));
    }
    if (then.length > mostNext)
      rows.push(ofItem(line(`       and ${then.length - mostNext} more: Enter shows them`), at));
  }
  if (failures === 0) {
    const none = `No failed logon in ${fact.coverage.replace(/^last /, '')}.`;
    for (const [at, text] of wrap(none, width - 4, 6).entries())
      rows.push(line(span(at === 0 ? ` ${mark.low} ` : '   ', 'dim'), text));
  } else if (bursts.length === 0) {
    // Less than it sounds: many addresses with few failures each make none.
    const rule = `${count(failures)} failed logons, no burst: never ${thresholds.failures} within ${thresholds.windowSeconds} s from one address, or on one account where no address was logged.`;
    for (const [at, text] of wrap(rule, width - 4).entries())
      rows.push(line(span(at === 0 ? ` ${mark.low} ` : '   ', 'dim'), text));
  }
  rows.push(line(''));
  if (lastEventAt !== null) {
    const live = fact.source.startsWith('Log Analytics');
    const told = `${live ? 'events arrive, last' : 'the log ends'} ${sameDay(lastEventAt, now)}`;
    rows.push(line(span(`   ${told}`, 'dim')));
  }
  if (successesCollected === true)
    rows.push(line(span(` ${mark.verified} `, 'good'), 'successful logons are collected'));
  else {
    const told =
      successesCollected === false
        ? 'successful logons are NOT collected'
        : 'are successful logons collected? not known';
    rows.push(line(span(` ${mark.unknown} ${told}`, 'unknown')));
  }
  return [...rows, ...notSeenRows(fact.notSeen, width)];
}
