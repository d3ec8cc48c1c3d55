import { at, type Json, listAt, numberAt, textAt } from '../../arm/json.ts';
import type { LockRule, LockSettings } from './lock-settings.ts';

/** The rules of the lock: the responder's way in at 100, above the denial at 200 (a lower number decides first). */
export function lockRules(sources: readonly string[], settings: LockSettings): LockRule[] {
  const v4 = sources.filter((source) => !source.includes(':'));
  const v6 = sources.filter((source) => source.includes(':'));
  const ports = settings.ports.map(String);
  const rules: LockRule[] = [];
  // Azure refuses one rule with addresses of both families.
  for (const [index, prefixes] of [v4, v6].filter((family) => family.length > 0).entries()) {
    rules.push({
      name: index === 0 ? 'cordon-allow-responder' : `cordon-allow-responder-${index + 1}`,
      properties: {
        description: 'The responder keeps a way in',
        priority: 100 + index,
        direction: 'Inbound',
        access: 'Allow',
        protocol: 'Tcp',
        sourcePortRange: '*',
        destinationPortRanges: ports,
        sourceAddressPrefixes: prefixes,
        destinationAddressPrefix: '*',
      },
    });
  }
  const deny = (direction: 'Inbound' | 'Outbound'): LockRule => ({
    name: `cordon-deny-${direction.toLowerCase()}`,
    properties: {
      description: 'Containment: nothing else passes',
      priority: 200,
      direction,
      access: 'Deny',
      protocol: '*',
      sourcePortRange: '*',
      destinationPortRange: '*',
      sourceAddressPrefix: '*',
      destinationAddressPrefix: '*',
    },
  });
  rules.push(deny('Inbound'));
  if (settings.denyOutbound) rules.push(...outboundRules(settings), deny('Outbound'));
  return rules;
}

/**
 * Service tags and ports that stay reachable, each by its rule. Azure Backup's agent needs Storage and Entra ID besides;
 * for Log Analytics Storage is named too (MicrosoftDocs/azure-docs, "Virtual network service tags", read 2026-11-30). A group
 * has no say over 168.63.129.16 and the metadata service but by the tags AzurePlatformDNS, AzurePlatformIMDS and
 * AzurePlatformLKM, and none over the VM agent ("Network security groups", Azure platform considerations, read 2026-11-30).
 */
const kept: Record<
  LockSettings['keepOutbound'][number],
  readonly { tag: string; protocol: string; ports: string[] }[]
> = {
  monitor: [{ tag: 'AzureMonitor', protocol: 'Tcp', ports: ['443'] }],
  backup: [
    { tag: 'AzureBackup', protocol: 'Tcp', ports: ['443'] },
    { tag: 'Storage', protocol: 'Tcp', ports: ['443'] },
    { tag: 'AzureActiveDirectory', protocol: 'Tcp', ports: ['443'] },
  ],
  dns: [{ tag: 'VirtualNetwork', protocol: '*', ports: ['53'] }],
};

const platformTags = ['AzurePlatformDNS', 'AzurePlatformIMDS', 'AzurePlatformLKM'];

function outboundRules(settings: LockSettings): LockRule[] {
  const outbound = (name: string, priority: number, access: LockRule['properties']['access'], tag: string) => ({
    name,
    properties: {
      description: access === 'Allow' ? 'Stays reachable from inside' : 'Containment: closed as asked for',
      priority,
      direction: 'Outbound' as const,
      access,
      protocol: '*',
      sourcePortRange: '*',
      sourceAddressPrefix: '*',
      destinationAddressPrefix: tag,
    },
  });
  const keep = [...new Set(settings.keepOutbound)].flatMap((name) => kept[name]);
  const allows = keep.map(({ tag, protocol, ports }, index) => {
    const rule = outbound(`cordon-keep-${tag}`, 120 + index, 'Allow', tag);
    return { ...rule, properties: { ...rule.properties, protocol, destinationPortRanges: ports } };
  });
  if (!settings.closePlatform) return allows;
  const denies = platformTags.map((tag, index) => {
    const rule = outbound(`cordon-deny-${tag}`, 110 + index, 'Deny', tag);
    return { ...rule, properties: { ...rule.properties, destinationPortRange: '*' } };
  });
  return [...denies, ...allows];
}

/** A rule in words: "100 allow 198.51.100.20/32 → tcp 3389, 22". */
export function lockRuleText(rule: LockRule): string {
  const { priority, access, protocol, sourceAddressPrefixes, destinationPortRanges, destinationAddressPrefix } =
    rule.properties;
  const from = sourceAddressPrefixes?.join(', ') ?? (rule.properties.direction === 'Outbound' ? 'the VM' : 'everyone');
  const where = destinationAddressPrefix === '*' ? '' : destinationAddressPrefix;
  const ports = destinationPortRanges?.join(', ') ?? '';
  const over = protocol === '*' ? '' : protocol.toLowerCase();
  const to = [where, over, ports].filter(Boolean).join(' ') || 'everything';
  return `${priority} ${access.toLowerCase()} ${from} → ${to}`;
}

