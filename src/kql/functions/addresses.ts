import { type Call, counts, type Implementation, texts } from '../call.ts';
import { fail } from '../scope.ts';
import type { Value } from '../values.ts';

/** The addresses of one version of IP, each with a /prefix. */
export interface AddressFamily<Network> {
  version: 4 | 6;
  /** Bits of an address. */
  width: number;
  /** Null when the text is none. */
  parse(text: string): Network | null;
  contains(network: Network, address: Network): boolean;
}

interface Network {
  address: number;
  prefix: number;
}

/** An IPv4 address with an optional /prefix; null when the text is none. Leading zeros and short forms are refused. */
export function parseNetwork(text: string): Network | null {
  const m = /^\s*(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})(?:\/(\d{1,2}))?\s*$/.exec(text);
  if (!m) return null;
  const parts = m.slice(1, 5).map(Number);
  const prefix = m[5] === undefined ? 32 : Number(m[5]);
  if (parts.some((p) => p > 255) || prefix > 32) return null;
  return { address: parts.reduce((sum, p) => sum * 256 + p, 0), prefix };
}

/** The address with all but its first `prefix` bits cleared. */
const masked = (address: number, prefix: number): number => {
  const size = 2 ** (32 - prefix);
  return Math.floor(address / size) * size;
};

const contains = (network: Network, address: Network): boolean => {
  const prefix = Math.min(network.prefix, address.prefix);
  return masked(network.address, prefix) === masked(address.address, prefix);
};

export const ipv4: AddressFamily<Network> = { version: 4, width: 32, parse: parseNetwork, contains };

/** Reads networks once; gives the places of those that an address is in. */
export function networksAround<Network>(
  { parse, contains }: AddressFamily<Network>,
  networks: readonly string[],
): (address: string) => number[] {
  const read = networks.map(parse);
  return (text) => {
    const address = parse(text);
    if (address === null) return [];
    return read.flatMap((network, at) => (network !== null && contains(network, address) ? [at] : []));
  };
}

/** The first network's address and its prefix as far as a second prefix allows; null for what is none. */
function narrowed(text: string, mask: number | null | undefined): Network | null {
  const network = parseNetwork(/^\d+$/.test(text) ? dotted(Number(text) % 4_294_967_296) : text);
  if (!network || mask === null || (mask !== undefined && (mask < 0 || mask > 32))) return null;
  const prefix = Math.min(network.prefix, mask ?? 32);
  return { address: masked(network.address, prefix), prefix };
}

/** The least list of networks that covers the addresses from one to another. */
function cidrList(from: number, to: number): string[] {
  const list: string[] = [];
  for (let at = from; at <= to; ) {
    let size = 1;
    while (size < 4_294_967_296 && at % (size * 2) === 0 && at + size * 2 - 1 <= to) size *= 2;
    list.push(`${dotted(at)}/${32 - Math.log2(size)}`);
    at += size;
  }
  return list;
}

const PRIVATE: readonly Network[] = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16'].flatMap(
  (t) => parseNetwork(t) ?? [],
);

const dotted = (address: number): string =>
  [address / 16_777_216, address / 65_536, address / 256, address].map((n) => Math.floor(n) % 256).join('.');

/** Reads an argument as a prefix of so many bits; a whole address when it is absent. */
export function prefixes(
  call: Call,
  position: number,
  { version, width }: Pick<AddressFamily<unknown>, 'version' | 'width'>,
): (row: number) => number {
  const given = counts(call, position);
  return (row) => {
    const prefix = given?.(row) ?? width;
    if (prefix < 0 || prefix > width) fail('semantic', `${prefix} is no IPv${version} prefix.`, call.node, call.scope);
    return prefix;
  };
}

const compare =
  (result: (order: number) => number | boolean): Implementation =>
  (call) => {
    const left = texts(call, 0);
    const right = texts(call, 1);
    const prefix = prefixes(call, 2, ipv4);
    return (row) => {
      const a = parseNetwork(left(row));
      const b = parseNetwork(right(row));
      if (!a || !b) return null;
      const bits = Math.min(a.prefix, b.prefix, prefix(row));
      return result(Math.sign(masked(a.address, bits) - masked(b.address, bits)));
    };
  };

/** The ranges of an argument: a text, or the members of a dynamic array. */
function rangesOf(value: Value): string[] {
  if (Array.isArray(value)) return value.map((member) => (typeof member === 'string' ? member : ''));
  return [typeof value === 'string' ? value : ''];
}

/** Ranges are texts or dynamic arrays of texts (Microsoft Learn, "ipv4_is_in_any_range()"). */
export const inRange =
  <Network>({ parse, contains }: AddressFamily<Network>): Implementation =>
  (call) => {
    const address = texts(call, 0);
    const given = call.args.slice(1);
    return (row) => {
      const a = parse(address(row));
      if (a === null) return null;
      const ranges = given.flatMap((argument) => rangesOf(argument.at(row)));
      let unreadable = 0;
      for (const range of ranges) {
        const network = parse(range);
        if (network === null) unreadable += 1;
        else if (contains(network, a)) return true;
      }
      return unreadable === ranges.length ? null : false;
    };
  };

export const ADDRESS_FUNCTIONS: Record<string, Implementation> = {
  parse_ipv4: (call) => {
    const read = texts(call, 0);
    return (row) => {
      const network = parseNetwork(read(row));
      return network ? masked(network.address, network.prefix) : null;
    };
  },
  parse_ipv4_mask: (call) => {
    const read = texts(call, 0);
    const mask = counts(call, 1);
    return (row) => {
      const network = parseNetwork(read(row));
      const prefix = mask?.(row) ?? null;
      return network && prefix !== null && prefix >= 0 && prefix <= 32 ? masked(network.address, prefix) : null;
    };
  },
  ipv4_compare: compare((order) => order),
  ipv4_is_match: compare((order) => order === 0),
  ipv4_is_in_range: inRange(ipv4),
  ipv4_is_in_any_range: inRange(ipv4),
  ipv4_is_private: (call) => {
    const read = texts(call, 0);
    return (row) => {
      const network = parseNetwork(read(row));
      return network ? PRIVATE.some((p) => contains(p, network) && network.prefix >= p.prefix) : null;
    };
  },
  ipv4_netmask_suffix: (call) => {
    const read = texts(call, 0);
    return (row) => parseNetwork(read(row))?.prefix ?? null;
  },
  format_ipv4: (call) => {
    const read = texts(call, 0);
    const mask = counts(call, 1);
    return (row) => {
      const network = narrowed(read(row), mask ? mask(row) : undefined);
      return network ? dotted(network.address) : '';
    };
  },
  format_ipv4_mask: (call) => {
    const read = texts(call, 0);
    const mask = counts(call, 1);
    return (row) => {
      const network = narrowed(read(row), mask ? mask(row) : undefined);
      return network ? `${dotted(network.address)}/${network.prefix}` : '';
    };
  },
  ipv4_range_to_cidr_list: (call) => {
    const [first, last] = [texts(call, 0), texts(call, 1)];
    return (row) => {
      const [a, b] = [parseNetwork(first(row)), parseNetwork(last(row))];
      return a && b && a.prefix === 32 && b.prefix === 32 && a.address <= b.address
        ? cidrList(a.address, b.address)
        : null;
    };
  },
};
