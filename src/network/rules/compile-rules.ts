import { type Json, list, object, properties, referencedAll, text, texts, whole } from '../../arm/json.ts';
import { nameOf, parentOf } from '../../arm/resource-id.ts';
import type { DecidingRule } from '../../documents/triage.ts';
import { printable } from '../../text/printable.ts';
import type { AddressReader, AddressSpec } from '../sets/address-prefixes.ts';
import type { Intervals } from '../sets/interval-set.ts';
import { ALL_PORTS, isAllPorts, parsePort, parsePorts } from '../sets/port-set.ts';
import { ALL_PROTOCOLS, protocolsOf, WITH_PORTS } from '../sets/protocols.ts';

/** What a rule does; `always` is the admin rule that goes past every network security group. */
export type Access = 'allow' | 'deny' | 'always';

/** One inbound rule, ready to evaluate. */
export interface InboundRule {
  name: string;
  priority: number;
  access: Access;
  /** Bits of `BIT`. */
  protocols: number;
  /** Does it match protocols that have no ports? */
  portless: boolean;
  everyPort: boolean;
  /** Destination ports, half-open. */
  ports: Intervals<number>;
  /** Source ports, half-open; undefined for every port. */
  sourcePorts: Intervals<number> | undefined;
  source: AddressSpec;
  destination: AddressSpec;
  decides: DecidingRule;
}

/** The inbound rules of one network security group (or the admin rules of one network), in the order they are tried. */
export interface RuleList {
  id: string;
  rules: readonly InboundRule[];
  /** Rules that do not match every destination in the network alike: `*` and `VirtualNetwork` do. */
  choosy: readonly InboundRule[];
  /** Does a rule use tags whose addresses are not known? */
  unresolved: boolean;
  usesSourcePorts: boolean;
  /** Defects of the rules, in sentences. */
  defects: readonly string[];
  /** Tags without known addresses, and with doubtful ones, by rule. */
  unresolvedNotes: readonly string[];
  /** Do rules use service tags by their published addresses? */
  published: boolean;
}

type Level = DecidingRule['level'];

const NO_TEXTS: readonly string[] = Object.freeze([]);

// What every group ends with. Read from the group's own defaultSecurityRules when it prints them.
// https://learn.microsoft.com/azure/virtual-network/network-security-groups-overview#default-security-rules
const DEFAULT_RULES: readonly unknown[] = [
  defaultRule('AllowVnetInBound', 65000, 'Allow', 'VirtualNetwork', 'VirtualNetwork'),
  defaultRule('AllowAzureLoadBalancerInBound', 65001, 'Allow', 'AzureLoadBalancer', '*'),
  defaultRule('DenyAllInBound', 65500, 'Deny', '*', '*'),
];

function defaultRule(name: string, priority: number, access: string, source: string, destination: string): unknown {
  return {
    name,
    properties: {
      priority,
      access,
      direction: 'Inbound',
      protocol: '*',
      sourcePortRange: '*',
      destinationPortRange: '*',
      sourceAddressPrefix: source,
      destinationAddressPrefix: destination,
    },
  };
}

/** One text, which is what most fields of a rule hold, or several; "" for none. */
type Texts = string | readonly string[];

/** Both the singular field and the plural one: Azure fills one of them and prints the other empty. */
function both(singular: unknown, plural: unknown): Texts {
  const one = text(singular);
  if (!Array.isArray(plural) || plural.length === 0) return one.trim() === '' ? '' : one;
  if (one === '' && plural.every(isWord)) return plural;
  const many = texts(plural);
  if (one !== '') many.push(one);
  return many.filter(isWord);
}

const isWord = (item: unknown): item is string => typeof item === 'string' && item.trim() !== '';

const listed = (found: Texts): readonly string[] =>
  typeof found !== 'string' ? found : found === '' ? NO_TEXTS : [found];

const groupsOf = (value: unknown): readonly string[] => (value === undefined ? NO_TEXTS : referencedAll(value));

