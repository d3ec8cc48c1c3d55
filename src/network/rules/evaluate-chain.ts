import type { DecidingRule } from '../../documents/triage.ts';
import { type AddressSpec, type FamilyOf, sourcesOf, type TagMeaning } from '../sets/address-prefixes.ts';
import { common, type Flow, joined, overlay, without } from '../sets/flow-set.ts';
import {
  contains,
  covers,
  equal,
  firstCommon,
  type Intervals,
  intersect,
  NOTHING,
  overlaps,
  subtract,
  union,
} from '../sets/interval-set.ts';
import { ALL_PROTOCOLS, BIT, type Protocol, WITH_PORTS } from '../sets/protocols.ts';
import type { InboundRule, RuleList } from './compile-rules.ts';
import { type ActiveRule, type Decisions, firstMatch } from './first-match.ts';
import type { Outcome, Piece, Pieces } from './outcome.ts';

/** The rule lists that an inbound packet meets, in order; undefined where there is none. */
export interface FilterChain {
  /** Security admin rules of Virtual Network Manager. */
  admin: RuleList | undefined;
  subnet: RuleList | undefined;
  nic: RuleList | undefined;
}

/** Where the packet is going, and what the default tags mean there. */
export interface Place<A extends number | bigint> {
  family: FamilyOf<A>;
  /** Private address; a larger set where it is not known exactly. */
  destination: Intervals<A>;
  /** Application security groups of the ipConfiguration, lower-case. */
  groups: ReadonlySet<string>;
  tags: TagMeaning<A>;
}

/** What gets through the chain, by protocol. Protocols without ports have one flow, from 0 to 65535. */
export type FlowsByProtocol<A extends number | bigint> = Readonly<Record<Protocol, readonly Flow<A>[]>>;

const NO_TAGS: readonly string[] = Object.freeze([]);

const PORTLESS = ALL_PROTOCOLS & ~WITH_PORTS;

// More source-port classes than this are not distinguished: the attacker is then assumed to find a fitting one.
const SOURCE_PORT_CLASSES = 256;

/**
 * How rules count that name addresses which are not known here: `left-out` matches nothing of them; `lets-in` takes
 * allows from them as allows from everywhere, for what may get through at most; `keeps-out` takes denies of them as
 * denies of everyone, for what gets through at least.
 */
export type Doubt = 'left-out' | 'lets-in' | 'keeps-out';

/** Does the rule's destination hold where the packet goes? An allow matches in doubt, a deny does not; `keeps-out` turns it. */
function reaches<A extends number | bigint>(rule: InboundRule, place: Place<A>, doubt: Doubt): boolean {
  const spec: AddressSpec = rule.destination;
  // An ipConfiguration is always part of its virtual network.
  if (spec.any || spec.virtualNetwork) return true;
  for (const group of spec.groups) if (place.groups.has(group)) return true;
  const literal = place.family.literal(spec);
  const deny = rule.access === 'deny';
  if (deny !== (doubt === 'keeps-out')) return covers(literal, place.destination);
  return overlaps(literal, place.destination) || (doubt !== 'left-out' && spec.unresolved.length > 0);
}

/** The rules that count at a place, with the sources they match. */
function activate<A extends number | bigint>(
  rules: RuleList,
  place: Place<A>,
  space: Intervals<A>,
  doubt: Doubt,
): ActiveRule<A>[] {
  const active: ActiveRule<A>[] = [];
  for (let r = 0; r < rules.rules.length; r += 1) {
    const rule = rules.rules[r] as InboundRule;
    if (!rule.destination.any && !reaches(rule, place, doubt)) continue;
    const spec = rule.source;
    if (spec.any || (spec.unresolved.length > 0 && doubt === (rule.access === 'deny' ? 'keeps-out' : 'lets-in'))) {
      active.push({ rule, sources: undefined });
      continue;
    }
    const sources = sourcesOf(spec, place.family.literal(spec), place.tags);
    // Rules for private sources, which are many, decide nothing for the Internet.
    if (!overlaps(sources, space)) continue;
    const everyone = sources === space || (sources.length === 2 && covers(sources, space));
    active.push({ rule, sources: everyone ? undefined : sources });
  }
  return active;
}

