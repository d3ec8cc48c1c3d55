import type { Finding } from '../src/documents/triage.ts';
import { findingAt, foundFindings, practiceText } from '../src/session/findings-shown.ts';
import type { Layer, SessionState } from '../src/session/state.ts';
import { wrap } from '../src/text/cells.ts';
import { counted, listed } from '../src/text/counts.ts';
import { mark } from '../src/words/severity.ts';
import { between, type Line, line, span, windowOf } from './line.ts';
import { severityMark, severityTone } from './marks.ts';
import { unfold } from './unfold.ts';

type Shown = Extract<Layer, { kind: 'findings' }>;

/** From this width on each finding has its technique beside it. */
const wide = 100;

/** How many of the things that are not known the selected finding names. */
const mostUnknown = 6;

/** Rows above the list. */
export function findingsHead(state: SessionState, layer: Shown): Line {
  const found = foundFindings(state, layer);
  const closed = found.filter((finding) => finding.closed).length;
  const slot = state.triages.get(layer.vmId);
  const busy = slot?.state === 'loading' || slot?.state === 'refreshing';
  return line(
    span(` ${counted(found.length - closed, 'finding')}`, 'plain', true),
    closed > 0 ? `, and ${closed} that ${closed === 1 ? 'is' : 'are'} closed` : '',
    span(busy ? `   ${mark.loading} more answers are awaited` : '', 'dim'),
    span('   a fact that is not known yields no finding', 'dim'),
  );
}

/** A place in the document of a triage as people call it: "exposure.ports[0]" is exposed port 1. */
function evidenceText(path: string): string {
  const number = Number(/\[(\d+)\]/.exec(path)?.[1] ?? -1) + 1;
  if (path.startsWith('exposure.ports[')) return `exposed port ${number}`;
  if (/^logons\.bursts\[\d+\]\.success/.test(path)) return `the logon after burst ${number}`;
  if (path.startsWith('logons.bursts[')) return `burst ${number}`;
  if (path.startsWith('patches.missing[')) return `missing update ${number}`;
  if (path.startsWith('posture.activity.entries[')) return `change ${number} in Azure`;
  return path
    .replace(/^posture\./, '')
    .replace(/\[(\d+)\]/g, (_, at) => ` ${Number(at) + 1}`)
    .replace(/\./g, ', ');
}

/** What a finding rests on, what answers it, and what could change it. */
function aboutRows(finding: Finding, width: number): Line[] {
  const told = [
    `practice ${practiceText(finding)}`,
    finding.attack.length > 0 ? finding.attack.join(', ') : '',
    finding.playbook === '' ? 'no playbook answers it' : `playbook ${finding.playbook}`,
    `rests on ${listed(finding.evidence.map(evidenceText), 4)}`,
  ];
  const unknown = finding.unknown.slice(0, mostUnknown);
  const more = finding.unknown.length - unknown.length;
  return [
    ...wrap(told.filter(Boolean).join(' · '), width - 6, 3).map((text) => line(span(`     ${text}`, 'dim'))),
    ...unknown.flatMap((text) =>
      wrap(text, width - 8, 2).map((part, at) =>
        line(span(`     ${at === 0 ? mark.unknown : ' '} ${part}`, 'unknown')),
      ),
    ),
    ...(more > 0 ? [line(span(`     ${mark.unknown} and ${counted(more, 'more thing')} not known`, 'unknown'))] : []),
  ];
}

/** The rows of the findings that `height` rows can show; the selected one is shown in full. */
export function findingsRows(state: SessionState, layer: Shown, width: number, height: number): Line[] {
  const found = foundFindings(state, layer);
  if (found.length === 0 && layer.search !== '') return [line(span(`   No finding contains ${layer.search}.`, 'dim'))];
  if (found.length === 0) return [line(span('   No finding in what is known. What is not known says nothing.', 'dim'))];
  const cursor = findingAt(found, layer.selected);
  const rows = found.flatMap((finding, item): Line[] => {
    const chosen = item === cursor;
    const right = line(
      span(
        finding.unknown.length > 0 && !chosen
          ? ` ${mark.unknown} ${finding.unknown.length}${width < wide ? '' : ' not known'}`
          : '',
        'unknown',
      ),
      span(width < wide ? ' ' : `  ${finding.attack[0] ?? ''} `, 'dim'),
    );
    const room = width - (width < wide ? 9 : 18);
    const texts = chosen ? wrap(finding.title, room, 4) : [finding.title];
    const told = texts.map((text, at): Line => {
      const left = line(
        span(chosen && at === 0 ? mark.selected : ' ', 'accent', true),
        at === 0 ? severityMark(finding.severity) : ' ',
        ' ',
        span(text, chosen ? 'plain' : severityTone(finding.severity), chosen),
      );
      return at === 0 ? between(left, right, width) : left;
    });
    const about = chosen ? aboutRows(finding, width) : [];
    return [...told, ...about].map((row) => ({ ...row, item, selected: chosen && row === told[0] }));
  });
  return windowOf(unfold(rows, width, height, cursor), height, cursor).rows;
}
