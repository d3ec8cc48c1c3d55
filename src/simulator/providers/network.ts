import { AzureError, invalidReference } from '../azure-error.ts';
import { bodyOf, type Call, type Handler, ok, param, type Route } from '../call.ts';
import { adminRulesOf } from '../effective-rules.ts';
import { at, idAt, isRecord, type Json, record, records, same, text } from '../json.ts';
import { demandIdle, startNetwork, startNetworkDeletion } from '../long-running.ts';
import { present } from '../present.ts';
import { neededAction, parentId } from '../resource-id.ts';
import { inlineChildren, newEtag, withState } from '../store.ts';
import type { ArmResource } from '../world.ts';
import { guidOf } from '../world-settlement.ts';
import { demandGroup, ownerAt, resourceAt } from './resource-reads.ts';
import { demandMatch, demandRegion, referenceHolds, tagsOf } from './writes.ts';

const inGroup = '/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.Network';

/** Settles a written resource when its operation ends. */
function settle(call: Call, id: string, etag: string, region: string): Record<string, string> {
  const { store, pace } = call.azure;
  const end = (state: string): void => {
    const now = store.get(id);
    if (now !== undefined && now.etag === etag)
      store.put(withState(now, state), { pending: state !== 'Succeeded', silent: true });
  };
  const wanted = { target: id, duration: pace.network, finish: () => end('Succeeded'), fail: () => end('Failed') };
  return startNetwork(call, region, wanted).headers;
}

/** Writes of resources that are kept as they are given: public addresses and application security groups. */
function putPlain(type: string, defaults: (name: string) => Json): Handler {
  return (call) => {
    demandGroup(call);
    const { store } = call.azure;
    const before = store.get(call.path);
    const id = before?.id ?? call.path;
    const body = bodyOf(call);
    demandMatch(call, before);
    const region = demandRegion(call, body, before);
    demandIdle(call, id);
    const etag = newEtag();
    const tags = tagsOf(body);
    const was = record(before?.properties);
    const kept: Json = {};
    for (const field of ['resourceGuid', 'ipAddress']) if (was[field] !== undefined) kept[field] = was[field];
    const name = before?.name ?? param(call, 'name');
    const after: ArmResource = {
      name,
      id,
      etag,
      type,
      location: before?.location ?? region,
      ...(tags !== undefined && { tags }),
      ...(isRecord(body.sku) ? { sku: body.sku } : before?.sku !== undefined && { sku: before.sku }),
      ...(body.zones !== undefined && { zones: body.zones }),
      properties: {
        ...defaults(name),
        ...record(body.properties),
        resourceGuid: guidOf(etag),
        ...kept,
        provisioningState: 'Updating',
      },
    };
    store.put(after, { pending: true });
    const headers = settle(call, id, etag, region);
    return { status: before === undefined ? 201 : 200, headers, body: present(after, call.azure) };
  };
}

function removePlain(inUse: (call: Call, id: string) => [string, string] | undefined): Handler {
  return (call) => {
    const before = call.azure.store.get(call.path);
    if (before === undefined) return { status: 204 };
    const use = inUse(call, before.id);
    if (use !== undefined) throw new AzureError(400, use[0], use[1], { extra: { details: [] } });
    return startNetworkDeletion(call, before);
  };
}

/** PATCH of a network resource replaces its tags. */
const patchTags: Handler = (call) => {
  const before = resourceAt(call);
  demandMatch(call, before);
  const tags = tagsOf(bodyOf(call));
  const { tags: _, ...rest } = before;
  const after: ArmResource = { ...rest, etag: newEtag(), ...(tags !== undefined && { tags }) };
  call.azure.store.put(after);
  return ok(present(after, call.azure));
};

