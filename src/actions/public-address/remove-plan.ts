import { at, booleanAt, type Json, listAt, textAt } from '../../arm/json.ts';
import { shortName } from '../../arm/resource-id.ts';
import type { Connection } from '../../azure/client/connection.ts';
import { azureError } from '../../azure/client/failure.ts';
import { interfacesOf, readMachine } from '../../azure/readers/machine.ts';
import { networkResource, readIfThere, subnetsOf } from '../../azure/readers/network-interface.ts';
import type { ActionContext, ActionPlan } from '../../playbook/action.ts';
import { printable } from '../../text/printable.ts';
import { balancersOf, joinedSubnets, joins } from '../lock/interface-group.ts';
import { preflight } from '../preflight/preflight.ts';
import { refusedPlan } from '../refused-plan.ts';
import type { RemoveState, TakenAddress } from './address-settings.ts';
import { withoutAddresses } from './interface-addresses.ts';

/** One public address as far as it could be read, and what could not. */
interface Looked {
  taken: TakenAddress;
  warnings: string[];
}

/**
 * A dynamic address is given back when it is dissociated, a static one is kept: learn.microsoft.com/azure/virtual-network/
 * ip-services/public-ip-addresses ("IP address assignment").
 */
async function lookAtAddress(connection: Connection, configuration: string, id: string): Promise<Looked> {
  const name = printable(shortName(id), 80);
  try {
    const address = await readIfThere(connection, id);
    const allocation = textAt(address, 'properties', 'publicIPAllocationMethod');
    const ip = printable(textAt(address, 'properties', 'ipAddress'), 60);
    const warnings = /^dynamic$/i.test(allocation)
      ? [`${name} is dynamic: Azure takes ${ip || 'its address'} back, and an undo brings ANOTHER one. Write it down.`]
      : [];
    return { taken: { configuration, address: id, ip, allocation }, warnings };
  } catch (error) {
    const { status, code } = azureError(error);
    return {
      taken: { configuration, address: id, ip: '', allocation: '' },
      warnings: [
        `Not seen: ${name} (${status} ${code}). If it is dynamic, Azure takes its address back and an undo brings another.`,
      ],
    };
  }
}

/**
 * How the VM gets out afterwards, by its subnet: learn.microsoft.com/azure/virtual-network/ip-services/
 * default-outbound-access.
 */
async function outboundOf(connection: Connection, networkInterface: Json): Promise<string[]> {
  const name = printable(textAt(networkInterface, 'name'), 80);
  const balancers = balancersOf(networkInterface).map((one) => printable(one, 80));
  const texts = await Promise.all(
    subnetsOf(networkInterface).map(async (id) => {
      try {
        const subnet = await networkResource(connection, id);
        const gateway = textAt(subnet, 'properties', 'natGateway', 'id');
        const route = textAt(subnet, 'properties', 'routeTable', 'id');
        const told = route === '' ? '' : ` The routes of ${printable(shortName(route), 80)} may send it elsewhere.`;
        if (gateway !== '')
          return `${name} gets out by the NAT gateway ${printable(shortName(gateway), 80)} as before.`;
        if (balancers.length > 0)
          return `${name} may still get out by ${balancers.join(', ')} (outbound rules).${told}`;
        if (booleanAt(subnet, 'properties', 'defaultOutboundAccess') === false) {
          return `${name} has NO way out afterwards: its subnet is private (defaultOutboundAccess false) and has no NAT gateway. Log agent, updates, backup agent and Run Command results stop.${told}`;
        }
        return `${name} still gets out, by an address of Azure’s own (default outbound access): this is no outbound lock. Allow lists of others for its old address fail.${told}`;
      } catch (error) {
        const { status, code } = azureError(error);
        return `Not seen: how ${name} gets out afterwards (its subnet: ${status} ${code}).`;
      }
    }),
  );
  return texts;
}

interface Found {
  networkInterface: Json;
  taken: TakenAddress[];
  warnings: string[];
  outbound: string[];
}

/** The public addresses of an interface. */
export async function lookAtAddresses(
  connection: Connection,
  id: string,
): Promise<{ networkInterface: Json; taken: TakenAddress[]; warnings: string[] }> {
  const networkInterface = await networkResource(connection, id);
  const looked = await Promise.all(
    listAt(networkInterface, 'properties', 'ipConfigurations').flatMap((one) => {
      const address = textAt(one, 'properties', 'publicIPAddress', 'id');
      return address === '' ? [] : [lookAtAddress(connection, textAt(one, 'name'), address)];
    }),
  );
  return {
    networkInterface,
    taken: looked.map(({ taken }) => taken),
    warnings: looked.flatMap(({ warnings }) => warnings),
  };
}

