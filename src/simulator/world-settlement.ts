import { createHash } from 'node:crypto';
import { at, isRecord, type Json, list, record, records, text } from './json.ts';
import { lastSegment, parentId } from './resource-id.ts';
import { defaultSecurityRules } from './security-rule.ts';
import type { Store } from './store.ts';
import type { ArmResource } from './world.ts';

/** A GUID that depends on a text alone, so that a world looks the same at every start. */
export function guidOf(seed: string): string {
  const hex = createHash('sha256').update(seed).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

const etagOf = (seed: string): string => `W/"${guidOf(seed)}"`;

/** Completes what is printed inside a parent: id, name, type and entity tag, from the parent's. */
function completeChildren(parent: ArmResource, field: string, etag: string): void {
  const properties = record(parent.properties);
  const children = properties[field];
  if (!Array.isArray(children)) return;
  properties[field] = children.map((child) => {
    if (!isRecord(child)) return child;
    const name = text(child.name) ?? lastSegment(text(child.id) ?? '');
    if (name === '' || child.properties === undefined) return child;
    const own = record(child.properties);
    return {
      name,
      id: text(child.id) ?? `${parent.id}/${field}/${name}`,
      etag,
      type: `${parent.type}/${field}`,
      ...child,
      properties: { provisioningState: 'Succeeded', ...own },
    };
  });
}

/** Azure prints the plural form of each field of a rule beside the singular one, empty where it is not used. */
const withLists = (rule: Json): Json => ({
  ...rule,
  properties: {
    ...record(rule.properties),
    ...Object.fromEntries(
      ['sourcePortRanges', 'destinationPortRanges', 'sourceAddressPrefixes', 'destinationAddressPrefixes'].map(
        (field) => [field, list(record(rule.properties)[field])],
      ),
    ),
  },
});

const childFields: ReadonlyMap<string, string[]> = new Map(
  Object.entries({
    'microsoft.network/networksecuritygroups': ['securityRules'],
    'microsoft.network/virtualnetworks': ['subnets', 'virtualNetworkPeerings'],
    'microsoft.network/networkinterfaces': ['ipConfigurations'],
    'microsoft.network/loadbalancers': [
      'frontendIPConfigurations',
      'backendAddressPools',
      'loadBalancingRules',
      'probes',
      'inboundNatRules',
      'inboundNatPools',
      'outboundRules',
    ],
    'microsoft.network/routetables': ['routes'],
    'microsoft.network/azurefirewalls': ['ipConfigurations'],
    'microsoft.network/bastionhosts': ['ipConfigurations'],
  }),
);

const fieldOf: ReadonlyMap<string, string> = new Map(
  Object.entries({
    'microsoft.network/networksecuritygroups/securityrules': 'securityRules',
    'microsoft.network/virtualnetworks/subnets': 'subnets',
    'microsoft.network/virtualnetworks/virtualnetworkpeerings': 'virtualNetworkPeerings',
    'microsoft.network/loadbalancers/inboundnatrules': 'inboundNatRules',
    'microsoft.network/routetables/routes': 'routes',
  }),
);

/** Children that the file lists as resources of their own move into their parent, where Azure prints them too. */
function moveIn(resources: ArmResource[]): ArmResource[] {
  const byId = new Map(resources.map((resource) => [resource.id.toLowerCase(), resource]));
  return resources.filter((resource) => {
    const field = fieldOf.get(resource.type.toLowerCase());
    const parent = field === undefined ? undefined : byId.get(parentId(resource.id).toLowerCase());
    if (field === undefined || parent === undefined) return true;
    parent.properties ??= {};
    const printed = list(parent.properties[field]);
    const known = records(printed).some(
      (child) => text(child.name)?.toLowerCase() === resource.name.toLowerCase() && child.properties !== undefined,
    );
    if (!known) {
      const others = printed.filter((child) => text(at(child, 'id'))?.toLowerCase() !== resource.id.toLowerCase());
      parent.properties[field] = [...others, resource];
    }
    return false;
  });
}

/** Puts a world's resources into the store, completed with what Azure always prints and files may leave out. */
export function settleIn(store: Store, resources: ArmResource[]): void {
  for (const resource of moveIn(resources)) {
    const type = resource.type.toLowerCase();
    if (type.startsWith('microsoft.network/')) {
      const etag = text(resource.etag) ?? etagOf(resource.id.toLowerCase());
      resource.etag = etag;
      const properties: Json = resource.properties ?? {};
      resource.properties = properties;
      properties.provisioningState ??= 'Succeeded';
      for (const field of childFields.get(type) ?? []) completeChildren(resource, field, etag);
      if (type === 'microsoft.network/networksecuritygroups') {
        properties.resourceGuid ??= guidOf(`guid:${resource.id.toLowerCase()}`);
        properties.securityRules = records(properties.securityRules).map(withLists);
        properties.defaultSecurityRules = defaultSecurityRules(resource.id, etag, 'Succeeded');
      }
    }
    store.put(resource, { silent: true });
  }
}
