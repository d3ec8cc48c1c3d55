import ipaddr from 'ipaddr.js';
import { at, listAt, numberAt, textAt } from '../arm/json.ts';
import { INTERNET_V4, INTERNET_V6, parseV4, parseV6 } from '../network/sets/address-set.ts';
import { contains } from '../network/sets/interval-set.ts';

/** An address, or a prefix in CIDR form, in its shortest writing with its length; undefined when it is neither. */
export function prefixOf(text: string): { prefix: string; single: boolean } | undefined {
  const given = text.trim();
  try {
    if (given.includes('/')) {
      const [address, length] = ipaddr.parseCIDR(given);
      const bits = address.kind() === 'ipv4' ? 32 : 128;
      return { prefix: `${address.toString()}/${length}`, single: length === bits };
    }
    if (!ipaddr.IPv4.isValidFourPartDecimal(given) && !ipaddr.IPv6.isValid(given)) return undefined;
    const address = ipaddr.process(given);
    return { prefix: `${address.toString()}/${address.kind() === 'ipv4' ? 32 : 128}`, single: true };
  } catch {
    return undefined;
  }
}

export interface Decision {
  /** null when a rule with a service tag or an application group comes first, which is not resolved here. */
  allowed: boolean | null;
  /** The rule that decides, or the one that is not resolved. */
  rule: string;
}

function values(rule: unknown, singular: string, plural: string): string[] {
  const one = textAt(rule, singular);
  const many = listAt(rule, plural).map(String);
  return [...new Set([...(one === '' ? [] : [one]), ...many])];
}

function portMatches(ranges: readonly string[], port: number): boolean {
  return ranges.some((range) => {
    if (range === '*') return true;
    const [from, to = from] = range.split('-').map((part) => Number(part.trim()));
    return from !== undefined && to !== undefined && port >= from && port <= to;
  });
}

function onInternet(address: ipaddr.IPv4 | ipaddr.IPv6): boolean {
  const v4 = parseV4(address.toString());
  if (v4 !== undefined) return contains(INTERNET_V4, v4);
  const v6 = parseV6(address.toString());
  return v6 !== undefined && contains(INTERNET_V6, v6);
}

const anySource = new Set(['*', 'any', '0.0.0.0/0', '::/0']);

/** Is the first address of the prefix in the source? null when the source is a tag that is not resolved here. */
export function sourceMatches(source: string, address: ipaddr.IPv4 | ipaddr.IPv6): boolean | null {
  const low = source.toLowerCase();
  if (low === '*' || low === 'any') return true;
  const isPublic = onInternet(address);
  if (low === 'internet') return isPublic ? true : null;
  // A public client is not in the virtual network unless a route to everywhere leads there, which is not seen here.
  if (low === 'virtualnetwork') return isPublic ? false : null;
  if (low === 'azureloadbalancer') return false;
  if (prefixOf(source) === undefined) return null;
  if (anySource.has(low)) return (low === '::/0') === (address.kind() === 'ipv6');
  const [start, length] = ipaddr.parseCIDR(prefixOf(source)?.prefix ?? '');
  return start.kind() === address.kind() && address.match(start, length);
}

/**
 * Which of a security group's inbound rules decides over TCP from an address to a port? Rules are as ARM writes them
 * (with `properties`) or as the effective rules do (without). The first match by priority decides; no match denies.
 */
export function decideInbound(rules: readonly unknown[], from: string, port: number): Decision {
  const prefix = prefixOf(from)?.prefix;
  if (prefix === undefined) return { allowed: null, rule: '' };
  const [address] = ipaddr.parseCIDR(prefix);
  const inbound = rules
    .map((rule) => ({ name: textAt(rule, 'name'), body: at(rule, 'properties') ?? rule }))
    .filter(({ body }) => textAt(body, 'direction').toLowerCase() === 'inbound')
    .sort((a, b) => (numberAt(a.body, 'priority') ?? 0) - (numberAt(b.body, 'priority') ?? 0));
  for (const { name, body } of inbound) {
    const protocol = textAt(body, 'protocol').toLowerCase();
    if (!['*', 'all', 'any', 'tcp'].includes(protocol)) continue;
    if (!portMatches(values(body, 'destinationPortRange', 'destinationPortRanges'), port)) continue;
    const expanded = listAt(body, 'expandedSourceAddressPrefix').map(String);
    const sources = expanded.length > 0 ? expanded : values(body, 'sourceAddressPrefix', 'sourceAddressPrefixes');
    const matches = sources.map((source) => sourceMatches(source, address));
    const allowed = textAt(body, 'access').toLowerCase() === 'allow';
    if (matches.includes(true)) return { allowed, rule: name };
    if (matches.includes(null) || listAt(body, 'sourceApplicationSecurityGroups').length > 0) {
      return { allowed: null, rule: name };
    }
  }
  return { allowed: false, rule: 'no rule' };
}