interface Fields {
  name: string;
  owner: string;
  priority: number | undefined;
  access: string;
  direction: string;
  protocol: string;
  sources: Texts;
  sourceGroups: readonly string[];
  destinations: Texts;
  destinationGroups: readonly string[];
  sourcePorts: Texts;
  ports: Texts;
}

function fieldsOfSecurityRule(raw: unknown, owner: string): Fields {
  const rule = object(raw);
  const props = properties(rule);
  return {
    name: printable(text(rule.name) || nameOf(text(rule.id)), 120),
    owner,
    priority: whole(props.priority),
    access: text(props.access),
    direction: text(props.direction),
    protocol: text(props.protocol),
    sources: both(props.sourceAddressPrefix, props.sourceAddressPrefixes),
    sourceGroups: groupsOf(props.sourceApplicationSecurityGroups),
    destinations: both(props.destinationAddressPrefix, props.destinationAddressPrefixes),
    destinationGroups: groupsOf(props.destinationApplicationSecurityGroups),
    sourcePorts: both(props.sourcePortRange, props.sourcePortRanges),
    ports: both(props.destinationPortRange, props.destinationPortRanges),
  };
}

function fieldsOfAdminRule(raw: unknown): Fields {
  const rule = object(raw);
  const props = properties(rule);
  const id = text(rule.id);
  const prefixes = (value: unknown) => list(value).map((item) => text(object(item).addressPrefix));
  return {
    name: printable(nameOf(id) || text(rule.name), 120),
    // …/ruleCollections/<collection>/rules/<rule>: the collection is what a user looks up.
    owner: parentOf(id),
    priority: whole(props.priority),
    access: text(props.access),
    direction: text(props.direction),
    protocol: text(props.protocol) || '*',
    sources: prefixes(props.sources),
    sourceGroups: [],
    destinations: prefixes(props.destinations),
    destinationGroups: [],
    sourcePorts: texts(props.sourcePortRanges),
    ports: texts(props.destinationPortRanges),
  };
}

const ACCESS: ReadonlyMap<string, Access> = new Map([
  ['allow', 'allow'],
  ['deny', 'deny'],
  ['alwaysallow', 'always'],
]);

/** The ports that a field names; texts that name none are added to `unread`. */
function portsOf(found: Texts, unread: string[]): Intervals<number> {
  if (typeof found === 'string') {
    const ports = parsePort(found);
    if (ports !== undefined) return ports;
  }
  const parsed = parsePorts(listed(found));
  for (const text of parsed.unread) unread.push(text);
  return parsed.ports;
}

/**
 * Makes one rule ready; undefined when it is not inbound or cannot be placed. A field that cannot be read is taken the
 * way that never makes the answer smaller (an allow as wide as possible, a deny as nothing), and is reported in
 * `defects`.
 */
