import { isEmpty, type Json, object, properties, referenced, text } from '../../arm/json.ts';
import { nameOf } from '../../arm/resource-id.ts';
import type { Gap } from '../../documents/fact.ts';
import { Recent } from '../memo/lru-cache.ts';
import type { NetworkResources, Unreadable } from '../resources.ts';
import { type AddressReader, type FamilyOf, IPV4, IPV6, type TagMeaning } from '../sets/address-prefixes.ts';
import type { Family } from '../sets/address-set.ts';
import { covers, type Intervals, overlaps } from '../sets/interval-set.ts';
import { type NetworkPlace, type Networks, networkOf, type Space } from '../virtual-networks.ts';
import { compileAdminRules, compileSecurityGroup, type InboundRule, type RuleList } from './compile-rules.ts';
import {
  type Doubt,
  evaluateChain,
  type FilterChain,
  type FlowsByProtocol,
  ListAtPlace,
  type Place,
} from './evaluate-chain.ts';

/**
 * The security admin rules of Virtual Network Manager, as `listNetworkManagerEffectiveSecurityAdminRules` answers for
 * each virtual network: bodies by network id in any case. A network that is not in the map was not asked.
 */
export type AdminRules =
  | {
      state: 'known';
      byNetwork: ReadonlyMap<string, readonly unknown[]>;
      /** Why a network's are not in the map, by network id in any case. */
      because?: ReadonlyMap<string, Gap>;
    }
  | ({ state: 'unknown' } & Gap);

/** The filters in front of an ipConfiguration. */
export interface Filters {
  chain: FilterChain;
  /** Is there a network security group at the subnet or the network interface? */
  grouped: boolean;
  /** Levels that were not read, each in a sentence: their rules may close more. */
  unread: { admin: readonly string[]; subnet: string; nic: string };
  notes: readonly string[];
}

/** Where a packet arrives. */
export interface Arrival {
  family: Family;
  /** Half-open sets; one address where it is known. */
  destination: Space;
  groups: ReadonlySet<string>;
  network: NetworkPlace;
}

interface AdminList {
  rules: RuleList | undefined;
  notes: string[];
  unread: string[];
}

// Compiled lists, lists as they treat one space of senders at one place, and evaluated flows that are kept. Fleets are
// evaluated in the order of their subnets and groups, so few are enough; but the group of a subnet is met again with the
// group of each network interface in it.
const KEPT_LISTS = 4;
const KEPT_AT_INTERFACES = 4;
const KEPT_AT_SUBNETS = 64;
const KEPT_FLOWS = 4;

/** A group compiled for a level. */
interface Compiled {
  level: 'nic' | 'subnet';
  /** Lower-case. */
  id: string;
  rules: RuleList;
}

/** All that an evaluation depends on beside the lists of rules. */
interface Around {
  /** Family, senders and network: equal texts, equal meaning. */
  text: string;
  /** How rules that choose between destinations relate to the place, list by list. */
  chosen: string;
}

interface AtPlace extends Around {
  rules: RuleList;
  doubt: Doubt;
  list: ListAtPlace<number> | ListAtPlace<bigint>;
}

interface Evaluated extends Around {
  chain: FilterChain;
  flows: FlowsByProtocol<number> | FlowsByProtocol<bigint>;
}

/** Compiles and evaluates the rule lists of a set of resources, each once. */
export class FilterBook {
  readonly #resources: NetworkResources;
  readonly #reader: AddressReader;
  readonly #networks: Networks;
  readonly #admin: AdminRules;
  readonly #adminByNetwork: ReadonlyMap<string, readonly unknown[]>;
  readonly #adminBecause: ReadonlyMap<string, Gap>;
  readonly #because: ReadonlyMap<string, Unreadable>;
  readonly #lists = new Recent<Compiled>(KEPT_LISTS);
  #last: { subnet: string; group: string; version: number; filters: Filters } | undefined;
  readonly #kept = new Map<string, RuleList>();
  readonly #adminLists = new Map<string, AdminList>();
  readonly #flows = new Recent<Evaluated>(KEPT_FLOWS);
  #lastV4: LastFlows<number> | undefined;
  #lastV6: LastFlows<bigint> | undefined;
  readonly #atInterfaces = new Recent<AtPlace>(KEPT_AT_INTERFACES);
  readonly #atSubnets = new Recent<AtPlace>(KEPT_AT_SUBNETS);

