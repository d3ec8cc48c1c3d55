import type { Connection } from '../azure/client/connection.ts';
import { jitEntryOf } from '../azure/readers/jit-policies.ts';
import { prefixOf } from '../network/sets/given-prefix.ts';
import { type Action, type ActionContext, type ActionPlan, StalePlan, type Verification } from '../playbook/action.ts';
import { currentPolicy, placeOf } from './jit/policies.ts';
import { openGrants, planRequest, requestBody, requestSettings, requestState } from './jit/request-plan.ts';
import { send } from './operation.ts';

async function sendRequest(
  connection: Connection,
  context: ActionContext,
  planned: ActionPlan,
): Promise<Record<string, unknown>> {
  const state = requestState.parse(planned.state);
  const { target } = context;
  const policy = await currentPolicy(connection, target, state.policyId, context.signal);
  if (JSON.stringify(jitEntryOf(policy ?? undefined, target.id)) !== state.entry) {
    throw new StalePlan(`The just-in-time policy of ${target.name} is another one now.`);
  }
  if (Date.parse(state.endsAt) <= connection.clock.now().getTime()) {
    throw new StalePlan('The time that was planned is over.');
  }
  const body = requestBody(context, state);
  const place = placeOf(state.policyId);
  const client = await connection.security(target.subscriptionId);
  await send(connection, context, 'the request for access', () =>
    client.jitNetworkAccessPolicies.initiate(
      place.resourceGroup,
      place.location,
      place.name,
      {
        ...body,
        virtualMachines: body.virtualMachines.map((machine) => ({
          ...machine,
          ports: machine.ports.map((port) => ({ ...port, endTimeUtc: new Date(port.endTimeUtc) })),
        })),
      },
      { abortSignal: context.signal },
    ),
  );
  return state;
}

/** Does the policy say that the ports are open? */
async function isGranted(
  connection: Connection,
  context: ActionContext,
  given: Record<string, unknown>,
): Promise<Verification> {
  const state = requestState.parse(given);
  const { target } = context;
  const policy = await currentPolicy(connection, target, state.policyId, context.signal);
  const now = connection.clock.now().getTime();
  const open = policy
    ? openGrants(policy, target.id, now).filter(({ source }) => prefixOf(source)?.prefix === state.source)
    : [];
  const missing = state.ports.filter((port) => !open.some((grant) => grant.port === port));
  if (missing.length > 0) {
    return { ok: false, text: `The policy does not say that ${missing.join(', ')} is open for ${state.source}.` };
  }
  return {
    ok: true,
    text: `${state.ports.join(', ')} is granted to ${state.source} until ${state.endsAt}; it expires by itself.`,
  };
}

/** Opens ports of the VM to one address for a short time, by the just-in-time policy that names it. */
export function jitRequest(connection: Connection): Action {
  return {
    name: 'jit.request',
    input: requestSettings,
    danger: 'reversible',
    plan: (context, input) => planRequest(connection, context, input),
    apply: (context, planned) => sendRequest(connection, context, planned),
    verify: (context, state) => isGranted(connection, context, state),
  };
}
