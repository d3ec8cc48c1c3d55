import { z } from 'zod';
import { at, isObject, type Json, listAt, numberAt, textAt } from '../arm/json.ts';
import { sameId, shortName } from '../arm/resource-id.ts';
import type { Connection } from '../azure/client/connection.ts';
import { azureError } from '../azure/client/failure.ts';
import { readServersPlan } from '../azure/readers/defender-plan.ts';
import { readMachine, virtualMachineOf } from '../azure/readers/machine.ts';
import { exposureOf, readNetwork } from '../azure/readers/network.ts';
import { isWide, portText } from '../network/port-text.ts';
import { prefixOf } from '../network/sets/given-prefix.ts';
import { type Action, type ActionContext, type ActionPlan, StalePlan, type Verification } from '../playbook/action.ts';
import { withExactBody } from './exact-body.ts';
import { entryOf, policiesPath, readPolicies } from './jit-policy.ts';
import { managementPorts } from './lock/lock-settings.ts';
import { send } from './operation.ts';
import { preflight } from './permissions.ts';
import { refusedPlan } from './refused-plan.ts';

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

const enableState = z.looseObject({
  policyId: z.string(),
  /** The policy as it was, as Azure printed it; null when there was none. */
  before: z.record(z.string(), z.unknown()).nullable(),
  /** What it says of the machine afterwards. */
  entry: z.record(z.string(), z.unknown()),
  ports: z.array(z.number()),
});
type EnableState = z.infer<typeof enableState>;

/** Policy name and machine name together, by Azure (Microsoft Learn, "Enable just-in-time access on VMs"). */
const longestNames = 56;
const defaultName = 'default';

/** What of a policy goes back with a PUT: all that it says but what Azure adds by itself. */
function writable(policy: Json | null, machines: readonly Json[]): Json {
  const properties = at(policy, 'properties');
  const { provisioningState: _, ...rest } = isObject(properties) ? properties : {};
  return { kind: textAt(policy, 'kind') || 'Basic', properties: { ...rest, virtualMachines: machines } };
}

const machinesOf = (policy: Json | null | undefined): Json[] =>
  listAt(policy, 'properties', 'virtualMachines').filter(isObject);

/** The list with one machine's entry replaced, added, or (undefined) taken out; the others as they are. */
function withEntry(machines: readonly Json[], machineId: string, entry: Json | undefined): Json[] {
  const here = machines.findIndex((machine) => sameId(textAt(machine, 'id'), machineId));
  if (here === -1) return entry ? [...machines, entry] : [...machines];
  return entry ? machines.with(here, entry) : machines.toSpliced(here, 1);
}

const sameMachines = (one: Json | null | undefined, other: Json | null | undefined) =>
  JSON.stringify(machinesOf(one)) === JSON.stringify(machinesOf(other));

