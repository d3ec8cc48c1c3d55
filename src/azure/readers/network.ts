import { isObject, type Json, listAt, textAt } from '../../arm/json.ts';
import { beforeOf } from '../../arm/lock-tags.ts';
import { parentOf, parseResourceId, shortName } from '../../arm/resource-id.ts';
import { scaleSetInstanceOf } from '../../arm/scale-set-instance.ts';
import type { Fact } from '../../documents/fact.ts';
import type { Exposure, Firewall, VirtualMachine } from '../../documents/triage.ts';
import { evaluateExposure } from '../../network/exposure.ts';
import { firewallInFront } from '../../network/paths/firewall-route.ts';
import { NetworkResources, type Unreadable } from '../../network/resources.ts';
import type { SecondOpinion } from '../../network/rules/effective-rules.ts';
import type { AdminRules } from '../../network/rules/rule-lists.ts';
import type { PublishedTags } from '../../network/sets/address-prefixes.ts';
import type { Connection } from '../client/connection.ts';
import { azureError, unknownFrom, whyOf } from '../client/failure.ts';
import { loadQuery } from '../client/load-query.ts';
import { queryGraph } from '../client/resource-graph.ts';
import { readAdminRules } from './admin-rules.ts';
import { readEffectiveRules } from './effective-rules.ts';
import { curedByEligibility } from './eligible-roles.ts';
import { readNetworkResource } from './network-interface.ts';
import { unsettledParts } from './unsettled-parts.ts';

/** What decides one VM's exposure, as Azure prints it now, and what could not be read of it. */
export interface NetworkReading {
  resources: NetworkResources;
  /** Security admin rules of Virtual Network Manager, which come before every network security group. */
  adminRules: AdminRules;
  unreadable: Unreadable[];
  /** Public addresses found at the VM's interfaces. */
  publicAddresses: string[];
}

const source = 'Azure Resource Manager · network configuration';

function unreadableFrom(id: string, error: unknown): Unreadable {
  const type = parseResourceId(id)?.type ?? 'Microsoft.Network';
  const unknown = unknownFrom(error, source, {
    permission: `${type}/read`,
    role: 'Reader',
    scope: shortName(id),
  });
  return { what: id, why: unknown.why, because: unknown.because, cure: unknown.cure };
}

/** ".../loadBalancers/lb/backendAddressPools/p" -> ".../loadBalancers/lb" */
function parentId(id: string): string {
  return id.split('/').slice(0, -2).join('/');
}

function idsAt(value: unknown, ...path: string[]): string[] {
  return listAt(value, ...path)
    .map((entry) => textAt(entry, 'id'))
    .filter((id) => id !== '');
}

/** Ids that a network interface points to and that decide who reaches it. */
function referencesOf(nic: unknown): string[] {
  const ids = [textAt(nic, 'properties', 'networkSecurityGroup', 'id')];
  for (const configuration of listAt(nic, 'properties', 'ipConfigurations')) {
    const subnet = textAt(configuration, 'properties', 'subnet', 'id');
    ids.push(
      textAt(configuration, 'properties', 'publicIPAddress', 'id'),
      subnet === '' ? '' : parentId(subnet),
      ...idsAt(configuration, 'properties', 'loadBalancerBackendAddressPools').map(parentId),
      ...idsAt(configuration, 'properties', 'loadBalancerInboundNatRules').map(parentId),
    );
  }
  return ids.filter((id) => id !== '');
}

/** Ids that a subnet or a load balancer's frontend points to. */
function secondReferences(resources: NetworkResources, nic: unknown): string[] {
  const ids: string[] = [];
  for (const configuration of listAt(nic, 'properties', 'ipConfigurations')) {
    const subnet = resources.get(textAt(configuration, 'properties', 'subnet', 'id'));
    ids.push(
      textAt(subnet, 'properties', 'networkSecurityGroup', 'id'),
      textAt(subnet, 'properties', 'routeTable', 'id'),
    );
    const balancers = [
      ...idsAt(configuration, 'properties', 'loadBalancerBackendAddressPools'),
      ...idsAt(configuration, 'properties', 'loadBalancerInboundNatRules'),
    ].map(parentId);
    for (const balancer of new Set(balancers)) {
      for (const frontend of listAt(resources.get(balancer), 'properties', 'frontendIPConfigurations')) {
        ids.push(textAt(frontend, 'properties', 'publicIPAddress', 'id'));
      }
    }
  }
  return ids.filter((id) => id !== '');
}

