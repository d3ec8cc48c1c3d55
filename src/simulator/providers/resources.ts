import { AzureError, notKept } from '../azure-error.ts';
import { bodyOf, type Call, type Handler, ok, page, param, type Reply, type Route } from '../call.ts';
import { type Json, record, same } from '../json.ts';
import { present } from '../present.ts';
import { registrationState } from '../registrations.ts';
import { within } from '../resource-id.ts';
import type { ArmResource } from '../world.ts';
import {
  demandGroup,
  findGroup,
  groupAt,
  hasWordOf,
  kept,
  mayRead,
  resourceGroups,
  summary,
} from './resource-reads.ts';
import { demandRegion, tagsOf } from './writes.ts';

/** Everything that the generic lists leave out: groups, children of other resources, and what is no resource of a group. */
const notListed =
  /^microsoft\.(resources|authorization|security|resourcegraph)\/|^microsoft\.recoveryservices\/vaults\/|^microsoft\.network\/[^/]+\/(?!.*vpn)/i;

const subscriptionBody = (subscription: { subscriptionId: string; displayName: string; tenantId: string }): Json => ({
  id: `/subscriptions/${subscription.subscriptionId}`,
  authorizationSource: 'RoleBased',
  managedByTenants: [],
  subscriptionId: subscription.subscriptionId,
  tenantId: subscription.tenantId,
  displayName: subscription.displayName,
  state: 'Enabled',
  subscriptionPolicies: {
    locationPlacementId: 'Public_2014-09-01',
    quotaId: 'PayAsYouGo_2014-09-01',
    spendingLimit: 'Off',
  },
});

const mayReadSubscription = (call: Call, id: string): boolean =>
  call.azure.permissions.allows('Microsoft.Resources/subscriptions/read', `/subscriptions/${id}`);

/** The specification of these two lists demands a next link on the last page too; it is empty there. */
const withNextLink = (reply: Reply): Reply => ({ ...reply, body: { nextLink: '', ...record(reply.body) } });

const listSubscriptions: Handler = (call) => {
  const readable = call.azure.subscriptions.filter((each) => mayReadSubscription(call, each.subscriptionId));
  return withNextLink(page(call, readable.map(subscriptionBody)));
};

const getSubscription: Handler = (call) => {
  const id = param(call, 'subscription');
  const found = call.azure.subscriptions.find((each) => same(each.subscriptionId, id));
  if (found === undefined)
    throw new AzureError(404, 'SubscriptionNotFound', `The subscription '${id}' could not be found.`);
  call.azure.permissions.demand('Microsoft.Resources/subscriptions/read', `/subscriptions/${found.subscriptionId}`);
  return ok(subscriptionBody(found));
};

/** The domains of the caller's own tenant, from his user principal name. */
function domainsOf(upn: string): { defaultDomain: string; domains: string[] } | undefined {
  const domain = upn.split('@').at(1);
  return domain === undefined ? undefined : { defaultDomain: domain, domains: [domain] };
}

const listTenants: Handler = (call) => {
  const tenants = [
    ...new Set(call.azure.subscriptions.map((each) => each.tenantId).concat(call.azure.caller.tenantId)),
  ];
  return withNextLink(
    page(
      call,
      tenants.map((tenantId) => ({
        id: `/tenants/${tenantId}`,
        tenantId,
        tenantCategory: 'Home',
        displayName: 'Contoso',
        ...(tenantId === call.azure.caller.tenantId && domainsOf(call.azure.caller.upn)),
      })),
    ),
  );
};

const regions = [
  'westeurope',
  'northeurope',
  'uksouth',
  'germanywestcentral',
  'eastus',
  'eastus2',
  'westus2',
  'centralus',
];

const listLocations: Handler = (call) => {
  const used = new Set(regions);
  for (const { location } of call.azure.store.all()) if (location !== undefined) used.add(location.toLowerCase());
  const subscription = param(call, 'subscription');
  return page(
    call,
    [...used].map((name) => ({
      id: `/subscriptions/${subscription}/locations/${name}`,
      name,
      type: 'Region',
      displayName: name,
    })),
  );
};

const groupBody = (group: ArmResource): Json => ({
  id: group.id,
  name: group.name,
  type: 'Microsoft.Resources/resourceGroups',
  location: group.location,
  ...(group.managedBy !== undefined && { managedBy: group.managedBy }),
  ...(group.tags !== undefined && { tags: group.tags }),
  properties: { provisioningState: 'Succeeded' },
});

const listGroups: Handler = (call) => {
  const groups = resourceGroups(call.azure, param(call, 'subscription')).filter((group) =>
    call.azure.permissions.allows('Microsoft.Resources/subscriptions/resourceGroups/read', group.id),
  );
  return page(call, groups.map(groupBody));
};

const getGroup: Handler = (call) =>
  ok(groupBody(groupAt(call.azure, param(call, 'subscription'), param(call, 'group'))));

