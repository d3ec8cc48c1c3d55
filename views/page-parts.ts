import type { SessionState } from '../src/session/state.ts';
import { clock } from '../src/text/times.ts';
import { mark } from '../src/words/severity.ts';
import { powerWord, shortOs } from '../src/words/vm-words.ts';
import { between, blank, fitLine, type Line, line, type Span, span, widthOf, windowOf } from './line.ts';

/** On a screen that is not wider, a name or an address that is whole is worth more than blanks. */
const narrow = 80;

/** Is it a demo, and may anything be changed? */
export function badges(state: SessionState): Span[] {
  return [
    ...(state.demo ? [span('DEMO', 'high', true), span(state.columns <= narrow ? ' ' : '  ')] : []),
    state.readOnly ? span('READ-ONLY', 'good', true) : span('READ-WRITE', 'accent', true),
  ];
}

/** The time of day where the user is, where that is wanted beside UTC. */
function localText({ localTime, now }: SessionState): string {
  if (!localTime) return '';
  return ` ${now.toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit' })} local`;
}

/** The first row where no VM is open. */
export function suspectsHeader(state: SessionState): Line {
  const { identity } = state;
  const odd = (identity?.warnings ?? []).length > 0;
  const name = identity ? `${odd ? `${mark.critical} ` : ''}${identity.name}` : mark.loading;
  const who = state.columns < 80 && !odd ? '  ' : `   ${name}   `;
  return between(
    line(span(' cordon', 'accent', true), '  ', span(state.scope, 'plain', true)),
    line(
      ' ',
      ...badges(state),
      span(who, odd ? 'critical' : 'plain', odd),
      span(`${clock(state.now)}${localText(state)} `, 'dim'),
    ),
    state.columns,
  );
}

function caseSpan(state: SessionState, vmId: string): Span {
  const slot = state.cases.get(vmId);
  const word = state.columns <= narrow ? '' : 'case ';
  if (!slot || slot.state === 'opening') return span(`case ${mark.loading}`, 'dim');
  if (slot.state === 'failed' || !slot.openCase) return span(`${mark.failed} no case file`, 'critical', true);
  return span(`${word}${slot.openCase.id}`);
}

/** The place in the views: the VM's crumbs and what is open of it, the badges and the case. */
export function machineHeader(state: SessionState, vmId: string | null, crumb: string): Line {
  const slot = vmId === null ? undefined : state.triages.get(vmId);
  const row = state.scan.rows.find((one) => one.id === vmId);
  const vm = slot?.vm ?? row?.vm;
  if (!vm || vmId === null) return suspectsHeader(state);
  const about = [vm.osName || vm.os, powerWord(vm.power), ...vm.publicAddresses.slice(0, 2)].join(' · ');
  const right = line(' ', ...badges(state), state.columns <= narrow ? ' ' : '   ', caseSpan(state, vmId), ' ');
  const name = span(vm.name, 'plain', true);
  const scope = `${vm.subscriptionName || vm.subscriptionId} › ${vm.resourceGroup} › `;
  const brief = [shortOs(vm), powerWord(vm.power), ...vm.publicAddresses.slice(0, 1)].join(' · ');
  const tails = crumb === '' ? [`   ${about}`, `   ${brief}`] : [` › ${crumb}`];
  const home = span(' cordon › ', 'accent', true);
  const room = state.columns - widthOf(right);
  // The VM's name is the one thing that must not be cut.
  const ways = [
    ...tails.map((tail) => line(home, span(scope, 'dim'), name, tail)),
    ...tails.map((tail) => line(span(` ${scope}`, 'dim'), name, tail)),
    line(span(' '), name, tails.at(-1) ?? ''),
  ];
  const left = ways.find((way) => widthOf(way) <= room) ?? ways.at(-1) ?? blank;
  return between(left, right, state.columns);
}

/** The rows of a list in a pane, with the marker on the selected one and a count of what is hidden. */
export function scrolledRows(rows: readonly Line[], height: number, selected: number | null): Line[] {
  const marked = rows.map((row, at): Line => {
    const chosen = selected !== null && row.item === selected;
    const first = chosen && rows[at - 1]?.item !== selected;
    if (!first) return row;
    const [head, ...rest] = row.spans;
    // The marker takes the place of the row's first blank, so that nothing moves with the cursor.
    if (!head?.text.startsWith(' ')) return { ...row, selected: true };
    return {
      ...row,
      selected: true,
      spans: [span(mark.selected, 'accent', true), { ...head, text: head.text.slice(1) }, ...rest],
    };
  });
  const shown = windowOf(marked, height, selected);
  if (shown.below > 0 && height > 1) {
    const visible = new Set(shown.rows.slice(0, -1).map((row) => row.item));
    const after = rows.slice(shown.above + height - 1).map((row) => row.item);
    const hidden = new Set(after.filter((item) => item !== null && !visible.has(item))).size;
    const cursor = shown.rows.at(-1);
    if (cursor && !cursor.selected) {
      shown.rows[height - 1] = line(span(hidden > 0 ? `   +${hidden} more` : '   … more below', 'dim'));
    }
  }
  return shown.rows;
}

/** Exactly `height` rows of exactly `width` cells. */
export function padded(rows: readonly Line[], height: number, width: number): Line[] {
  return Array.from({ length: Math.max(0, height) }, (_, at) => fitLine(rows[at] ?? blank, width));
}
