import { instantAt, type Json, numberAt, textAt } from '../../arm/json.ts';
import type { ScanRow } from '../../documents/triage.ts';
import { assessmentResult } from '../../triage/patches.ts';
import type { Connection } from '../client/connection.ts';
import { inTurns } from '../client/in-turns.ts';
import { loadQuery } from '../client/load-query.ts';
import { queryGraph } from '../client/resource-graph.ts';

const staleMs = 7 * 86_400_000;

/** What the suspects list takes from a VM's last assessment. */
export interface PatchCounts {
  assessment: NonNullable<ScanRow['patchAssessment']>;
  critical: number | null;
  security: number | null;
}

function countsOf(row: Json, now: number): PatchCounts {
  const none = (assessment: PatchCounts['assessment']): PatchCounts => ({ assessment, critical: null, security: null });
  const assessedAt = instantAt(row, 'assessedAt');
  if (assessedAt === null || now - Date.parse(assessedAt) > staleMs) return none('stale');
  const critical = numberAt(row, 'critical');
  const security = numberAt(row, 'security');
  const result = assessmentResult(textAt(row, 'status'), critical !== undefined || security !== undefined);
  if (result === 'failed') return none('failed');
  if (result === 'running' || result === 'untold') return none('unfinished');
  // What ended with warnings may have missed some: what it counts is missing, but its zero says nothing.
  if (result === 'partial' && !critical && !security) return none('unfinished');
  return { assessment: 'fresh', critical: critical ?? 0, security: security ?? 0 };
}

const better = (one: PatchCounts | undefined, other: PatchCounts) =>
  one?.assessment === 'fresh' && other.assessment !== 'fresh';

/**
 * How many updates each VM in reach misses: VM id in lower case -> counts. A VM that is absent was never
 * assessed, or more than seven days ago, or may not be read: Resource Graph does not show which. Where `truncated` is not
 * "", not all were told. Throws the SDK's error.
 */
export async function readFleetPatches(
  connection: Connection,
  subscriptions: string[],
  signal?: AbortSignal,
): Promise<{ counts: Map<string, PatchCounts>; truncated: string }> {
  const { rows, truncated } = await queryGraph(connection, await loadQuery('patch-counts'), subscriptions, signal);
  const now = connection.clock.now().getTime();
  const counts = new Map<string, PatchCounts>();
  await inTurns(rows, (row) => {
    const machine = textAt(row, 'machine');
    const told = countsOf(row, now);
    if (!better(counts.get(machine), told)) counts.set(machine, told);
  });
  return { counts, truncated };
}
