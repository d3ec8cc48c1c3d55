import type { Json } from '../arm/json.ts';
import { nameOf } from '../arm/resource-id.ts';
import type { DecidingRule } from '../documents/triage.ts';
import type { Guarded } from './exposed-ports.ts';
import { arrivalOf, CLOSED, examine, floatingArrival, type MachineInput, openBook } from './exposure.ts';
import type { NetworkResources, Unreadable } from './resources.ts';
import { compileSecurityGroup } from './rules/compile-rules.ts';
import { readEffectiveRules, type SecondOpinion, withAlways } from './rules/effective-rules.ts';
import {
  decidingRule,
  evaluateChain,
  evaluateClients,
  type FilterChain,
  type FlowsByProtocol,
  ListAtPlace,
  type ListsAtPlace,
  type Place,
} from './rules/evaluate-chain.ts';
import type { AdminRules, Arrival } from './rules/rule-lists.ts';
import { AddressReader, type FamilyOf, IPV4, IPV6, type PublishedTags } from './sets/address-prefixes.ts';
import { addressesOf, INTERNET_V4, INTERNET_V6 } from './sets/address-set.ts';
import { common, type Flow, overlay } from './sets/flow-set.ts';
import { contains, covers, type Intervals, intersect, overlaps, subtract } from './sets/interval-set.ts';
import { BIT, PROTOCOLS, type Protocol } from './sets/protocols.ts';
import type { Space } from './virtual-networks.ts';

/** What decides about one network interface, as it was read. */
export interface ReachInput {
  networkInterface: string;
  /** ARM bodies: the interface, its subnets or virtual networks, security groups, public addresses, route tables. */
  resources: NetworkResources;
  adminRules?: AdminRules;
  serviceTags?: PublishedTags;
  unreadable: readonly Unreadable[];
  /** Judges as if this security group (its ARM body) was at the interface. */
  instead?: Json;
}

/** May the senders come in on one port? */
export interface PortReach {
  port: number;
  /**
   * `open`: all of them, from whatever port their program connects; `closed`: none; `partly`: some of them;
   * `not-known`: it depends on what was not read or on addresses that are not known.
   */
  verdict: 'open' | 'partly' | 'closed' | 'not-known';
  /** The rules that let in, or those that keep out. */
  rules: readonly DecidingRule[];
  /** What decides, in words. */
  because: string;
}

/** Traffic that comes in and is not allowed on purpose. */
export interface Opening {
  protocol: Protocol;
  from: number;
  to: number;
  senders: Space;
  /** Does it let in more of the Internet than a /8 holds (or, of IPv6, anything)? */
  internet: boolean;
  rules: readonly DecidingRule[];
  /** Tags of unknown addresses through which alone it comes in. */
  tags: readonly string[];
}

/** One rule in words: "web-nsg/allow-rdp (300)". */
export const ruleText = ({ nsg, rule, priority }: Pick<DecidingRule, 'nsg' | 'rule' | 'priority'>): string =>
  `${nameOf(nsg)}/${rule} (${priority})`;

/** One of the filters in front of an interface, as it meets packets for one address of the interface. */
interface Door {
  guarded: Guarded;
  chain: FilterChain;
  /** The same where an admin rule that allows may be one that always allows, which its source does not show. */
  atMost?: FilterChain;
}

/**
 * Who may reach a network interface, by one source: our evaluation of the configuration, or Azure's effective rules. The
 * filters alone are judged (security admin rules, the subnet's group, the interface's), by the evaluator of exposure;
 * whether a path leads to the interface, or something listens there, is not.
 */
export class Reach {
  readonly #doors: readonly Door[];
  /** Why nothing can be said, "" when something can. */
  readonly because: string;
  /** What could not be read and might change the answer, in sentences. */
  readonly notSeen: readonly string[];

  constructor(doors: readonly Door[], because: string, notSeen: readonly string[]) {
    this.#doors = doors;
    this.because = because;
    this.notSeen = notSeen;
  }

