import { type Json, list, object, properties, referenced, referencedAll, text } from '../../arm/json.ts';
import { nameOf } from '../../arm/resource-id.ts';
import type { NetworkResources } from '../resources.ts';
import type { FilterBook } from '../rules/rule-lists.ts';
import type { Family } from '../sets/address-set.ts';
import { overlaps } from '../sets/interval-set.ts';
import { ALL_PROTOCOLS } from '../sets/protocols.ts';
import { addressOf, type NetworkPlace, type Networks, type Space, subnetPrefixes } from '../virtual-networks.ts';
import { EVERY_PORT, type InternetPath, type PortRange, throughPorts } from './internet-path.ts';
import type { Relay, Relays } from './layer7-relays.ts';
import { EVERYONE, type InnerPath, type LoadBalancers, NOT_BALANCED } from './load-balancers.ts';
import { describePublicAddress, type PublicAddress, publicAddressOf } from './public-addresses.ts';

/** An ipConfiguration of a network interface, and every way from the Internet to it. */
export interface Entrance {
  networkInterface: string;
  /** Id of the ipConfiguration. */
  config: string;
  family: Family;
  /** Private address as printed; "" when it is not known. */
  address: string;
  destination: Space;
  groups: ReadonlySet<string>;
  subnet: string;
  network: NetworkPlace;
  paths: readonly InternetPath[];
  /** Ways that may exist but could not be followed, in sentences. */
  unread: readonly string[];
  notes: readonly string[];
}

const NO_GROUPS: ReadonlySet<string> = new Set();

/** All that leads from outside into the network: the indexes that paths are found in. */
export interface Ways {
  resources: NetworkResources;
  book: FilterBook;
  networks: Networks;
  balancers: LoadBalancers;
  relays: Relays;
  /** Private addresses of the Azure Firewalls that were read. */
  firewallAddresses: ReadonlySet<string>;
}

/** The public address of an ipConfiguration itself, which leads to every port. */
class DirectPath implements InternetPath {
  readonly #at: PublicAddress;

  constructor(at: PublicAddress) {
    this.#at = at;
  }

