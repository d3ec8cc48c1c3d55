import type { Azure } from '../azure.ts';
import { AzureError, notKept, resourceNotFound } from '../azure-error.ts';
import { type Call, page, type Reply, type Route } from '../call.ts';
import { type Json, record, same, text } from '../json.ts';
import { present } from '../present.ts';
import { neededAction, parentId, readPath, typeOf, within } from '../resource-id.ts';
import { find, inlineChildren } from '../store.ts';
import type { ArmResource } from '../world.ts';

/** Types of which a world without any says that there are none. Of other types a world may hold some, and says no more. */
export const kept: readonly string[] = [
  ...[
    'applicationGateways',
    'applicationSecurityGroups',
    'azureFirewalls',
    'bastionHosts',
    'firewallPolicies',
    'ipGroups',
    'loadBalancers',
    'localNetworkGateways',
    'natGateways',
    'networkInterfaces',
    'networkManagers',
    'networkSecurityGroups',
    'privateEndpoints',
    'privateLinkServices',
    'publicIPAddresses',
    'publicIPPrefixes',
    'routeTables',
    'virtualHubs',
    'virtualNetworkGateways',
    'virtualNetworks',
  ].map((type) => `Microsoft.Network/${type}`),
  ...['availabilitySets', 'disks', 'snapshots', 'virtualMachines', 'virtualMachineScaleSets'].map(
    (type) => `Microsoft.Compute/${type}`,
  ),
  'Microsoft.Authorization/locks',
  'Microsoft.Authorization/roleAssignments',
  'Microsoft.OperationalInsights/workspaces',
  'Microsoft.RecoveryServices/vaults',
];

/** Would a world say that there is none of this type? Of every other type an empty list and a 404 would say what nobody knows. */
export const hasWordOf = (azure: Azure, type: string): boolean =>
  kept.some((each) => same(each, type)) || keptChildren.test(type) || azure.store.hasType(type);

/** Types below another resource of which a world lists all. */
const keptChildren =
  /^microsoft\.(compute\/(virtualmachinescalesets\/)?virtualmachines\/(extensions|runcommands)|compute\/virtualmachinescalesets\/virtualmachines|network\/virtualnetworks\/(subnets|virtualnetworkpeerings)|network\/networksecuritygroups\/securityrules|recoveryservices\/vaults\/backuppolicies)$/i;

const groupPattern = /^\/subscriptions\/[^/]+\/resourcegroups\/([^/]+)/i;

/** Resource groups of a subscription: those the world lists, and those its resources lie in. */
export function resourceGroups(azure: Azure, subscription: string): ArmResource[] {
  const found = new Map<string, ArmResource>();
  const start = `/subscriptions/${subscription.toLowerCase()}/`;
  for (const group of azure.store.ofType('Microsoft.Resources/resourceGroups')) {
    if (group.id.toLowerCase().startsWith(start)) found.set(group.name.toLowerCase(), group);
  }
  for (const group of azure.store.ofType('Microsoft.Resources/subscriptions/resourceGroups')) {
    if (group.id.toLowerCase().startsWith(start)) found.set(group.name.toLowerCase(), group);
  }
  for (const resource of [...azure.store.all(), ...azure.backup.protectedItems]) {
    const low = resource.id.toLowerCase();
    if (!low.startsWith(start)) continue;
    const name = groupPattern.exec(resource.id)?.[1];
    if (name === undefined) continue;
    const known = found.get(name.toLowerCase());
    if (known === undefined) {
      found.set(name.toLowerCase(), {
        id: `/subscriptions/${subscription}/resourceGroups/${name}`,
        name,
        type: 'Microsoft.Resources/resourceGroups',
        location: resource.location ?? '',
        properties: { provisioningState: 'Succeeded' },
      });
    } else if (known.location === '' && resource.location !== undefined) {
      known.location = resource.location;
    }
  }
  for (const group of found.values()) if (group.location === '') group.location = 'westeurope';
  return [...found.values()];
}

export function findGroup(azure: Azure, subscription: string, name: string): ArmResource | undefined {
  return resourceGroups(azure, subscription).find((group) => same(group.name, name));
}

/** The resource group, or the 404 that Resource Manager gives. */
export function groupAt(azure: Azure, subscription: string, name: string): ArmResource {
  const found = findGroup(azure, subscription, name);
  if (found !== undefined) return found;
  throw new AzureError(404, 'ResourceGroupNotFound', `Resource group '${name}' could not be found.`);
}

/** Refuses a path into a resource group that the subscription does not have. */
export function demandGroup(call: Call): void {
  const { subscription, group } = readPath(call.path);
  if (subscription !== undefined && group !== undefined) groupAt(call.azure, subscription, group);
}

/** The resource at a path, or the 404 that Resource Manager gives. */
export function resourceAt(call: Call, id = call.path): ArmResource {
  const found = find(call.azure.store, id);
  if (found !== undefined) return found;
  demandGroup(call);
  const arm = readPath(id);
  if (arm.types.length > 1) {
    const parent = find(call.azure.store, parentId(id));
    if (parent !== undefined && /^microsoft\.network$/i.test(arm.namespace ?? '')) {
      throw new AzureError(404, 'NotFound', `Resource ${id} not found.`, { extra: { details: [] } });
    }
  }
  const names = arm.names.join('/');
  throw resourceNotFound(typeOf(arm), names, arm.group ?? '');
}

