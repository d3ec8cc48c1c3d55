/**
 * A second way to the same answer, one packet at a time, straight from the bodies and the documentation. It shares no
 * code with what it judges.
 */
export interface Packet {
  protocol: 'tcp' | 'udp' | 'icmp' | 'esp' | 'ah';
  source: string;
  sourcePort: number;
  destination: string;
  port: number;
}

export interface Surroundings {
  /** Prefixes of the virtual network, its peers and the routes of the subnet. */
  virtualNetwork: string[];
  /** Prefixes of the virtual network and its peers alone. */
  own: string[];
  /** ids of the application security groups that the destination is in */
  groups: string[];
  tags: Record<string, string[]>;
}

type Any = Record<string, unknown>;

const numbers = new Map<string, number>();
export const toNumber = (address: string): number => {
  let n = numbers.get(address);
  if (n === undefined) {
    n = parse(address);
    numbers.set(address, n);
  }
  return n;
};
const parse = (address: string): number => {
  const [a = 0, b = 0, c = 0, d = 0] = address.split('.').map(Number);
  return ((a * 256 + b) * 256 + c) * 256 + d;
};
export const toText = (n: number): string =>
  [Math.floor(n / 2 ** 24), Math.floor(n / 2 ** 16) % 256, Math.floor(n / 256) % 256, n % 256].join('.');

export function inPrefix(address: string, prefix: string): boolean {
  const n = toNumber(address);
  if (prefix.includes('-')) {
    const [from = '', to = ''] = prefix.split('-');
    return toNumber(from) <= n && n <= toNumber(to);
  }
  const [base = '', bits = '32'] = prefix.split('/');
  const size = 2 ** (32 - Number(bits));
  return Math.floor(n / size) === Math.floor(toNumber(base) / size);
}

const NOT_PUBLIC = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '224.0.0.0/4',
  '240.0.0.0/4',
];

export const onInternet = (address: string): boolean => !NOT_PUBLIC.some((prefix) => inPrefix(address, prefix));

function matchesAddress(
  address: string,
  one: unknown,
  many: unknown,
  groups: unknown,
  isDestination: boolean,
  around: Surroundings,
): boolean {
  const texts = [...(typeof one === 'string' ? [one] : []), ...(Array.isArray(many) ? (many as string[]) : [])];
  for (const text of texts) {
    const lower = text.toLowerCase();
    if (lower === '*' || lower === 'any') return true;
    if (lower === 'internet') {
      if (onInternet(address) && !around.own.some((prefix) => inPrefix(address, prefix))) return true;
    } else if (lower === 'virtualnetwork') {
      if (isDestination || around.virtualNetwork.some((prefix) => inPrefix(address, prefix))) return true;
    } else if (lower === 'azureloadbalancer') {
      // 168.63.129.16: no sender of the Internet
    } else if (around.tags[lower]) {
      if (around.tags[lower].some((prefix) => inPrefix(address, prefix))) return true;
    } else if (inPrefix(address, text)) return true;
  }
  if (Array.isArray(groups) && isDestination) {
    return (groups as { id: string }[]).some(({ id }) =>
      around.groups.some((mine) => mine.toLowerCase() === id.toLowerCase()),
    );
  }
  return false;
}

function matchesPort(port: number, one: unknown, many: unknown): boolean {
  const texts = [...(typeof one === 'string' ? [one] : []), ...(Array.isArray(many) ? (many as string[]) : [])];
  return texts.some((text) => {
    if (text === '*') return true;
    const [from = '', to = from] = text.split('-');
    return Number(from) <= port && port <= Number(to);
  });
}

const coversAll = (one: unknown, many: unknown): boolean => {
  const texts = [...(typeof one === 'string' ? [one] : []), ...(Array.isArray(many) ? (many as string[]) : [])];
  if (texts.includes('*')) return true;
  const ranges = texts.map((text) => text.split('-').map(Number)).sort((a, b) => (a[0] ?? 0) - (b[0] ?? 0));
  let next = 0;
  for (const [from = 0, to = from] of ranges) if (from <= next) next = Math.max(next, to + 1);
  return next === 65536;
};

