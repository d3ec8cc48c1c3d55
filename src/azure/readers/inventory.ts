import { at, isObject, type Json, listAt, textAt } from '../../arm/json.ts';
import { parseResourceId, sameId } from '../../arm/resource-id.ts';
import type { Fact } from '../../documents/fact.ts';
import { known, unknown } from '../../documents/fact.ts';
import type { VirtualMachine } from '../../documents/triage.ts';
import { exitCode, Failure } from '../../failure.ts';
import { nearest } from '../../text/nearest.ts';
import { printable } from '../../text/printable.ts';
import type { Connection } from '../client/connection.ts';
import { unknownFrom } from '../client/failure.ts';
import { kqlString } from '../client/kql-literal.ts';
import { loadQuery } from '../client/load-query.ts';
import { graphPages, queryGraph } from '../client/resource-graph.ts';
import { activation, type EligibleRole, readEligibleRoles } from './eligible-roles.ts';
import { type OtherMachine, otherMachineNamed, otherMachineOf, withInstances } from './other-machines.ts';
import { readSubscriptions, type Subscription } from './subscriptions.ts';

const powers = ['running', 'starting', 'stopping', 'stopped', 'deallocating', 'deallocated'] as const;

/** "PowerState/running" -> "running" */
export function powerOf(code: string): VirtualMachine['power'] {
  const state = code.toLowerCase().replace(/^powerstate\//, '');
  return powers.find((power) => power === state) ?? 'unknown';
}

/** "Windows Server 2019 Datacenter" -> "Windows Server 2019"; the image's offer and SKU where no agent reports. */
export function osNameOf(row: Json): string {
  const reported = textAt(row, 'osName');
  const version = textAt(row, 'osVersion');
  if (reported) {
    const windows = /windows server (?:version )?(\d{4})( r2)?/i.exec(reported);
    if (windows) return `Windows Server ${windows[1]}${windows[2] ? ' R2' : ''}`;
    const name = reported.charAt(0).toUpperCase() + reported.slice(1);
    return printable(/\d/.test(name) || !version ? name : `${name} ${version}`, 60);
  }
  const offer = textAt(row, 'offer');
  const sku = textAt(row, 'imageSku');
  const year = /(\d{4})(-r2)?/i.exec(sku);
  if (/windows/i.test(offer) && year) return `Windows Server ${year[1]}${year[2] ? ' R2' : ''}`;
  const release = /(\d\d)[._](\d\d)/.exec(sku) ?? /(\d\d)_(\d\d)/.exec(offer);
  if (/ubuntu/i.test(offer)) return release ? `Ubuntu ${release[1]}.${release[2]}` : 'Ubuntu';
  return printable([offer, sku].filter(Boolean).join(' '), 60);
}

function machineOf(row: Json, subscriptions: Subscription[]): VirtualMachine | undefined {
  const id = textAt(row, 'id');
  const parsed = parseResourceId(id);
  if (!parsed) return undefined;
  const tags = at(row, 'tags');
  const osName = osNameOf(row);
  const osType = textAt(row, 'osType').toLowerCase();
  const subscription = subscriptions.find((one) => sameId(one.id, parsed.subscriptionId));
  return {
    id,
    name: textAt(row, 'name') || parsed.name,
    resourceGroup: textAt(row, 'resourceGroup') || parsed.resourceGroup,
    subscriptionId: parsed.subscriptionId,
    subscriptionName: subscription?.name ?? parsed.subscriptionId,
    ...(subscription?.tenantId ? { tenantId: subscription.tenantId } : {}),
    location: textAt(row, 'location'),
    os: osType === 'linux' || (osType === '' && !/windows/i.test(osName) && osName !== '') ? 'linux' : 'windows',
    osName,
    power: powerOf(textAt(row, 'power')),
    computerName: textAt(row, 'computerName'),
    publicAddresses: [],
    networkInterfaces: listAt(row, 'networkInterfaces')
      .map((entry) => textAt(entry, 'id'))
      .filter((text) => text !== ''),
    tags: isObject(tags)
      ? Object.fromEntries(Object.entries(tags).map(([key, value]) => [key, typeof value === 'string' ? value : '']))
      : {},
  };
}

export interface Inventory {
  machines: VirtualMachine[];
  subscriptions: Subscription[];
  /** Machines that are not VMs of Azure Resource Manager. */
  others: OtherMachine[];
}

/**
 * All virtual machines in reach; `onPage` gets those so far with each page that comes. Where a page fails after others
 * came, these are known, and what is missing is reported. Throws a Failure for a subscription that is not there.
 */
export async function readInventory(
  connection: Connection,
  signal?: AbortSignal,
  onPage: (machines: readonly VirtualMachine[], subscriptions: readonly Subscription[]) => void = () => {},
): Promise<Fact<Inventory>> {
  const source = 'Resource Graph · resources';
  const need = { permission: '*/read', role: 'Reader', scope: 'the subscription' };
  try {
    const [subscriptions, query] = await Promise.all([readSubscriptions(connection), loadQuery('virtual-machines')]);
    const asOf = connection.clock.now().toISOString();
    if (subscriptions.length === 0) {
      const [eligible] = await readEligibleRoles(connection, '', signal).catch((): EligibleRole[] => []);
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
    const machines: VirtualMachine[] = [];
    const others: OtherMachine[] = [];
    const pages = graphPages(connection, query, ids, signal);
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
      for (const row of page.value) {
        const other = otherMachineOf(row);
        const machine = other ? undefined : machineOf(row, subscriptions);
        if (other) others.push(other);
        if (machine) machines.push(machine);
      }
      onPage(machines, subscriptions);
    }
    return known(
      { machines, subscriptions, others },
      {
        source,
        asOf,
        coverage: `${subscriptions.length} subscription${subscriptions.length === 1 ? '' : 's'}; VMs that this sign-in may not read are not listed`,
        notSeen: truncated ? [truncated] : [],
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
    isId ? sameId(vm.id, wanted.replace(/\/$/, '')) : vm.name.toLowerCase() === wanted.toLowerCase(),
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
  const [subscriptions, query] = await Promise.all([readSubscriptions(connection), loadQuery('virtual-machines')]);
  const subscription = subscriptions.find((one) => one.id.toLowerCase() === subscriptionId.toLowerCase());
  if (!subscription) return undefined;
  const one = `${query.trimEnd()}\n| where id =~ ${kqlString(id)}`;
  const { rows } = await queryGraph(connection, one, [subscription.id]);
  return rows
    .map((row) => (otherMachineOf(row) ? undefined : machineOf(row, subscriptions)))
    .find((vm) => vm !== undefined && sameId(vm.id, id));
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
  const { machines, subscriptions, others: found } = inventory.value;
  const unknown = !machines.some((vm) => sameId(vm.id, id) || vm.name.toLowerCase() === wanted.toLowerCase());
  if (unknown) {
    const ids = subscriptions.map((one) => one.id);
    const others = await withInstances(connection, found, ids);
    const told = otherMachineNamed(others, id);
    if (told !== '') throw new Failure(told, exitCode.usage);
  }
  return chooseMachine(machines, wanted);
}
