import type { Entry } from '../src/documents/transcript.ts';
import type { OpenCase } from '../src/session/cases/case-keeper.ts';
import { clock, day } from '../src/text/times.ts';
import { mark, type Tone } from '../src/words/severity.ts';
import { between, type Line, line, span } from './line.ts';

const tones: Partial<Record<Entry['kind'], Tone>> = {
  note: 'accent',
  confirm: 'high',
  intent: 'high',
  error: 'critical',
  verify: 'good',
  query: 'dim',
};

/** The rows of a case's entries that `height` rows can show; `selected` null selects the newest. */
export function transcriptRows(
  openCase: OpenCase,
  entries: readonly Entry[],
  selected: number | null,
  width: number,
  height: number,
  now: Date,
): Line[] {
  const cursor = selected ?? entries.length - 1;
  const from = Math.max(0, Math.min(cursor - Math.floor(height / 2), entries.length - height));
  return entries.slice(from, from + height).map((entry, at) => {
    const chosen = from + at === cursor;
    const { text, aside } = openCase.lineOf(entry);
    const when = day(entry.at) === day(now) ? clock(entry.at) : `${day(entry.at).slice(5)} ${clock(entry.at)}`;
    const right = aside === '' || width < 90 ? line() : line(span(` ${aside} `, 'dim'));
    const left = line(
      span(chosen ? mark.selected : ' ', 'accent', true),
      span(`${when}  `, 'dim'),
      span(entry.kind.padEnd(9), tones[entry.kind] ?? 'plain'),
      span(text, entry.kind === 'query' ? 'dim' : 'plain'),
    );
    return { ...between(left, right, width), selected: chosen };
  });
}