const headGroup: Handler = (call) => {
  const known = findGroup(call.azure, param(call, 'subscription'), param(call, 'group'));
  return { status: known === undefined ? 404 : 204 };
};

/** Makes a resource group, or changes its tags; a group does not move. */
const putGroup: Handler = (call) => {
  const [subscription, name] = [param(call, 'subscription'), param(call, 'group')];
  const before = findGroup(call.azure, subscription, name);
  const body = bodyOf(call);
  const location = demandRegion(call, body, before);
  const tags = tagsOf(body);
  const after: ArmResource = {
    id: before?.id ?? `/subscriptions/${subscription}/resourceGroups/${name}`,
    name: before?.name ?? name,
    type: 'Microsoft.Resources/resourceGroups',
    location,
    ...(tags !== undefined && { tags }),
    properties: { provisioningState: 'Succeeded' },
  };
  call.azure.store.put(after);
  return { status: before === undefined ? 201 : 200, body: groupBody(after) };
};

const patchGroup: Handler = (call) => {
  const before = groupAt(call.azure, param(call, 'subscription'), param(call, 'group'));
  const tags = tagsOf(bodyOf(call));
  const after = tags === undefined ? before : { ...before, tags };
  call.azure.store.put(after);
  return ok(groupBody(after));
};

const fieldOf: Record<string, (resource: ArmResource) => string | undefined> = {
  resourcetype: ({ type }) => type,
  name: ({ name }) => name,
  location: ({ location }) => location,
  resourcegroup: ({ id }) => /\/resourcegroups\/([^/]+)/i.exec(id)?.[1],
};

/** One condition of a filter; undefined when it is of no known form. */
function testOf(clause: string): ((resource: ArmResource) => boolean) | undefined {
  const value = "'((?:[^']|'')*)'";
  const equal = new RegExp(`^(resourceType|name|location|resourceGroup)\\s+(eq|ne)\\s+${value}$`, 'i').exec(clause);
  const part = new RegExp(`^substringof\\(\\s*${value}\\s*,\\s*(name|resourceGroup)\\s*\\)$`, 'i').exec(clause);
  const text = (quoted = ''): string => quoted.replaceAll("''", "'");
  if (equal !== null) {
    const [, field = '', operator = '', wanted] = equal;
    return (resource) =>
      same(fieldOf[field.toLowerCase()]?.(resource), text(wanted)) === (operator.toLowerCase() === 'eq');
  }
  if (part !== null) {
    const [, wanted, field = ''] = part;
    return (resource) =>
      fieldOf[field.toLowerCase()]?.(resource)?.toLowerCase().includes(text(wanted).toLowerCase()) === true;
  }
  return undefined;
}

/** A tag by its name, and by its value where that is asked for; Resource Manager takes them with no other condition. */
function tagTest(filter: string): ((resource: ArmResource) => boolean) | undefined {
  const found = /^tagName\s+eq\s+'([^']*)'(?:\s+and\s+tagValue\s+eq\s+'([^']*)')?$/i.exec(filter.trim());
  if (found === null) return undefined;
  const [, name, value] = found;
  return (resource) =>
    Object.entries(record(resource.tags)).some(
      ([tag, given]) => same(tag, name) && (value === undefined || given === value),
    );
}

/** The conditions of `$filter` that the generic lists know: equalities and parts of names joined by `and`, or a tag. */
function conditionOf(filter: string | null): (resource: ArmResource) => boolean {
  if (filter === null || filter.trim() === '') return () => true;
  const tag = tagTest(filter);
  if (tag !== undefined) return tag;
  const tests = filter.split(/\s+and\s+/i).map((clause) => {
    const bare = clause.trim();
    const test = testOf(bare) ?? testOf(bare.replace(/^\(+\s*|\s*\)+$/g, ''));
    if (test !== undefined) return test;
    throw new AzureError(
      400,
      'InvalidFilterInQueryString',
      `Invalid $filter '${filter}' specified in the query string.`,
    );
  });
  return (resource) => tests.every((test) => test(resource));
}

const listResources: Handler = (call) => {
  demandGroup(call);
  const scope = call.path.replace(/\/resources$/i, '');
  const filter = call.query.get('$filter');
  for (const [, type = ''] of (filter ?? '').matchAll(/\bresourceType\s+eq\s+'([^']*)'/gi))
    if (/^microsoft\./i.test(type) && !hasWordOf(call.azure, type)) throw notKept(type);
  const fits = conditionOf(filter);
  const found = [...call.azure.store.all()].filter(
    (resource) =>
      within(resource.id, scope) && !notListed.test(resource.type) && fits(resource) && mayRead(call.azure, resource),
  );
  const top = Number(call.query.get('$top') ?? 0);
  const size = top > 0 ? Math.min(top, call.azure.pageSize) : call.azure.pageSize;
  return page(
    call,
    found.map((resource) => summary(present(resource, call.azure))),
    size,
  );
};