  constructor(
    resources: NetworkResources,
    reader: AddressReader,
    networks: Networks,
    admin: AdminRules,
    unreadable: readonly Unreadable[],
  ) {
    this.#resources = resources;
    this.#reader = reader;
    this.#networks = networks;
    this.#admin = admin;
    this.#adminByNetwork = new Map(
      admin.state === 'known' ? [...admin.byNetwork].map(([id, rules]) => [id.toLowerCase(), rules]) : [],
    );
    this.#adminBecause = new Map(
      admin.state === 'known' ? [...(admin.because ?? [])].map(([id, because]) => [id.toLowerCase(), because]) : [],
    );
    this.#because = new Map(unreadable.map((entry) => [entry.what.toLowerCase(), entry]));
  }

  readonly #gaps = new Map<string, Gap>();

  /** Which of the things that could not be read were already reported; ids in lower case. */
  readonly told = new Set<string>();

  /** Why a resource was not read, as a sentence about `what`. */
  why(id: string, what: string): string {
    const entry = this.#because.get(id.toLowerCase());
    this.told.add(id.toLowerCase());
    return this.#sentence(what, entry ?? { why: 'hidden', because: 'not read', cure: 'needs Reader on it' });
  }

  /** The gap that a sentence of this book reports; undefined for other sentences. */
  gapOf(sentence: string): Gap | undefined {
    return this.#gaps.get(sentence);
  }

  #sentence(what: string, gap: Gap): string {
    const sentence = `${what}: ${gap.because}${gap.cure === '' ? '' : `; ${gap.cure}`}`;
    this.#gaps.set(sentence, gap);
    return sentence;
  }

  /** The admin rules of a virtual network, with what is not known of them. */
  #adminRules(network: string): AdminList {
    const key = network.toLowerCase();
    const known = this.#adminLists.get(key);
    if (known !== undefined) return known;
    const made = this.#readAdminRules(network, key);
    this.#adminLists.set(key, made);
    return made;
  }

  #readAdminRules(network: string, key: string): AdminList {
    const what = 'security admin rules of Virtual Network Manager';
    if (this.#admin.state === 'unknown') {
      return { rules: undefined, notes: [], unread: [this.#sentence(what, this.#admin)] };
    }
    const bodies = this.#adminByNetwork.get(key);
    if (bodies === undefined) {
      const gap: Gap = this.#adminBecause.get(key) ?? { why: 'not-asked', because: 'not asked', cure: '' };
      return { rules: undefined, notes: [], unread: [this.#sentence(`${what} for ${nameOf(network)}`, gap)] };
    }
    if (bodies.length === 0) return { rules: undefined, notes: [], unread: [] };
    const all = compileAdminRules(network, bodies, this.#reader);
    const notes = [...all.defects, ...all.unresolvedNotes];
    if (!this.#networks.network(network).intentPolicies) return { rules: all, notes, unread: [] };
    notes.push(
      `${nameOf(network)} holds SQL managed instances, in whose networks Azure does not apply admin rules that deny: taken as not applied`,
    );
    const kept = bodies.filter((body) => text(properties(body).access).toLowerCase() !== 'deny');
    return { rules: compileAdminRules(network, kept, this.#reader), notes, unread: [] };
  }

  /** Compiles a subnet's group and keeps it; its body is needed no more. */
  keepGroup(body: unknown): void {
    const raw = object(body);
    if (!hasRules(raw)) return;
    this.#kept.set(text(raw.id).toLowerCase(), compileSecurityGroup(raw, 'subnet', this.#reader));
  }

  #group(reference: unknown, level: 'nic' | 'subnet'): RuleList | undefined {
    const id = referenced(reference).toLowerCase();
    const kept = level === 'subnet' ? this.#kept.get(id) : undefined;
    if (kept !== undefined) return kept;
    const body = this.#resources.get(id) ?? object(reference);
    // A reference carries the group's rules only when it was asked for expanded.
    if (!hasRules(body)) return undefined;
    return this.#lists.of(
      (one) => one.level === level && one.id === id,
      () => ({ level, id, rules: compileSecurityGroup(body, level, this.#reader) }),
    ).rules;
  }

  /** The filters before an ipConfiguration in a subnet; `nic` is the network interface's body, undefined for a subnet alone. */
  filtersFor(subnetId: string, nic: Json | undefined): Filters {
    const group = referenced(properties(nic).networkSecurityGroup);
    const last = this.#last;
    // VMs are evaluated in the order of their subnets and groups.
    if (last?.subnet === subnetId && last.group === group && last.version === this.#resources.version) {
      return last.filters;
    }
    const filters = this.#readFilters(subnetId, nic);
    const { subnet, nic: unreadNic } = filters.unread;
    if (subnet === '' && unreadNic === '') {
      this.#last = { subnet: subnetId, group, version: this.#resources.version, filters };
    }
    return filters;
  }

  #readFilters(subnetId: string, nic: Json | undefined): Filters {
    let unreadSubnet = '';
    let unreadNic = '';
    const notes: string[] = [];
    const subnet = this.#resources.get(subnetId);
    let subnetRules: RuleList | undefined;
    if (subnet === undefined || isEmpty(properties(subnet))) {
      unreadSubnet = this.why(
        subnetId,
        `subnet ${nameOf(networkOf(subnetId))}/${nameOf(subnetId)}, and a network security group on it`,
      );
    } else {
      const reference = properties(subnet).networkSecurityGroup;
      const id = referenced(reference);
      subnetRules = id === '' ? undefined : this.#group(reference, 'subnet');
      if (id !== '' && subnetRules === undefined)
        unreadSubnet = this.why(id, `network security group ${nameOf(id)} of subnet ${nameOf(subnetId)}`);
    }
    const nicReference = properties(nic).networkSecurityGroup;
    const nicGroup = referenced(nicReference);
    const nicRules = nicGroup === '' ? undefined : this.#group(nicReference, 'nic');
    if (nicGroup !== '' && nicRules === undefined) {
      unreadNic = this.why(
        nicGroup,
        `network security group ${nameOf(nicGroup)} of network interface ${nameOf(text(nic?.id))}`,
      );
    }
    const admin = this.#adminRules(networkOf(subnetId));
    notes.push(...admin.notes);
    for (const rules of [subnetRules, nicRules]) {
      if (rules !== undefined) notes.push(...rules.defects, ...rules.unresolvedNotes);
    }
    return {
      chain: { admin: admin.rules, subnet: subnetRules, nic: nicRules },
      grouped: subnetRules !== undefined || nicRules !== undefined,
      unread: { admin: admin.unread, subnet: unreadSubnet, nic: unreadNic },
      notes,
    };
  }

  /** What IPv4 sources in `space` get through the filters; `spaceKey` is equal for equal spaces. */
  flowsV4(chain: FilterChain, arrival: Arrival, space: Intervals<number>, spaceKey: string): FlowsByProtocol<number> {
    const last = this.#lastV4;
    if (last !== undefined && isLast(last, chain, arrival, space)) return last.flows;
    const { destination, network } = arrival;
    const flows = this.#evaluate(chain, arrival, IPV4, destination.v4, network.v4, space, spaceKey);
    this.#lastV4 = { chain, network, space, flows };
    return flows;
  }

  /** The same for IPv6. */
  flowsV6(chain: FilterChain, arrival: Arrival, space: Intervals<bigint>, spaceKey: string): FlowsByProtocol<bigint> {
    const last = this.#lastV6;
    if (last !== undefined && isLast(last, chain, arrival, space)) return last.flows;
    const { destination, network } = arrival;
    const flows = this.#evaluate(chain, arrival, IPV6, destination.v6, network.v6, space, spaceKey);
    this.#lastV6 = { chain, network, space, flows };
    return flows;
  }

  #evaluate<A extends number | bigint>(
    chain: FilterChain,
    arrival: Arrival,
    family: FamilyOf<A>,
    destination: Intervals<A>,
    tags: TagMeaning<A>,
    space: Intervals<A>,
    spaceKey: string,
  ): FlowsByProtocol<A> {
    const place: Place<A> = { family, destination, groups: arrival.groups, tags };
    const text = `${family.family}|${spaceKey}|${spaceKey === '' ? arrival.network.internetKey : arrival.network.key}`;
    const at = (rules: RuleList, doubt: Doubt) => {
      const chosen = chosenBy(rules, place);
      const kept = rules === chain.nic ? this.#atInterfaces : this.#atSubnets;
      return kept.of(
        (one) => one.rules === rules && one.doubt === doubt && one.text === text && one.chosen === chosen,
        () => {
          const list = new ListAtPlace(rules, place, space, doubt) as AtPlace['list'];
          return { rules, doubt, text, chosen, list };
        },
      ).list as unknown as ListAtPlace<A>;
    };
    const { admin, subnet, nic } = chain;
    const chosen = `${chosenBy(admin, place)}|${chosenBy(subnet, place)}|${chosenBy(nic, place)}`;
    return this.#flows.of(
      (one) =>
        one.chain.admin === admin &&
        one.chain.subnet === subnet &&
        one.chain.nic === nic &&
        one.text === text &&
        one.chosen === chosen,
      () => ({ chain, text, chosen, flows: evaluateChain(chain, space, at) as Evaluated['flows'] }),
    ).flows as FlowsByProtocol<A>;
  }
}

/** The last evaluation, and all that it depends on where no rule chooses between destinations. */
interface LastFlows<A extends number | bigint> {
  chain: FilterChain;
  network: NetworkPlace;
  space: Intervals<A>;
  flows: FlowsByProtocol<A>;
}

/** Do the same lists treat the same senders, whichever address of the same network they send to? */
const isLast = <A extends number | bigint>(
  last: LastFlows<A>,
  chain: FilterChain,
  arrival: Arrival,
  space: Intervals<A>,
): boolean => last.chain === chain && last.network === arrival.network && last.space === space && !tellsApart(chain);

const tellsApart = ({ admin, subnet, nic }: FilterChain): boolean =>
  (admin !== undefined && admin.choosy.length > 0) ||
  (subnet !== undefined && subnet.choosy.length > 0) ||
  (nic !== undefined && nic.choosy.length > 0);

const hasRules = (group: Json): boolean =>
  'securityRules' in properties(group) || 'defaultSecurityRules' in properties(group);

/** How the destinations of a list's rules relate to a place: all that the evaluation depends on. */
function chosenBy<A extends number | bigint>(rules: RuleList | undefined, place: Place<A>): string {
  if (rules === undefined) return '-';
  let text = '';
  for (const rule of rules.choosy) text += chosen(rule, place);
  return text;
}

/** How a rule's destination relates to a place. */
function chosen<A extends number | bigint>(rule: InboundRule, place: Place<A>): string {
  for (const group of rule.destination.groups) if (place.groups.has(group)) return '2';
  const literal = place.family.literal(rule.destination);
  return covers(literal, place.destination) ? '2' : overlaps(literal, place.destination) ? '1' : '0';
}
