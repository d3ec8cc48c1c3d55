import type { Connection } from '../azure/connection.ts';
import { parseResourceId } from '../azure/resource-id.ts';
import type { Permission } from '../documents/run.ts';

/** What Azure tells of the caller's permissions at one scope. */
export interface Granted {
  actions: readonly string[];
  notActions: readonly string[];
}

export interface NeededPermission {
  /** "Microsoft.Network/networkInterfaces/write" */
  action: string;
  /** Id of a resource, or of a resource group. */
  scope: string;
}

/** Does a pattern of a role definition ("Microsoft.Network/*", "*" before "/read") cover the action? Case does not count. */
export function covers(pattern: string, action: string): boolean {
  const parts = pattern.toLowerCase().split('*');
  const text = action.toLowerCase();
  const [first = ''] = parts;
  if (parts.length === 1) return text === first;
  const last = parts.at(-1) ?? '';
  if (!text.startsWith(first) || !text.endsWith(last) || text.length < first.length + last.length) return false;
  let from = first.length;
  const end = text.length - last.length;
  for (const part of parts.slice(1, -1)) {
    const found = text.indexOf(part, from);
    if (found === -1 || found + part.length > end) return false;
    from = found + part.length;
  }
  return true;
}

/**
 * Is the action permitted? Each grant is a role assignment: within one, notActions take away from actions; another
 * grant may still give it (Azure RBAC, "NotActions").
 */
export function permits(grants: readonly Granted[], action: string): boolean {
  return grants.some(
    (grant) =>
      grant.actions.some((pattern) => covers(pattern, action)) &&
      !grant.notActions.some((pattern) => covers(pattern, action)),
  );
}

const most = 500;

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

/**
 * What the caller may do of what is needed. `held` is null where the permissions cannot be read: then Azure decides
 * when the change is sent. Deny assignments and policies are not seen.
 */
export async function preflight(connection: Connection, needed: readonly NeededPermission[]): Promise<Permission[]> {
  const scopes = new Map<string, Promise<Granted[] | null>>();
  const unique = [...new Map(needed.map((one) => [`${one.action} ${one.scope}`.toLowerCase(), one])).values()];
  return Promise.all(
    unique.map(async ({ action, scope }) => {
      const key = scope.toLowerCase();
      const asked = scopes.get(key) ?? grantsAt(connection, scope).catch(() => null);
      scopes.set(key, asked);
      const grants = await asked;
      return { action, scope, held: grants === null ? null : permits(grants, action) };
    }),
  );
}
