import { textAt } from '../../arm/json.ts';
import { parseResourceId, sameId } from '../../arm/resource-id.ts';
import { type ScaleSetInstance, scaleSetInstanceOf } from '../../arm/scale-set-instance.ts';
import type { VirtualMachine } from '../../documents/triage.ts';
import type { Connection } from '../client/connection.ts';
import { azureError, unknownFrom } from '../client/failure.ts';
import { loadQuery } from '../client/load-query.ts';
import { queryGraph } from '../client/resource-graph.ts';
import { readInstanceBody, virtualMachineOf } from './machine.ts';
import { machineOf, subscriptionsById } from './machine-row.ts';
import type { OtherMachine } from './other-machines.ts';
import type { Subscription } from './subscriptions.ts';

const source = 'Resource Graph · computeresources';

export interface ListedInstances {
  machines: VirtualMachine[];
  /** The machines that were given, each scale set with how many of its instances are among `machines`. */
  others: OtherMachine[];
  notSeen: string[];
}

/**
 * The instances of the Uniform scale sets among `others`, which are asked for only where there are such sets. Where
 * Resource Graph cannot list them, that is said, and the sets are left to be named.
 */
export async function readInstances(
  connection: Connection,
  others: readonly OtherMachine[],
  subscriptions: readonly Subscription[],
  signal?: AbortSignal,
): Promise<ListedInstances> {
  if (!others.some(({ kind }) => kind === 'scale-set')) return { machines: [], others: [...others], notSeen: [] };
  try {
    const query = await loadQuery('scale-set-instances');
    const ids = subscriptions.map(({ id }) => id);
    const { rows, truncated } = await queryGraph(connection, query, ids, signal);
    const byId = subscriptionsById(subscriptions);
    const machines = rows.flatMap((row) => {
      const machine = scaleSetInstanceOf(textAt(row, 'id')) ? machineOf(row, byId) : undefined;
      return machine ? [machine] : [];
    });
    const listed = Map.groupBy(machines, ({ id }) => scaleSetInstanceOf(id)?.scaleSet.toLowerCase() ?? '');
    return {
      machines,
      others: others.map((one) =>
        one.kind === 'scale-set' ? { ...one, listed: listed.get(one.id.toLowerCase())?.length ?? 0 } : one,
      ),
      notSeen: truncated ? [`instances of scale sets: ${truncated}`] : [],
    };
  } catch (error) {
    const { because } = unknownFrom(error, source, {
      permission: 'Microsoft.Compute/virtualMachineScaleSets/virtualMachines/read',
      role: 'Reader',
      scope: 'the subscription',
    });
    return { machines: [], others: [...others], notSeen: [`the list of instances of scale sets: ${because}`] };
  }
}

/** The instance by its own GET, which needs no list; undefined when the id is none of an instance, or there is none. */
export async function readInstance(
  connection: Connection,
  id: string,
  subscriptions: readonly Subscription[],
): Promise<VirtualMachine | undefined> {
  const inSet = scaleSetInstanceOf(id);
  const parsed = parseResourceId(id);
  if (!inSet || !parsed) return undefined;
  const { subscriptionId, resourceGroup } = parsed;
  const subscription = subscriptions.find((one) => sameId(one.id, subscriptionId));
  try {
    const body = await readInstanceBody(connection, parsed, inSet);
    const name = textAt(body, 'name') || `${inSet.scaleSetName}_${inSet.instance}`;
    const location = textAt(body, 'location');
    const machine = virtualMachineOf(body, { id, name, resourceGroup, subscriptionId, location });
    return {
      ...machine,
      subscriptionName: subscription?.name ?? subscriptionId,
      ...(subscription?.tenantId ? { tenantId: subscription.tenantId } : {}),
    };
  } catch (error) {
    if (azureError(error).status === 404) return undefined;
    throw error;
  }
}

/**
 * The instance with its network interfaces, asked of their own list where its row of Resource Graph names none. Others
 * are returned as they are, and so is one whose interfaces cannot be read: its exposure is not known then.
 */
export async function withInterfaces(connection: Connection, vm: VirtualMachine): Promise<VirtualMachine> {
  const inSet = scaleSetInstanceOf(vm.id);
  if (!inSet || vm.networkInterfaces.length > 0) return vm;
  try {
    const { networkInterfaces } = await connection.network(vm.subscriptionId);
    const { resourceGroup } = vm;
    const { scaleSetName, instance } = inSet;
    const found: string[] = [];
    const pages = networkInterfaces.listVirtualMachineScaleSetVMNetworkInterfaces(
      resourceGroup,
      scaleSetName,
      instance,
    );
    for await (const { id } of pages) if (id) found.push(id);
    return { ...vm, networkInterfaces: found };
  } catch {
    return vm;
  }
}

const namesOf = ({ scaleSetName, instance }: ScaleSetInstance) =>
  [`${scaleSetName}/${instance}`, `${scaleSetName}_${instance}`].map((name) => name.toLowerCase());

/** Does "workers/7" or "workers_7" mean the instance with this id? */
export function isInstanceName(id: string, wanted: string): boolean {
  const instance = scaleSetInstanceOf(id);
  return instance !== undefined && namesOf(instance).includes(wanted.toLowerCase());
}

/** The id that "workers/7", "workers_7" or an id means in one of the scale sets; "" when in none, or in several. */
export function instanceNamed(others: readonly OtherMachine[], wanted: string): string {
  if (scaleSetInstanceOf(wanted)) return wanted.replace(/\/$/, '');
  const [, set, instance] = /^([^/]+)[/_]([^/_]+)$/.exec(wanted) ?? [];
  if (!set || !instance) return '';
  const found = others.filter(({ kind, name }) => kind === 'scale-set' && name.toLowerCase() === set.toLowerCase());
  return found.length === 1 ? `${found[0]?.id}/virtualMachines/${instance}` : '';
}
