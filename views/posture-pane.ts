import type { Fact } from '../src/documents/fact.ts';
import type { Severity } from '../src/documents/triage.ts';
import { type PostureKey, postureKeys, postureSources } from '../src/sources.ts';
import { cells, cut } from '../src/text/cells.ts';
import { age } from '../src/text/times.ts';
import type { TriageInProgress } from '../src/triage/in-progress.ts';
import { mark } from '../src/words/severity.ts';
import { between, fitLine, type Line, line, type Span, span, widthOf } from './line.ts';
import { severityMark } from './marks.ts';

/** One thing of the posture row. */
export interface PostureItem {
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

interface PostureRow {
  row: Line;
  /** Places of the things in it. */
  items: number[];
}

/** The things one after another, as many in a row of `width` cells as fit. */
function packed(items: readonly PostureItem[], width: number, selected: number | null): PostureRow[] {
  const rows: { spans: Span[]; items: number[] }[] = [];
  for (const [at, one] of items.entries()) {
    const chosen = at === selected;
    const shown = [
      span(chosen ? ` ${mark.selected}` : '  ', 'accent', true),
      span(one.name, chosen ? 'accent' : 'plain', true),
      span(' '),
      one.fact === null ? span('', 'dim') : severityMark(one.severity),
      span(
        one.fact === null ? one.text : ` ${one.text}`,
        one.fact === null ? 'dim' : one.severity === 'unknown' ? 'unknown' : 'plain',
      ),
      span(' '),
    ];
    const wide = shown.reduce((sum, piece) => sum + cells(piece.text), 0);
    const last = rows.at(-1);
    if (last && widthOf({ spans: last.spans, item: null, selected: false }) + wide <= width) {
      last.spans.push(...shown);
      last.items.push(at);
    } else rows.push({ spans: shown, items: [at] });
  }
  return rows.map(({ spans, items: own }) => ({ row: line(...spans), items: own }));
}

/** One thing a row, with what its answer came from as far as there is room; the value itself is never cut for that. */
function listed(items: readonly PostureItem[], width: number, now: Date, selected: number | null): Line[] {
  return items.map((one, at) => {
    const told = one.fact?.state === 'unknown' ? `${one.text}: ${one.fact.because}` : one.text;
    const left = line(
      span(at === selected ? mark.selected : ' ', 'accent', true),
      span(`${one.name.padEnd(10)} `, 'plain', true),
      one.fact === null ? span(' ', 'dim') : severityMark(one.severity),
      span(` ${told}`, one.severity === 'unknown' ? 'unknown' : 'plain'),
    );
    if (one.fact?.state !== 'known') return fitLine(left, width);
    const aged = age(one.fact.asOf, now);
    const room = width - widthOf(left) - cells(aged) - 6;
    const source = room >= 12 ? `${cut(one.fact.source, room)}, ${aged}` : aged;
    return between(left, line(span(`${source} `, 'dim')), width);
  });
}

/** What the rows that are not on screen hold: how many things, and the worst of them by name. */
function hiddenNote(items: readonly PostureItem[], hidden: readonly number[]): Span[] {
  if (hidden.length === 0) return [];
  const worst = hidden
    .map((at) => items[at])
    .filter((one) => one?.fact?.state === 'known' && (one.severity === 'critical' || one.severity === 'high'))
    .sort((a, b) => (a?.severity === b?.severity ? 0 : a?.severity === 'critical' ? -1 : 1))[0];
  return [
    span(`+${hidden.length} more`, 'dim'),
    ...(worst ? [span(': ', 'dim'), severityMark(worst.severity), span(` ${worst.name}`)] : []),
  ];
}

/**
 * The posture as exactly what `height` rows of `width` cells can show, and the note for its border: a list where there is
 * a row for each thing, else as many in a row as fit, with the selected one among them.
 */
export function postureBody(
  part: TriageInProgress,
  { width, height }: { width: number; height: number },
  now: Date,
  selected: number | null,
): { rows: Line[]; note: Line } {
  const items = postureItems(part, now);
  const unknown = items.filter((one) => one.fact?.state === 'unknown').length;
  const blind = unknown > 0 ? [span(`${mark.unknown} ${unknown} not known`, 'unknown')] : [];
  if (height >= items.length) return { rows: listed(items, width, now, selected), note: line(...blind) };
  const rows = packed(items, width, selected);
  const at = rows.findIndex(({ items: own }) => selected !== null && own.includes(selected));
  const from = Math.max(0, Math.min(at, rows.length - height));
  const shown = rows.slice(from, from + height);
  const visible = new Set(shown.flatMap(({ items: own }) => own));
  const more = hiddenNote(
    items,
    [...items.keys()].filter((place) => !visible.has(place)),
  );
  const gap = blind.length > 0 && more.length > 0 ? [span('  ')] : [];
  return { rows: shown.map(({ row }) => row), note: line(...blind, ...gap, ...more) };
}
