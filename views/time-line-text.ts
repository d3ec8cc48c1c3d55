import type { Fact } from '../src/documents/fact.ts';
import type { TimeLineEntry } from '../src/documents/triage.ts';
import type { Layer, SessionState } from '../src/session/state.ts';
import { foundMoments, momentAt, timeLineIn } from '../src/session/time-line.ts';
import { wrap } from '../src/text/cells.ts';
import { counted } from '../src/text/counts.ts';
import { clock, day, moment } from '../src/text/times.ts';
import type { TriageInProgress } from '../src/triage/in-progress.ts';
import { mark } from '../src/words/severity.ts';
import { brief, withoutSids } from '../src/words/story.ts';
import { type Detail, sourceLines } from './detail-text.ts';
import { between, blank, cell, type Line, line, span, widthOf, windowOf } from './line.ts';
import { severityMark, severityTone } from './marks.ts';
import { fullHeight, unfold } from './unfold.ts';

type Shown = Extract<Layer, { kind: 'time-line' }>;

const sources: Record<TimeLineEntry['source'], string> = {
  logons: 'logon',
  activity: 'Azure',
  defender: 'Defender',
  jit: 'JIT',
  patches: 'patches',
  backup: 'backup',
};

const timed = ['logons', 'alerts', 'jit', 'activity', 'backup'] as const;
const timedNames: Record<(typeof timed)[number], string> = {
  logons: 'failed logons',
  alerts: 'Defender alerts',
  jit: 'just-in-time access',
  activity: 'changes in Azure',
  backup: 'backups',
};

function factOf(part: TriageInProgress, name: (typeof timed)[number]): Fact<unknown> | null {
  return name === 'logons' ? part.logons : part.posture[name];
}

/** How many of the gaps are named above the list. */
const mostGaps = 4;

/** Rows above the list: how many entries there are, what is awaited, and what could not be included. */
export function timeLineHead(state: SessionState, layer: Shown, width: number): Line[] {
  const { entries, unknown } = timeLineIn(state, layer.vmId);
  const part = state.triages.get(layer.vmId)?.part;
  const awaited = part ? timed.filter((name) => factOf(part, name) === null).map((name) => timedNames[name]) : [];
  const found = layer.search === '' ? '' : `   ${foundMoments(state, layer).length} contain ${layer.search}`;
  const first = line(
    span(` ${counted(entries.length, 'entry', 'entries')}, UTC`, 'plain', true),
    span(found, 'accent'),
    span(awaited.length > 0 ? `   ${mark.loading} awaiting ${awaited.join(', ')}` : '', 'dim'),
  );
  const gaps = unknown.slice(0, mostGaps).flatMap((text) => wrap(`not seen: ${text}`, width - 4, 1));
  const more = unknown.length > mostGaps ? ` (+${unknown.length - mostGaps} more)` : '';
  return [
    first,
    ...gaps.map((text, at) => line(span(` ${mark.unknown} ${text}${at === gaps.length - 1 ? more : ''}`, 'unknown'))),
  ];
}

/** The day that the entries after it are of. */
function dayRow({ at }: TimeLineEntry, now: Date): Line {
  const ago = Math.round((Date.parse(day(now)) - Date.parse(day(at))) / 86_400_000);
  const word = ago === 0 ? 'today' : ago === 1 ? 'yesterday' : `${ago} days ago`;
  return line(span(` ${day(at)}`, 'plain', true), span(`  ${word}`, 'dim'));
}

/** Of this width on a text is cut for who did it. */
const roomForWho = 80;

/** An entry in a few words; who did it, where that does not cut what was done. */
function glanceRow(entry: TimeLineEntry, width: number): Line {
  const who = entry.who.replace(/^the identity of this VM$/, 'its identity').split('@')[0] || entry.from;
  const left = line(' ', span(`${clock(entry.at)} `, 'dim'), severityMark(entry.severity), ` ${brief(entry.text)}`);
  const right = line(span(`  ${who} `, 'dim'));
  const fits = width >= roomForWho || widthOf(left) + widthOf(right) <= width;
  return between(left, who !== '' && fits ? right : blank, width);
}

/** Rows of entries, each day's name before its first. */
function glanceRows(entries: readonly TimeLineEntry[], width: number, now: Date): Line[] {
  return entries.flatMap((entry, at): Line[] => {
    const before = entries[at - 1];
    const row = glanceRow(entry, width);
    return before && day(before.at) === day(entry.at) ? [row] : [dayRow(entry, now), row];
  });
}

