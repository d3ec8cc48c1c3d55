import { at, type Json, listAt, textAt } from '../../arm/json.ts';
import { parseResourceId, shortName } from '../../arm/resource-id.ts';
import type { Connection } from '../client/connection.ts';
import { ifThere } from '../client/failure.ts';
import { rawBody } from '../client/raw-body.ts';

/**
 * The network resource at an id, as Azure Resource Manager writes it now; undefined for a type that is read by other
 * means, and for what is no resource id. Rejects with the SDK's error.
 */
export async function readNetworkResource(connection: Connection, id: string): Promise<Json | undefined> {
  const parsed = parseResourceId(id);
  if (!parsed) return undefined;
  const { subscriptionId, resourceGroup, names } = parsed;
  const [first = '', second = '', third = '', fourth = '', fifth = ''] = names;
  const network = await connection.network(subscriptionId);
  switch (parsed.type.toLowerCase()) {
    case 'microsoft.network/networkinterfaces':
      return rawBody((options) => network.networkInterfaces.get(resourceGroup, first, options));
    case 'microsoft.network/networksecuritygroups':
      return rawBody((options) => network.networkSecurityGroups.get(resourceGroup, first, options));
    case 'microsoft.network/virtualnetworks':
      return rawBody((options) => network.virtualNetworks.get(resourceGroup, first, options));
    case 'microsoft.network/virtualnetworks/subnets':
      return rawBody((options) => network.subnets.get(resourceGroup, first, second, options));
    case 'microsoft.network/publicipaddresses':
      return rawBody((options) => network.publicIPAddresses.get(resourceGroup, first, options));
    case 'microsoft.network/loadbalancers':
      return rawBody((options) => network.loadBalancers.get(resourceGroup, first, options));
    case 'microsoft.network/applicationsecuritygroups':
      return rawBody((options) => network.applicationSecurityGroups.get(resourceGroup, first, options));
    case 'microsoft.network/routetables':
      return rawBody((options) => network.routeTables.get(resourceGroup, first, options));
    // Parts of an instance of a Uniform scale set have paths below the set (version 2018-10-01).
    case 'microsoft.compute/virtualmachinescalesets/virtualmachines/networkinterfaces':
      return rawBody((options) =>
        network.networkInterfaces.getVirtualMachineScaleSetNetworkInterface(
          resourceGroup,
          first,
          second,
          third,
          options,
        ),
      );
    case 'microsoft.compute/virtualmachinescalesets/virtualmachines/networkinterfaces/ipconfigurations/publicipaddresses':
      return rawBody((options) =>
        network.publicIPAddresses.getVirtualMachineScaleSetPublicIPAddress(
          resourceGroup,
          first,
          second,
          third,
          fourth,
          fifth,
          options,
        ),
      );
    default:
      return undefined;
  }
}

/**
 * What Azure prints of each of these in any case, by the Network specification (2025-05-01) an empty list where there is nothing. An
 * answer without it is not whole: it would read as "there is none", and what is written back would lose it.
 */
const always: readonly (readonly [RegExp, readonly string[][]])[] = [
  [/\/networkInterfaces\/[^/]+$/i, [['id'], ['etag'], ['properties', 'ipConfigurations']]],
  [/\/networkSecurityGroups\/[^/]+$/i, [['id'], ['etag'], ['properties', 'securityRules']]],
];

/** Throws where an answer lacks what Azure always prints of such a resource. */
function demandWhole(id: string, body: Json): void {
  const demanded = always.find(([pattern]) => pattern.test(id))?.[1] ?? [['properties']];
  const missing = demanded.find((path) => at(body, ...path) === undefined);
  if (missing) {
    throw new Error(`the answer about ${shortName(id)} is not whole, it has no ${missing.join('.')}: ask again`);
  }
}

/**
 * As `readNetworkResource`, for one that must be there, and of which Azure's answer must be whole. Rejects with the SDK's error, or
 * says what is wrong.
 */
export async function networkResource(connection: Connection, id: string): Promise<Json> {
  const body = await readNetworkResource(connection, id);
  if (body === undefined) throw new Error(`not a network resource that is read here: ${id}`);
  demandWhole(id, body);
  return body;
}

/** As `networkResource`, null when there is none. */
export function readIfThere(connection: Connection, id: string): Promise<Json | null> {
  return ifThere(networkResource(connection, id));
}

/** Ids of the subnets of an interface's addresses, each once. */
export function subnetsOf(networkInterface: Json): string[] {
  const ids = listAt(networkInterface, 'properties', 'ipConfigurations').map((one) =>
    textAt(one, 'properties', 'subnet', 'id'),
  );
  return [...new Map(ids.filter((id) => id !== '').map((id) => [id.toLowerCase(), id])).values()];
}

/** Id of the security group at a network interface or a subnet, "" when there is none. */
export function groupOf(resource: Json): string {
  return textAt(resource, 'properties', 'networkSecurityGroup', 'id');
}
