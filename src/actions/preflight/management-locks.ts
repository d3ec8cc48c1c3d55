import { shortName } from '../../arm/resource-id.ts';
import type { Connection } from '../../azure/client/connection.ts';
import { type ManagementLock, readManagementLocks } from '../../azure/readers/management-locks.ts';
import { bounded, distinct, groupOf, type Intended, type Outlook, subscriptionOf, why } from './intended.ts';

const within = (id: string, scope: string): boolean => `${id.toLowerCase()}/`.startsWith(`${scope.toLowerCase()}/`);

/** Rules of a security group may be deleted under the group's own CanNotDelete lock (Azure/azure-powershell #8365). */
function forbids({ level, scope }: ManagementLock, { method, resourceId }: Intended): boolean {
  if (!within(resourceId, scope)) return false;
  if (level === 'ReadOnly') return true;
  const childOfLocked = resourceId.length > scope.length && /\/securityRules\/[^/]+$/i.test(resourceId);
  return method === 'DELETE' && !(childOfLocked && /\/networkSecurityGroups\/[^/]+$/i.test(scope));
}

/** The groups to ask about; one is enough for a service's part in a subscription, of which all locks are listed. */
function groupsOf(intended: readonly Intended[]): string[] {
  const ours = intended.filter(({ byService }) => byService === undefined);
  const known = new Set(ours.map(({ resourceId }) => subscriptionOf(resourceId).toLowerCase()));
  const others = intended.filter(({ resourceId }) => !known.has(subscriptionOf(resourceId).toLowerCase()));
  return distinct(
    [...ours, ...others].map(({ resourceId }) => groupOf(resourceId)),
    (group) => group,
  );
}

/** Locks hold for services too: what follows from one that holds a service back. */
function heldBack(locks: readonly ManagementLock[], intended: readonly Intended[]): string[] {
  return intended.flatMap((one) => {
    const lock = one.byService === undefined ? undefined : locks.find((each) => forbids(each, one));
    return lock ? [`${lock.level} lock ${lock.name} on ${shortName(lock.scope)}: ${one.byService}`] : [];
  });
}

/**
 * Looks for management locks on everything that is to be changed, at every scope: ReadOnly refuses every change, also by a
 * POST, CanNotDelete every deletion, for all users and roles (MicrosoftDocs/azure-docs, "Lock your resources to protect your
 * infrastructure", of 2024-03-08).
 */
export async function lookAtLocks(
  connection: Connection,
  intended: readonly Intended[],
  signal: AbortSignal,
): Promise<Outlook> {
  const groups = groupsOf(intended);
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
    if (one.byService !== undefined) return [];
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
      ...heldBack(locks, intended),
      ...texts(true).map((text) => `An undo cannot do all of it: a ${text}. What it leaves is named then.`),
    ],
  };
}