function sameRules<A extends number | bigint>(a: readonly ActiveRule<A>[], b: readonly ActiveRule<A>[]): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i += 1) if (a[i] !== b[i]) return false;
  return true;
}

/** Does the rule match packets of a protocol? Every source port is tried when none is given, and a deny must match all. */
function matches(rule: InboundRule, bit: number, portless: boolean, sourcePort: number | undefined): boolean {
  if ((rule.protocols & bit) === 0) return false;
  if (portless) return rule.portless;
  if (sourcePort !== undefined) return admitsSourcePort(rule, sourcePort);
  return rule.sourcePorts === undefined || rule.access !== 'deny';
}

interface DecidedFor<A extends number | bigint> {
  portless: boolean;
  rules: readonly ActiveRule<A>[];
  decisions: Decisions<A>;
}

/**
 * One list of rules as it treats senders from one space on their way to one place. What it decides is worked out once:
 * the group of a subnet is the same before all of its network interfaces.
 */
export class ListAtPlace<A extends number | bigint> {
  readonly rules: RuleList;
  readonly active: readonly ActiveRule<A>[];
  readonly #space: Intervals<A>;
  /** Does every rule treat the protocols without ports alike? */
  readonly #portlessAlike: boolean;
  readonly #decided: DecidedFor<A>[] = [];
  readonly #byProtocol = new Map<number, Decisions<A>>();

  constructor(rules: RuleList, place: Place<A>, space: Intervals<A>, doubt: Doubt) {
    this.rules = rules;
    this.active = activate(rules, place, space, doubt);
    this.#space = space;
    this.#portlessAlike = this.active.every(({ rule }) => !rule.portless || (rule.protocols & PORTLESS) === PORTLESS);
  }

