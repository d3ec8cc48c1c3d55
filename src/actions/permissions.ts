import { parseResourceId } from '../arm/resource-id.ts';
import type { Connection } from '../azure/client/connection.ts';
import { type DenyAssignment, denies, readDenyAssignments } from '../azure/readers/deny-assignments.ts';
import { activation, type EligibleRole, eligibleFor, readEligibleRoles } from '../azure/readers/eligible-roles.ts';
import { type Granted, permits } from '../azure/readers/role-permissions.ts';
import type { Permission } from '../documents/run.ts';

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
  [/^microsoft\.security\//i, 'Security Admin'],
  // Microsoft's table of backup roles names it for stopping protection with the data retained.
  [/^microsoft\.recoveryservices\/.*\/protectedItems\/write$/i, 'Backup Contributor'],
  [/^microsoft\.recoveryservices\//i, 'Backup Operator'],
];
const roleFor = (action: string): string => roles.find(([provider]) => provider.test(action))?.[1] ?? 'Contributor';

async function grantsAt(connection: Connection, scope: string): Promise<Granted[] | null> {
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
    ? permissions.listForResource(resourceGroup, namespace, parents.join('/'), types.at(-1) ?? '', resource.name)
    : permissions.listForResourceGroup(resourceGroup);
  for await (const one of pages) {
    grants.push({ actions: one.actions ?? [], notActions: one.notActions ?? [] });
    if (grants.length >= most) break;
  }
  return grants;
}

/** "/subscriptions/s/resourceGroups/g" of a resource or group. */
const groupOf = (scope: string): string => scope.split('/').slice(0, 5).join('/');

/** "/subscriptions/s" of anything in it. */
const subscriptionOf = (scope: string): string => scope.split('/').slice(0, 3).join('/');

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
export async function preflight(connection: Connection, needed: readonly NeededPermission[]): Promise<Permission[]> {
  const grantsOf = once((scope) => grantsAt(connection, scope).catch(() => null));
  const denialsOf = once((group) => readDenyAssignments(connection, group).catch((): DenyAssignment[] => []));
  const unique = [
    ...new Map(needed.toReversed().map((one) => [`${one.action} ${one.scope}`.toLowerCase(), one])).values(),
  ];
  const eligibleIn = once((subscription) =>
    readEligibleRoles(connection, subscription).catch((): EligibleRole[] => []),
  );
  return Promise.all(
    unique.reverse().map(async ({ action, scope, forUndo }) => {
      const [grants, denials] = await Promise.all([grantsOf(scope), denialsOf(groupOf(scope))]);
      const denied = denials.filter((one) => denies(one, action, scope));
      const sure = denied.find(({ mine }) => mine === true);
      const [maybe] = denied;
      const permitted = grants === null ? null : permits(grants, action);
      // What only waits to be activated is no lack of the customer's to fill.
      const eligible =
        permitted === false && !sure
          ? await eligibleFor(connection, await eligibleIn(subscriptionOf(scope)), action, scope)
          : undefined;
      return {
        action,
        scope,
        held: sure ? false : maybe && permitted !== false ? null : permitted,
        role: roleFor(action),
        ...(forUndo === true ? { forUndo } : {}),
        ...(maybe ? { deniedBy: (sure ?? maybe).name } : {}),
        ...(eligible ? { eligible: activation(eligible) } : {}),
      };
    }),
  );
}
