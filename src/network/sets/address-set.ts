import { type Intervals, intersect, normalise, subtract } from './interval-set.ts';

/** Which Internet Protocol a set, a frontend or an address belongs to. */
export type Family = 4 | 6;

/** All of IPv4, in half-open form. */
export const ALL_V4: Intervals<number> = [0, 2 ** 32];
/** All of IPv6, in half-open form. */
export const ALL_V6: Intervals<bigint> = [0n, 1n << 128n];

/**
 * Address of dotted IPv4 text, or undefined. Strict: four decimal parts without leading zeros, since other readings
 * (octal, short forms) differ between programs.
 * @param end where the address ends in the text
 */
export function parseV4(text: string, end = text.length): number | undefined {
  let value = 0;
  let part = 0;
  let digits = 0;
  let dots = 0;
  if (end > 15) return undefined;
  for (let i = 0; i < end; i += 1) {
    const code = text.charCodeAt(i);
    if (code === 46) {
      if (digits === 0) return undefined;
      value = value * 256 + part;
      part = 0;
      digits = 0;
      dots += 1;
    } else if (code >= 48 && code <= 57) {
      if (digits > 0 && part === 0) return undefined;
      part = part * 10 + code - 48;
      digits += 1;
      if (part > 255) return undefined;
    } else {
      return undefined;
    }
  }
  return dots === 3 && digits > 0 ? value * 256 + part : undefined;
}

/** Address of IPv6 text (with `::` and a dotted tail), or undefined. Zone identifiers are refused. */
export function parseV6(text: string): bigint | undefined {
  if (text.length > 45 || !text.includes(':')) return undefined;
  let groups = text;
  const tail = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(text);
  if (tail?.[1] !== undefined && tail[2] !== undefined) {
    const v4 = parseV4(tail[2]);
    if (v4 === undefined) return undefined;
    groups = `${tail[1]}${Math.floor(v4 / 65536).toString(16)}:${(v4 % 65536).toString(16)}`;
  }
  const halves = groups.split('::');
  if (halves.length > 2) return undefined;
  const split = (half: string | undefined) => (half === undefined || half === '' ? [] : half.split(':'));
  const head = split(halves[0]);
  const rest = split(halves[1]);
  const missing = 8 - head.length - rest.length;
  if (halves.length === 1 ? missing !== 0 : missing < 1) return undefined;
  let value = 0n;
  for (const group of [...head, ...Array<string>(halves.length === 2 ? missing : 0).fill('0'), ...rest]) {
    if (!/^[0-9a-f]{1,4}$/i.test(group)) return undefined;
    value = (value << 16n) | BigInt(Number.parseInt(group, 16));
  }
  return value;
}

/** Dotted text of an IPv4 address. */
export function formatV4(address: number): string {
  return `${Math.floor(address / 16777216)}.${Math.floor(address / 65536) % 256}.${Math.floor(address / 256) % 256}.${address % 256}`;
}

/** Text of an IPv6 address after RFC 5952: lower case, the longest run of zeros (of two or more) as `::`. */
export function formatV6(address: bigint): string {
  const groups: string[] = [];
  for (let shift = 112n; shift >= 0n; shift -= 16n) groups.push(((address >> shift) & 0xffffn).toString(16));
  let best = -1;
  let bestLength = 1;
  for (let i = 0; i < 8; i += 1) {
    let length = 0;
    while (i + length < 8 && groups[i + length] === '0') length += 1;
    if (length > bestLength) {
      best = i;
      bestLength = length;
    }
  }
  if (best < 0) return groups.join(':');
  return `${groups.slice(0, best).join(':')}::${groups.slice(best + bestLength).join(':')}`;
}

/** A parsed prefix, half-open. */
export type Prefix = { family: 4; start: number; end: number } | { family: 6; start: bigint; end: bigint };

/**
 * Reads an address, a CIDR block or a range `a-b`; undefined for anything else. A block's host bits are ignored, as
 * Azure ignores them.
 */
