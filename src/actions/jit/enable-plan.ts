import * as z from 'zod';
import { isObject, type Json, listAt, numberAt, textAt } from '../../arm/json.ts';
import { sameId } from '../../arm/resource-id.ts';
import type { Connection } from '../../azure/client/connection.ts';
import { readServersPlan } from '../../azure/readers/defender-plan.ts';
import { jitEntryOf, readJitPolicies } from '../../azure/readers/jit-policies.ts';
import { readMachine, virtualMachineOf } from '../../azure/readers/machine.ts';
import { prefixOf } from '../../network/sets/given-prefix.ts';
import type { ActionContext, ActionPlan } from '../../playbook/action.ts';
import { managementPorts } from '../lock/lock-settings.ts';
import { preflight } from '../preflight/preflight.ts';
import { impossible, type Refusal, refusedPlan } from '../refused-plan.ts';
import { machinesOf, policiesPath, withEntry, writable } from './policies.ts';

export const enableSettings = z.strictObject({
  ports: z
    .array(z.int().min(1).max(65535))
    .min(1)
    .max(20)
    .default(managementPorts)
    .describe('Ports that are closed until they are requested.'),
  hours: z.int().min(1).max(24).default(1).describe('The longest that one request may open them.'),
  from: z
    .array(z.string().refine((text) => prefixOf(text) !== undefined, 'an address or a prefix such as 10.1.0.0/26'))
    .max(20)
    .default([])
    .describe('More addresses that requests may be for, besides yours: the customer’s administrators.'),
});

export const enableState = z.looseObject({
  policyId: z.string(),
  /** The policy as it was, as Azure printed it; null when there was none. */
  before: z.record(z.string(), z.unknown()).nullable(),
  /** What it says of the VM afterwards. */
  entry: z.record(z.string(), z.unknown()),
  ports: z.array(z.number()),
});
type EnableState = z.infer<typeof enableState>;

/** Policy name and VM name together, by Azure (Microsoft Learn, "Enable just-in-time access on VMs"). */
const longestNames = 56;
const defaultName = 'default';
const policyAction = 'Microsoft.Security/locations/jitNetworkAccessPolicies';

/** The VM as the rest of cordon knows it. */
export async function vmOf(connection: Connection, { target }: Pick<ActionContext, 'target'>) {
  const { id, name, resourceGroup, subscriptionId, location } = target;
  const about = { id, name, resourceGroup, subscriptionId, location };
  return virtualMachineOf(await readMachine(connection, target), about);
}

/** Is the plan on that just-in-time access needs? */
async function planOf(connection: Connection, context: ActionContext): Promise<'on' | 'off' | 'unreadable'> {
  try {
    const { servers } = await readServersPlan(connection, await vmOf(connection, context), context.signal);
    if (servers === 'unreadable') return servers;
    return servers === 'off' || servers === 'P1' ? 'off' : 'on';
  } catch {
    return 'unreadable';
  }
}

/** What a policy says of the VM, with these ports besides. */
function entryWith(before: Json, ports: readonly number[], sources: readonly string[], hours: number): Json {
  const allowed =
    sources.length === 1 ? { allowedSourceAddressPrefix: sources[0] } : { allowedSourceAddressPrefixes: sources };
  const added = ports.map((number) => ({
    number,
    protocol: 'TCP',
    ...allowed,
    maxRequestAccessDuration: `PT${hours}H`,
  }));
  return { ...before, ports: [...listAt(before, 'ports').filter(isObject), ...added] };
}

/** The policy that is to name the VM, and what it says of it already. */
interface Policy {
  /** As Azure has it; null when it is to be made. */
  existing: Json | null;
  id: string;
  name: string;
  warnings: string[];
}

async function readPolicy(connection: Connection, context: ActionContext): Promise<Policy | Refusal> {
  const { target } = context;
  const available = await planOf(connection, context);
  if (available === 'off') {
    return impossible(
      'Just-in-time access needs Defender for Servers Plan 2, which is not on here. Ask the customer to switch it on, or close the ports with lock-nsg.',
    );
  }
  const { policies, notSeen } = await readJitPolicies(connection, target, context.signal);
  const own = `${policiesPath(target)}/${defaultName}`;
  const existing =
    policies.find((policy) => jitEntryOf(policy, target.id)) ??
    policies.find((policy) => sameId(textAt(policy, 'id'), own)) ??
    null;
  const name = existing ? textAt(existing, 'name') : defaultName;
  if (name.length + target.name.length > longestNames) {
    return impossible(
      `The names of the policy (${name}) and the VM are longer than ${longestNames} characters together, which Azure does not take.`,
    );
  }
  return {
    existing,
    id: existing ? textAt(existing, 'id') : own,
    name,
    warnings: [
      ...(available === 'unreadable'
        ? ['Whether Defender for Servers Plan 2 is on cannot be read: Azure may refuse.']
        : []),
      ...notSeen.map((one) => `Not seen: ${one}.`),
    ],
  };
}