/**
 * Ids of the VM's interfaces and of what decides who reaches them: security groups, addresses, load balancers,
 * route tables. A subnet stands for its virtual network, which other VMs share.
 */
export function networkPartsOf(reading: NetworkReading, vm: VirtualMachine): string[] {
  const nics = vm.networkInterfaces.map((id) => reading.resources.get(id));
  const subnets = nics
    .flatMap((nic) => listAt(nic, 'properties', 'ipConfigurations'))
    .map((configuration) => textAt(configuration, 'properties', 'subnet', 'id'))
    .filter((id) => id !== '');
  const networks = new Set(subnets.map((id) => parentId(id).toLowerCase()));
  const around = nics.flatMap((nic) => [...referencesOf(nic), ...secondReferences(reading.resources, nic)]);
  const parts = [...vm.networkInterfaces, ...subnets, ...around.filter((id) => !networks.has(id.toLowerCase()))];
  return [...parts, ...vm.networkInterfaces.flatMap((id) => groupBefore(reading, id))];
}

/** The security group that a lock of cordon's took from an interface: what was done to it is still of this VM. */
function groupBefore(reading: NetworkReading, networkInterface: string): string[] {
  const nic = reading.resources.get(networkInterface);
  const group = reading.resources.get(textAt(nic, 'properties', 'networkSecurityGroup', 'id'));
  const before = isObject(group) ? beforeOf(group, networkInterface) : undefined;
  return before ? [before] : [];
}

/** The virtual networks of these interfaces' subnets. */
function networksOf(nics: unknown[]): string[] {
  const ids = nics
    .flatMap((nic) => listAt(nic, 'properties', 'ipConfigurations'))
    .map((configuration) => parentId(textAt(configuration, 'properties', 'subnet', 'id')))
    .filter((id) => id !== '');
  return [...new Map(ids.map((id) => [id.toLowerCase(), id])).values()];
}

/**
 * Reads what decides one VM's exposure: Resource Graph for what lies around it (firewalls, gateways, peers), and
 * Azure Resource Manager for what decides, because Resource Graph lags behind a change. Without `around` only the latter is read: it
 * is all that the filters in front of an interface depend on.
 */
export async function readNetwork(
  connection: Connection,
  vm: Pick<VirtualMachine, 'networkInterfaces'>,
  options: { signal?: AbortSignal | undefined; around?: boolean } = {},
): Promise<NetworkReading> {
  const { signal } = options;
  const unreadable: Unreadable[] = [];
  const fresh = new Map<string, Json>();
  const read = async (ids: string[]): Promise<void> => {
    const missing = [...new Map(ids.map((id) => [id.toLowerCase(), id])).values()].filter(
      (id) => !fresh.has(id.toLowerCase()),
    );
    await Promise.all(
      missing.map(async (id) => {
        try {
          const body = await readNetworkResource(connection, id);
          if (body) fresh.set(id.toLowerCase(), body);
        } catch (error) {
          unreadable.push(await curedByEligibility(connection, id, unreadableFrom(id, error)));
        }
      }),
    );
  };
  // A hub with its firewall is mostly in another subscription than the VM: all in reach are asked.
  const askAround = async () => {
    if (options.around === false) return { rows: [], truncated: '' };
    return queryGraph(connection, await loadQuery('network-around'), [], signal);
  };
  const around = askAround().catch((error: unknown) => {
    unreadable.push({
      what: 'resources around the VM (firewalls, gateways, peered networks)',
      why: whyOf(error),
      because: azureError(error).message,
      cure: 'refresh',
    });
    return { rows: [], truncated: '' };
  });
  const direct = async () => {
    await read(vm.networkInterfaces);
    const nics = vm.networkInterfaces.map((id) => fresh.get(id.toLowerCase()));
    const admin = readAdminRules(connection, networksOf(nics));
    await read(nics.flatMap(referencesOf));
    const soFar = new NetworkResources(fresh.values());
    await read(nics.flatMap((nic) => secondReferences(soFar, nic)));
    return admin;
  };
  const [graph, adminRules] = await Promise.all([around, direct()]);
  if (graph.truncated)
    unreadable.push({
      what: 'resources around the VM',
      why: 'damaged',
      because: graph.truncated,
      cure: 'refresh',
    });
  const resources = new NetworkResources(graph.rows);
  for (const body of fresh.values()) resources.add(body);
  const publicAddresses = vm.networkInterfaces
    .flatMap((id) => listAt(resources.get(id), 'properties', 'ipConfigurations'))
    .map((configuration) =>
      textAt(resources.get(textAt(configuration, 'properties', 'publicIPAddress', 'id')), 'properties', 'ipAddress'),
    )
    .filter((address) => address !== '');
  return { resources, adminRules, unreadable, publicAddresses };
}

