import { type Json, listAt, textAt } from '../../arm/json.ts';
import { parseResourceId, sameId } from '../../arm/resource-id.ts';
import type { Connection } from '../../azure/client/connection.ts';
import { groupOf, networkResource, subnetsOf } from '../../azure/readers/network-interface.ts';
import type { ActionContext } from '../../playbook/action.ts';
import { withExactBody } from '../exact-body.ts';
import { AzureRefusal, follow } from '../operation.ts';
import type { Intended } from '../preflight/intended.ts';
import type { NeededPermission } from '../preflight/permissions.ts';
import { writableInterface } from '../writable-interface.ts';

const joinedBy: ReadonlyMap<string, string> = new Map(
  Object.entries({
    'microsoft.network/virtualnetworks/subnets': 'Microsoft.Network/virtualNetworks/subnets/join/action',
    'microsoft.network/publicipaddresses': 'Microsoft.Network/publicIPAddresses/join/action',
    'microsoft.network/applicationsecuritygroups':
      'Microsoft.Network/applicationSecurityGroups/joinIpConfiguration/action',
    'microsoft.network/loadbalancers/backendaddresspools':
      'Microsoft.Network/loadBalancers/backendAddressPools/join/action',
    'microsoft.network/loadbalancers/inboundnatrules': 'Microsoft.Network/loadBalancers/inboundNatRules/join/action',
    'microsoft.network/loadbalancers/frontendipconfigurations':
      'Microsoft.Network/loadBalancers/frontendIPConfigurations/join/action',
    'microsoft.network/applicationgateways/backendaddresspools':
      'Microsoft.Network/applicationGateways/backendAddressPools/join/action',
  }),
);

/** Lists and references of an ipConfiguration that a PUT ties in again. */
const referring = [
  'applicationSecurityGroups',
  'loadBalancerBackendAddressPools',
  'loadBalancerInboundNatRules',
  'applicationGatewayBackendAddressPools',
];

/** A PUT of an interface needs permission to join everything that it refers to, changed or not. */
export function joins(networkInterface: Json): NeededPermission[] {
  return listAt(networkInterface, 'properties', 'ipConfigurations').flatMap((one) =>
    [
      textAt(one, 'properties', 'subnet', 'id'),
      textAt(one, 'properties', 'publicIPAddress', 'id'),
      textAt(one, 'properties', 'gatewayLoadBalancer', 'id'),
      ...referring.flatMap((list) => listAt(one, 'properties', list).map((reference) => textAt(reference, 'id'))),
    ].flatMap((id) => {
      const action = joinedBy.get(parseResourceId(id)?.type.toLowerCase() ?? '');
      return action === undefined ? [] : [{ action, scope: id }];
    }),
  );
}

/**
 * The subnets of an interface, for a look at the locks that cover them: whether a ReadOnly lock on a virtual network keeps others from
 * joining its subnets, "Lock your resources to protect your infrastructure" does not say (learn.microsoft.com/azure/azure-resource-manager/
 * management/lock-resources, of 2024-03-08; read 2026-11-30). Its examples have none of it.
 */
export function joinedSubnets(networkInterface: Json): Intended[] {
  return subnetsOf(networkInterface).map((resourceId) => ({
    method: 'PUT',
    resourceId,
    byService:
      'whether it keeps an interface in that network from being written is not documented. Azure may refuse this (ScopeLocked); nothing is changed then.',
  }));
}

/** Names of the load balancers and application gateways that send traffic to an interface, each once. */
export function balancersOf(networkInterface: Json): string[] {
  const pools = listAt(networkInterface, 'properties', 'ipConfigurations').flatMap((one) =>
    referring.slice(1).flatMap((list) => listAt(one, 'properties', list).map((pool) => textAt(pool, 'id'))),
  );
  const names = pools.flatMap((id) => /\/(?:loadBalancers|applicationGateways)\/([^/]+)\//i.exec(id)?.[1] ?? []);
  return [...new Set(names)];
}

/** The body that puts a security group, or none (""), at an interface: all else as Azure gave it. */
export function withGroup(networkInterface: Json, group: string): Json {
  const writable = writableInterface(networkInterface);
  const { networkSecurityGroup: _, ...rest } = Object(writable.properties);
  return { ...writable, properties: group === '' ? rest : { ...rest, networkSecurityGroup: { id: group } } };
}

const ATTEMPTS = 3;

/**
 * Puts a security group, or none (""), at an interface. Where the interface was changed meanwhile and still has the group
 * that it had, it is read again and the change sent again; else the refusal is thrown.
 */
export function putGroup(
  connection: Connection,
  context: ActionContext,
  networkInterface: Json,
  group: string,
): Promise<void> {
  return putInterface(connection, context, networkInterface, (now) =>
    sameId(groupOf(now), groupOf(networkInterface)) ? withGroup(now, group) : null,
  );
}

/**
 * Writes an interface back with a change: every other property is sent as Azure gave it, and Azure accepts it only if the
 * interface has not changed since (If-Match). Where it was changed (412), it is read again and `change` is asked anew, for a
 * request of its own; null says that the change does not fit any more, and then the refusal is thrown.
 */
export async function putInterface(
  connection: Connection,
  context: ActionContext,
  networkInterface: Json,
  change: (now: Json) => Json | null,
): Promise<void> {
  let now = networkInterface;
  let body = change(now);
  if (body === null) throw new Error(`${textAt(now, 'name')} is not as it was`);
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await putOnce(connection, context, now, body);
    } catch (error) {
      const changed = error instanceof AzureRefusal && error.statusCode === 412;
      if (!changed || attempt === ATTEMPTS) throw error;
      const again = await networkResource(connection, textAt(networkInterface, 'id'));
      body = change(again);
      if (body === null) throw error;
      context.progress({
        fraction: null,
        text: `${textAt(again, 'name')} was changed meanwhile: it is read and sent again`,
      });
      now = again;
    }
  }
}

async function putOnce(
  connection: Connection,
  context: ActionContext,
  networkInterface: Json,
  body: Json,
): Promise<void> {
  const id = textAt(networkInterface, 'id');
  const parsed = parseResourceId(id);
  if (!parsed) throw new Error(`not a network interface: ${id}`);
  const client = await connection.network(parsed.subscriptionId);
  await withExactBody(client, body, () =>
    follow(connection, context, `PUT ${parsed.name}`, (options) =>
      client.networkInterfaces.createOrUpdate(
        parsed.resourceGroup,
        parsed.name,
        { location: textAt(networkInterface, 'location') },
        { ...options, requestOptions: { headers: { 'If-Match': textAt(networkInterface, 'etag') } } },
      ),
    ),
  );
}
