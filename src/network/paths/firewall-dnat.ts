import { isEmpty, type Json, list, object, properties, referenced, text, texts, whole } from '../../arm/json.ts';
import { nameOf } from '../../arm/resource-id.ts';
import { printable } from '../../text/printable.ts';
import type { NetworkResources } from '../resources.ts';
import type { AddressReader } from '../sets/address-prefixes.ts';
import { ALL_V4, ALL_V6, addressesOf, INTERNET_V4, INTERNET_V6, parsePrefix } from '../sets/address-set.ts';
import { type Intervals, intersect, overlaps, subtract, union } from '../sets/interval-set.ts';
import { formatPorts, isAllPorts, parsePorts } from '../sets/port-set.ts';
import { protocolsOf, WITH_PORTS } from '../sets/protocols.ts';
import { addressOf, networkOf, type Space, subnetPrefixes } from '../virtual-networks.ts';
import type { Clients, PortRange } from './internet-path.ts';
import type { Relay } from './layer7-relays.ts';
import { publicAddressOf } from './public-addresses.ts';

/** What private networks use (RFC 1918), for a hop whose own subnet is not known. */
const PRIVATE = addressesOf(['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16']).v4;

interface DnatRule {
  name: string;
  protocols: number;
  sources: Clients;
  destinations: readonly string[];
  ports: Intervals<number>;
  translatedAddress: string;
  translatedName: string;
  translatedPorts: Intervals<number> | undefined;
}

interface Firewall {
  id: string;
  addresses: readonly string[];
  from: Space;
  fromKey: string;
  network: string;
  privateAddress: string;
}

/** A part of what a rule matches that no rule before it took. */
interface Share {
  ports: PortRange;
  v4: Intervals<number>;
  v6: Intervals<bigint>;
}

/**
 * The destination NAT of every Azure Firewall, with classic rules or a policy. Rules are tried in order and the first
 * match translates, so a rule leads in only what no rule before it took. The firewall puts one of its own subnet's
 * addresses in place of the client's.
 * https://learn.microsoft.com/azure/firewall/rule-processing and
 * https://techcommunity.microsoft.com/blog/azurenetworksecurityblog/azure-firewall-nat-behaviors/3825834
 */
export function firewallRelays(
  resources: NetworkResources,
  reader: AddressReader,
): { relays: Relay[]; notes: { network: string; note: string }[] } {
  const relays: Relay[] = [];
  const notes: { network: string; note: string }[] = [];
  for (const body of resources.ofType('Microsoft.Network/azureFirewalls')) {
    const firewall = firewallOf(body, resources);
    const note = (sentence: string) => notes.push({ network: firewall.network, note: sentence });
    const rules = rulesOf(body, resources, reader, note);
    if (rules.denies) {
      note(
        `firewall ${nameOf(firewall.id)} has network rules that deny: they could also stop what its DNAT rules translate; taken as not stopping it`,
      );
    }
    relays.push(...translations(firewall, rules.dnat, note));
  }
  return { relays, notes };
}

function firewallOf(body: Json, resources: NetworkResources): Firewall {
  const props = properties(body);
  const addresses: string[] = [];
  let from: Space = { v4: [], v6: [] };
  let network = '';
  let privateAddress = '';
  for (const raw of list(props.ipConfigurations)) {
    const config = properties(raw);
    const address = publicAddressOf(config.publicIPAddress, resources, 4);
    if (address !== undefined) addresses.push(address.address);
    const subnet = referenced(config.subnet);
    if (subnet !== '') {
      network = networkOf(subnet).toLowerCase();
      const space = subnetPrefixes(resources.get(subnet));
      from = { v4: union(from.v4, space.v4), v6: union(from.v6, space.v6) };
    }
    privateAddress = privateAddress || text(config.privateIPAddress);
  }
  const hub = object(props.hubIPAddresses);
  for (const raw of list(object(hub.publicIPs).addresses)) addresses.push(text(object(raw).address));
  privateAddress = privateAddress || text(hub.privateIPAddress);
  // In a virtual hub any instance's address may take the client's place: all of them are in the hub's prefix.
  const hubPrefix = text(properties(resources.get(referenced(props.virtualHub))).addressPrefix);
  if (from.v4.length === 0) from = addressOf(hubPrefix) ?? addressOf(privateAddress) ?? { v4: PRIVATE, v6: [] };
  const id = text(body.id);
  return {
    id,
    addresses: [...new Set(addresses.filter((address) => address !== ''))],
    from,
    fromKey: id.toLowerCase(),
    network,
    privateAddress,
  };
}