/** Public addresses of an interface, and how its VM gets out without them. */
async function lookAtInterface(connection: Connection, id: string): Promise<Found> {
  const found = await lookAtAddresses(connection, id);
  return { ...found, outbound: found.taken.length === 0 ? [] : await outboundOf(connection, found.networkInterface) };
}

const typeOfAddress = 'Microsoft.Network/publicIPAddresses';

function lookAhead(connection: Connection, context: ActionContext, found: readonly Found[]) {
  const write = 'Microsoft.Network/networkInterfaces/write';
  const bodies = found.map(({ networkInterface, taken }) => withoutAddresses(networkInterface, taken) ?? {});
  return preflight(connection, context, {
    needed: [
      ...found.map(({ networkInterface }) => ({ action: write, scope: textAt(networkInterface, 'id') })),
      ...bodies.flatMap((body) => joins(body)),
      ...found.flatMap(({ taken }) =>
        taken.map(({ address }) => ({ action: `${typeOfAddress}/join/action`, scope: address, forUndo: true })),
      ),
    ],
    intended: found.flatMap(({ networkInterface }, index) => [
      { method: 'PUT' as const, resourceId: textAt(networkInterface, 'id'), body: bodies[index] ?? {} },
      ...joinedSubnets(networkInterface),
    ]),
  });
}

/** Plans with reads alone: which public addresses the VM's interfaces have, and how it gets out without them. */
export async function planRemoval(connection: Connection, context: ActionContext): Promise<ActionPlan> {
  const { target } = context;
  const title = `Take the public addresses off ${target.name}`;
  const machine = await readMachine(connection, target);
  const all = await Promise.all(interfacesOf(machine).map((id) => lookAtInterface(connection, id)));
  if (all.length === 0)
    return refusedPlan(title, 'impossible', `Azure names no interface of ${target.name}: ask again.`);
  const found = all.filter(({ taken }) => taken.length > 0);
  const balancers = [...new Set(all.flatMap(({ networkInterface }) => balancersOf(networkInterface)))];
  const beside =
    balancers.length === 0
      ? []
      : [
          `${balancers.map((one) => printable(one, 80)).join(', ')} sends traffic to ${target.name} by an address of its own, which stays.`,
        ];
  if (found.length === 0) {
    const because = `No interface of ${target.name} has a public address of its own. ${beside.join(' ')}`.trim();
    return refusedPlan(title, 'nothing-to-do', because);
  }
  const ahead = await lookAhead(connection, context, found);
  if (ahead.blocked !== '') return refusedPlan(title, 'impossible', ahead.blocked);
  const addresses = found.flatMap(({ taken }) => taken.map(({ ip, address }) => ip || shortName(address)));
  const state: RemoveState = {
    interfaces: found.map(({ networkInterface, taken }) => ({
      id: textAt(networkInterface, 'id'),
      etag: textAt(networkInterface, 'etag'),
      taken,
    })),
  };
  return {
    title,
    changes: found.map(({ networkInterface, taken }) => ({
      method: 'PUT',
      resourceId: textAt(networkInterface, 'id'),
      diff: taken.map(({ configuration, address, ip, allocation }) => ({
        property: `public address of ${printable(configuration, 60)}`,
        before: `${printable(shortName(address), 80)} ${ip} ${allocation}`.trim(),
        after: '(none)',
      })),
      before: at(networkInterface, 'properties', 'ipConfigurations'),
      after: at(withoutAddresses(networkInterface, taken), 'properties', 'ipConfigurations'),
    })),
    touches: found.flatMap(({ taken }) =>
      taken.map(({ address }) => `${printable(shortName(address), 80)} stays as a resource, at no interface`),
    ),
    permissions: ahead.permissions,
    danger: 'disruptive',
    undo: 'puts the same address resources back at the interfaces',
    warnings: [...found.flatMap(({ warnings }) => warnings), ...ahead.warnings],
    consequences: [
      `Nobody comes in by ${addresses.join(', ')} any more, you neither: sessions through it end.`,
      'Peered networks, VPN, Bastion and other machines of the network reach the VM as before: lock-nsg closes those.',
      ...beside,
      ...found.flatMap(({ outbound }) => outbound),
      'Keep the address resource until the case is closed: once it is deleted, Azure gives the address to others.',
    ],
    state,
  };
}
