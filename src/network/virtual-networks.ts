import { type Json, list, object, properties, referenced, text, texts } from '../arm/json.ts';
import { nameOf } from '../arm/resource-id.ts';
import type { NetworkResources } from './resources.ts';
import type { TagMeaning } from './sets/address-prefixes.ts';
import { ALL_V4, ALL_V6, addressesOf, INTERNET_V4, INTERNET_V6, parsePrefix } from './sets/address-set.ts';
import { type Intervals, NOTHING, overlaps, subtract, union, unionAll } from './sets/interval-set.ts';

/** Addresses of both families. */
export interface Space {
  v4: Intervals<number>;
  v6: Intervals<bigint>;
}

/** The network around a subnet, as far as it could be read. */
export interface NetworkPlace {
  /** What `VirtualNetwork` and `Internet` mean to rules there. */
  v4: TagMeaning<number>;
  v6: TagMeaning<bigint>;
  /** Equal texts mean equal tag meanings for every sender. */
  key: string;
  /** Equal texts mean equal tag meanings for senders on the Internet. */
  internetKey: string;
  /** Ids, lower-case, of the virtual networks that can send to this one by private address. */
  reachable: ReadonlySet<string>;
  /** Next hops of the subnet's routes, as addresses. */
  nextHops: ReadonlySet<string>;
  /** Is the virtual network's own body known, so that `reachable` is complete? */
  complete: boolean;
  /** What could not be seen, in sentences. */
  notes: readonly string[];
  /** Does a route send the default (or half of it) to an appliance? Its address, or "". */
  appliance: string;
  /** Is a service in this network such that admin denies are not applied (SQL managed instances)? */
  intentPolicies: boolean;
}

/** Id of the virtual network that a subnet id belongs to, "" when it names none. */
export function networkOf(subnetId: string): string {
  const at = subnetId.toLowerCase().lastIndexOf('/subnets/');
  return at < 0 ? '' : subnetId.slice(0, at);
}

const addressSpace = (value: unknown): string[] => texts(object(value).addressPrefixes);

/** The prefixes of a subnet's body. */
export function subnetPrefixes(subnet: Json | undefined): Space {
  const props = properties(subnet);
  const { v4, v6 } = addressesOf([...texts(props.addressPrefixes), text(props.addressPrefix)].filter((p) => p !== ''));
  return { v4, v6 };
}

export interface NetworkFacts {
  readonly own: Space;
  readonly peers: Space;
  readonly reachable: ReadonlySet<string>;
  readonly notes: readonly string[];
  readonly complete: boolean;
  readonly intentPolicies: boolean;
}

type Mutable = { -readonly [K in keyof NetworkFacts]: NetworkFacts[K] } & { reachable: Set<string>; notes: string[] };

/**
 * Reads the addresses of the tag `VirtualNetwork`: the network's address space, its connected peers', and the prefixes
 * of the subnet's user-defined routes, a default route among them.
 * https://learn.microsoft.com/azure/virtual-network/service-tags-overview#available-service-tags
 */
export class Networks {
  readonly #resources: NetworkResources;
  readonly #facts = new Map<string, NetworkFacts>();
  readonly #places = new Map<string, NetworkPlace>();
  readonly #placeOfSubnet = new Map<string, NetworkPlace>();

  constructor(resources: NetworkResources) {
    this.#resources = resources;
  }

