import { textAt } from '../../arm/json.ts';
import { listOfArm } from '../client/arm-pages.ts';
import type { Connection } from '../client/connection.ts';
import { isForbidden } from '../client/failure.ts';

const version = '2016-09-01';
const pageLimit = 20;

/** A management lock. */
export interface ManagementLock {
  name: string;
  level: 'ReadOnly' | 'CanNotDelete';
  /** Id of the subscription, resource group or resource that it is on. */
  scope: string;
}

/**
 * The management locks of a subscription, on itself, its resource groups and its resources; of a resource group alone where
 * no more may be read. Throws the client's error.
 */
export async function readManagementLocks(
  connection: Connection,
  resourceGroup: string,
  signal?: AbortSignal,
): Promise<ManagementLock[]> {
  const [, subscription = ''] = /^(\/subscriptions\/[^/]+)/i.exec(resourceGroup) ?? [];
  try {
    return await locksBelow(connection, subscription, signal);
  } catch (error) {
    if (!isForbidden(error)) throw error;
    return locksBelow(connection, resourceGroup, signal);
  }
}

async function locksBelow(
  connection: Connection,
  scope: string,
  signal: AbortSignal | undefined,
): Promise<ManagementLock[]> {
  const url = `${scope}/providers/Microsoft.Authorization/locks?api-version=${version}`;
  const { entries, cut } = await listOfArm(connection, url, pageLimit, signal);
  if (cut !== '') throw new Error(cut);
  return entries.flatMap((lock): ManagementLock[] => {
    const level = textAt(lock, 'properties', 'level').toLowerCase();
    if (level !== 'readonly' && level !== 'cannotdelete') return [];
    const at = textAt(lock, 'id').replace(/\/providers\/Microsoft\.Authorization\/locks\/[^/]+$/i, '');
    return [{ name: textAt(lock, 'name'), level: level === 'readonly' ? 'ReadOnly' : 'CanNotDelete', scope: at }];
  });
}
