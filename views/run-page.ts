import { drawn, type RunSlot, runIsOver, type SessionState, stepInView } from '../src/session/state.ts';
import { beside, type Line, line, span } from './line.ts';
import { endingHeight, runBody, runBoxes } from './page-body.ts';
import { machineHeader, padded } from './page-parts.ts';
import { endingPage } from './run-ending.ts';
import { stepRows } from './run-text.ts';
import { bodySections, type Section } from './sections.ts';

/** The rows that `height` rows can show, with the current one among them. */
function inView(rows: readonly Line[], height: number, at: number): Line[] {
  const last = rows.findLastIndex(({ item }) => item === at);
  const from = Math.max(0, Math.min(last + 2 - height, rows.length - height));
  return rows.slice(from, from + height);
}

/** The end of a playbook: the selected step among its rows, or so many rows further where what follows is scrolled. */
function endingInView(rows: readonly Line[], height: number, at: number, scroll: number): Line[] {
  const first = rows.findIndex(({ item }) => item === at);
  const last = rows.findLastIndex(({ item }) => item === at);
  const least = Math.min(first, Math.max(0, last + 2 - height));
  const from = Math.max(0, Math.min(least + scroll, rows.length - height));
  const shown = rows.slice(from, from + height);
  if (from + height < rows.length) shown[height - 1] = line(span('   … more below: Down', 'dim'));
  return shown;
}

function headerOf(state: SessionState, { view, vmId }: RunSlot): Line {
  const current = view.steps[view.current];
  const where =
    view.outcome === 'running'
      ? `${view.current + 1} of ${view.steps.length} ${current?.title ?? ''}`
      : view.outcome.replace('-', ' ');
  return machineHeader(state, vmId, `${view.playbook} › ${where}`);
}

/** A playbook: while it runs its steps and the current one, then how it ended. */
export function runSections(state: SessionState): Section[] {
  const { slot, steps, step } = runBoxes(state);
  const layer = drawn(state);
  if (!slot || layer.kind !== 'run') return [];
  const header = headerOf(state, slot);
  if (runIsOver(slot) && !layer.opened) {
    const height = endingHeight(state);
    const at = stepInView(layer, slot);
    const { head, body } = endingPage(state, slot, at, { width: state.columns, height });
    // The present state stays while the rest scrolls.
    const rows = [...head, ...endingInView(body, height - head.length, at, layer.scroll)];
    return [{ kind: 'rows', rows: [header, ...padded(rows, height, state.columns)] }];
  }
  const looked = layer.step;
  const list = inView(stepRows(slot, looked, steps.width), steps.height, looked ?? slot.view.current);
  const bar: Line[] = Array.from({ length: step.height }, () => line(span('│', 'dim')));
  const body = runBody(state);
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
