import type { Finding } from '../documents/triage.ts';
import { type PostureKey, postureKeys } from '../sources.ts';
import { hasWords } from '../text/fuzzy.ts';
import { practices } from '../triage/findings.ts';
import type { TriageInProgress } from '../triage/in-progress.ts';
import type { Layer, Pane, SessionState } from './state.ts';

/** The findings of a VM as far as its facts have arrived, each fact once, worst first. */
export function findingsIn(state: SessionState, vmId: string): readonly Finding[] {
  return state.triages.get(vmId)?.part.findings ?? [];
}

/** Those that still hold: what was closed is history. */
export function stillOpen(findings: readonly Finding[]): readonly Finding[] {
  return findings.filter(({ closed }) => !closed);
}

/** Those of them that contain every word of the search. */
export function foundFindings(
  state: SessionState,
  { vmId, search }: Pick<Extract<Layer, { kind: 'findings' }>, 'vmId' | 'search'>,
): readonly Finding[] {
  const found = findingsIn(state, vmId);
  if (search.trim() === '') return found;
  return found.filter((finding) =>
    hasWords(`${finding.severity} ${finding.title} ${finding.attack.join(' ')} ${finding.playbook}`, search),
  );
}

/** Where the cursor is: it stays on its finding while others arrive, and on the worst until it was moved. */
export function findingAt(found: readonly Finding[], selected: string | null): number {
  return Math.max(
    0,
    found.findIndex(({ id }) => id === selected),
  );
}

/** "7 Failed logons (4625)": the article's practice that a finding belongs to. */
export function practiceText(finding: Finding): string {
  return `${finding.practice} ${practices[finding.practice - 1] ?? ''}`.trim();
}

/** The thing on screen that a piece of evidence is; null when no pane shows it. */
export function placeOf(evidence: string, part: TriageInProgress): { pane: Pane; index: number } | null {
  const [, name = '', list = '', number = '0'] = /^(?:posture\.)?(\w+)(?:\.(\w+))?(?:\[(\d+)\])?/.exec(evidence) ?? [];
  const index = Number(number);
  if (name === 'exposure') return { pane: 'ports', index };
  if (name === 'logons') return { pane: 'logons', index };
  const missing = part.patches?.state === 'known' ? part.patches.value.missing.length : 0;
  if (name === 'patches') return missing > 0 ? { pane: 'patches', index } : null;
  if (name === 'software' && list === 'vulnerabilities') return { pane: 'patches', index: missing + index };
  const at = postureKeys.indexOf(name as PostureKey);
  return at < 0 ? null : { pane: 'posture', index: at };
}

/** The first place that shows what a finding rests on. */
export function placeOfFinding(finding: Finding, part: TriageInProgress): { pane: Pane; index: number } | null {
  for (const evidence of finding.evidence) {
    const place = placeOf(evidence, part);
    if (place) return place;
  }
  return null;
}
