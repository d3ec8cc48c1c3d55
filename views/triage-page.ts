import type { Session } from '../src/session/session.ts';
import { drawn, type Pane, panes, type SessionState, type TriageSlot } from '../src/session/state.ts';
import { clock, day } from '../src/text/times.ts';
import { mark } from '../src/words/severity.ts';
import { detailOf, detailRows } from './detail-text.ts';
import { arrangement, type Box, boxNamed, isTall } from './layout.ts';
import { beside, between, blank, boxed, fitLine, type Line, line, span } from './line.ts';
import { machineHeader, padded, scrolledRows } from './page-parts.ts';
import { paneSummary } from './pane-summary.ts';
import { assessedNote } from './patches-pane.ts';
import { postureBody, postureSummary } from './posture-pane.ts';
import { timeLineGlance } from './time-line-text.ts';
import { numberOf, paneRows, summaryEnds, type TriageLayer, triageBoxes } from './triage-boxes.ts';
import { folded, unfold } from './unfold.ts';
import { verdictRows } from './verdict.ts';
import { ageNote } from './words.ts';

const titles: Record<Pane, string> = {
  ports: 'Exposed ports',
  logons: 'Failed logons',
  patches: 'Patch gaps',
  posture: 'Posture',
};

/** How old the failed logons are; what a log that was opened reports is as old as its last event. */
function logonsNote(state: SessionState, { vm, part }: TriageSlot, width: number, busy: boolean): Line {
  const fact = part.logons;
  if (fact?.state === 'known' && (state.logs.get(vm.id)?.opened.length ?? 0) > 0) {
    const ends = day(fact.asOf) === day(state.now) ? clock(fact.asOf) : day(fact.asOf);
    return line(span(`${mark.stale} ${width < 44 ? '' : 'log '}ends ${ends}`, 'high'));
  }
  const covers = fact?.state === 'known' && width >= fact.coverage.length + 26 ? `${fact.coverage},` : '';
  return ageNote(fact, state.now, busy, covers);
}

/** How old what a pane shows is. */
function paneNote(state: SessionState, slot: TriageSlot, pane: Pane, width: number): Line {
  const { part } = slot;
  const busy = slot.state === 'refreshing' || slot.state === 'loading';
  if (pane === 'ports') return ageNote(part.exposure, state.now, busy);
  if (pane === 'patches') return assessedNote(part, state.now) ?? ageNote(part.patches, state.now, busy);
  return logonsNote(state, slot, width, busy);
}

function paneBox(state: SessionState, slot: TriageSlot, box: Box, pane: Pane, focused: boolean, index: number): Line[] {
  const { part } = slot;
  const inner = { width: box.width - 2, height: box.height - 2 };
  const title = line(
    span(`${focused ? `${mark.selected} ` : ''}${numberOf(pane)} ${titles[pane]}`, focused ? 'accent' : 'plain', true),
  );
  const selected = focused ? index : null;
  if (pane === 'posture') {
    const { rows, note } = postureBody(part, inner, state.now, selected);
    return boxed(rows, box, { left: title, right: note, focused });
  }
  const rows = paneRows(part, pane, inner.width, state.now);
  const shown = scrolledRows(unfold(rows, inner.width, inner.height, selected), inner.height, selected);
  return boxed(shown, box, { left: title, right: paneNote(state, slot, pane, inner.width), focused });
}

/** A pane without the keys in a row, or more where there are: its worst things by name, and how old they are. */
function summaryRows(state: SessionState, slot: TriageSlot, pane: Pane, { width, height }: Box): Line[] {
  const room = width - summaryEnds.name - summaryEnds.note;
  const { rows, note } =
    pane === 'posture'
      ? postureSummary(slot.part, { width: width - 26, height }, state.now)
      : { rows: [paneSummary(slot.part, pane, state.now)], note: paneNote(state, slot, pane, 0) };
  const told = height > 1 && pane !== 'posture' ? rows.flatMap((row) => folded(row, room)) : rows;
  const name = `${numberOf(pane)} ${titles[pane]}`;
  return padded(
    told.map((row, at) => {
      const left = line(span(` ${(at === 0 ? name : '').padEnd(17)}`, 'plain', true), ...row.spans);
      return between(left, at === 0 && pane !== 'posture' ? line('  ', ...note.spans, ' ') : blank, width);
    }),
    height,
    width,
  );
}

