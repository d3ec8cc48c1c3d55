import { at, isObject, type Json, listAt, textAt } from '../../arm/json.ts';
import { parseResourceId, sameId } from '../../arm/resource-id.ts';
import type { Connection } from '../../azure/client/connection.ts';
import { readJitPolicies } from '../../azure/readers/jit-policies.ts';
import type { Target } from '../../playbook/action.ts';

/** Where a new just-in-time policy of a VM goes: its resource group and region. Those there are may be kept elsewhere. */
export function policiesPath({ subscriptionId, resourceGroup, location }: Target): string {
  return `/subscriptions/${subscriptionId}/resourceGroups/${resourceGroup}/providers/Microsoft.Security/locations/${location}/jitNetworkAccessPolicies`;
}

/** Where a policy is kept, by its id: what the client's calls take. Throws for an id that is none of a policy's. */
export function placeOf(policyId: string): { resourceGroup: string; location: string; name: string } {
  const parsed = parseResourceId(policyId);
  const [location = '', name = ''] = parsed?.names ?? [];
  if (!parsed || location === '' || name === '') throw new Error(`not a just-in-time policy: ${policyId}`);
  return { resourceGroup: parsed.resourceGroup, location, name };
}

/** The policy with this id as Azure prints it now; null when there is none. Throws Azure's refusal, and where not all was seen. */
export async function currentPolicy(
  connection: Connection,
  target: Target,
  policyId: string,
  signal: AbortSignal,
): Promise<Json | null> {
  const { policies, notSeen, notSeenWhy } = await readJitPolicies(connection, target, signal);
  const found = policies.find((policy) => sameId(textAt(policy, 'id'), policyId)) ?? null;
  if (found === null && notSeenWhy.includes('damaged'))
    throw new Error(`not all policies were seen: ${notSeen.join('; ')}`);
  return found;
}

/** Minutes of an ISO 8601 duration without months and years ("PT3H", "P1D"); NaN when it is none. */
export function minutesOf(duration: string): number {
  const match = /^P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?$/.exec(duration);
  if (!match || duration === 'P' || duration.endsWith('T')) return Number.NaN;
  const [days = 0, hours = 0, minutes = 0, seconds = 0] = match.slice(1).map((part) => Number(part ?? 0));
  return days * 1440 + hours * 60 + minutes + seconds / 60;
}

/** What of a policy goes back with a PUT: all that it says but what Azure adds by itself. */
export function writable(policy: Json | null, machines: readonly Json[]): Json {
  const properties = at(policy, 'properties');
  const { provisioningState: _, ...rest } = isObject(properties) ? properties : {};
  return { kind: textAt(policy, 'kind') || 'Basic', properties: { ...rest, virtualMachines: machines } };
}

/** What a policy says of each VM in it. */
export const machinesOf = (policy: Json | null | undefined): Json[] =>
  listAt(policy, 'properties', 'virtualMachines').filter(isObject);

/** The list with one VM's entry replaced, added, or (undefined) taken out; the others as they are. */
export function withEntry(machines: readonly Json[], machineId: string, entry: Json | undefined): Json[] {
  const here = machines.findIndex((machine) => sameId(textAt(machine, 'id'), machineId));
  if (here === -1) return entry ? [...machines, entry] : [...machines];
  return entry ? machines.with(here, entry) : machines.toSpliced(here, 1);
}

/** Do two bodies of a policy say the same of every VM? */
export const sameMachines = (one: Json | null | undefined, other: Json | null | undefined) =>
  JSON.stringify(machinesOf(one)) === JSON.stringify(machinesOf(other));
