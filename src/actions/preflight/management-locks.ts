import { shortName } from '../../arm/resource-id.ts';
import type { Connection } from '../../azure/client/connection.ts';
import { type ManagementLock, readManagementLocks } from '../../azure/readers/management-locks.ts';
import { bounded, distinct, groupOf, type Intended, type Outlook, why } from './intended.ts';

const within = (id: string, scope: string): boolean => `${id.toLowerCase()}/`.startsWith(`${scope.toLowerCase()}/`);

/** Rules of a security group may be deleted under the group's own CanNotDelete lock (Azure/azure-powershell #8365). */
function forbids({ level, scope }: ManagementLock, { method, resourceId }: Intended): boolean {
  if (!within(resourceId, scope)) return false;
  if (level === 'ReadOnly') return true;
  const childOfLocked = resourceId.length > scope.length && /\/securityRules\/[^/]+$/i.test(resourceId);
  return method === 'DELETE' && !(childOfLocked && /\/networkSecurityGroups\/[^/]+$/i.test(scope));
}

/**
 * Looks for management locks on everything that is to be changed, at every scope: ReadOnly refuses every change, CanNotDelete
 * every deletion (Microsoft Learn, "Lock your Azure resources").
 */
export async function lookAtLocks(
  connection: Connection,
  intended: readonly Intended[],
  signal: AbortSignal,
): Promise<Outlook> {
  const groups = distinct(
    intended.map(({ resourceId }) => groupOf(resourceId)),
    (group) => group,
  );
  const warnings: string[] = [];
  const read = await Promise.all(
    groups.map((group) =>
      bounded(connection, signal, (ending) => readManagementLocks(connection, group, ending)).catch(
        (error: unknown) => {
          if (signal.aborted) throw error;
          warnings.push(
            `Not seen: management locks on ${shortName(group)} (${why(error)}). One that forbids this refuses it when it is sent.`,
          );
          return [];
        },
      ),
    ),
  );
  const locks = read.flat();
  const found = intended.flatMap((one) => {
    const lock = locks.find((each) => forbids(each, one));
    const text = `${lock?.level} lock ${lock?.name} on ${shortName(lock?.scope ?? '')} refuses ${one.method} of ${shortName(one.resourceId)}`;
    return lock === undefined ? [] : [{ forUndo: one.forUndo === true, text }];
  });
  const texts = (forUndo: boolean) => [
    ...new Set(found.filter((one) => one.forUndo === forUndo).map(({ text }) => text)),
  ];
  const blocking = texts(false);
  return {
    blocked:
      blocking.length === 0
        ? []
        : [
            `A ${blocking.join('; a ')}. Ask the customer to lift it (Owner or User Access Administrator, Microsoft.Authorization/locks/delete), then run this again.`,
          ],
    warnings: [
      ...warnings,
      ...texts(true).map(
        (text) => `An undo cannot do all of it: a ${text}. What it leaves is told then, and filters nothing.`,
      ),
    ],
  };
}
