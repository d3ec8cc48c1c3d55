import type { DecidingRule } from '../../documents/triage.ts';
import { type AddressSpec, type FamilyOf, sourcesOf, type TagMeaning } from './address-spec.ts';
import { type ActiveRule, type Chain, type Decisions, firstMatch, type Outcome, type Piece } from './first-match.ts';
import { type Flow, joined, overlay, without } from './flow-set.ts';
import {
  contains,
  covers,
  firstCommon,
  type Intervals,
  intersect,
  NOTHING,
  overlaps,
  subtract,
  union,
} from './interval-set.ts';
import { ALL_PORTS } from './port-set.ts';
import { BIT, PROTOCOLS, type Protocol, WITH_PORTS } from './protocols.ts';
import type { InboundRule, RuleList } from './rules.ts';

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

// More source-port classes than this are not told apart: the attacker is then assumed to find a fitting one.
const SOURCE_PORT_CLASSES = 256;

/** Does the rule's destination hold where the packet goes? An allow matches in doubt, a deny does not. */
function reaches<A extends number | bigint>(rule: InboundRule, place: Place<A>, upper: boolean): boolean {
  const spec: AddressSpec = rule.destination;
  // An ipConfiguration is always part of its virtual network.
  if (spec.any || spec.virtualNetwork) return true;
  for (const group of spec.groups) if (place.groups.has(group)) return true;
  const literal = place.family.literal(spec);
  if (rule.access === 'deny') return covers(literal, place.destination);
  return overlaps(literal, place.destination) || (upper && spec.unresolved.length > 0);
}

/**
 * The rules that count at a place, with the sources they match.
 * @param upper take allows from tags with unknown addresses as allows from everywhere
 */
function activate<A extends number | bigint>(
  rules: RuleList,
  place: Place<A>,
  space: Intervals<A>,
  upper: boolean,
): ActiveRule<A>[] {
  const active: ActiveRule<A>[] = [];
  for (const rule of rules.rules) {
    if (!rule.destination.any && !reaches(rule, place, upper)) continue;
    const spec = rule.source;
    if (spec.any || (upper && rule.access !== 'deny' && spec.unresolved.length > 0)) {
      active.push({ rule, sources: undefined });
      continue;
    }
    const sources = sourcesOf(spec, place.family.literal(spec), place.tags);
    // Rules for private sources, which are many, decide nothing for the Internet.
    if (!overlaps(sources, space)) continue;
    active.push({ rule, sources: sources.length === 2 && covers(sources, space) ? undefined : sources });
  }
  return active;
}

interface Level<A extends number | bigint> {
  active: readonly ActiveRule<A>[] | undefined;
}

const sameRules = <A extends number | bigint>(a: readonly ActiveRule<A>[], b: readonly ActiveRule<A>[]): boolean =>
  a.length === b.length && a.every((active, i) => active === b[i]);

/** A rule of a chain that lets through, with one source that gets all the way on ports that no further rule names. */
interface Witness<A extends number | bigint> {
  piece: Piece<A>;
  address: A | undefined;
}

/** What each port's packets may do: outcomes of the three levels put together. */
function combine<A extends number | bigint>(
  admin: Decisions<A> | undefined,
  subnet: Decisions<A> | undefined,
  nic: Decisions<A> | undefined,
  space: Intervals<A>,
): Flow<A>[] {
  const levels = [admin, subnet, nic];
  const chains = levels.map((level) => level?.chain);
  const usual = usuallyPassed(chains, space);
  const witnesses = [subnet, nic].map((level) =>
    (level?.chain.pieces ?? []).map((piece) => ({ piece, address: firstCommon(piece.sources, usual) })),
  );
  const at = [0, 0, 0];
  const flows: Flow<A>[] = [];
  const memo = new Map<number, Merged<A>>();
  const [adminKinds = 1, subnetKinds = 1] = levels.map((level) => level?.outcomes.length ?? 1);
  let from = 0;
  while (from < 65536) {
    let next = 65536;
    let key = 0;
    const outcomes: (Outcome<A> | undefined)[] = [undefined, undefined, undefined];
    for (let l = 0; l < 3; l += 1) {
      const level = levels[l];
      if (level === undefined) continue;
      let index = at[l] as number;
      while (index + 1 < level.starts.length && (level.starts[index + 1] as number) <= from) index += 1;
      at[l] = index;
      const kind = level.which[index] as number;
      outcomes[l] = level.outcomes[kind];
      key += l === 0 ? kind : l === 1 ? kind * adminKinds : kind * adminKinds * subnetKinds;
      const end = level.starts[index + 1];
      if (end !== undefined && end < next) next = end;
    }
    // Outcomes that many ports share are put together once.
    let merged = memo.get(key);
    if (merged === undefined) {
      merged = together(chains, outcomes, witnesses, usual, space);
      memo.set(key, merged);
    }
    if (merged.sources.length > 0)
      flows.push({ from, to: next - 1, sources: merged.sources, rules: merged.rules, tags: NO_TAGS });
    from = next;
  }
  return joined(flows);
}

