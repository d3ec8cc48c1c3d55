import stringWidth from 'string-width';
import { printable } from './printable.ts';

const plainAscii = /^[\u0020-\u007e]*$/;
// Terminals disagree on how many cells these take, so that one of them in a name would shift everything to its right.
const unsteady = /\p{Emoji_Presentation}|\p{Regional_Indicator}|\p{Emoji_Modifier}|[\u{1f000}-\u{1faff}]/gu;
// Marks stacked on one letter climb into the lines above and below it.
const stackedMarks = /(\p{M}{2})\p{M}+/gu;
const segments = new Intl.Segmenter('en', { granularity: 'grapheme' });

/**
 * Text from outside, made safe to place in a table: printable, on one line, without characters whose width depends on
 * the terminal (an emoji is shown as its code point: `<1F600>`).
 */
export function steady(text: string, limit = 512): string {
  if (plainAscii.test(text) && text.length <= limit) return text;
  return printable(text, limit)
    .replace(unsteady, (character) => `<${(character.codePointAt(0) ?? 0).toString(16).toUpperCase()}>`)
    .replace(stackedMarks, '$1');
}

// Frames, marks and sparklines are measured many times in each frame, and are few.
const widths = new Map<string, number>();
const mostWidths = 4096;

/** How many terminal cells the text takes. */
export function cells(text: string): number {
  if (plainAscii.test(text)) return text.length;
  const known = widths.get(text);
  if (known !== undefined) return known;
  const wide = stringWidth(text);
  if (widths.size >= mostWidths) widths.clear();
  if (text.length <= 512) widths.set(text, wide);
  return wide;
}

/** The text cut to at most `width` cells; what is cut away is replaced by `…`. Steadies the text first. */
export function cut(text: string, width: number): string {
  if (width <= 0) return '';
  const safe = steady(text);
  if (cells(safe) <= width) return safe;
  let kept = '';
  let used = 0;
  for (const { segment } of segments.segment(safe)) {
    const wide = cells(segment);
    if (used + wide > width - 1) break;
    kept += segment;
    used += wide;
  }
  return `${kept}…`;
}

/** The text in exactly `width` cells: cut with `…` or filled with blanks, which come first when `align` is right. */
export function fitted(text: string, width: number, align: 'left' | 'right' = 'left'): string {
  const shown = cut(text, width);
  const blanks = ' '.repeat(Math.max(0, width - cells(shown)));
  return align === 'left' ? shown + blanks : blanks + shown;
}

/**
 * The text in lines of at most `width` cells, broken at blanks where there are any, at most `most` lines; the last
 * ends with `…` when there would have been more.
 */
export function wrap(text: string, width: number, most = 200): string[] {
  if (width <= 0 || most <= 0) return [];
  const lines: string[] = [];
  let line = '';
  let used = 0;
  const words = steady(text, 8192).split(' ');
  for (const word of words) {
    const wide = cells(word);
    if (used > 0 && used + 1 + wide <= width) {
      line += ` ${word}`;
      used += 1 + wide;
      continue;
    }
    if (used > 0) lines.push(line);
    if (lines.length > most) break;
    line = word;
    used = wide;
    while (used > width) {
      let head = '';
      let headWide = 0;
      for (const { segment } of segments.segment(line)) {
        const next = cells(segment);
        if (headWide + next > width) break;
        head += segment;
        headWide += next;
      }
      // A character that is wider than the line cannot be shown at all.
      if (head === '') return lines.slice(0, most);
      lines.push(head);
      if (lines.length > most) break;
      line = line.slice(head.length);
      used = cells(line);
    }
    if (lines.length > most) break;
  }
  if (used > 0 || lines.length === 0) lines.push(line);
  if (lines.length <= most) return lines;
  const shown = lines.slice(0, most);
  const last = shown.pop() ?? '';
  const end = cells(last) + 2 <= width ? `${last} …` : cut(`${last}${' '.repeat(width)}`, width);
  return [...shown, end];
}

/** The first 64 bits of a digest in fours, to be read to someone over the phone: "3f9a 12bc 77de 01aa". */
export const shortDigest = (digest: string): string => digest.slice(0, 16).match(/.{4}/g)?.join(' ') ?? '';

/** Columns below which a terminal breaks its lines itself. */
const narrowest = 20;

/** A text behind what its first line begins with, in a terminal of some columns; its other lines begin below it. */
export function hanging(start: string, text: string, width: number): string[] {
  const room = width - cells(start);
  const [first = '', ...rest] = Number.isFinite(room) && room >= narrowest ? wrap(text, room) : [text];
  return [`${start}${first}`, ...rest.map((line) => `${' '.repeat(cells(start))}${line}`)];
}
