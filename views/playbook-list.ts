import type { Found } from '../src/session/playbooks/found-on.ts';
import type { PlaybookOffer } from '../src/session/playbooks/playbooks.ts';
import { drawn, type SessionState } from '../src/session/state.ts';
import { cells, wrap } from '../src/text/cells.ts';
import { mark, type Tone } from '../src/words/severity.ts';
import { between, blank, cell, type Line, line, ofItem, span } from './line.ts';
import { severityMark } from './marks.ts';

const dangers: Record<PlaybookOffer['danger'], { text: string; tone: Tone }> = {
  none: { text: 'changes nothing', tone: 'dim' },
  reversible: { text: 'can be undone, asks for y', tone: 'plain' },
  disruptive: { text: 'disruptive, asks for the name', tone: 'high' },
};

/** The playbooks, those that answer a finding first, each with what it answers and what it takes. */
export function chooserRows(
  offers: readonly PlaybookOffer[],
  findings: readonly Found[],
  state: SessionState,
  { width, height }: { width: number; height: number },
  selected: number,
): Line[] {
  if (offers.length === 0) return [line(span('  No playbook fits this VM.', 'dim'))];
  const layer = drawn(state);
  const several = layer.kind === 'chooser' && layer.vmIds.length > 1;
  const names = Math.max(...offers.map(({ name }) => cells(name)));
  const told = offers.map((offer, at) => {
    const danger =
      offer.irreversible && offer.danger === 'reversible'
        ? { text: 'cannot be undone, asks for y', tone: 'plain' as const }
        : offer.danger === 'disruptive' && several
          ? { text: 'disruptive, asks for the number', tone: 'high' as const }
          : dangers[offer.danger];
    const refused = state.readOnly ? 'read-only session: it cannot be started' : offer.disabled;
    const answers = offer.answers.flatMap((id) =>
      findings.filter((finding) => finding.id === id && !finding.closed).slice(0, 1),
    );
    // All of them in view: only the selected one is shown in full.
    const full = at === selected;
    const answered = full ? answers : answers.slice(0, 1);
    return [
      ofItem(
        between(
          line(
            ' ',
            span(`${String(at + 1).padStart(2)} `, 'accent', true),
            { ...cell(offer.name, names, refused === '' ? 'plain' : 'dim'), bold: true },
            span(`  ${offer.title}`, refused === '' ? 'plain' : 'dim'),
          ),
          line('  ', span(danger.text, danger.tone), ' '),
          width,
        ),
        at,
      ),
      ...answered.flatMap((finding) =>
        wrap(finding.title, width - 18, full ? 3 : 1).map((text, row) =>
          row === 0
            ? ofItem(line('       answers ', severityMark(finding.severity), ` ${text}`), at)
            : ofItem(line(`${' '.repeat(17)}${text}`), at),
        ),
      ),
      ...wrap(offer.summary, width - 8, full ? 4 : 0).map((text) => ofItem(line(span(`       ${text}`, 'dim')), at)),
      ...wrap(offer.steps.join(' → '), width - 8, full ? 4 : 0).map((text) =>
        ofItem(line(span(`       ${text}`, 'dim')), at),
      ),
      ...(refused === '' ? [] : [ofItem(line(span(`       ${mark.failed} ${refused}`, 'critical')), at)]),
    ];
  });
  // Blank rows are between them where all fit with these.
  const apart = told.reduce((sum, rows) => sum + rows.length + 1, -1) <= height ? [blank] : [];
  return told.flatMap((rows, at) => (at === 0 ? rows : [...apart, ...rows]));
}
