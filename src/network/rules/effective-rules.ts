import { type Json, list, object, referenced, text, texts, whole } from '../../arm/json.ts';
import { nameOf } from '../../arm/resource-id.ts';
import type { Gap } from '../../documents/fact.ts';
import { printable } from '../../text/printable.ts';
import type { AddressReader } from '../sets/address-prefixes.ts';
import { isAllPorts, parsePorts } from '../sets/port-set.ts';
import { ALL_PROTOCOLS, protocolsOf, WITH_PORTS } from '../sets/protocols.ts';
import { type Access, type InboundRule, isChoosy, type RuleList } from './compile-rules.ts';
import type { FilterChain } from './evaluate-chain.ts';

/**
 * Azure's own word on a network interface: the body of `effectiveNetworkSecurityGroups` (or an entry of Network
 * Watcher's `securityGroupView`), or why there is none ("the VM is off", "no permission …").
 */
export type SecondOpinion = { body: unknown } | Gap;

/** Azure's effective rules, as rule lists of the same kind as ours. */
export interface EffectiveRules {
  chain: FilterChain;
  /**
   * The same with 0.0.0.0/0 read as every address. Azure prints `*` as 0.0.0.0/0, for IPv6 too (recorded answers), so
   * that an IPv6 packet may be meant where only IPv4 is said.
   */
  chainOfBoth: FilterChain;
  /** Protocols about which a rule that could not be read may decide otherwise: bits of `BIT`. */
  unread: number;
  /** Did Azure name no network security group at all? */
  empty: boolean;
  /** Why the answer cannot be used, "" when it can. */
  because: string;
  defects: readonly string[];
}

// Health probes and the platform's services come from this address: it is in the tags, but no host on the Internet has
// it.
const HOST_ADDRESS = '168.63.129.16/32';

/**
 * Reads the answer of `POST …/networkInterfaces/{nic}/effectiveNetworkSecurityGroups`, or a network interface's entry
 * of `securityGroupView`. Addresses are taken from Azure's own expansion of the tags (`expanded…AddressPrefix`,
 * `tagMap`), except for the tags Internet and AzureLoadBalancer, which mean the same here and there.
 * An empty list means that no group is associated, not that nothing is open.
 */
export function readEffectiveRules(networkInterface: string, body: unknown, reader: AddressReader): EffectiveRules {
  const first = readOnce(networkInterface, body, reader, false);
  const { chain } = readOnce(networkInterface, body, reader, true);
  return { ...first, chainOfBoth: chain };
}

/** @param bothFamilies is 0.0.0.0/0 every address, of IPv6 too? */
function readOnce(
  networkInterface: string,
  body: unknown,
  reader: AddressReader,
  bothFamilies: boolean,
): Omit<EffectiveRules, 'chainOfBoth'> {
  const defects: string[] = [];
  const told: Told = { defects, bothFamilies, unread: 0 };
  const none: FilterChain = { admin: undefined, subnet: undefined, nic: undefined };
  const view = list(object(body).networkInterfaces);
  const entry = view.find((item) => text(object(item).id).toLowerCase() === networkInterface.toLowerCase());
  if (view.length > 0 || 'securityRuleAssociations' in object(body)) {
    const associations = object(object(entry ?? body).securityRuleAssociations);
    const subnet = referenced(associations.subnetAssociation);
    const nic = referenced(associations.networkInterfaceAssociation);
    const rules = list(associations.effectiveSecurityRules);
    if (subnet !== '' && nic !== '') {
      return { chain: none, empty: false, because: 'the view mixes the rules of two groups', defects, unread: 0 };
    }
    const level = subnet === '' ? 'nic' : 'subnet';
    const group = groupOfView(
      object(level === 'nic' ? associations.networkInterfaceAssociation : associations.subnetAssociation),
    );
    const compiled =
      rules.length === 0 ? undefined : compile(networkInterface, group, level, rules, new Map(), reader, told);
    const whole: FilterChain = { ...none, [level]: compiled };
    return { chain: whole, empty: rules.length === 0, because: '', defects, unread: told.unread };
  }
  const value = object(body).value;
  const groups = Array.isArray(body) ? body : list(value);
  if (!Array.isArray(body) && !Array.isArray(value)) {
    return { chain: none, empty: false, because: 'the answer has no list of groups', defects, unread: 0 };
  }
  const chain: FilterChain = { ...none };
  for (const raw of groups) {
    const group = object(raw);
    const association = object(group.association);
    const id = referenced(group.networkSecurityGroup);
    const rules = list(group.effectiveSecurityRules);
    const isAdmin = referenced(association.networkManager) !== '' && id === '';
    const level = isAdmin ? 'admin' : referenced(association.networkInterface) !== '' ? 'nic' : 'subnet';
    if (chain[level] !== undefined) {
      return { chain: none, empty: false, because: `the answer has two groups for one ${level}`, defects, unread: 0 };
    }
    const owner = isAdmin ? referenced(association.networkManager) : id;
    chain[level] = compile(networkInterface, owner, level, rules, tagsOf(group.tagMap), reader, told);
  }
  return { chain, empty: groups.length === 0, because: '', defects, unread: told.unread };
}

