import { shortName } from '../arm/resource-id.ts';
import type { Connection } from '../azure/client/connection.ts';
import { briefly } from '../azure/client/failure.ts';
import type { Target } from '../playbook/action.ts';
import { printable } from '../text/printable.ts';
import { isOfCase } from './case-tags.ts';

/** A resource with the tag of a case. */
export interface Tagged {
  kind: 'security group' | 'snapshot' | 'restore point collection' | 'run command';
  /** "security group cordon-…", "run command at web01: cordon-…" */
  what: string;
  tags: Record<string, string>;
}

/** Where to look: whole subscriptions for groups, snapshots and restore points, these VMs for their run commands. */
export interface WhereToLook {
  subscriptions: Iterable<string>;
  machines: readonly Pick<Target, 'id' | 'name' | 'subscriptionId' | 'resourceGroup'>[];
}

const most = 5000;

/** Asks each provider for what has the tag of the case: Resource Graph lags behind. Reads only. */
export async function taggedInAzure(
  connection: Connection,
  caseId: string,
  { subscriptions, machines }: WhereToLook,
): Promise<{ found: Tagged[]; notSeen: string[] }> {
  const found: Tagged[] = [];
  const notSeen: string[] = [];
  const look = async (
    kind: Tagged['kind'],
    label: string,
    list: () => Promise<AsyncIterable<{ id?: string; name?: string; tags?: Record<string, string> }>>,
  ): Promise<void> => {
    try {
      let read = 0;
      for await (const one of await list()) {
        read += 1;
        if (read > most) {
          notSeen.push(`more than ${most} of ${label}`);
          break;
        }
        const { id = '', name = shortName(id), tags = {} } = one;
        if (isOfCase(one, caseId)) found.push({ kind, what: `${label} ${printable(name, 120)}`, tags });
      }
    } catch (error) {
      notSeen.push(`${label}: ${briefly(error)}`);
    }
  };
  for (const subscription of new Set([...subscriptions].map((one) => one.toLowerCase()))) {
    const [network, compute] = await Promise.all([connection.network(subscription), connection.compute(subscription)]);
    await look('security group', 'security group', async () => network.networkSecurityGroups.listAll());
    await look('snapshot', 'snapshot', async () => compute.snapshots.list());
    await look('restore point collection', 'restore point collection', async () =>
      compute.restorePointCollections.listAll(),
    );
  }
  for (const { subscriptionId, resourceGroup, name } of new Map(
    machines.map((one) => [one.id.toLowerCase(), one]),
  ).values()) {
    const compute = await connection.compute(subscriptionId);
    await look('run command', `run command at ${name}:`, async () =>
      compute.virtualMachineRunCommands.listByVirtualMachine(resourceGroup, name),
    );
  }
  return { found, notSeen };
}
