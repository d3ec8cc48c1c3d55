import { parseResourceId, sameId } from '../../arm/resource-id.ts';
import { scaleSetInstanceOf } from '../../arm/scale-set-instance.ts';
import type { Fact } from '../../documents/fact.ts';
import { known, unknown } from '../../documents/fact.ts';
import type { VirtualMachine } from '../../documents/triage.ts';
import { exitCode, Failure } from '../../failure.ts';
import { nearest } from '../../text/nearest.ts';
import { printable } from '../../text/printable.ts';
import type { Connection } from '../client/connection.ts';
import { unknownFrom } from '../client/failure.ts';
import { inTurns } from '../client/in-turns.ts';
import { kqlString } from '../client/kql-literal.ts';
import { loadQuery } from '../client/load-query.ts';
import { documented } from '../client/pacing.ts';
import { graphPages, queryGraph } from '../client/resource-graph.ts';
import { activation, adviseRoles } from './eligible-roles.ts';
import { machineOf, subscriptionsById } from './machine-row.ts';
import { type OtherMachine, otherMachineNamed, otherMachineOf } from './other-machines.ts';
import { instanceNamed, isInstanceName, readInstance, readInstances, withInterfaces } from './scale-set-instances.ts';
import { readSubscriptions, type Subscription } from './subscriptions.ts';

export interface Inventory {
  machines: VirtualMachine[];
  subscriptions: Subscription[];
  /** Scale sets, of whose instances some may be among the machines, and machines that are not VMs of Azure Resource Manager. */
  others: OtherMachine[];
}

/**
 * All virtual machines and instances of Uniform scale sets in reach; `onSubscriptions` gets the subscriptions, where
 * there are any, before the first page, and `onPage` the VMs so far with each page that comes. Where a page fails after others
 * came, these are known, and what is missing is reported. Throws a Failure for a subscription that is not there.
 */
export async function readInventory(
  connection: Connection,
  signal?: AbortSignal,
  onPage: (machines: readonly VirtualMachine[], subscriptions: readonly Subscription[]) => void = () => {},
  onSubscriptions: (ids: string[]) => void = () => {},
): Promise<Fact<Inventory>> {
  const source = 'Resource Graph · resources';
  const need = { permission: '*/read', role: 'Reader', scope: 'the subscription' };
  try {
    const [subscriptions, query] = await Promise.all([readSubscriptions(connection), loadQuery('virtual-machines')]);
    const asOf = connection.clock.now().toISOString();
    if (subscriptions.length === 0) {
      const [eligible] = await adviseRoles(connection, '', signal);
      return unknown(
        'hidden',
        'this sign-in sees no subscription',
        eligible
          ? `${activation(eligible)}, then refresh`
          : 'sign in to the customer’s tenant (az login --tenant …), or ask for Reader on the subscription',
        source,
      );
    }
    const ids = subscriptions.map(({ id }) => id);
    onSubscriptions(ids);
    const byId = subscriptionsById(subscriptions);
    const machines: VirtualMachine[] = [];
    const others: OtherMachine[] = [];
    // The list of VMs is what all else waits for: it gets as much of what Azure takes at a time as there is.
    const pages = graphPages(connection, query, ids, signal, documented['Resource Graph'].inWindow);
    let truncated: string | undefined;
    while (truncated === undefined) {
      const page = await pages.next().catch((error: unknown) => {
        if (machines.length === 0) throw error;
        const { because } = unknownFrom(error, source, need);
        return { done: true as const, value: `the list of VMs ends after ${machines.length}: ${because}` };
      });
      if (page.done === true) {
        truncated = page.value;
        break;
      }
      await inTurns(page.value, (row) => {
        const other = otherMachineOf(row);
        const machine = other ? undefined : machineOf(row, byId);
        if (other) others.push(other);
        if (machine) machines.push(machine);
      });
      onPage(machines, subscriptions);
    }
    const inSets = await readInstances(connection, others, subscriptions, signal);
    if (inSets.machines.length > 0) {
      for (const machine of inSets.machines) machines.push(machine);
      onPage(machines, subscriptions);
    }
    return known(
      { machines, subscriptions, others: inSets.others },
      {
        source,
        asOf,
        coverage: `${subscriptions.length} subscription${subscriptions.length === 1 ? '' : 's'}; VMs that this sign-in may not read are not listed`,
        notSeen: [...(truncated ? [truncated] : []), ...inSets.notSeen],
      },
    );
  } catch (error) {
    if (error instanceof Failure) throw error;
    return unknownFrom(error, source, need);
  }
}

