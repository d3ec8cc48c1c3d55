import type { MissingPatch, Patches } from '../documents/triage.ts';

const dayMs = 86_400_000;

/** Whole days from an instant (ISO 8601) to now; never negative. */
export function patchAge(since: string, now: Date): number {
  return Math.max(0, Math.floor((now.getTime() - Date.parse(since)) / dayMs));
}

/** 0 for critical, 1 for security, 2 for the rest. */
export function patchRank(patch: Pick<MissingPatch, 'classification'>): number {
  if (/critical/i.test(patch.classification)) return 0;
  return /security/i.test(patch.classification) ? 1 : 2;
}

/** Most urgent first: by classification, then the longest missing, then by name. */
export function patchOrder(a: MissingPatch, b: MissingPatch): number {
  return (
    patchRank(a) - patchRank(b) ||
    (b.ageDays ?? -1) - (a.ageDays ?? -1) ||
    (a.kb || a.name).localeCompare(b.kb || b.name)
  );
}

/**
 * How many updates are missing: the assessment's own counts, or the list where it is longer. Azure shows the counts also
 * where it does not show the list.
 */
export function missingCounts({ counts, missing }: Pick<Patches, 'counts' | 'missing'>) {
  const counted = (pattern: RegExp) =>
    Object.entries(counts).reduce((sum, [name, number]) => sum + (pattern.test(name) ? number : 0), 0);
  const listed = [0, 0, 0];
  for (const patch of missing) listed[patchRank(patch)] = (listed[patchRank(patch)] ?? 0) + 1;
  const critical = Math.max(counted(/^critical$/i), listed[0] ?? 0);
  const security = Math.max(counted(/^security$/i), listed[1] ?? 0);
  const other = Math.max(counted(/^(?!critical$|security$)/i), listed[2] ?? 0);
  return { critical, security, other, total: critical + security + other };
}

export function criticalMissing(patches: Patches): MissingPatch[] {
  return patches.missing.filter((patch) => patchRank(patch) === 0);
}

/** What a patch assessment came to. `untold`: Azure does not say, and it need not have a result. */
export type AssessmentResult = 'finished' | 'partial' | 'running' | 'failed' | 'untold';

/**
 * What the status of an assessment says of its result. The values are those of `PatchOperationStatus` in the Compute
 * specification (Unknown, InProgress, Failed, Succeeded, CompletedWithWarnings). Only a finished one may say "nothing is
 * missing": a row is written when an assessment starts, with counts of zero, over the one before
 * (Azure/LinuxPatchExtension, pull request 183).
 * @param counted does it report counts at all? Without them nothing was judged.
 */
export function assessmentResult(status: string, counted: boolean): AssessmentResult {
  if (/^succeeded$/i.test(status)) return counted ? 'finished' : 'untold';
  if (/^completedwithwarnings$/i.test(status)) return counted ? 'partial' : 'untold';
  if (/^(inprogress|running|started|notstarted)$/i.test(status)) return 'running';
  return /^failed$/i.test(status) ? 'failed' : 'untold';
}
