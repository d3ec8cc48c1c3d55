import { AzureError } from '../azure-error.ts';
import { bodyOf, type Call, type Handler, ok, page, param, type Route } from '../call.ts';
import { at, type Json, record, same, text } from '../json.ts';
import { lockScope } from '../locks.ts';
import { lastSegment, within } from '../resource-id.ts';
import type { ArmResource } from '../world.ts';

/** The path in front of `/providers/Microsoft.Authorization/…`. */
const scopeOf = (call: Call): string => {
  const scope = call.path.replace(/\/providers\/microsoft\.authorization\/.*$/i, '');
  return scope === '' ? '/' : scope;
};

const builtin = (
  call: Call,
  name: string,
  roleName: string,
  description: string,
  actions: string[],
  notActions: string[],
): Json => ({
  id: `${subscriptionOf(call)}/providers/Microsoft.Authorization/roleDefinitions/${name}`,
  type: 'Microsoft.Authorization/roleDefinitions',
  name,
  properties: {
    roleName,
    type: 'BuiltInRole',
    description,
    assignableScopes: ['/'],
    permissions: [{ actions, notActions, dataActions: [], notDataActions: [] }],
  },
});

const subscriptionOf = (call: Call): string => /^\/subscriptions\/[^/]+/i.exec(call.path)?.[0] ?? '';

const owner = '8e3af657-a8ff-443c-a75c-2fe8c4bcb635';

/** The built-in roles that most assignments name. */
const builtins = (call: Call): Json[] => [
  builtin(
    call,
    owner,
    'Owner',
    'Grants full access to manage all resources, including the ability to assign roles in Azure RBAC.',
    ['*'],
    [],
  ),
  builtin(
    call,
    'b24988ac-6180-42a0-ab88-20f7382dd24c',
    'Contributor',
    'Grants full access to manage all resources, but does not allow you to assign roles in Azure RBAC.',
    ['*'],
    [
      'Microsoft.Authorization/*/Delete',
      'Microsoft.Authorization/*/Write',
      'Microsoft.Authorization/elevateAccess/Action',
    ],
  ),
  builtin(
    call,
    'acdd72a7-3385-48ef-bd42-f606fba81ae7',
    'Reader',
    'View all resources, but does not allow you to make any changes.',
    ['*/read'],
    [],
  ),
  builtin(
    call,
    '9980e02c-c2be-4d73-94e8-173b1dc7cf3c',
    'Virtual Machine Contributor',
    'Lets you manage virtual machines, but not access to them, and not the virtual network or storage account they are connected to.',
    [
      'Microsoft.Compute/virtualMachines/*',
      'Microsoft.Network/networkInterfaces/*',
      'Microsoft.Network/networkSecurityGroups/join/action',
    ],
    [],
  ),
  builtin(
    call,
    '4d97b98b-1d4f-4787-a291-c67834d212e7',
    'Network Contributor',
    'Lets you manage networks, but not access to them.',
    ['Microsoft.Network/*'],
    [],
  ),
];

const permissions: Handler = (call) => ok({ value: call.azure.permissions.at(scopeOf(call)) });

/** The scope at which an assignment or a lock of the world is made. */
const assignmentScope = (resource: ArmResource): string =>
  text(at(resource.properties, 'scope')) ??
  resource.id.replace(/\/providers\/microsoft\.authorization\/[^/]+\/[^/]+$/i, '');

/** Assignments at, above and below a scope, as Azure lists them without a filter; `atScope()` leaves out those below. */
const roleAssignments: Handler = (call) => {
  const scope = scopeOf(call);
  const filter = call.query.get('$filter') ?? '';
  const principal = /(?:principalId\s+eq|assignedTo\()\s*'([^']+)'/i.exec(filter)?.[1];
  const given = call.azure.store.ofType('Microsoft.Authorization/roleAssignments');
  const found = given.filter((each) => {
    const own = assignmentScope(each);
    const inScope =
      within(scope, own === '' ? '/' : own) || own === '/' || (!/atScope\(\)/i.test(filter) && within(own, scope));
    return inScope && (principal === undefined || same(text(at(each.properties, 'principalId')), principal));
  });
  const body = found.map((each) => ({
    id: each.id,
    name: each.name,
    type: 'Microsoft.Authorization/roleAssignments',
    properties: { scope: assignmentScope(each), ...each.properties },
  }));
  return page(call, body);
};

