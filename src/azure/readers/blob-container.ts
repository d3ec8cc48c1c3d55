import { booleanAt, numberAt, textAt } from '../../arm/json.ts';
import { printable } from '../../text/printable.ts';
import type { Connection } from '../client/connection.ts';
import { briefly } from '../client/failure.ts';
import { kqlString, withLiterals } from '../client/kql-literal.ts';
import { loadQuery } from '../client/load-query.ts';
import { queryGraph } from '../client/resource-graph.ts';
import { placeIn } from '../client/storage.ts';
import { readReachableSubscriptions } from './subscriptions.ts';

/** What keeps the blobs of a container from being changed and deleted. */
export interface ContainerPolicy {
  /** Days since a blob was made; 0 without a time-based policy. */
  days: number;
  /** A policy that is not locked can be taken away. */
  locked: boolean;
  legalHold: boolean;
  /** The policy is one of versions: it can be another for each blob. */
  ofVersions: boolean;
  /** Append blobs can be appended to while they are kept ("Allow protected append blob writes"). */
  appends: boolean;
}

/** The versions that the storage provider's specification has for "BlobContainers_Get". */
const version = '2024-01-01';

/**
 * Reads the immutability of a container from Azure Resource Manager: a signature does not permit to read a container's properties
 * ("Get Container Properties"). `because` is a sentence's end where that cannot be read.
 */
export async function readContainerPolicy(
  connection: Connection,
  url: string,
  signal: AbortSignal,
): Promise<{ policy: ContainerPolicy } | { because: string }> {
  const { account, container } = placeIn(url);
  try {
    const subscriptions = (await readReachableSubscriptions(connection)).map(({ id }) => id);
    const query = withLiterals(await loadQuery('storage-account'), { _account: kqlString(account) });
    const { rows } = await queryGraph(connection, query, subscriptions, signal);
    const [id = ''] = rows.map((row) => textAt(row, 'id'));
    if (id === '') return { because: `no subscription in reach shows the storage account ${printable(account, 40)}` };
    const path = `${id}/blobServices/default/containers/${encodeURIComponent(container)}?api-version=${version}`;
    const { body } = await connection.get(path, signal);
    const own = (...names: string[]) => ['properties', 'immutabilityPolicy', 'properties', ...names];
    return {
      policy: {
        days: numberAt(body, ...own('immutabilityPeriodSinceCreationInDays')) ?? 0,
        locked: /^locked$/i.test(textAt(body, ...own('state'))),
        legalHold: booleanAt(body, 'properties', 'hasLegalHold') === true,
        appends:
          booleanAt(body, ...own('allowProtectedAppendWrites')) === true ||
          booleanAt(body, ...own('allowProtectedAppendWritesAll')) === true,
        ofVersions: booleanAt(body, 'properties', 'immutableStorageWithVersioning', 'enabled') === true,
      },
    };
  } catch (error) {
    signal.throwIfAborted();
    return { because: briefly(error) };
  }
}

/** "kept for 180 days from when it was made, by a locked policy; a legal hold" */
export function policyText({ days, locked, legalHold, ofVersions }: ContainerPolicy): string {
  const time = `kept for ${days} days from when it is made, by a ${locked ? 'locked' : 'policy that is NOT locked'}`;
  const said = [
    ...(days > 0 ? [locked ? `${time} policy${ofVersions ? ' of versions' : ''}` : time] : []),
    ...(legalHold ? ['under a legal hold'] : []),
  ];
  return said.join(', and ');
}
