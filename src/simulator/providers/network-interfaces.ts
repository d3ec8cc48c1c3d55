import { printV4, readBlock } from '../addresses.ts';
import { AzureError, invalidReference } from '../azure-error.ts';
import { bodyOf, type Call, type Handler, ok, type Route } from '../call.ts';
import { effectiveRoutes, effectiveSecurityGroups } from '../effective-rules.ts';
import { at, idAt, type Json, record, records, same, text, texts } from '../json.ts';
import { demandIdle, startNetwork, startNetworkDeletion } from '../long-running.ts';
import { powerState, present } from '../present.ts';
import { neededAction } from '../resource-id.ts';
import { find, inlineChildren, newEtag, withState } from '../store.ts';
import type { ArmResource } from '../world.ts';
import { guidOf } from '../world-settlement.ts';
import { demandGroup, ownerAt, resourceAt } from './resource-reads.ts';
import { demandMatch, demandRegion, referenceHolds, tagsOf } from './writes.ts';

const type = 'Microsoft.Network/networkInterfaces';

const refuse = (code: string, message: string): AzureError =>
  new AzureError(400, code, message, { extra: { details: [] } });

const readOnly = ['provisioningState', 'networkSecurityGroup', 'ipConfigurations'];

const without = (object: Json, names: string[]): Json =>
  Object.fromEntries(Object.entries(object).filter(([name]) => !names.includes(name)));

/** A reference must lead to a resource in the region that the caller is permitted to join. */
function demandReference(call: Call, nicId: string, id: string | undefined, region: string, join: string): void {
  if (id === undefined) return;
  if (referenceHolds(call, id, region) === undefined) throw invalidReference(id, nicId);
  const { action, scope } = neededAction(call.method, call.path);
  call.azure.permissions.demandLinked(action, scope, join, id);
}

/** The first free address of a subnet; Azure keeps the first four and the last for itself. */
function freeAddress(call: Call, subnetId: string): string {
  const subnet = find(call.azure.store, subnetId);
  const prefix =
    text(at(subnet?.properties, 'addressPrefix')) ??
    texts(at(subnet?.properties, 'addressPrefixes'))[0] ??
    '10.0.0.0/24';
  const block = readBlock(prefix) ?? { first: 0x0a000000n, last: 0x0a0000ffn };
  const taken = new Set<string>();
  for (const nic of call.azure.store.ofType(type)) {
    for (const { properties } of inlineChildren(nic, 'ipConfigurations') ?? []) {
      if (same(idAt(properties, 'subnet'), subnetId)) taken.add(text(at(properties, 'privateIPAddress')) ?? '');
    }
  }
  for (let candidate = block.first + 4n; candidate < block.last; candidate += 1n) {
    const printed = printV4(candidate);
    if (!taken.has(printed)) return printed;
  }
  throw refuse('SubnetIsFull', `Subnet ${subnetId} with address prefix ${prefix} is full.`);
}

/** References that an IP configuration may hold, with the permission each of them needs. */
const lists: [string, string][] = [
  ['applicationSecurityGroups', 'Microsoft.Network/applicationSecurityGroups/joinIpConfiguration/action'],
  ['loadBalancerBackendAddressPools', 'Microsoft.Network/loadBalancers/backendAddressPools/join/action'],
  ['loadBalancerInboundNatRules', 'Microsoft.Network/loadBalancers/inboundNatRules/join/action'],
  ['applicationGatewayBackendAddressPools', 'Microsoft.Network/applicationGateways/backendAddressPools/join/action'],
];