  /** May these senders come in on the ports over a protocol? A family that the interface has no address of is closed. */
  ask(prefixes: readonly string[], protocol: Protocol, ports: readonly number[]): PortReach[] {
    const senders = addressesOf(prefixes);
    if (this.because !== '') {
      return ports.map((port) => ({ port, verdict: 'not-known', rules: [], because: this.because }));
    }
    const fitting = this.#doors.flatMap((door) => {
      const asked = askedAt(door, senders);
      if (asked.size === 0) return [];
      return [{ asked, atMost: door.atMost && askedAt({ ...door, chain: door.atMost }, senders) }];
    });
    if (fitting.length === 0) {
      const family = senders.v4.length > 0 ? 'IPv4' : 'IPv6';
      const because = `the interface has no ${family} address`;
      return ports.map((port) => ({ port, verdict: 'closed', rules: [], because }));
    }
    return ports.map((port) =>
      best(fitting.map(({ asked, atMost }) => unlessAlways(asked.on(protocol, port), atMost?.on(protocol, port)))),
    );
  }

  /**
   * How the Internet gets to a TCP port, as far as it is seen: on a path that keeps the sender's address, and through what
   * changes it on the way (Azure Firewall, Application Gateway), whose address the rules see instead.
   */
  pathsTo(port: number): { direct: boolean; relays: string[] } {
    const leading = this.#doors
      .flatMap(({ guarded }) => guarded.entrance.paths)
      .filter(({ protocols, back }) => (protocols & BIT.tcp) !== 0 && back.from <= port && port <= back.to);
    const relays = leading.filter((path) => path.translated !== undefined).map((path) => nameOf(path.id));
    return { direct: relays.length < leading.length, relays: [...new Set(relays)] };
  }

  /** What comes in besides `allowed` senders on their TCP ports, from wherever it may come, inside networks too. */
  besides(allowed: { prefixes: readonly string[]; ports: readonly (readonly [number, number])[] }): Opening[] {
    const senders = addressesOf(allowed.prefixes);
    return this.#doors.flatMap((door) => {
      const { entrance } = door.guarded;
      const { destination, network } = entrance;
      if (entrance.family === 4) {
        return openings(
          { door, family: IPV4, destination: destination.v4, tags: network.v4 },
          senders.v4,
          allowed.ports,
          (set) => ({
            senders: { v4: set, v6: [] },
            internet: wide(intersect(set, INTERNET_V4)),
          }),
        );
      }
      return openings(
        { door, family: IPV6, destination: destination.v6, tags: network.v6 },
        senders.v6,
        allowed.ports,
        (set) => ({
          senders: { v4: [], v6: set },
          internet: overlaps(set, INTERNET_V6),
        }),
      );
    });
  }
}

/** A port that programs connect from on every operating system (IANA's dynamic ports begin there). */
const CLIENT_PORT = 49_152;

const wide = (set: Intervals<number>): boolean => {
  let size = 0;
  for (let i = 0; i < set.length; i += 2) size += (set[i + 1] ?? 0) - (set[i] ?? 0);
  return size > 2 ** 24;
};

/** The lists of a chain as they meet senders of a space at a place, each made once. */
function listsAt<A extends number | bigint>(place: Place<A>, space: Intervals<A>): ListsAtPlace<A> {
  const made = new Map<string, ListAtPlace<A>>();
  return (rules, doubt) => {
    const key = `${rules.id} ${doubt}`;
    const list = made.get(key) ?? new ListAtPlace(rules, place, space, doubt);
    made.set(key, list);
    return list;
  };
}

function placeOf<A extends number | bigint>(
  family: FamilyOf<A>,
  destination: Intervals<A>,
  arrival: Arrival,
  tags: Place<A>['tags'],
): Place<A> {
  return { family, destination, groups: arrival.groups, tags };
}

/** A door and what packets of one family are addressed to behind it. */
interface Inside<A extends number | bigint> {
  door: Door;
  family: FamilyOf<A>;
  destination: Intervals<A>;
  tags: Place<A>['tags'];
}

/** Everything that gets in at a door from a space. */
function flowsFrom<A extends number | bigint>(inside: Inside<A>, space: Intervals<A>): FlowsByProtocol<A> {
  const { door, family, destination, tags } = inside;
  const place = placeOf(family, destination, arrivalOf(door.guarded.entrance), tags);
  return evaluateChain(door.atMost ?? door.chain, space, listsAt(place, space));
}

