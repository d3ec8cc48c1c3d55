import { contains, readBlock, restOf } from './addresses.ts';
import { at, idAt, type Json, record, records, same, text, texts } from './json.ts';
import { parentId, within } from './resource-id.ts';
import { defaultSecurityRules } from './security-rule.ts';
import { find, inlineChildren, type Store } from './store.ts';
import type { ArmResource } from './world.ts';

// What Azure works out for a network interface, made here from the documents (network security groups overview, service
// tags overview, virtual network traffic routing, security admin rules) and from recorded answers alone. The product's own
// evaluation of rules is another piece of work, so that the two can disagree.

/** Addresses outside the Internet tag: private, shared, loopback, link-local, reserved, and the platform's host address. */
const notInternet = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '168.63.129.16/32',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.168.0.0/16',
  '224.0.0.0/3',
];
const hostAddress = '168.63.129.16/32';

type Read = (id: string) => ArmResource | undefined;

/** Reads resources as the data plane has them. */
const appliedReader =
  (store: Store): Read =>
  (id) =>
    find(store, id, (each) => store.applied(each));

const distinct = (items: string[]): string[] => [...new Set(items)];

/** The subnets in which an interface has addresses, the primary one first. */
export function subnetsOf(nic: ArmResource): string[] {
  const configurations = [...(inlineChildren(nic, 'ipConfigurations') ?? [])];
  configurations.sort(
    (a, b) => Number(at(b.properties, 'primary') === true) - Number(at(a.properties, 'primary') === true),
  );
  return distinct(configurations.map((each) => idAt(each.properties, 'subnet')).filter((id) => id !== undefined));
}

function addressSpace(network: ArmResource | undefined): string[] {
  return texts(at(network?.properties, 'addressSpace', 'addressPrefixes'));
}

interface Peering {
  remote: string | undefined;
  prefixes: string[];
}

/** Peerings over which traffic flows, with the remote network's addresses. */
function peeringsOf(network: ArmResource, read: Read): Peering[] {
  const found: Peering[] = [];
  for (const { properties } of inlineChildren(network, 'virtualNetworkPeerings') ?? []) {
    const state = text(at(properties, 'peeringState'));
    if ((state !== undefined && state !== 'Connected') || at(properties, 'allowVirtualNetworkAccess') === false)
      continue;
    const remote = idAt(properties, 'remoteVirtualNetwork');
    const live = remote === undefined ? [] : addressSpace(read(remote));
    const printed = [
      ...texts(at(properties, 'remoteVirtualNetworkAddressSpace', 'addressPrefixes')),
      ...texts(at(properties, 'remoteAddressSpace', 'addressPrefixes')),
    ];
    found.push({ remote, prefixes: distinct(live.length > 0 ? live : printed) });
  }
  return found;
}

interface Route {
  name: string;
  prefix: string;
  hop: string;
  address: string | undefined;
}

function userRoutes(subnet: ArmResource | undefined, read: Read): Route[] {
  const table = idAt(subnet?.properties, 'routeTable');
  const routes = table === undefined ? undefined : read(table);
  if (routes === undefined) return [];
  return (inlineChildren(routes, 'routes') ?? []).map(({ name, properties }) => ({
    name,
    prefix: text(at(properties, 'addressPrefix')) ?? '',
    hop: text(at(properties, 'nextHopType')) ?? 'None',
    address: text(at(properties, 'nextHopIpAddress')),
  }));
}

/**
 * The prefixes behind the VirtualNetwork tag for a subnet: the network's own space, peered networks, the host's address,
 * and prefixes of user-defined routes that keep traffic inside (which makes it 0.0.0.0/0 under forced tunnelling).
 */
function virtualNetworkTag(network: ArmResource | undefined, subnet: ArmResource | undefined, read: Read): string[] {
  if (network === undefined) return [hostAddress];
  const routed = userRoutes(subnet, read)
    .filter(({ hop }) => /^(virtualappliance|virtualnetworkgateway|vnetlocal)/i.test(hop))
    .map(({ prefix }) => prefix);
  const peered = peeringsOf(network, read).flatMap(({ prefixes }) => prefixes);
  return distinct([...addressSpace(network), ...peered, ...routed, hostAddress]);
}