/** Writes a subnet into its network; what the body does not name is dropped. */
const putSubnet: Handler = (call) => {
  const { store } = call.azure;
  const network = resourceAt(call, parentId(call.path));
  const name = param(call, 'name');
  const subnets = inlineChildren(network, 'subnets') ?? [];
  const known = subnets.find((each) => same(each.name, name));
  demandMatch(call, known === undefined ? undefined : { ...known, etag: known.etag ?? network.etag });
  demandIdle(call, network.id);
  const wanted = record(bodyOf(call).properties);
  const id = known?.id ?? `${network.id}/subnets/${name}`;
  if (wanted.addressPrefix === undefined && wanted.addressPrefixes === undefined) {
    throw new AzureError(400, 'InvalidRequestFormat', `Cannot parse the request: subnet ${id} has no address prefix.`, {
      extra: { details: [] },
    });
  }
  const region = network.location?.toLowerCase() ?? '';
  const { action, scope } = neededAction(call.method, call.path);
  for (const [field, join] of [
    ['networkSecurityGroup', 'Microsoft.Network/networkSecurityGroups/join/action'],
    ['routeTable', 'Microsoft.Network/routeTables/join/action'],
    ['natGateway', 'Microsoft.Network/natGateways/join/action'],
  ] as const) {
    const target = idAt(wanted, field);
    if (target === undefined) continue;
    if (referenceHolds(call, target, region) === undefined) throw invalidReference(target, id);
    call.azure.permissions.demandLinked(action, scope, join, target);
  }
  const etag = newEtag();
  const { ipConfigurations: _, ...kept } = wanted;
  const subnet = (state: string): Json => ({
    name: known?.name ?? name,
    id,
    etag,
    type: 'Microsoft.Network/virtualNetworks/subnets',
    properties: {
      delegations: [],
      privateEndpointNetworkPolicies: 'Disabled',
      privateLinkServiceNetworkPolicies: 'Enabled',
      ...kept,
      provisioningState: state,
    },
  });
  const others = records(network.properties?.subnets).filter((each) => !same(text(each.name), name));
  const print = (state: string): ArmResource => ({
    ...network,
    etag,
    properties: { ...network.properties, subnets: [...others, subnet(state)] },
  });
  store.put(print('Updating'), { pending: true });
  const end = (state: string): void => {
    if (store.get(network.id)?.etag === etag) store.put(print(state), { pending: state !== 'Succeeded', silent: true });
  };
  const { headers } = startNetwork(call, region, {
    target: network.id,
    duration: call.azure.pace.network,
    finish: () => end('Succeeded'),
    fail: () => end('Failed'),
  });
  return { status: known === undefined ? 201 : 200, headers, body: subnet('Updating') };
};

/** What Virtual Network Manager imposes on a network, in the shape of its effective-rules call. */
const effectiveAdminRules: Handler = (call) => {
  const network = ownerAt(call);
  const rules = adminRulesOf(network.id, call.azure.store).map(({ rule, configuration, collection, groups }) => ({
    id: rule.id,
    kind: text(rule.kind) ?? 'Custom',
    ...(text(at(configuration?.properties, 'description')) !== undefined && {
      configurationDescription: at(configuration?.properties, 'description'),
    }),
    ...(text(at(collection?.properties, 'description')) !== undefined && {
      ruleCollectionDescription: at(collection?.properties, 'description'),
    }),
    ruleCollectionAppliesToGroups: groups.map((group) => ({ networkGroupId: group.id })),
    ruleGroups: groups.map((group) => ({ id: group.id, properties: { provisioningState: 'Succeeded' } })),
    properties: { provisioningState: 'Succeeded', ...rule.properties },
  }));
  return ok({ value: rules });
};

export const networkRoutes: Route[] = [
  {
    method: 'PUT',
    template: `${inGroup}/publicIPAddresses/{name}`,
    handler: putPlain('Microsoft.Network/publicIPAddresses', () => ({
      publicIPAddressVersion: 'IPv4',
      publicIPAllocationMethod: 'Dynamic',
      idleTimeoutInMinutes: 4,
      ipTags: [],
    })),
  },
  {
    method: 'DELETE',
    template: `${inGroup}/publicIPAddresses/{name}`,
    handler: removePlain((call, id) => {
      const holder = call.azure.relations.holderOfAddress(id);
      if (holder === undefined) return undefined;
      return [
        'PublicIPAddressCannotBeDeleted',
        `Public IP address ${id} can not be deleted since it is still allocated to resource ${holder}. In order to delete the public IP, disassociate/detach the Public IP address from the resource. To learn how to do this, see aka.ms/deletepublicip.`,
      ];
    }),
  },
  {
    method: 'PUT',
    template: `${inGroup}/applicationSecurityGroups/{name}`,
    handler: putPlain('Microsoft.Network/applicationSecurityGroups', () => ({})),
  },
  { method: 'DELETE', template: `${inGroup}/applicationSecurityGroups/{name}`, handler: removePlain(() => undefined) },
  { method: 'PUT', template: `${inGroup}/virtualNetworks/{network}/subnets/{name}`, handler: putSubnet },
  {
    method: 'POST',
    template: `${inGroup}/virtualNetworks/{network}/listNetworkManagerEffectiveSecurityAdminRules`,
    handler: effectiveAdminRules,
  },
  { method: 'PATCH', template: `${inGroup}/{type}/{name}`, handler: patchTags },
];
