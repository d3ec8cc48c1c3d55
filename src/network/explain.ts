import { list, object, properties, referenced, text } from '../arm/json.ts';
import { nameOf } from '../arm/resource-id.ts';
import type { ExposedPort, VirtualMachine } from '../documents/triage.ts';
import { printable } from '../text/printable.ts';
import type { Guarded, Opening } from './exposed-ports.ts';
import { type ExposureInput, examine, openBook } from './exposure.ts';
import { listeningInWords, usersInWords } from './listening.ts';
import { portWithProtocol } from './port-text.ts';
import type { NetworkResources } from './resources.ts';
import { describeRule, type InboundRule, type RuleList } from './rules/compile-rules.ts';
import { IPV4, IPV6 } from './sets/address-prefixes.ts';
import { parsePrefix } from './sets/address-set.ts';
import { covers, overlaps } from './sets/interval-set.ts';
import { BIT, WITH_PORTS } from './sets/protocols.ts';
import { sourcesText } from './source-breadth.ts';
import { networkOf } from './virtual-networks.ts';

/** One line of an explanation. */
export interface Line {
  label: string;
  text: string;
}

const LOSERS = 12;

/**
 * Explains one exposed port: the path in words, who can reach it, the text of the rules that decide, the rules for the
 * same port that lost and why, and what Azure says. The port is found again in the resources it came from; where it is
 * no longer there, only what it carries itself is reported.
 */
export function explainPort(
  port: ExposedPort,
  vm: Pick<VirtualMachine, 'id' | 'name' | 'os' | 'power'>,
  resources: NetworkResources,
  about: Pick<ExposureInput, 'adminRules' | 'serviceTags'> = {},
): Line[] {
  const book = openBook(resources, { ...about, unreadable: [] });
  const { openings } = examine(book, { vm, networkInterfaces: [port.networkInterface], asOf: '', source: '' });
  const opening = openings.find(({ ports }) => ports.some((one) => isSame(one, port)));
  const lines: Line[] = [];
  lines.push({
    label: 'Path',
    text: opening === undefined ? plainPath(port, vm.name) : pathInWords(port, opening, vm.name),
  });
  lines.push({ label: 'Who can reach it', text: whoInWords(port) });
  lines.push(...decided(port, resources));
  if (opening !== undefined) {
    lines.push(...lost(port, opening, resources));
    lines.push(...remarks(port, opening));
  }
  const carried = mayCarry(port, vm.os);
  if (carried !== '') lines.push({ label: 'Remark', text: carried });
  if (port.listening !== undefined) lines.push({ label: 'Listening', text: listeningInWords(port.listening) });
  if (port.usedBy !== undefined) lines.push({ label: 'Used by', text: usersInWords(port.usedBy) });
  lines.push({ label: 'Azure says', text: azureInWords(port) });
  return lines;
}

/**
 * The remote administration that any port may carry, whatever its number: RDP on Windows, SSH on Linux. "" where the
 * number says so itself, and for protocols that carry neither.
 */
function mayCarry(port: Pick<ExposedPort, 'protocol' | 'from' | 'to' | 'service'>, os: VirtualMachine['os']): string {
  const [usual, name] = os === 'windows' ? [3389, 'RDP'] : [22, 'SSH'];
  if (port.protocol !== 'tcp' || (port.from <= usual && usual <= port.to)) return '';
  return port.service === ''
    ? `may carry ${name}: nothing else is known`
    : `may carry ${name} too: a number is no proof of what answers`;
}

const isSame = (a: ExposedPort, b: ExposedPort): boolean =>
  a.protocol === b.protocol &&
  a.from === b.from &&
  a.to === b.to &&
  a.via === b.via &&
  a.frontend.address === b.frontend.address &&
  a.frontend.from === b.frontend.from &&
  a.path?.rule === b.path?.rule &&
  (a.sources.tags?.length ?? 0) === (b.sources.tags?.length ?? 0);

const range = (from: number, to: number): string => (from === to ? String(from) : `${from}-${to}`);

function frontText(port: ExposedPort): string {
  if ((BIT[port.protocol] & WITH_PORTS) === 0) return port.frontend.address;
  const address = port.frontend.address.includes(':') ? `[${port.frontend.address}]` : port.frontend.address;
  return `${address}:${range(port.frontend.from, port.frontend.to)}`;
}

function plainPath(port: ExposedPort, machine: string): string {
  return `The Internet → ${frontText(port)} (${port.via}) → ${nameOf(port.networkInterface)} → ${printable(machine, 80)} ${portWithProtocol(port)}`;
}

/** "The Internet → 20.51.7.14:3389 (public address web-ip, Standard) → subnet rg-web/web (no group) → NIC group web-nsg → web01" */
function pathInWords(port: ExposedPort, opening: Opening, machine: string): string {
  const { path, guarded } = opening;
  const [first = '', ...further] = path.hops;
  const steps = ['The Internet', first.replace(path.address, frontText(port)), ...further];
  if (path.translated !== undefined)
    steps[steps.length - 1] += ' (rules after this see its own address, not the client’s)';
  const { chain, entrance } = guarded;
  const network = networkOf(entrance.subnet);
  if (chain.admin !== undefined) steps.push(`admin rules of ${nameOf(network)}`);
  const subnet = `subnet ${nameOf(network)}/${nameOf(entrance.subnet)}`;
  steps.push(`${subnet} (${chain.subnet === undefined ? 'no group' : `group ${nameOf(ownerOf(chain.subnet))}`})`);
  const nic = nameOf(entrance.networkInterface);
  steps.push(chain.nic === undefined ? `${nic} (no group)` : `${nic}, group ${nameOf(ownerOf(chain.nic))}`);
  steps.push(`${printable(machine, 80)} ${portWithProtocol(port)}`);
  return steps.join(' → ');
}