/**
 * How the Internet reaches the VM, by the configuration, compared with Azure's effective rules where those were
 * asked for.
 */
export function exposureOf(
  reading: NetworkReading,
  vm: VirtualMachine,
  asOf: string,
  options: { secondOpinions?: ReadonlyMap<string, SecondOpinion>; serviceTags?: PublishedTags } = {},
): Fact<Exposure> {
  return evaluateExposure({
    vm: { id: vm.id, name: vm.name, os: vm.os, power: vm.power },
    networkInterfaces: vm.networkInterfaces,
    resources: reading.resources,
    adminRules: reading.adminRules,
    unreadable: reading.unreadable,
    asOf,
    source,
    ...options,
  });
}

/** Azure's effective security rules of each interface, or why they could not be read; asked for all at once. */
export async function readSecondOpinions(
  connection: Connection,
  vm: VirtualMachine,
): Promise<Map<string, SecondOpinion>> {
  const answers = await Promise.all(
    vm.networkInterfaces.map(async (id): Promise<[string, SecondOpinion]> => {
      if (scaleSetInstanceOf(parentOf(id))) {
        // The REST API has no such operation below virtualMachineScaleSets (network specification, version 2018-10-01).
        const because = 'Azure reports no effective rules for the interfaces of Uniform scale sets';
        return [id, { why: 'unsupported', because, cure: '' }];
      }
      if (vm.power !== 'running') {
        const because = `not asked: Azure answers only for a VM that runs (${vm.power})`;
        return [id, { why: 'not-asked', because, cure: '' }];
      }
      return [id, await readEffectiveRules(connection, id)];
    }),
  );
  return new Map(answers);
}

/**
 * The exposure of one VM: our answer first, then with Azure's own as the second opinion. `onFirst` gets the
 * former as soon as it is known.
 */
export async function readExposure(
  connection: Connection,
  vm: VirtualMachine,
  onFirst: (fact: Fact<Exposure>, reading: NetworkReading) => void,
  options: { signal?: AbortSignal; serviceTags?: PublishedTags } = {},
): Promise<{ fact: Fact<Exposure>; reading: NetworkReading }> {
  const tags = options.serviceTags ? { serviceTags: options.serviceTags } : {};
  const effective = readSecondOpinions(connection, vm);
  const reading = await readNetwork(connection, vm, { signal: options.signal });
  const unsettled = unsettledParts(
    reading.resources,
    networkPartsOf(reading, vm),
    vm,
    connection.clock.now().toISOString(),
  );
  const noted = (fact: Fact<Exposure>): Fact<Exposure> =>
    fact.state === 'known' ? { ...fact, notSeen: [...fact.notSeen, ...unsettled] } : fact;
  const first = noted(exposureOf(reading, vm, connection.clock.now().toISOString(), tags));
  onFirst(first, reading);
  const opinions = await effective;
  const asOf = connection.clock.now().toISOString();
  return { fact: noted(exposureOf(reading, vm, asOf, { ...tags, secondOpinions: opinions })), reading };
}

/** Does the VM's traffic pass an Azure Firewall? By the routes of its subnets and the DNAT rules of its exposure. */
export function firewallOf(
  reading: NetworkReading,
  vm: VirtualMachine,
  exposure: Fact<Exposure>,
  asOf: string,
): Fact<Firewall> {
  // A gap without an id is about the surroundings of the VM.
  const around = reading.unreadable.find(({ what }) => !what.startsWith('/'));
  return firewallInFront({
    networkInterfaces: vm.networkInterfaces,
    resources: reading.resources,
    aroundUnreadable: around,
    exposure,
    asOf,
    source,
  });
}