/**
 * The newest stable api-versions of the types that the simulator answers for, by azure-rest-api-specs (read 2026-11-30).
 * Where a namespace has more than one, the first line that fits.
 */
const versions: [RegExp, string][] = [
  [/^microsoft\.authorization\/locks$/i, '2020-05-01'],
  [/^microsoft\.authorization\//i, '2022-04-01'],
  [/^microsoft\.compute\/(disks|snapshots)$/i, '2024-03-02'],
  [/^microsoft\.compute\//i, '2024-07-01'],
  [/^microsoft\.insights\//i, '2015-04-01'],
  [/^microsoft\.network\//i, '2024-03-01'],
  [/^microsoft\.operationalinsights\//i, '2022-10-27'],
  [/^microsoft\.policyinsights\//i, '2023-03-01'],
  [/^microsoft\.recoveryservices\//i, '2024-04-01'],
  [/^microsoft\.resourcegraph\//i, '2021-03-01'],
  [/^microsoft\.resources\//i, '2024-07-01'],
];

const knownTypes = [
  ...kept,
  'Microsoft.Authorization/roleDefinitions',
  'Microsoft.Compute/virtualMachines/extensions',
  'Microsoft.Compute/virtualMachines/runCommands',
  'Microsoft.Insights/eventtypes',
  'Microsoft.PolicyInsights/checkPolicyRestrictions',
  'Microsoft.ResourceGraph/resources',
  'Microsoft.Resources/subscriptions',
  'Microsoft.Resources/tags',
  'Microsoft.Security/assessments',
  'Microsoft.Storage/storageAccounts',
];

const namespaceOf = (type: string): string => type.split('/')[0] ?? '';

/** The types of a namespace that the simulator answers for, each once; versions only where they are known. */
function resourceTypesOf(call: Call, namespace: string): Json[] {
  const all = [...knownTypes, ...[...call.azure.store.all()].map(({ type }) => type)];
  const own = new Map(
    all
      .filter((type) => same(namespaceOf(type), namespace))
      .map((type) => [type.toLowerCase(), type.split('/').slice(1).join('/')]),
  );
  return [...own].map(([type, resourceType]) => {
    const version = versions.find(([pattern]) => pattern.test(type))?.[1];
    return {
      resourceType,
      locations: regions,
      apiVersions: version === undefined ? [] : [version],
      capabilities: 'None',
    };
  });
}

function providerBody(call: Call, namespace: string): Json {
  const subscription = param(call, 'subscription');
  return {
    id: `/subscriptions/${subscription}/providers/${namespace}`,
    namespace,
    registrationPolicy: 'RegistrationRequired',
    registrationState: registrationState(call.azure, subscription, namespace),
    resourceTypes: resourceTypesOf(call, namespace),
  };
}

const knownNamespaces = [...new Set(knownTypes.map(namespaceOf))].sort();

const listProviders: Handler = (call) =>
  page(
    call,
    knownNamespaces.map((namespace) => providerBody(call, namespace)),
  );

const getProvider: Handler = (call) => {
  const asked = param(call, 'namespace');
  const used = [...call.azure.store.all()].find((resource) =>
    resource.type.toLowerCase().startsWith(`${asked.toLowerCase()}/`),
  );
  const known = knownNamespaces.find((each) => same(each, asked)) ?? used?.type.split('/')[0];
  if (known === undefined) {
    throw new AzureError(404, 'InvalidResourceNamespace', `The resource namespace '${asked}' is invalid.`);
  }
  return ok(providerBody(call, known));
};

export const resourceRoutes: Route[] = [
  { method: 'GET', template: '/subscriptions', handler: listSubscriptions },
  { method: 'GET', template: '/tenants', handler: listTenants },
  { method: 'GET', template: '/subscriptions/{subscription}', handler: getSubscription },
  { method: 'GET', template: '/subscriptions/{subscription}/locations', handler: listLocations },
  { method: 'GET', template: '/subscriptions/{subscription}/resourceGroups', handler: listGroups },
  { method: 'GET', template: '/subscriptions/{subscription}/resourceGroups/{group}', handler: getGroup },
  { method: 'HEAD', template: '/subscriptions/{subscription}/resourceGroups/{group}', handler: headGroup },
  { method: 'PUT', template: '/subscriptions/{subscription}/resourceGroups/{group}', handler: putGroup },
  { method: 'PATCH', template: '/subscriptions/{subscription}/resourceGroups/{group}', handler: patchGroup },
  { method: 'GET', template: '/subscriptions/{subscription}/resources', handler: listResources },
  { method: 'GET', template: '/subscriptions/{subscription}/resourceGroups/{group}/resources', handler: listResources },
  { method: 'GET', template: '/subscriptions/{subscription}/providers', handler: listProviders },
  { method: 'GET', template: '/subscriptions/{subscription}/providers/{namespace}', handler: getProvider },
];