  /** What the list decides for a protocol's packets; `sourcePort` is undefined when every source port is tried. */
  decisions(protocol: Protocol, sourcePort: number | undefined): Decisions<A> {
    const portless = (BIT[protocol] & WITH_PORTS) === 0;
    const bit = portless && this.#portlessAlike ? BIT.icmp : BIT[protocol];
    const key = sourcePort === undefined ? bit : bit + 32 * (sourcePort + 1);
    const known = this.#byProtocol.get(key);
    if (known !== undefined) return known;
    const mine: ActiveRule<A>[] = [];
    for (let i = 0; i < this.active.length; i += 1) {
      const active = this.active[i] as ActiveRule<A>;
      if (matches(active.rule, bit, portless, sourcePort)) mine.push(active);
    }
    // Neighbouring protocols often meet the same rules: what was decided for them is used again.
    let same = this.#decided.find((one) => one.portless === portless && sameRules(one.rules, mine));
    if (same === undefined) {
      same = { portless, rules: mine, decisions: firstMatch(mine, this.#space, portless) };
      this.#decided.push(same);
    }
    this.#byProtocol.set(key, same.decisions);
    return same.decisions;
  }
}

/** Gives a list at the place and for the senders that are asked about, made now or before. */
export type ListsAtPlace<A extends number | bigint> = (rules: RuleList, doubt: Doubt) => ListAtPlace<A>;

/** A rule of a chain that lets through, with one source that gets all the way on ports that no further rule names. */
interface Witness<A extends number | bigint> {
  piece: Piece<A>;
  address: A | undefined;
}

/** The addresses that are let in on some ports, and the rules that decide so. */
interface Merged<A extends number | bigint> {
  sources: Intervals<A>;
  rules: readonly DecidingRule[];
}

type Decided<A extends number | bigint> = Decisions<A> | undefined;

/** What the decisions of three lists let in together, put together once for ports on which all three decide alike. */
class Combination<A extends number | bigint> {
  readonly #admin: Decided<A>;
  readonly #subnet: Decided<A>;
  readonly #nic: Decided<A>;
  readonly #adminKinds: number;
  readonly #subnetKinds: number;
  /** What the admin rules do not stop and both groups allow, on a port that only rules for every port match. */
  readonly #usual: Intervals<A>;
  readonly #ofSubnet: readonly Witness<A>[];
  readonly #ofNic: readonly Witness<A>[];
  readonly #untouched: Merged<A>;
  readonly #merged = new Map<number, Merged<A>>();

  constructor(admin: Decided<A>, subnet: Decided<A>, nic: Decided<A>, space: Intervals<A>) {
    this.#admin = admin;
    this.#subnet = subnet;
    this.#nic = nic;
    this.#adminKinds = admin?.outcomes.length ?? 1;
    this.#subnetKinds = subnet?.outcomes.length ?? 1;
    const onward = admin === undefined ? space : union(admin.chain.allowed, admin.chain.unmatched);
    const pastSubnet = subnet === undefined ? onward : intersect(onward, subnet.chain.allowed);
    this.#usual = nic === undefined ? pastSubnet : intersect(pastSubnet, nic.chain.allowed);
    this.#ofSubnet = this.#witnesses(subnet);
    this.#ofNic = this.#witnesses(nic);
    this.#untouched = this.#together(admin?.outcomes[0], subnet?.outcomes[0], nic?.outcomes[0]);
  }

  /** The addresses that are let in for these outcomes of the lists; 0 where there is no list. */
  at(adminKind: number, subnetKind: number, nicKind: number): Merged<A> {
    const key = adminKind + this.#adminKinds * (subnetKind + this.#subnetKinds * nicKind);
    // Ports that no rule names by number all fare alike.
    if (key === 0) return this.#untouched;
    const subnet = this.#subnet?.outcomes[subnetKind];
    const nic = this.#nic?.outcomes[nicKind];
    if (this.#changesNothing(subnet, nic)) return this.#untouched;
    let merged = this.#merged.get(key);
    if (merged === undefined) {
      merged = this.#together(this.#admin?.outcomes[adminKind], subnet, nic);
      this.#merged.set(key, merged);
    }
    return merged;
  }

  #witnesses(level: Decided<A>): Witness<A>[] {
    const found: Witness<A>[] = [];
    for (const piece of level?.chain.pieces ?? []) {
      found.push({ piece, address: firstCommon(piece.sources, this.#usual) });
    }
    return found;
  }

  /**
   * Is a port where only one list of rules names it, lets nothing more in and takes nothing away, like every other?
   * Most rules of a long list are of this kind.
   */
  #changesNothing(subnet: Outcome<A> | undefined, nic: Outcome<A> | undefined): boolean {
    if (this.#admin !== undefined) return false;
    const bySubnet = subnet !== undefined && subnet.taken.length > 0;
    const byNic = nic !== undefined && nic.taken.length > 0;
    if (bySubnet && byNic) return false;
    const outcome = bySubnet ? subnet : byNic ? nic : undefined;
    if (outcome === undefined) return true;
    const other = bySubnet ? this.#nic : this.#subnet;
    if (outcome.allowed.length > 0 && (other === undefined || overlaps(outcome.allowed, other.chain.allowed)))
      return false;
    return !overlaps(outcome.taken, this.#usual);
  }

  /** Admin rules first; what they deliver is in, what they do not stop must pass both groups. */
  #together(admin: Outcome<A> | undefined, subnet: Outcome<A> | undefined, nic: Outcome<A> | undefined): Merged<A> {
    const adminChain = this.#admin?.chain;
    // Only where a rule that names the port had a say can the answer be another than on all other ports. All that rules
    // take is within the space that is asked about.
    let changed = union(subnet?.taken ?? NOTHING, nic?.taken ?? NOTHING);
    if (admin !== undefined) changed = union(changed, admin.taken);
    let passed = this.#usual;
    if (changed.length > 0) {
      let inside = within(changed, this.#subnet?.chain.allowed, subnet);
      if (inside.length > 0) inside = intersect(inside, within(changed, this.#nic?.chain.allowed, nic));
      if (adminChain !== undefined && inside.length > 0)
        inside = intersect(inside, within(changed, union(adminChain.allowed, adminChain.unmatched), admin));
      passed = union(subtract(passed, changed), inside);
    }
    const always =
      admin === undefined || adminChain === undefined
        ? NOTHING
        : union(subtract(adminChain.always, admin.taken), admin.always);
    const sources = union(passed, always);
    if (sources.length === 0) return NONE;
    const rules: DecidingRule[] = [];
    if (admin !== undefined && adminChain !== undefined && always.length > 0) {
      for (const { rule } of inOrder(admin.pieces)) if (rule.access === 'always') rules.push(rule.decides);
      for (const { rule, sources: decided } of adminChain.pieces) {
        if (rule.access === 'always' && overlaps(subtract(decided, admin.taken), always)) rules.push(rule.decides);
      }
      rules.sort((a, b) => a.priority - b.priority);
    }
    if (passed.length === 0) return { sources, rules };
    if (subnet !== undefined) contributors(subnet, this.#ofSubnet, passed, changed, rules);
    if (nic !== undefined) contributors(nic, this.#ofNic, passed, changed, rules);
    return { sources, rules };
  }
}

const NONE: Merged<never> = { sources: NOTHING, rules: [] };

/** What each port's packets may do: outcomes of the three levels put together. */
function combine<A extends number | bigint>(
  admin: Decided<A>,
  subnet: Decided<A>,
  nic: Decided<A>,
  space: Intervals<A>,
): Flow<A>[] {
  const combination = new Combination(admin, subnet, nic, space);
  const flows: Flow<A>[] = [];
  const atAdmin = new Cursor(admin);
  const atSubnet = new Cursor(subnet);
  const atNic = new Cursor(nic);
  let from = 0;
  while (from < 65536) {
    const next = Math.min(atAdmin.end, atSubnet.end, atNic.end);
    const { sources, rules } = combination.at(atAdmin.kind, atSubnet.kind, atNic.kind);
    if (sources.length > 0) {
      const last = flows[flows.length - 1];
      if (last !== undefined && last.to + 1 === from && last.sources === sources && last.rules === rules)
        last.to = next - 1;
      else flows.push({ from, to: next - 1, sources, rules, tags: NO_TAGS });
    }
    atAdmin.passTo(next);
    atSubnet.passTo(next);
    atNic.passTo(next);
    from = next;
  }
  return joined(flows);
}

/** Goes over the ports by what a list decides for them. */
class Cursor {
  readonly #starts: readonly number[];
  readonly #which: readonly number[];
  #at = 0;
  /** Which outcome holds here, and the first port where another one begins. */
  kind = 0;
  end = 65536;

  constructor(decided: Pick<Decisions<number | bigint>, 'starts' | 'which'> | undefined) {
    this.#starts = decided?.starts ?? [0];
    this.#which = decided?.which ?? [0];
    this.#read();
  }

  /** Goes on to a port that is not behind the end of what holds here. */
  passTo(port: number): void {
    if (port < this.end) return;
    this.#at += 1;
    this.#read();
  }

  #read(): void {
    this.kind = this.#which[this.#at] ?? 0;
    this.end = this.#starts[this.#at + 1] ?? 65536;
  }
}

/** What of `region`, which holds all that the port's own rules took, one list lets through. */
function within<A extends number | bigint>(
  region: Intervals<A>,
  usual: Intervals<A> | undefined,
  outcome: Outcome<A> | undefined,
): Intervals<A> {
  if (usual === undefined || outcome === undefined) return region;
  // Where the list took all of the region, nothing of it came to the rules for every port.
  if (equal(outcome.taken, region)) return outcome.allowed;
  const rest = intersect(region, usual);
  return outcome.taken.length === 0 ? rest : union(subtract(rest, outcome.taken), outcome.allowed);
}

const NO_PIECES: readonly never[] = Object.freeze([]);

/** The pieces in the order of their list. */
function inOrder<A extends number | bigint>(pieces: Pieces<A> | undefined): readonly Piece<A>[] {
  if (pieces === undefined) return NO_PIECES;
  const all: Piece<A>[] = [];
  for (let one: Pieces<A> | undefined = pieces; one !== undefined; one = one.before) all.push(one.last);
  return all.reverse();
}

/** Adds the rules of one list that let in some of what passed, in the order of the list. */
function contributors<A extends number | bigint>(
  outcome: Outcome<A>,
  chain: readonly Witness<A>[],
  passed: Intervals<A>,
  changed: Intervals<A>,
  rules: DecidingRule[],
): void {
  const { taken } = outcome;
  const own = inOrder(outcome.pieces);
  let next = 0;
  for (let c = 0; c <= chain.length; c += 1) {
    const witness = chain[c];
    if (witness !== undefined && !stands(witness, passed, changed, taken)) continue;
    // The rules that name the port and come before this one of the chain; behind its last one, all that are left.
    const before = witness === undefined ? Number.POSITIVE_INFINITY : witness.piece.rule.priority;
    for (; next < own.length && (own[next] as Piece<A>).rule.priority < before; next += 1) {
      const piece = own[next] as Piece<A>;
      if (overlaps(piece.sources, passed)) rules.push(piece.rule.decides);
    }
    if (witness !== undefined) rules.push(witness.piece.rule.decides);
  }
}

/** Does a rule of the chain let in some of what passed? */
function stands<A extends number | bigint>(
  { piece, address }: Witness<A>,
  passed: Intervals<A>,
  changed: Intervals<A>,
  taken: Intervals<A>,
): boolean {
  // Where no rule that names the port decided, the outcome is that of other ports.
  if (address !== undefined && !contains(changed, address)) return true;
  return overlaps(piece.sources, changed) && overlaps(subtract(piece.sources, taken), passed);
}

/** Source-port classes that rules distinguish: one representative of each. */
function sourcePortClasses<A extends number | bigint>(lists: readonly (ListAtPlace<A> | undefined)[]): number[] {
  const edges = new Set<number>([0]);
  for (const list of lists) {
    for (const { rule } of list?.active ?? []) {
      for (const edge of rule.sourcePorts ?? NOTHING) if (edge < 65536) edges.add(edge);
    }
  }
  return [...edges];
}

const admitsSourcePort = (rule: InboundRule, port: number): boolean =>
  rule.sourcePorts === undefined || contains(rule.sourcePorts, port);

const listsOf = <A extends number | bigint>(chain: FilterChain, at: ListsAtPlace<A>, doubt: Doubt) =>
  [chain.admin, chain.subnet, chain.nic].map((rules) => (rules === undefined ? undefined : at(rules, doubt)));

function flowsOnce<A extends number | bigint>(
  chain: FilterChain,
  space: Intervals<A>,
  at: ListsAtPlace<A>,
  doubt: Doubt,
): FlowsByProtocol<A> {
  const lists = listsOf(chain, at, doubt);
  const selective = lists.some((list) => list?.rules.usesSourcePorts === true);
  let classes: readonly (number | undefined)[] = selective ? sourcePortClasses(lists) : [undefined];
  if (classes.length > SOURCE_PORT_CLASSES) classes = [undefined];
  return flowsOf(lists, space, classes, overlay);
}

/** The flows for each class of source ports, put together by `merge`. */
function flowsOf<A extends number | bigint>(
  lists: readonly (ListAtPlace<A> | undefined)[],
  space: Intervals<A>,
  classes: readonly (number | undefined)[],
  merge: typeof overlay<A>,
): FlowsByProtocol<A> {
  const done: { decisions: readonly (Decisions<A> | undefined)[]; flows: Flow<A>[] }[] = [];
  const run = (protocol: Protocol): readonly Flow<A>[] => {
    const portless = (BIT[protocol] & WITH_PORTS) === 0;
    const perClass = (portless ? [undefined] : classes).map((sourcePort) => {
      const decisions = lists.map((list) => list?.decisions(protocol, sourcePort));
      let one = done.find((before) => before.decisions.every((decided, i) => decided === decisions[i]));
      if (one === undefined) {
        one = { decisions, flows: combine(decisions[0], decisions[1], decisions[2], space) };
        done.push(one);
      }
      return one.flows;
    });
    return merge(perClass);
  };
  return { tcp: run('tcp'), udp: run('udp'), icmp: run('icmp'), esp: run('esp'), ah: run('ah') };
}

/**
 * What inbound packets from `space` get through the chain to a place: admin rules, then the subnet's group, then the
 * network interface's; first match in each, and both groups must allow. Source ports restrict nothing by themselves,
 * since the sender chooses them, but a packet has one source port for all lists.
 * Sources: https://learn.microsoft.com/azure/virtual-network/network-security-group-how-it-works and
 * https://learn.microsoft.com/azure/virtual-network-manager/concept-security-admins
 *
 * Flows that exist only if a tag with unknown addresses admits them come apart, with `tags` filled in; their `sources`
 * are where such a sender could be.
 */
export function evaluateChain<A extends number | bigint>(
  chain: FilterChain,
  space: Intervals<A>,
  at: ListsAtPlace<A>,
): FlowsByProtocol<A> {
  const sure = flowsOnce(chain, space, at, 'left-out');
  const lists = [chain.admin, chain.subnet, chain.nic].filter((rules) => rules?.unresolved === true);
  if (lists.length === 0) return sure;
  const possible = flowsOnce(chain, space, at, 'lets-in');
  // By rule as the flows carry it: a list may have been compiled again since it was evaluated.
  const tagsOf = unresolvedTags(lists.flatMap((rules) => (rules === undefined ? [] : [at(rules, 'lets-in').rules])));
  const extra = (protocol: Protocol): readonly Flow<A>[] => [
    ...sure[protocol],
    ...without(possible[protocol], sure[protocol]).map((flow) => ({
      ...flow,
      tags: [...new Set(flow.rules.flatMap((rule) => tagsOf.get(rule) ?? []))],
    })),
  ];
  return { tcp: extra('tcp'), udp: extra('udp'), icmp: extra('icmp'), esp: extra('esp'), ah: extra('ah') };
}

/** The ports that programs of a user connect from: operating systems choose them, from 1024 on. */
const CLIENT_PORTS: Intervals<number> = [1024, 65536];

/**
 * What gets through of clients that do not choose their source port, and of whom not all is known: `sure` is let in from
 * every such port, whatever tags of unknown addresses hold; what is not in `possible` is kept out from every one.
 */
export function evaluateClients<A extends number | bigint>(
  chain: FilterChain,
  space: Intervals<A>,
  at: ListsAtPlace<A>,
): { sure: FlowsByProtocol<A>; possible: FlowsByProtocol<A> } {
  const atLeast = listsOf(chain, at, 'keeps-out');
  const atMost = listsOf(chain, at, 'lets-in');
  const [first = 0] = CLIENT_PORTS;
  const edges = sourcePortClasses([...atLeast, ...atMost]).filter((port) => contains(CLIENT_PORTS, port));
  const classes = [...new Set([first, ...edges])];
  if (classes.length > SOURCE_PORT_CLASSES) {
    const none = { tcp: [], udp: [], icmp: [], esp: [], ah: [] };
    return { sure: none, possible: flowsOf(atMost, space, [undefined], overlay) };
  }
  return { sure: flowsOf(atLeast, space, classes, common), possible: flowsOf(atMost, space, classes, overlay) };
}

/** The rule of a list that decides about one packet, by the list's order; undefined when none matches it. */
export function decidingRule<A extends number | bigint>(
  list: ListAtPlace<A>,
  packet: { protocol: Protocol; source: A; sourcePort: number; port: number },
): InboundRule | undefined {
  const portless = (BIT[packet.protocol] & WITH_PORTS) === 0;
  return list.active.find(
    ({ rule, sources }) =>
      matches(rule, BIT[packet.protocol], portless, packet.sourcePort) &&
      (portless || contains(rule.ports, packet.port)) &&
      (sources === undefined || contains(sources, packet.source)),
  )?.rule;
}

function unresolvedTags(lists: readonly RuleList[]): Map<DecidingRule, readonly string[]> {
  const tags = new Map<DecidingRule, readonly string[]>();
  for (const { rules } of lists) {
    for (const rule of rules) {
      const found = [...rule.source.unresolved, ...rule.destination.unresolved];
      if (found.length > 0) tags.set(rule.decides, found);
    }
  }
  return tags;
}