interface Merged<A extends number | bigint> {
  sources: Intervals<A>;
  rules: readonly DecidingRule[];
}

type Chains<A extends number | bigint> = readonly (Chain<A> | undefined)[];

/** What the admin rules do not stop and both groups allow, on a port that only rules for every port match. */
function usuallyPassed<A extends number | bigint>([admin, subnet, nic]: Chains<A>, space: Intervals<A>): Intervals<A> {
  const onward = admin === undefined ? space : union(admin.allowed, admin.unmatched);
  const pastSubnet = subnet === undefined ? onward : intersect(onward, subnet.allowed);
  return nic === undefined ? pastSubnet : intersect(pastSubnet, nic.allowed);
}

/** What of `region`, which holds all that the port's own rules took, one list lets through. */
function within<A extends number | bigint>(
  region: Intervals<A>,
  usual: Intervals<A> | undefined,
  outcome: Outcome<A> | undefined,
): Intervals<A> {
  if (usual === undefined || outcome === undefined) return region;
  const rest = intersect(region, usual);
  return outcome.taken.length === 0 ? rest : union(subtract(rest, outcome.taken), outcome.allowed);
}

/** Admin rules first; what they deliver is in, what they do not stop must pass both groups. */
function together<A extends number | bigint>(
  chains: Chains<A>,
  outcomes: readonly (Outcome<A> | undefined)[],
  witnesses: readonly (readonly Witness<A>[])[],
  usual: Intervals<A>,
  space: Intervals<A>,
): Merged<A> {
  const [adminChain, subnetChain, nicChain] = chains;
  const [admin, subnet, nic] = outcomes;
  // Only where a rule that names the port had a say can the answer be another than on all other ports.
  let changed = union(subnet?.taken ?? NOTHING, nic?.taken ?? NOTHING);
  if (admin !== undefined) changed = union(changed, admin.taken);
  let passed = usual;
  if (changed.length > 0) {
    const region = intersect(changed, space);
    let inside = region;
    if (adminChain !== undefined) inside = within(inside, union(adminChain.allowed, adminChain.unmatched), admin);
    inside = intersect(inside, within(region, subnetChain?.allowed, subnet));
    if (inside.length > 0) inside = intersect(inside, within(region, nicChain?.allowed, nic));
    passed = union(subtract(usual, changed), inside);
  }
  const always =
    admin === undefined || adminChain === undefined
      ? NOTHING
      : union(subtract(adminChain.always, admin.taken), admin.always);
  const sources = union(passed, always);
  if (sources.length === 0) return { sources, rules: [] };
  const rules: DecidingRule[] = [];
  if (admin !== undefined && adminChain !== undefined && always.length > 0) {
    for (const { rule } of admin.pieces) if (rule.access === 'always') rules.push(rule.decides);
    for (const { rule, sources: decided } of adminChain.pieces) {
      if (rule.access === 'always' && overlaps(subtract(decided, admin.taken), always)) rules.push(rule.decides);
    }
    rules.sort((a, b) => a.priority - b.priority);
  }
  if (passed.length === 0) return { sources, rules };
  for (let l = 0; l < 2; l += 1) {
    const outcome = outcomes[l + 1];
    if (outcome !== undefined) contributors(outcome, witnesses[l] ?? [], passed, changed, rules);
  }
  return { sources, rules };
}

/** Adds the rules of one list that let in some of what passed, in the order of the list. */
function contributors<A extends number | bigint>(
  outcome: Outcome<A>,
  chain: readonly Witness<A>[],
  passed: Intervals<A>,
  changed: Intervals<A>,
  rules: DecidingRule[],
): void {
  const { pieces: own, taken } = outcome;
  let next = 0;
  const named = (before: number) => {
    for (; next < own.length; next += 1) {
      const piece = own[next] as Piece<A>;
      if (piece.rule.priority >= before) return;
      if (overlaps(piece.sources, passed)) rules.push(piece.rule.decides);
    }
  };
  for (const { piece, address } of chain) {
    // Where no rule that names the port had a say, a rule of the chain stands as it does on other ports.
    const stands =
      address !== undefined && !contains(changed, address)
        ? true
        : overlaps(piece.sources, changed) && overlaps(subtract(piece.sources, taken), passed);
    if (!stands) continue;
    named(piece.rule.priority);
    rules.push(piece.rule.decides);
  }
  named(Number.POSITIVE_INFINITY);
}

