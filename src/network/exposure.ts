import { isEmpty, type Json, list, object, properties, text } from '../arm/json.ts';
import { nameOf } from '../arm/resource-id.ts';
import type { Fact, Unknown } from '../documents/fact.ts';
import { known, unknown } from '../documents/fact.ts';
import type { ExposedPort, Exposure, VirtualMachine } from '../documents/triage.ts';
import { compareOpinions, type Opinion } from './compare-effective-rules.ts';
import { type Guarded, Opening, type PortShape } from './exposed-ports.ts';
import { Notes } from './gaps.ts';
import { lateProperty } from './memo/lazy-property.ts';
import { Recent } from './memo/lru-cache.ts';
import { applicationGatewayRelays } from './paths/application-gateways.ts';
import { firewallRelays } from './paths/firewall-dnat.ts';
import { type InternetPath, type PortRange, throughPorts } from './paths/internet-path.ts';
import { indexRelays, type Relays } from './paths/layer7-relays.ts';
import { LoadBalancers } from './paths/load-balancers.ts';
import { type Entrance, entrancesOf, type Ways } from './paths/paths-to-machine.ts';
import type { NetworkResources, Unreadable } from './resources.ts';
import type { RuleList } from './rules/compile-rules.ts';
import { type EffectiveRules, readEffectiveRules, type SecondOpinion } from './rules/effective-rules.ts';
import type { FilterChain, FlowsByProtocol } from './rules/evaluate-chain.ts';
import { type AdminRules, type Arrival, FilterBook, type Filters } from './rules/rule-lists.ts';
import { dangerRank, serviceName } from './services.ts';
import { AddressReader, type PublishedTags } from './sets/address-prefixes.ts';
import { INTERNET_V4, INTERNET_V6 } from './sets/address-set.ts';
import { type Intervals, intersect, union } from './sets/interval-set.ts';
import { BIT, PROTOCOLS, type Protocol, WITH_PORTS } from './sets/protocols.ts';
import { describeSourcesV4, describeSourcesV6 } from './source-breadth.ts';
import { Networks } from './virtual-networks.ts';

/** One VM's question, with everything that was read for it. */
export interface ExposureInput {
  vm: Pick<VirtualMachine, 'id' | 'name' | 'os' | 'power'>;
  /** Resource ids of its network interfaces. */
  networkInterfaces: readonly string[];
  /** Their bodies in the same order, where they are at hand; the others are found among the resources. */
  interfaces?: readonly { readonly body: Json | undefined }[];
  /** ARM bodies: interfaces, subnets or virtual networks, groups, public addresses, load balancers, firewalls … */
  resources: NetworkResources;
  /** Addresses of service tags, when they were read. */
  serviceTags?: PublishedTags;
  /** Security admin rules; taken as unknown when absent. */
  adminRules?: AdminRules;
  /** Azure's effective rules by network interface id in any case, as far as they were asked for. */
  secondOpinions?: ReadonlyMap<string, SecondOpinion>;
  /** When the resources were read, ISO 8601 UTC. */
  asOf: string;
  source: string;
  unreadable: readonly Unreadable[];
}

/** A list of rules that lets nothing through: what a Standard address has where there is no group. */
export const CLOSED: RuleList = {
  id: 'closed-by-default',
  rules: [],
  choosy: [],
  unresolved: false,
  usesSourcePorts: false,
  defects: [],
  unresolvedNotes: [],
  published: false,
};

const ADMIN_NOT_READ: AdminRules = {
  state: 'unknown',
  why: 'not-asked',
  because: 'they were not read',
  cure: 'needs Reader on the network manager and the virtual network',
};

/** The resources of one or many VMs with everything that is derived from them once. */
export interface ExposureBook {
  ways: Ways;
  reader: AddressReader;
  unreadable: readonly Unreadable[];
  /** The last result: VMs behind the same groups share it. */
  shapes: Recent<FlowShapes>;
}

/** What paths open, by the flows that it comes from. */
interface FlowShapes {
  flows: FlowsByProtocol<number> | FlowsByProtocol<bigint>;
  paths: PathShapes[];
}

