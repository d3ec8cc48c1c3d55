import type { Fact } from '../src/documents/fact.ts';
import type { Severity } from '../src/documents/triage.ts';
import { postureOrder } from '../src/session/posture-order.ts';
import { type PostureKey, postureKeys, postureSources } from '../src/sources.ts';
import { cells } from '../src/text/cells.ts';
import { age } from '../src/text/times.ts';
import type { TriageInProgress } from '../src/triage/in-progress.ts';
import { mark } from '../src/words/severity.ts';
import { split } from './layout.ts';
import { beside, between, fitLine, type Line, line, type Span, span, widthOf } from './line.ts';
import { severityMark } from './marks.ts';
import { fullHeight, unfold } from './unfold.ts';

/** One thing of the posture row. */
interface PostureItem {
  name: string;
  key: PostureKey;
  fact: Fact<unknown> | null;
  severity: Severity | 'unknown';
  text: string;
}

/** The things of the posture row, in their order. */
export function postureItems(part: TriageInProgress, now: Date): PostureItem[] {
  return postureKeys.map((key) => {
    const source = postureSources[key];
    const fact = source.fact(part);
    const glance = source.glance(part, now) ?? {
      severity: 'unknown' as const,
      text: fact === null ? mark.loading : 'not known',
    };
    return { key, name: source.label, fact, ...glance };
  });
}

/** A thing with its place among the posture's, and how it is drawn. */
interface Placed extends PostureItem {
  place: number;
}

function thingLine(one: Placed, selected: number | null, names: number): Line {
  const told = one.fact?.state === 'unknown' ? `${one.text}: ${one.fact.because}` : one.text;
  const chosen = one.place === selected;
  return {
    ...line(
      span(chosen ? mark.selected : ' ', 'accent', true),
      one.fact === null ? span(' ') : severityMark(one.severity),
      span(` ${one.name.padEnd(names)} `, 'plain', true),
      span(told, one.fact === null ? 'dim' : one.severity === 'unknown' ? 'unknown' : 'plain'),
    ),
    selected: chosen,
  };
}

/** One thing a row, with what its answer came from where there is room for that. */
function listed(items: readonly Placed[], width: number, now: Date, selected: number | null): Line[] {
  return items.map((one) => {
    const left = thingLine(one, selected, 10);
    if (one.fact?.state !== 'known') return left;
    const aged = age(one.fact.asOf, now);
    const whole = `${one.fact.source}, ${aged}`;
    const room = width - widthOf(left) - 4;
    return between(left, line(span(`${cells(whole) <= room ? whole : aged} `, 'dim')), width);
  });
}

/** The least that a column takes. */
const narrowest = 30;

/** The things in columns of `height` rows, read downwards, the worst first; how wide each would like to be. */
function columnsOf(items: readonly Placed[], width: number, height: number, selected: number | null) {
  const columns = Math.max(1, Math.min(Math.ceil(items.length / height), Math.floor(width / narrowest)));
  return Array.from({ length: columns }, (_, at) => {
    const rows = items.slice(at * height, (at + 1) * height).map((one) => thingLine(one, selected, 10));
    return { rows, wanted: Math.max(narrowest, ...rows.map((row) => widthOf(row) + 2)) };
  });
}

/** Each what it wants, as far as `total` goes; those that want more than an even share have the rest between them. */
function shared(wanted: readonly number[], total: number): number[] {
  const needed = wanted.reduce((sum, one) => sum + one, 0);
  if (needed <= total) return wanted.map((one, at) => (at === wanted.length - 1 ? one + total - needed : one));
  const even = Math.floor(total / wanted.length);
  const content = wanted.filter((one) => one <= even);
  if (content.length === 0) return split(total, wanted.length);
  const rest = shared(
    wanted.filter((one) => one > even),
    total - content.reduce((sum, one) => sum + one, 0),
  );
  return wanted.map((one) => (one <= even ? one : (rest.shift() ?? one)));
}

