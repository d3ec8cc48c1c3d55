import type { Finding, Severity } from './triage.ts';

/** The severities with their rank: the worst is 0. */
export const severityOrder: Readonly<Record<Severity, number>> = { critical: 0, high: 1, medium: 2, low: 3, info: 4 };

/** The worst severity among the findings that rest on a piece of evidence ("exposure.ports[0]"); null when none does. */
export function severityOf(findings: readonly Finding[], evidence: string): Severity | null {
  let worst: Severity | null = null;
  for (const { severity, evidence: rests } of findings) {
    if (rests.includes(evidence) && (worst === null || severityOrder[severity] < severityOrder[worst]))
      worst = severity;
  }
  return worst;
}
