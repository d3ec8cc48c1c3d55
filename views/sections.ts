import { count } from '../src/text/counts.ts';
import type { SmallTable } from './detail-text.ts';
import { beside, fitLine, type Line, line, span } from './line.ts';
import { padded } from './page-parts.ts';
import type { Arranged } from './small-table.ts';

/** A stretch of the screen: rows, or small tables beside one another with the text to their left. */
export type Section =
  | { kind: 'rows'; rows: Line[] }
  | { kind: 'tables'; height: number; tables: SmallTable[]; left: Line[]; leftWidth: number };

/** Which rows of a long text are on screen, and how the others are reached. */
function placeRow(from: number, shown: number, total: number): Line {
  const end = from + shown;
  const place = `${count(from + 1)}–${count(end)} of ${count(total)} rows`;
  const keys = end < total ? 'Down, PageDown' : 'end; Up, PageUp';
  return line(span(`   ${place}`, 'accent'), span(`   ${keys}`, 'dim'));
}

/** The text of a box with its tables under it, and blank rows up to the box's height. */
export function bodySections(
  body: Arranged,
  scroll: number,
  size: { width: number; height: number },
  left: Line[],
  leftWidth: number,
): Section[] {
  const tall = body.tables.length > 0 ? Math.min(body.rows.length + 1, size.height - body.height) : size.height;
  const total = body.rows.length;
  const long = body.tables.length === 0 && total > tall && tall > 1;
  // A long text has its last row for the place in it.
  const shown = long ? tall - 1 : tall;
  const from = long ? Math.min(scroll, total - shown) : 0;
  const text = padded(body.rows.slice(from, from + shown), tall, size.width);
  if (long) text[tall - 1] = fitLine(placeRow(from, shown, total), size.width);
  const join = (rows: Line[], from: number) =>
    leftWidth === 0
      ? rows
      : beside(rows.length, { width: leftWidth, rows: left.slice(from) }, { width: size.width, rows });
  const first: Section = { kind: 'rows', rows: join(text, 0) };
  if (body.tables.length === 0) return [first];
  const after = tall + body.height;
  return [
    first,
    {
      kind: 'tables',
      height: body.height,
      tables: body.tables,
      left: padded(left.slice(tall), body.height, leftWidth),
      leftWidth,
    },
    { kind: 'rows', rows: join(padded([], size.height - after, size.width), after) },
  ];
}