function inColumns(items: readonly Placed[], width: number, height: number, selected: number | null): Line[] {
  const columns = columnsOf(items, width, height, selected);
  const wide = shared(
    columns.map(({ wanted }) => wanted),
    width,
  );
  return beside(
    height,
    ...columns.map(({ rows }, at) => {
      const room = wide[at] ?? narrowest;
      return { width: room, rows: rows.map((row) => fitLine(row, room - 1)) };
    }),
  );
}

/** The fewest rows in which nothing is cut: columns where they fit, else a row or more for each thing. */
export function postureHeight(part: TriageInProgress, width: number, now: Date): number {
  const items = placedItems(part, now);
  for (let height = 2; height < items.length; height += 1) {
    if (Math.ceil(items.length / height) * narrowest > width) continue;
    const wanted = columnsOf(items, width, height, null).reduce((sum, column) => sum + column.wanted, 0);
    if (wanted <= width) return height;
  }
  return fullHeight(listed(items, width, now, null), width);
}

/** Names what is not on screen: how many things, and the worst of them. */
function hiddenNote(hidden: readonly Placed[]): Span[] {
  const [worst] = hidden.filter(({ severity }) => severity === 'critical' || severity === 'high');
  if (hidden.length === 0) return [];
  return [
    span(`+${hidden.length} more`, 'dim'),
    ...(worst ? [span(': ', 'dim'), severityMark(worst.severity), span(` ${worst.name}`)] : []),
  ];
}

/** The worst things in a row, as many as fit: with what they are worth knowing for, or by name alone. */
function inOneRow(items: readonly Placed[], width: number): { row: Line; shown: number } {
  const spans: Span[] = [];
  let used = 0;
  for (const [at, one] of items.entries()) {
    const sign = one.fact === null ? span(mark.loading, 'dim') : severityMark(one.severity);
    const ways = [`${one.name}: ${one.text}`, one.name].map((text) => [sign, span(` ${text}  `)]);
    const told = ways.find((way) => used + widthOf(line(...way)) <= width + 2) ?? (at === 0 ? ways[0] : undefined);
    if (!told) return { row: line(...spans), shown: at };
    spans.push(...told);
    used += widthOf(line(...told));
  }
  return { row: line(...spans), shown: items.length };
}

/** The things with their places, the worst first. */
function placedItems(part: TriageInProgress, now: Date): Placed[] {
  const all = postureItems(part, now);
  return postureOrder(part, now).flatMap((place): Placed[] => {
    const item = all[place];
    return item ? [{ ...item, place }] : [];
  });
}

/** The worst things one after another in `height` rows, and a note of those that have no room. */
export function postureSummary(
  part: TriageInProgress,
  { width, height }: { width: number; height: number },
  now: Date,
): { rows: Line[]; note: Line } {
  let left = placedItems(part, now);
  const rows: Line[] = [];
  while (rows.length < height && left.length > 0) {
    const { row, shown } = inOneRow(left, width);
    rows.push(row);
    left = left.slice(Math.max(1, shown));
  }
  return { rows, note: line(...hiddenNote(left)) };
}

/**
 * The posture, the worst first, as exactly what `height` rows of `width` cells can show, and the note for its border: a list
 * where there is a row for each thing, else columns, with the selected thing among them.
 */
export function postureBody(
  part: TriageInProgress,
  { width, height }: { width: number; height: number },
  now: Date,
  selected: number | null,
): { rows: Line[]; note: Line } {
  const items = placedItems(part, now);
  const unknown = items.filter((one) => one.fact?.state === 'unknown').length;
  const blind = unknown > 0 ? [span(`${mark.unknown} ${unknown} not known`, 'unknown')] : [];
  const noted = (hidden: readonly Placed[]) => {
    const more = hiddenNote(hidden);
    return line(...blind, ...(blind.length > 0 && more.length > 0 ? [span('  ')] : []), ...more);
  };
  if (height >= items.length) {
    return { rows: unfold(listed(items, width, now, selected), width, height, null), note: noted([]) };
  }
  const room = height * Math.max(1, Math.floor(width / narrowest));
  const at = items.findIndex(({ place }) => place === selected);
  const from = Math.max(0, Math.min(at - room + 1, items.length - room));
  const shown = items.slice(from, from + room);
  return { rows: inColumns(shown, width, height, selected), note: noted(items.filter((one) => !shown.includes(one))) };
}
