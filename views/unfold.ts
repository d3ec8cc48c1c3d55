import { cells, wrap } from '../src/text/cells.ts';
import { between, blank, type Line, line, type Span, widthOf } from './line.ts';

/** The words of a row, each with how it looks; blanks are at the end of the word before them, or a piece of their own. */
function wordsOf(row: Line): Span[] {
  return row.spans.flatMap((piece) =>
    (piece.text.match(/^\s+|\S+\s*/g) ?? []).map((text): Span => ({ ...piece, text })),
  );
}

/** Fewer cells than these beside a right end are no place for a text. */
const leastBeside = 20;

/** A row that is too wide, as rows of at most `width` cells that begin where its text began; its right end stays. */
export function folded(row: Line, width: number): Line[] {
  const { whole, ...rest } = row;
  if (!whole) return widthOf(row) <= width ? [row] : foldedText(row, width);
  const right = widthOf(line(...whole.right));
  const beside = width - right >= leastBeside;
  const rows = foldedText(
    { ...rest, spans: beside ? whole.left : [...whole.left, ...whole.right] },
    width - (beside ? right : 0),
  );
  const [first, ...others] = rows;
  return first && beside
    ? [{ ...between(first, line(...whole.right), width), item: row.item, selected: row.selected }, ...others]
    : rows;
}

function foldedText(row: Line, width: number): Line[] {
  const text = row.spans.map((piece) => piece.text).join('');
  const lead = /^[\s❯]*(?:\d\d:\d\d:\d\dZ )?[\s▲△●·?✓✗…❯◷+]*/.exec(text)?.[0] ?? '';
  const indent = Math.min(cells(lead), Math.floor(width / 2));
  const rows: Span[][] = [[]];
  let used = 0;
  for (const word of wordsOf(row)) {
    const wide = cells(word.text.trimEnd());
    const last = rows.at(-1);
    if (!last) break;
    if (used >= indent && wide > 0 && used + wide > width) {
      // A word that is wider than a row is broken.
      const pieces = wide > width - indent ? wrap(word.text.trim(), width - indent) : [word.text];
      if (used === indent) {
        const [first = ''] = pieces.splice(0, 1);
        last.push({ ...word, text: first });
        used += cells(first);
      }
      const after = /\s*$/.exec(word.text)?.[0] ?? '';
      for (const [at, piece] of pieces.entries()) {
        // A word that is broken keeps the blanks after it.
        const text = at === pieces.length - 1 ? piece.trimEnd() + after : piece;
        rows.push([
          { ...word, text: ' '.repeat(indent) },
          { ...word, text },
        ]);
        used = indent + cells(text);
      }
      continue;
    }
    last.push(word);
    used += cells(word.text);
  }
  // The blanks after a row's last word are none of the next one's.
  for (const spans of rows.slice(0, -1)) {
    const last = spans.at(-1);
    if (last) spans[spans.length - 1] = { ...last, text: last.text.trimEnd() };
  }
  return rows.map((spans) => ({ ...blank, ...line(...spans), item: row.item, selected: row.selected }));
}

/** How many rows they take in full. */
export function fullHeight(rows: readonly Line[], width: number): number {
  return rows.reduce((sum, row) => sum + folded(row, width).length, 0);
}

/**
 * The rows with those that are too wide shown in full, as far as `height` has rows to spare: a text is cut only where
 * there is no room for it. The selected thing's rows come first.
 */
export function unfold(rows: readonly Line[], width: number, height: number, selected: number | null): Line[] {
  let spare = height - rows.length;
  const order = [...rows.keys()].sort((one, other) => {
    const first = (at: number) => (selected !== null && rows[at]?.item === selected ? 0 : 1);
    return first(one) - first(other) || one - other;
  });
  const told = new Map<number, Line[]>();
  for (const at of order) {
    const row = rows[at];
    if (!row || spare <= 0) break;
    const parts = folded(row, width);
    if (parts.length - 1 > spare) continue;
    spare -= parts.length - 1;
    told.set(at, parts);
  }
  return rows.flatMap((row, at) => told.get(at) ?? [row]);
}