function compileRule(
  fields: Fields,
  level: Level,
  reader: AddressReader,
  where: string,
  defects: string[],
): InboundRule | undefined {
  const direction = fields.direction;
  if (direction !== 'Inbound') {
    const lower = direction.toLowerCase();
    if (lower === 'outbound') return undefined;
    if (lower !== 'inbound') {
      defects.push(`${said(fields, where)}: direction “${printable(direction, 40)}” is not known; taken as inbound`);
    }
  }
  let access: Access | undefined =
    fields.access === 'Allow' ? 'allow' : fields.access === 'Deny' ? 'deny' : ACCESS.get(fields.access.toLowerCase());
  if (access === undefined) {
    defects.push(`${said(fields, where)}: access “${printable(fields.access, 40)}” is not known; taken as Allow`);
    access = 'allow';
  }
  const deny = access === 'deny';
  let priority = fields.priority;
  if (priority === undefined) {
    defects.push(`${said(fields, where)}: it has no priority; ${deny ? 'it is left out' : 'it is taken as the first'}`);
    if (deny) return undefined;
    priority = 0;
  }
  const protocols = protocolsOf(fields.protocol);
  if (protocols === undefined) {
    defects.push(`${said(fields, where)}: protocol “${printable(fields.protocol, 40)}” is not known; it is left out`);
    return undefined;
  }
  const unread: string[] = [];
  let ports = portsOf(fields.ports, unread);
  let sports: Intervals<number> | undefined = portsOf(fields.sourcePorts, unread);
  if (fields.sourcePorts.length === 0 || isAllPorts(sports)) sports = undefined;
  if (unread.length > 0 || (fields.ports.length === 0 && (protocols & WITH_PORTS) !== 0)) {
    defects.push(
      `${said(fields, where)}: ports “${printable(unread.join(', '), 80)}” cannot be read; ${deny ? 'they close nothing' : 'taken as every port'}`,
    );
    if (!deny) {
      ports = ALL_PORTS;
      sports = undefined;
    }
  }
  const source =
    fields.sources.length + fields.sourceGroups.length > 0
      ? reader.read(fields.sources, fields.sourceGroups)
      : nowhere('source', fields, deny, reader, where, defects);
  const destination =
    fields.destinations.length + fields.destinationGroups.length > 0
      ? reader.read(fields.destinations, fields.destinationGroups)
      : nowhere('destination', fields, deny, reader, where, defects);
  const everyPort = isAllPorts(ports);
  return {
    name: fields.name,
    priority,
    access,
    protocols,
    // A rule of its own for a protocol without ports means all of it, whatever its port fields hold.
    portless: (protocols & WITH_PORTS) === 0 || (protocols === ALL_PROTOCOLS && everyPort && sports === undefined),
    everyPort,
    ports,
    sourcePorts: sports,
    source,
    destination,
    decides: { nsg: fields.owner, rule: fields.name, priority, level },
  };
}

/** The addresses that are assumed for a rule that names none; adds a defect. */
function nowhere(
  what: string,
  fields: Fields,
  deny: boolean,
  reader: AddressReader,
  where: string,
  defects: string[],
): AddressSpec {
  defects.push(`${said(fields, where)}: it names no ${what}; ${deny ? 'it closes nothing' : 'taken as any'}`);
  return reader.read(deny ? [] : ['*'], []);
}

/** Does the rule's destination distinguish one VM of the network from another? */
export const isChoosy = ({ destination }: InboundRule): boolean => !destination.any && !destination.virtualNetwork;

const said = (fields: Fields, where: string): string => `rule ${fields.name || '(without a name)'} of ${where}`;

function ruleList(
  id: string,
  compiled: InboundRule[],
  defects: string[],
  where: string,
  reader: AddressReader,
): RuleList {
  // Node sorts stably: at equal priority, which Azure refuses to store, the order of the body is kept, allows first.
  const rank: Record<Access, number> = { always: 0, allow: 1, deny: 2 };
  let sorted = true;
  for (let i = 1; i < compiled.length && sorted; i += 1) {
    sorted = (compiled[i - 1]?.priority ?? 0) < (compiled[i]?.priority ?? 0);
  }
  if (!sorted) compiled.sort((a, b) => a.priority - b.priority || rank[a.access] - rank[b.access]);
  const choosy: InboundRule[] = [];
  const unresolvedNotes: string[] = [];
  let usesSourcePorts = false;
  const published = new Set<string>();
  let unresolved = false;
  for (let r = 0; r < compiled.length; r += 1) {
    const rule = compiled[r] as InboundRule;
    if (rule.source.unresolved.length + rule.destination.unresolved.length > 0) {
      const tags = [...rule.source.unresolved, ...rule.destination.unresolved];
      unresolved = true;
      const verb = rule.access === 'deny' ? 'closes' : 'lets in';
      const taken =
        rule.access === 'deny' ? 'taken as closing nothing' : 'counted as reachable from there, in an unknown number';
      unresolvedNotes.push(
        `rule ${rule.name} of ${where} ${verb} ${tags.join(', ')}, whose addresses are not known here: ${taken}; Microsoft’s file of service tags (--service-tags FILE) would show`,
      );
    }
    if (rule.source.published.length + rule.destination.published.length > 0) {
      for (const tag of rule.source.published) published.add(tag);
      for (const tag of rule.destination.published) published.add(tag);
    }
    if (isChoosy(rule)) choosy.push(rule);
    if (rule.sourcePorts !== undefined) usesSourcePorts = true;
  }
  const { source, doubt } = reader.published;
  if (published.size > 0 && doubt !== '') {
    unresolvedNotes.push(
      `${where} names ${[...published].join(', ')}, whose addresses are those of ${source}: ${doubt}`,
    );
  }
  return {
    id,
    rules: compiled,
    choosy,
    unresolved,
    usesSourcePorts,
    defects,
    unresolvedNotes,
    published: published.size > 0,
  };
}

