import type { Fact } from '../src/documents/fact.ts';
import type { Lead } from '../src/documents/incident.ts';
import { foundIncidentRows, type IncidentRow, incidentRowAt, leadsTo } from '../src/session/incident-rows.ts';
import type { IncidentSlot, Layer, SessionState } from '../src/session/state.ts';
import { vmInReach } from '../src/session/vm-in-reach.ts';
import { cells, wrap } from '../src/text/cells.ts';
import { count, counted } from '../src/text/counts.ts';
import { age, clock, day, moment } from '../src/text/times.ts';
import { attackOnAll, attackRows } from '../src/words/attack-strip.ts';
import { followedTexts, knownLeads, leadKinds, leadSourceNames, unfoundText } from '../src/words/incident.ts';
import { mark } from '../src/words/severity.ts';
import { type Headline, storyOf } from '../src/words/story.ts';
import { between, blank, cell, type Line, line, type Span, span, windowOf } from './line.ts';
import { severityMark } from './marks.ts';
import { unfold } from './unfold.ts';

type Shown = Extract<Layer, { kind: 'incident' }>;
type LeadRow = Extract<IncidentRow, { kind: 'lead' }>;
type SourceRow = Extract<IncidentRow, { kind: 'source' }>;

/** From this width on each lead has its kind and its source beside it. */
const wide = 100;
/** Cells of the longest name of what a lead points to. */
const longestName = 24;

/** How far the reading is. */
function readingSpan({ state, asOf, part }: IncidentSlot, now: Date): Span {
  if (state === 'failed') return span(`${mark.failed} reading stopped `, 'critical');
  if (state === 'done') return span(`read ${age(asOf, now)} ago `, 'dim');
  const awaited = part.vms.flatMap(({ vm, followed, logons, operations }) =>
    followed === null || logons === null || operations === null ? [vm.name] : [],
  );
  const of = awaited.length > 0 ? ` ${awaited.join(', ')}` : '';
  return span(`${mark.loading} reading${state === 'loading' ? '' : ' again'}${of} `, 'dim');
}

/** Rows above the list: how far the intruder came, and the attack in order. */
export function incidentHead(state: SessionState, layer: Shown, width: number): Line[] {
  const slot = state.incidents.get(layer.vmId);
  if (!slot) return [line(span(` ${mark.loading} reading`, 'dim'))];
  const leads = slot.part.vms.flatMap(knownLeads);
  const of = (kind: Lead['to']['kind'], reached: boolean) =>
    new Set(leads.filter((one) => one.to.kind === kind && one.reached === reached).map(({ to }) => to.id || to.name));
  const reached = of('vm', true);
  const tried = [...of('vm', false)].filter((id) => !reached.has(id));
  const links = of('disk', true).size;
  const unread = slot.part.vms.flatMap(({ logons, operations }) =>
    [logons, operations].filter((fact) => fact?.state === 'unknown'),
  ).length;
  const reading = slot.state === 'loading' || slot.state === 'refreshing';
  const reachedText = reached.size === 0 ? 'no other VM known' : `${counted(reached.size, 'VM')} reached`;
  const left = line(
    span(` ${reachedText}`, 'plain', true),
    links > 0 ? `, ${counted(links, 'disk link')}` : '',
    tried.length > 0 ? `, ${count(tried.length)} more tried` : '',
    span(reading ? ' so far' : '', 'dim'),
    unread > 0 ? span(`  ${mark.unknown} not known: ${counted(unread, 'source')}`, 'unknown') : '',
    layer.search === '' ? '' : span(`  ${foundIncidentRows(state, layer).length} contain ${layer.search}`, 'accent'),
  );
  const marked = state.marked.size > 0 ? span(`  ${state.marked.size} marked (p)`, 'accent', true) : '';
  const first = between(left, line(marked, '  ', readingSpan(slot, state.now)), width);
  const stopped =
    slot.state === 'failed'
      ? wrap(`${slot.because} r tries again.`, width - 4, 3).map((text) => line(span(`   ${text}`, 'critical')))
      : [];
  const steps = attackOnAll(state.triages.get(layer.vmId)?.part, slot.part);
  const most = Math.max(1, Math.floor(state.rows / 10));
  return [first, ...stopped, ...attackRows(steps, state.now, width - 3, most).map((row) => line(span(`  ${row}`)))];
}

/** What happened to a VM, worst first; null where it was not triaged. */
function storyOfVm(state: SessionState, id: string): Headline[] | null {
  const vm = vmInReach(state, id);
  const slot = vm ? state.triages.get(vm.id) : undefined;
  return slot ? storyOf(slot.part, state.now) : null;
}