/** What a path opens, and all that it depends on beside the flows for clients from all of the Internet. */
interface PathShapes extends Pick<InternetPath, 'via' | 'protocols' | 'front' | 'back'> {
  translated: boolean;
  shapes: readonly PortShape[];
}

const KEPT_SHAPES = 4;

/** Prepares resources for evaluation; linear in their size. */
export function openBook(
  resources: NetworkResources,
  about: {
    serviceTags?: PublishedTags | undefined;
    adminRules?: AdminRules | undefined;
    unreadable: readonly Unreadable[];
  },
): ExposureBook {
  const reader = new AddressReader(about.serviceTags);
  const networks = new Networks(resources);
  const book = new FilterBook(resources, reader, networks, about.adminRules ?? ADMIN_NOT_READ, about.unreadable);
  return {
    ways: new AllWays(resources, book, networks, reader),
    reader,
    unreadable: about.unreadable,
    shapes: new Recent(KEPT_SHAPES),
  };
}

class AllWays implements Ways {
  readonly resources: NetworkResources;
  readonly book: FilterBook;
  readonly networks: Networks;
  readonly balancers: LoadBalancers;
  readonly firewallAddresses: ReadonlySet<string>;
  readonly #reader: AddressReader;
  #relays: Relays | undefined;

  constructor(resources: NetworkResources, book: FilterBook, networks: Networks, reader: AddressReader) {
    this.resources = resources;
    this.book = book;
    this.networks = networks;
    this.balancers = new LoadBalancers(resources);
    this.firewallAddresses = privateAddressesOfFirewalls(resources);
    this.#reader = reader;
  }

