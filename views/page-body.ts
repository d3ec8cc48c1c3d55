import { heldEvidence } from '../src/session/cases/held-evidence.ts';
import type { Session } from '../src/session/session.ts';
import {
  drawn,
  type Layer,
  promptInHand,
  runIsOver,
  runOf,
  type SessionState,
  stepInView,
} from '../src/session/state.ts';
import { actBody, actBoxes } from './act-text.ts';
import { addressDetail } from './address-detail.ts';
import { type Detail, detailOf, detailRows, linesWith } from './detail-text.ts';
import { entryDetail } from './entry-detail.ts';
import { boxNamed, pageLayout, runLayout, suspectsLayout } from './layout.ts';
import { logReportDetail } from './log-report.ts';
import { postureItems } from './posture-pane.ts';
import { promptHeight, promptOnScreen } from './prompt-text.ts';
import { endingPage } from './run-ending.ts';
import { labelled, stepDetailRows, stepTitles } from './run-text.ts';
import { type Arranged, arranged } from './small-table.ts';
import { momentDetail } from './time-line-text.ts';
import { triageBoxes } from './triage-boxes.ts';

/** The views that are one text, which scrolls and can be searched. */
export const pages: readonly Layer['kind'][] = ['detail', 'address', 'moment', 'entry', 'log-report'];

/** How many rows of its list or text the view on screen shows at once. */
export function bodyHeight(session: Pick<Session, 'explain'>, state: SessionState): number {
  const { columns, rows } = state;
  const layer = drawn(state);
  if (layer.kind === 'suspects') return boxNamed(suspectsLayout(columns, rows), 'list').height;
  if (layer.kind === 'triage') {
    return Math.max(1, boxNamed(triageBoxes(session, state, layer), layer.pane).height - 2);
  }
  if (layer.kind === 'run') return runBoxes(state).step.height;
  if (layer.kind === 'act') return actBoxes(state).body.height;
  return boxNamed(pageLayout(columns, rows), 'body').height;
}

/** Rows of the page of a playbook that is over. */
export function endingHeight(state: SessionState): number {
  const { step } = runBoxes(state);
  return step.top + step.height - 1;
}

/** The playbook on screen and its boxes. */
export function runBoxes(state: SessionState) {
  const layer = drawn(state);
  const slot = layer.kind === 'run' ? runOf(state, layer.runId) : undefined;
  const wanted = promptHeight(promptOnScreen(state), state.columns - 2);
  const titles = stepTitles(slot?.view.steps ?? []);
  const shown = slot && layer.kind === 'run' ? slot.view.steps[stepInView(layer, slot)] : undefined;
  const stepRows = () => stepDetailRows(shown, state.columns - 1).length;
  const boxes = runLayout(state.columns, state.rows, wanted, titles, stepRows);
  return {
    slot,
    header: boxNamed(boxes, 'header'),
    steps: boxNamed(boxes, 'steps'),
    step: boxNamed(boxes, 'step'),
    prompt: boxNamed(boxes, 'prompt'),
  };
}

/** The text of the step that is looked at. */
export function runBody(state: SessionState): Arranged {
  const { slot, step, prompt } = runBoxes(state);
  const layer = drawn(state);
  if (!slot || layer.kind !== 'run') return { rows: [], tables: [], height: 0 };
  const width = step.width - 1;
  const shown = slot.view.steps[stepInView(layer, slot)];
  const asked = promptInHand(state);
  // Lines for which the prompt has no room are in the text above it, which scrolls.
  const cutOff = asked !== null && promptHeight(promptOnScreen(state), state.columns - 2) > prompt.height - 2;
  const rows = [...stepDetailRows(shown, width), ...(cutOff ? labelled('Will happen', asked.consequences, width) : [])];
  return { rows, tables: [], height: 0 };
}

/** The detail on screen: of one thing, or of an address; null when there is none, or when the thing is gone. */
export function detailOnScreen(session: Pick<Session, 'explain'>, state: SessionState): Detail | null {
  const layer = drawn(state);
  if (layer.kind === 'address') {
    return withRaw(state, layer.vmId, `address ${layer.addresses[layer.at] ?? ''}`, addressDetail(state, layer));
  }
  if (layer.kind === 'moment') return momentDetail(state, layer.vmId, layer.entry);
  if (layer.kind === 'entry') return entryDetail(state, layer);
  if (layer.kind === 'log-report') return logReportDetail(state);
  return layer.kind === 'detail'
    ? withRaw(state, layer.vmId, factNameOf(state, layer), detailOf(session, state, layer))
    : null;
}

/** The name in the case file of the fact that a detail rests on. */
function factNameOf(state: SessionState, { vmId, pane, index }: Extract<Layer, { kind: 'detail' }>): string {
  const part = state.triages.get(vmId)?.part;
  if (pane === 'ports') return 'exposure';
  if (pane === 'logons') return 'logons';
  if (pane === 'posture') return part ? `posture.${postureItems(part, state.now)[index]?.key ?? ''}` : '';
  const missing = part?.patches?.state === 'known' ? part.patches.value.missing.length : 0;
  return index < missing ? 'patches' : 'posture.software';
}

/** The detail with the place where the case file keeps what it was made of. */
function withRaw(state: SessionState, vmId: string, name: string, detail: Detail | null): Detail | null {
  const held = heldEvidence(state, vmId, name);
  return detail === null || held === ''
    ? detail
    : { ...detail, lines: [...detail.lines, { label: 'Raw', text: held }] };
}

/** The detail on screen with the lines that its search finds, how many these are, and what is searched for. */
export function detailFound(session: Pick<Session, 'explain'>, state: SessionState) {
  const detail = detailOnScreen(session, state);
  if (!detail) return null;
  const layer = drawn(state);
  const search = 'search' in layer ? layer.search.trim() : '';
  const found = search === '' ? detail : linesWith(detail, search);
  const rows = found.tables.reduce((sum, table) => sum + table.rows.length, 0);
  return { detail, found, search, hits: found.lines.length + rows };
}

/** The text of the detail on screen, with its small tables; null when the thing is gone. */
export function detailBody(session: Pick<Session, 'explain'>, state: SessionState): Arranged | null {
  const detail = detailFound(session, state)?.found;
  return detail
    ? arranged(detailRows(detail, state.columns), detail.tables, state.columns, bodyHeight(session, state) - 1)
    : null;
}

/** The rows of a text, with the one that says the place in it where there are more than `height`. */
function scrolledSize({ rows, height: tables }: Arranged, height: number): number {
  const size = rows.length + tables;
  return size > height ? size + 1 : size;
}

/** How many rows the text of a detail or of a step has, to know how far it scrolls. */
export function bodyRowCount(session: Pick<Session, 'explain'>, state: SessionState): number {
  const layer = drawn(state);
  if (pages.includes(layer.kind)) {
    const body = detailBody(session, state);
    return body ? scrolledSize(body, bodyHeight(session, state) - 1) + 1 : 1;
  }
  if (layer.kind === 'act') return scrolledSize(actBody(state), bodyHeight(session, state));
  if (layer.kind === 'run') {
    const { slot } = runBoxes(state);
    if (slot && runIsOver(slot) && !layer.opened) {
      const { steps } = slot.view;
      const height = endingHeight(state);
      const { head, body } = endingPage(state, slot, steps.length - 1, { width: state.columns, height });
      const hidden = head.length + body.length - height;
      return steps.length + Math.max(0, hidden) + bodyHeight(session, state) - 1;
    }
    return scrolledSize(runBody(state), bodyHeight(session, state));
  }
  return 1;
}
