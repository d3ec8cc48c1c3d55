import type { ArmResource } from '../world.ts';
import { guidOf } from './seeded.ts';

export const tenantId = '7f3a2c51-98d0-4b6e-a1f2-5c0d7e6b9a34';
export const prod = '3d9b7a10-6c24-4e58-9f01-8a5b2c7de641';
export const dev = 'b80e4f62-1a97-4d35-8c6e-f20d93a7b518';

/** The responder: a guest of the customer's tenant with limited rights. */
export const anna = {
  upn: 'anna@contoso.com',
  name: 'Anna Lindqvist (guest)',
  oid: '5e0f9c1d-47b3-4a86-b2d9-61c7e8f0a3b4',
  tenantId,
};

/** Where a resource lives. */
export interface Place {
  subscription: string;
  group: string;
  location: string;
}

export interface Reference {
  id: string;
}

/** `/subscriptions/…/resourceGroups/…` */
export function groupId(place: Place): string {
  return `/subscriptions/${place.subscription}/resourceGroups/${place.group}`;
}

/** The id of a resource; `type` with its provider, e.g. `Microsoft.Compute/virtualMachines`. */
export function armId(place: Place, type: string, name: string): string {
  return `${groupId(place)}/providers/${type}/${name}`;
}

/** An ETag as Microsoft.Network writes it. */
export function etagOf(id: string): string {
  return `W/"${guidOf(`etag:${id}`)}"`;
}

/** A resource group as Resource Manager prints it. */
export function resourceGroup(place: Place, tags: Record<string, string> = {}): ArmResource {
  return {
    id: groupId(place),
    name: place.group,
    type: 'Microsoft.Resources/resourceGroups',
    location: place.location,
    tags,
    properties: { provisioningState: 'Succeeded' },
  };
}
