import { type Json, listAt, numberAt } from '../../arm/json.ts';
import { shortName } from '../../arm/resource-id.ts';
import type { Connection } from '../../azure/client/connection.ts';
import { azureError } from '../../azure/client/failure.ts';
import { jitEntryOf } from '../../azure/readers/jit-policies.ts';
import { exposureOf, readNetwork } from '../../azure/readers/network.ts';
import { isWide, portText } from '../../network/port-text.ts';
import { type ActionContext, type ActionPlan, StalePlan, type Verification } from '../../playbook/action.ts';
import { withExactBody } from '../exact-body.ts';
import { send } from '../operation.ts';
import { enableState, vmOf } from './enable-plan.ts';
import { currentPolicy, machinesOf, placeOf, sameMachines, withEntry, writable } from './policies.ts';

/** Writes the whole list: Azure replaces what it has by it. */
async function put(connection: Connection, context: ActionContext, policyId: string, body: Json): Promise<void> {
  const { target } = context;
  const { resourceGroup, location, name } = placeOf(policyId);
  const client = await connection.security(target.subscriptionId);
  await withExactBody(client, body, () =>
    send(connection, context, `PUT ${name}`, () =>
      client.jitNetworkAccessPolicies.createOrUpdate(
        resourceGroup,
        location,
        name,
        { virtualMachines: [] },
        { abortSignal: context.signal },
      ),
    ),
  );
}

/** Adds the VM to the policy as it is now. */
export async function applyEnable(
  connection: Connection,
  context: ActionContext,
  planned: ActionPlan,
): Promise<Record<string, unknown>> {
  const state = enableState.parse(planned.state);
  const now = await currentPolicy(connection, context.target, state.policyId, context.signal);
  if (!sameMachines(now, state.before) || (now === null) !== (state.before === null)) {
    throw new StalePlan(`The just-in-time policy ${shortName(state.policyId)} was changed since it was read.`);
  }
  await put(
    connection,
    context,
    state.policyId,
    writable(now, withEntry(machinesOf(now), context.target.id, state.entry)),
  );
  return state;
}

/** What of the ports the Internet reaches all the same, by our evaluation of the configuration. */
async function stillOpen(connection: Connection, context: ActionContext, ports: readonly number[]): Promise<string> {
  try {
    const vm = await vmOf(connection, context);
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
    // An interface with an address of each family has the port twice, by the same rules.
    const told = [...new Set(open.map((port) => `${portText(port)} by ${by(port)}`))];
    return `STILL OPEN to the Internet: ${told.join('; ')}. Rules that allow a port win over just-in-time access: close them with lock-nsg.`;
  } catch (error) {
    return `What the Internet reaches now could not be read (${azureError(error).message}).`;
  }
}

/** Does the policy name the VM, and what does the Internet reach all the same? */
export async function verifyEnable(
  connection: Connection,
  context: ActionContext,
  given: Record<string, unknown>,
): Promise<Verification> {
  const state = enableState.parse(given);
  const now = await currentPolicy(connection, context.target, state.policyId, context.signal);
  const ports = listAt(jitEntryOf(now ?? undefined, context.target.id), 'ports').map((port) =>
    numberAt(port, 'number'),
  );
  const missing = state.ports.filter((port) => !ports.includes(port));
  if (missing.length > 0) {
    return { ok: false, text: `The policy does not name ${context.target.name} with ${missing.join(', ')}.` };
  }
  return {
    ok: true,
    text: `${shortName(state.policyId)} names ${context.target.name} for ${state.ports.join(', ')}. ${await stillOpen(connection, context, state.ports)}`,
  };
}

/** Takes the VM out of the policy again, or puts back what it said of it. */
export async function undoEnable(
  connection: Connection,
  context: ActionContext,
  given: Record<string, unknown>,
): Promise<Verification> {
  const state = enableState.parse(given);
  const { target } = context;
  const now = await currentPolicy(connection, context.target, state.policyId, context.signal);
  const entry = jitEntryOf(now ?? undefined, target.id);
  const before = jitEntryOf(state.before ?? undefined, target.id);
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
    await put(connection, context, state.policyId, writable(now, machines));
  } else {
    const place = placeOf(state.policyId);
    const client = await connection.security(target.subscriptionId);
    await send(connection, context, `DELETE ${shortName(state.policyId)}`, () =>
      client.jitNetworkAccessPolicies.delete(place.resourceGroup, place.location, place.name, {
        abortSignal: context.signal,
      }),
    );
  }
  const after = await currentPolicy(connection, context.target, state.policyId, context.signal);
  const restored = JSON.stringify(jitEntryOf(after ?? undefined, target.id) ?? null) === JSON.stringify(before ?? null);
  return {
    ok: restored,
    text: restored
      ? `The policy says of ${target.name} what it said before. Rules that Defender for Cloud wrote to deny its ports may stay: they close, they open nothing.`
      : `The policy does not say of ${target.name} what it said before.`,
  };
}
