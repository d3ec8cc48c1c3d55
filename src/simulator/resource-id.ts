/** An ARM path taken apart. Extension resources (`…/providers/A/b/c/providers/X/y/z`) are described by their last provider. */
export interface ArmPath {
  subscription?: string;
  group?: string;
  /** Namespace after the last `/providers/`. */
  namespace?: string;
  /** Type segments and names after the namespace, in turn. The path ends in a type when there is one type more. */
  types: string[];
  names: string[];
  /** The part before the last `/providers/`. */
  scope: string;
}

const segmentsOf = (path: string): string[] => path.split('/').filter((part) => part !== '');

/** Takes an ARM path or id apart; never fails, what is missing is absent. */
export function readPath(path: string): ArmPath {
  const parts = segmentsOf(path);
  const lower = parts.map((part) => part.toLowerCase());
  const last = lower.lastIndexOf('providers');
  const found: ArmPath = { types: [], names: [], scope: last < 0 ? path : `/${parts.slice(0, last).join('/')}` };
  if (lower[0] === 'subscriptions' && parts[1] !== undefined) {
    found.subscription = parts[1];
    if (lower[2] === 'resourcegroups' && parts[3] !== undefined) found.group = parts[3];
  }
  const namespace = parts[last + 1];
  if (last >= 0 && namespace !== undefined) {
    found.namespace = namespace;
    parts.slice(last + 2).forEach((part, index) => {
      (index % 2 === 0 ? found.types : found.names).push(part);
    });
  }
  return found;
}

/** `Microsoft.Network/networkInterfaces` and the like, in the case it was written in. */
export function typeOf(path: ArmPath): string {
  return [path.namespace ?? '', ...path.types].join('/');
}

/** The id one level up: the subnet's network, the rule's security group. */
export function parentId(id: string): string {
  return id.split('/').slice(0, -2).join('/');
}

export const lastSegment = (id: string): string => id.slice(id.lastIndexOf('/') + 1);

/** Whether an id is a scope itself or lies below it. */
export function within(id: string, scope: string): boolean {
  const low = id.toLowerCase();
  const bound = scope.toLowerCase().replace(/\/+$/, '');
  return low === bound || low.startsWith(`${bound}/`);
}

const plainActions: [RegExp, string][] = [
  [/^\/?$/, ''],
  [/^\/tenants$/i, 'Microsoft.Resources/tenants'],
  [/^\/subscriptions(\/[^/]+)?$/i, 'Microsoft.Resources/subscriptions'],
  [/^\/subscriptions\/[^/]+\/resourcegroups(\/[^/]+)?$/i, 'Microsoft.Resources/subscriptions/resourceGroups'],
  [/^\/subscriptions\/[^/]+\/providers(\/[^/]+)?$/i, 'Microsoft.Resources/subscriptions/providers'],
  [/^\/subscriptions\/[^/]+\/locations$/i, 'Microsoft.Resources/subscriptions/locations'],
  [
    /^\/subscriptions\/[^/]+(\/resourcegroups\/[^/]+)?\/resources$/i,
    'Microsoft.Resources/subscriptions/resourceGroups/resources',
  ],
];

const verbs: Record<string, string> = {
  GET: 'read',
  HEAD: 'read',
  PUT: 'write',
  PATCH: 'write',
  DELETE: 'delete',
};

/**
 * The permission that a request needs and the scope at which it is asked for, as Azure's role-based access control
 * derives them: type segments of the path, then `read`, `write`, `delete` or `<verb>/action`.
 */
export function neededAction(method: string, path: string): { action: string; scope: string } {
  for (const [pattern, type] of plainActions) {
    if (!pattern.test(path)) continue;
    return {
      action: `${type}/${verbs[method] ?? 'action'}`,
      scope: path.replace(/\/(resources|providers|locations)(\/[^/]+)?$/i, ''),
    };
  }
  const arm = readPath(path);
  const type = typeOf(arm);
  const endsInType = arm.types.length > arm.names.length;
  if (method === 'POST' && endsInType) {
    if (/^microsoft\.resourcegraph$/i.test(arm.namespace ?? '')) return { action: `${type}/read`, scope: '/' };
    // https://learn.microsoft.com/azure/role-based-access-control/permissions/management-and-governance
    if (/^microsoft\.policyinsights\/checkpolicyrestrictions$/i.test(type))
      return { action: `${type}/read`, scope: arm.scope };
    const scope = arm.names.length === 0 ? arm.scope : path.slice(0, path.lastIndexOf('/'));
    return { action: `${type}/action`, scope };
  }
  const scope = !endsInType ? path : arm.names.length === 0 ? arm.scope : path.slice(0, path.lastIndexOf('/'));
  return { action: `${type}/${verbs[method] ?? 'action'}`, scope: scope === '' ? '/' : scope };
}