/** The selected thing in full beside the list, as Enter would show it. */
function selectedBox(session: Pick<Session, 'explain'>, state: SessionState, box: Box, layer: TriageLayer): Line[] {
  const inner = { width: box.width - 2, height: box.height - 2 };
  const detail = detailOf(session, state, { vmId: layer.vmId, pane: layer.pane, index: layer.selected[layer.pane] });
  const title = detail ? `selected: ${detail.title}` : 'nothing is selected';
  const rows = detail ? detailRows(detail, inner.width) : [];
  if (rows.length > inner.height) {
    rows.splice(inner.height - 1, rows.length, line(span('   Enter: everything', 'dim')));
  }
  return boxed(rows, box, { left: line(span(title)), right: blank, focused: false });
}

/** The last of what happened, as the time line reports it. */
function timeLineBox(state: SessionState, box: Box, vmId: string): Line[] {
  const inner = { width: box.width - 2, height: box.height - 2 };
  const rows = timeLineGlance(state, vmId, inner.width, inner.height);
  return boxed(rows, box, { left: line(span('Time line')), right: line(span('l', 'accent', true)), focused: false });
}

function tabsRow(state: SessionState, focus: Pane): Line {
  const names: Record<Pane, string> = {
    ports: '1 Ports',
    logons: '2 Logons',
    patches: '3 Patches',
    posture: '4 Posture',
  };
  return fitLine(
    line(
      ...panes.map((pane) =>
        pane === focus ? span(` ${mark.selected}${names[pane]} `, 'accent', true) : span(`  ${names[pane]} `, 'dim'),
      ),
    ),
    state.columns,
  );
}

/** The panes of one VM under its story, as they fit the terminal. */
export function triageRows(session: Pick<Session, 'explain'>, state: SessionState): Line[] {
  const layer = drawn(state);
  if (layer.kind !== 'triage') return [];
  const slot = state.triages.get(layer.vmId);
  const { columns, rows } = state;
  const boxes = triageBoxes(session, state, layer);
  const header = machineHeader(state, layer.vmId, '');
  if (!slot) return [header];
  const box = (name: string) => boxNamed(boxes, name);
  const pane = (name: Pane) => paneBox(state, slot, box(name), name, layer.pane === name, layer.selected[name]);
  const { height } = box('verdict');
  const done = state.runs.filter(({ vmId, view }) => vmId === layer.vmId && view.outcome === 'done');
  const told = { width: columns, height, strip: !isTall(columns, rows) };
  const names = done.map(({ view }) => view.playbook);
  const verdict = verdictRows(slot, state.offers, names, told, state.now);
  const upper = [header, ...padded(verdict, height, columns)];
  const how = arrangement(columns, rows);
  if (layer.zoomed) return [...upper, ...pane(layer.pane)];
  if (how === 'tabs') return [...upper, tabsRow(state, layer.pane), ...pane(layer.pane)];
  if (how === 'accordion') {
    const stacked = panes.flatMap((name) =>
      name === layer.pane ? pane(name) : summaryRows(state, slot, name, box(name)),
    );
    return [...upper, ...stacked];
  }
  const three: Pane[] = ['ports', 'logons', 'patches'];
  const middle = beside(box('ports').height, ...three.map((name) => ({ width: box(name).width, rows: pane(name) })));
  const lower = box('selected');
  const below =
    lower.height === 0
      ? []
      : beside(
          lower.height,
          { width: lower.width, rows: selectedBox(session, state, lower, layer) },
          { width: box('time-line').width, rows: timeLineBox(state, box('time-line'), layer.vmId) },
        );
  return [...upper, ...middle, ...below, ...pane('posture')];
}
