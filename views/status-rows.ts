import { type SessionState, top } from '../src/session/state.ts';
import { cells } from '../src/text/cells.ts';
import { mark } from '../src/words/severity.ts';
import { footerEntries } from './keymap.ts';
import { blank, fitLine, type Line, line, span, widthOf } from './line.ts';
import { jobsRow } from './run-text.ts';
import { typedSpans } from './typed-text.ts';

/** What has its place in the footer before others: what answers the attack, and what the case is made of. */
const first = ['open', 'playbooks', 'answer', 'findings', 'time-line', 'note', 'export'];

/** What the footer offers, with the cells that each takes, as many as fit. */
function offered(state: SessionState) {
  const shown = footerEntries(state).map((binding) => {
    const disabled = (binding.disabled?.(state) ?? '') !== '';
    const spans = [
      span(` ${binding.keys[0] ?? ''} `, disabled ? 'dim' : 'accent', !disabled),
      span(`${binding.name} `, 'dim'),
    ];
    const rank = disabled ? 2 : first.includes(binding.id) ? 0 : 1;
    return { binding, spans, rank, wide: widthOf(line(...spans)) };
  });
  // The way out and the way to the rest stay when there is no room for all.
  const kept = new Set(
    shown.filter(({ binding }) => ['help', 'back', 'quit', 'no', 'no-text', 'yes'].includes(binding.id)),
  );
  let left = state.columns - [...kept].reduce((sum, one) => sum + one.wide, 0);
  for (const one of shown.toSorted((a, b) => a.rank - b.rank)) {
    if (kept.has(one) || one.wide > left) continue;
    kept.add(one);
    left -= one.wide;
  }
  return shown.filter((one) => kept.has(one));
}

/** The keys that make sense now, as many as fit. */
export function footer(state: SessionState): Line {
  return fitLine(line(...offered(state).flatMap((one) => one.spans)), state.columns);
}

/** The key whose name is in that column of the footer; "" where none does. */
export function footerKeyAt(state: SessionState, column: number): string {
  let from = 0;
  for (const { binding, wide } of offered(state)) {
    if (column >= from && column < from + wide) return binding.keys[0] ?? '';
    from += wide;
  }
  return '';
}

const inputNames = {
  filter: 'filter',
  note: 'note for the case file',
  search: 'search',
  logs: 'exported event log (.evtx)',
  authority: 'time-stamping authority (https://…)',
  incident: 'incident of Microsoft Sentinel (number, GUID or id)',
} as const;

/** The row above the footer: an input, a message, or what runs in Azure. */
export function status(state: SessionState): Line {
  const layer = top(state);
  if (layer.kind === 'input') {
    const before = ` ${inputNames[layer.purpose]} > `;
    return line(
      span(before, 'accent', true),
      ...typedSpans(layer.text, state.typing.fromEnd, state.columns - cells(before) - 2),
    );
  }
  if (state.signIn !== '') return line(span(` ${mark.unknown} ${state.signIn}`, 'critical', true));
  if (state.toast) {
    const sign = { plain: mark.low, good: mark.verified, bad: mark.failed }[state.toast.tone];
    const tone = { plain: 'plain', good: 'good', bad: 'critical' } as const;
    return line(span(` ${sign} ${state.toast.text}`, tone[state.toast.tone]));
  }
  return jobsRow(state) ?? blank;
}