export function parsePrefix(text: string): Prefix | undefined {
  const trimmed = text.trim();
  if (trimmed.length > 100) return undefined;
  const slash = trimmed.indexOf('/');
  if (slash >= 0) {
    const length = lengthAt(trimmed, slash + 1);
    if (length < 0) return undefined;
    const v4 = parseV4(trimmed, slash);
    if (v4 !== undefined) {
      if (length > 32) return undefined;
      const size = 2 ** (32 - length);
      const start = Math.floor(v4 / size) * size;
      return { family: 4, start, end: start + size };
    }
    const v6 = parseV6(trimmed.slice(0, slash));
    if (v6 === undefined || length > 128) return undefined;
    const shift = BigInt(128 - length);
    const start = (v6 >> shift) << shift;
    return { family: 6, start, end: start + (1n << shift) };
  }
  const dash = trimmed.indexOf('-');
  if (dash > 0) {
    const from = parsePrefix(trimmed.slice(0, dash));
    const to = parsePrefix(trimmed.slice(dash + 1));
    if (from?.family === 4 && to?.family === 4 && from.start < to.end)
      return { family: 4, start: from.start, end: to.end };
    if (from?.family === 6 && to?.family === 6 && from.start < to.end)
      return { family: 6, start: from.start, end: to.end };
    return undefined;
  }
  const v4 = parseV4(trimmed);
  if (v4 !== undefined) return { family: 4, start: v4, end: v4 + 1 };
  const v6 = parseV6(trimmed);
  return v6 === undefined ? undefined : { family: 6, start: v6, end: v6 + 1n };
}

/** The number that one to three digits from a place to the end of the text make; -1 for anything else. */
function lengthAt(text: string, from: number): number {
  if (from >= text.length || text.length - from > 3) return -1;
  let length = 0;
  for (let i = from; i < text.length; i += 1) {
    const code = text.charCodeAt(i);
    if (code < 48 || code > 57) return -1;
    length = length * 10 + code - 48;
  }
  return length;
}

/** The addresses of both families that a list of prefixes holds; what cannot be read as a prefix is returned apart. */
export function addressesOf(prefixes: Iterable<string>): {
  v4: Intervals<number>;
  v6: Intervals<bigint>;
  unread: string[];
} {
  const v4: number[] = [];
  const v6: bigint[] = [];
  const unread: string[] = [];
  for (const text of prefixes) {
    const prefix = parsePrefix(text);
    if (prefix === undefined) unread.push(text);
    else if (prefix.family === 4) v4.push(prefix.start, prefix.end);
    else v6.push(prefix.start, prefix.end);
  }
  return { v4: normalise(v4), v6: normalise(v6), unread };
}

/** Blocks of IPv4 that no one on the Internet can send from. */
const NOT_INTERNET_V4 = [
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

/** The IPv4 Internet: 3,702,259,456 addresses. */
export const INTERNET_V4: Intervals<number> = subtract(ALL_V4, addressesOf(NOT_INTERNET_V4).v4);
/** The IPv6 Internet: global unicast, 2000::/3 (RFC 4291, IANA's registry). */
export const INTERNET_V6: Intervals<bigint> = addressesOf(['2000::/3']).v6;
/** How many addresses `INTERNET_V4` holds. */
export const INTERNET_SIZE = sizeV4(INTERNET_V4);

/** The part of an IPv4 set that is on the Internet. */
export const onInternetV4 = (set: Intervals<number>): Intervals<number> => intersect(set, INTERNET_V4);

/** How many addresses an IPv4 set holds. */
export function sizeV4(set: Intervals<number>): number {
  let size = 0;
  for (let i = 0; i < set.length; i += 2) size += (set[i + 1] ?? 0) - (set[i] ?? 0);
  return size;
}

/** How many addresses an IPv6 set holds. */
export function sizeV6(set: Intervals<bigint>): bigint {
  let size = 0n;
  for (let i = 0; i < set.length; i += 2) size += (set[i + 1] ?? 0n) - (set[i] ?? 0n);
  return size;
}

/** The fewest CIDR blocks that make up an IPv4 set, in order. */
export function cidrsV4(set: Intervals<number>): string[] {
  const blocks: string[] = [];
  for (let i = 0; i < set.length; i += 2) {
    let start = set[i] ?? 0;
    const end = set[i + 1] ?? 0;
    while (start < end) {
      // The largest block is bounded by the alignment of its start and by what is left.
      const aligned = start === 0 ? 32 : start % 2 ** 31 === 0 ? 31 : 31 - Math.clz32(start & -start);
      const fits = end - start === 2 ** 32 ? 32 : 31 - Math.clz32(end - start);
      const bits = Math.min(aligned, fits);
      blocks.push(`${formatV4(start)}/${32 - bits}`);
      start += 2 ** bits;
    }
  }
  return blocks;
}

/** The fewest CIDR blocks that make up an IPv6 set, in order. */
export function cidrsV6(set: Intervals<bigint>): string[] {
  const blocks: string[] = [];
  for (let i = 0; i < set.length; i += 2) {
    let start = set[i] ?? 0n;
    const end = set[i + 1] ?? 0n;
    while (start < end) {
      let bits = 0n;
      while (bits < 128n && start % (1n << (bits + 1n)) === 0n && start + (1n << (bits + 1n)) <= end) bits += 1n;
      blocks.push(`${formatV6(start)}/${128n - bits}`);
      start += 1n << bits;
    }
  }
  return blocks;
}