/** DNAT rules in the order they are tried: a parent policy's before its child's, by priority within each. */
function rulesOf(
  body: Json,
  resources: NetworkResources,
  reader: AddressReader,
  note: (sentence: string) => void,
): { dnat: DnatRule[]; denies: boolean } {
  const props = properties(body);
  const dnat: DnatRule[] = [];
  let denies = list(props.networkRuleCollections).some(
    (raw) => text(object(properties(raw).action).type).toLowerCase() === 'deny',
  );
  const where = `firewall ${nameOf(text(body.id))}`;
  for (const collection of byPriority(list(props.natRuleCollections), (raw) => properties(raw).priority)) {
    const inner = properties(collection);
    if (text(object(inner.action).type).toLowerCase() === 'snat') continue;
    for (const raw of list(inner.rules)) dnat.push(ruleOf(object(raw), resources, reader, where, note));
  }

  const policies: string[] = [];
  let policy = referenced(props.firewallPolicy);
  while (policy !== '' && policies.length < 8 && !policies.includes(policy.toLowerCase())) {
    policies.unshift(policy.toLowerCase());
    const found = resources.get(policy);
    if (found === undefined) {
      note(
        `firewall policy ${nameOf(policy)} of ${where} was not read: its DNAT rules may lead in more; needs Reader on it`,
      );
    }
    policy = referenced(properties(found).basePolicy);
  }
  for (const id of policies) {
    const groups = new Map<string, Json>();
    const type = 'Microsoft.Network/firewallPolicies/ruleCollectionGroups';
    for (const group of resources.childrenOf(id, type)) groups.set(text(group.id).toLowerCase(), group);
    const policyProps = properties(resources.get(id));
    for (const raw of list(policyProps.ruleCollectionGroups)) {
      const key = referenced(raw).toLowerCase();
      if (!isEmpty(properties(raw)) && !groups.has(key)) groups.set(key, object(raw));
      if (!groups.has(key)) {
        note(
          `rule collection group ${nameOf(key)} of firewall policy ${nameOf(id)} was not read: its DNAT rules may lead in more; needs Reader on the policy`,
        );
      }
    }
    for (const group of byPriority([...groups.values()], (raw) => properties(raw).priority)) {
      for (const raw of byPriority(list(properties(group).ruleCollections), (item) => object(item).priority)) {
        const collection = object(raw);
        const action = text(object(collection.action).type).toLowerCase();
        if (action === 'deny') denies = true;
        if (action !== 'dnat') continue;
        for (const rule of list(collection.rules)) dnat.push(ruleOf(object(rule), resources, reader, where, note));
      }
    }
  }
  return { dnat, denies };
}

function byPriority<V>(items: readonly V[], priority: (item: V) => unknown): V[] {
  return items.toSorted((a, b) => (whole(priority(a)) ?? 0) - (whole(priority(b)) ?? 0));
}

function ruleOf(
  rule: Json,
  resources: NetworkResources,
  reader: AddressReader,
  where: string,
  note: (sentence: string) => void,
): DnatRule {
  const name = printable(text(rule.name), 120);
  let protocols = 0;
  for (const protocol of [...texts(rule.protocols), ...texts(rule.ipProtocols)])
    protocols |= protocolsOf(protocol) ?? 0;
  const prefixes = texts(rule.sourceAddresses);
  const tags: string[] = [];
  for (const id of texts(rule.sourceIpGroups)) {
    const group = resources.get(id);
    if (group === undefined) {
      tags.push(`IP group ${nameOf(id)}`);
      note(`IP group ${nameOf(id)}, the source of DNAT rule ${name} of ${where}, was not read; needs Reader on it`);
    }
    prefixes.push(...texts(properties(group).ipAddresses));
  }
  if (prefixes.length === 0 && tags.length === 0) prefixes.push('*');
  const spec = reader.read(prefixes, []);
  tags.push(...spec.unresolved);
  if (spec.unresolved.length > 0) {
    note(`DNAT rule ${name} of ${where} lets in ${spec.unresolved.join(', ')}, whose addresses are not known here`);
  }
  const everyone = spec.any || spec.internet;
  const destination = parsePorts(texts(rule.destinationPorts));
  const translated = text(rule.translatedPort).trim();
  const translatedPorts = translated === '' ? undefined : parsePorts([translated]).ports;
  if (destination.unread.length > 0) {
    note(`DNAT rule ${name} of ${where} has ports “${destination.unread.join(', ')}” that cannot be read`);
  }
  const translatedName = printable(text(rule.translatedFqdn), 120);
  if (translatedName !== '') {
    note(`DNAT rule ${name} of ${where} leads to the name ${translatedName}: whether that is this VM is not known`);
  }
  return {
    name,
    protocols: protocols & WITH_PORTS,
    sources: {
      v4: everyone ? ALL_V4 : spec.v4,
      v6: everyone ? ALL_V6 : spec.v6,
      tags,
    },
    destinations: texts(rule.destinationAddresses),
    ports: destination.ports,
    translatedAddress: text(rule.translatedAddress).trim(),
    translatedName,
    translatedPorts: translatedPorts === undefined || isAllPorts(translatedPorts) ? undefined : translatedPorts,
  };
}

