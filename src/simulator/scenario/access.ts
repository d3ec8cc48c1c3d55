// Who may do what, and what is locked.
import type { ArmResource } from '../world.ts';
import { guidOf } from './seeded.ts';

/** Built-in roles; their ids are the same in every tenant. */
export const roles = {
  owner: [
    '8e3af657-a8ff-443c-a75c-2fe8c4bcb635',
    'Owner',
    'Grants full access to manage all resources, including the ability to assign roles in Azure RBAC.',
  ],
  contributor: [
    'b24988ac-6180-42a0-ab88-20f7382dd24c',
    'Contributor',
    'Grants full access to manage all resources, but does not allow you to assign roles in Azure RBAC.',
  ],
  reader: [
    'acdd72a7-3385-48ef-bd42-f606fba81ae7',
    'Reader',
    'View all resources, but does not allow you to make any changes.',
  ],
} as const;

export type Role = keyof typeof roles;

const notActions: Record<Role, string[]> = {
  owner: [],
  contributor: [
    'Microsoft.Authorization/*/Delete',
    'Microsoft.Authorization/*/Write',
    'Microsoft.Authorization/elevateAccess/Action',
  ],
  reader: [],
};

/** A built-in role as a subscription prints it. */
export function roleDefinition(subscription: string, role: Role): ArmResource {
  const [name, roleName, description] = roles[role];
  return {
    id: `/subscriptions/${subscription}/providers/Microsoft.Authorization/roleDefinitions/${name}`,
    name,
    type: 'Microsoft.Authorization/roleDefinitions',
    properties: {
      roleName,
      type: 'BuiltInRole',
      description,
      assignableScopes: ['/'],
      permissions: [
        {
          actions: [role === 'reader' ? '*/read' : '*'],
          notActions: [...notActions[role]],
          dataActions: [],
          notDataActions: [],
        },
      ],
      createdOn: '2015-02-02T21:55:09.8806423Z',
      updatedOn: '2023-08-21T15:34:41.0001237Z',
    },
  };
}

/** A role given to a principal at a scope. */
export function roleAssignment(
  subscription: string,
  scope: string,
  role: Role,
  principalId: string,
  principalType: 'User' | 'ServicePrincipal' | 'Group',
): ArmResource {
  const name = guidOf(`role:${scope}:${principalId}:${role}`);
  return {
    id: `${scope}/providers/Microsoft.Authorization/roleAssignments/${name}`,
    name,
    type: 'Microsoft.Authorization/roleAssignments',
    properties: {
      roleDefinitionId: `/subscriptions/${subscription}/providers/Microsoft.Authorization/roleDefinitions/${roles[role][0]}`,
      principalId,
      principalType,
      scope,
      createdOn: '2026-02-11T10:04:31.2210019Z',
      updatedOn: '2026-02-11T10:04:31.2210019Z',
    },
  };
}

/** A management lock at a scope. */
export function lock(scope: string, name: string, level: 'CanNotDelete' | 'ReadOnly', notes: string): ArmResource {
  return {
    id: `${scope}/providers/Microsoft.Authorization/locks/${name}`,
    name,
    type: 'Microsoft.Authorization/locks',
    properties: { level, notes },
  };
}
