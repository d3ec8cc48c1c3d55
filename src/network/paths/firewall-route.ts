import { type Json, list, properties, referenced, text } from '../../arm/json.ts';
import { nameOf } from '../../arm/resource-id.ts';
import type { Fact, Gap } from '../../documents/fact.ts';
import { known, unknown } from '../../documents/fact.ts';
import type { Exposure, Firewall } from '../../documents/triage.ts';
import { printable } from '../../text/printable.ts';
import type { NetworkResources } from '../resources.ts';
import { Networks, networkOf } from '../virtual-networks.ts';

type Route = Firewall['routes'][number];

/** The firewall at a private address, and the policy that holds its rules. */
interface FirewallThere {
  id: string;
  name: string;
  policy: string;
}

function firewallsByAddress(resources: NetworkResources): Map<string, FirewallThere> {
  const found = new Map<string, FirewallThere>();
  for (const body of resources.ofType('Microsoft.Network/azureFirewalls')) {
    const props = properties(body);
    const id = text(body.id);
    const policy = referenced(props.firewallPolicy);
    const there = { id, name: nameOf(id), policy: policy === '' ? 'classic rules' : nameOf(policy) };
    const addresses = list(props.ipConfigurations).map((raw) => text(properties(raw).privateIPAddress));
    const hub = props.hubIPAddresses;
    if (typeof hub === 'object' && hub !== null) addresses.push(text(Reflect.get(hub, 'privateIPAddress')));
    for (const address of addresses) if (address !== '') found.set(address, there);
  }
  return found;
}

/**
 * The routes of a table that decide over the default: 0.0.0.0/0, or both halves of it. A more specific half wins over
 * the whole (longest prefix).
 * https://learn.microsoft.com/azure/virtual-network/virtual-networks-udr-overview#how-azure-selects-a-route
 */
function defaultRoutes(table: Json): { prefix: string; type: string; hop: string }[] {
  const routes = list(properties(table).routes).map((raw) => {
    const route = properties(raw);
    return {
      prefix: text(route.addressPrefix).trim(),
      type: text(route.nextHopType).toLowerCase(),
      hop: text(route.nextHopIpAddress).trim(),
    };
  });
  const halves = routes.filter(({ prefix }) => prefix === '0.0.0.0/1' || prefix === '128.0.0.0/1');
  const whole = routes.filter(({ prefix }) => prefix === '0.0.0.0/0');
  return halves.length >= 2 ? halves : [...halves, ...whole];
}

/** Subnets that only an Azure Firewall may use, in this network or one peered with it, whose firewall was not read. */
function unreadFirewalls(resources: NetworkResources, networks: ReadonlySet<string>): string[] {
  const used = new Set<string>();
  for (const body of resources.ofType('Microsoft.Network/azureFirewalls')) {
    for (const raw of list(properties(body).ipConfigurations)) {
      used.add(referenced(properties(raw).subnet).toLowerCase());
    }
  }
  const found: string[] = [];
  for (const subnet of resources.ofType('Microsoft.Network/virtualNetworks/subnets')) {
    const id = text(subnet.id);
    if (nameOf(id).toLowerCase() !== 'azurefirewallsubnet' || used.has(id.toLowerCase())) continue;
    const taken = list(properties(subnet).ipConfigurations).length > 0;
    if (taken && networks.has(networkOf(id).toLowerCase())) found.push(nameOf(networkOf(id)));
  }
  return found;
}

/** The VM's network configuration and what of it could not be read. */
export interface FirewallQuestion {
  networkInterfaces: readonly string[];
  resources: NetworkResources;
  /** Why firewalls and peered networks could not be read at all; "" when they could. */
  aroundUnreadable: Gap | undefined;
  exposure: Fact<Exposure>;
  asOf: string;
  source: string;
}

/**
 * Does the VM's traffic pass an Azure Firewall? Outbound by the default route of its subnets, inbound by the DNAT
 * rules that exposure found, and what comes in past them. Unknown when the interfaces, subnets, route tables or
 * firewalls could not be read: "no firewall" is only said of what was seen.
 */
