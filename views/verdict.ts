import type { PlaybookOffer } from '../src/session/playbooks.ts';
import type { TriageSlot } from '../src/session/state.ts';
import { wrap } from '../src/text/cells.ts';
import { count } from '../src/text/counts.ts';
import { mark } from '../src/words/severity.ts';
import { type Line, line, span } from './line.ts';
import { severityMark, severityTone } from './marks.ts';

/** What is not answered yet, or could not be. */
function gaps(slot: TriageSlot): { awaited: string[]; unknown: string[] } {
  const asked = { 'exposed ports': slot.part.exposure, 'failed logons': slot.part.logons, patches: slot.part.patches };
  const names = Object.entries(asked);
  return {
    awaited: names.filter(([, fact]) => fact === null).map(([name]) => name),
    unknown: names.filter(([, fact]) => fact?.state === 'unknown').map(([name]) => name),
  };
}

/** The verdict in `height` rows: the worst finding, then what is suggested or what it rests on. */
export function verdictRows(slot: TriageSlot, offers: readonly PlaybookOffer[], width: number, height: number): Line[] {
  const { awaited, unknown } = gaps(slot);
  const [worst] = slot.part.findings;
  const rest = slot.part.findings.length - 1;
  const suggested = offers.find((offer) => offer.answers.some((id) => slot.part.findings.some((one) => one.id === id)));
  const lastRow = (() => {
    if (slot.state === 'failed')
      return line(span(` ${mark.failed} Reading stopped: ${slot.because} r tries again.`, 'critical'));
    const waits = awaited.length > 0 ? `${mark.loading} awaiting ${awaited.join(', ')}` : '';
    const missing = unknown.length > 0 ? `${mark.unknown} not known: ${unknown.join(', ')}` : '';
    const more = rest > 0 ? `+ ${count(rest)} more (f)` : '';
    const help = suggested
      ? `Suggested: p ${offers.indexOf(suggested) + 1} ${suggested.name} (${suggested.acts.join(' → ') || suggested.title})`
      : '';
    const told = [help, more].filter(Boolean).join('   ');
    return line(
      `   ${told}${told === '' ? '' : '   '}`,
      span(waits, 'dim'),
      waits === '' || missing === '' ? '' : '   ',
      span(missing, 'unknown'),
    );
  })();
  if (!worst) {
    const text =
      awaited.length > 0
        ? 'No finding yet.'
        : unknown.length > 0
          ? `No finding in what could be read. That says nothing of: ${unknown.join(', ')}.`
          : 'No finding: nothing that was read speaks of an attack or an opening.';
    const known = awaited.length === 0 && unknown.length === 0;
    return [
      line(
        ' ',
        awaited.length > 0 ? span(mark.loading, 'dim') : known ? severityMark('low') : severityMark('unknown'),
        ` ${text}`,
      ),
      ...(height > 1 ? [lastRow] : []),
    ];
  }
  const texts = wrap(worst.title, width - 4, Math.max(1, height - 1));
  const shown = texts.map((text, at) =>
    at === 0
      ? line(' ', severityMark(worst.severity), ' ', span(text, severityTone(worst.severity), true))
      : line(span(`   ${text}`, severityTone(worst.severity), true)),
  );
  return height > 1 ? [...shown, lastRow] : shown;
}
