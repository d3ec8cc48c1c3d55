import type { Connection } from '../azure/client/connection.ts';
import type { Target } from '../playbook/action.ts';
import { type Tagged, taggedInAzure } from './tagged-in-azure.ts';

/** Resources of a case that are left in Azure, found by its tag. */
export interface LeftInAzure {
  /** What an undo should have taken away: "security group cordon-…". */
  inForce: string[];
  /** Evidence, which stays until it is deleted by its own step. */
  evidence: string[];
  notSeen: string[];
}

/** Looks at these VMs, in their subscriptions, and in others where evidence may have gone. Reads only. */
export async function leftInAzure(
  connection: Connection,
  caseId: string,
  targets: readonly Target[],
  subscriptions: Iterable<string> = [],
): Promise<LeftInAzure> {
  const { found, notSeen } = await taggedInAzure(connection, caseId, {
    subscriptions: [...targets.map(({ subscriptionId }) => subscriptionId), ...subscriptions],
    machines: targets,
  });
  const isEvidence = (kind: Tagged['kind']) => kind === 'snapshot' || kind === 'restore point collection';
  const named = (evidence: boolean) =>
    found.filter(({ kind }) => isEvidence(kind) === evidence).map(({ what }) => what);
  return { inForce: named(false), evidence: named(true), notSeen };
}
