import type { ExposedPort } from '../documents/triage.ts';
import { counted } from '../text/counts.ts';
import { lateProperty } from './memo/lazy-property.ts';
import { cidrsV4, cidrsV6, INTERNET_SIZE, INTERNET_V4, INTERNET_V6, sizeV4, sizeV6 } from './sets/address-set.ts';
import { equal, type Intervals } from './sets/interval-set.ts';

type Sources = ExposedPort['sources'];

// "internet" is practically all of it, "wide" too many to know who they are: a /12 of IPv4, a /32 (one provider) of IPv6.
const PRACTICALLY_ALL = 0.9;
const WIDE_V4 = 2 ** 20;
const WIDE_V6 = 1n << 96n;
const INTERNET_SIZE_V6 = sizeV6(INTERNET_V6);

/** Sources whose blocks are written out late: a fleet's list shows counts, and a set with many holes has hundreds of blocks. */
class Described implements Sources {
  readonly publicAddresses: number;
  readonly breadth: Sources['breadth'];
  declare readonly prefixes: string[];
  readonly #write: () => string[];

  constructor(publicAddresses: number, breadth: Sources['breadth'], write: () => string[]) {
    this.publicAddresses = publicAddresses;
    this.breadth = breadth;
    this.#write = write;
    Object.defineProperty(this, 'prefixes', Described.#prefixes);
  }

  static readonly #prefixes = lateProperty<Described, 'prefixes'>('prefixes', (one) => one.#write());
}

// Neighbouring ports often have the very same sources.
let lastV4: { set: Intervals<number>; sources: Sources } | undefined;
let lastV6: { set: Intervals<bigint>; sources: Sources } | undefined;

/** How many addresses of the Internet a set holds, how broad that is, and its exact blocks. The set must be within the Internet. */
export function describeSourcesV4(set: Intervals<number>): Sources {
  if (lastV4?.set === set) return lastV4.sources;
  const size = sizeV4(set);
  const breadth = size >= INTERNET_SIZE * PRACTICALLY_ALL ? 'internet' : size >= WIDE_V4 ? 'wide' : 'narrow';
  const sources = new Described(size, breadth, () => (equal(set, INTERNET_V4) ? ['0.0.0.0/0'] : cidrsV4(set)));
  lastV4 = { set, sources };
  return sources;
}

/** The same for IPv6, whose addresses `publicAddresses` does not count. */
export function describeSourcesV6(set: Intervals<bigint>): Sources {
  if (lastV6?.set === set) return lastV6.sources;
  const size = sizeV6(set);
  const breadth = size * 10n >= INTERNET_SIZE_V6 * 9n ? 'internet' : size >= WIDE_V6 ? 'wide' : 'narrow';
  const sources = new Described(0, breadth, () => (equal(set, INTERNET_V6) ? ['::/0'] : cidrsV6(set)));
  lastV6 = { set, sources };
  return sources;
}

/** How much of IPv6 a set holds, in words: a count of its addresses would mean nothing to a reader. */
export function breadthOfV6(set: Intervals<bigint>): string {
  if (equal(set, INTERNET_V6)) return 'the whole IPv6 Internet';
  const { breadth, prefixes } = describeSourcesV6(set);
  return breadth === 'internet' ? 'almost the whole IPv6 Internet' : ipv6Blocks(prefixes);
}

/** "2001:db8::/32, 2001:db8:1::/48 and 2 more IPv6 blocks" */
function ipv6Blocks(prefixes: readonly string[]): string {
  const shown = prefixes.slice(0, 3).join(', ');
  return prefixes.length > 3 ? `${shown} and ${prefixes.length - 3} more IPv6 blocks` : shown;
}

/** From how much of the Internet a port is reached, in words: IPv4 counted, IPv6 by its breadth. */
export function sourcesText({ publicAddresses, breadth, prefixes }: Sources): string {
  if (publicAddresses > 0 || !prefixes.some((prefix) => prefix.includes(':'))) {
    return counted(publicAddresses, 'public address', 'public addresses');
  }
  if (prefixes.length === 1 && prefixes[0] === '::/0') return 'the whole IPv6 Internet';
  return breadth === 'internet' ? 'almost the whole IPv6 Internet' : ipv6Blocks(prefixes);
}
