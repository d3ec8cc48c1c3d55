import { shortName } from '../arm/resource-id.ts';
import type { Connection } from '../azure/client/connection.ts';
import { azureError } from '../azure/client/failure.ts';
import { type ManagementLock, readManagementLocks } from '../azure/readers/management-locks.ts';

/** A request that a step, or its undo, will send. */
export interface Intended {
  method: 'PUT' | 'POST' | 'PATCH' | 'DELETE';
  resourceId: string;
  /** Is it sent by the undo alone? */
  forUndo?: boolean;
}

/** Obstacles to a change that the caller is permitted to make. */
export interface Obstacles {
  /** Why the change cannot be made; "" when nothing of it is known. */
  blocked: string;
  /** What the undo will not be able to do, and what was not seen. */
  warnings: string[];
}

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
export async function obstaclesTo(
  connection: Connection,
  intended: readonly Intended[],
  signal: AbortSignal,
): Promise<Obstacles> {
  const groups = [
    ...new Map(intended.map(({ resourceId }) => [groupOf(resourceId).toLowerCase(), groupOf(resourceId)])).values(),
  ];
  const locks: ManagementLock[] = [];
  const warnings: string[] = [];
  for (const group of groups) {
    try {
      locks.push(...(await readManagementLocks(connection, group, signal)));
    } catch (error) {
      const { status, code, message } = azureError(error);
      warnings.push(
        `Not seen: management locks on ${shortName(group)} (${[status || '', code || message].filter(Boolean).join(' ')}). One that forbids this refuses it when it is sent.`,
      );
    }
  }
  const found = intended.flatMap((one) => {
    const lock = locks.find((each) => forbids(each, one));
    return lock === undefined
      ? []
      : [
          {
            one,
            text: `${lock.level} lock ${lock.name} on ${shortName(lock.scope)} refuses ${one.method} of ${shortName(one.resourceId)}`,
          },
        ];
  });
  const blocking = [...new Set(found.filter(({ one }) => one.forUndo !== true).map(({ text }) => text))];
  const undo = [...new Set(found.filter(({ one }) => one.forUndo === true).map(({ text }) => text))];
  return {
    blocked:
      blocking.length === 0
        ? ''
        : `A ${blocking.join('; a ')}. Ask the customer to lift it (Owner or User Access Administrator, Microsoft.Authorization/locks/delete), then run this again.`,
    warnings: [
      ...warnings,
      ...undo.map(
        (text) => `An undo cannot do all of it: a ${text}. What it leaves is told then, and filters nothing.`,
      ),
    ],
  };
}

/** "/subscriptions/s/resourceGroups/g" of a resource. */
const groupOf = (id: string): string => id.split('/').slice(0, 5).join('/');