function translations(firewall: Firewall, rules: readonly DnatRule[], note: (sentence: string) => void): Relay[] {
  const relays: Relay[] = [];
  // What earlier rules took, by protocol bit and public address.
  const taken = new Map<string, Share[]>();
  for (const rule of rules) {
    for (const address of publicDestinations(rule, firewall)) {
      for (const bit of [1, 2]) {
        if ((rule.protocols & bit) === 0) continue;
        const key = `${bit}|${address}`;
        const before = taken.get(key) ?? [];
        const whole = sharesOf(rule);
        if (rule.translatedAddress !== '') {
          for (const share of whole.flatMap((part) => notTaken(part, before))) {
            relays.push(...relaysOf(firewall, rule, bit, address, share));
          }
        }
        taken.set(key, [...before, ...whole]);
      }
    }
  }
  if (relays.length > 10_000) note(`firewall ${nameOf(firewall.id)} has more DNAT translations than are followed here`);
  return relays.slice(0, 10_000);
}

/** The public addresses that a rule listens on. Its private ones are not for the Internet. */
function publicDestinations(rule: DnatRule, firewall: Firewall): string[] {
  const found: string[] = [];
  for (const text of rule.destinations) {
    if (text.trim() === '*' || text.trim().toLowerCase() === 'any') found.push(...firewall.addresses);
    const prefix = parsePrefix(text);
    if (prefix === undefined) continue;
    const single = prefix.family === 4 ? prefix.end - prefix.start === 1 : prefix.end - prefix.start === 1n;
    if (single) {
      const isPublic =
        prefix.family === 4
          ? overlaps([prefix.start, prefix.end], INTERNET_V4)
          : overlaps([prefix.start, prefix.end], INTERNET_V6);
      if (isPublic) found.push(text.trim().replace(/\/\d+$/, ''));
      continue;
    }
    for (const address of firewall.addresses) {
      const own = parsePrefix(address);
      if (own?.family === 4 && prefix.family === 4 && prefix.start <= own.start && own.end <= prefix.end)
        found.push(address);
      if (own?.family === 6 && prefix.family === 6 && prefix.start <= own.start && own.end <= prefix.end)
        found.push(address);
    }
  }
  return [...new Set(found)];
}

function sharesOf(rule: DnatRule): Share[] {
  const shares: Share[] = [];
  for (let i = 0; i < rule.ports.length; i += 2) {
    const from = rule.ports[i] ?? 0;
    const to = (rule.ports[i + 1] ?? 0) - 1;
    shares.push({ ports: { from, to }, v4: rule.sources.v4, v6: rule.sources.v6 });
  }
  return shares;
}

function notTaken(share: Share, before: readonly Share[]): Share[] {
  let parts = [share];
  for (const other of before) {
    parts = parts.flatMap((part) => {
      const from = Math.max(part.ports.from, other.ports.from);
      const to = Math.min(part.ports.to, other.ports.to);
      if (from > to) return [part];
      const rest: Share[] = [];
      if (part.ports.from < from) rest.push({ ...part, ports: { from: part.ports.from, to: from - 1 } });
      if (to < part.ports.to) rest.push({ ...part, ports: { from: to + 1, to: part.ports.to } });
      rest.push({ ports: { from, to }, v4: subtract(part.v4, other.v4), v6: subtract(part.v6, other.v6) });
      return rest;
    });
  }
  return parts;
}

function relaysOf(firewall: Firewall, rule: DnatRule, bit: number, address: string, share: Share): Relay[] {
  const v4 = intersect(share.v4, INTERNET_V4);
  const v6 = intersect(share.v6, INTERNET_V6);
  if (v4.length === 0 && v6.length === 0 && rule.sources.tags.length === 0) return [];
  const to = rule.translatedPorts;
  const first = to?.[0];
  const last = to?.[1];
  const whole = rule.ports.length === 2 && share.ports.from === rule.ports[0] && share.ports.to + 1 === rule.ports[1];
  const back: PortRange =
    first === undefined || last === undefined
      ? share.ports
      : last - first === 1 || whole
        ? { from: first, to: last - 1 }
        : { from: first + share.ports.from - (rule.ports[0] ?? 0), to: first + share.ports.to - (rule.ports[0] ?? 0) };
  const target = rule.translatedAddress.replace(/\/\d+$/, '');
  return [
    {
      via: 'firewall-dnat',
      id: firewall.id,
      rule: rule.name,
      protocols: bit,
      address,
      front: share.ports,
      clients: { v4, v6, tags: rule.sources.tags },
      target: { address: target },
      back,
      from: firewall.from,
      fromKey: firewall.fromKey,
      network: firewall.network,
      privateAddress: firewall.privateAddress,
      hops: [
        `${address} (public address of firewall ${nameOf(firewall.id)})`,
        `firewall ${nameOf(firewall.id)}, DNAT rule ${rule.name}: port ${formatPorts(rule.ports)} → ${target}:${to === undefined ? 'the same' : formatPorts(to)}`,
      ],
    },
  ];
}