/** The worst of a VM's story, as its mark. */
function worstOf(story: readonly Headline[] | null): Span {
  if (!story) return span(mark.loading, 'dim');
  return severityMark(story[0]?.severity ?? 'low');
}

/** The state of a VM now, in few words: its lock, or what is open. */
function stateOf(story: readonly Headline[] | null, awaited: boolean): { sign: Span; text: string } {
  const last = story?.at(-1);
  if (!last) return { sign: span(''), text: story || awaited ? `${mark.loading} being triaged` : 'not triaged' };
  return { sign: severityMark(last.severity), text: `${last.label}  ${last.texts.at(-2) ?? last.texts.at(-1) ?? ''}` };
}

const instant = (at: string, now: Date) => (day(at) === day(now) ? clock(at) : `${day(at).slice(5)} ${clock(at)}`);

const factAge = (fact: Fact<unknown> | null, now: Date): string => (fact?.state === 'known' ? age(fact.asOf, now) : '');

/** Where a fact comes from, in one word. */
const sourceWord = ({ lead }: LeadRow) => (lead.failures === null ? 'Azure' : 'logs');

interface Look {
  chosen: boolean;
  marked: boolean;
  width: number;
  /** Cells of the names and of the times. */
  names: number;
  times: number;
}

/** The cursor, the severity, and whether the VM is marked. */
const ends = ({ chosen, marked }: Look, sign: Span, indent: string): (Span | string)[] => [
  span(chosen ? mark.selected : ' ', 'accent', true),
  indent,
  sign,
  marked ? span('+', 'accent', true) : ' ',
];

function vmRow(state: SessionState, { one }: Extract<IncidentRow, { kind: 'vm' }>, look: Look): Line {
  const story = storyOfVm(state, one.vm.id);
  const { sign, text } = stateOf(story, one.followed === null);
  const how = one.hop === 0 ? 'where it began' : one.because;
  const left = line(...ends(look, worstOf(story), ''), span(` ${one.vm.name}`, 'plain', true), span(`  ${how}`, 'dim'));
  return between(left, line('  ', sign, ` ${text} `), look.width);
}

function leadRow(row: LeadRow, look: Look, now: Date): Line {
  const { lead } = row;
  const left = line(
    ...ends(look, severityMark(lead.severity), '  '),
    lead.reached ? ' → ' : ' ⇢ ',
    { ...cell(lead.to.name, look.names), bold: true },
    span(`  ${instant(lead.first, now).padStart(look.times)}  `, 'dim'),
    ...(look.width < wide ? [] : [cell(leadKinds[lead.kind], 16, 'plain')]),
    lead.text,
  );
  const from = look.width < wide ? '' : `${sourceWord(row)} `;
  return between(left, line(span(`  ${from}${factAge(row.fact, now)} `, 'dim')), look.width);
}

/** What a source did not show: awaited, not known, or nothing of some kinds. */
function sourceRow({ one, source, fact }: SourceRow, look: Look, now: Date): Line {
  const name = leadSourceNames[source];
  if (!fact) return line(...ends(look, span(mark.loading, 'dim'), '  '), span(` ${name}: awaited`, 'dim'));
  if (fact.state === 'unknown') {
    return line(
      ...ends(look, span(mark.unknown, 'unknown'), '  '),
      span(` ${name}: not known: ${fact.because}`, 'unknown'),
    );
  }
  const nothing = unfoundText(one, source) || 'every kind was found';
  const notSeen = fact.notSeen.length === 0 ? '' : `   ${mark.unknown} not seen: ${fact.notSeen.length}`;
  return between(
    line(...ends(look, span(mark.low, 'dim'), '  '), span(` ${name}: ${nothing}`, 'dim'), span(notSeen, 'unknown')),
    line(span(`  ${factAge(fact, now)} `, 'dim')),
    look.width,
  );
}

function firstRow(state: SessionState, row: IncidentRow, look: Look): Line {
  switch (row.kind) {
    case 'vm':
      return vmRow(state, row, look);
    case 'lead':
      return leadRow(row, look, state.now);
    case 'source':
      return sourceRow(row, look, state.now);
    default:
      return line(
        ...ends(look, span(mark.unknown, 'unknown'), ''),
        span(` ${row.vm.name}`, 'plain', true),
        span(`  was reached and not read: ${row.vm.because}`, 'unknown'),
      );
  }
}

