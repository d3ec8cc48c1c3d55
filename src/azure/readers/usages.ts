import { numberAt, textAt } from '../../arm/json.ts';
import { listedByArm } from '../client/arm-pages.ts';
import type { Connection } from '../client/connection.ts';

/** How much of a quota is used, in one region of a subscription. */
export interface Usage {
  /** "NetworkSecurityGroups" */
  name: string;
  used: number;
  limit: number;
}

const versions = { 'Microsoft.Network': '2026-01-01', 'Microsoft.Compute': '2026-04-01' };
export type CountingNamespace = keyof typeof versions;

const pageLimit = 10;

/** "Usages - List" of the network provider, "Usage - List" of the compute provider. Throws the client's error. */
export async function readUsages(
  connection: Connection,
  place: { namespace: CountingNamespace; subscriptionId: string; location: string },
  signal?: AbortSignal,
): Promise<Usage[]> {
  const { namespace, subscriptionId, location } = place;
  const found: Usage[] = [];
  const url = `/subscriptions/${subscriptionId}/providers/${namespace}/locations/${encodeURIComponent(location)}/usages?api-version=${versions[namespace]}`;
  for await (const one of listedByArm(connection, url, pageLimit, signal)) {
    const [used, limit] = [numberAt(one, 'currentValue'), numberAt(one, 'limit')];
    if (used !== undefined && limit !== undefined) found.push({ name: textAt(one, 'name', 'value'), used, limit });
  }
  return found;
}