function configurationOf(
  call: Call,
  given: Json,
  nicId: string,
  region: string,
  before: ArmResource | undefined,
  alone: boolean,
): Json {
  const name = text(given.name);
  if (name === undefined || name === '') {
    throw refuse('InvalidRequestFormat', `Cannot parse the request: an IP configuration of ${nicId} has no name.`);
  }
  const wanted = record(given.properties);
  const known = inlineChildren(before ?? { id: nicId, name: '', type }, 'ipConfigurations')?.find((each) =>
    same(each.name, name),
  );
  const printed: Json = { ...without(wanted, readOnly), provisioningState: 'Succeeded' };
  const subnet = idAt(wanted, 'subnet');
  if (subnet === undefined) {
    throw refuse(
      'IpConfigurationSubnetReferenceMissing',
      `IP configuration ${nicId}/ipConfigurations/${name} must reference a subnet.`,
    );
  }
  demandReference(call, nicId, subnet, region, 'Microsoft.Network/virtualNetworks/subnets/join/action');
  const method = text(wanted.privateIPAllocationMethod) ?? 'Dynamic';
  const asked = text(wanted.privateIPAddress);
  if (same(method, 'Static') && asked === undefined) {
    throw refuse(
      'PrivateIPAddressMissing',
      `Private IP address is missing for static IP configuration ${nicId}/ipConfigurations/${name}.`,
    );
  }
  printed.privateIPAddress = asked ?? text(at(known?.properties, 'privateIPAddress')) ?? freeAddress(call, subnet);
  printed.privateIPAllocationMethod = method;
  const address = idAt(wanted, 'publicIPAddress');
  if (address !== undefined) {
    demandReference(call, nicId, address, region, 'Microsoft.Network/publicIPAddresses/join/action');
    const holder = call.azure.relations.holderOfAddress(address);
    if (holder !== undefined && !holder.toLowerCase().startsWith(`${nicId.toLowerCase()}/`)) {
      throw refuse(
        'PublicIPAddressInUse',
        `Resource ${nicId}/ipConfigurations/${name} is referencing public IP address ${address} that is already allocated to resource ${holder}.`,
      );
    }
  }
  if (known === undefined) {
    printed.primary ??= alone;
    printed.privateIPAddressVersion ??= 'IPv4';
  }
  for (const [field, join] of lists) {
    const targets = records(wanted[field]).map((each) => text(each.id) ?? '');
    for (const target of targets) demandReference(call, nicId, target, region, join);
  }
  return {
    name: known?.name ?? name,
    id: known?.id ?? `${nicId}/ipConfigurations/${name}`,
    type: `${type}/ipConfigurations`,
    properties: printed,
  };
}

/** Fields that Azure keeps whatever a PUT says of them. */
const kept = [
  'resourceGuid',
  'macAddress',
  'primary',
  'virtualMachine',
  'vnetEncryptionSupported',
  'hostedWorkloads',
  'tapConfigurations',
  'nicType',
  'allowPort25Out',
  'privateEndpoint',
];

/** Fields that go back to false when a PUT does not name them. */
const switches = ['enableAcceleratedNetworking', 'enableIPForwarding', 'disableTcpStateTracking'];

/** DNS settings after a PUT: the servers that it names, and what Azure adds on its own. */
function dnsSettings(wanted: Json, was: Json): Json {
  if (wanted.dnsSettings === undefined && was.dnsSettings === undefined) return {};
  const servers = texts(at(wanted.dnsSettings, 'dnsServers'));
  return {
    dnsSettings: {
      ...record(was.dnsSettings),
      ...record(wanted.dnsSettings),
      dnsServers: servers,
      appliedDnsServers: servers,
    },
  };
}

/** The interface that a PUT leaves behind: everything that the body does not say is gone, but for what Azure keeps itself. */
function replacement(call: Call, id: string, region: string, body: Json, before: ArmResource | undefined): ArmResource {
  const wanted = record(body.properties);
  const configurations = configurationsOf(call, id, region, wanted, before);
  const group = idAt(wanted, 'networkSecurityGroup');
  demandReference(call, id, group, region, 'Microsoft.Network/networkSecurityGroups/join/action');
  const etag = newEtag();
  const was = record(before?.properties);
  const own: Json = before === undefined ? { resourceGuid: guidOf(etag), nicType: 'Standard' } : {};
  for (const field of kept) if (was[field] !== undefined) own[field] = was[field];
  for (const field of switches) if (wanted[field] === undefined && was[field] !== undefined) own[field] = false;
  const tags = tagsOf(body);
  return {
    name: before?.name ?? id.slice(id.lastIndexOf('/') + 1),
    id,
    etag,
    type: before?.type ?? type,
    location: before?.location ?? region,
    ...(tags !== undefined && { tags }),
    ...(before?.kind !== undefined && { kind: before.kind }),
    ...(body.extendedLocation !== undefined && { extendedLocation: body.extendedLocation }),
    properties: {
      ...without(wanted, [...readOnly, ...kept]),
      ...own,
      ...dnsSettings(wanted, was),
      provisioningState: 'Updating',
      ipConfigurations: configurations.map((each) => ({ ...each, etag })),
      ...(group !== undefined && { networkSecurityGroup: { id: group } }),
    },
  };
}

