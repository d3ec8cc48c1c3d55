import { drawn, type SessionState } from '../src/session/state.ts';
import { beside, type Line, line, span } from './line.ts';
import { runBody, runBoxes } from './page-body.ts';
import { machineHeader, padded, scrolledRows } from './page-parts.ts';
import { stepRows } from './run-text.ts';
import { bodySections, type Section } from './sections.ts';

/** A playbook: its steps, and the one in hand. */
export function runSections(state: SessionState): Section[] {
  const { slot, steps, step } = runBoxes(state);
  const layer = drawn(state);
  if (!slot || layer.kind !== 'run') return [];
  const { view } = slot;
  const current = view.steps[view.current];
  const where =
    view.outcome === 'running'
      ? `step ${view.current + 1} of ${view.steps.length}: ${current?.title ?? ''}`
      : view.outcome.replace('-', ' ');
  const header = machineHeader(state, slot.vmId, `${view.playbook} · ${where}`);
  const body = runBody(state);
  const list = scrolledRows(stepRows(slot, steps.width), steps.height, view.current);
  const bar: Line[] = Array.from({ length: step.height }, () => line(span('│', 'dim')));
  if (steps.top === step.top) {
    const left = beside(step.height, { width: steps.width, rows: list }, { width: 1, rows: bar });
    return [
      { kind: 'rows', rows: [header] },
      ...bodySections(body, layer.scroll, { width: step.width - 1, height: step.height }, left, steps.width + 1),
    ];
  }
  return [
    { kind: 'rows', rows: [header, ...padded(list, steps.height, state.columns)] },
    ...bodySections(body, layer.scroll, { width: state.columns, height: step.height }, [], 0),
  ];
}
