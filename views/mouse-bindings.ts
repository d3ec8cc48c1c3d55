import type { Session } from '../src/session/session.ts';
import { type Pane, panes, type SessionState, top } from '../src/session/state.ts';
import { cursorAt, visibleRows } from '../src/session/suspects.ts';
import { press } from './keymap.ts';
import { type Box, boxNamed, suspectsLayout, tooSmall } from './layout.ts';
import type { MouseEvent } from './mouse.ts';
import { footerKeyAt } from './status-rows.ts';
import { sortAt } from './suspects-list.ts';
import { triageBoxes } from './triage-boxes.ts';

const wheelRows = 3;

const holds = (box: Box, { column, row }: MouseEvent) =>
  column >= box.left && column < box.left + box.width && row >= box.top && row < box.top + box.height;

function clickInSuspects(session: Session, state: SessionState, event: MouseEvent, first: number): void {
  const boxes = suspectsLayout(state.columns, state.rows);
  const heads = boxNamed(boxes, 'heads');
  const list = boxNamed(boxes, 'list');
  if (holds(heads, event)) {
    const sort = sortAt(state, heads.width, event.column);
    if (sort) session.dispatch({ type: 'sort-by', sort });
    return;
  }
  if (!holds(list, event)) return;
  const at = first + event.row - list.top;
  if (at >= visibleRows(state).length) return;
  const cursor = cursorAt(state);
  // A press on the row under the cursor opens it; on another one it moves the cursor there.
  if (at === cursor) press(session, 'Enter');
  else session.dispatch({ type: 'move', by: at - cursor });
}

function clickInTriage(session: Session, state: SessionState, event: MouseEvent): void {
  const layer = top(state);
  if (layer.kind !== 'triage') return;
  const boxes = triageBoxes(session, state, layer);
  const found = panes.find((pane: Pane) => holds(boxNamed(boxes, pane), event));
  if (found && found !== layer.pane) session.dispatch({ type: 'pane', to: found });
  else if (found) press(session, 'Enter');
  else if (holds(boxNamed(boxes, 'time-line'), event)) press(session, 'l');
}

/**
 * Does what a mouse event means where it happened: the wheel moves as Up and Down do, a press chooses. `first` is the row of
 * the suspects list that comes first. No press answers a prompt.
 */
export function pointed(session: Session, event: MouseEvent, first: number): void {
  const state = session.state();
  if (tooSmall(state.columns, state.rows)) return;
  if (event.kind !== 'press') {
    for (let step = 0; step < wheelRows; step += 1) press(session, event.kind === 'wheel-up' ? 'Up' : 'Down');
    return;
  }
  const layer = top(state);
  session.dispatch({ type: 'key', name: 'mouse' });
  if (layer.kind === 'confirm' || layer.kind === 'input' || state.asked.key !== '') return;
  if (event.row === state.rows - 1) {
    const key = footerKeyAt(state, event.column);
    if (key !== '') press(session, key);
  } else if (layer.kind === 'suspects') clickInSuspects(session, state, event, first);
  else if (layer.kind === 'triage') clickInTriage(session, state, event);
}