  /** Found when first asked for: the groups before application gateways may come after all other resources. */
  get relays(): Relays {
    if (this.#relays === undefined) {
      const firewalls = firewallRelays(this.resources, this.#reader);
      const gateways = applicationGatewayRelays(this.resources, this.book, this.networks);
      this.#relays = indexRelays([...firewalls.relays, ...gateways.relays], [...firewalls.notes, ...gateways.notes]);
    }
    return this.#relays;
  }
}

function privateAddressesOfFirewalls(resources: NetworkResources): Set<string> {
  const addresses = new Set<string>();
  for (const body of resources.ofType('Microsoft.Network/azureFirewalls')) {
    const props = properties(body);
    for (const config of list(props.ipConfigurations)) addresses.add(text(properties(config).privateIPAddress));
    addresses.add(text(object(props.hubIPAddresses).privateIPAddress));
  }
  return addresses;
}

/** Everything found about one VM, before it is put into words. */
export interface Examined {
  openings: Opening[];
  guarded: Guarded[];
  /** Azure's words on its network interfaces, where they were asked for. */
  opinions: Opinion[];
  /** Network interfaces and ways of which nothing decisive could be read. */
  undecided: string[];
  notes: Notes;
  paths: number;
}

/** The question about one of the VMs that a book serves. */
export type MachineInput = Omit<ExposureInput, 'resources' | 'unreadable' | 'serviceTags' | 'adminRules'>;

/** Finds every opening of a VM. */
export function examine(book: ExposureBook, input: MachineInput): Examined {
  const { ways } = book;
  const notes = new Notes();
  const found: Examined = { openings: [], guarded: [], opinions: [], undecided: [], notes, paths: 0 };
  const opinions =
    input.secondOpinions &&
    new Map([...input.secondOpinions].map(([id, opinion]) => [id.toLowerCase(), opinion] as const));
  for (let at = 0; at < input.networkInterfaces.length; at += 1) {
    const id = input.networkInterfaces[at] as string;
    const nic = input.interfaces?.[at]?.body ?? ways.resources.get(id);
    if (nic === undefined || isEmpty(properties(nic))) {
      found.undecided.push(ways.book.why(id, `network interface ${nameOf(id)}`));
      continue;
    }
    const opinion = opinions?.get(id.toLowerCase());
    const effective =
      opinion !== undefined && 'body' in opinion ? readEffectiveRules(id, opinion.body, book.reader) : undefined;
    if (effective !== undefined) notes.sayAll(effective.defects);
    const before = found.guarded.length;
    for (const entrance of entrancesOf(nic, ways)) {
      const guarded = guard(entrance, ways.book.filtersFor(entrance.subnet, nic), effective, notes);
      found.guarded.push(guarded);
      found.paths += entrance.paths.length;
      open(guarded, book, found);
    }
    if (opinion !== undefined) {
      const networkInterface = text(nic.id) || id;
      found.opinions.push({ networkInterface, opinion, effective, guarded: found.guarded.slice(before) });
    }
  }
  return found;
}

const NOTHING_MISSING: readonly string[] = Object.freeze([]);

/** Azure's lists take the places of ours that could not be read: they then speak alone, and that is said. */
function guard(entrance: Entrance, filters: Filters, effective: EffectiveRules | undefined, notes: Notes): Guarded {
  const { unread } = filters;
  if (unread.subnet === '' && unread.nic === '' && (unread.admin.length === 0 || effective === undefined)) {
    return { entrance, filters, chain: filters.chain, grouped: filters.grouped, missing: NOTHING_MISSING };
  }
  const usable = effective !== undefined && effective.because === '' ? effective : undefined;
  const chain: FilterChain = { ...filters.chain };
  const missing: string[] = [];
  for (const level of ['subnet', 'nic'] as const) {
    const sentence = filters.unread[level];
    if (sentence === '') continue;
    if (usable === undefined) {
      missing.push(sentence);
      continue;
    }
    chain[level] = usable.chain[level];
    notes.say(`${sentence}. Azure's effective rules are used in its place`);
  }
  if (filters.unread.admin.length > 0 && usable !== undefined) {
    chain.admin = usable.chain.admin;
    const allowing = chain.admin?.rules.filter(({ access }) => access === 'allow') ?? [];
    if (allowing.length > 0) {
      const names = allowing.slice(0, 3).map(({ name }) => name);
      notes.say(
        `whether the security admin rules ${names.join(', ')} always allow: Azure's effective rules do not tell`,
      );
    }
  }
  const grouped = chain.subnet !== undefined || chain.nic !== undefined;
  return { entrance, filters, chain, grouped, missing };
}

/** Evaluates the paths of one entrance. */
function open(guarded: Guarded, book: ExposureBook, found: Examined): void {
  const { entrance, filters, missing } = guarded;
  found.notes.sayAll(entrance.notes);
  if (entrance.paths.length === 0 && entrance.unread.length === 0) return;
  found.notes.sayAll(entrance.network.notes);
  found.notes.sayAll(filters.notes);
  if (guarded.chain.admin === undefined) found.notes.sayAll(filters.unread.admin);
  const before = found.openings.length;
  for (const path of entrance.paths) {
    const opening = openingOf(path, guarded, book);
    if (opening.shapes.length > 0) found.openings.push(opening);
  }
  const opened = found.openings.length > before;
  if (missing.length > 0 && opened && !guarded.grouped) {
    // Not one group was read: what would be open without any is no answer.
    found.openings.length = before;
    found.undecided.push(...missing);
    return;
  }
  if (missing.length > 0 && opened) {
    found.notes.sayAll(missing.map((sentence) => `${sentence}. It may close some of what is shown`));
  }
  if (entrance.unread.length === 0) return;
  // A way that could not be followed leads nowhere if the groups let nothing in at all.
  const flows = everyFlow(guarded, book.ways.book);
  if (flows || missing.length > 0) found.undecided.push(...entrance.unread);
  else if (opened) found.notes.sayAll(entrance.unread);
}

/** Could anything from the Internet, or from inside the network, get through the filters of an entrance? */
function everyFlow(guarded: Guarded, book: FilterBook): boolean {
  const { entrance, chain } = guarded;
  const arrival = arrivalOf(entrance);
  const any = (flows: FlowsByProtocol<number> | FlowsByProtocol<bigint>) => PROTOCOLS.some((p) => flows[p].length > 0);
  return entrance.family === 4
    ? any(book.flowsV4(chain, arrival, [0, 2 ** 32], 'everything'))
    : any(book.flowsV6(chain, arrival, [0n, 1n << 128n], 'everything'));
}

/** Where packets for an entrance arrive. */
export const arrivalOf = (entrance: Entrance): Arrival => ({
  family: entrance.family,
  destination: entrance.destination,
  groups: entrance.groups,
  network: entrance.network,
});

/** The filters as a path meets them: a Standard address is closed where it is known that there is no group. */
function chainFor(path: InternetPath, guarded: Guarded): FilterChain {
  return path.closedByDefault && path.translated === undefined && !guarded.grouped && guarded.missing.length === 0
    ? { ...guarded.chain, nic: CLOSED }
    : guarded.chain;
}

function openingOf(path: InternetPath, guarded: Guarded, { ways, shapes }: ExposureBook): Opening {
  const chain = chainFor(path, guarded);
  const arrival = floatingArrival(arrivalOf(guarded.entrance), path);
  const { translated } = path;
  const key = translated === undefined ? '' : `from ${path.id.toLowerCase()}`;
  if (path.family === 4) {
    const flows = ways.book.flowsV4(chain, arrival, translated?.v4 ?? INTERNET_V4, key);
    return new Opening(shapesFor(flows, path, INTERNET_V4, path.clients.v4, describeSourcesV4, shapes), guarded, path);
  }
  const flows = ways.book.flowsV6(chain, arrival, translated?.v6 ?? INTERNET_V6, key);
  return new Opening(shapesFor(flows, path, INTERNET_V6, path.clients.v6, describeSourcesV6, shapes), guarded, path);
}

/** With a floating address rules for the private address and for the frontend's may both be meant: either lets in. */
export function floatingArrival(arrival: Arrival, path: InternetPath): Arrival {
  if (!path.floating) return arrival;
  const front = addressSet(path.address);
  return {
    ...arrival,
    destination: { v4: union(arrival.destination.v4, front.v4), v6: union(arrival.destination.v6, front.v6) },
  };
}

function shapesFor<A extends number | bigint>(
  flows: FlowsByProtocol<A>,
  path: InternetPath,
  internet: Intervals<A>,
  clients: Intervals<A>,
  describe: (set: Intervals<A>) => ExposedPort['sources'],
  recent: Recent<FlowShapes>,
): readonly PortShape[] {
  if (clients !== internet || path.clients.tags.length > 0) {
    return shapesFrom(flows, path, internet, clients, describe);
  }
  const { paths } = recent.of(
    (one) => one.flows === flows,
    () => ({ flows: flows as FlowShapes['flows'], paths: [] }),
  );
  for (const one of paths) if (isAlike(one, path)) return one.shapes;
  const { via, protocols, front, back, translated } = path;
  const shapes = shapesFrom(flows, path, internet, clients, describe);
  paths.push({ via, protocols, front, back, translated: translated !== undefined, shapes });
  return shapes;
}

const isAlike = (one: PathShapes, path: InternetPath): boolean =>
  one.via === path.via &&
  one.protocols === path.protocols &&
  sameRange(one.front, path.front) &&
  sameRange(one.back, path.back) &&
  one.translated === (path.translated !== undefined);

const sameRange = (a: PortRange, b: PortRange): boolean => a === b || (a.from === b.from && a.to === b.to);

function shapesFrom<A extends number | bigint>(
  flows: FlowsByProtocol<A>,
  path: InternetPath,
  internet: Intervals<A>,
  clients: Intervals<A>,
  describe: (set: Intervals<A>) => ExposedPort['sources'],
): PortShape[] {
  const shapes: PortShape[] = [];
  const unknownClients = path.clients.tags;
  for (const protocol of PROTOCOLS) {
    if ((path.protocols & BIT[protocol]) === 0) continue;
    for (const flow of flows[protocol]) {
      const through = throughPorts(path.front, path.back, flow);
      if (through === undefined) continue;
      const sources =
        path.translated !== undefined
          ? clients
          : clients === internet
            ? flow.sources
            : intersect(flow.sources, clients);
      // Ports that are open only to tags of unknown addresses are kept apart from those that are known.
      if (flow.tags.length > 0) {
        if (sources.length === 0 && unknownClients.length === 0) continue;
        const tags = [...new Set([...flow.tags, ...unknownClients])];
        shapes.push(shapeOf(protocol, through, path, flow.rules, byTags(tags)));
        continue;
      }
      if (sources.length > 0) shapes.push(shapeOf(protocol, through, path, flow.rules, describe(sources)));
      if (unknownClients.length > 0) {
        shapes.push(shapeOf(protocol, through, path, flow.rules, byTags([...unknownClients])));
      }
    }
  }
  return shapes.sort((a, b) => a.rank - b.rank || a.from - b.from || a.frontend.from - b.frontend.from);
}

const byTags = (tags: string[]): ExposedPort['sources'] => ({
  publicAddresses: 0,
  breadth: 'wide',
  prefixes: [],
  tags,
});

function shapeOf(
  protocol: Protocol,
  through: { front: PortRange; back: PortRange },
  path: InternetPath,
  decidedBy: PortShape['decidedBy'],
  sources: ExposedPort['sources'],
): PortShape {
  const portless = (BIT[protocol] & WITH_PORTS) === 0;
  const { from, to } = portless ? NO_PORTS : through.back;
  return {
    protocol,
    from,
    to,
    frontend: portless ? NO_PORTS : through.front,
    via: path.via,
    service: serviceName(protocol, from, to),
    sources,
    decidedBy,
    rank: BREADTH[sources.breadth] * 10_000 + dangerRank(protocol, from, to),
  };
}

const NO_PORTS: PortRange = { from: 0, to: 0 };

const BREADTH: Record<ExposedPort['sources']['breadth'], number> = { internet: 0, wide: 1, narrow: 2 };

/** The ports of all openings, in order of danger. */
function portsOf(openings: readonly Opening[]): ExposedPort[] {
  const [only] = openings;
  // What one path opens comes sorted.
  if (openings.length <= 1) return only === undefined ? [] : [...only.ports];
  const ranked = openings.flatMap(({ ports, shapes }) =>
    ports.map((port, i) => ({ port, rank: shapes[i]?.rank ?? 0 })),
  );
  return ranked.sort(byDanger).map(({ port }) => port);
}

/** The most dangerous first: open to the most, then management before data before the unknown before the public. */
function byDanger(a: { port: ExposedPort; rank: number }, b: { port: ExposedPort; rank: number }): number {
  if (a.rank !== b.rank) return a.rank - b.rank;
  const one = a.port;
  const two = b.port;
  return (
    one.from - two.from ||
    (one.frontend.address < two.frontend.address ? -1 : one.frontend.address > two.frontend.address ? 1 : 0) ||
    one.frontend.from - two.frontend.from
  );
}

/**
 * How the Internet can reach a VM: every port, from how many addresses, over which path, by which rules.
 *
 * Known with no ports only if what decides was read; unknown when a network interface, or all groups of one that has a
 * way from the Internet, could not be read and nothing open was found elsewhere. What a known answer could not include
 * is in its `notSeen`. Pure: the same input gives the same answer.
 */
export function evaluateExposure(input: ExposureInput): Fact<Exposure> {
  const book = openBook(input.resources, input);
  return exposureFact(book, input);
}

/** The same with a book that serves many VMs. */
const exposureFact = (book: ExposureBook, input: MachineInput): Fact<Exposure> => findExposure(book, input).fact();

/**
 * The exposure of one VM as found. The fact is put into words when it is asked for: a fleet's list needs no more
 * than what opened and what was not seen.
 */
export class FoundExposure {
  readonly #book: ExposureBook;
  readonly #input: MachineInput;
  readonly #found: Examined;
  readonly #compared: ReturnType<typeof compareOpinions> | undefined;
  /** Why it is not known; undefined when it is. */
  readonly unknown: Unknown | undefined;
  /** What a known exposure could not include, in sentences. */
  readonly notSeen: string[];