/** More entries than these fill any screen. */
const many = 100;

/** How many rows the time line takes in full. */
export function timeLineHeight(state: SessionState, vmId: string, width: number): number {
  const { entries } = timeLineIn(state, vmId);
  return entries.length > many ? entries.length : fullHeight(glanceRows(entries, width, state.now), width);
}

/** The latest of what happened in `height` rows, with the days they are of; who and from where as far as there is room. */
export function timeLineGlance(state: SessionState, vmId: string, width: number, height: number): Line[] {
  const { entries } = timeLineIn(state, vmId);
  if (entries.length === 0) return [line(span(' Nothing that has a time is known yet.', 'dim'))];
  const rows = glanceRows(entries, width, state.now);
  if (rows.length <= height) return unfold(rows, width, height, null);
  // The days take rows too, so that as many entries are left out as it needs.
  for (let from = Math.max(1, entries.length - height); from < entries.length; from += 1) {
    const shown = glanceRows(entries.slice(from), width, state.now);
    if (shown.length <= height) return unfold(shown, width, height, null);
  }
  return rows.slice(-height);
}

/** The rows of the time line that `height` rows can show. */
export function timeLineRows(state: SessionState, layer: Shown, width: number, height: number): Line[] {
  const found = foundMoments(state, layer);
  const cursor = momentAt(found, layer.selected);
  if (found.length === 0) {
    const none = layer.search === '' ? 'Nothing that has a time is known yet.' : `Nothing contains ${layer.search}.`;
    return [line(span(`   ${none}`, 'dim'))];
  }
  const rows = found.flatMap((entry, item): Line[] => {
    const chosen = item === cursor;
    const parties = [entry.who, entry.from].filter(Boolean).join('  ');
    const before = found[item - 1];
    const left = line(
      span(chosen ? mark.selected : ' ', 'accent', true),
      span(`${clock(entry.at)} `, 'dim'),
      severityMark(entry.severity),
      ' ',
      cell(sources[entry.source], 9, 'dim'),
      span(withoutSids(entry.text), severityTone(entry.severity) === 'dim' ? 'plain' : severityTone(entry.severity)),
    );
    const wanted = line(span(`  ${parties} `, 'plain'));
    const fits = width >= 90 || widthOf(left) + widthOf(wanted) <= width;
    const right = parties === '' || !fits ? line() : wanted;
    const row = { ...between(left, right, width), item, selected: chosen };
    return before && day(before.at) === day(entry.at) ? [row] : [dayRow(entry, state.now), row];
  });
  return windowOf(unfold(rows, width, height, cursor), height, cursor).rows;
}

/** One entry of the time line in full; null when a later reading does not have it any more. */
export function momentDetail(state: SessionState, vmId: string, id: string): Detail | null {
  const part = state.triages.get(vmId)?.part;
  const entry = part?.timeLine.entries.find((one) => one.id === id);
  if (!part || !entry) return null;
  const [, index] = /^posture\.activity\.entries\[(\d+)\]$/.exec(entry.evidence) ?? [];
  const { activity } = part.posture;
  const change = index !== undefined && activity?.state === 'known' ? activity.value.entries[Number(index)] : undefined;
  const name = entry.source === 'defender' ? 'alerts' : entry.source === 'patches' ? 'logons' : entry.source;
  const fact = factOf(part, name);
  const lines = [
    { label: 'When', text: entry.until ? `${moment(entry.at)} to ${moment(entry.until)}` : moment(entry.at) },
    { label: 'What', text: entry.text },
    { label: 'Who', text: entry.who || 'not reported' },
    { label: 'From', text: entry.from || 'not reported' },
    { label: 'Severity', text: entry.severity },
    { label: 'ATT&CK', text: entry.attack.join(', ') || 'none named' },
    ...(change
      ? [
          { label: 'Caller', text: change.caller || 'not reported' },
          { label: 'Operation', text: change.operation },
          { label: 'On', text: change.resource },
          { label: 'Outcome', text: change.status },
          { label: 'Correlation', text: change.correlationId || 'not reported' },
        ]
      : []),
    { label: 'Evidence', text: entry.evidence },
    ...(fact ? sourceLines(fact) : []),
  ];
  return {
    title: `${sources[entry.source]} at ${clock(entry.at)}: ${entry.text}`,
    asOf: fact?.state === 'known' ? fact.asOf : '',
    lines,
    tables: [],
  };
}