/** Deny assignments of the world, at, above and below a scope. They are listed, not enforced: `denied` does that. */
const denyAssignments: Handler = (call) => {
  const scope = scopeOf(call);
  const found = call.azure.store
    .ofType('Microsoft.Authorization/denyAssignments')
    .filter((each) => within(scope, assignmentScope(each)) || within(assignmentScope(each), scope));
  return page(
    call,
    found.map(({ id, name, properties }) => ({
      id,
      name,
      type: 'Microsoft.Authorization/denyAssignments',
      properties,
    })),
  );
};

/**
 * Roles that the caller may activate, at, above and below a scope. All that a world has are the caller's: the filter
 * `asTarget()` asks for no others.
 */
const eligibilities: Handler = (call) => {
  const scope = scopeOf(call);
  const found = call.azure.store
    .ofType('Microsoft.Authorization/roleEligibilityScheduleInstances')
    .filter((each) => scope === '/' || within(scope, assignmentScope(each)) || within(assignmentScope(each), scope));
  return page(
    call,
    found.map(({ id, name, type, properties }) => ({ id, name, type, properties })),
  );
};

const definitions = (call: Call): Json[] => [
  ...builtins(call),
  ...call.azure.store.ofType('Microsoft.Authorization/roleDefinitions').map(({ id, name, properties }) => ({
    id,
    name,
    type: 'Microsoft.Authorization/roleDefinitions',
    properties,
  })),
];

const roleDefinitions: Handler = (call) => {
  const wanted = /roleName\s+eq\s+'([^']+)'/i.exec(call.query.get('$filter') ?? '')?.[1];
  return page(
    call,
    definitions(call).filter((each) => wanted === undefined || same(text(at(each, 'properties', 'roleName')), wanted)),
  );
};

const roleDefinition: Handler = (call) => {
  const name = param(call, 'name');
  const found = definitions(call).find((each) => same(text(each.name), name));
  if (found !== undefined) return ok(found);
  throw new AzureError(
    404,
    'RoleDefinitionDoesNotExist',
    `The specified role definition with ID '${name}' does not exist.`,
  );
};

const roleAssignment: Handler = (call) => {
  const found = call.azure.store.get(call.path);
  if (found !== undefined) return ok(found);
  throw new AzureError(404, 'RoleAssignmentNotFound', `The role assignment '${param(call, 'name')}' is not found.`);
};

/** What a PUT of an assignment may say; the rest Azure writes. */
const written = [
  'principalId',
  'principalType',
  'description',
  'condition',
  'conditionVersion',
  'delegatedManagedIdentityResourceId',
];

/**
 * Azure has one assignment of a role to a principal at a scope, whatever its name, and changes neither afterwards. The same
 * name with the same role and principal is taken again, and answered with 200: "Create or update a role assignment by scope and
 * name" (authorization specification 2022-04-01), which azure-cli issue 31995 calls the service's idempotence by name (2025-09).
 */
const putRoleAssignment: Handler = (call) => {
  const { store, clock } = call.azure;
  const scope = scopeOf(call);
  const given = record(bodyOf(call).properties);
  const principalId = text(given.principalId) ?? '';
  const role = text(given.roleDefinitionId) ?? '';
  if (principalId === '' || role === '')
    throw new AzureError(
      400,
      'InvalidRequestContent',
      'The request content was invalid: principalId and roleDefinitionId are required.',
    );
  const sameRole = (each: ArmResource) =>
    same(text(at(each.properties, 'principalId')), principalId) &&
    same(lastSegment(text(at(each.properties, 'roleDefinitionId')) ?? ''), lastSegment(role));
  const before = store.get(call.path);
  if (before !== undefined && !sameRole(before))
    throw new AzureError(
      400,
      'RoleAssignmentUpdateNotPermitted',
      'Tenant ID, application ID, principal ID, and scope are not allowed to be updated.',
    );
  const twin = store
    .ofType('Microsoft.Authorization/roleAssignments')
    .find((each) => each !== before && same(assignmentScope(each), scope) && sameRole(each));
  if (twin !== undefined)
    throw new AzureError(
      409,
      'RoleAssignmentExists',
      `The role assignment already exists. The ID of the existing role assignment is ${twin.name.replaceAll('-', '')}.`,
    );
  const now = clock.precise();
  const createdOn = text(at(before?.properties, 'createdOn')) ?? now;
  const properties: Json = { roleDefinitionId: role, scope, createdOn, updatedOn: now };
  for (const field of written) if (given[field] !== undefined) properties[field] = given[field];
  properties.principalType ??= text(at(before?.properties, 'principalType')) ?? 'User';
  const after: ArmResource = {
    id: before?.id ?? call.path,
    name: lastSegment(call.path),
    type: 'Microsoft.Authorization/roleAssignments',
    properties,
  };
  store.put(after);
  return { status: before === undefined ? 201 : 200, body: after };
};

