import type { Finding } from '../../documents/triage.ts';
import { rules } from '../../triage/findings.ts';
import type { TriageInProgress } from '../../triage/in-progress.ts';
import type { SessionState } from '../state.ts';

const readsOf = new Map(rules.map(({ id, reads }) => [id, reads]));

/** Is all that a finding follows from known, so that its absence says that it no longer holds? */
function decidable(id: string, part: TriageInProgress): boolean {
  const facts = { ...part, ...part.posture };
  return (readsOf.get(id) ?? []).every((name) => facts[name]?.state === 'known');
}

/** The playbook that ended last on a VM, as who closed it; "" when none has. */
function closerOf(state: SessionState, vmId: string): string {
  const run = state.runs.findLast(({ vmId: of, view }) => of === vmId && view.outcome === 'done');
  return run ? `cordon (${run.view.playbook})` : '';
}

/**
 * Remembers what was found on each VM while the session lasts. What a later reading no longer finds stays among the
 * findings, as closed, with when that was first seen and by whom where cordon did it; what can no longer be known is no
 * such thing, and goes.
 */
export function closedFindings(state: () => SessionState) {
  const held = new Map<string, Map<string, Finding>>();

  function close(finding: Finding, vmId: string): Finding {
    if (finding.closed) return finding;
    const by = closerOf(state(), vmId);
    const at = state().now.toISOString();
    const told = `closed ${at.slice(0, 10)} ${at.slice(11, 19)}Z${by === '' ? '' : ` by ${by}`}`;
    // Its evidence is gone.
    return {
      ...finding,
      severity: 'info',
      title: `${told}: ${finding.title}`,
      evidence: [],
      playbook: '',
      closed: { at, by },
    };
  }

  return {
    /** The triage with the closed findings at the end. `settled`: every answer of this reading has come. */
    beside(part: TriageInProgress, settled: boolean): TriageInProgress {
      const vmId = part.vm.id;
      const before = held.get(vmId) ?? new Map<string, Finding>();
      const now = new Set(part.findings.flatMap(({ id, covers = [] }) => [id, ...covers]));
      const gone = [...before.values()].filter(({ id }) => !now.has(id));
      if (!settled) {
        const closed = gone.filter((finding) => finding.closed);
        return closed.length === 0 ? part : { ...part, findings: [...part.findings, ...closed] };
      }
      const closed = gone.filter(({ id }) => decidable(id, part)).map((finding) => close(finding, vmId));
      held.set(vmId, new Map([...part.findings, ...closed].map((finding) => [finding.id, finding])));
      return closed.length === 0 ? part : { ...part, findings: [...part.findings, ...closed] };
    },
  };
}
