import { isObject, type Json, listAt, textAt } from '../arm/json.ts';
import { sameId } from '../arm/resource-id.ts';
import type { Connection } from '../azure/client/connection.ts';
import type { Target } from '../playbook/action.ts';

const version = '2020-01-01';
const pageLimit = 20;

/** Where the just-in-time policies of a machine stand: in its resource group and region. */
export function policiesPath({ subscriptionId, resourceGroup, location }: Target): string {
  return `/subscriptions/${subscriptionId}/resourceGroups/${resourceGroup}/providers/Microsoft.Security/locations/${location}/jitNetworkAccessPolicies`;
}

/** The policies of the machine's resource group and region, as Azure prints them. Throws Azure's refusal. */
export async function readPolicies(connection: Connection, target: Target, signal: AbortSignal): Promise<Json[]> {
  const policies: Json[] = [];
  let url = `${policiesPath(target)}?api-version=${version}`;
  for (let page = 0; page < pageLimit && url !== ''; page++) {
    const { body } = await connection.get(url, signal);
    policies.push(...listAt(body, 'value').filter(isObject));
    url = textAt(body, 'nextLink');
  }
  return policies;
}

/** What a policy says of one machine; undefined when it does not name it. */
export function entryOf(policy: Json | undefined, machineId: string): Json | undefined {
  return listAt(policy, 'properties', 'virtualMachines')
    .filter(isObject)
    .find((machine) => sameId(textAt(machine, 'id'), machineId));
}

/** Minutes of an ISO 8601 duration without months and years ("PT3H", "P1D"); NaN when it is none. */
export function minutesOf(duration: string): number {
  const match = /^P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?$/.exec(duration);
  if (!match || duration === 'P' || duration.endsWith('T')) return Number.NaN;
  const [days = 0, hours = 0, minutes = 0, seconds = 0] = match.slice(1).map((part) => Number(part ?? 0));
  return days * 1440 + hours * 60 + minutes + seconds / 60;
}
