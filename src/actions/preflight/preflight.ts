import type { Connection } from '../../azure/client/connection.ts';
import type { Permission } from '../../documents/run.ts';
import type { ActionContext } from '../../playbook/action.ts';
import type { Intended, Outlook } from './intended.ts';
import { lookAtLocks } from './management-locks.ts';
import { lookAtPermissions, type NeededPermission } from './permissions.ts';
import { lookAtPolicies } from './policies.ts';
import { lookAtQuotas } from './quotas.ts';
import { lookAtRegistrations } from './registrations.ts';

/** Whether Azure will take a change and its undo, as far as can be asked before. */
export interface Preflight {
  permissions: Permission[];
  /** Why the change cannot be made at all; "" when no obstacle is known. */
  blocked: string;
  /** What the undo will not be able to do, and what was not seen. */
  warnings: string[];
}

/**
 * Asks everything that decides beforehand whether Azure takes a change: roles and deny assignments, management locks,
 * policies, registered providers, quotas. All at once, each for a bounded time; what is not answered is not known, and
 * prevents nothing.
 */
export async function preflight(
  connection: Connection,
  { signal }: Pick<ActionContext, 'signal'>,
  about: { needed: readonly NeededPermission[]; intended: readonly Intended[] },
): Promise<Preflight> {
  const { needed } = about;
  const intended = about.intended.filter(({ byService }) => byService === undefined);
  const [held, ...outlooks] = await Promise.all([
    lookAtPermissions(connection, needed, signal),
    lookAtLocks(connection, about.intended, signal),
    lookAtPolicies(connection, intended, signal),
    lookAtRegistrations(connection, intended, signal),
    lookAtQuotas(connection, intended, signal),
  ]);
  const all = (part: keyof Outlook) => [...new Set(outlooks.flatMap((one) => one[part]))];
  return {
    permissions: held.permissions,
    blocked: all('blocked').join(' '),
    warnings: [...held.warnings, ...all('warnings')],
  };
}
