import { printable } from '../../text/printable.ts';
import { ALL_V4, ALL_V6, addressesOf, type Family, parsePrefix } from './address-set.ts';
import { type Intervals, NOTHING, normalise, union } from './interval-set.ts';

/**
 * What a rule names as its source or its destination: literal prefixes, the three default tags, application security
 * groups, and tags whose addresses are not known.
 */
export interface AddressSpec {
  /** `*`: every address of both families. */
  any: boolean;
  v4: Intervals<number>;
  v6: Intervals<bigint>;
  virtualNetwork: boolean;
  internet: boolean;
  /** Ids of application security groups, lower-case. */
  groups: readonly string[];
  /** Service tags, and texts that are no prefix, whose addresses are not known. */
  unresolved: readonly string[];
  /** Service tags that were resolved by Microsoft's published addresses. */
  published: readonly string[];
}

/** Addresses by service tag; tags in any case ("AzureCloud.westeurope"). */
export type ServiceTags = ReadonlyMap<string, readonly string[]>;

/** Microsoft's published service tags. */
export interface PublishedTags {
  tags: ServiceTags;
  /** Their source: "ServiceTags_Public_20261123.json, change 300". */
  source: string;
  /** Why their addresses may be wrong ("it is 40 days old …"); "" when nothing speaks against them. */
  doubt: string;
}

const CACHED = 20_000;
const NO_TEXTS: readonly string[] = Object.freeze([]);

/** What names no address. */
const NOWHERE: AddressSpec = {
  any: false,
  v4: NOTHING,
  v6: NOTHING,
  virtualNetwork: false,
  internet: false,
  groups: NO_TEXTS,
  unresolved: NO_TEXTS,
  published: NO_TEXTS,
};

/** Reads rule prefixes, resolving service tags; equal texts are read once. */
export class AddressReader {
  readonly #tags: ReadonlyMap<string, readonly string[]>;
  readonly #single = new Map<string, AddressSpec>();

  /** Where the addresses of service tags come from. */
  readonly published: Omit<PublishedTags, 'tags'>;

  constructor(published?: PublishedTags) {
    this.published = { source: published?.source ?? '', doubt: published?.doubt ?? '' };
    this.#tags = new Map([...(published?.tags ?? [])].map(([name, prefixes]) => [name.toLowerCase(), prefixes]));
  }

  /** What one prefix text names. Addresses seldom recur and are read again; words do, and are kept. */
  #one(text: string): AddressSpec {
    const first = text.charCodeAt(0);
    if (first >= 48 && first <= 57) return this.#parse(text);
    const cached = this.#single.get(text);
    if (cached !== undefined) return cached;
    if (this.#single.size > CACHED) this.#single.clear();
    const spec = this.#parse(text);
    this.#single.set(text, spec);
    return spec;
  }

  #parse(text: string): AddressSpec {
    const prefix = parsePrefix(text);
    if (prefix?.family === 4) return { ...NOWHERE, v4: [prefix.start, prefix.end] };
    if (prefix?.family === 6) return { ...NOWHERE, v6: [prefix.start, prefix.end] };
    const spec = NOWHERE;
    switch (text.trim().toLowerCase()) {
      case '*':
      case 'any':
        return { ...spec, any: true };
      case 'internet':
        return { ...spec, internet: true };
      case 'virtualnetwork':
      case 'virtual_network':
        return { ...spec, virtualNetwork: true };
      // Health probes of the platform come from the host's own address (168.63.129.16): no host on the Internet has it.
      case 'azureloadbalancer':
      case 'azure_loadbalancer':
      // Name resolution, instance metadata and licensing of the platform: addresses that no sender outside has.
      case 'azureplatformdns':
      case 'azureplatformimds':
      case 'azureplatformlkm':
        return spec;
    }
    const known = this.#tags.get(text.trim().toLowerCase());
    if (known === undefined) return { ...spec, unresolved: [printable(text.trim(), 80)] };
    const { v4, v6 } = addressesOf(known);
    return { ...spec, v4, v6, published: [printable(text.trim(), 80)] };
  }

  /** What one prefix text, or a list of them, and application security groups name together. */
  read(named: string | readonly string[], groups: readonly string[]): AddressSpec {
    if (typeof named === 'string' && groups.length === 0) return this.#one(named);
    const prefixes = typeof named !== 'string' ? named : named === '' ? [] : [named];
    const [first] = prefixes;
    if (first !== undefined && prefixes.length === 1 && groups.length === 0) return this.#one(first);
    const spec = {
      any: false,
      v4: NOTHING as Intervals<number>,
      v6: NOTHING as Intervals<bigint>,
      virtualNetwork: false,
      internet: false,
      groups: groups.map((id) => id.toLowerCase()),
      unresolved: [] as string[],
      published: [] as string[],
    };
    const v4: number[] = [];
    const v6: bigint[] = [];
    for (const text of prefixes) {
      const prefix = parsePrefix(text);
      if (prefix?.family === 4) v4.push(prefix.start, prefix.end);
      else if (prefix?.family === 6) v6.push(prefix.start, prefix.end);
      else {
        const word = this.#one(text);
        for (const edge of word.v4) v4.push(edge);
        for (const edge of word.v6) v6.push(edge);
        spec.any ||= word.any;
        spec.virtualNetwork ||= word.virtualNetwork;
        spec.internet ||= word.internet;
        for (const tag of word.unresolved) if (!spec.unresolved.includes(tag)) spec.unresolved.push(tag);
        spec.published.push(...word.published);
      }
    }
    spec.v4 = normalise(v4);
    spec.v6 = normalise(v6);
    return spec;
  }
}

/** What the default tags mean at one place in the network, for one address family. */
export interface TagMeaning<A extends number | bigint> {
  virtualNetwork: Intervals<A>;
  internet: Intervals<A>;
  everything: Intervals<A>;
}

/**
 * The source addresses that a spec admits, as far as they are known. Application security groups hold only VMs
 * of the virtual network, so neither the Internet nor a firewall is in one.
 */
export function sourcesOf<A extends number | bigint>(
  spec: AddressSpec,
  literal: Intervals<A>,
  tags: TagMeaning<A>,
): Intervals<A> {
  if (spec.any) return tags.everything;
  let set = literal;
  if (spec.virtualNetwork) set = union(set, tags.virtualNetwork);
  if (spec.internet) set = union(set, tags.internet);
  return set;
}

/** An address family's part of a spec. */
export interface FamilyOf<A extends number | bigint> {
  family: Family;
  literal: (spec: AddressSpec) => Intervals<A>;
  everything: Intervals<A>;
}

export const IPV4: FamilyOf<number> = { family: 4, literal: (spec) => spec.v4, everything: ALL_V4 };
export const IPV6: FamilyOf<bigint> = { family: 6, literal: (spec) => spec.v6, everything: ALL_V6 };
