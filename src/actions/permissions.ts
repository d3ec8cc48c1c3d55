import { parseResourceId } from '../arm/resource-id.ts';
import type { Connection } from '../azure/client/connection.ts';
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