type TagMap = Record<string, string[]>;

function tagsFor(network: ArmResource | undefined, subnet: ArmResource | undefined, read: Read): TagMap {
  const inside = virtualNetworkTag(network, subnet, read);
  const own = inside.filter((prefix) => prefix !== '0.0.0.0/0');
  const blocks = [...notInternet, ...own].map((prefix) => readBlock(prefix)).filter((block) => block !== undefined);
  return { VirtualNetwork: inside, Internet: restOf(blocks), AzureLoadBalancer: [hostAddress] };
}

const ports = (value: string): string =>
  value === '*' ? '0-65535' : /^\d+$/.test(value) ? `${value}-${value}` : value;

function address(value: string): string {
  if (value === '*') return '0.0.0.0/0';
  if (value.includes('/') || readBlock(value) === undefined) return value;
  return `${value}/${value.includes(':') ? 128 : 32}`;
}

const protocols: ReadonlyMap<string, string> = new Map(
  Object.entries({ tcp: 'Tcp', udp: 'Udp', '*': 'All', any: 'All', all: 'All' }),
);
const capital = (value: unknown): string => {
  const low = String(value ?? '').toLowerCase();
  return low.charAt(0).toUpperCase() + low.slice(1);
};

/** Private addresses of the configurations that are members of application security groups, as single-address blocks. */
function membersOf(groups: Json[], store: Store): string[] {
  const found: string[] = [];
  for (const nic of store.ofType('Microsoft.Network/networkInterfaces')) {
    const state = store.applied(nic.id) ?? nic;
    for (const { properties } of inlineChildren(state, 'ipConfigurations') ?? []) {
      const members = records(at(properties, 'applicationSecurityGroups')).map((group) => text(group.id));
      const own = text(at(properties, 'privateIPAddress'));
      if (own !== undefined && groups.some((group) => members.some((id) => same(id, text(group.id)))))
        found.push(address(own));
    }
  }
  return distinct(found);
}

function sideOf(rule: Json, side: 'source' | 'destination', tags: TagMap, store: Store): Json {
  const properties = record(rule.properties);
  const title = side === 'source' ? 'Source' : 'Destination';
  const one = text(properties[`${side}AddressPrefix`]);
  const groups = records(properties[`${side}ApplicationSecurityGroups`]);
  const written = [...(one === undefined || one === '' ? [] : [one]), ...texts(properties[`${side}AddressPrefixes`])];
  const prefixes = groups.length > 0 ? membersOf(groups, store) : written.map(address);
  const onePort = text(properties[`${side}PortRange`]);
  const ranges = [
    ...(onePort === undefined || onePort === '' ? [] : [onePort]),
    ...texts(properties[`${side}PortRanges`]),
  ].map(ports);
  const printed: Json = {};
  if (ranges.length === 1) printed[`${side}PortRange`] = ranges[0];
  printed[`${side}PortRanges`] = ranges;
  if (prefixes.length === 1) printed[`${side}AddressPrefix`] = prefixes[0];
  printed[`${side}AddressPrefixes`] = prefixes;
  const expanded: string[] = [];
  for (const prefix of prefixes) {
    const tag = Object.keys(tags).find((name) => same(name, prefix));
    if (tag !== undefined) expanded.push(...(tags[tag] ?? []));
  }
  if (expanded.length > 0) printed[`expanded${title}AddressPrefix`] = expanded;
  return printed;
}

function printRule(rule: Json, prefix: string, tags: TagMap, store: Store): Json {
  const properties = record(rule.properties);
  // The API's list of protocols ends with Tcp, Udp and All; for ICMP, ESP and AH the field is left out.
  const protocol = protocols.get(String(properties.protocol).toLowerCase());
  return {
    name: `${prefix}${text(rule.name) ?? ''}`,
    ...(protocol !== undefined && { protocol }),
    ...sideOf(rule, 'source', tags, store),
    ...sideOf(rule, 'destination', tags, store),
    access: capital(properties.access),
    priority: properties.priority,
    direction: capital(properties.direction),
  };
}