/**
 * Is it a rule that Defender for Cloud writes for just-in-time access? They come and go by themselves (Microsoft Learn,
 * "Just-in-time access overview"); older ones bear Security Center's name.
 */
export const isDefenderRule = (name: string): boolean =>
  /^(securitycenter|microsoftdefenderforcloud|microsoft\.?security)-jitrule[-_]/i.test(name);

/** Is it a rule by which another responder joined this lock? */
export const isJoinRule = (name: string): boolean => /^cordon-join-/i.test(name);

/** Names of the rules in a group that are Defender's, or another responder's who joined. */
export function guestRules(group: Json): { defender: string[]; joined: string[] } {
  const names = listAt(group, 'properties', 'securityRules').map((rule) => textAt(rule, 'name'));
  return { defender: names.filter(isDefenderRule), joined: names.filter(isJoinRule) };
}

function ruleKey(name: string, body: unknown): string {
  const both = (singular: string, plural: string) =>
    [textAt(body, singular), ...listAt(body, plural).map(String)].filter(Boolean).sort().join(',');
  return [
    name,
    textAt(body, 'priority'),
    textAt(body, 'direction'),
    textAt(body, 'access'),
    textAt(body, 'protocol'),
    both('sourcePortRange', 'sourcePortRanges'),
    both('destinationPortRange', 'destinationPortRanges'),
    both('sourceAddressPrefix', 'sourceAddressPrefixes'),
    both('destinationAddressPrefix', 'destinationAddressPrefixes'),
  ]
    .join('|')
    .toLowerCase();
}

/** Everything of a direction is denied at this priority; null where nothing is planned to be. */
function denialOf(planned: readonly LockRule[], direction: string): number | null {
  const denial = planned.find(
    ({ name, properties }) => /^cordon-deny-(in|out)bound$/i.test(name) && sameText(properties.direction, direction),
  );
  return denial?.properties.priority ?? null;
}

const sameText = (one: string, other: string): boolean => one.toLowerCase() === other.toLowerCase();

/**
 * Names of rules of a group that no packet gets to: the lock's own denial of everything stops it before. A policy of the customer's
 * may write such rules into each group that is made.
 */
export function rulesBehind(group: Json, planned: readonly LockRule[]): string[] {
  return listAt(group, 'properties', 'securityRules').flatMap((rule) => {
    const denial = denialOf(planned, textAt(rule, 'properties', 'direction'));
    const priority = numberAt(rule, 'properties', 'priority');
    return denial !== null && priority !== undefined && priority > denial ? [textAt(rule, 'name')] : [];
  });
}

/**
 * Names of the rules in which a security group differs from what was planned; empty when it is as planned. Rules that
 * Defender for Cloud writes, those of responders who joined the lock, and those behind its denial are no difference.
 */
export function ruleDrift(group: Json, planned: readonly LockRule[]): string[] {
  const wanted = new Map(planned.map((rule) => [ruleKey(rule.name, rule.properties), rule.name]));
  const found = new Map(
    listAt(group, 'properties', 'securityRules').flatMap((rule) => {
      const name = textAt(rule, 'name');
      return isDefenderRule(name) || isJoinRule(name) ? [] : [[ruleKey(name, at(rule, 'properties')), name] as const];
    }),
  );
  const behind = rulesBehind(group, planned);
  const names = [
    ...[...wanted].filter(([key]) => !found.has(key)).map(([, name]) => name),
    ...[...found].filter(([key, name]) => !wanted.has(key) && !behind.includes(name)).map(([, name]) => name),
  ];
  return [...new Set(names)];
}

/** A name Azure accepts for a security group (1 to 80 of letters, digits, `_.-`), not among `taken` (lower case). */
export function groupName(caseId: string, machine: string, taken: ReadonlySet<string>): string {
  const whole = caseId.toLowerCase().includes(machine.toLowerCase())
    ? `cordon-${caseId}`
    : `cordon-${caseId}-${machine}`;
  const clean = whole
    .replace(/[^A-Za-z0-9_.-]/g, '-')
    .slice(0, 75)
    .replace(/[.-]+$/, '');
  for (let number = 1; ; number += 1) {
    const name = number === 1 ? clean : `${clean}-${number}`;
    if (!taken.has(name.toLowerCase())) return name;
  }
}
