import type { Session } from '../src/session/session.ts';
import { type Layer, type Pane, panes, type SessionState } from '../src/session/state.ts';
import type { TriageInProgress } from '../src/triage/in-progress.ts';
import { detailOf, detailRows } from './detail-text.ts';
import { type Box, isTall, type Needs, storyRoom, triageLayout } from './layout.ts';
import type { Line } from './line.ts';
import { logonsRows } from './logons-pane.ts';
import { paneSummary } from './pane-summary.ts';
import { patchesRows } from './patches-pane.ts';
import { portsRows } from './ports-pane.ts';
import { postureHeight } from './posture-pane.ts';
import { timeLineHeight } from './time-line-text.ts';
import { fullHeight } from './unfold.ts';

export type TriageLayer = Extract<Layer, { kind: 'triage' }>;

/** The rows of a pane other than posture, too wide ones not cut yet. */
export function paneRows(part: TriageInProgress, pane: Exclude<Pane, 'posture'>, width: number, now: Date): Line[] {
  if (pane === 'ports') return portsRows(part, width);
  return pane === 'logons' ? logonsRows(part, width, now) : patchesRows(part, width);
}

/** Cells of a pane's name and its note, in the one row that it has without the keys. */
export const summaryEnds = { name: 20, note: 18 };

const heights = new WeakMap<TriageInProgress, Map<string, { height: number; beside: unknown }>>();

/** Measures once for each answer, and again when `beside`, which is shown with it, is another: a key must not wait for it. */
function measured(part: TriageInProgress, name: string, measure: () => number, beside: unknown = null): number {
  const own = heights.get(part) ?? new Map<string, { height: number; beside: unknown }>();
  heights.set(part, own);
  const known = own.get(name);
  if (known && known.beside === beside) return known.height;
  const height = measure();
  own.set(name, { height, beside });
  return height;
}

/** What the boxes of a VM's triage need to show everything. */
function needsOf(
  session: Pick<Session, 'explain'>,
  state: SessionState,
  { vmId, pane: focus, selected }: TriageLayer,
): Needs {
  const { now } = state;
  const part = state.triages.get(vmId)?.part;
  const none = () => 1;
  if (!part) return { pane: none, summary: none, selected: none, timeLine: none };
  const of = (name: string, width: number, measure: () => number, beside?: unknown) =>
    measured(part, `${name} ${width}`, measure, beside);
  return {
    pane: (pane, width) =>
      of(pane, width, () =>
        pane === 'posture' ? postureHeight(part, width, now) : fullHeight(paneRows(part, pane, width, now), width),
      ),
    summary: (pane, width) =>
      pane === 'posture'
        ? 1
        : of(`summary ${pane}`, width, () =>
            fullHeight([paneSummary(part, pane, now)], width - summaryEnds.name - summaryEnds.note),
          ),
    selected: (width) =>
      of(
        `selected ${focus} ${selected[focus]}`,
        width,
        () => {
          const detail = detailOf(session, state, { vmId, pane: focus, index: selected[focus] });
          return detail ? detailRows(detail, width).length : 1;
        },
        // The events around a burst arrive by themselves.
        state.around,
      ),
    timeLine: (width) => of('time line', width, () => timeLineHeight(state, vmId, width)),
  };
}

/** The boxes of the triage screen for the session's present state. */
export function triageBoxes(session: Pick<Session, 'explain'>, state: SessionState, layer: TriageLayer): Box[] {
  const { columns, rows } = state;
  const strip = rows >= 26 && !isTall(columns, rows) ? 1 : 0;
  const { pane, zoomed } = layer;
  return triageLayout(
    { columns, rows, focus: pane, zoomed, story: storyRoom(rows) + strip },
    needsOf(session, state, layer),
  );
}

/** The place of a pane, as its key has it. */
export const numberOf = (pane: Pane) => panes.indexOf(pane) + 1;
