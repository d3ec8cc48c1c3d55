import * as z from 'zod';
import { type Json, listAt, numberAt, textAt } from '../arm/json.ts';
import { sameId, shortName } from '../arm/resource-id.ts';
import type { Connection } from '../azure/client/connection.ts';
import { jitEntryOf, readJitPolicies } from '../azure/readers/jit-policies.ts';
import { AddressReader } from '../network/sets/address-prefixes.ts';
import { addressesOf } from '../network/sets/address-set.ts';
import { prefixOf } from '../network/sets/given-prefix.ts';
import { covers } from '../network/sets/interval-set.ts';
import { type Action, type ActionContext, type ActionPlan, StalePlan, type Verification } from '../playbook/action.ts';
import { currentPolicy, minutesOf, placeOf } from './jit/policies.ts';
import { managementPorts } from './lock/lock-settings.ts';
import { send } from './operation.ts';
import { preflight } from './preflight/preflight.ts';
import { refusedPlan } from './refused-plan.ts';

const requestSettings = z.strictObject({
  ports: z
    .array(z.int().min(1).max(65535))
    .min(1)
    .max(20)
    .default(managementPorts)
    .describe('Ports to open; those that the policy does not name are left out.'),
  minutes: z.int().min(5).max(1440).default(60).describe('How long they stay open; at most what the policy allows.'),
  from: z
    .string()
    .refine((text) => prefixOf(text)?.single === true, 'one address, such as 198.51.100.20: never a range or "*"')
    .optional()
    .describe('The one address that they are opened to, when it is not the one you signed in from.'),
});

const requestState = z.looseObject({
  policyId: z.string(),
  /** What the policy says of the VM, to see whether it changed. */
  entry: z.string(),
  source: z.string(),
  ports: z.array(z.number()),
  endsAt: z.string(),
});
type RequestState = z.infer<typeof requestState>;

interface Allowed {
  port: number;
  protocol: string;
  minutes: number;
  sources: string[];
}

function allowedOf(entry: Json): Allowed[] {
  return listAt(entry, 'ports').flatMap((port) => {
    const number = numberAt(port, 'number');
    if (number === undefined) return [];
    const plural = listAt(port, 'allowedSourceAddressPrefixes').filter((one) => typeof one === 'string');
    const sources = [textAt(port, 'allowedSourceAddressPrefix'), ...plural].filter((text) => text !== '');
    const minutes = minutesOf(textAt(port, 'maxRequestAccessDuration'));
    return [{ port: number, protocol: textAt(port, 'protocol'), minutes, sources }];
  });
}

/** The ports that a policy names for the VM: "5022, 8443". */
const portsOf = (entry: Json): string =>
  allowedOf(entry)
    .map(({ port }) => port)
    .join(', ');

/** May a request be for this address? A policy that names no source lets it be for any. */
function permits(sources: readonly string[], source: string): boolean {
  if (sources.length === 0) return true;
  const asked = addressesOf([source]);
  const named = new AddressReader().read(sources, []);
  // What a tag holds is Azure's to say: the request is sent, and refused there.
  if (named.any || named.internet || named.virtualNetwork || named.unresolved.length > 0) return true;
  return covers(named.v4, asked.v4) && covers(named.v6, asked.v6);
}

/** The grants of a policy for a VM that are open at a time. */
function openGrants(policy: Json, machineId: string, now: number): { port: number; source: string; endsAt: string }[] {
  return listAt(policy, 'properties', 'requests')
    .flatMap((request) => listAt(request, 'virtualMachines'))
    .filter((machine) => sameId(textAt(machine, 'id'), machineId))
    .flatMap((machine) => listAt(machine, 'ports'))
    .filter((port) => /initiated/i.test(textAt(port, 'status')) && Date.parse(textAt(port, 'endTimeUtc')) > now)
    .map((port) => ({
      port: numberAt(port, 'number') ?? 0,
      source: textAt(port, 'allowedSourceAddressPrefix'),
      endsAt: textAt(port, 'endTimeUtc'),
    }));
}