/** The rule of a group that decides a packet; undefined when even the default deny does not (never). */
export function decide(rules: Any[], packet: Packet, around: Surroundings): { name: string; access: string } {
  const all = [
    ...rules,
    {
      name: 'AllowVnetInBound',
      properties: {
        priority: 65000,
        access: 'Allow',
        direction: 'Inbound',
        protocol: '*',
        sourcePortRange: '*',
        destinationPortRange: '*',
        sourceAddressPrefix: 'VirtualNetwork',
        destinationAddressPrefix: 'VirtualNetwork',
      },
    },
    {
      name: 'AllowAzureLoadBalancerInBound',
      properties: {
        priority: 65001,
        access: 'Allow',
        direction: 'Inbound',
        protocol: '*',
        sourcePortRange: '*',
        destinationPortRange: '*',
        sourceAddressPrefix: 'AzureLoadBalancer',
        destinationAddressPrefix: '*',
      },
    },
    {
      name: 'DenyAllInBound',
      properties: {
        priority: 65500,
        access: 'Deny',
        direction: 'Inbound',
        protocol: '*',
        sourcePortRange: '*',
        destinationPortRange: '*',
        sourceAddressPrefix: '*',
        destinationAddressPrefix: '*',
      },
    },
  ] as { name: string; properties: Any }[];
  all.sort((a, b) => Number(a.properties.priority) - Number(b.properties.priority));
  for (const { name, properties: p } of all) {
    if (String(p.direction).toLowerCase() !== 'inbound') continue;
    const protocol = String(p.protocol).toLowerCase();
    if (protocol !== '*' && protocol !== packet.protocol) continue;
    const hasPorts = packet.protocol === 'tcp' || packet.protocol === 'udp';
    if (hasPorts) {
      if (!matchesPort(packet.port, p.destinationPortRange, p.destinationPortRanges)) continue;
      if (!matchesPort(packet.sourcePort, p.sourcePortRange, p.sourcePortRanges)) continue;
    } else if (protocol === '*') {
      if (!coversAll(p.destinationPortRange, p.destinationPortRanges)) continue;
      if (!coversAll(p.sourcePortRange, p.sourcePortRanges)) continue;
    }
    if (
      !matchesAddress(
        packet.source,
        p.sourceAddressPrefix,
        p.sourceAddressPrefixes,
        p.sourceApplicationSecurityGroups,
        false,
        around,
      )
    )
      continue;
    if (
      !matchesAddress(
        packet.destination,
        p.destinationAddressPrefix,
        p.destinationAddressPrefixes,
        p.destinationApplicationSecurityGroups,
        true,
        around,
      )
    )
      continue;
    return { name, access: String(p.access).toLowerCase() };
  }
  throw new Error('no rule decided');
}

/** The admin rule that decides a packet, if one does. */
export function decideAdmin(rules: Any[], packet: Packet): { name: string; access: string } | undefined {
  const sorted = [...rules].sort(
    (a, b) => Number((a.properties as Any).priority) - Number((b.properties as Any).priority),
  );
  for (const raw of sorted) {
    const p = raw.properties as Any;
    const protocol = String(p.protocol).toLowerCase();
    if (protocol !== 'any' && protocol !== packet.protocol) continue;
    const hasPorts = packet.protocol === 'tcp' || packet.protocol === 'udp';
    if (hasPorts && !matchesPort(packet.port, undefined, p.destinationPortRanges)) continue;
    if (hasPorts && !matchesPort(packet.sourcePort, undefined, p.sourcePortRanges)) continue;
    if (!hasPorts && protocol === 'any' && !coversAll(undefined, p.destinationPortRanges)) continue;
    const prefixes = (items: unknown) => (items as { addressPrefix: string }[]).map((item) => item.addressPrefix);
    const hit = (address: string, items: unknown) =>
      prefixes(items).some((prefix) => prefix === '*' || inPrefix(address, prefix));
    if (!hit(packet.source, p.sources) || !hit(packet.destination, p.destinations)) continue;
    return { name: String(raw.id).split('/').at(-1) ?? '', access: String(p.access).toLowerCase() };
  }
  return undefined;
}
