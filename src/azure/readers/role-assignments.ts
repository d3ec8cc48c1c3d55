import type { RoleAssignment, RoleDefinition } from '@azure/arm-authorization';
import { shortName } from '../../arm/resource-id.ts';
import type { WhyUnknown } from '../../documents/fact.ts';
import { capabilities } from '../../triage/identity.ts';
import type { Connection } from '../client/connection.ts';
import { azureError, isForbidden, whyOf } from '../client/failure.ts';
import { permits } from './role-permissions.ts';

export interface HeldRole {
  role: string;
  scope: string;
  can: string[] | null;
}

export interface HeldRoles {
  held: HeldRole[];
  /** false: they could not be read anywhere. */
  known: boolean;
  notSeen: string[];
  notSeenWhy: WhyUnknown[];
}

const assignmentLimit = 500;

/** What of a role an intruder wants. */
export function capabilitiesOf(definition: Pick<RoleDefinition, 'permissions'>): string[] {
  const permissions = definition.permissions ?? [];
  const actions = permissions.map(({ actions = [], notActions = [] }) => ({ actions, notActions }));
  const data = permissions.map(({ dataActions = [], notDataActions = [] }) => ({
    actions: dataActions,
    notActions: notDataActions,
  }));
  return capabilities
    .filter(({ action, data: isData }) => permits(isData ? data : actions, action))
    .map(({ can }) => can);
}

/**
 * The roles that principals hold at, above and below the subscriptions in reach, through groups too (`assignedTo`:
 * Microsoft Learn, "List Azure role assignments using the REST API"). Where the subscription may not be read, those of
 * one resource group and above it.
 */
export function roleReader(connection: Connection, home: { subscriptionId: string; resourceGroup: string }) {
  const definitions = new Map<string, Promise<{ role: string; can: string[] | null }>>();

  async function definitionOf(id: string): Promise<{ role: string; can: string[] | null }> {
    const { roleDefinitions } = await connection.authorization(home.subscriptionId);
    // A caller that may read only a resource group may read its role assignments, but not the subscription's.
    const group = `subscriptions/${home.subscriptionId}/resourceGroups/${home.resourceGroup}`;
    try {
      const definition = await roleDefinitions
        .getById(id.replace(/^\//, ''))
        .catch(() => roleDefinitions.get(group, shortName(id)));
      return { role: definition.roleName ?? shortName(id), can: capabilitiesOf(definition) };
    } catch {
      return { role: shortName(id), can: null };
    }
  }

  async function collect(pages: AsyncIterable<RoleAssignment>): Promise<{ held: HeldRole[]; cut: boolean }> {
    const found: RoleAssignment[] = [];
    for await (const assignment of pages) {
      found.push(assignment);
      if (found.length >= assignmentLimit) break;
    }
    const held = await Promise.all(
      found.map(async ({ roleDefinitionId = '', scope = '' }) => {
        const known = definitions.get(roleDefinitionId.toLowerCase()) ?? definitionOf(roleDefinitionId);
        definitions.set(roleDefinitionId.toLowerCase(), known);
        return { ...(await known), scope };
      }),
    );
    return { held, cut: found.length >= assignmentLimit };
  }

  return async (principalId: string, subscriptionIds: readonly string[]): Promise<HeldRoles> => {
    const filter = `assignedTo('${principalId.replace(/[^0-9a-f-]/gi, '')}')`;
    const notSeen: string[] = [];
    const notSeenWhy: WhyUnknown[] = [];
    const parts = await Promise.all(
      subscriptionIds.map(async (id) => {
        const atHome = id.toLowerCase() === home.subscriptionId.toLowerCase();
        const { roleAssignments } = await connection.authorization(id);
        try {
          return await collect(roleAssignments.listForSubscription({ filter }));
        } catch (error) {
          notSeen.push(`roles in subscription ${id} (${azureError(error).code || 'no answer'})`);
          notSeenWhy.push(whyOf(error));
          if (!atHome || !isForbidden(error)) return null;
        }
        return collect(roleAssignments.listForResourceGroup(home.resourceGroup, { filter })).catch(() => null);
      }),
    );
    const read = parts.filter((part) => part !== null);
    if (read.some(({ cut }) => cut)) notSeen.push(`more than ${assignmentLimit} role assignments`);
    // Assignments above the subscriptions come back from each of them.
    const held = new Map(
      read.flatMap((part) => part.held).map((one) => [`${one.role} ${one.scope}`.toLowerCase(), one]),
    );
    for (const { role, can } of held.values()) if (can === null) notSeen.push(`what the role ${role} permits`);
    return {
      held: [...held.values()].sort((a, b) => a.scope.length - b.scope.length || a.role.localeCompare(b.role)),
      known: read.length > 0,
      notSeen,
      notSeenWhy,
    };
  };
}
