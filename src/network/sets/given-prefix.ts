import ipaddr from 'ipaddr.js';
import { addressesOf } from './address-set.ts';
import { overlaps } from './interval-set.ts';

/** An address, or a prefix in CIDR form, that a user typed. */
export interface GivenPrefix {
  /** In its shortest writing, with its length: "198.51.100.20/32". */
  prefix: string;
  /** Is it one address? */
  single: boolean;
  family: 4 | 6;
  /** Its length in bits. */
  length: number;
}

/** Reads an address or a prefix; undefined when it is neither. An IPv4 address in IPv6 form is taken as IPv4. */
export function prefixOf(text: string): GivenPrefix | undefined {
  const given = text.trim();
  // A zone ("fe80::1%eth0") is meaningful on one host alone.
  if (given.includes('%')) return undefined;
  try {
    if (given.includes('/')) {
      const [address, length] = ipaddr.parseCIDR(given);
      const bits = address.kind() === 'ipv4' ? 32 : 128;
      return { prefix: `${address.toString()}/${length}`, single: length === bits, family: familyOf(address), length };
    }
    if (!ipaddr.IPv4.isValidFourPartDecimal(given) && !ipaddr.IPv6.isValid(given)) return undefined;
    const address = ipaddr.process(given);
    const length = address.kind() === 'ipv4' ? 32 : 128;
    return { prefix: `${address.toString()}/${length}`, single: true, family: familyOf(address), length };
  } catch {
    return undefined;
  }
}

const familyOf = (address: ipaddr.IPv4 | ipaddr.IPv6): 4 | 6 => (address.kind() === 'ipv4' ? 4 : 6);

/**
 * The widest prefix that may stay allowed through a lock: a /24 of IPv4 is one office or VPN; a /64 of IPv6 is one network
 * segment (RFC 4291 2.5.4), in which a computer changes its address by itself (RFC 8981).
 */
const WIDEST = { 4: 24, 6: 64 } as const;

/** Blocks of which no person sends: IANA's special-purpose registries, and Azure's own platform addresses. */
const NOBODY = addressesOf([
  '0.0.0.0/8',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '168.63.129.16/32',
  '224.0.0.0/3',
  '::/127',
  'fe80::/10',
  'ff00::/8',
  '100::/64',
]);

/** Why an address or prefix cannot stay allowed when a VM is locked; "" when it can. */
export function notAllowable(text: string): string {
  const given = prefixOf(text);
  if (given === undefined) return `"${text}" is not an address, nor a prefix such as 198.51.100.0/28`;
  const widest = WIDEST[given.family];
  if (given.length < widest) {
    return `${given.prefix} is wider than a /${widest}: a lock that lets in so many addresses is none. Name the addresses that you come from`;
  }
  const { v4, v6 } = addressesOf([given.prefix]);
  if (overlaps(v4, NOBODY.v4) || overlaps(v6, NOBODY.v6)) {
    return `${given.prefix} is not the address of a person (loopback, link-local, multicast, unspecified, reserved, or Azure's own)`;
  }
  return '';
}
