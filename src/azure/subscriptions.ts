import { distance } from 'fastest-levenshtein';
import { exitCode, Failure } from '../failure.ts';
import { printable } from '../text/printable.ts';
import type { Connection } from './connection.ts';

export interface Subscription {
  id: string;
  name: string;
}

/** The candidates nearest to what was written, nearest first. */
export function nearest(wanted: string, candidates: Iterable<string>, most = 3): string[] {
  const lower = wanted.toLowerCase();
  return [...new Set(candidates)]
    .map((name) => ({ name, far: name.toLowerCase().includes(lower) ? 0 : distance(lower, name.toLowerCase()) }))
    .filter(({ name, far }) => far <= Math.max(2, Math.ceil(name.length / 2)))
    .sort((a, b) => a.far - b.far || a.name.localeCompare(b.name))
    .slice(0, most)
    .map(({ name }) => name);
}

/**
 * The enabled subscriptions that were asked for, or all in reach. Throws a Failure for a name or id that is not in
 * reach, with the nearest names, and the SDK's error when nobody is signed in.
 */
export async function readSubscriptions(connection: Connection): Promise<Subscription[]> {
  const client = await connection.subscriptions();
  const all: Subscription[] = [];
  for await (const subscription of client.subscriptions.list()) {
    if (!subscription.subscriptionId) continue;
    all.push({
      id: subscription.subscriptionId,
      name: printable(subscription.displayName ?? subscription.subscriptionId, 80),
    });
  }
  if (connection.wantedSubscriptions.length === 0) return all;
  return connection.wantedSubscriptions.map((wanted) => {
    const found = all.find(({ id, name }) => [id.toLowerCase(), name.toLowerCase()].includes(wanted.toLowerCase()));
    if (found) return found;
    const near = nearest(
      wanted,
      all.map(({ name }) => name),
    );
    throw new Failure(
      `no subscription "${printable(wanted, 80)}" among the ${all.length} that this sign-in can see` +
        (near.length > 0 ? `; nearest: ${near.join(', ')}` : ''),
      exitCode.usage,
    );
  });
}