/** What other senders than the allowed get in with, and the allowed on other ports than theirs: each with its own rules. */
function openings<A extends number | bigint>(
  inside: Inside<A>,
  allowed: Intervals<A>,
  ports: readonly (readonly [number, number])[],
  told: (set: Intervals<A>) => Pick<Opening, 'senders' | 'internet'>,
): Opening[] {
  const found: Opening[] = [];
  const others = flowsFrom(inside, subtract(inside.family.everything, allowed));
  const mine = allowed.length > 0 ? flowsFrom(inside, allowed) : undefined;
  for (const protocol of PROTOCOLS) {
    for (const { from, to, sources, rules, tags } of others[protocol]) {
      found.push({ protocol, from, to, ...told(sources), rules, tags });
    }
    for (const flow of mine?.[protocol] ?? []) {
      for (const [from, to, theirs] of protocol === 'tcp'
        ? split(flow, ports)
        : [[flow.from, flow.to, false] as const]) {
        // Rights that all principals have are reported once.
        const everybody = others[protocol].some(
          (one) => one.from <= from && to <= one.to && sameRules(one.rules, flow.rules),
        );
        if (!theirs && !everybody)
          found.push({ protocol, from, to, ...told(flow.sources), rules: flow.rules, tags: flow.tags });
      }
    }
  }
  return found;
}

const sameRules = (a: readonly DecidingRule[], b: readonly DecidingRule[]): boolean =>
  a.length === b.length && a.every((rule, index) => ruleText(rule) === ruleText(b[index] ?? rule));

/** A flow's ports cut where the allowed ones begin and end: from, to, and whether the allowed senders may use them. */
function split(
  { from, to }: { from: number; to: number },
  ports: readonly (readonly [number, number])[],
): (readonly [number, number, boolean])[] {
  const edges = ports.flatMap(([first, last]) => [first, last + 1]).filter((edge) => edge > from && edge <= to);
  const starts = [...new Set([from, ...edges])].sort((a, b) => a - b);
  return starts.map((start, at) => {
    const mine = ports.some(([first, last]) => first <= start && start <= last);
    return [start, (starts[at + 1] ?? to + 1) - 1, mine] as const;
  });
}

/** A door as one set of senders meets it. */
class Asked<A extends number | bigint> {
  readonly #door: Door;
  readonly #senders: Intervals<A>;
  readonly #at: ListsAtPlace<A>;
  readonly #sure: FlowsByProtocol<A>;
  readonly #possible: FlowsByProtocol<A>;
  readonly #chain: FilterChain;
  readonly #public: boolean;
  /** More than 0 when there are senders to ask about. */
  readonly size: number;

