import { z } from 'zod';
import { at, type Json, listAt, textAt } from '../arm/json.ts';
import { prefixOf } from './way-in.ts';

const port = z.union([
  z.int().min(1).max(65535),
  z.string().regex(/^\d{1,5}(-\d{1,5})?$/, 'a port or a range of ports'),
]);

/** Ports on which the responder comes in, when a playbook does not say. */
export const managementPorts = [3389, 22, 5985, 5986];

export const waysIn = z.strictObject({
  ports: z.array(port).min(1).max(50).default(managementPorts).describe('TCP ports on which you reach the VM.'),
});

export const lockSettings = waysIn.extend({
  allow: z
    .array(z.string().refine((text) => prefixOf(text) !== undefined, 'an address or a prefix such as 10.1.0.0/26'))
    .max(50)
    .default([])
    .describe('More addresses that stay allowed, such as the subnet of a Bastion.'),
  denyOutbound: z
    .boolean()
    .default(false)
    .describe('Deny outbound traffic too. Stops agents, log collection and app-consistent backup.'),
});
export type LockSettings = z.infer<typeof lockSettings>;

export interface LockRule {
  name: string;
  properties: {
    description: string;
    priority: number;
    direction: 'Inbound' | 'Outbound';
    access: 'Allow' | 'Deny';
    protocol: string;
    sourcePortRange: string;
    destinationPortRanges?: string[];
    destinationPortRange?: string;
    sourceAddressPrefix?: string;
    sourceAddressPrefixes?: string[];
    destinationAddressPrefix: string;
  };
}

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
  if (settings.denyOutbound) rules.push(deny('Outbound'));
  return rules;
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

/** Names of the rules in which a security group differs from what was planned; empty when it is as planned. */
export function ruleDrift(group: Json, planned: readonly LockRule[]): string[] {
  const wanted = new Map(planned.map((rule) => [ruleKey(rule.name, rule.properties), rule.name]));
  const found = new Map(
    listAt(group, 'properties', 'securityRules').map((rule) => {
      const name = textAt(rule, 'name');
      return [ruleKey(name, at(rule, 'properties')), name];
    }),
  );
  const names = [
    ...[...wanted].filter(([key]) => !found.has(key)).map(([, name]) => name),
    ...[...found].filter(([key]) => !wanted.has(key)).map(([, name]) => name),
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
