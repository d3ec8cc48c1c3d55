import { parseResourceId, shortName } from '../../arm/resource-id.ts';
import type { Connection } from '../../azure/client/connection.ts';
import { type DenyAssignment, denies, readDenyAssignments } from '../../azure/readers/deny-assignments.ts';
import { activation, adviseRoles, type EligibleRole, eligibleFor } from '../../azure/readers/eligible-roles.ts';
import { type Granted, permits } from '../../azure/readers/role-permissions.ts';
import type { Permission } from '../../documents/run.ts';
import { bounded, groupOf, subscriptionOf, why } from './intended.ts';

export interface NeededPermission {
  /** "Microsoft.Network/networkInterfaces/write" */
  action: string;
  /** Id of a resource, or of a resource group. */
  scope: string;
  /** Is it needed for undoing, not for the change itself? */
  forUndo?: boolean;
}

const most = 500;

/** A built-in role that has such an action, by its provider: what to ask the customer for. */
const roles: readonly (readonly [RegExp, string])[] = [
  [/^microsoft\.network\//i, 'Network Contributor'],
  [/^microsoft\.compute\/(snapshots|disks)\//i, 'Disk Snapshot Contributor'],
  [/^microsoft\.compute\//i, 'Virtual Machine Contributor'],
  [/^microsoft\.authorization\/roleassignments\//i, 'Role Based Access Control Administrator'],
  [/^microsoft\.security\//i, 'Security Admin'],
  [/^microsoft\.securityinsights\/.*\/delete$/i, 'Microsoft Sentinel Contributor'],
  [/^microsoft\.securityinsights\//i, 'Microsoft Sentinel Responder'],
  // Owner has it too (Microsoft Learn, "Lock your resources": who can create or delete locks).
  [/^microsoft\.authorization\//i, 'User Access Administrator'],
  // Microsoft's table of backup roles names it for stopping protection with the data retained.
  [/^microsoft\.recoveryservices\/.*\/protectedItems\/write$/i, 'Backup Contributor'],
  [/^microsoft\.recoveryservices\//i, 'Backup Operator'],
];
const roleFor = (action: string): string => roles.find(([provider]) => provider.test(action))?.[1] ?? 'Contributor';

/** What the caller's roles grant at a scope; `whole` is false where there is more than was read. Null where it is not known. */
async function grantsAt(
  connection: Connection,
  scope: string,
  abortSignal: AbortSignal,
): Promise<{ grants: Granted[]; whole: boolean } | null> {
  const resource = parseResourceId(scope);
  const group = /^\/subscriptions\/([^/]+)\/resourceGroups\/([^/]+)$/i.exec(scope);
  const subscriptionId = resource?.subscriptionId ?? group?.[1];
  const resourceGroup = resource?.resourceGroup ?? group?.[2];
  if (subscriptionId === undefined || resourceGroup === undefined) return null;
  const { permissions } = await connection.authorization(subscriptionId);
  const grants: Granted[] = [];
  const parts = resource?.type.split('/') ?? [];
  const [namespace = '', ...types] = parts;
  const parents = types.slice(0, -1).map((type, index) => `${type}/${resource?.names[index] ?? ''}`);
  const pages = resource
    ? permissions.listForResource(resourceGroup, namespace, parents.join('/'), types.at(-1) ?? '', resource.name, {
        abortSignal,
      })
    : permissions.listForResourceGroup(resourceGroup, { abortSignal });
  for await (const one of pages) {
    grants.push({ actions: one.actions ?? [], notActions: one.notActions ?? [] });
    if (grants.length > most) return { grants, whole: false };
  }
  return { grants, whole: true };
}

/** Asks once for each key. */
function once<T>(ask: (key: string) => Promise<T>): (key: string) => Promise<T> {
  const asked = new Map<string, Promise<T>>();
  return (key) => {
    const known = asked.get(key.toLowerCase()) ?? ask(key);
    asked.set(key.toLowerCase(), known);
    return known;
  };
}

/**
 * What the caller may do of what is needed, by role and deny assignments, each with a role that has it. `held` is null
 * where the permissions cannot be read, or a deny assignment is for groups that the caller may be in: then Azure decides
 * when the change is sent.
 */
export async function lookAtPermissions(
  connection: Connection,
  needed: readonly NeededPermission[],
  signal: AbortSignal,
): Promise<{ permissions: Permission[]; warnings: string[] }> {
  const warnings: string[] = [];
  const unseen = (group: string, because: string) =>
    `Not seen: deny assignments on ${shortName(group)} (${because}). One that forbids this refuses it when it is sent.`;
  const ask = <T>(work: (ending: AbortSignal) => Promise<T>) => bounded(connection, signal, work);
  const grantsOf = once((scope) => ask((ending) => grantsAt(connection, scope, ending)).catch(() => null));
  const denialsOf = once((group) =>
    ask(async (ending): Promise<DenyAssignment[]> => {
      const { denials, cut } = await readDenyAssignments(connection, group, ending);
      if (cut !== '') warnings.push(unseen(group, cut));
      return denials;
    }).catch((error: unknown) => {
      warnings.push(unseen(group, why(error)));
      return [];
    }),
  );
  const eligibleIn = once((subscription) =>
    ask((ending) => adviseRoles(connection, subscription, ending)).catch((): EligibleRole[] => []),
  );
  async function permissionOf({ action, scope, forUndo }: NeededPermission): Promise<Permission> {
    const [held, denials] = await Promise.all([grantsOf(scope), denialsOf(groupOf(scope))]);
    const denied = denials.filter((one) => denies(one, action, scope));
    const sure = denied.find(({ mine }) => mine === true);
    const [maybe] = denied;
    const permitted = held === null ? null : permits(held.grants, action) || (held.whole ? false : null);
    // A role that only waits to be activated is not for the customer to grant.
    const roles = permitted === false && !sure ? await eligibleIn(`/subscriptions/${subscriptionOf(scope)}`) : [];
    const eligible = await ask((ending) => eligibleFor(connection, roles, { action, scope }, ending)).catch(
      () => undefined,
    );
    return {
      action,
      scope,
      held: sure ? false : maybe && permitted !== false ? null : permitted,
      role: roleFor(action),
      ...(forUndo === true ? { forUndo } : {}),
      ...(maybe ? { deniedBy: (sure ?? maybe).name } : {}),
      ...(eligible ? { eligible: activation(eligible) } : {}),
    };
  }
  const unique = [
    ...new Map(needed.toReversed().map((one) => [`${one.action} ${one.scope}`.toLowerCase(), one])).values(),
  ];
  const permissions = await Promise.all(unique.reverse().map(permissionOf));
  signal.throwIfAborted();
  return { permissions, warnings };
}