/** The rule with which each direction ends, whatever the group says. */
const denyAll = (direction: 'Inbound' | 'Outbound'): Json => ({
  name: `Default${direction}DenyAll`,
  protocol: 'All',
  sourcePortRange: '0-65535',
  destinationPortRange: '0-65535',
  sourcePortRanges: ['0-65535'],
  destinationPortRanges: ['0-65535'],
  sourceAddressPrefix: '*',
  destinationAddressPrefix: '*',
  sourceAddressPrefixes: ['*'],
  destinationAddressPrefixes: ['*'],
  access: 'Deny',
  priority: 65500,
  direction,
});

function rulesOf(group: ArmResource, tags: TagMap, store: Store): Json[] {
  const user = records(at(group.properties, 'securityRules'));
  const defaults = defaultSecurityRules(group.id, '', 'Succeeded');
  const found: Json[] = [];
  for (const direction of ['Outbound', 'Inbound'] as const) {
    const here = (rule: Json): boolean => same(text(at(rule, 'properties', 'direction')), direction);
    found.push(denyAll(direction));
    found.push(...defaults.filter(here).map((rule) => printRule(rule, 'DefaultRule_', tags, store)));
    const sorted = user
      .filter(here)
      .sort((a, b) => Number(at(a, 'properties', 'priority')) - Number(at(b, 'properties', 'priority')));
    found.push(...sorted.map((rule) => printRule(rule, 'UserRule_', tags, store)));
  }
  return found;
}

/** What Virtual Network Manager imposes on a network: each rule with the configuration and collection it comes from. */
export interface AdminRule {
  rule: ArmResource;
  configuration: ArmResource | undefined;
  collection: ArmResource | undefined;
  groups: ArmResource[];
  manager: string;
}

/**
 * Security admin rules in force on a virtual network. A network belongs to a network group as a static member, or when a
 * member's id is a scope above it. Every configuration in the world counts as deployed.
 */
export function adminRulesOf(networkId: string, store: Store): AdminRule[] {
  const members = store.ofType('Microsoft.Network/networkManagers/networkGroups/staticMembers');
  const isMember = (group: ArmResource): boolean =>
    members.some((member) => {
      const resource = text(at(member.properties, 'resourceId'));
      return within(member.id, group.id) && resource !== undefined && within(networkId, resource);
    });
  const found: AdminRule[] = [];
  const types = ['rules'].map(
    (kind) => `Microsoft.Network/networkManagers/securityAdminConfigurations/ruleCollections/${kind}`,
  );
  for (const rule of types.flatMap((type) => store.ofType(type))) {
    const collection = store.get(parentId(rule.id));
    const groups = records(at(collection?.properties, 'appliesToGroups'))
      .map((each) => store.get(text(each.networkGroupId) ?? ''))
      .filter((group) => group !== undefined)
      .filter(isMember);
    if (groups.length === 0) continue;
    const configuration = store.get(parentId(parentId(rule.id)));
    const manager = parentId(parentId(parentId(rule.id)));
    found.push({ rule, configuration, collection, groups, manager });
  }
  return found.sort((a, b) => Number(at(a.rule.properties, 'priority')) - Number(at(b.rule.properties, 'priority')));
}

function adminEntries(network: ArmResource, tags: TagMap, store: Store): Json[] {
  const byManager = new Map<string, Json[]>();
  for (const { rule, manager } of adminRulesOf(network.id, store)) {
    const properties = record(rule.properties);
    const prefixes = (field: string): string[] =>
      records(properties[field]).map((each) => text(each.addressPrefix) ?? '*');
    const flat: Json = {
      name: rule.name,
      properties: {
        protocol: same(text(properties.protocol), 'Any') ? '*' : properties.protocol,
        sourcePortRanges: texts(properties.sourcePortRanges),
        destinationPortRanges: texts(properties.destinationPortRanges),
        sourceAddressPrefixes: prefixes('sources'),
        destinationAddressPrefixes: prefixes('destinations'),
        access: same(text(properties.access), 'Deny') ? 'Deny' : 'Allow',
        priority: properties.priority,
        direction: properties.direction,
      },
    };
    const listed = byManager.get(manager) ?? [];
    listed.push(printRule(flat, '', tags, store));
    byManager.set(manager, listed);
  }
  return [...byManager].map(([id, rules]) => ({
    association: { networkManager: { id } },
    effectiveSecurityRules: rules,
  }));
}