  constructor(book: ExposureBook, input: MachineInput, found: Examined, unknown: Unknown | undefined) {
    this.#book = book;
    this.#input = input;
    this.#found = found;
    // The comparison marks the openings: it is made at once.
    this.#compared =
      found.opinions.length === 0 ? undefined : compareOpinions(book.ways.book, found.opinions, found.openings);
    this.unknown = unknown;
    this.notSeen = unknown === undefined ? found.notes.list() : [];
  }

  /** What opened; nothing when that is not known. */
  get openings(): readonly Opening[] {
    return this.unknown === undefined ? this.#found.openings : [];
  }

  fact(): Fact<Exposure> {
    if (this.unknown !== undefined) return this.unknown;
    return known<Exposure>(new LazyExposure(this.#found.openings, this.#compared), {
      source: this.#input.source,
      asOf: this.#input.asOf,
      coverage: coverageOf(this.#book, this.#input, this.#found),
      notSeen: this.notSeen,
    });
  }
}

/** An exposure whose ports are put together late. */
class LazyExposure implements Exposure {
  declare readonly ports: ExposedPort[];
  declare readonly disagreements: Exposure['disagreements'];
  declare readonly secondOpinion: Exposure['secondOpinion'];
  readonly #openings: readonly Opening[];

  constructor(openings: readonly Opening[], compared: ReturnType<typeof compareOpinions> | undefined) {
    this.#openings = openings;
    Object.defineProperty(this, 'ports', LazyExposure.#ports);
    this.disagreements = compared?.disagreements ?? [];
    this.secondOpinion = compared?.secondOpinion ?? [];
  }

  static readonly #ports = lateProperty<LazyExposure, 'ports'>('ports', (one) => portsOf(one.#openings));
}

/** Finds the exposure of one VM of those that a book serves. */
export function findExposure(book: ExposureBook, input: MachineInput): FoundExposure {
  const found = examine(book, input);
  const ways = book.ways.book;
  for (const entry of book.unreadable) {
    if (ways.told.has(entry.what.toLowerCase())) continue;
    found.notes.add(entry.what.startsWith('/') ? nameOf(entry.what) : entry.what, entry.because, entry.cure);
  }
  const { undecided } = found;
  if (input.networkInterfaces.length === 0) {
    const cure = 'Reader on the VM and its network interfaces';
    const because = 'no network interface of this VM is known';
    return new FoundExposure(book, input, found, unknown('hidden', because, cure, input.source));
  }
  if (undecided.length > 0 && found.openings.length === 0) {
    const first = undecided[0] ?? '';
    const more = undecided.length > 1 ? ` (and ${undecided.length - 1} more)` : '';
    const because = `what decides was not read: ${first}${more}`;
    // The first with a cure: a network that was not asked for has none.
    const gaps = undecided.map((sentence) => ways.gapOf(sentence)).filter((gap) => gap !== undefined);
    const told = gaps.find(({ cure }) => cure !== '') ?? gaps[0];
    return new FoundExposure(
      book,
      input,
      found,
      unknown(told?.why ?? 'hidden', because, told?.cure || readerOnWhatDecides, input.source),
    );
  }
  for (const sentence of undecided) found.notes.say(`${sentence}. What it lets in is not shown`);
  return new FoundExposure(book, input, found, undefined);
}

const readerOnWhatDecides = 'Reader on the VM’s network interfaces, their subnets and their network security groups';

function coverageOf(book: ExposureBook, input: MachineInput, found: Examined): string {
  const count = (n: number, one: string) => `${n} ${one}${n === 1 ? '' : 's'}`;
  const published = found.guarded.some(({ chain }) =>
    [chain.admin, chain.subnet, chain.nic].some((rules) => rules?.published === true),
  );
  const tags = published ? `; service tags by ${book.reader.published.source}` : '';
  const scope = `${count(input.networkInterfaces.length, 'network interface')}, ${count(found.paths, 'path')} from the Internet${tags}`;
  const { power } = input.vm;
  if (power === 'running') return scope;
  return power === 'unknown'
    ? `${scope}; if it is on (its power state is not known)`
    : `${scope}; when on (it is ${power})`;
}

const addressSet = (address: string) => new AddressReader().read([address], []);