  /** A virtual network itself, as far as it could be read. */
  network(id: string): NetworkFacts {
    const key = id.toLowerCase();
    const known = this.#facts.get(key);
    if (known !== undefined) return known;
    const facts: Mutable = {
      own: { v4: [], v6: [] },
      peers: { v4: [], v6: [] },
      reachable: new Set([key]),
      notes: [],
      complete: true,
      intentPolicies: false,
    };
    this.#facts.set(key, facts);
    const body = this.#resources.get(id);
    const props = properties(body);
    if (body === undefined || Object.keys(props).length === 0) {
      facts.complete = false;
      facts.notes.push(
        `virtual network ${nameOf(id)} was not read: its public address ranges and its peers, from which AllowVnetInBound admits, are not known; needs Reader on it`,
      );
      return facts;
    }
    facts.own = spaceOf(addressSpace(props.addressSpace), `virtual network ${nameOf(id)}`, facts.notes);
    const peers: Space[] = [];
    for (const raw of list(props.virtualNetworkPeerings)) {
      const peering = properties(raw);
      const remote = referenced(peering.remoteVirtualNetwork);
      const state = text(peering.peeringState).toLowerCase();
      if (state === 'disconnected' || state === 'initiated' || peering.allowVirtualNetworkAccess === false) continue;
      if (remote !== '') facts.reachable.add(remote.toLowerCase());
      let prefixes = addressSpace(peering.remoteVirtualNetworkAddressSpace);
      if (prefixes.length === 0) prefixes = addressSpace(peering.remoteAddressSpace);
      if (prefixes.length === 0) {
        prefixes = addressSpace(properties(this.#resources.get(remote)).addressSpace);
      }
      if (prefixes.length === 0) {
        facts.notes.push(
          `the address space of ${nameOf(remote)}, peered with ${nameOf(id)}, is not known: AllowVnetInBound admits it`,
        );
      }
      peers.push(spaceOf(prefixes, `peering ${nameOf(text(object(raw).id))}`, facts.notes));
      if (peering.useRemoteGateways === true) facts.notes.push(learnedRoutes(nameOf(id)));
    }
    facts.peers = { v4: unionAll(peers.map((p) => p.v4)), v6: unionAll(peers.map((p) => p.v6)) };
    for (const raw of list(props.subnets)) {
      const subnet = object(raw);
      if (nameOf(text(subnet.id) || text(subnet.name)).toLowerCase() === 'gatewaysubnet') {
        facts.notes.push(learnedRoutes(nameOf(id)));
      }
      for (const delegation of list(properties(subnet).delegations)) {
        if (text(properties(delegation).serviceName).toLowerCase() === 'microsoft.sql/managedinstances') {
          facts.intentPolicies = true;
        }
      }
    }
    facts.notes = [...new Set(facts.notes)];
    return facts;
  }

  /** The network around a subnet, as far as it could be read. */
  place(subnetId: string): NetworkPlace {
    let place = this.#placeOfSubnet.get(subnetId);
    if (place === undefined) {
      place = this.#placeOf(subnetId);
      this.#placeOfSubnet.set(subnetId, place);
    }
    return place;
  }

  #placeOf(subnetId: string): NetworkPlace {
    const networkId = networkOf(subnetId);
    const table = referenced(properties(this.#resources.get(subnetId)).routeTable);
    const key = `${networkId.toLowerCase()}|${table.toLowerCase()}`;
    const known = this.#places.get(key);
    if (known !== undefined) return known;

    const facts = this.network(networkId);
    const notes = [...facts.notes];
    const routes: string[] = [];
    const nextHops = new Set<string>();
    let appliance = '';
    if (table !== '') {
      const body = this.#resources.get(table);
      if (body === undefined) {
        notes.push(
          `route table ${nameOf(table)} was not read: a default route in it would make AllowVnetInBound admit the Internet; needs Reader on it`,
        );
      }
      for (const raw of list(properties(body).routes)) {
        const route = properties(raw);
        const prefix = text(route.addressPrefix);
        const hop = text(route.nextHopIpAddress);
        const type = text(route.nextHopType).toLowerCase();
        if (hop !== '') nextHops.add(hop);
        const parsed = parsePrefix(prefix);
        if (parsed === undefined) {
          // A route may name a service tag: its prefixes are of Azure's services, and join the tag unseen.
          notes.push(
            `route ${nameOf(text(object(raw).id) || text(object(raw).name))} of ${nameOf(table)} is for “${prefix}”, whose addresses AllowVnetInBound may admit`,
          );
          continue;
        }
        routes.push(prefix);
        const half = parsed.family === 4 && parsed.end - parsed.start >= 2 ** 31;
        if (half && type === 'virtualappliance') appliance = hop;
        if (half && (type === 'internet' || type === 'none')) {
          notes.push(
            `route table ${nameOf(table)} sends ${prefix} to ${type}: Microsoft documents that the tag VirtualNetwork holds prefixes of user-defined routes, so AllowVnetInBound is taken to admit them; the effective rules tell`,
          );
        }
      }
    }
    const routed = addressesOf(routes);
    const base: Space = {
      v4: union(facts.own.v4, facts.peers.v4),
      v6: union(facts.own.v6, facts.peers.v6),
    };
    const v4: TagMeaning<number> = {
      virtualNetwork: union(base.v4, routed.v4),
      internet: subtract(INTERNET_V4, base.v4),
      everything: ALL_V4,
    };
    const v6: TagMeaning<bigint> = {
      virtualNetwork: union(base.v6, routed.v6),
      internet: subtract(INTERNET_V6, base.v6),
      everything: ALL_V6,
    };
    const ordinary = !overlaps(v4.virtualNetwork, INTERNET_V4) && !overlaps(v6.virtualNetwork, INTERNET_V6);
    const place: NetworkPlace = {
      v4,
      v6,
      // Private networks all look the same to a sender on the Internet.
      key,
      internetKey: ordinary ? '' : key,
      reachable: facts.reachable,
      nextHops,
      complete: facts.complete,
      notes: [...new Set(notes)],
      appliance,
      intentPolicies: facts.intentPolicies,
    };
    this.#places.set(key, place);
    return place;
  }
}

const learnedRoutes = (network: string): string =>
  `routes that the gateway of ${network} learns from other sites: a default route among them would make AllowVnetInBound admit the Internet; the effective rules of a running VM tell`;

function spaceOf(prefixes: readonly string[], where: string, notes: string[]): Space {
  const { v4, v6, unread } = addressesOf(prefixes);
  if (unread.length > 0) notes.push(`address space “${unread.join(', ')}” of ${where} cannot be read`);
  return { v4, v6 };
}

/** A set of one address text, with its family; undefined when it is no address. */
export function addressOf(address: string): Space | undefined {
  const parsed = parsePrefix(address);
  if (parsed === undefined) return undefined;
  return parsed.family === 4
    ? { v4: [parsed.start, parsed.end], v6: NOTHING }
    : { v4: NOTHING, v6: [parsed.start, parsed.end] };
}
