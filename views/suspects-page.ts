import type { SessionState } from '../src/session/state.ts';
import { boxNamed, suspectsLayout } from './layout.ts';
import { between, fitLine, type Line } from './line.ts';
import type { ListScroll } from './list-scroll.ts';
import { padded, suspectsHeader } from './page-parts.ts';
import { becauseRows, headsRow, summaryRow, suspectRows } from './suspects-list.ts';

/** The suspects list, with the sentence that explains the selected one. */
export function suspectsRows(state: SessionState, scroll: ListScroll): Line[] {
  const { columns, rows } = state;
  const boxes = suspectsLayout(columns, rows);
  const summary = summaryRow(state);
  const list = boxNamed(boxes, 'list').height;
  const because = boxNamed(boxes, 'because').height;
  return [
    suspectsHeader(state),
    between(summary.left, summary.right, columns),
    fitLine(headsRow(columns), columns),
    ...padded(suspectRows(state, columns, list, scroll), list, columns),
    ...padded(becauseRows(state, columns, because), because, columns),
  ];
}