const removeRoleAssignment: Handler = (call) => {
  const found = call.azure.store.get(call.path);
  if (found === undefined) return { status: 204 };
  call.azure.store.delete(found.id);
  return ok(found);
};

const lockBody = (lock: ArmResource): Json => ({
  id: lock.id,
  name: lock.name,
  type: 'Microsoft.Authorization/locks',
  properties: { level: 'NotSpecified', ...lock.properties },
});

/** Locks at, above and below a scope; `atScope()` leaves out those below. */
const locks: Handler = (call) => {
  const scope = scopeOf(call);
  const only = /atScope\(\)/i.test(call.query.get('$filter') ?? '');
  const found = call.azure.store
    .ofType('Microsoft.Authorization/locks')
    .filter((lock) => within(scope, lockScope(lock.id)) || (!only && within(lockScope(lock.id), scope)));
  return page(call, found.map(lockBody));
};

const lock: Handler = (call) => {
  const found = call.azure.store.get(call.path);
  if (found !== undefined) return ok(lockBody(found));
  throw new AzureError(404, 'LockNotFound', `The lock '${lastSegment(call.path)}' could not be found.`);
};

const putLock: Handler = (call) => {
  const before = call.azure.store.get(call.path);
  const properties = record(bodyOf(call).properties);
  if (!/^(CanNotDelete|ReadOnly)$/.test(text(properties.level) ?? '')) {
    throw new AzureError(400, 'InvalidLockLevel', "The lock level must be 'CanNotDelete' or 'ReadOnly'.");
  }
  const after: ArmResource = {
    id: before?.id ?? call.path,
    name: lastSegment(call.path),
    type: 'Microsoft.Authorization/locks',
    properties,
  };
  call.azure.store.put(after);
  return { status: before === undefined ? 201 : 200, body: lockBody(after) };
};

const removeLock: Handler = (call) => {
  if (call.azure.store.get(call.path) === undefined) return { status: 204 };
  call.azure.store.delete(call.path);
  return { status: 200 };
};

const kinds: [string, Handler, Handler | undefined][] = [
  ['permissions', permissions, undefined],
  ['roleAssignments', roleAssignments, roleAssignment],
  ['roleDefinitions', roleDefinitions, roleDefinition],
  ['denyAssignments', denyAssignments, undefined],
  ['roleEligibilityScheduleInstances', eligibilities, undefined],
  ['locks', locks, lock],
];

export const authorizationRoutes: Route[] = [
  ...kinds.flatMap(([kind, listing, single]) => [
    { method: 'GET', template: `/{scope...}/providers/Microsoft.Authorization/${kind}`, handler: listing },
    { method: 'GET', template: `/providers/Microsoft.Authorization/${kind}`, handler: listing },
    ...(single === undefined
      ? []
      : [
          { method: 'GET', template: `/{scope...}/providers/Microsoft.Authorization/${kind}/{name}`, handler: single },
          { method: 'GET', template: `/providers/Microsoft.Authorization/${kind}/{name}`, handler: single },
        ]),
  ]),
  {
    method: 'PUT',
    template: '/{scope...}/providers/Microsoft.Authorization/roleAssignments/{name}',
    handler: putRoleAssignment,
  },
  {
    method: 'DELETE',
    template: '/{scope...}/providers/Microsoft.Authorization/roleAssignments/{name}',
    handler: removeRoleAssignment,
  },
  { method: 'PUT', template: '/{scope...}/providers/Microsoft.Authorization/locks/{name}', handler: putLock },
  { method: 'DELETE', template: '/{scope...}/providers/Microsoft.Authorization/locks/{name}', handler: removeLock },
];