const ownerOf = (rules: RuleList): string => rules.rules[0]?.decides.nsg ?? rules.id;

function whoInWords(port: ExposedPort): string {
  const { sources } = port;
  if (sources.tags !== undefined && sources.tags.length > 0) {
    return `${sources.tags.join(', ')}: addresses not known here, counted nowhere`;
  }
  const all = sources.prefixes.length === 1 && (sources.prefixes[0] === '0.0.0.0/0' || sources.prefixes[0] === '::/0');
  if (port.frontend.address.includes(':')) {
    return all ? 'the whole IPv6 Internet' : `IPv6 addresses: ${short(sources.prefixes)}`;
  }
  const size = sourcesText(sources);
  if (all) return `${size} (all)`;
  return sources.prefixes.length === 0 ? size : `${size}: ${short(sources.prefixes)}`;
}

const short = (items: readonly string[]): string =>
  `${items.slice(0, 6).join(', ')}${items.length > 6 ? ` and ${items.length - 6} more blocks` : ''}`;

function decided(port: ExposedPort, resources: NetworkResources): Line[] {
  if (port.decidedBy.length === 0) {
    return [{ label: 'Decided by', text: 'no rule: no network security group is in the way' }];
  }
  return port.decidedBy.slice(0, LOSERS).map((rule) => {
    const group = rule.level === 'admin' ? `admin rules ${nameOf(rule.nsg)}` : nameOf(rule.nsg);
    const level = rule.level === 'nic' ? 'network interface' : rule.level;
    return {
      label: 'Decided by',
      text: `${rule.rule}  ${ruleText(rule.nsg, rule.rule, rule.priority, resources)}  (${group}, ${level})`,
    };
  });
}

/** The rule's own fields from its group's body, or its priority alone when the body is not at hand. */
function ruleText(nsg: string, name: string, priority: number, resources: NetworkResources): string {
  const props = properties(resources.get(nsg));
  for (const raw of [...list(props.securityRules), ...list(props.defaultSecurityRules)]) {
    const rule = object(raw);
    if (printable(text(rule.name) || nameOf(referenced(rule)), 120) === name) return describeRule(rule);
  }
  return `priority ${priority}`;
}

function lost(port: ExposedPort, opening: Opening, resources: NetworkResources): Line[] {
  const { guarded } = opening;
  const lines: Line[] = [];
  for (const rules of [guarded.chain.admin, guarded.chain.subnet, guarded.chain.nic]) {
    if (rules === undefined) continue;
    const deciders = port.decidedBy.filter((rule) => rule.level === rules.rules[0]?.decides.level);
    const last = Math.max(-1, ...deciders.map((rule) => rule.priority));
    for (const rule of rules.rules) {
      // Every group ends with the same three: they are no news.
      if (rule.priority >= 65000 || deciders.some((one) => one.rule === rule.name && one.priority === rule.priority))
        continue;
      if (!concerns(rule, port)) continue;
      const because = whyLost(rule, guarded, port, last, deciders.length > 0);
      lines.push({
        label: 'Rules that lost',
        text: `${rule.name}  ${ruleText(rule.decides.nsg, rule.name, rule.priority, resources)}  (${because})`,
      });
      if (lines.length >= LOSERS) return lines;
    }
  }
  return lines;
}

function concerns(rule: InboundRule, port: ExposedPort): boolean {
  if ((rule.protocols & BIT[port.protocol]) === 0) return false;
  if ((BIT[port.protocol] & WITH_PORTS) === 0) return rule.portless;
  return overlaps(rule.ports, [port.from, port.to + 1]);
}

function whyLost(rule: InboundRule, guarded: Guarded, port: ExposedPort, last: number, hasDecider: boolean): string {
  if (!hasDecider) return 'passed by: an admin rule that always allows goes before';
  const { entrance } = guarded;
  const destination = rule.destination;
  const named =
    entrance.family === 4
      ? covers(IPV4.literal(destination), entrance.destination.v4)
      : covers(IPV6.literal(destination), entrance.destination.v6);
  const byGroup = destination.groups.some((group) => entrance.groups.has(group));
  if (!destination.any && !destination.virtualNetwork && !named && !byGroup) {
    const front = parsePrefix(port.frontend.address);
    const namesFront =
      front?.family === 4
        ? overlaps(destination.v4, [front.start, front.end])
        : front?.family === 6 && overlaps(destination.v6, [front.start, front.end]);
    return namesFront
      ? 'never matches: it names the public address, and rules see the private one'
      : 'other destination';
  }
  if (rule.priority > last) return 'later';
  return rule.access === 'deny'
    ? 'earlier, but for other or only some sources'
    : 'earlier, but for sources that do not come this way';
}

function remarks(port: ExposedPort, opening: Opening): Line[] {
  const lines: Line[] = [];
  const { path, guarded } = opening;
  if (path.via === 'public-ip' && guarded.entrance.network.appliance !== '') {
    lines.push({
      label: 'Remark',
      text: `replies leave through the appliance at ${guarded.entrance.network.appliance}: connections may not complete, packets do arrive`,
    });
  }
  if (port.decidedBy.length === 0 && !guarded.grouped) {
    lines.push({
      label: 'Remark',
      text: 'no group at the subnet nor at the network interface: everything that arrives gets through',
    });
  }
  return lines;
}

function azureInWords(port: ExposedPort): string {
  if (port.agrees === 'effective-rules') return 'the same (effective security rules)';
  if (port.agrees === 'disagrees') return 'otherwise: see the disagreements';
  return 'not checked';
}
