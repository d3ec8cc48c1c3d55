import { type Json, list, object, properties, referenced, referencedAll, text, whole } from '../../arm/json.ts';
import { nameOf, parentOf } from '../../arm/resource-id.ts';
import { supportedUntil } from '../../azure-facts.ts';
import { printable } from '../../text/printable.ts';
import type { NetworkResources } from '../resources.ts';
import { type Family, INTERNET_V4, INTERNET_V6 } from '../sets/address-set.ts';
import { ALL_PROTOCOLS, protocolsOf, WITH_PORTS } from '../sets/protocols.ts';
import { networkOf } from '../virtual-networks.ts';
import { type Clients, EVERY_PORT, type InternetPath, type PortRange, throughPorts } from './internet-path.ts';
import { describePublicAddress, type PublicAddress, publicAddressOf } from './public-addresses.ts';

/** Everyone on the Internet. */
export const EVERYONE: Clients = { v4: INTERNET_V4, v6: INTERNET_V6, tags: [] };

/** What of an ipConfiguration load balancers refer to. */
export interface Backend {
  /** Id of the ipConfiguration. */
  id: string;
  address: string;
  /** Id of its subnet. */
  subnet: string;
  family: Family;
  pools: readonly string[];
  natRules: readonly string[];
  natPools: readonly string[];
}

/** A private frontend that leads to a backend: another hop (a firewall) may lead the Internet to it. */
export interface InnerPath {
  /** Private address of the frontend. */
  address: string;
  network: string;
  protocols: number;
  front: PortRange;
  back: PortRange;
  hop: string;
}

/** What the load balancers make of a backend. */
export interface Balanced {
  readonly paths: readonly InternetPath[];
  readonly inner: readonly InnerPath[];
  /** References to load balancers that were not read, so that what they lead in is not known. */
  readonly unread: readonly string[];
  readonly notes: readonly string[];
}

/** What load balancers make of a VM that none of them knows. */
export const NOT_BALANCED: Balanced = Object.freeze({ paths: [], inner: [], unread: [], notes: [] });

/** The result as it is collected. */
interface Found {
  paths: InternetPath[];
  inner: InnerPath[];
  unread: string[];
  notes: string[];
}

interface Frontend {
  id: string;
  publicAddresses: PublicAddress[];
  privateAddress: string;
  network: string;
  gateway: string;
  privateLink: boolean;
}

interface PortRule {
  name: string;
  /** "load-balancer" for balancing rules, "nat-rule" for inbound NAT rules. */
  via: 'load-balancer' | 'nat-rule';
  balancer: Balancer;
  frontend: string;
  protocols: number;
  front: PortRange;
  back: PortRange;
  floating: boolean;
  pools: string[];
  /** A NAT rule of version 1, which is for one interface or comes of a NAT pool ("Inbound NAT rules"). */
  natVersion1: boolean;
  /** For a NAT rule over a pool, whose port for each member must be looked up. */
  perMember: boolean;
}

interface Member {
  config: string;
  address: string;
  network: string;
  ports: ReadonlyMap<string, number>;
  down: boolean;
}

interface Balancer {
  id: string;
  standard: boolean;
  skuKnown: boolean;
  global: boolean;
  frontends: Map<string, Frontend>;
}

const push = <V>(map: Map<string, V[]>, key: string, value: V): void => {
  const values = map.get(key);
  if (values === undefined) map.set(key, [value]);
  else values.push(value);
};

/**
 * Every load balancer's way to its backends. Network security groups see the client's own source address and the
 * backend port, so a path keeps its clients and carries both ports.
 * https://learn.microsoft.com/azure/load-balancer/components
 */
export class LoadBalancers {
  readonly #resources: NetworkResources;
  readonly #known = new Set<string>();
  readonly #rulesByPool = new Map<string, PortRule[]>();
  readonly #natRules = new Map<string, PortRule>();
  readonly #natPools = new Map<string, PortRule>();
  readonly #natByConfig = new Map<string, PortRule[]>();
  readonly #members = new Map<string, Member[]>();
  readonly #poolsByConfig = new Map<string, string[]>();
  readonly #poolsByAddress = new Map<string, string[]>();
  readonly #globalByFrontend = new Map<string, PortRule[]>();
  readonly #defects: string[] = [];

