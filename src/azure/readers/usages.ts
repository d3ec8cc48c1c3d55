import { numberAt, textAt } from '../../arm/json.ts';
import { listOfArm } from '../client/arm-pages.ts';
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

/** A subscription's quotas in a region; `cut` says that there are more than were read, or is "". */
export interface Usages {
  usages: Usage[];
  cut: string;
}

/** "Usages - List" of the network provider, "Usage - List" of the compute provider. Throws the client's error. */
export async function readUsages(
  connection: Connection,
  place: { namespace: CountingNamespace; subscriptionId: string; location: string },
  signal?: AbortSignal,
): Promise<Usages> {
  const { namespace, subscriptionId, location } = place;
  const url = `/subscriptions/${subscriptionId}/providers/${namespace}/locations/${encodeURIComponent(location)}/usages?api-version=${versions[namespace]}`;
  const { entries, cut } = await listOfArm(connection, url, pageLimit, signal);
  const usages = entries.flatMap((one): Usage[] => {
    const [used, limit] = [numberAt(one, 'currentValue'), numberAt(one, 'limit')];
    return used === undefined || limit === undefined ? [] : [{ name: textAt(one, 'name', 'value'), used, limit }];
  });
  return { usages, cut };
}
