import { cells, cut, fitted, steady } from '../src/text/cells.ts';
import type { Tone } from '../src/words/severity.ts';

export interface Span {
  text: string;
  tone: Tone;
  bold: boolean;
  /** Is it of the row under the cursor? Then it is drawn the other way round. */
  chosen?: boolean;
}

/** One row of the screen, or of a pane. */
export interface Line {
  spans: readonly Span[];
  /** The thing this row belongs to, when it can be selected. */
  item: number | null;
  /** Is that thing selected, in a pane that has the keys? */
  selected: boolean;
  /** All of what is at its left, where that was cut for the right end. */
  whole?: { left: readonly Span[]; right: readonly Span[] };
}

/** A piece of text from anywhere: made safe to draw here, so that nothing else needs to think of it. */
export function span(text: string, tone: Tone = 'plain', bold = false): Span {
  return { text: steady(text, 2_000), tone, bold };
}

/** A row of pieces; a bare string is plain. */
export function line(...pieces: (Span | string)[]): Line {
  return {
    spans: pieces
      .map((piece) => (typeof piece === 'string' ? span(piece) : piece))
      .filter((piece) => piece.text !== ''),
    item: null,
    selected: false,
  };
}

export const blank: Line = { spans: [], item: null, selected: false };

/** The same row, belonging to a selectable thing. */
export function ofItem(row: Line, item: number): Line {
  return { ...row, item };
}

/** Cells that the row takes. */
export function widthOf(row: Line): number {
  return row.spans.reduce((sum, piece) => sum + cells(piece.text), 0);
}

/** The row in exactly `width` cells: cut with `…`, or filled with blanks. */
export function fitLine(row: Line, width: number): Line {
  const spans: Span[] = [];
  let left = width;
  for (const [at, piece] of row.spans.entries()) {
    if (left <= 0) break;
    const wide = cells(piece.text);
    const more = row.spans.slice(at + 1).some((next) => next.text.trim() !== '');
    if (wide < left || (wide === left && !more)) {
      spans.push(piece);
      left -= wide;
      continue;
    }
    // Blanks at the end are nothing that is missing.
    if (!more && piece.text.trim() === '') break;
    const shown = wide > left ? cut(piece.text, left) : cut(`${piece.text}  `, left);
    spans.push({ ...piece, text: shown });
    left -= cells(shown);
    break;
  }
  if (left > 0) spans.push({ text: ' '.repeat(left), tone: 'plain', bold: false });
  return { ...row, spans: row.selected ? spans.map((piece) => ({ ...piece, chosen: true })) : spans };
}

/** Left and right in one row of `width` cells; the right keeps its place, the left is cut. */
export function between(left: Line, right: Line, width: number): Line {
  const wide = widthOf(right);
  if (wide === 0)
    return widthOf(left) > width
      ? { ...fitLine(left, width), whole: { left: left.spans, right: [] } }
      : fitLine(left, width);
  if (wide + 2 > width) return fitLine(right, width);
  const row = { ...left, spans: [...fitLine(left, width - wide).spans, ...right.spans] };
  return widthOf(left) > width - wide ? { ...row, whole: { left: left.spans, right: right.spans } } : row;
}

/** Rows side by side: each column's rows are fitted to its width; missing rows are blank. */
export function beside(height: number, ...columns: { width: number; rows: readonly Line[] }[]): Line[] {
  return Array.from({ length: height }, (_, at) => ({
    ...blank,
    spans: columns.flatMap(({ width, rows }) => fitLine(rows[at] ?? blank, width).spans),
  }));
}

/** The row's text alone. */
export function textOf(row: Line): string {
  return row.spans.map((piece) => piece.text).join('');
}

/** A cell of a table in exactly `width` cells. */
export function cell(text: string, width: number, tone: Tone = 'plain', align: 'left' | 'right' = 'left'): Span {
  return { text: fitted(text, width, align), tone, bold: false };
}

/**
 * The part of `rows` that `height` rows can show, with the selected thing in it: it stays in the middle while the list
 * moves under it, so that no position has to be remembered. Says how many rows are hidden after it.
 */
export function windowOf(rows: readonly Line[], height: number, selected: number | null) {
  if (rows.length <= height) return { rows: [...rows], above: 0, below: 0 };
  const first = selected === null ? 0 : rows.findIndex((row) => row.item === selected);
  const last = selected === null ? 0 : rows.findLastIndex((row) => row.item === selected);
  const middle = first < 0 ? 0 : Math.floor((first + Math.min(last, first + height - 1)) / 2);
  const from = Math.max(0, Math.min(middle - Math.floor(height / 2), rows.length - height));
  return { rows: rows.slice(from, from + height), above: from, below: rows.length - from - height };
}

/** A bordered box of exactly `width` x `height` cells around rows, its title and its right-hand note in the border. */
export function boxed(
  rows: readonly Line[],
  size: { width: number; height: number },
  title: { left: Line; right: Line; focused: boolean },
): Line[] {
  const { width, height } = size;
  if (height < 2 || width < 4) return Array.from({ length: height }, () => fitLine(blank, width));
  const edge = (text: string): Span => ({ text, tone: title.focused ? 'accent' : 'dim', bold: title.focused });
  const inner = width - 2;
  const right = widthOf(title.right) > 0 && widthOf(title.right) + 12 <= inner ? title.right : blank;
  const rightWide = widthOf(right) === 0 ? 0 : widthOf(right) + 3;
  const room = Math.max(0, inner - rightWide - 3);
  const left = fitLine(title.left, Math.min(room, widthOf(title.left)));
  const dashes = inner - rightWide - widthOf(left) - 2;
  const head: Span[] = [
    edge('┌ '),
    ...left.spans,
    edge(` ${'─'.repeat(Math.max(0, dashes - 1))}`),
    ...(rightWide > 0 ? [edge(' '), ...right.spans, edge(' ─')] : []),
    edge('─┐'),
  ];
  const body = Array.from({ length: height - 2 }, (_, at): Line => {
    const row = fitLine(rows[at] ?? blank, inner);
    return { ...row, spans: [edge('│'), ...row.spans, edge('│')] };
  });
  return [fitLine({ ...blank, spans: head }, width), ...body, { ...blank, spans: [edge(`└${'─'.repeat(inner)}┘`)] }];
}