  constructor(resources: NetworkResources) {
    this.#resources = resources;
    const globals: { frontend: string; pool: string }[] = [];
    for (const body of resources.ofType('Microsoft.Network/loadBalancers')) this.#read(body, globals);
    for (const { frontend, pool } of globals) {
      for (const rule of this.#rulesByPool.get(pool) ?? []) push(this.#globalByFrontend, frontend, rule);
    }
  }

  #read(body: Json, globals: { frontend: string; pool: string }[]): void {
    const id = text(body.id);
    this.#known.add(id.toLowerCase());
    const props = properties(body);
    const sku = text(object(body.sku).name).toLowerCase();
    const balancer: Balancer = {
      id,
      standard: sku === 'standard',
      skuKnown: sku !== '',
      global: text(object(body.sku).tier).toLowerCase() === 'global',
      frontends: new Map(),
    };
    for (const raw of list(props.frontendIPConfigurations)) {
      const frontend = object(raw);
      const inner = properties(frontend);
      const family: Family = text(inner.privateIPAddressVersion).toLowerCase() === 'ipv6' ? 6 : 4;
      const address = publicAddressOf(inner.publicIPAddress, this.#resources, family);
      const prefix = referenced(inner.publicIPPrefix);
      const publicAddresses = address === undefined ? [] : [address];
      if (address === undefined && prefix !== '') {
        const range = text(properties(this.#resources.get(prefix)).ipPrefix) || 'unknown';
        publicAddresses.push({ id: prefix, address: range, family, sku: 'standard', read: range !== 'unknown' });
      }
      const subnet = referenced(inner.subnet);
      balancer.frontends.set(text(frontend.id).toLowerCase(), {
        id: text(frontend.id),
        publicAddresses,
        privateAddress: text(inner.privateIPAddress),
        network: networkOf(subnet),
        gateway: referenced(inner.gatewayLoadBalancer),
        privateLink: referenced(inner.privateLinkService) !== '',
      });
    }
    for (const raw of list(props.loadBalancingRules)) this.#readRule(raw, balancer, 'rule');
    for (const raw of list(props.inboundNatRules)) this.#readRule(raw, balancer, 'nat');
    for (const raw of list(props.inboundNatPools)) this.#readRule(raw, balancer, 'pool');
    for (const raw of list(props.backendAddressPools)) this.#readPool(raw, globals);
  }

  #readRule(raw: unknown, balancer: Balancer, kind: 'rule' | 'nat' | 'pool'): void {
    const body = object(raw);
    const id = text(body.id);
    const props = properties(body);
    const name = printable(text(body.name) || nameOf(id), 120);
    const protocols = protocolsOf(text(props.protocol) || 'All');
    const frontPort = whole(props.frontendPort);
    const backPort = whole(props.backendPort) ?? frontPort;
    const start = whole(props.frontendPortRangeStart);
    const end = whole(props.frontendPortRangeEnd);
    const pools = [...referencedAll(props.backendAddressPools), referenced(props.backendAddressPool)].filter(Boolean);
    const ranged = start !== undefined && end !== undefined && start > 0 && end >= start;
    if (protocols === undefined || backPort === undefined || (frontPort === undefined && !ranged)) {
      this.#defects.push(`rule ${name} of load balancer ${nameOf(balancer.id)} cannot be read and is left out`);
      return;
    }
    // Protocol All with port 0 on both sides means every port ("HA ports").
    const everyPort = protocols === ALL_PROTOCOLS && (frontPort ?? 0) === 0 && !ranged;
    const rule: PortRule = {
      name,
      via: kind === 'rule' ? 'load-balancer' : 'nat-rule',
      balancer,
      frontend: referenced(props.frontendIPConfiguration).toLowerCase(),
      protocols: protocols === ALL_PROTOCOLS ? WITH_PORTS : protocols,
      front: everyPort ? EVERY_PORT : ranged ? { from: start, to: end } : { from: frontPort ?? 0, to: frontPort ?? 0 },
      back: everyPort ? EVERY_PORT : { from: backPort, to: backPort },
      floating: props.enableFloatingIP === true,
      pools: [...new Set(pools.map((pool) => pool.toLowerCase()))],
      natVersion1: kind === 'pool' || (kind === 'nat' && pools.length === 0),
      perMember: kind === 'nat' && ranged,
    };
    if (kind === 'pool') this.#natPools.set(id.toLowerCase(), rule);
    if (kind === 'nat') {
      this.#natRules.set(id.toLowerCase(), rule);
      const config = referenced(props.backendIPConfiguration).toLowerCase();
      if (config !== '') push(this.#natByConfig, config, rule);
    }
    for (const pool of rule.pools) push(this.#rulesByPool, pool, rule);
  }

  #readPool(raw: unknown, globals: { frontend: string; pool: string }[]): void {
    const pool = text(object(raw).id).toLowerCase();
    const props = properties(raw);
    for (const config of referencedAll(props.backendIPConfigurations)) {
      push(this.#poolsByConfig, config.toLowerCase(), pool);
    }
    const poolNetwork = referenced(props.virtualNetwork);
    for (const item of list(props.loadBalancerBackendAddresses)) {
      const inner = properties(item);
      const frontend = referenced(inner.loadBalancerFrontendIPConfiguration);
      if (frontend !== '') {
        globals.push({ frontend: frontend.toLowerCase(), pool });
        continue;
      }
      const ports = new Map<string, number>();
      for (const mapping of list(inner.inboundNatRulesPortMapping)) {
        const port = whole(object(mapping).frontendPort);
        if (port !== undefined) ports.set(text(object(mapping).inboundNatRuleName).toLowerCase(), port);
      }
      const config = referenced(inner.networkInterfaceIPConfiguration).toLowerCase();
      const address = text(inner.ipAddress);
      const network = (
        referenced(inner.virtualNetwork) ||
        networkOf(referenced(inner.subnet)) ||
        poolNetwork
      ).toLowerCase();
      push(this.#members, pool, {
        config,
        address,
        network,
        ports,
        down: text(inner.adminState).toLowerCase() === 'down',
      });
      if (config !== '') push(this.#poolsByConfig, config, pool);
      else if (address !== '') push(this.#poolsByAddress, address, pool);
    }
  }

  /** Everything that leads to a backend through load balancers. */
  leadingTo(backend: Backend): Balanced {
    const referred = backend.pools.length + backend.natRules.length + backend.natPools.length;
    if (this.#known.size === 0 && referred === 0) return NOT_BALANCED;
    const result: Found = { paths: [], inner: [], unread: [], notes: [...this.#defects] };
    const config = backend.id.toLowerCase();
    const network = networkOf(backend.subnet).toLowerCase();
    const isMember = (member: Member): boolean =>
      member.config !== ''
        ? member.config === config
        : member.address === backend.address && (member.network === '' || member.network === network);
    const pools = new Set<string>();
    for (const pool of backend.pools) pools.add(pool.toLowerCase());
    for (const pool of this.#poolsByConfig.get(config) ?? []) pools.add(pool);
    for (const pool of this.#poolsByAddress.get(backend.address) ?? []) {
      if (this.#members.get(pool)?.some(isMember)) pools.add(pool);
    }
    const rules = new Set<PortRule>();
    const refer = (id: string, rule: PortRule | undefined): void => {
      if (rule !== undefined) rules.add(rule);
      else this.#missing(id, result);
    };
    for (const id of backend.natRules) refer(id, this.#natRules.get(id.toLowerCase()));
    for (const rule of this.#natByConfig.get(config) ?? []) rules.add(rule);
    for (const id of backend.natPools) refer(id, this.#natPools.get(id.toLowerCase()));
    for (const pool of pools) {
      if (!this.#rulesByPool.has(pool)) this.#missing(pool, result);
      for (const rule of this.#rulesByPool.get(pool) ?? []) rules.add(rule);
      if (this.#members.get(pool)?.some((member) => member.down && isMember(member))) {
        result.notes.push(
          `backend pool ${nameOf(pool)} has this VM's admin state down: new connections do not arrive until it is up; shown as if it were up`,
        );
      }
    }
    for (const rule of rules) this.#follow(rule, backend, isMember, result);
    return result;
  }

  /** Notes a reference whose load balancer was not read; one whose balancer is known has simply no rules. */
  #missing(id: string, result: Found): void {
    const balancer = parentOf(id);
    if (this.#known.has(balancer.toLowerCase())) return;
    result.unread.push(balancer);
  }

  #follow(rule: PortRule, backend: Backend, isMember: (member: Member) => boolean, result: Found): void {
    const frontend = rule.balancer.frontends.get(rule.frontend);
    const name = nameOf(rule.balancer.id);
    if (frontend === undefined) {
      result.notes.push(
        `rule ${rule.name} of load balancer ${name} names a frontend that is not there; it is left out`,
      );
      return;
    }
    let { front } = rule;
    if (rule.perMember) {
      const port = rule.pools
        .flatMap((pool) => this.#members.get(pool) ?? [])
        .filter(isMember)
        .map((member) => member.ports.get(rule.name.toLowerCase()))
        .find((found) => found !== undefined);
      if (port !== undefined) front = { from: port, to: port };
    }
    if (front.from !== front.to && rule.via === 'nat-rule') {
      result.notes.push(
        `which port of ${front.from}-${front.to} of inbound NAT rule ${rule.name} of load balancer ${name} leads to this VM is not known: the whole range is shown`,
      );
    }
    const basic = rule.balancer.skuKnown && !rule.balancer.standard;
    const sku = basic ? ` (Basic, ${supportedUntil('basic-addresses-and-balancers')})` : '';
    const version = rule.natVersion1 ? ` (version 1, ${supportedUntil('inbound-nat-rule-v1')})` : '';
    const hop = `load balancer ${name}${sku}, rule ${rule.name}${version}: port ${ports(front)} → ${ports(rule.back)}`;
    if (frontend.publicAddresses.length === 0) {
      if (frontend.privateAddress !== '') {
        result.inner.push({
          address: frontend.privateAddress,
          network: frontend.network,
          protocols: rule.protocols,
          front,
          back: rule.back,
          hop,
        });
      }
      if (frontend.privateLink) {
        result.notes.push(
          `the internal load balancer ${name} is published by a private link service: who connects through it is not seen`,
        );
      }
    }
    if (frontend.gateway !== '') {
      result.notes.push(
        `load balancer ${name} passes its traffic through ${nameOf(parentOf(parentOf(frontend.gateway)))}: what the appliances there stop is not seen`,
      );
    }
    for (const address of frontend.publicAddresses) {
      if (address.family !== backend.family) continue;
      this.#warn(address, rule, result);
      const closedByDefault = rule.balancer.skuKnown ? rule.balancer.standard : address.sku === 'standard';
      result.paths.push({
        ...shared(rule, backend),
        via: rule.via,
        id: rule.balancer.id,
        rule: rule.name,
        address: address.address,
        front,
        back: rule.back,
        closedByDefault,
        hops: [`${describePublicAddress(address)}`, hop],
      });
    }
    for (const outer of this.#globalByFrontend.get(frontend.id.toLowerCase()) ?? []) {
      const through = throughPorts(outer.front, outer.back, front);
      const outerFrontend = outer.balancer.frontends.get(outer.frontend);
      if (through === undefined || outerFrontend === undefined || (outer.protocols & rule.protocols) === 0) continue;
      for (const address of outerFrontend.publicAddresses) {
        if (address.family !== backend.family) continue;
        result.paths.push({
          ...shared(rule, backend),
          via: 'load-balancer',
          id: outer.balancer.id,
          rule: outer.name,
          protocols: outer.protocols & rule.protocols,
          address: address.address,
          front: through.front,
          back: rule.back,
          closedByDefault: true,
          hops: [
            describePublicAddress(address),
            `cross-region load balancer ${nameOf(outer.balancer.id)}, rule ${outer.name}`,
            hop,
          ],
        });
      }
    }
  }

  #warn(address: PublicAddress, rule: PortRule, result: Found): void {
    if (address.read) return;
    result.notes.push(
      `public address ${nameOf(address.id)} of load balancer ${nameOf(rule.balancer.id)} was not read: its number is not known; needs Reader on it`,
    );
  }
}

const shared = (rule: PortRule, backend: Backend) => ({
  family: backend.family,
  protocols: rule.protocols,
  clients: EVERYONE,
  translated: undefined,
  floating: rule.floating,
});

/** "3389" or "50000-50099" */
export const ports = (range: PortRange): string =>
  range.from === range.to ? String(range.from) : `${range.from}-${range.to}`;