/** The ports that the policy does not name yet, and for whom they may be requested. */
function missingPorts(
  { responderAddress, target }: ActionContext,
  settings: z.infer<typeof enableSettings>,
  { existing, name }: Policy,
): { before: Json | undefined; missing: number[]; sources: string[] } | Refusal {
  const own = prefixOf(responderAddress);
  const sources = [...(own ? [own.prefix] : []), ...settings.from.map((text) => prefixOf(text)?.prefix ?? text)];
  if (sources.length === 0) {
    return impossible(
      'Your own address is not known, and requests are not allowed for every address: name some (with: from).',
    );
  }
  const before = jitEntryOf(existing ?? undefined, target.id);
  const there = listAt(before, 'ports').filter(isObject);
  const missing = settings.ports.filter((port) => !there.some((one) => numberAt(one, 'number') === port));
  if (before && missing.length === 0) {
    return { kind: 'nothing-to-do', because: `The policy ${name} names ${target.name} with these ports already.` };
  }
  return { before, missing, sources };
}

/** Plans to put the VM under just-in-time access, from reads alone. */
export async function planEnable(connection: Connection, context: ActionContext, input: unknown): Promise<ActionPlan> {
  const settings = enableSettings.parse(input);
  const { target } = context;
  const title = `Put ${target.name} under just-in-time access`;
  const policy = await readPolicy(connection, context);
  if ('because' in policy) return refusedPlan(title, policy.kind, policy.because);
  const ports = missingPorts(context, settings, policy);
  if ('because' in ports) return refusedPlan(title, ports.kind, ports.because);
  const { existing, id: policyId } = policy;
  const { missing, sources } = ports;
  const entry = entryWith(ports.before ?? { id: target.id }, missing, sources, settings.hours);
  const others = machinesOf(existing).filter((machine) => !sameId(textAt(machine, 'id'), target.id));
  const body = writable(existing, withEntry(machinesOf(existing), target.id, entry));
  const ahead = await lookAhead(connection, context, policyId, { existing, body });
  if (ahead.blocked !== '') return refusedPlan(title, 'impossible', ahead.blocked);
  const diff = [
    ...missing.map((port) => ({
      property: `${target.name} tcp ${port}`,
      before: 'not under just-in-time access',
      after: `closed until requested, for ${sources.join(', ')}, at most ${settings.hours} h`,
    })),
    { property: 'other VMs in it', before: String(others.length), after: `${others.length}, as they are` },
  ];
  return {
    title,
    changes: [{ method: 'PUT', resourceId: policyId, diff, before: existing, after: body }],
    touches: others.map((machine) => textAt(machine, 'id')),
    permissions: ahead.permissions,
    danger: 'reversible',
    undo: existing ? 'puts the VM’s entry back as it was' : 'deletes the policy, which holds this VM alone',
    warnings: [...policy.warnings, ...ahead.warnings],
    consequences: [
      `Defender for Cloud writes rules that deny ${missing.join(', ')} into the VM’s security groups, behind the rules that are there.`,
      'A rule that allows such a port now stays in front and wins: this does not close it. lock-nsg does.',
      'Open sessions stay open.',
    ],
    state: { policyId, before: existing, entry, ports: missing } satisfies EnableState,
  };
}

/** What writing the policy, and deleting one that is new, needs. */
function lookAhead(
  connection: Connection,
  context: ActionContext,
  policyId: string,
  { existing, body }: { existing: Json | null; body: Json },
) {
  return preflight(connection, context, {
    needed: [
      { action: `${policyAction}/write`, scope: policyId },
      { action: 'Microsoft.Compute/virtualMachines/write', scope: context.target.id },
      ...(existing ? [] : [{ action: `${policyAction}/delete`, scope: policyId, forUndo: true }]),
    ],
    intended: [
      { method: 'PUT', resourceId: policyId, body },
      ...(existing ? [] : [{ method: 'DELETE' as const, resourceId: policyId, forUndo: true }]),
    ],
  });
}