export function firewallInFront(question: FirewallQuestion): Fact<Firewall> {
  const { networkInterfaces, resources, aroundUnreadable, exposure, asOf, source } = question;
  const cure = 'ask the customer for Reader on the network, its route tables and its firewalls';
  if (aroundUnreadable) {
    return unknown(aroundUnreadable.why, `firewalls could not be read: ${aroundUnreadable.because}`, cure, source);
  }
  const notSeen: string[] = [];
  const there = firewallsByAddress(resources);
  const networks = new Networks(resources);
  const subnets = new Set<string>();
  for (const nic of networkInterfaces) {
    const body = resources.get(nic);
    if (!body) return unknown('denied', `network interface ${nameOf(nic)} could not be read`, cure, source);
    for (const raw of list(properties(body).ipConfigurations)) {
      const subnet = referenced(properties(raw).subnet);
      if (subnet !== '') subnets.add(subnet);
    }
  }
  if (subnets.size === 0) return unknown('absent', 'no interface of this VM names a subnet', cure, source);
  const routes: Route[] = [];
  const ways = new Set<Firewall['outbound']>();
  let firewall: FirewallThere | undefined;
  const around = new Set<string>();
  for (const id of subnets) {
    const subnet = resources.get(id);
    if (!subnet) return unknown('denied', `subnet ${nameOf(id)} could not be read`, cure, source);
    const facts = networks.network(networkOf(id));
    for (const one of facts.reachable) around.add(one);
    if (!facts.complete) notSeen.push(`virtual network ${nameOf(networkOf(id))}: its peers, and firewalls there`);
    const table = referenced(properties(subnet).routeTable);
    const body = table === '' ? undefined : resources.get(table);
    if (table !== '' && !body) {
      ways.add('unknown');
      notSeen.push(`route table ${nameOf(table)} of subnet ${nameOf(id)}: it could not be read`);
      continue;
    }
    const found = body ? defaultRoutes(body) : [];
    if (found.length === 0) {
      const hub = [...facts.reachable].find((one) => /\/virtualnetworks\/hv_/i.test(one));
      ways.add(hub ? 'unknown' : 'direct');
      routes.push({ subnet: nameOf(id), prefix: '0.0.0.0/0', nextHop: 'Internet (Azure’s own route)', firewall: '' });
      if (hub) notSeen.push(`routes of the virtual hub that subnet ${nameOf(id)} is connected to`);
      notSeen.push(...facts.notes.filter((note) => /gateway/i.test(note)).map((note) => printable(note, 300)));
    }
    for (const { prefix, type, hop } of found) {
      const through = there.get(hop);
      if (type === 'virtualappliance' && through) firewall = through;
      if (type === 'virtualappliance' && !through) {
        notSeen.push(
          `what is at ${printable(hop, 45)}, the next hop: no Azure Firewall that you may read has this address`,
        );
      }
      ways.add(
        type === 'virtualappliance'
          ? through
            ? 'firewall'
            : 'appliance'
          : type === 'none'
            ? 'nowhere'
            : type === 'internet'
              ? 'direct'
              : 'unknown',
      );
      if (type === 'virtualnetworkgateway') notSeen.push(`where the gateway sends ${prefix} of subnet ${nameOf(id)}`);
      routes.push({
        subnet: nameOf(id),
        prefix,
        nextHop: printable(hop === '' ? type : hop, 60),
        firewall: through?.name ?? '',
      });
    }
  }
  const hidden = unreadFirewalls(resources, around);
  const ports = exposure.state === 'known' ? exposure.value.ports : [];
  const dnat = ports.filter((port) => port.via === 'firewall-dnat');
  const past = ports.filter((port) => port.via !== 'firewall-dnat');
  const told = (port: (typeof ports)[number]) =>
    `${port.frontend.address}:${port.frontend.from === port.frontend.to ? port.frontend.from : `${port.frontend.from}-${port.frontend.to}`} → ${port.from === port.to ? port.from : `${port.from}-${port.to}`}/${port.protocol}`;
  const leading = dnat.find((port) => port.path)?.path;
  if (!firewall && leading)
    firewall = [...there.values()].find((one) => one.id.toLowerCase() === leading.id.toLowerCase());
  if (hidden.length > 0) {
    if (!firewall) {
      return unknown(
        'denied',
        `there is a firewall subnet in use in ${hidden.join(', ')}, but its firewall could not be read`,
        cure,
        source,
      );
    }
    notSeen.push(`the firewall in ${hidden.join(', ')}: it could not be read`);
  }
  if (exposure.state === 'unknown') notSeen.push(`what leads in: ${exposure.because}`);
  const [way = 'unknown'] = ways;
  const outbound = ways.size > 1 ? 'mixed' : way;
  if (outbound === 'unknown' && dnat.length === 0) {
    return unknown('depends', notSeen[0] ?? 'its default route could not be read', cure, source);
  }
  const behind = dnat.length > 0 || ways.has('firewall');
  const value: Firewall = {
    inPath: behind,
    name: firewall?.name ?? '',
    id: firewall?.id ?? '',
    policy: firewall?.policy ?? '',
    inbound:
      exposure.state === 'unknown'
        ? 'unknown'
        : past.length > 0
          ? behind
            ? 'beside-firewall'
            : 'no-firewall'
          : dnat.length > 0
            ? 'firewall'
            : 'nothing',
    outbound,
    routes,
    dnatRules: dnat.map((port) => `${told(port)}${port.path?.rule ? ` (${printable(port.path.rule, 80)})` : ''}`),
    past: past.map(told),
  };
  return known(value, {
    source,
    asOf,
    coverage: 'routes of the VM’s subnets, and firewalls that you may read',
    notSeen: [...new Set(notSeen)],
  });
}
