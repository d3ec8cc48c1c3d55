import { exitCode, Failure } from '../../failure.ts';
import { listed } from '../../text/counts.ts';
import { nearest } from '../../text/nearest.ts';
import { printable } from '../../text/printable.ts';
import type { Connection } from '../client/connection.ts';

export interface Subscription {
  id: string;
  name: string;
  /**
   * The tenant that it belongs to: with Azure Lighthouse another than that of the sign-in. "" when Azure does not
   * report it.
   */
  tenantId: string;
}

/** The enabled subscriptions in reach, whichever were asked for. Throws the SDK's error without a sign-in. */
export async function readReachableSubscriptions(connection: Connection): Promise<Subscription[]> {
  const client = await connection.subscriptions();
  const all: Subscription[] = [];
  for await (const subscription of client.subscriptions.list()) {
    if (!subscription.subscriptionId) continue;
    all.push({
      id: subscription.subscriptionId,
      name: printable(subscription.displayName ?? subscription.subscriptionId, 80),
      tenantId: subscription.tenantId ?? '',
    });
  }
  return all;
}

/**
 * The enabled subscriptions that were asked for, or all in reach. Throws a Failure for a name or id that is not in
 * reach, with the nearest names, for a name that several have, with their ids, and the SDK's error without a sign-in.
 */
export async function readSubscriptions(connection: Connection): Promise<Subscription[]> {
  const all = await readReachableSubscriptions(connection);
  if (connection.wantedSubscriptions.length === 0) return all;
  return connection.wantedSubscriptions.map((wanted) => {
    const named = ({ id, name }: Subscription) => [id.toLowerCase(), name.toLowerCase()].includes(wanted.toLowerCase());
    const found = all.filter(named);
    const [first] = found;
    if (first && found.length === 1) return first;
    if (found.length > 1) {
      throw new Failure(
        `"${printable(wanted, 80)}" names ${found.length} subscriptions; nothing was done. Say which, by its id:\n${found.map(({ id }) => `  ${printable(id, 80)}`).join('\n')}`,
        exitCode.usage,
      );
    }
    const near = nearest(
      wanted,
      all.map(({ name }) => name),
    );
    throw new Failure(
      `no subscription "${printable(wanted, 80)}" among the ${all.length} that this sign-in can see` +
        (near.length > 0
          ? `; nearest: ${near.join(', ')}`
          : `: ${listed(
              all.map(({ name }) => printable(name, 80)),
              10,
            )}`),
      exitCode.usage,
    );
  });
}
