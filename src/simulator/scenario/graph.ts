import type { ArmResource, Row } from '../world.ts';

/** Ids below a subscription or group, split as Resource Graph's columns have them. */
function scopeOf(id: string): { subscriptionId: string; resourceGroup: string } {
  const [, subscriptionId = ''] = /^\/subscriptions\/([^/]+)/i.exec(id) ?? [];
  const [, group = ''] = /\/resourcegroups\/([^/]+)/i.exec(id) ?? [];
  return { subscriptionId, resourceGroup: group.toLowerCase() };
}

/** A row as Resource Graph prints it: type and group in lower case, empty columns present. */
export function graphRow(resource: ArmResource, tenantId: string, properties: Row = { ...resource.properties }): Row {
  return {
    id: resource.id,
    name: resource.name,
    type: resource.type.toLowerCase(),
    tenantId,
    kind: '',
    location: resource.location ?? '',
    ...scopeOf(resource.id),
    managedBy: '',
    sku: null,
    plan: null,
    properties,
    tags: resource.tags ?? {},
    identity: null,
    zones: null,
    extendedLocation: null,
  };
}
