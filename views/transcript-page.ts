import { foundEntries } from '../src/session/cases/found-entries.ts';
import { drawn, type SessionState } from '../src/session/state.ts';
import { count, counted } from '../src/text/counts.ts';
import { mark } from '../src/words/severity.ts';
import { boxNamed, pageLayout } from './layout.ts';
import { between, blank, type Line, line, span } from './line.ts';
import { badges, machineHeader, padded } from './page-parts.ts';
import { transcriptRows } from './transcript-text.ts';

/** The case file as it grows. */
export function transcriptPage(state: SessionState): Line[] {
  const layer = drawn(state);
  if (layer.kind !== 'transcript') return [];
  const height = boxNamed(pageLayout(state.columns, state.rows), 'body').height;
  const slot = state.cases.get(layer.vmId);
  const opened = slot?.openCase;
  if (!opened) {
    const told =
      slot?.state === 'failed'
        ? line(span(` ${mark.failed} The case file could not be opened: ${slot.because}`, 'critical'))
        : line(span(` ${mark.loading} opening the case file`, 'dim'));
    return padded([machineHeader(state, layer.vmId, 'transcript'), blank, told], height + 1, state.columns);
  }
  const entries = opened.entries();
  const found = foundEntries(opened, layer);
  const broken = opened.broken();
  const head = entries.at(-1)?.hash.slice(0, 4) ?? '';
  const right = line(' ', ...badges(state), ' ');
  const left = line(
    span(` case ${opened.id}`, 'plain', true),
    '   chain ',
    broken === '' ? span(mark.verified, 'good') : span(`${mark.failed} ${broken}`, 'critical', true),
    layer.decided
      ? span(`   ${found.length} of ${count(entries.length)}: decided and done`, 'accent')
      : `   ${counted(entries.length, 'entry', 'entries')}`,
    head === '' ? '' : `   head ${head}${mark.loading}`,
    layer.search === '' ? '' : span(`   ${found.length} contain ${layer.search}`, 'accent'),
  );
  return [
    between(left, right, state.columns),
    ...padded(transcriptRows(opened, found, layer.selected, state.columns, height, state.now), height, state.columns),
  ];
}
