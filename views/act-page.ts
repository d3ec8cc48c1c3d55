import { actTitle, drawn, type SessionState } from '../src/session/state.ts';
import { actBody, actBoxes, actSummary, memberRows } from './act-text.ts';
import { beside, fitLine, type Line, line, span, windowOf } from './line.ts';
import { machineHeader, padded } from './page-parts.ts';
import { bodySections, type Section } from './sections.ts';

/** A playbook on several VMs: the VMs with their state, and the plan or the results of the one that is looked at. */
export function actSections(state: SessionState): Section[] {
  const { slot, wide, list, body } = actBoxes(state);
  const layer = drawn(state);
  if (!slot || layer.kind !== 'act') return [];
  const header = machineHeader(state, slot.caseVmId, actTitle(slot));
  const summary = fitLine(line(span(` ${actSummary(state, slot)}`, 'plain', true)), state.columns);
  const rows = windowOf(memberRows(state, slot, layer.selected, list), list.height, layer.selected).rows;
  const text = actBody(state);
  if (!wide) {
    return [
      { kind: 'rows', rows: [header, summary, ...padded(rows, list.height, state.columns)] },
      ...bodySections(text, layer.scroll, body, [], 0),
    ];
  }
  const bar: Line[] = Array.from({ length: body.height }, () => line(span('│', 'dim')));
  const left = beside(body.height, { width: list.width, rows }, { width: 1, rows: bar });
  return [{ kind: 'rows', rows: [header, summary] }, ...bodySections(text, layer.scroll, body, left, list.width + 1)];
}