/**
 * Effective rules know "Allow" and "Deny" alone (REST specification, SecurityRuleAccess): which admin rules always allow is
 * taken from our own list of the network's admin rules. `ours` is undefined where that was not read: then any admin rule
 * that allows may be one, and `atMost` is the chain where each is.
 */
export function withAlways(
  chain: FilterChain,
  ours: FilterChain | undefined,
): { chain: FilterChain; atMost?: FilterChain } {
  const { admin } = chain;
  if (admin === undefined || !admin.rules.some(({ access }) => access === 'allow')) return { chain };
  const always = (which: (rule: InboundRule) => boolean): FilterChain => ({
    ...chain,
    admin: {
      ...admin,
      id: `${admin.id}|always`,
      rules: admin.rules.map((rule) => (rule.access === 'allow' && which(rule) ? { ...rule, access: 'always' } : rule)),
    },
  });
  if (ours === undefined) return { chain, atMost: always(() => true) };
  const known = ours.admin?.rules.filter(({ access }) => access === 'always') ?? [];
  return { chain: always((rule) => known.some((one) => one.priority === rule.priority && one.name === rule.name)) };
}

/** The group's id, which the view reports only through its rules. */
function groupOfView(association: Json): string {
  for (const rule of list(association.securityRules)) {
    const id = text(object(rule).id);
    const at = id.toLowerCase().indexOf('/securityrules/');
    if (at > 0) return id.slice(0, at);
  }
  return '';
}

/** Addresses by tag, lower-case. The specification calls `tagMap` a string, Azure sends an object: both are read. */
function tagsOf(tagMap: unknown): Map<string, string[]> {
  let map = tagMap;
  if (typeof tagMap === 'string' && tagMap.length < 10_000_000) {
    try {
      map = JSON.parse(tagMap);
    } catch {
      map = undefined;
    }
  }
  return new Map(Object.entries(object(map)).map(([tag, prefixes]) => [tag.toLowerCase(), texts(prefixes)]));
}

const ACCESS: ReadonlyMap<string, Access> = new Map([
  ['allow', 'allow'],
  ['deny', 'deny'],
  ['alwaysallow', 'always'],
]);

/** How rules are read, and what could not be. */
interface Told {
  defects: string[];
  bothFamilies: boolean;
  unread: number;
}

/**
 * The protocols that a rule may be about whose protocol cannot be read. The specification's list is Tcp, Udp and All: it
 * has no word for ICMP, ESP and AH, which rules may name.
 */
const PORTLESS = ALL_PROTOCOLS & ~WITH_PORTS;

