import type { Family } from './address-set.ts';
import type { FilterBook } from './filters.ts';
import { overlaps } from './interval-set.ts';
import { type Backend, EVERYONE, type InnerPath, type LoadBalancers } from './load-balancers.ts';
import { addressOf, type NetworkPlace, type Networks, networkOf, type Space, subnetPrefixes } from './networks.ts';
import { EVERY_PORT, type InternetPath, throughPorts } from './path.ts';
import { ALL_PROTOCOLS } from './protocols.ts';
import { describePublicAddress, publicAddressOf } from './public-addresses.ts';
import { list, nameOf, object, properties, type Raw, referenced, referencedAll, text } from './raw.ts';
import type { Relay, Relays } from './relays.ts';
import type { NetworkResources } from './resources.ts';

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

/** Every ipConfiguration of a network interface's body, with its paths. NAT gateways only lead out; Bastion is not the Internet. */
export function entrancesOf(nic: Raw, ways: Ways): Entrance[] {
  const networkInterface = text(nic.id);
  return list(properties(nic).ipConfigurations).map((raw) => entranceOf(networkInterface, object(raw), ways));
}

function entranceOf(networkInterface: string, config: Raw, ways: Ways): Entrance {
  const { resources, networks } = ways;
  const props = properties(config);
  const id = text(config.id) || `${networkInterface}/ipConfigurations/${text(config.name)}`;
  const subnet = referenced(props.subnet);
  const address = text(props.privateIPAddress).trim();
  const literal = addressOf(address);
  const family: Family =
    (literal?.v6.length ?? 0) > 0 || text(props.privateIPAddressVersion).toLowerCase() === 'ipv6' ? 6 : 4;
  const notes: string[] = [];
  const unread: string[] = [];
  const network = networks.place(subnet);
  const destination = literal ?? subnetPrefixes(resources.get(subnet));
  if (literal === undefined) {
    notes.push(
      `the private address of ${nameOf(id)} of ${nameOf(networkInterface)} is not known: rules for single addresses are taken to let it in and not to close it`,
    );
  }
  const paths: InternetPath[] = [];

  const publicAddress = publicAddressOf(props.publicIPAddress, resources, family);
  if (publicAddress !== undefined && publicAddress.family === family) {
    if (!publicAddress.read) {
      notes.push(
        ways.book.why(
          publicAddress.id,
          `public address ${nameOf(publicAddress.id)} of ${nameOf(networkInterface)}, its number and its SKU`,
        ),
      );
    } else if (publicAddress.sku === 'unknown') {
      notes.push(
        `public address ${nameOf(publicAddress.id)} does not tell its SKU: taken as Basic, which is open where no group closes it`,
      );
    }
    paths.push({
      via: 'public-ip',
      id: publicAddress.id,
      rule: '',
      family,
      protocols: ALL_PROTOCOLS,
      address: publicAddress.address,
      front: EVERY_PORT,
      back: EVERY_PORT,
      clients: EVERYONE,
      translated: undefined,
      closedByDefault: publicAddress.sku === 'standard',
      floating: false,
      get hops() {
        return [describePublicAddress(publicAddress)];
      },
    });
  }

  const backend: Backend = {
    id,
    address,
    network: networkOf(subnet),
    family,
    pools: referencedAll(props.loadBalancerBackendAddressPools),
    natRules: referencedAll(props.loadBalancerInboundNatRules),
    natPools: referencedAll(props.loadBalancerInboundNatPools),
  };
  const balanced = ways.balancers.leadingTo(backend);
  paths.push(...balanced.paths);
  notes.push(...balanced.notes);
  for (const balancer of balanced.unread.length === 0 ? balanced.unread : new Set(balanced.unread)) {
    unread.push(
      ways.book.why(balancer, `load balancer ${nameOf(balancer)}, which leads to ${nameOf(networkInterface)}`),
    );
  }

  const gatewayPools = referencedAll(props.applicationGatewayBackendAddressPools);
  for (const pool of gatewayPools) {
    const gateway = pool.replace(/\/backendAddressPools\/[^/]*$/i, '');
    if (resources.get(gateway) !== undefined) continue;
    unread.push(
      ways.book.why(gateway, `application gateway ${nameOf(gateway)}, which leads to ${nameOf(networkInterface)}`),
    );
  }
  const seen = new Set<string>();
  if (ways.relays.byConfig.size > 0) {
    const relayed = [id, ...gatewayPools].flatMap((key) => ways.relays.byConfig.get(key.toLowerCase()) ?? []);
    for (const relay of relayed) addRelay(relay, undefined, true);
  }
  for (const relay of ways.relays.byAddress.get(address) ?? []) addRelay(relay, undefined, false);
  for (const inner of balanced.inner) {
    for (const relay of ways.relays.byAddress.get(inner.address) ?? []) addRelay(relay, inner, false);
  }
  if (ways.relays.notes.size > 0) {
    for (const near of [...network.reachable, '']) notes.push(...(ways.relays.notes.get(near) ?? []));
  }
  if (network.appliance !== '' && !ways.firewallAddresses.has(network.appliance)) {
    notes.push(
      `the subnet of ${nameOf(networkInterface)} sends its traffic to an appliance at ${network.appliance}, which is no Azure Firewall that was read: what it translates from the Internet to this machine is not seen`,
    );
  }

  function addRelay(relay: Relay, inner: InnerPath | undefined, bound: boolean): void {
    if (family !== (relay.from.v4.length > 0 || address.includes('.') ? 4 : 6)) return;
    const connected =
      bound ||
      network.reachable.has(relay.network) ||
      (relay.privateAddress !== '' && network.nextHops.has(relay.privateAddress));
    if (!connected) {
      const name = nameOf(relay.id);
      if (relay.network !== '' && network.complete) {
        notes.push(
          `${name} sends to ${address || inner?.address} by rule ${relay.rule}, but stands in a network that is not peered with this machine's: taken as another machine with that address`,
        );
        return;
      }
      notes.push(
        `${name} sends to ${address || inner?.address} by rule ${relay.rule}; whether its network is joined to this machine's is not known: taken as joined`,
      );
    }
    const protocols = inner === undefined ? relay.protocols : relay.protocols & inner.protocols;
    const through =
      inner === undefined
        ? { front: relay.front, back: relay.back }
        : (() => {
            const first = throughPorts(relay.front, relay.back, inner.front);
            if (first === undefined) return undefined;
            const second = throughPorts(inner.front, inner.back, inner.back);
            return second === undefined ? undefined : { front: first.front, back: shift(first.back, inner) };
          })();
    if (through === undefined || protocols === 0) return;
    const key = `${relay.id}|${relay.rule}|${protocols}|${relay.address}|${through.front.from}-${through.front.to}|${through.back.from}|${overlaps(relay.clients.v4, EVERYONE.v4)}`;
    if (bound && seen.has(key)) return;
    seen.add(key);
    paths.push({
      via: relay.via,
      id: relay.id,
      rule: relay.rule,
      family,
      protocols,
      address: relay.address,
      front: through.front,
      back: through.back,
      clients: relay.clients,
      translated: relay.from,
      closedByDefault: false,
      floating: false,
      hops: inner === undefined ? relay.hops : [...relay.hops, inner.hop],
    });
  }

  return {
    networkInterface,
    config: id,
    family,
    address,
    destination,
    groups:
      props.applicationSecurityGroups === undefined
        ? NO_GROUPS
        : new Set(referencedAll(props.applicationSecurityGroups).map((group) => group.toLowerCase())),
    subnet,
    network,
    paths,
    unread,
    notes,
  };
}

/** Ports behind an inner hop for ports in front of it. */
function shift(range: { from: number; to: number }, inner: InnerPath): { from: number; to: number } {
  if (inner.front.to - inner.front.from !== inner.back.to - inner.back.from) return inner.back;
  const by = inner.back.from - inner.front.from;
  return { from: range.from + by, to: range.to + by };
}