/** The inbound rules of a network security group's ARM body, user's and default ones, in the order they are tried. */
export function compileSecurityGroup(body: Json, level: 'nic' | 'subnet', reader: AddressReader): RuleList {
  const id = text(body.id);
  const where = `network security group ${nameOf(id)}`;
  const props = properties(body);
  const defects: string[] = [];
  const compiled: InboundRule[] = [];
  const own = list(props.defaultSecurityRules);
  const compile = (rules: readonly unknown[]) => {
    for (let r = 0; r < rules.length; r += 1) {
      const rule = compileRule(fieldsOfSecurityRule(rules[r], id), level, reader, where, defects);
      if (rule !== undefined) compiled.push(rule);
    }
  };
  compile(list(props.securityRules));
  compile(own.length > 0 ? own : DEFAULT_RULES);
  return ruleList(id, compiled, defects, where, reader);
}

/** The inbound security admin rules that apply to a virtual network, as listed by Virtual Network Manager. */
export function compileAdminRules(network: string, bodies: readonly unknown[], reader: AddressReader): RuleList {
  const where = 'the security admin rules';
  const defects: string[] = [];
  const compiled: InboundRule[] = [];
  const managers = new Set<string>();
  for (const raw of bodies) {
    const fields = fieldsOfAdminRule(raw);
    const rule = compileRule(fields, 'admin', reader, where, defects);
    if (rule === undefined) continue;
    compiled.push(rule);
    managers.add(/\/networkmanagers\/[^/]+/i.exec(fields.owner)?.[0].toLowerCase() ?? '');
  }
  if (managers.size > 1) {
    defects.push(
      `${where} of ${nameOf(network)} come from ${managers.size} network managers: the one with the wider scope goes first, and the scopes are not seen here; taken by priority`,
    );
  }
  return ruleList(network, compiled, defects, where, reader);
}

/** The fields of a rule in one line: "allow-rdp  priority 300  Allow  Tcp  source *  port 3389". */
export function describeRule(raw: unknown): string {
  const fields = fieldsOfSecurityRule(raw, '');
  const short = (items: readonly string[]) => {
    const shown = items.slice(0, 4).map((item) => printable(item, 60));
    return shown.length === 0 ? '-' : `${shown.join(', ')}${items.length > 4 ? ` and ${items.length - 4} more` : ''}`;
  };
  const group = (ids: readonly string[]) => ids.map((id) => `group ${nameOf(id)}`);
  const parts = [
    `priority ${fields.priority ?? '?'}`,
    printable(fields.access, 20),
    printable(fields.protocol, 20),
    `source ${short([...listed(fields.sources), ...group(fields.sourceGroups)])}`,
  ];
  const sourcePorts = short(listed(fields.sourcePorts));
  if (sourcePorts !== '*' && sourcePorts !== '-' && sourcePorts !== '0-65535') parts.push(`source port ${sourcePorts}`);
  const destination = short([...listed(fields.destinations), ...group(fields.destinationGroups)]);
  if (destination !== '*') parts.push(`destination ${destination}`);
  parts.push(`port ${short(listed(fields.ports))}`);
  return parts.join('  ');
}
