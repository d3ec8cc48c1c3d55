import { severityOrder } from '../../documents/severity.ts';
import { type Found, foundInList, type InList } from '../../triage/found-in-list.ts';
import type { SessionState } from '../state.ts';
import { vmInReach } from '../vm-in-reach.ts';

export type { Found };

/** The findings of a VM and, while its triage is read, what the list says of the questions that have no answer yet. */
function foundOnOne(state: SessionState, id: string): readonly Found[] {
  const slot = state.triages.get(id);
  const findings = slot?.part.findings ?? [];
  const row = state.scan.rows.find((one) => one.id === id);
  if (!row || slot?.state === 'done') return findings;
  const { exposure, logons, patches, posture } = slot?.part ?? {};
  const facts: Record<InList, unknown> = {
    exposure,
    logons,
    patches,
    alerts: posture?.alerts,
    backup: posture?.backup,
  };
  return [...findings, ...foundInList(row, (what) => facts[what] != null)];
}

/**
 * What is known of these VMs that a playbook may answer, worst first: their findings, and of a VM whose triage is not read what
 * the list says of it. Of several VMs each is named.
 */
export function foundOn(state: SessionState, vmIds: readonly string[]): Found[] {
  const all = vmIds.flatMap((id): Found[] => {
    const found = foundOnOne(state, id);
    if (vmIds.length === 1) return [...found];
    const name = vmInReach(state, id)?.name ?? '?';
    return found.map((one) => ({ ...one, title: `${name}: ${one.title}` }));
  });
  return all.toSorted((one, other) => severityOrder[one.severity] - severityOrder[other.severity]);
}