/** Where a fact comes from, what it covers, and how old it is. */
const factTexts = (fact: Fact<unknown> | null, now: Date): string[] =>
  fact?.state === 'known'
    ? [`${fact.source}; ${fact.coverage}; as of ${clock(fact.asOf)}, ${age(fact.asOf, now)} ago`]
    : [];

/** All about a row, one text each; those of `gaps` say what is not known. */
function aboutRow(state: SessionState, row: IncidentRow): { texts: string[]; gaps: string[] } {
  const { now } = state;
  if (row.kind === 'not-followed') return { texts: ['Enter opens it where it is in reach'], gaps: [] };
  if (row.kind === 'vm') {
    const { because, followed } = row.one;
    return {
      texts: [
        ...(because === '' ? [] : [`reached: ${because}`]),
        ...(followed ? [`others are searched by ${followedTexts(row.one).join('; ')}`] : []),
        ...(followed?.since ? [`since ${moment(followed.since)}`] : []),
        'Enter opens it · Space marks it',
      ],
      gaps: followed ? [] : [`${mark.loading} its triage is awaited`],
    };
  }
  const { fact } = row;
  const notSeen = fact?.state === 'known' ? fact.notSeen : [];
  if (row.kind === 'source') {
    if (fact?.state === 'unknown') return { texts: [fact.source], gaps: [`to fix: ${fact.cure}`] };
    return { texts: factTexts(fact, now), gaps: notSeen.map((text) => `not seen: ${text}`) };
  }
  const { lead } = row;
  const until = lead.last === lead.first ? '' : ` to ${moment(lead.last)}`;
  const counts =
    lead.failures === null ? [] : [`${count(lead.failures)} failed, ${count(lead.successes ?? 0)} successful logons`];
  const next =
    lead.to.kind === 'vm' ? 'Enter opens it · Space marks it' : lead.to.id === '' ? '' : `y copies ${lead.to.id}`;
  return {
    texts: [
      `${leadKinds[lead.kind]}, ${lead.reached ? 'it reached' : 'an attempt'} · ${moment(lead.first)}${until}`,
      [
        `by ${lead.who || 'an account that is not reported'}`,
        `from ${lead.from || 'an address that is not reported'}`,
        ...counts,
      ].join(' · '),
      ...(lead.operation ? [`${lead.operation} · correlation ${lead.correlationId || 'not reported'}`] : []),
      ...factTexts(fact, now),
      next,
    ].filter(Boolean),
    gaps: [],
  };
}

/** The rows of the incident that `height` rows can show; the selected one is shown in full. */
export function incidentRows(state: SessionState, layer: Shown, width: number, height: number): Line[] {
  const found = foundIncidentRows(state, layer);
  if (found.length === 0) {
    const none =
      layer.search === '' ? `${mark.loading} reading what leads from this VM` : `Nothing contains ${layer.search}.`;
    return [line(span(`   ${none}`, 'dim'))];
  }
  const cursor = incidentRowAt(found, layer.selected);
  const names = Math.min(
    longestName,
    Math.max(8, ...found.map((row) => (row.kind === 'lead' ? cells(row.lead.to.name) : 0))),
  );
  const times = Math.max(
    0,
    ...found.map((row) => (row.kind === 'lead' ? instant(row.lead.first, state.now).length : 0)),
  );
  const rows = found.flatMap((row, item): Line[] => {
    const chosen = item === cursor;
    const vm = vmInReach(state, leadsTo(row));
    const look = { chosen, marked: vm !== undefined && state.marked.has(vm.id), width, names, times };
    const head = { ...firstRow(state, row, look), item, selected: chosen };
    if (!chosen) return [head];
    const { texts, gaps } = aboutRow(state, row);
    const told = (all: string[], tone: 'dim' | 'unknown') =>
      all.flatMap((text) => wrap(text, width - 10, 4).map((part) => line(span(`        ${part}`, tone))));
    return [head, ...told(texts, 'dim'), ...told(gaps, 'unknown')].map((one) => ({ ...one, item }));
  });
  const spaced = rows.flatMap((row, at) =>
    at > 0 && startsVm(found, rows, at) && rows.length < height - found.length ? [blank, row] : [row],
  );
  return windowOf(unfold(spaced, width, height, cursor), height, cursor).rows;
}

/** Is this the first row of a VM after the first one? */
function startsVm(found: readonly IncidentRow[], rows: readonly Line[], at: number): boolean {
  const item = rows[at]?.item ?? null;
  return item !== null && item !== rows[at - 1]?.item && found[item]?.kind === 'vm';
}