  constructor(
    door: Door,
    family: FamilyOf<A>,
    destination: Intervals<A>,
    tags: Place<A>['tags'],
    senders: Intervals<A>,
    internet: Intervals<A>,
  ) {
    this.#door = door;
    this.#senders = senders;
    this.#public = overlaps(senders, internet);
    this.size = senders.length;
    this.#chain = closedByDefault(door) && this.#public ? { ...door.chain, nic: CLOSED } : door.chain;
    // Behind a floating frontend rules for the private address and for the frontend's may both be meant.
    const arrivals = [
      arrivalOf(door.guarded.entrance),
      ...door.guarded.entrance.paths
        .filter((path) => path.floating)
        .map((path) => floatingArrival(arrivalOf(door.guarded.entrance), path)),
    ];
    const results = arrivals.map((arrival) => {
      const set = family.family === 4 ? arrival.destination.v4 : arrival.destination.v6;
      const place = placeOf(family, arrival === arrivals[0] ? destination : (set as Intervals<A>), arrival, tags);
      const at = listsAt(place, senders);
      return { at, ...evaluateClients(this.#chain, senders, at) };
    });
    const merged = (which: 'sure' | 'possible', merge: typeof common<A>): FlowsByProtocol<A> => {
      const of = (protocol: Protocol) => merge(results.map((result) => result[which][protocol]));
      return { tcp: of('tcp'), udp: of('udp'), icmp: of('icmp'), esp: of('esp'), ah: of('ah') };
    };
    this.#sure = merged('sure', common);
    this.#possible = merged('possible', overlay);
    this.#at = (rules, doubt) => (results[0] as (typeof results)[number]).at(rules, doubt);
  }

  on(protocol: Protocol, port: number): PortReach {
    const here = (flows: FlowsByProtocol<A>): Flow<A> | undefined =>
      flows[protocol].find((flow) => flow.from <= port && port <= flow.to);
    const sure = here(this.#sure);
    const possible = here(this.#possible);
    const { missing } = this.#door.guarded;
    const group = this.#byGroup(protocol, port);
    if (group !== '') return { port, verdict: 'not-known', rules: possible?.rules ?? [], because: group };
    if (possible === undefined) return this.#closed(protocol, port);
    if (missing.length > 0) return { port, verdict: 'not-known', rules: possible.rules, because: missing.join('; ') };
    if (sure !== undefined && covers(sure.sources, this.#senders)) {
      const by = sure.rules.map(ruleText).join(', ');
      return { port, verdict: 'open', rules: sure.rules, because: by === '' ? 'no rule stands in the way' : by };
    }
    const unsure = this.#unsure(protocol, port);
    if (unsure !== '') return { port, verdict: 'not-known', rules: possible.rules, because: unsure };
    return { port, verdict: 'partly', rules: possible.rules, because: possible.rules.map(ruleText).join(', ') };
  }

  /** The rule of each list that keeps the first sender out; the first list that does counts. */
  #closed(protocol: Protocol, port: number): PortReach {
    const source = this.#senders[0] as A;
    const packet = { protocol, source, sourcePort: CLIENT_PORT, port };
    if (this.#chain.nic === CLOSED) {
      return {
        port,
        verdict: 'closed',
        rules: [],
        because: 'no security group stands there, and a Standard address is closed then',
      };
    }
    for (const level of ['admin', 'subnet', 'nic'] as const) {
      const rules = this.#chain[level];
      if (rules === undefined) continue;
      const rule = decidingRule(this.#at(rules, 'lets-in'), packet);
      if (rule === undefined && level === 'admin') continue;
      if (rule === undefined)
        return { port, verdict: 'closed', rules: [], because: `no rule of ${nameOf(rules.id)} lets them in` };
      if (rule.access === 'always') break;
      if (rule.access === 'deny')
        return { port, verdict: 'closed', rules: [rule.decides], because: ruleText(rule.decides) };
    }
    return {
      port,
      verdict: 'closed',
      rules: [],
      because: 'the rules let none of them in from an ordinary source port',
    };
  }

  /**
   * The rule for an application security group that comes first, "" for none: the senders may be members of it where
   * they are inside the network. No host on the Internet is in one.
   */
  #byGroup(protocol: Protocol, port: number): string {
    if (this.#public) return '';
    const packet = { protocol, source: this.#senders[0] as A, sourcePort: CLIENT_PORT, port };
    for (const level of ['subnet', 'nic'] as const) {
      const rules = this.#chain[level];
      if (rules === undefined) continue;
      const deciding = decidingRule(this.#at(rules, 'left-out'), packet);
      const other = rules.rules.find(
        (rule) =>
          rule.source.groups.length > 0 &&
          rule.priority < (deciding?.priority ?? Number.POSITIVE_INFINITY) &&
          rule.access !== (deciding?.access ?? 'deny') &&
          (rule.protocols & BIT[protocol]) !== 0 &&
          contains(rule.ports, port),
      );
      if (other !== undefined) return `it depends on ${ruleText(other.decides)}: who is in its group is not seen here`;
    }
    return '';
  }

  /** Which rules with addresses that are not known, or for some source ports alone, the answer depends on; "" for none. */
  #unsure(protocol: Protocol, port: number): string {
    const told = new Set<string>();
    for (const level of ['admin', 'subnet', 'nic'] as const) {
      const rules = this.#chain[level];
      if (rules === undefined) continue;
      const lists = [this.#at(rules, 'lets-in'), this.#at(rules, 'keeps-out')];
      for (const { rule } of lists.flatMap((list) => list.active)) {
        if ((rule.protocols & BIT[protocol]) === 0 || !contains(rule.ports, port)) continue;
        const tags = [...rule.source.unresolved, ...rule.destination.unresolved];
        if (tags.length > 0) told.add(`${ruleText(rule.decides)}, whose ${tags.join(', ')} is not resolved here`);
        else if (rule.sourcePorts !== undefined)
          told.add(`${ruleText(rule.decides)}, which is for some source ports only`);
      }
    }
    const named = [...told];
    return named.length > 0 ? `it depends on ${named.slice(0, 3).join('; ')}` : '';
  }
}

const askedAt = (door: Door, senders: Space): { size: number; on: (protocol: Protocol, port: number) => PortReach } => {
  const { family, destination, network } = door.guarded.entrance;
  return family === 4
    ? new Asked(door, IPV4, destination.v4, network.v4, senders.v4, INTERNET_V4)
    : new Asked(door, IPV6, destination.v6, network.v6, senders.v6, INTERNET_V6);
};

/** The answer, unless another one would follow if an admin rule that allows is one that always allows. */
function unlessAlways(answer: PortReach, atMost: PortReach | undefined): PortReach {
  if (atMost === undefined || atMost.verdict === answer.verdict) return answer;
  const because = `it depends on whether ${atMost.because} always allows, which Azure's effective rules do not tell`;
  return { ...answer, verdict: 'not-known', because };
}

/** Is the interface without a security group and behind Standard addresses alone, which let nothing in then? */
function closedByDefault({ guarded, chain }: Door): boolean {
  const { paths } = guarded.entrance;
  return (
    chain.subnet === undefined &&
    chain.nic === undefined &&
    guarded.missing.length === 0 &&
    paths.length > 0 &&
    paths.every((path) => path.closedByDefault && path.translated === undefined)
  );
}

const ORDER: Record<PortReach['verdict'], number> = { open: 0, partly: 1, 'not-known': 2, closed: 3 };

/** One address of the interface that lets in is enough. */
function best(answers: readonly PortReach[]): PortReach {
  return answers.reduce((a, b) => (ORDER[b.verdict] < ORDER[a.verdict] ? b : a));
}

/** Who may reach the interface by the configuration. */
export function reachByConfiguration(input: ReachInput): Reach {
  const { guarded, undecided } = examined(input);
  const unread = guarded.flatMap(({ filters, chain }) => (chain.admin === undefined ? filters.unread.admin : []));
  const because = guarded.length === 0 ? (undecided[0] ?? 'the interface has no address') : '';
  return new Reach(
    guarded.map((one) => doorOf(one, one.chain, input)),
    because,
    [...new Set(unread)],
  );
}

/** Who may reach the interface by Azure's effective rules; the configuration reports its addresses and tags alone. */
export function reachByEffectiveRules(input: ReachInput, opinion: SecondOpinion): Reach {
  if ('because' in opinion) return new Reach([], opinion.because, []);
  const effective = readEffectiveRules(input.networkInterface, opinion.body, new AddressReader(input.serviceTags));
  if (effective.because !== '') return new Reach([], effective.because, []);
  if (effective.unread !== 0) return new Reach([], `not readable in full: ${effective.defects[0] ?? 'a rule'}`, []);
  const { guarded, undecided } = examined(input);
  if (guarded.length === 0) return new Reach([], undecided[0] ?? 'the interface has no address', []);
  return new Reach(
    guarded.map((one) => {
      const chain = one.entrance.family === 4 ? effective.chain : effective.chainOfBoth;
      const door = doorOf({ ...one, missing: [] }, chain, input);
      return { ...door, ...withAlways(door.chain, one.filters.unread.admin.length > 0 ? undefined : one.chain) };
    }),
    '',
    [],
  );
}

/** A door, with the other group that is to be judged in the place of the interface's own. */
function doorOf(guarded: Guarded, chain: FilterChain, { instead, serviceTags }: ReachInput): Door {
  if (instead === undefined) return { guarded, chain };
  const { nic: unread } = guarded.filters.unread;
  const missing = guarded.missing.filter((sentence) => sentence !== unread);
  const nic = compileSecurityGroup(instead, 'nic', new AddressReader(serviceTags));
  return { guarded: { ...guarded, missing }, chain: { ...chain, nic } };
}

function examined(input: ReachInput) {
  const { networkInterface, resources, adminRules, serviceTags, unreadable } = input;
  const book = openBook(resources, { adminRules, serviceTags, unreadable });
  const vm: MachineInput['vm'] = { id: '', name: '', os: 'windows', power: 'running' };
  return examine(book, { vm, networkInterfaces: [networkInterface], asOf: '', source: '' });
}
