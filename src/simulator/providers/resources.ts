import { AzureError } from '../azure-error.ts';
import { type Call, type Handler, ok, page, param, type Reply, type Route } from '../call.ts';
import { type Json, record, same } from '../json.ts';
import { present } from '../present.ts';
import { registrationState } from '../registrations.ts';
import { within } from '../resource-id.ts';
import type { ArmResource } from '../world.ts';
import { demandGroup, mayRead, resourceGroups, summary } from './resource-reads.ts';

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

const getGroup: Handler = (call) => {
  const name = param(call, 'group');
  const found = resourceGroups(call.azure, param(call, 'subscription')).find((group) => same(group.name, name));
  if (found === undefined)
    throw new AzureError(404, 'ResourceGroupNotFound', `Resource group '${name}' could not be found.`);
  return ok(groupBody(found));
};

const headGroup: Handler = (call) => {
  const known = resourceGroups(call.azure, param(call, 'subscription')).some((group) =>
    same(group.name, param(call, 'group')),
  );
  return { status: known ? 204 : 404 };
};

/** The conditions of `$filter` that the generic lists know: equalities joined by `and`. */
function conditionOf(filter: string | null): (resource: ArmResource) => boolean {
  if (filter === null || filter.trim() === '') return () => true;
  const tests = filter.split(/\s+and\s+/i).map((clause) => {
    const equal = /^\(*\s*(resourceType|name|location|resourceGroup)\s+(eq|ne)\s+'((?:[^']|'')*)'\s*\)*$/i.exec(
      clause.trim(),
    );
    if (equal === null)
      throw new AzureError(
        400,
        'InvalidFilterInQueryString',
        `Invalid $filter '${filter}' specified in the query string.`,
      );
    const [, field = '', operator = '', value = ''] = equal;
    const wanted = value.replaceAll("''", "'");
    return (resource: ArmResource): boolean => {
      const actual: Record<string, string | undefined> = {
        resourcetype: resource.type,
        name: resource.name,
        location: resource.location,
        resourcegroup: /\/resourcegroups\/([^/]+)/i.exec(resource.id)?.[1],
      };
      return same(actual[field.toLowerCase()], wanted) === (operator.toLowerCase() === 'eq');
    };
  });
  return (resource) => tests.every((test) => test(resource));
}

const listResources: Handler = (call) => {
  demandGroup(call);
  const scope = call.path.replace(/\/resources$/i, '');
  const fits = conditionOf(call.query.get('$filter'));
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

const knownNamespaces = [
  'Microsoft.Authorization',
  'Microsoft.Compute',
  'Microsoft.Insights',
  'Microsoft.Network',
  'Microsoft.OperationalInsights',
  'Microsoft.PolicyInsights',
  'Microsoft.RecoveryServices',
  'Microsoft.ResourceGraph',
  'Microsoft.Resources',
  'Microsoft.Security',
  'Microsoft.Storage',
];

function providerBody(call: Call, namespace: string): Json {
  const subscription = param(call, 'subscription');
  return {
    id: `/subscriptions/${subscription}/providers/${namespace}`,
    namespace,
    registrationPolicy: 'RegistrationRequired',
    registrationState: registrationState(call.azure, subscription, namespace),
    resourceTypes: [],
  };
}

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
  { method: 'GET', template: '/subscriptions/{subscription}/resources', handler: listResources },
  { method: 'GET', template: '/subscriptions/{subscription}/resourceGroups/{group}/resources', handler: listResources },
  { method: 'GET', template: '/subscriptions/{subscription}/providers', handler: listProviders },
  { method: 'GET', template: '/subscriptions/{subscription}/providers/{namespace}', handler: getProvider },
];
