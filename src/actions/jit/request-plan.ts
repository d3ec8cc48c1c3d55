import * as z from 'zod';
import { type Json, listAt, numberAt, textAt } from '../../arm/json.ts';
import { sameId, shortName } from '../../arm/resource-id.ts';
import type { Connection } from '../../azure/client/connection.ts';
import { jitEntryOf, readJitPolicies } from '../../azure/readers/jit-policies.ts';
import { AddressReader } from '../../network/sets/address-prefixes.ts';
import { addressesOf } from '../../network/sets/address-set.ts';
import { prefixOf } from '../../network/sets/given-prefix.ts';
import { covers } from '../../network/sets/interval-set.ts';
import type { ActionContext, ActionPlan } from '../../playbook/action.ts';
import { managementPorts } from '../lock/lock-settings.ts';
import { groupOf } from '../preflight/intended.ts';
import { preflight } from '../preflight/preflight.ts';
import { impossible, type Refusal, refusedPlan } from '../refused-plan.ts';
import { minutesOf } from './policies.ts';
import { littleRoomForRules } from './room-for-rules.ts';

export const requestSettings = z.strictObject({
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

export const requestState = z.looseObject({
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
  // Only Azure knows the addresses of a tag: the request is sent, and Azure refuses it where they do not fit.
  if (named.any || named.internet || named.virtualNetwork || named.unresolved.length > 0) return true;
  return covers(named.v4, asked.v4) && covers(named.v6, asked.v6);
}

/** The grants of a policy for a VM that are open at a time. */
export function openGrants(
  policy: Json,
  machineId: string,
  now: number,
): { port: number; source: string; endsAt: string }[] {
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

/** What a request would open, by the policy that names the VM. */
interface Wanted {
  policyId: string;
  /** What the policy says of the VM. */
  entry: Json;
  /** The one address, as a prefix. */
  source: string;
  ports: number[];
  endsAt: string;
  warnings: string[];
}

/** The ports that a request may open now, or why there are none. */
function wantedPorts(
  context: ActionContext,
  settings: z.infer<typeof requestSettings>,
  { policy, entry, source, now }: { policy: Json; entry: Json; source: string; now: number },
): Wanted | Refusal {
  const policyId = textAt(policy, 'id');
  const name = shortName(policyId);
  const allowed = allowedOf(entry).filter(({ port }) => settings.ports.includes(port));
  const mine = allowed.filter(({ sources }) => permits(sources, source));
  if (mine.length === 0) {
    const why =
      allowed.length === 0
        ? `the policy ${name} does not name ${settings.ports.join(', ')}; it names ${portsOf(entry) || 'no port'} (with: ports)`
        : `the policy ${name} lets no request be for ${source}`;
    return impossible(`Nothing can be opened: ${why}.`);
  }
  const open = openGrants(policy, context.target.id, now).filter((grant) => prefixOf(grant.source)?.prefix === source);
  const wanted = mine.filter(({ port }) => !open.some((grant) => grant.port === port));
  if (wanted.length === 0) {
    const until = open.map(({ port, endsAt }) => `${port} until ${endsAt}`).join(', ');
    return { kind: 'nothing-to-do', because: `It is open for ${source} already: ${until}.` };
  }
  const most = Math.min(settings.minutes, ...wanted.map(({ minutes }) => (minutes > 0 ? minutes : settings.minutes)));
  return {
    policyId,
    entry,
    source,
    ports: wanted.map(({ port }) => port),
    endsAt: new Date(now + most * 60_000).toISOString(),
    warnings: [
      ...(most < settings.minutes ? [`The policy ${name} allows at most ${most} minutes.`] : []),
      ...(wanted.some(({ protocol }) => protocol === '*')
        ? ['The policy opens every protocol to these ports, not TCP alone.']
        : []),
    ],
  };
}

/** Reads the policy that names the VM, and what a request by it would open. */
async function readWanted(
  connection: Connection,
  context: ActionContext,
  settings: z.infer<typeof requestSettings>,
): Promise<Wanted | Refusal> {
  const { target } = context;
  const source = prefixOf(settings.from ?? context.responderAddress);
  if (!source?.single) {
    return impossible(
      'Your own address is not known, and access is not requested for every address: name yours (with: from).',
    );
  }
  const { policies, notSeen } = await readJitPolicies(connection, target, context.signal);
  const policy = policies.find((one) => jitEntryOf(one, target.id));
  const entry = jitEntryOf(policy, target.id);
  if (!policy || !entry) {
    const unseen = notSeen.length > 0 ? ` Not seen: ${notSeen.join('; ')}.` : '';
    return impossible(
      `No just-in-time policy names ${target.name}.${unseen} enable-jit makes one, where Defender for Servers Plan 2 is on.`,
    );
  }
  const now = connection.clock.now().getTime();
  return wantedPorts(context, settings, { policy, entry, source: source.prefix, now });
}

/** The body of the request. */
export function requestBody(
  { target, caseId }: ActionContext,
  { ports, source, endsAt }: { ports: number[]; source: string; endsAt: string },
) {
  return {
    virtualMachines: [
      {
        id: target.id,
        ports: ports.map((number) => ({
          number,
          allowedSourceAddressPrefix: source.replace(/\/(32|128)$/, ''),
          endTimeUtc: endsAt,
        })),
      },
    ],
    justification: `cordon, case ${caseId}`,
  };
}

/** Plans a request for access, from reads alone. */
export async function planRequest(connection: Connection, context: ActionContext, input: unknown): Promise<ActionPlan> {
  const { target } = context;
  const title = `Request just-in-time access to ${target.name}`;
  const wanted = await readWanted(connection, context, requestSettings.parse(input));
  if ('because' in wanted) return refusedPlan(title, wanted.kind, wanted.because);
  const { policyId, entry, source, ports, endsAt } = wanted;
  const resourceId = `${policyId}/initiate`;
  const group = groupOf(target.id);
  const ahead = await preflight(connection, context, {
    needed: [
      { action: 'Microsoft.Security/locations/jitNetworkAccessPolicies/initiate/action', scope: policyId },
      { action: 'Microsoft.Compute/virtualMachines/read', scope: target.id },
      { action: 'Microsoft.Network/networkInterfaces/read', scope: group },
      { action: 'Microsoft.Network/publicIPAddresses/read', scope: group },
    ],
    intended: [
      { method: 'POST', resourceId },
      {
        method: 'PUT',
        resourceId: `${group}/providers/Microsoft.Network/networkSecurityGroups/all`,
        byService: 'Defender for Cloud may not be able to write its rule there, and access then does not open.',
      },
    ],
  });
  if (ahead.blocked !== '') return refusedPlan(title, 'impossible', ahead.blocked);
  const full = await littleRoomForRules(connection, context, ports.length);
  const diff = ports.map((port) => ({
    property: `tcp ${port}`,
    before: 'as the security groups say',
    after: `open for ${source} until ${endsAt}`,
  }));
  return {
    title,
    changes: [{ method: 'POST', resourceId, diff, before: null, after: requestBody(context, wanted) }],
    touches: [],
    permissions: ahead.permissions,
    danger: 'reversible',
    undo: '',
    made: [endsAt],
    warnings: [...ahead.warnings, ...full, ...wanted.warnings],
    consequences: [
      `Defender for Cloud puts a rule in front of the others that lets ${source} in on ${ports.join(', ')}, and takes it away at ${endsAt}.`,
      'It cannot be taken back earlier from here; it expires by itself. A session that is open then stays open.',
      'The request, with your name and this reason, stays in the policy as evidence.',
    ],
    state: { policyId, entry: JSON.stringify(entry), source, ports, endsAt } satisfies RequestState,
  };
}
