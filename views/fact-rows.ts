import type { Unknown } from '../src/documents/fact.ts';
import { wrap } from '../src/text/cells.ts';
import { mark } from '../src/words/severity.ts';
import { type Line, line, span } from './line.ts';

/** Rows for what is still being asked. */
export function loadingRows(what: string): Line[] {
  return [line(span(` ${mark.loading} ${what}`, 'dim'))];
}

/** Rows for what is not known: why, and what would cure it. Never drawn like "none". */
export function unknownRows(fact: Unknown, width: number): Line[] {
  const because = wrap(`Not known: ${fact.because}`, width - 4);
  const cure = fact.cure === '' ? [] : wrap(`To fix: ${fact.cure}`, width - 4);
  return [
    ...because.map((text, at) => line(span(at === 0 ? ` ${mark.unknown} ` : '   ', 'unknown'), span(text, 'unknown'))),
    ...cure.map((text) => line(`   ${text}`)),
    ...(fact.source === '' ? [] : [line(span(`   asked: ${fact.source}`, 'dim'))]),
  ];
}

/** Rows for what a known value could not include. */
export function notSeenRows(notSeen: readonly string[], width: number): Line[] {
  return notSeen.flatMap((text) =>
    wrap(`not seen: ${text}`, width - 4, 6).map((part, at) =>
      line(span(at === 0 ? ` ${mark.unknown} ` : '   ', 'unknown'), span(part, 'unknown')),
    ),
  );
}
