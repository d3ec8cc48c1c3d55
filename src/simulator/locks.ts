import type { Azure } from './azure.ts';
import { AzureError } from './azure-error.ts';
import { at, text } from './json.ts';
import { within } from './resource-id.ts';

/** The scope of a lock: its id without its own provider and name. */
export const lockScope = (id: string): string =>
  id.replace(/\/providers\/microsoft\.authorization\/locks\/[^/]+$/i, '');

/**
 * Refuses what a management lock forbids: ReadOnly every write, delete and POST at or below it, CanNotDelete every
 * delete. Rules of a security group may be deleted under the group's CanNotDelete lock, as in Azure.
 */
export function allowedDespiteLocks(azure: Azure, method: string, path: string): void {
  // A lock keeps role assignments too: learn.microsoft.com/azure/azure-resource-manager/management/lock-resources.
  const isAssignment = /\/providers\/microsoft\.authorization\/roleassignments\/[^/]+$/i.test(path);
  if (!isAssignment && /\/providers\/microsoft\.(authorization|resourcegraph)\//i.test(path)) return;
  const locks = azure.store.ofType('Microsoft.Authorization/locks').filter((lock) => {
    const scope = lockScope(lock.id);
    if (!within(path, scope)) return false;
    const level = text(at(lock.properties, 'level'))?.toLowerCase();
    if (level === 'readonly') return true;
    const ruleOfGroup = /\/networksecuritygroups\/[^/]+$/i.test(scope) && path.length > scope.length;
    return level === 'cannotdelete' && method === 'DELETE' && !ruleOfGroup;
  });
  if (locks.length === 0) return;
  const verb = method === 'DELETE' ? 'delete' : 'write';
  const scopes = [...new Set(locks.map((lock) => lockScope(lock.id)))].join("', '");
  throw new AzureError(
    409,
    'ScopeLocked',
    `The scope '${path}' cannot perform ${verb} operation because following scope(s) are locked: '${scopes}'. Please remove the lock and try again.`,
  );
}