/** Opens ports of the VM to one address for a short time, by the just-in-time policy that names it. */
export function jitRequest(connection: Connection): Action {
  async function plan(context: ActionContext, input: unknown): Promise<ActionPlan> {
    const settings = requestSettings.parse(input);
    const { target } = context;
    const title = `Request just-in-time access to ${target.name}`;
    const source = prefixOf(settings.from ?? context.responderAddress);
    if (!source?.single) {
      return refusedPlan(
        title,
        'impossible',
        'Your own address is not known, and access is not requested for every address: name yours (with: from).',
      );
    }
    const { policies, notSeen } = await readJitPolicies(connection, target, context.signal);
    const policy = policies.find((one) => jitEntryOf(one, target.id));
    const entry = jitEntryOf(policy, target.id);
    if (!policy || !entry) {
      const unseen = notSeen.length > 0 ? ` Not seen: ${notSeen.join('; ')}.` : '';
      return refusedPlan(
        title,
        'impossible',
        `No just-in-time policy names ${target.name}.${unseen} enable-jit makes one, where Defender for Servers Plan 2 is on.`,
      );
    }
    const allowed = allowedOf(entry).filter(({ port }) => settings.ports.includes(port));
    const mine = allowed.filter(({ sources }) => permits(sources, source.prefix));
    const name = shortName(textAt(policy, 'id'));
    if (mine.length === 0) {
      const why =
        allowed.length === 0
          ? `the policy ${name} does not name ${settings.ports.join(', ')}; it names ${portsOf(entry) || 'no port'} (with: ports)`
          : `the policy ${name} lets no request be for ${source.prefix}`;
      return refusedPlan(title, 'impossible', `Nothing can be opened: ${why}.`);
    }
    const now = connection.clock.now().getTime();
    const open = openGrants(policy, target.id, now).filter((grant) => prefixOf(grant.source)?.prefix === source.prefix);
    const wanted = mine.filter(({ port }) => !open.some((grant) => grant.port === port));
    if (wanted.length === 0) {
      const until = open.map(({ port, endsAt }) => `${port} until ${endsAt}`).join(', ');
      return refusedPlan(title, 'nothing-to-do', `It is open for ${source.prefix} already: ${until}.`);
    }
    const most = Math.min(settings.minutes, ...wanted.map(({ minutes }) => (minutes > 0 ? minutes : settings.minutes)));
    const endsAt = new Date(now + most * 60_000).toISOString();
    const ports = wanted.map(({ port }) => port);
    const policyId = textAt(policy, 'id');
    const ahead = await preflight(connection, context, {
      needed: [
        { action: 'Microsoft.Security/locations/jitNetworkAccessPolicies/initiate/action', scope: policyId },
        { action: 'Microsoft.Compute/virtualMachines/read', scope: target.id },
        { action: 'Microsoft.Network/networkInterfaces/read', scope: groupOf(target.id) },
        { action: 'Microsoft.Network/publicIPAddresses/read', scope: groupOf(target.id) },
      ],
      intended: [{ method: 'POST', resourceId: `${policyId}/initiate` }],
    });
    if (ahead.blocked !== '') return refusedPlan(title, 'impossible', ahead.blocked);
    return {
      title,
      changes: [
        {
          method: 'POST',
          resourceId: `${policyId}/initiate`,
          diff: ports.map((port) => ({
            property: `tcp ${port}`,
            before: 'as the security groups say',
            after: `open for ${source.prefix} until ${endsAt}`,
          })),
          before: null,
          after: bodyOf(target.id, { ports, source: source.prefix, endsAt }, context),
        },
      ],
      touches: [],
      permissions: ahead.permissions,
      danger: 'reversible',
      undo: '',
      warnings: [
        ...ahead.warnings,
        ...(most < settings.minutes ? [`The policy ${name} allows at most ${most} minutes.`] : []),
        ...(wanted.some(({ protocol }) => protocol === '*')
          ? ['The policy opens every protocol to these ports, not TCP alone.']
          : []),
      ],
      consequences: [
        `Defender for Cloud puts a rule in front of the others that lets ${source.prefix} in on ${ports.join(', ')}, and takes it away at ${endsAt}.`,
        'It cannot be taken back earlier from here; it expires by itself. A session that is open then stays open.',
        'The request, with your name and this reason, stays in the policy as evidence.',
      ],
      state: {
        policyId,
        entry: JSON.stringify(entry),
        source: source.prefix,
        ports,
        endsAt,
      } satisfies RequestState,
    };
  }

  function bodyOf(
    machineId: string,
    wanted: { ports: number[]; source: string; endsAt: string },
    context: ActionContext,
  ) {
    return {
      virtualMachines: [
        {
          id: machineId,
          ports: wanted.ports.map((number) => ({
            number,
            allowedSourceAddressPrefix: wanted.source.replace(/\/(32|128)$/, ''),
            endTimeUtc: wanted.endsAt,
          })),
        },
      ],
      justification: `cordon, case ${context.caseId}`,
    };
  }

  async function apply(context: ActionContext, planned: ActionPlan): Promise<Record<string, unknown>> {
    const state = requestState.parse(planned.state);
    const { target } = context;
    const policy = await currentPolicy(connection, target, state.policyId, context.signal);
    if (JSON.stringify(jitEntryOf(policy ?? undefined, target.id)) !== state.entry) {
      throw new StalePlan(`The just-in-time policy of ${target.name} is another one now.`);
    }
    if (Date.parse(state.endsAt) <= connection.clock.now().getTime()) {
      throw new StalePlan('The time that was planned is over.');
    }
    const body = bodyOf(target.id, state, context);
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

  async function verify(context: ActionContext, given: Record<string, unknown>): Promise<Verification> {
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

  return { name: 'jit.request', input: requestSettings, danger: 'reversible', plan, apply, verify };
}

/** "/subscriptions/s/resourceGroups/g" of a resource's id. */
function groupOf(id: string): string {
  return id.split('/').slice(0, 5).join('/');
}