/** Source-port classes that rules tell apart: one representative of each. */
function sourcePortClasses<A extends number | bigint>(levels: readonly Level<A>[]): readonly number[] {
  const edges = new Set<number>([0]);
  for (const { active } of levels) {
    for (const { rule } of active ?? []) {
      for (const edge of rule.sourcePorts ?? NOTHING) if (edge < 65536) edges.add(edge);
    }
  }
  return [...edges];
}

const admitsSourcePort = (rule: InboundRule, port: number): boolean => {
  const ports = rule.sourcePorts;
  if (ports === undefined) return true;
  for (let i = 0; i < ports.length; i += 2) {
    if ((ports[i] as number) <= port && port < (ports[i + 1] as number)) return true;
  }
  return false;
};

function flowsOnce<A extends number | bigint>(
  chain: FilterChain,
  place: Place<A>,
  space: Intervals<A>,
  upper: boolean,
): FlowsByProtocol<A> {
  const lists = [chain.admin, chain.subnet, chain.nic];
  const levels: Level<A>[] = lists.map((rules) => ({
    active: rules === undefined ? undefined : activate(rules, place, space, upper),
  }));
  const selective = lists.some((rules) => rules?.usesSourcePorts === true);
  let classes: readonly (number | undefined)[] = selective ? sourcePortClasses(levels) : [undefined];
  if (classes.length > SOURCE_PORT_CLASSES) classes = [undefined];

  // Neighbouring protocols often meet the same rules: what was decided for them is used again.
  const decided: { portless: boolean; rules: readonly ActiveRule<A>[]; decisions: Decisions<A> }[][] = [[], [], []];
  const decisionsFor = (l: number, rules: readonly ActiveRule<A>[], portless: boolean): Decisions<A> => {
    const known = decided[l]?.find((one) => one.portless === portless && sameRules(one.rules, rules));
    if (known !== undefined) return known.decisions;
    const decisions = firstMatch(rules, space, portless);
    decided[l]?.push({ portless, rules, decisions });
    return decisions;
  };

  const run = (protocol: Protocol): readonly Flow<A>[] => {
    const bit = BIT[protocol];
    const portless = (bit & WITH_PORTS) === 0;
    const perClass: Flow<A>[][] = [];
    for (const sourcePort of portless ? [undefined] : classes) {
      const decisions = levels.map(({ active }, l) => {
        if (active === undefined) return undefined;
        const mine = active.filter(
          ({ rule }) =>
            (rule.protocols & bit) !== 0 &&
            (portless
              ? rule.portless
              : sourcePort === undefined
                ? rule.sourcePorts === undefined || rule.access !== 'deny'
                : admitsSourcePort(rule, sourcePort)),
        );
        return decisionsFor(l, mine, portless);
      });
      perClass.push(combine(decisions[0], decisions[1], decisions[2], space));
    }
    return overlay(perClass);
  };
  const result: Partial<Record<Protocol, readonly Flow<A>[]>> = {};
  for (const protocol of PROTOCOLS) result[protocol] = run(protocol);
  const { tcp = [], udp = [], icmp = [], esp = [], ah = [] } = result;
  return { tcp, udp, icmp, esp, ah };
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
  place: Place<A>,
  space: Intervals<A>,
): FlowsByProtocol<A> {
  const sure = flowsOnce(chain, place, space, false);
  if (![chain.admin, chain.subnet, chain.nic].some((rules) => rules?.unresolved === true)) return sure;
  const possible = flowsOnce(chain, place, space, true);
  const tagsOf = unresolvedTags(chain);
  const result: Partial<Record<Protocol, readonly Flow<A>[]>> = {};
  for (const protocol of PROTOCOLS) {
    const extra = without(possible[protocol], sure[protocol]).map((flow) => ({
      ...flow,
      tags: [...new Set(flow.rules.flatMap((rule) => tagsOf.get(rule) ?? []))],
    }));
    result[protocol] = [...sure[protocol], ...extra];
  }
  const { tcp = [], udp = [], icmp = [], esp = [], ah = [] } = result;
  return { tcp, udp, icmp, esp, ah };
}

function unresolvedTags(chain: FilterChain): Map<DecidingRule, readonly string[]> {
  const tags = new Map<DecidingRule, readonly string[]>();
  for (const rules of [chain.admin, chain.subnet, chain.nic]) {
    for (const rule of rules?.rules ?? []) {
      const found = [...rule.source.unresolved, ...rule.destination.unresolved];
      if (found.length > 0) tags.set(rule.decides, found);
    }
  }
  return tags;
}

/** The whole port range as one flow, for a place that no rules protect. */
export function everythingFlows<A extends number | bigint>(space: Intervals<A>): FlowsByProtocol<A> {
  const flow: Flow<A> = { from: 0, to: (ALL_PORTS[1] ?? 65536) - 1, sources: space, rules: [], tags: [] };
  return { tcp: [flow], udp: [flow], icmp: [flow], esp: [flow], ah: [flow] };
}
