import { type Json, list, properties, referenced, text } from '../../arm/json.ts';
import { nameOf } from '../../arm/resource-id.ts';
import type { Fact, Gap } from '../../documents/fact.ts';
import { known, unknown } from '../../documents/fact.ts';
import type { ExposedPort, Exposure, Firewall } from '../../documents/triage.ts';
import { printable } from '../../text/printable.ts';
import type { NetworkResources } from '../resources.ts';
import { Networks, networkOf } from '../virtual-networks.ts';

type Route = Firewall['routes'][number];

/** A route that decides over the default. */
interface DefaultRoute {
  prefix: string;
  /** Type of the next hop, lower case. */
  type: string;
  hop: string;
}

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
function defaultRoutes(table: Json): DefaultRoute[] {
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
interface FirewallQuestion {
  networkInterfaces: readonly string[];
  resources: NetworkResources;
  /** Why firewalls and peered networks could not be read at all; "" when they could. */
  aroundUnreadable: Gap | undefined;
  exposure: Fact<Exposure>;
  asOf: string;
  source: string;
}

/** How traffic leaves by one kind of route. */
function wayOf(type: string, firewall: FirewallThere | undefined): Firewall['outbound'] {
  if (type === 'virtualappliance') return firewall ? 'firewall' : 'appliance';
  if (type === 'none') return 'nowhere';
  return type === 'internet' ? 'direct' : 'unknown';
}

/** The default routes of the VM's subnets, as they are read one after the other. */
class OutboundRoutes {
  readonly routes: Route[] = [];
  readonly ways = new Set<Firewall['outbound']>();
  readonly notSeen: string[] = [];
  /** The virtual networks that the subnets reach. */
  readonly around = new Set<string>();
  firewall: FirewallThere | undefined;
  readonly #resources: NetworkResources;
  readonly #networks: Networks;
  readonly #there: ReadonlyMap<string, FirewallThere>;

  constructor(resources: NetworkResources, there: ReadonlyMap<string, FirewallThere>) {
    this.#resources = resources;
    this.#networks = new Networks(resources);
    this.#there = there;
  }

  /** Reads the routes of a subnet, whose id and ARM body these are. */
  addSubnet(id: string, subnet: Json): void {
    const subnetName = nameOf(id);
    const facts = this.#networks.network(networkOf(id));
    for (const one of facts.reachable) this.around.add(one);
    if (!facts.complete) {
      this.notSeen.push(`virtual network ${nameOf(networkOf(id))}: its peers, and firewalls there`);
    }
    const table = referenced(properties(subnet).routeTable);
    const body = table === '' ? undefined : this.#resources.get(table);
    if (table !== '' && !body) {
      this.ways.add('unknown');
      this.notSeen.push(`route table ${nameOf(table)} of subnet ${subnetName}: it could not be read`);
      return;
    }
    const found = body ? defaultRoutes(body) : [];
    if (found.length === 0) this.#addOwnRoute(subnetName, facts);
    for (const route of found) this.#addRoute(subnetName, route);
  }

  /** No route of a table decides: Azure's own does, unless a virtual hub injects one. */
  #addOwnRoute(subnet: string, facts: ReturnType<Networks['network']>): void {
    const hub = [...facts.reachable].find((one) => /\/virtualnetworks\/hv_/i.test(one));
    this.ways.add(hub ? 'unknown' : 'direct');
    this.routes.push({ subnet, prefix: '0.0.0.0/0', nextHop: 'Internet (Azure’s own route)', firewall: '' });
    if (hub) this.notSeen.push(`routes of the virtual hub that subnet ${subnet} is connected to`);
    this.notSeen.push(...facts.notes.filter((note) => /gateway/i.test(note)).map((note) => printable(note, 300)));
  }

  #addRoute(subnet: string, { prefix, type, hop }: DefaultRoute): void {
    const through = this.#there.get(hop);
    if (type === 'virtualappliance' && through) this.firewall = through;
    if (type === 'virtualappliance' && !through) {
      this.notSeen.push(
        `what is at ${printable(hop, 45)}, the next hop: no Azure Firewall that you may read has this address`,
      );
    }
    this.ways.add(wayOf(type, through));
    if (type === 'virtualnetworkgateway') this.notSeen.push(`where the gateway sends ${prefix} of subnet ${subnet}`);
    const nextHop = printable(hop === '' ? type : hop, 60);
    this.routes.push({ subnet, prefix, nextHop, firewall: through?.name ?? '' });
  }
}