/**
 * The one VM that a name or resource id means. Throws a Failure: not found (with the nearest names), or several
 * (with their ids), so that nothing is done to the wrong one.
 */
export function chooseMachine(machines: VirtualMachine[], wanted: string): VirtualMachine {
  const isId = wanted.startsWith('/');
  const found = machines.filter((vm) =>
    isId
      ? sameId(vm.id, wanted.replace(/\/$/, ''))
      : vm.name.toLowerCase() === wanted.toLowerCase() ||
        `${vm.resourceGroup}/${vm.name}`.toLowerCase() === wanted.toLowerCase() ||
        isInstanceName(vm.id, wanted),
  );
  const [first] = found;
  if (first && found.length === 1) return first;
  if (found.length > 1) {
    throw new Failure(
      `"${printable(wanted, 80)}" names ${found.length} VMs; nothing was done. Say which, by its id:\n${found.map((vm) => `  ${printable(vm.id, 400)}`).join('\n')}`,
      exitCode.usage,
    );
  }
  const near = nearest(
    wanted,
    machines.map((vm) => (isId ? vm.id : vm.name)),
  );
  throw new Failure(
    `no virtual machine "${printable(wanted, 400)}" among the ${machines.length} in reach` +
      (near.length > 0 ? `; nearest: ${near.map((name) => printable(name, 400)).join(', ')}` : ''),
    exitCode.usage,
  );
}

/**
 * The one VM with this id, by a single query; undefined when there is none that this sign-in can see. Throws the SDK's
 * error, and a Failure for a subscription that was not asked for.
 */
async function readOne(
  connection: Connection,
  id: string,
  subscriptionId: string,
): Promise<VirtualMachine | undefined> {
  const name = scaleSetInstanceOf(id) ? 'scale-set-instances' : 'virtual-machines';
  const [subscriptions, query] = await Promise.all([readSubscriptions(connection), loadQuery(name)]);
  const subscription = subscriptions.find((one) => one.id.toLowerCase() === subscriptionId.toLowerCase());
  if (!subscription) return undefined;
  const one = `${query.trimEnd()}\n| where id =~ ${kqlString(id)}`;
  const { rows } = await queryGraph(connection, one, [subscription.id]);
  const byId = subscriptionsById(subscriptions);
  const listed = rows
    .map((row) => (otherMachineOf(row) ? undefined : machineOf(row, byId)))
    .find((vm) => vm !== undefined && sameId(vm.id, id));
  return listed ? withInterfaces(connection, listed) : readInstance(connection, id, subscriptions);
}

/** Resolves a name or id against Azure; an id asks for that VM alone. Throws a Failure that says what is wrong. */
export async function resolveVm(connection: Connection, wanted: string): Promise<VirtualMachine> {
  const id = wanted.replace(/\/$/, '');
  const parsed = wanted.startsWith('/') ? parseResourceId(id) : undefined;
  if (parsed) {
    const found = await readOne(connection, id, parsed.subscriptionId);
    if (found) return found;
  }
  const inventory = await readInventory(connection);
  if (inventory.state === 'unknown') {
    throw new Failure(`${inventory.because}; ${inventory.cure}`, exitCode.notPermitted);
  }
  const { machines, subscriptions, others } = inventory.value;
  const listed = machines.some(
    (vm) => sameId(vm.id, id) || vm.name.toLowerCase() === wanted.toLowerCase() || isInstanceName(vm.id, wanted),
  );
  if (!listed) {
    // An instance that Resource Graph does not list can be asked for where it is.
    const instance = instanceNamed(others, wanted);
    const found = instance === '' ? undefined : await readInstance(connection, instance, subscriptions);
    if (found) return found;
    const told = otherMachineNamed(others, instance || id);
    if (told !== '') throw new Failure(told, exitCode.usage);
  }
  return withInterfaces(connection, chooseMachine(machines, wanted));
}