  get via() {
    return 'public-ip' as const;
  }
  get id() {
    return this.#at.id;
  }
  get rule() {
    return '';
  }
  get family() {
    return this.#at.family;
  }
  get protocols() {
    return ALL_PROTOCOLS;
  }
  get address() {
    return this.#at.address;
  }
  get front() {
    return EVERY_PORT;
  }
  get back() {
    return EVERY_PORT;
  }
  get clients() {
    return EVERYONE;
  }
  get translated() {
    return undefined;
  }
  get closedByDefault() {
    return this.#at.sku === 'standard';
  }
  get floating() {
    return false;
  }
  get hops() {
    return [describePublicAddress(this.#at)];
  }
}

/** An entrance whose paths are being found. */
interface Found extends Entrance {
  paths: InternetPath[];
  unread: string[];
  notes: string[];
}

/** Every ipConfiguration of a network interface's body, with its paths. NAT gateways only lead out; Bastion is not the Internet. */
export function entrancesOf(nic: Json, ways: Ways): Entrance[] {
  const networkInterface = text(nic.id);
  return list(properties(nic).ipConfigurations).map((raw) => entranceOf(networkInterface, object(raw), ways));
}

function entranceOf(networkInterface: string, raw: Json, ways: Ways): Entrance {
  const { resources } = ways;
  const props = properties(raw);
  const config = text(raw.id) || `${networkInterface}/ipConfigurations/${text(raw.name)}`;
  const subnet = referenced(props.subnet);
  const address = text(props.privateIPAddress).trim();
  const literal = addressOf(address);
  const family: Family =
    (literal?.v6.length ?? 0) > 0 || text(props.privateIPAddressVersion).toLowerCase() === 'ipv6' ? 6 : 4;
  const groups = referencedAll(props.applicationSecurityGroups);
  const found: Found = {
    networkInterface,
    config,
    family,
    address,
    destination: literal ?? subnetPrefixes(resources.get(subnet)),
    groups: groups.length === 0 ? NO_GROUPS : new Set(groups.map((group) => group.toLowerCase())),
    subnet,
    network: ways.networks.place(subnet),
    paths: [],
    unread: [],
    notes: [],
  };
  if (literal === undefined) {
    found.notes.push(
      `the private address of ${nameOf(config)} of ${nameOf(networkInterface)} is not known: rules for single addresses are taken to let it in and not to close it`,
    );
  }
  addDirect(found, props.publicIPAddress, ways);
  const inner = addBalanced(found, props, ways);
  addRelays(found, referencedAll(props.applicationGatewayBackendAddressPools), inner, ways);
  const { appliance } = found.network;
  if (appliance !== '' && !ways.firewallAddresses.has(appliance)) {
    found.notes.push(
      `the subnet of ${nameOf(networkInterface)} sends its traffic to an appliance at ${appliance}, which is no Azure Firewall that was read: what it translates from the Internet to this VM is not seen`,
    );
  }
  return found;
}

/** The way over the ipConfiguration's own public address. */
function addDirect(found: Found, reference: unknown, ways: Ways): void {
  const { networkInterface, family } = found;
  const at = publicAddressOf(reference, ways.resources, family);
  if (at === undefined || at.family !== family) return;
  if (!at.read) {
    found.notes.push(
      ways.book.why(at.id, `public address ${nameOf(at.id)} of ${nameOf(networkInterface)}, its number and its SKU`),
    );
  } else if (at.sku === 'unknown') {
    found.notes.push(
      `public address ${nameOf(at.id)} does not report its SKU: taken as Basic, which is open where no group closes it`,
    );
  }
  found.paths.push(new DirectPath(at));
}

/** The ways over load balancers; returns those over private frontends, to which other hops may lead. */
function addBalanced(found: Found, props: Json, ways: Ways): readonly InnerPath[] {
  const balanced = ways.balancers.leadingTo({
    id: found.config,
    address: found.address,
    subnet: found.subnet,
    family: found.family,
    pools: referencedAll(props.loadBalancerBackendAddressPools),
    natRules: referencedAll(props.loadBalancerInboundNatRules),
    natPools: referencedAll(props.loadBalancerInboundNatPools),
  });
  if (balanced === NOT_BALANCED) return balanced.inner;
  found.paths.push(...balanced.paths);
  found.notes.push(...balanced.notes);
  for (const balancer of new Set(balanced.unread)) {
    found.unread.push(
      ways.book.why(balancer, `load balancer ${nameOf(balancer)}, which leads to ${nameOf(found.networkInterface)}`),
    );
  }
  return balanced.inner;
}

/** The ways over hops that send on from their own addresses: firewalls and application gateways. */
function addRelays(found: Found, gatewayPools: readonly string[], inner: readonly InnerPath[], ways: Ways): void {
  const { byConfig, byAddress, notes } = ways.relays;
  for (const pool of gatewayPools) {
    const gateway = pool.replace(/\/backendAddressPools\/[^/]*$/i, '');
    if (ways.resources.get(gateway) !== undefined) continue;
    found.unread.push(
      ways.book.why(
        gateway,
        `application gateway ${nameOf(gateway)}, which leads to ${nameOf(found.networkInterface)}`,
      ),
    );
  }
  if (byConfig.size > 0) {
    const seen = new Set<string>();
    const relayed = [found.config, ...gatewayPools].flatMap((key) => byConfig.get(key.toLowerCase()) ?? []);
    for (const relay of relayed) addRelay(found, relay, undefined, seen);
  }
  if (byAddress.size > 0) {
    for (const relay of byAddress.get(found.address) ?? []) addRelay(found, relay, undefined, undefined);
    for (const hop of inner) {
      for (const relay of byAddress.get(hop.address) ?? []) addRelay(found, relay, hop, undefined);
    }
  }
  if (notes.size > 0) {
    for (const near of [...found.network.reachable, '']) found.notes.push(...(notes.get(near) ?? []));
  }
}

/**
 * Adds the way over one relay, and over the private frontend `inner` if that is what the relay sends to.
 * @param bound the relays that name the ipConfiguration or its pool, each once; undefined for one that names an address
 */
function addRelay(found: Found, relay: Relay, inner: InnerPath | undefined, bound: Set<string> | undefined): void {
  const { address, family, network } = found;
  if (family !== (relay.from.v4.length > 0 || address.includes('.') ? 4 : 6)) return;
  const connected =
    bound !== undefined ||
    network.reachable.has(relay.network) ||
    (relay.privateAddress !== '' && network.nextHops.has(relay.privateAddress));
  if (!connected) {
    const name = nameOf(relay.id);
    if (relay.network !== '' && network.complete) {
      found.notes.push(
        `${name} sends to ${address || inner?.address} by rule ${relay.rule}, but is in a network that is not peered with this VM's: taken as another VM with that address`,
      );
      return;
    }
    found.notes.push(
      `${name} sends to ${address || inner?.address} by rule ${relay.rule}; whether its network is joined to this VM's is not known: taken as joined`,
    );
  }
  const protocols = inner === undefined ? relay.protocols : relay.protocols & inner.protocols;
  const through = inner === undefined ? relay : throughBoth(relay, inner);
  if (through === undefined || protocols === 0) return;
  const { front, back } = through;
  if (bound !== undefined) {
    const key = `${relay.id}|${relay.rule}|${protocols}|${relay.address}|${front.from}-${front.to}|${back.from}|${overlaps(relay.clients.v4, EVERYONE.v4)}`;
    if (bound.has(key)) return;
    bound.add(key);
  }
  found.paths.push({
    via: relay.via,
    id: relay.id,
    rule: relay.rule,
    family,
    protocols,
    address: relay.address,
    front,
    back,
    clients: relay.clients,
    translated: relay.from,
    closedByDefault: false,
    floating: false,
    hops: inner === undefined ? relay.hops : [...relay.hops, inner.hop],
  });
}

/** Ports in front of a relay and behind the private frontend that it sends to; undefined when none lead through both. */
function throughBoth(relay: Relay, inner: InnerPath): { front: PortRange; back: PortRange } | undefined {
  const first = throughPorts(relay.front, relay.back, inner.front);
  if (first === undefined) return undefined;
  if (inner.front.to - inner.front.from !== inner.back.to - inner.back.from) {
    return { front: first.front, back: inner.back };
  }
  const by = inner.back.from - inner.front.from;
  return { front: first.front, back: { from: first.back.from + by, to: first.back.to + by } };
}
