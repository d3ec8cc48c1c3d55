import type { Handlers } from './commands.ts';
import { findingAt, foundFindings } from './findings-shown.ts';
import { foundIncidentRows, incidentRowAt } from './incident-rows.ts';
import { postureOrder } from './posture-order.ts';
import {
  actOf,
  itemCount,
  type Layer,
  type Pane,
  panes,
  promptHasKeys,
  runIsOver,
  runOf,
  type SessionState,
  stepInView,
  top,
} from './state.ts';
import type { Holder } from './state-store.ts';
import { cursorAt, visibleRows } from './suspects.ts';
import { foundMoments, momentAt } from './time-line.ts';

const clamp = (value: number, size: number) => Math.max(0, Math.min(value, size - 1));

/** The thing of the pane to which the cursor moves; posture has an order of its own. */
function indexInPane(
  state: SessionState,
  { vmId, pane, selected }: Extract<Layer, { kind: 'triage' }>,
  at: (now: number, size: number) => number,
): number {
  const part = state.triages.get(vmId)?.part;
  const size = itemCount(part, pane);
  if (pane !== 'posture' || !part) return at(selected[pane], size);
  const order = postureOrder(part, state.now);
  return order[at(order.indexOf(selected.posture), size)] ?? 0;
}

/**
 * Moves the cursor of what is on screen to `place(now, size)`, bounded by its list. `of` is the size where the session
 * does not hold the list.
 */
export function moveTo(holder: Holder, place: (now: number, size: number) => number, of = 1): void {
  const state = holder.get();
  const layer = top(state);
  const at = (now: number, size: number) => clamp(place(clamp(now, size), size), size);
  switch (layer.kind) {
    case 'suspects': {
      const rows = visibleRows(state);
      const row = rows[at(cursorAt(state), rows.length)];
      if (row) holder.set({ selectedVm: row.id });
      return;
    }
    case 'triage': {
      const index = indexInPane(state, layer, at);
      holder.replaceTop({ ...layer, selected: { ...layer.selected, [layer.pane]: index } });
      return;
    }
    case 'chooser':
      holder.replaceTop({ ...layer, selected: at(layer.selected, state.offers.length) });
      return;
    case 'transcript': {
      const index = at(layer.selected ?? of - 1, of);
      // On the newest entry the view follows those that come.
      holder.replaceTop({ ...layer, selected: index >= of - 1 ? null : index });
      return;
    }
    case 'findings': {
      const found = foundFindings(state, layer);
      const index = at(findingAt(found, layer.selected), found.length);
      holder.replaceTop({ ...layer, selected: found[index]?.id ?? null });
      return;
    }
    case 'time-line': {
      const found = foundMoments(state, layer);
      const index = at(momentAt(found, layer.selected), found.length);
      holder.replaceTop({ ...layer, selected: index >= found.length - 1 ? null : (found[index]?.id ?? null) });
      return;
    }
    case 'incident': {
      const found = foundIncidentRows(state, layer);
      const index = at(incidentRowAt(found, layer.selected), found.length);
      holder.replaceTop({ ...layer, selected: found[index]?.id ?? null });
      return;
    }
    case 'act': {
      const size = actOf(state, layer.actId)?.view.members.length ?? 1;
      // Under a question the plan scrolls; Tab goes to the next VM.
      if (promptHasKeys(state)) holder.replaceTop({ ...layer, scroll: at(layer.scroll, of) });
      else holder.replaceTop({ ...layer, selected: clamp(place(layer.selected, size), size), scroll: 0 });
      return;
    }
    case 'detail':
    case 'address':
    case 'moment':
    case 'entry':
    case 'log-report':
      holder.replaceTop({ ...layer, scroll: at(layer.scroll, of) });
      return;
    case 'run': {
      const slot = runOf(state, layer.runId);
      if (slot && runIsOver(slot) && !layer.opened) {
        // After the last step the text that follows the steps scrolls.
        const last = slot.view.steps.length - 1;
        const to = at(stepInView(layer, slot) + layer.scroll, Math.max(of, last + 1));
        holder.replaceTop({ ...layer, step: Math.min(to, last), scroll: Math.max(0, to - last) });
      } else holder.replaceTop({ ...layer, scroll: at(layer.scroll, of) });
      return;
    }
    case 'help':
    case 'palette':
      holder.replaceTop({ ...layer, selected: at(layer.selected, of) });
      return;
    default:
  }
}