/** Puts the machine under just-in-time access: its management ports are closed until somebody requests them. */
export function jitEnable(connection: Connection): Action {
  async function machineOf(context: ActionContext) {
    const { id, name, resourceGroup, subscriptionId, location } = context.target;
    const about = { id, name, resourceGroup, subscriptionId, location };
    return virtualMachineOf(await readMachine(connection, context.target), about);
  }

  async function plan(context: ActionContext, input: unknown): Promise<ActionPlan> {
    const settings = enableSettings.parse(input);
    const { target } = context;
    const title = `Put ${target.name} under just-in-time access`;
    const vm = await machineOf(context);
    const warnings: string[] = [];
    const { servers } = await readServersPlan(connection, vm, context.signal).catch(() => ({
      servers: 'unreadable' as const,
    }));
    if (servers === 'off' || servers === 'P1') {
      return refusedPlan(
        title,
        'impossible',
        `Just-in-time access needs Defender for Servers Plan 2, which is not on here. Ask the customer to switch it on, or close the ports with lock-nsg.`,
      );
    }
    if (servers === 'unreadable') {
      warnings.push('Whether Defender for Servers Plan 2 is on cannot be read: Azure may refuse.');
    }
    const policies = await readPolicies(connection, target, context.signal);
    const existing =
      policies.find((policy) => entryOf(policy, target.id)) ??
      policies.find((policy) => textAt(policy, 'name').toLowerCase() === defaultName) ??
      null;
    const name = existing ? textAt(existing, 'name') : defaultName;
    if (name.length + target.name.length > longestNames) {
      return refusedPlan(
        title,
        'impossible',
        `The names of the policy (${name}) and the VM are longer than ${longestNames} characters together, which Azure does not take.`,
      );
    }
    const own = prefixOf(context.responderAddress);
    const sources = [...(own ? [own.prefix] : []), ...settings.from.map((text) => prefixOf(text)?.prefix ?? text)];
    if (sources.length === 0) {
      return refusedPlan(
        title,
        'impossible',
        'Your own address is not known, and requests are not allowed for every address: name some (with: from).',
      );
    }
    const before = entryOf(existing ?? undefined, target.id);
    const there = listAt(before, 'ports').filter(isObject);
    const missing = settings.ports.filter((port) => !there.some((one) => numberAt(one, 'number') === port));
    if (before && missing.length === 0) {
      return refusedPlan(title, 'nothing-to-do', `The policy ${name} names ${target.name} with these ports already.`);
    }
    const duration = `PT${settings.hours}H`;
    const entry: Json = {
      ...(before ?? { id: target.id }),
      ports: [
        ...there,
        ...missing.map((number) => ({
          number,
          protocol: 'TCP',
          ...(sources.length === 1
            ? { allowedSourceAddressPrefix: sources[0] }
            : { allowedSourceAddressPrefixes: sources }),
          maxRequestAccessDuration: duration,
        })),
      ],
    };
    const policyId = existing ? textAt(existing, 'id') : `${policiesPath(target)}/${defaultName}`;
    const others = machinesOf(existing).filter((machine) => !sameId(textAt(machine, 'id'), target.id));
    return {
      title,
      changes: [
        {
          method: 'PUT',
          resourceId: policyId,
          diff: [
            ...missing.map((port) => ({
              property: `${target.name} tcp ${port}`,
              before: 'not under just-in-time access',
              after: `closed until requested, for ${sources.join(', ')}, at most ${settings.hours} h`,
            })),
            { property: 'other VMs in it', before: String(others.length), after: `${others.length}, as they are` },
          ],
          before: existing,
          after: writable(existing, withEntry(machinesOf(existing), target.id, entry)),
        },
      ],
      touches: others.map((machine) => textAt(machine, 'id')),
      permissions: await preflight(connection, [
        { action: 'Microsoft.Security/locations/jitNetworkAccessPolicies/write', scope: policyId },
        { action: 'Microsoft.Compute/virtualMachines/write', scope: target.id },
      ]),
      danger: 'reversible',
      undo: existing ? 'puts the VM’s entry back as it was' : 'deletes the policy, which holds this VM alone',
      warnings,
      consequences: [
        `Defender for Cloud writes rules that deny ${missing.join(', ')} into the VM’s security groups, behind the rules that are there.`,
        'A rule that allows such a port now stays in front and wins: this does not close it. lock-nsg does.',
        'Open sessions stay open.',
      ],
      state: { policyId, before: existing, entry, ports: missing } satisfies EnableState,
    };
  }

  async function current(context: ActionContext, policyId: string): Promise<Json | null> {
    const policies = await readPolicies(connection, context.target, context.signal);
    return policies.find((policy) => sameId(textAt(policy, 'id'), policyId)) ?? null;
  }

  /** Writes the whole list: Azure replaces what it has by it. */
  async function put(context: ActionContext, policyId: string, body: Json): Promise<void> {
    const { target } = context;
    const client = await connection.security(target.subscriptionId);
    await withExactBody(client, body, () =>
      send(connection, context, `PUT ${shortName(policyId)}`, () =>
        client.jitNetworkAccessPolicies.createOrUpdate(
          target.resourceGroup,
          target.location,
          shortName(policyId),
          { virtualMachines: [] },
          { abortSignal: context.signal },
        ),
      ),
    );
  }

  async function apply(context: ActionContext, planned: ActionPlan): Promise<Record<string, unknown>> {
    const state = enableState.parse(planned.state);
    const now = await current(context, state.policyId);
    if (!sameMachines(now, state.before) || (now === null) !== (state.before === null)) {
      throw new StalePlan(`The just-in-time policy ${shortName(state.policyId)} was changed since it was read.`);
    }
    await put(context, state.policyId, writable(now, withEntry(machinesOf(now), context.target.id, state.entry)));
    return state;
  }

  /** What of the ports the Internet reaches all the same, by our evaluation of the configuration. */
  async function stillOpen(context: ActionContext, ports: readonly number[]): Promise<string> {
    try {
      const vm = await machineOf(context);
      const reading = await readNetwork(connection, vm, { signal: context.signal });
      const exposure = exposureOf(reading, vm, connection.clock.now().toISOString());
      if (exposure.state === 'unknown') return `What the Internet reaches now is not known: ${exposure.because}.`;
      const open = exposure.value.ports.filter(
        (port) => port.protocol === 'tcp' && isWide(port) && ports.some((one) => port.from <= one && one <= port.to),
      );
      if (open.length === 0) return 'None of these ports is open to the Internet.';
      const by = (port: (typeof open)[number]) =>
        port.decidedBy.map(({ nsg, rule, priority }) => `${shortName(nsg)}/${rule} (${priority})`).join(' and ') ||
        'no security group';
      return `STILL OPEN to the Internet: ${open.map((port) => `${portText(port)} by ${by(port)}`).join('; ')}. Rules that allow a port win over just-in-time access: close them with lock-nsg.`;
    } catch (error) {
      return `What the Internet reaches now could not be read (${azureError(error).message}).`;
    }
  }

  async function verify(context: ActionContext, given: Record<string, unknown>): Promise<Verification> {
    const state = enableState.parse(given);
    const now = await current(context, state.policyId);
    const ports = listAt(entryOf(now ?? undefined, context.target.id), 'ports').map((port) => numberAt(port, 'number'));
    const missing = state.ports.filter((port) => !ports.includes(port));
    if (missing.length > 0) {
      return { ok: false, text: `The policy does not name ${context.target.name} with ${missing.join(', ')}.` };
    }
    return {
      ok: true,
      text: `${shortName(state.policyId)} names ${context.target.name} for ${state.ports.join(', ')}. ${await stillOpen(context, state.ports)}`,
    };
  }

  async function undo(context: ActionContext, given: Record<string, unknown>): Promise<Verification> {
    const state = enableState.parse(given);
    const { target } = context;
    const now = await current(context, state.policyId);
    const entry = entryOf(now ?? undefined, target.id);
    const before = entryOf(state.before ?? undefined, target.id);
    if (!now || !entry) {
      return { ok: before === undefined, text: `${shortName(state.policyId)} does not name ${target.name} any more.` };
    }
    if (before && JSON.stringify(listAt(entry, 'ports')) === JSON.stringify(listAt(before, 'ports'))) {
      return { ok: true, text: `The policy says of ${target.name} what it said before already.` };
    }
    if (JSON.stringify(listAt(entry, 'ports')) !== JSON.stringify(listAt(state.entry, 'ports'))) {
      return {
        ok: false,
        text: `Somebody changed what the policy says of ${target.name} since: it was left as it is.`,
      };
    }
    const machines = withEntry(machinesOf(now), target.id, before);
    if (machines.length > 0) {
      await put(context, state.policyId, writable(now, machines));
    } else {
      const client = await connection.security(target.subscriptionId);
      await send(connection, context, `DELETE ${shortName(state.policyId)}`, () =>
        client.jitNetworkAccessPolicies.delete(target.resourceGroup, target.location, shortName(state.policyId), {
          abortSignal: context.signal,
        }),
      );
    }
    const after = await current(context, state.policyId);
    const restored = JSON.stringify(entryOf(after ?? undefined, target.id) ?? null) === JSON.stringify(before ?? null);
    return {
      ok: restored,
      text: restored
        ? `The policy says of ${target.name} what it said before. Rules that Defender for Cloud wrote to deny its ports may stay: they close, they open nothing.`
        : `The policy does not say of ${target.name} what it said before.`,
    };
  }

  return { name: 'jit.enable', input: enableSettings, danger: 'reversible', plan, apply, verify, undo };
}