const cure = 'ask the customer for Reader on the network, its route tables and its firewalls';

/** Ids of the subnets of the interfaces; or why they are not known. */
function subnetsOf({
  networkInterfaces,
  resources,
}: FirewallQuestion): { subnets: ReadonlySet<string> } | Pick<Gap, 'why' | 'because'> {
  const subnets = new Set<string>();
  for (const nic of networkInterfaces) {
    const body = resources.get(nic);
    if (!body) return { why: 'denied', because: `network interface ${nameOf(nic)} could not be read` };
    for (const raw of list(properties(body).ipConfigurations)) {
      const subnet = referenced(properties(raw).subnet);
      if (subnet !== '') subnets.add(subnet);
    }
  }
  return subnets.size === 0 ? { why: 'absent', because: 'no interface of this VM names a subnet' } : { subnets };
}

/** "203.0.113.4:33890 → 3389/tcp" */
function portPath(port: ExposedPort): string {
  const range = ({ from, to }: { from: number; to: number }) => (from === to ? `${from}` : `${from}-${to}`);
  return `${port.frontend.address}:${range(port.frontend)} → ${range(port)}/${port.protocol}`;
}

/** The ports that lead in through the firewall's DNAT rules, and past them. */
function waysIn(exposure: Fact<Exposure>): { dnat: ExposedPort[]; past: ExposedPort[] } {
  const ports = exposure.state === 'known' ? exposure.value.ports : [];
  return {
    dnat: ports.filter((port) => port.via === 'firewall-dnat'),
    past: ports.filter((port) => port.via !== 'firewall-dnat'),
  };
}

function inboundOf(exposure: Fact<Exposure>, behind: boolean): Firewall['inbound'] {
  if (exposure.state === 'unknown') return 'unknown';
  const { dnat, past } = waysIn(exposure);
  if (past.length > 0) return behind ? 'beside-firewall' : 'no-firewall';
  return dnat.length > 0 ? 'firewall' : 'nothing';
}

/**
 * Does the VM's traffic pass an Azure Firewall? Outbound by the default route of its subnets, inbound by the DNAT
 * rules that exposure found, and what comes in past them. Unknown when the interfaces, subnets, route tables or
 * firewalls could not be read: "no firewall" is only said of what was seen.
 */
export function firewallInFront(question: FirewallQuestion): Fact<Firewall> {
  const { resources, aroundUnreadable, exposure, source } = question;
  if (aroundUnreadable) {
    return unknown(aroundUnreadable.why, `firewalls could not be read: ${aroundUnreadable.because}`, cure, source);
  }
  const there = firewallsByAddress(resources);
  const found = subnetsOf(question);
  if (!('subnets' in found)) return unknown(found.why, found.because, cure, source);
  const outbound = new OutboundRoutes(resources, there);
  for (const id of found.subnets) {
    const subnet = resources.get(id);
    if (!subnet) return unknown('denied', `subnet ${nameOf(id)} could not be read`, cure, source);
    outbound.addSubnet(id, subnet);
  }
  const leading = waysIn(exposure).dnat.find((port) => port.path)?.path;
  const firewall =
    outbound.firewall ??
    (leading && [...there.values()].find((one) => one.id.toLowerCase() === leading.id.toLowerCase()));
  const hidden = unreadFirewalls(resources, outbound.around);
  if (hidden.length > 0 && !firewall) {
    const because = `there is a firewall subnet in use in ${hidden.join(', ')}, but its firewall could not be read`;
    return unknown('denied', because, cure, source);
  }
  const notSeen = [
    ...outbound.notSeen,
    ...(hidden.length > 0 ? [`the firewall in ${hidden.join(', ')}: it could not be read`] : []),
    ...(exposure.state === 'unknown' ? [`what leads in: ${exposure.because}`] : []),
  ];
  return concluded(question, outbound, firewall, [...new Set(notSeen)]);
}

function concluded(
  { exposure, asOf, source }: FirewallQuestion,
  { ways, routes }: OutboundRoutes,
  firewall: FirewallThere | undefined,
  notSeen: string[],
): Fact<Firewall> {
  const { dnat, past } = waysIn(exposure);
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
    inbound: inboundOf(exposure, behind),
    outbound,
    routes,
    dnatRules: dnat.map((port) => `${portPath(port)}${port.path?.rule ? ` (${printable(port.path.rule, 80)})` : ''}`),
    past: past.map(portPath),
  };
  const coverage = 'routes of the VM’s subnets, and firewalls that you may read';
  return known(value, { source, asOf, coverage, notSeen });
}