function changePane(holder: Holder, to: Pane | 'next' | 'previous'): void {
  const layer = top(holder.get());
  if (layer.kind !== 'triage') return;
  const step = to === 'next' ? 1 : -1;
  const beside = panes[(panes.indexOf(layer.pane) + step + panes.length) % panes.length];
  const pane = to === 'next' || to === 'previous' ? beside : to;
  if (pane) holder.replaceTop({ ...layer, pane });
}

/** Looks at the step after or before the one that is looked at; past the ends the current one comes back. */
function lookAtStep(holder: Holder, by: number): void {
  const layer = top(holder.get());
  if (layer.kind === 'act') {
    const size = actOf(holder.get(), layer.actId)?.view.members.length ?? 1;
    holder.replaceTop({ ...layer, selected: (layer.selected + by + size) % size, scroll: 0 });
    return;
  }
  const slot = layer.kind === 'run' ? runOf(holder.get(), layer.runId) : undefined;
  if (layer.kind !== 'run' || !slot) return;
  const next = stepInView(layer, slot) + by;
  const follows = next === slot.view.current && stepInView({ ...layer, step: null }, slot) === next;
  const step = follows ? null : clamp(next, slot.view.steps.length);
  holder.replaceTop({ ...layer, step, scroll: 0 });
}

/** Searches in the list on screen; "" ends the search. */
export function searchFor(holder: Holder, search: string): void {
  const layer = top(holder.get());
  if (layer.kind === 'transcript') holder.replaceTop({ ...layer, search, selected: null });
  // The cursor stays on its entry when the search still has it.
  else if (layer.kind === 'time-line' || layer.kind === 'findings' || layer.kind === 'incident') {
    holder.replaceTop({ ...layer, search });
  } else if (layer.kind === 'help') holder.replaceTop({ ...layer, search, selected: 0 });
  else if ('scroll' in layer && 'search' in layer) holder.replaceTop({ ...layer, search, scroll: 0 });
}

/** Searches in the list under the input as it is typed. */
export function searchBeneath(holder: Holder, search: string): void {
  const { layers } = holder.get();
  const list = layers.at(-2);
  const input = layers.at(-1);
  if (!list || !input || !('search' in list)) return;
  const from = list.kind === 'transcript' ? { selected: null } : 'scroll' in list ? { scroll: 0 } : {};
  const found = { ...list, search, ...from } as typeof list;
  holder.set({ layers: [...layers.slice(0, -2), found, input] });
}

/** Leaves what is on top: an input with its change taken back, a zoom, a search, a filter, a view. */
function back(holder: Holder): void {
  const layer = top(holder.get());
  if (layer.kind === 'input') {
    holder.pop(layer.purpose === 'filter' ? { filter: layer.before } : {});
    if (layer.purpose === 'search') searchFor(holder, layer.before);
  } else if (layer.kind === 'triage' && layer.zoomed) {
    holder.replaceTop({ ...layer, zoomed: false });
  } else if ('search' in layer && layer.search !== '') {
    searchFor(holder, '');
  } else if (layer.kind === 'run' && layer.opened) {
    holder.replaceTop({ ...layer, opened: false, scroll: 0 });
  } else if (layer.kind === 'suspects') {
    if (holder.get().filter !== '') holder.set({ filter: '' });
  } else {
    holder.pop();
  }
}

/** Moves in what is on screen and between views. `wentBack` is called once a view was left. */
export function navigationCommands(holder: Holder, wentBack: () => void) {
  return {
    move: ({ by, of }) => moveTo(holder, (now) => now + by, of),
    edge: ({ to, of }) => moveTo(holder, (_, size) => (to === 'first' ? 0 : size - 1), of),
    back() {
      back(holder);
      wentBack();
    },
    pane: ({ to }) => changePane(holder, to),
    zoom() {
      const layer = top(holder.get());
      if (layer.kind === 'triage') holder.replaceTop({ ...layer, zoomed: !layer.zoomed });
    },
    'next-step': ({ by }) => lookAtStep(holder, by),
    help: () => holder.push({ kind: 'help', selected: 0, search: '' }),
  } satisfies Partial<Handlers>;
}
