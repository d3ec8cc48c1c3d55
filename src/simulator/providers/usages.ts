import type { Azure } from '../azure.ts';
import { AzureError } from '../azure-error.ts';
import { type Call, type Handler, page, param, type Route } from '../call.ts';
import { at, type Json, same } from '../json.ts';
import { readPath, within } from '../resource-id.ts';

/** A count that Azure limits by subscription and region, with Azure's usual limit. */
interface Counted {
  name: string;
  shown: string;
  type: string;
  limit: number;
}

// https://learn.microsoft.com/azure/azure-resource-manager/management/azure-subscription-service-limits
const network: Counted[] = [
  { name: 'VirtualNetworks', shown: 'Virtual Networks', type: 'Microsoft.Network/virtualNetworks', limit: 1000 },
  {
    name: 'NetworkSecurityGroups',
    shown: 'Network Security Groups',
    type: 'Microsoft.Network/networkSecurityGroups',
    limit: 5000,
  },
  {
    name: 'NetworkInterfaces',
    shown: 'Network Interfaces',
    type: 'Microsoft.Network/networkInterfaces',
    limit: 65_536,
  },
];
const compute: Counted[] = [
  { name: 'virtualMachines', shown: 'Virtual Machines', type: 'Microsoft.Compute/virtualMachines', limit: 25_000 },
  {
    name: 'StandardSnapshotCount',
    shown: 'StandardStorageSnapshots',
    type: 'Microsoft.Compute/snapshots',
    limit: 75_000,
  },
];

const usageId = (namespace: string, place: { subscription: string; location: string }, { name }: Counted): string =>
  `/subscriptions/${place.subscription}/providers/${namespace}/locations/${place.location}/usages/${name}`;

/** The limit in force: the world's own word (a resource `…/locations/usages`), else Azure's usual one. */
function limitOf(
  azure: Azure,
  namespace: string,
  place: { subscription: string; location: string },
  one: Counted,
): number {
  const id = usageId(namespace, place, one);
  const said = at(azure.store.get(id)?.properties, 'limit');
  return typeof said === 'number' ? said : one.limit;
}

function counted(
  azure: Azure,
  { subscription, location }: { subscription: string; location: string },
  type: string,
): number {
  return azure.store
    .ofType(type)
    .filter(
      (one) =>
        within(one.id, `/subscriptions/${subscription}`) &&
        same(one.location?.replaceAll(' ', ''), location.replaceAll(' ', '')),
    ).length;
}

const usagesOf =
  (namespace: string, all: Counted[]): Handler =>
  (call) => {
    const place = { subscription: param(call, 'subscription'), location: param(call, 'location') };
    return page(
      call,
      all.map(
        (one): Json => ({
          // The compute provider prints no id (specifications of both, Usage).
          ...(namespace === 'Microsoft.Network' && { id: usageId(namespace, place, one) }),
          unit: 'Count',
          currentValue: counted(call.azure, place, one.type),
          limit: limitOf(call.azure, namespace, place, one),
          name: { value: one.name, localizedValue: one.shown },
        }),
      ),
    );
  };

/** Refuses one more security group where the subscription's limit in the region is reached. */
export function roomForGroup(call: Call, location: string): void {
  const subscription = readPath(call.path).subscription ?? '';
  const [, groups] = network;
  if (groups === undefined) return;
  const limit = limitOf(call.azure, 'Microsoft.Network', { subscription, location }, groups);
  if (counted(call.azure, { subscription, location }, groups.type) < limit) return;
  throw new AzureError(
    400,
    'NetworkSecurityGroupCountLimitReached',
    `Cannot create more than ${limit} network security groups for this subscription in this region.`,
    { extra: { details: [] } },
  );
}

export const usageRoutes: Route[] = [
  {
    method: 'GET',
    template: '/subscriptions/{subscription}/providers/Microsoft.Network/locations/{location}/usages',
    handler: usagesOf('Microsoft.Network', network),
  },
  {
    method: 'GET',
    template: '/subscriptions/{subscription}/providers/Microsoft.Compute/locations/{location}/usages',
    handler: usagesOf('Microsoft.Compute', compute),
  },
];