/** The resource that an action, or a list of children, is asked of; the 404 that Resource Manager gives where there is none. */
export const ownerAt = (call: Call): ArmResource => resourceAt(call, call.path.slice(0, call.path.lastIndexOf('/')));

/** Whether the caller may read a resource. */
export function mayRead(azure: Azure, resource: ArmResource): boolean {
  const { action, scope } = neededAction('GET', resource.id);
  return azure.permissions.allows(action, scope);
}

const headersOf = (resource: ArmResource): Record<string, string> => {
  const etag = text(resource.etag);
  return etag === undefined ? {} : { etag };
};

/** Refuses a read of a resource of which the world has no word: a 404 would say that it is not there. */
function demandWord(call: Call): void {
  const arm = readPath(call.path);
  const type = typeOf(arm);
  if (!/^microsoft\./i.test(type) || hasWordOf(call.azure, type)) return;
  const parent = arm.types.length > 1 ? find(call.azure.store, parentId(call.path)) : undefined;
  if (parent !== undefined && childrenOf(call, parent, type, arm.types.at(-1) ?? '') !== undefined) return;
  demandGroup(call);
  // A resource above it that is not there has none below it.
  const above = `${arm.namespace ?? ''}/${arm.types.slice(0, -1).join('/')}`;
  if (arm.types.length > 1 && parent === undefined && hasWordOf(call.azure, above)) return;
  throw notKept(type);
}

function readResource(call: Call): Reply {
  if (find(call.azure.store, call.path) === undefined) demandWord(call);
  const resource = resourceAt(call);
  return { status: 200, headers: headersOf(resource), body: present(resource, call.azure) };
}

/** The children of a kind: resources of their own, or printed inside their parent; undefined where the world has no word of them. */
function childrenOf(call: Call, parent: ArmResource, type: string, kind: string): ArmResource[] | undefined {
  const own = call.azure.store.children(parent.id, kind);
  if (own.length > 0) return own;
  const shown = present(parent, call.azure);
  return (
    inlineChildren({ ...parent, properties: record(shown.properties) }, kind) ??
    (keptChildren.test(type) ? [] : undefined)
  );
}

/** All resources of a type at or below a scope that the caller may read. */
export function listOf(call: Call, type: string, scope: string): ArmResource[] {
  return call.azure.store
    .ofType(type)
    .filter((resource) => within(resource.id, scope) && mayRead(call.azure, resource));
}

/** Answers a list of any type: of a subscription, of a resource group, of the children of a resource. */
function readCollection(call: Call): Reply {
  const arm = readPath(call.path);
  demandGroup(call);
  const kind = arm.types.at(-1) ?? '';
  if (arm.names.length > 0) {
    const parent = find(call.azure.store, call.path.slice(0, call.path.lastIndexOf('/')));
    if (parent === undefined) {
      // Collections below a location (`locations/westeurope/vmSizes`) have no resource above them.
      if (/^locations$/i.test(arm.types[0] ?? '')) throw notKept(typeOf(arm));
      ownerAt(call);
      throw new AzureError(404, 'NotFound', `Resource ${parentId(call.path)} not found.`);
    }
    const children = childrenOf(call, parent, typeOf(arm), kind);
    if (children === undefined) throw notKept(typeOf(arm));
    return page(
      call,
      children.map((child) => present(child, call.azure)),
    );
  }
  const type = typeOf(arm);
  const resources = listOf(call, type, arm.scope);
  if (!hasWordOf(call.azure, type)) {
    if (/^microsoft\./i.test(type)) throw notKept(type);
    throw new AzureError(404, 'InvalidResourceNamespace', `The resource namespace '${arm.namespace}' is invalid.`);
  }
  return page(
    call,
    resources.map((resource) => present(resource, call.azure)),
  );
}

/** Answers a GET of anything that no provider answers in its own way. */
function readAny(call: Call): Reply {
  const { types, names } = readPath(call.path);
  return types.length > names.length ? readCollection(call) : readResource(call);
}

/** A resource as the generic lists print it: without properties and entity tag. */
export function summary(resource: ArmResource): Json {
  const shown: Json = { id: resource.id, name: resource.name, type: resource.type };
  for (const field of [
    'kind',
    'location',
    'tags',
    'sku',
    'plan',
    'identity',
    'zones',
    'managedBy',
    'extendedLocation',
  ]) {
    if (resource[field] !== undefined) shown[field] = resource[field];
  }
  return shown;
}

/** The last routes of the table: reads of whatever the world has. */
export const resourceReadRoutes: Route[] = [
  {
    method: 'GET',
    template: '/subscriptions/{subscription}/resourceGroups/{group}/providers/{rest...}',
    handler: readAny,
  },
  { method: 'GET', template: '/subscriptions/{subscription}/providers/{namespace}/{rest...}', handler: readAny },
  { method: 'GET', template: '/providers/{namespace}/{rest...}', handler: readAny },
];
