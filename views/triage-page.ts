import { drawn, type Pane, panes, type SessionState, type TriageSlot } from '../src/session/state.ts';
import { clock, day } from '../src/text/times.ts';
import { arrangement, type Box, boxNamed, triageLayout } from './layout.ts';
import { beside, boxed, fitLine, type Line, line, span } from './line.ts';
import { logonsRows } from './logons-pane.ts';
import { mark } from './marks.ts';
import { machineHeader, padded, scrolledRows } from './page-parts.ts';
import { assessedNote, patchesRows } from './patches-pane.ts';
import { portsRows } from './ports-pane.ts';
import { postureBody } from './posture-pane.ts';
import { verdictRows } from './verdict.ts';
import { ageNote } from './words.ts';

/** How old the failed logons are; what a log that was opened tells is as old as its last event. */
function logonsNote(state: SessionState, { vm, part }: TriageSlot, width: number, busy: boolean): Line {
  const fact = part.logons;
  if (fact?.state === 'known' && (state.logs.get(vm.id)?.opened.length ?? 0) > 0) {
    const ends = day(fact.asOf) === day(state.now) ? clock(fact.asOf) : day(fact.asOf);
    return line(span(`${mark.stale} ${width < 44 ? '' : 'log '}ends ${ends}`, 'high'));
  }
  const covers = fact?.state === 'known' && width >= fact.coverage.length + 26 ? `${fact.coverage},` : '';
  return ageNote(fact, state.now, busy, covers);
}

function paneBox(state: SessionState, slot: TriageSlot, box: Box, pane: Pane, focused: boolean, index: number): Line[] {
  const { part } = slot;
  const inner = box.width - 2;
  const busy = slot.state === 'refreshing' || slot.state === 'loading';
  const number = panes.indexOf(pane) + 1;
  const titles: Record<Pane, string> = {
    ports: 'Exposed ports',
    logons: 'Failed logons',
    patches: 'Patch gaps',
    posture: 'Posture',
  };
  const title = line(
    span(`${focused ? `${mark.selected} ` : ''}${number} ${titles[pane]}`, focused ? 'accent' : 'plain', true),
  );
  const selected = focused ? index : null;
  if (pane === 'posture') {
    const { rows, note } = postureBody(part, { width: inner, height: box.height - 2 }, state.now, selected);
    return boxed(rows, box, { left: title, right: note, focused });
  }
  const build = {
    ports: () => ({ rows: portsRows(part, inner), note: ageNote(part.exposure, state.now, busy) }),
    logons: () => ({
      rows: logonsRows(part, inner, state.now),
      note: logonsNote(state, slot, inner, busy),
    }),
    patches: () => ({
      rows: patchesRows(part, inner),
      note: assessedNote(part, state.now) ?? ageNote(part.patches, state.now, busy),
    }),
  }[pane]();
  return boxed(scrolledRows(build.rows, box.height - 2, selected), box, { left: title, right: build.note, focused });
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

/** The panes of one machine under its verdict, as they fit the terminal. */
export function triageRows(state: SessionState): Line[] {
  const layer = drawn(state);
  if (layer.kind !== 'triage') return [];
  const slot = state.triages.get(layer.vmId);
  const { columns, rows } = state;
  const boxes = triageLayout({ columns, rows, focus: layer.pane, zoomed: layer.zoomed });
  const header = machineHeader(state, layer.vmId, '');
  if (!slot) return [header];
  const box = (name: string) => boxNamed(boxes, name);
  const pane = (name: Pane) => paneBox(state, slot, box(name), name, layer.pane === name, layer.selected[name]);
  const verdictHeight = box('verdict').height;
  const verdict = verdictRows(slot, state.offers, columns, verdictHeight);
  const upper = [header, ...padded(verdict, verdictHeight, columns)];
  const how = arrangement(columns, rows);
  if (layer.zoomed) return [...upper, ...pane(layer.pane)];
  if (how === 'tabs') return [...upper, tabsRow(state, layer.pane), ...pane(layer.pane)];
  const three: Pane[] = ['ports', 'logons', 'patches'];
  const middle =
    how === 'beside'
      ? beside(box('ports').height, ...three.map((name) => ({ width: box(name).width, rows: pane(name) })))
      : three.flatMap((name) => pane(name));
  return [...upper, ...middle, ...pane('posture')];
}
