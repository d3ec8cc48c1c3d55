import { shortName } from '../arm/resource-id.ts';
import type { Connection } from '../azure/client/connection.ts';
import { briefly } from '../azure/client/failure.ts';
import type { Target } from '../playbook/action.ts';
import { printable } from '../text/printable.ts';

/** Resources with the tag of a case, asked of each provider: Resource Graph lags behind. */
export interface LeftInAzure {
  /** What an undo should have taken away: "security group cordon-…". */
  inForce: string[];
  /** Evidence, which stays until it is deleted by its own step. */
  evidence: string[];
  notSeen: string[];
}

const most = 5000;

interface Tagged {
  id?: string;
  name?: string;
  tags?: Record<string, string>;
}

/** Looks at these VMs, in their subscriptions, and in others where evidence may have gone. Reads only. */
export async function leftInAzure(
  connection: Connection,
  caseId: string,
  targets: readonly Target[],
  subscriptions: Iterable<string> = [],
): Promise<LeftInAzure> {
  const left: LeftInAzure = { inForce: [], evidence: [], notSeen: [] };
  const look = async (what: string, into: string[], list: () => Promise<AsyncIterable<Tagged>>): Promise<void> => {
    try {
      let read = 0;
      for await (const one of await list()) {
        read += 1;
        if (read > most) {
          left.notSeen.push(`more than ${most} of ${what}`);
          break;
        }
        if (one.tags?.['cordon-case'] === caseId)
          into.push(`${what} ${printable(one.name ?? shortName(one.id ?? ''), 120)}`);
      }
    } catch (error) {
      left.notSeen.push(`${what}: ${briefly(error)}`);
    }
  };
  for (const subscription of new Set([
    ...targets.map(({ subscriptionId }) => subscriptionId.toLowerCase()),
    ...subscriptions,
  ])) {
    const [network, compute] = await Promise.all([connection.network(subscription), connection.compute(subscription)]);
    await look('security group', left.inForce, async () => network.networkSecurityGroups.listAll());
    await look('snapshot', left.evidence, async () => compute.snapshots.list());
  }
  for (const { subscriptionId, resourceGroup, name } of new Map(
    targets.map((one) => [one.id.toLowerCase(), one]),
  ).values()) {
    const compute = await connection.compute(subscriptionId);
    await look(`run command at ${name}:`, left.inForce, async () =>
      compute.virtualMachineRunCommands.listByVirtualMachine(resourceGroup, name),
    );
  }
  return left;
}