function compile(
  networkInterface: string,
  owner: string,
  level: 'admin' | 'subnet' | 'nic',
  bodies: readonly unknown[],
  tags: ReadonlyMap<string, string[]>,
  reader: AddressReader,
  told: Told,
): RuleList {
  const { defects } = told;
  const rules: InboundRule[] = [];
  let unresolved = false;
  for (const raw of bodies) {
    const rule = object(raw);
    if (text(rule.direction).toLowerCase() !== 'inbound') continue;
    const name = printable(
      text(rule.name).replace(/^(?:securityRules|defaultSecurityRules)\/|^(?:UserRule|DefaultRule)_/i, ''),
      120,
    );
    const access = ACCESS.get(text(rule.access).toLowerCase());
    const protocols = protocolsOf(text(rule.protocol));
    const priority = whole(rule.priority);
    if (access === undefined || protocols === undefined || priority === undefined) {
      told.unread |= access === undefined || priority === undefined ? (protocols ?? ALL_PROTOCOLS) : PORTLESS;
      defects.push(
        `effective rule ${name || '(without a name)'} of ${nameOf(networkInterface)} cannot be read and is left out`,
      );
      continue;
    }
    const ports = parsePorts(plural(rule, 'destinationPortRange', 'destinationPortRanges'));
    const sourcePorts = parsePorts(plural(rule, 'sourcePortRange', 'sourcePortRanges'));
    if (ports.unread.length + sourcePorts.unread.length > 0) {
      defects.push(`effective rule ${name} of ${nameOf(networkInterface)} has ports that cannot be read`);
    }
    const source = reader.read(
      expanded(
        families(plural(rule, 'sourceAddressPrefix', 'sourceAddressPrefixes'), told),
        texts(rule.expandedSourceAddressPrefix),
        tags,
      ),
      [],
    );
    const destination = reader.read(
      expanded(
        families(plural(rule, 'destinationAddressPrefix', 'destinationAddressPrefixes'), told),
        texts(rule.expandedDestinationAddressPrefix),
        tags,
      ),
      [],
    );
    if (source.unresolved.length > 0) unresolved = true;
    const everyPort = isAllPorts(ports.ports);
    const everySource = isAllPorts(sourcePorts.ports) || sourcePorts.ports.length === 0;
    rules.push({
      name,
      priority,
      access,
      protocols,
      portless: (protocols & WITH_PORTS) === 0 || (protocols === ALL_PROTOCOLS && everyPort && everySource),
      everyPort,
      ports: ports.ports,
      sourcePorts: everySource ? undefined : sourcePorts.ports,
      source,
      destination,
      decides: { nsg: owner, rule: name, priority, level },
    });
  }
  rules.sort((a, b) => a.priority - b.priority);
  return {
    id: `effective|${networkInterface.toLowerCase()}|${level}`,
    rules,
    choosy: rules.filter(isChoosy),
    unresolved,
    usesSourcePorts: rules.some((rule) => rule.sourcePorts !== undefined),
    defects,
    unresolvedNotes: [],
    published: false,
  };
}

const families = (prefixes: string[], { bothFamilies }: Told): string[] =>
  bothFamilies ? prefixes.map((prefix) => (prefix.trim() === '0.0.0.0/0' ? '*' : prefix)) : prefixes;

function plural(rule: Json, one: string, many: string): string[] {
  const found = texts(rule[many]).filter((item) => item !== '');
  const single = text(rule[one]);
  return found.length > 0 ? found : single === '' ? [] : [single];
}

/** The prefixes of a rule with its tags replaced by what Azure says they hold. */
function expanded(
  named: readonly string[],
  expansion: readonly string[],
  tags: ReadonlyMap<string, string[]>,
): string[] {
  const keep = named.filter((name) => /^(?:internet|azureloadbalancer|\*|any)$/i.test(name.trim()));
  if (keep.length === named.length && named.length > 0) return keep;
  const rest =
    expansion.length > 0 ? expansion : named.flatMap((name) => tags.get(name.trim().toLowerCase()) ?? [name]);
  const isTag = named.some((name) => /^[a-z]/i.test(name.trim()) && !/^[0-9a-f:]+(?:\/|$)/i.test(name.trim()));
  return [...keep, ...rest.filter((prefix) => !(isTag && (prefix === HOST_ADDRESS || prefix === '168.63.129.16')))];
}
