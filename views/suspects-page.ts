import type { SessionState } from '../src/session/state.ts';
import { boxNamed, suspectsLayout } from './layout.ts';
import { beside, between, fitLine, type Line, line, span } from './line.ts';
import type { ListScroll } from './list-scroll.ts';
import { padded, suspectsHeader } from './page-parts.ts';
import { becauseRows, headsRow, previewRows, summaryRow, suspectRows } from './suspects-list.ts';

/** The suspects list, with what explains the selected one under it, or beside it where there is room. */
export function suspectsRows(state: SessionState, scroll: ListScroll): Line[] {
  const { columns, rows } = state;
  const boxes = suspectsLayout(columns, rows);
  const summary = summaryRow(state);
  const list = boxNamed(boxes, 'list');
  const because = boxNamed(boxes, 'because').height;
  const preview = boxNamed(boxes, 'preview');
  const listed = [
    fitLine(headsRow(state, list.width), list.width),
    ...padded(suspectRows(state, list.width, list.height, scroll), list.height, list.width),
  ];
  const bar = Array.from({ length: listed.length }, () => line(span(' │', 'dim')));
  const body =
    preview.width === 0
      ? listed
      : beside(
          listed.length,
          { width: list.width, rows: listed },
          { width: 2, rows: bar },
          { width: preview.width - 2, rows: previewRows(state, preview.width - 2, preview.height) },
        );
  return [
    suspectsHeader(state),
    between(summary.left, summary.right, columns),
    ...body,
    ...padded(becauseRows(state, columns, because), because, columns),
  ];
}