function configurationsOf(
  call: Call,
  id: string,
  region: string,
  wanted: Json,
  before: ArmResource | undefined,
): Json[] {
  const given = records(wanted.ipConfigurations);
  if (given.length === 0) {
    throw refuse(
      'NetworkInterfaceMustHaveAtLeastOneIpConfiguration',
      `Network interface ${id} must have at least one IP configuration.`,
    );
  }
  const names = given.map((each) => text(each.name)?.toLowerCase());
  if (new Set(names).size !== names.length) {
    throw refuse('DuplicateResourceName', `Resource ${id} has two child resources with the same name.`);
  }
  const configurations = given.map((each) => configurationOf(call, each, id, region, before, given.length === 1));
  const primaries = configurations.filter((each) => at(each, 'properties', 'primary') === true).length;
  const [only] = configurations;
  const implied = configurations.length === 1 && at(only, 'properties', 'primary') === undefined;
  if (primaries !== 1 && !implied) {
    throw refuse(
      'IpConfigurationsOnNicMustHaveOnePrimary',
      `Network interface ${id} must have exactly one IP configuration that is primary.`,
    );
  }
  return configurations;
}

const put: Handler = (call) => {
  demandGroup(call);
  const { store, pace } = call.azure;
  const before = store.get(call.path);
  const id = before?.id ?? call.path;
  const body = bodyOf(call);
  demandMatch(call, before);
  const region = demandRegion(call, body, before);
  const wanted = replacement(call, id, region, body, before);
  demandIdle(call, id);
  store.put(wanted, { pending: true });
  const settle = (state: string): void => {
    const now = store.get(id);
    if (now !== undefined && now.etag === wanted.etag)
      store.put(withState(now, state), { pending: state !== 'Succeeded', silent: true });
  };
  const { headers } = startNetwork(call, region, {
    target: id,
    duration: pace.network,
    finish: () => settle('Succeeded'),
    fail: () => settle('Failed'),
  });
  return { status: before === undefined ? 201 : 200, headers, body: present(wanted, call.azure) };
};

const patch: Handler = (call) => {
  const before = resourceAt(call);
  demandMatch(call, before);
  const tags = tagsOf(bodyOf(call));
  const { tags: _, ...rest } = before;
  const after: ArmResource = { ...rest, etag: newEtag(), ...(tags !== undefined && { tags }) };
  call.azure.store.put(after);
  return ok(present(after, call.azure));
};

const remove: Handler = (call) => {
  const { store, relations } = call.azure;
  const before = store.get(call.path);
  if (before === undefined) return { status: 204 };
  const machine = relations.machineOfInterface(before.id);
  if (machine !== undefined) {
    throw refuse(
      'NicInUse',
      `Network Interface ${before.id} is used by existing resource ${machine}. In order to delete the network interface, it must be dissociated from the resource. To learn more, see aka.ms/deletenic.`,
    );
  }
  return startNetworkDeletion(call, before);
};

/** Effective rules and routes are worked out for interfaces of running machines only. */
function effective(code: string, subject: string, compute: (id: string, call: Call) => Json[]): Handler {
  return (call) => {
    const nic = ownerAt(call);
    const machineId = call.azure.relations.machineOfInterface(nic.id);
    const machine = machineId === undefined ? undefined : call.azure.store.get(machineId);
    if (machine === undefined || powerState(machine) !== 'PowerState/running') {
      throw refuse(
        code,
        `A network interface must be attached to a running virtual machine to get effective ${subject}. The network interface ${nic.id} is not attached to a running virtual machine.`,
      );
    }
    const { headers } = startNetwork(
      call,
      nic.location ?? '',
      {
        target: `${nic.id}/${subject}/${call.azure.operations.count()}`,
        duration: call.azure.pace.effectiveRules,
        result: () => ({ value: compute(nic.id, call) }),
      },
      'location',
    );
    return { status: 202, headers };
  };
}

const root = `/subscriptions/{subscription}/resourceGroups/{group}/providers/${type}/{name}`;

export const networkInterfaceRoutes: Route[] = [
  { method: 'PUT', template: root, handler: put },
  { method: 'PATCH', template: root, handler: patch },
  { method: 'DELETE', template: root, handler: remove },
  {
    method: 'POST',
    template: `${root}/effectiveNetworkSecurityGroups`,
    handler: effective('NicMustBeAttachedToRunningVmToGetEffectiveSecurityGroups', 'security groups', (id, call) =>
      effectiveSecurityGroups(id, call.azure.store),
    ),
  },
  {
    method: 'POST',
    template: `${root}/effectiveRouteTable`,
    handler: effective('NicMustBeAttachedToRunningVmToGetEffectiveRoutes', 'routes', (id, call) =>
      effectiveRoutes(id, call.azure.store),
    ),
  },
];
