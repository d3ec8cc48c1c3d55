import { type Implementation, texts } from '../call.ts';
import type { Value } from '../values.ts';
import { type AddressFamily, inRange, parseNetwork, prefixes } from './addresses.ts';

/** Functions over IPv6 addresses. An IPv4 address is read as the IPv6 address that stands for it, ::ffff:a.b.c.d. */

interface Network {
  address: bigint;
  prefix: number;
}

const WIDTH = 128;
const MAPPED = 0xffff00000000n;

/** The groups of one side of `::`; null when they are none. */
function groups(text: string): bigint[] | null {
  if (text === '') return [];
  const parts = text.split(':');
  return parts.every((p) => /^[0-9a-f]{1,4}$/i.test(p)) ? parts.map((p) => BigInt(`0x${p}`)) : null;
}

/** An address with an optional /prefix, of either version; null when the text is none. */
function parseIpv6(text: string): Network | null {
  const m = /^\s*([0-9a-fA-F:.]+)(?:\/(\d{1,3}))?\s*$/.exec(text);
  const written = m?.[1];
  if (written === undefined) return null;
  // `::192.168.1.1` and `192.168.1.1` mean the same here, as on the page of parse_ipv6_mask().
  const dotted = parseNetwork(written.replace(/^::(?:ffff:)?/i, ''));
  if (dotted !== null) {
    const prefix = m?.[2] === undefined ? WIDTH : Number(m[2]) + 96;
    return prefix > WIDTH ? null : { address: MAPPED | BigInt(dotted.address), prefix };
  }
  const prefix = m?.[2] === undefined ? WIDTH : Number(m[2]);
  const sides = written.split('::');
  if (prefix > WIDTH || sides.length > 2) return null;
  const [head, tail] = [groups(sides[0] ?? ''), groups(sides[1] ?? '')];
  if (head === null || tail === null) return null;
  const left = 8 - head.length - tail.length;
  if (sides.length === 1 ? left !== 0 : left < 1) return null;
  const all = [...head, ...new Array<bigint>(left).fill(0n), ...tail];
  return { address: all.reduce((sum, g) => (sum << 16n) | g, 0n), prefix };
}

const masked = (address: bigint, prefix: number): bigint =>
  (address >> BigInt(WIDTH - prefix)) << BigInt(WIDTH - prefix);

const contains = (network: Network, address: Network): boolean => {
  const prefix = Math.min(network.prefix, address.prefix);
  return masked(network.address, prefix) === masked(address.address, prefix);
};

export const ipv6: AddressFamily<Network> = { version: 6, width: WIDTH, parse: parseIpv6, contains };

/** All eight groups of four digits. */
function printed(address: bigint): string {
  const digits = address.toString(16).padStart(32, '0');
  return (digits.match(/.{4}/g) ?? []).join(':');
}

const compare =
  (result: (order: number) => Value): Implementation =>
  (call) => {
    const [left, right] = [texts(call, 0), texts(call, 1)];
    const given = prefixes(call, 2, ipv6);
    return (row) => {
      const [a, b] = [parseIpv6(left(row)), parseIpv6(right(row))];
      if (!a || !b) return null;
      const bits = Math.min(a.prefix, b.prefix, given(row));
      const [x, y] = [masked(a.address, bits), masked(b.address, bits)];
      return result(x < y ? -1 : x > y ? 1 : 0);
    };
  };

export const IPV6_FUNCTIONS: Record<string, Implementation> = {
  ipv6_compare: compare((order) => order),
  ipv6_is_match: compare((order) => order === 0),
  ipv6_is_in_range: inRange(ipv6),
  ipv6_is_in_any_range: inRange(ipv6),
  parse_ipv6: (call) => {
    const read = texts(call, 0);
    return (row) => {
      const network = parseIpv6(read(row));
      return network ? printed(masked(network.address, network.prefix)) : '';
    };
  },
  parse_ipv6_mask: (call) => {
    const read = texts(call, 0);
    const mask = prefixes(call, 1, ipv6);
    return (row) => {
      const network = parseIpv6(read(row));
      return network ? printed(masked(network.address, Math.min(network.prefix, mask(row)))) : '';
    };
  },
};
