import { foundOn } from '../src/session/playbooks/found-on.ts';
import { drawn, type Layer, type SessionState } from '../src/session/state.ts';
import { vmInReach } from '../src/session/vm-in-reach.ts';
import { cells, wrap } from '../src/text/cells.ts';
import { counted, listed } from '../src/text/counts.ts';
import { mark } from '../src/words/severity.ts';
import { type Binding, modeNames } from './binding.ts';
import { findingsHead, findingsRows } from './findings-text.ts';
import { incidentHead, incidentRows } from './incident-text.ts';
import { helpEntries, modeBeneath, paletteMatches } from './keymap.ts';
import { boxNamed, pageLayout } from './layout.ts';
import { fitLine, type Line, line, span } from './line.ts';
import { machineHeader, padded, scrolledRows } from './page-parts.ts';
import { chooserRows } from './playbook-list.ts';
import { timeLineHead, timeLineRows } from './time-line-text.ts';
import { typedSpans } from './typed-text.ts';

/** Every finding of a VM, the selected one in full. */
export function findingsPage(state: SessionState): Line[] {
  const layer = drawn(state);
  if (layer.kind !== 'findings') return [];
  const height = boxNamed(pageLayout(state.columns, state.rows), 'body').height;
  const rows = findingsRows(state, layer, state.columns, height - 1);
  const head = [machineHeader(state, layer.vmId, 'findings'), findingsHead(state, layer)];
  return [...head, ...padded(rows, height - 1, state.columns)];
}

/** What happened at a VM, in order. */
export function timeLinePage(state: SessionState): Line[] {
  const layer = drawn(state);
  if (layer.kind !== 'time-line') return [];
  const height = boxNamed(pageLayout(state.columns, state.rows), 'body').height;
  const head = timeLineHead(state, layer, state.columns);
  const rows = timeLineRows(state, layer, state.columns, Math.max(1, height - head.length));
  return [machineHeader(state, layer.vmId, 'time line'), ...padded([...head, ...rows], height, state.columns)];
}

/** What leads from a VM to others. */
export function incidentPage(state: SessionState): Line[] {
  const layer = drawn(state);
  if (layer.kind !== 'incident') return [];
  const height = boxNamed(pageLayout(state.columns, state.rows), 'body').height;
  const head = incidentHead(state, layer, state.columns);
  const rows = incidentRows(state, layer, state.columns, Math.max(1, height - head.length));
  return [machineHeader(state, layer.vmId, 'incident'), ...padded([...head, ...rows], height, state.columns)];
}

/** On which VMs the playbook that is chosen will work, where they are several or others than the one in hand. */
function chosenFor(state: SessionState, { vmId, vmIds }: Extract<Layer, { kind: 'chooser' }>): Line[] {
  if (vmIds.length === 1 && vmIds[0] === vmId) return [];
  const names = vmIds.map((id) => vmInReach(state, id)?.name ?? '?');
  return [
    line(
      span(` In one act on ${counted(vmIds.length, 'VM')}: ${listed(names, 8)}`, 'plain', true),
      span('   all are planned, then one answer is for all', 'dim'),
    ),
  ];
}

/** The playbooks that can be started for a VM. */
export function chooserPage(state: SessionState): Line[] {
  const layer = drawn(state);
  if (layer.kind !== 'chooser') return [];
  const height = boxNamed(pageLayout(state.columns, state.rows), 'body').height;
  const head = chosenFor(state, layer);
  const rows = chooserRows(
    state.offers,
    foundOn(state, layer.vmIds),
    state,
    { width: state.columns, height: height - head.length },
    layer.selected,
  );
  return [
    machineHeader(state, layer.vmId, 'playbooks'),
    ...padded([...head, ...scrolledRows(rows, height - head.length, layer.selected)], height, state.columns),
  ];
}

/** Nothing has the name that is typed, or nothing was read yet that could have it. */
function noMatch(state: SessionState): Line[] {
  const layer = drawn(state);
  if (layer.kind === 'palette' && layer.offers === 'contexts') {
    if (!state.choices) return [line(span(`  ${mark.loading} reading what can be looked at`, 'dim'))];
    return [line(span('  No subscription, tenant or case has that name. Esc closes.', 'dim'))];
  }
  return [line(span('  No action has that name. Esc closes.', 'dim'))];
}

/** What could not be read of what one may choose from. */
function choiceGaps(state: SessionState): Line[] {
  const layer = drawn(state);
  if (layer.kind !== 'palette' || layer.offers !== 'contexts') return [];
  return (state.choices?.gaps ?? []).map((text) => line(span(`  ${mark.unknown} ${text}`, 'unknown')));
}

/** Cells of the keys before what they do. */
const keysWidth = 18;

/** An action with its keys, what it does and why it cannot be done now, in at most so many rows of each. */
function bindingRows(binding: Binding, state: SessionState, most: number, item: number): Line[] {
  const why = binding.disabled?.(state) ?? '';
  const keys = binding.id === 'choose-1' ? '1-9' : binding.keys.join(' ');
  const room = state.columns - keysWidth - 1;
  const short = `${binding.description}   ${mark.failed} ${why}`;
  const texts = wrap(binding.description, room, most);
  // Where both fit into a row they share it.
  const [description, reason] =
    why === ''
      ? [texts, []]
      : cells(short) <= room || most === 1
        ? [[short], []]
        : [texts, wrap(`${mark.failed} ${why}`, room, most)];
  const tone = why === '' ? 'plain' : 'dim';
  const indent = span(' '.repeat(keysWidth));
  return [...description, ...reason].map((text, at) => ({
    ...(at === 0
      ? line(' ', span(` ${keys.padEnd(keysWidth - 2)}`, why === '' ? 'accent' : 'dim', true), span(text, tone))
      : line(indent, span(text, tone))),
    item,
  }));
}

/** Help and palette: the actions of the view under them. */
export function helpPage(state: SessionState): Line[] {
  const layer = drawn(state);
  if (layer.kind !== 'help' && layer.kind !== 'palette') return [];
  const height = boxNamed(pageLayout(state.columns, state.rows), 'body').height;
  const entries = layer.kind === 'help' ? helpEntries(state) : paletteMatches(state);
  const selected = Math.min(layer.selected, entries.length - 1);
  const told = (most: number) =>
    entries.flatMap((binding, at) => bindingRows(binding, state, at === selected ? Math.max(4, most) : most, at));
  // Descriptions are cut only where there are no rows for them.
  const rows = [4, 2, 1].map(told).find((all, at) => at === 2 || all.length < height) ?? [];
  const below = modeNames[modeBeneath(state)];
  const head =
    layer.kind === 'help'
      ? line(
          span(` What you can do here (${below})`, 'plain', true),
          span('   Enter does the selected one, Esc closes', 'dim'),
        )
      : line(
          span(layer.offers === 'contexts' ? ' subscription, tenant or case > ' : ' : ', 'accent', true),
          ...typedSpans(layer.text, state.typing.fromEnd, state.columns - 36),
        );
  const none = rows.length === 0 ? noMatch(state) : rows;
  const shown = [...none, ...choiceGaps(state)];
  return [fitLine(head, state.columns), ...padded(scrolledRows(shown, height, selected), height, state.columns)];
}