/**
 * The value of the effective network security groups of an interface: an entry for the subnet's group and one for the
 * interface's own; none where no group is associated.
 */
export function effectiveSecurityGroups(nicId: string, store: Store): Json[] {
  const read = appliedReader(store);
  const nic = read(nicId);
  if (nic === undefined) return [];
  const entries: Json[] = [];
  for (const subnetId of subnetsOf(nic)) {
    const subnet = read(subnetId);
    const network = read(parentId(subnetId));
    const tags = tagsFor(network, subnet, read);
    const groupId = idAt(subnet?.properties, 'networkSecurityGroup');
    const group = groupId === undefined ? undefined : read(groupId);
    if (group !== undefined) {
      entries.push({
        networkSecurityGroup: { id: group.id },
        association: { subnet: { id: subnetId } },
        effectiveSecurityRules: rulesOf(group, tags, store),
        tagMap: tags,
      });
    }
    if (network !== undefined) entries.push(...adminEntries(network, tags, store));
  }
  const ownId = idAt(nic.properties, 'networkSecurityGroup');
  const own = ownId === undefined ? undefined : read(ownId);
  if (own !== undefined) {
    const first = subnetsOf(nic)[0];
    const subnet = first === undefined ? undefined : read(first);
    const tags = tagsFor(first === undefined ? undefined : read(parentId(first)), subnet, read);
    entries.push({
      networkSecurityGroup: { id: own.id },
      association: { networkInterface: { id: nic.id } },
      effectiveSecurityRules: rulesOf(own, tags, store),
      tagMap: tags,
    });
  }
  return entries;
}

const systemRoutes: [string, string][] = [
  ['0.0.0.0/0', 'Internet'],
  ['10.0.0.0/8', 'None'],
  ['100.64.0.0/10', 'None'],
  ['172.16.0.0/12', 'None'],
  ['192.168.0.0/16', 'None'],
];

/** The effective routes of an interface: system routes, peerings and user-defined ones, which override the same prefix. */
export function effectiveRoutes(nicId: string, store: Store): Json[] {
  const read = appliedReader(store);
  const nic = read(nicId);
  const subnetId = nic === undefined ? undefined : subnetsOf(nic)[0];
  if (subnetId === undefined) return [];
  const network = read(parentId(subnetId));
  if (network === undefined) return [];
  const routes = userRoutes(read(subnetId), read);
  const overridden = new Set(routes.map(({ prefix }) => prefix));
  const route = (prefix: string, hop: string): Json => ({
    source: 'Default',
    state: overridden.has(prefix) ? 'Invalid' : 'Active',
    addressPrefix: [prefix],
    nextHopType: hop,
    nextHopIpAddress: [],
  });
  const space = addressSpace(network);
  const blocks = space.map((prefix) => readBlock(prefix)).filter((block) => block !== undefined);
  const system = systemRoutes.filter(([prefix]) => {
    const block = readBlock(prefix);
    return block === undefined || !blocks.some((own) => contains(own, block));
  });
  return [
    ...space.map((prefix) => route(prefix, 'VnetLocal')),
    ...peeringsOf(network, read).flatMap(({ prefixes }) => prefixes.map((prefix) => route(prefix, 'VNetPeering'))),
    ...system.map(([prefix, hop]) => route(prefix, hop)),
    ...routes.map(({ name, prefix, hop, address: next }) => ({
      name,
      disableBgpRoutePropagation: false,
      source: 'User',
      state: 'Active',
      addressPrefix: [prefix],
      nextHopType: hop,
      nextHopIpAddress: next === undefined ? [] : [next],
    })),
  ];
}
