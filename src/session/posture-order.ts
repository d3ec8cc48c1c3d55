import type { Severity } from '../documents/triage.ts';
import { postureKeys, postureSources } from '../sources.ts';
import type { TriageInProgress } from '../triage/in-progress.ts';

const rank: Record<Severity | 'unknown', number> = { critical: 0, high: 1, unknown: 2, medium: 3, low: 4, info: 5 };
const awaited = 6;

/**
 * The places of the posture's things in `postureKeys`, the worst first; what is not known comes before what is fine.
 */
export function postureOrder(part: TriageInProgress, now: Date): number[] {
  const weight = postureKeys.map((key) => {
    const source = postureSources[key];
    if (source.fact(part) === null) return awaited;
    return rank[source.glance(part, now)?.severity ?? 'unknown'];
  });
  return [...postureKeys.keys()].sort(
    (one, other) => (weight[one] ?? awaited) - (weight[other] ?? awaited) || one - other,
  );
}
