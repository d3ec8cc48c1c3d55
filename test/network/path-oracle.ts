import { decide, inPrefix, type Surroundings } from './oracle.ts';

/**
 * What becomes of one packet from the Internet, hop by hop, straight from the parts that a world was built of. It shares
 * no code with what it judges, and knows of no sets: it forwards single packets.
 */
export interface OraclePacket {
  protocol: 'tcp' | 'udp';
  source: string;
  destination: string;
  port: number;
}

export interface OracleConfig {
  /** Name of the network interface. */
  nic: string;
  address: string;
  publicAddress: string;
  standard: boolean;
  /** Is it in the balancer's pool? */
  pooled: boolean;
}

export interface OracleWorld {
  configs: OracleConfig[];
  /** Rules of the groups; undefined where there is none. */
  subnetRules: Record<string, unknown>[] | undefined;
  nicRules: Map<string, Record<string, unknown>[] | undefined>;
  balancer: {
    address: string;
    standard: boolean;
    rules: { protocol: string; front: number; back: number }[];
    natRules: { protocol: string; front: number; back: number; target: string }[];
    /** Each of the addresses gets one of these ports: which one is not said. */
    natPools: { protocol: string; fronts: [number, number]; back: number; targets: string[] }[];
  };
  firewall: {
    address: string;
    /** Addresses that it may put in place of the client's. */
    own: string[];
    rules: {
      protocols: readonly string[];
      sources: readonly string[];
      ports: [number, number];
      target: string;
      to: number | undefined;
    }[];
    joined: boolean;
  };
  /** Answers the client itself, and asks the machine from an address of its own. */
  gateway: {
    address: string;
    own: string[];
    /** Rules at its subnet; undefined where there is no group. */
    subnetRules: Record<string, unknown>[] | undefined;
    rules: { front: number; back: number; targets: string[] }[];
  };
  around: Surroundings;
}

const passes = (world: OracleWorld, config: OracleConfig, source: string, port: number, protocol: 'tcp' | 'udp') =>
  [world.subnetRules, world.nicRules.get(config.nic)].every((rules) => {
    if (rules === undefined) return true;
    const packet = { protocol, source, sourcePort: 50_000, destination: config.address, port };
    return decide(rules, packet, world.around).access === 'allow';
  });

const guarded = (world: OracleWorld, config: OracleConfig) =>
  world.subnetRules !== undefined || world.nicRules.get(config.nic) !== undefined;

const speaks = (name: string, protocol: string) => name.toLowerCase() === protocol || name.toLowerCase() === 'all';

/** Where the packet arrives: "nic|port" of every machine's interface that gets it. */
export function delivered(world: OracleWorld, packet: OraclePacket): Set<string> {
  const arrivals = new Set<string>();
  const arrive = (config: OracleConfig, source: string, port: number) => {
    if (passes(world, config, source, port, packet.protocol)) arrivals.add(`${config.nic}|${port}`);
  };
  for (const config of world.configs) {
    if (config.publicAddress !== packet.destination) continue;
    // A Standard address is shut where no group opens it.
    if (config.standard && !guarded(world, config)) continue;
    arrive(config, packet.source, packet.port);
  }
  const { balancer, firewall, gateway } = world;
  if (packet.destination === balancer.address) {
    for (const rule of balancer.rules) {
      if (!speaks(rule.protocol, packet.protocol) || rule.front !== packet.port) continue;
      for (const config of world.configs) {
        if (!config.pooled || (balancer.standard && !guarded(world, config))) continue;
        arrive(config, packet.source, rule.back);
      }
    }
    for (const rule of balancer.natRules) {
      if (!speaks(rule.protocol, packet.protocol) || rule.front !== packet.port) continue;
      for (const config of world.configs) {
        if (config.address !== rule.target || (balancer.standard && !guarded(world, config))) continue;
        arrive(config, packet.source, rule.back);
      }
    }
  }
  if (packet.destination === balancer.address) {
    for (const pool of balancer.natPools) {
      if (!speaks(pool.protocol, packet.protocol)) continue;
      if (packet.port < pool.fronts[0] || pool.fronts[1] < packet.port) continue;
      for (const config of world.configs) {
        if (!pool.targets.includes(config.address) || (balancer.standard && !guarded(world, config))) continue;
        arrive(config, packet.source, pool.back);
      }
    }
  }
  if (packet.destination === gateway.address && packet.protocol === 'tcp') {
    const { source, port } = packet;
    const asked = { protocol: 'tcp' as const, source, sourcePort: 50_000, destination: gateway.own[0] ?? '', port };
    const answers =
      gateway.subnetRules === undefined || decide(gateway.subnetRules, asked, world.around).access === 'allow';
    for (const rule of gateway.rules) {
      if (!answers || rule.front !== port) continue;
      for (const config of world.configs) {
        if (rule.targets.includes(config.address)) for (const own of gateway.own) arrive(config, own, rule.back);
      }
    }
  }
  if (packet.destination === firewall.address) {
    // The first rule that matches translates, and no other.
    const rule = firewall.rules.find(
      (one) =>
        one.protocols.some((name) => name.toLowerCase() === packet.protocol) &&
        one.sources.some((prefix) => prefix === '*' || inPrefix(packet.source, prefix)) &&
        one.ports[0] <= packet.port &&
        packet.port <= one.ports[1],
    );
    if (rule !== undefined && firewall.joined) {
      const port = rule.to ?? packet.port;
      for (const config of world.configs) {
        if (config.address !== rule.target) continue;
        for (const own of firewall.own) arrive(config, own, port);
      }
    }
  }
  return arrivals;
}
