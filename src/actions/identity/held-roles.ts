import type { RoleAssignment } from '@azure/arm-authorization';
import { type Json, textAt } from '../../arm/json.ts';
import { sameId, shortName } from '../../arm/resource-id.ts';
import type { Connection } from '../../azure/client/connection.ts';
import { azureError, isForbidden } from '../../azure/client/failure.ts';
import { kqlString, withLiterals } from '../../azure/client/kql-literal.ts';
import { loadQuery } from '../../azure/client/load-query.ts';
import { queryGraph } from '../../azure/client/resource-graph.ts';
import { managedIdentitiesOf } from '../../azure/readers/machine.ts';
import type { Target } from '../../playbook/action.ts';
import { printable } from '../../text/printable.ts';
import type { CutRole } from './cut-settings.ts';

/** A managed identity of the VM, with its resource where it has one of its own. */
export interface Identity {
  /** "web01 (system-assigned)" */
  name: string;
  principalId: string;
  /** Id of the user-assigned identity, "" of a system-assigned one. */
  resource: string;
}

/** The managed identities of a VM, from its own GET. */
export const identitiesOf = (machine: Json, vm: Target): Identity[] =>
  managedIdentitiesOf(machine, vm).map(({ kind, name, principalId, resource }) => ({
    name: `${printable(name, 90)} (${kind})`,
    principalId,
    resource,
  }));

export interface FoundRoles {
  /** Those that the identities hold themselves. */
  own: CutRole[];
  /** Roles that come through a group: they are not the identity's to lose. A sentence each. */
  throughGroups: string[];
  notSeen: string[];
  /**
   * Is it known what the identities hold, as far as the caller may see? Not where the list of the VM's own subscription was not read, nor
   * where another failed for another reason than a missing permission.
   */
  read: boolean;
}

const most = 500;

function cutRoleOf(identity: Identity, found: RoleAssignment, role: string): CutRole {
  const { principalId = '', roleDefinitionId = '', principalType, description, condition, conditionVersion } = found;
  const delegated = found.delegatedManagedIdentityResourceId;
  return {
    id: found.id ?? '',
    scope: found.scope ?? '',
    identity: identity.name,
    role,
    body: {
      principalId,
      roleDefinitionId,
      ...(principalType ? { principalType } : {}),
      ...(description ? { description } : {}),
      ...(condition ? { condition } : {}),
      ...(conditionVersion ? { conditionVersion } : {}),
      ...(delegated ? { delegatedManagedIdentityResourceId: delegated } : {}),
    },
  };
}

/** Reads the assignments of the identities at, above and below each subscription; what cannot be listed is named. */
export async function readHeldRoles(
  connection: Connection,
  target: Target,
  identities: readonly Identity[],
  subscriptions: readonly string[],
): Promise<FoundRoles> {
  const found: FoundRoles = { own: [], throughGroups: [], notSeen: [], read: true };
  const names = new Map<string, Promise<string>>();
  const nameOf = (id: string): Promise<string> => {
    const known = names.get(id.toLowerCase()) ?? roleName(connection, target, id);
    names.set(id.toLowerCase(), known);
    return known;
  };
  for (const identity of identities) {
    for (const subscription of subscriptions) {
      const { list, known } = await assignmentsOf(connection, target, identity, subscription, found.notSeen);
      found.read &&= known;
      for (const one of list) {
        if (!one.id || !one.principalId || !one.roleDefinitionId) {
          found.read = false;
          found.notSeen.push(`a role assignment in ${subscription} of which Azure does not say whose or which it is`);
          continue;
        }
        const role = printable(await nameOf(one.roleDefinitionId), 80);
        if (!sameId(one.principalId, identity.principalId)) {
          found.throughGroups.push(
            `${identity.name} has ${role} on ${printable(one.scope ?? '', 200)} through the group ${one.principalId}: take it out of that group in Entra ID.`,
          );
        } else if (!found.own.some(({ id }) => sameId(id, one.id ?? ''))) {
          found.own.push(cutRoleOf(identity, one, role));
        }
      }
    }
  }
  return { ...found, throughGroups: [...new Set(found.throughGroups)], notSeen: [...new Set(found.notSeen)] };
}

async function roleName(connection: Connection, target: Target, id: string): Promise<string> {
  const { roleDefinitions } = await connection.authorization(target.subscriptionId);
  try {
    return (await roleDefinitions.getById(id.replace(/^\//, ''))).roleName ?? shortName(id);
  } catch {
    return shortName(id);
  }
}

/** Where the VM's own subscription may not be listed, its resource group is. `known` is as for `FoundRoles.read`. */
async function assignmentsOf(
  connection: Connection,
  target: Target,
  identity: Identity,
  subscription: string,
  notSeen: string[],
): Promise<{ list: RoleAssignment[]; known: boolean }> {
  const filter = `assignedTo('${identity.principalId.replace(/[^0-9a-f-]/gi, '')}')`;
  const { roleAssignments } = await connection.authorization(subscription);
  const collect = async (pages: AsyncIterable<RoleAssignment>): Promise<RoleAssignment[]> => {
    const all: RoleAssignment[] = [];
    for await (const one of pages) {
      all.push(one);
      if (all.length >= most) {
        notSeen.push(`more than ${most} roles of ${identity.name} in ${subscription}`);
        break;
      }
    }
    return all;
  };
  try {
    return { list: await collect(roleAssignments.listForSubscription({ filter })), known: true };
  } catch (error) {
    const { code, message } = azureError(error);
    notSeen.push(`roles of ${identity.name} in subscription ${subscription} (${code || message})`);
    if (!isForbidden(error)) return { list: [], known: false };
    if (!sameId(subscription, target.subscriptionId)) return { list: [], known: true };
    const inGroup = await collect(roleAssignments.listForResourceGroup(target.resourceGroup, { filter })).catch(
      () => null,
    );
    return { list: inGroup ?? [], known: inGroup !== null };
  }
}

/** Resources that use the user-assigned identity beside the VM, a sentence each; why not, where that cannot be read. */
export async function othersUsing(
  connection: Connection,
  target: Target,
  identity: Identity,
  subscriptions: string[],
  signal: AbortSignal,
): Promise<{ touches: string[]; notSeen: string[] }> {
  try {
    const query = withLiterals(await loadQuery('identity-users'), {
      _identity: kqlString(identity.resource),
      _machine: kqlString(target.id.toLowerCase()),
    });
    const { rows } = await queryGraph(connection, query, subscriptions, signal);
    return {
      touches: rows.map(
        (row) =>
          `${printable(shortName(textAt(row, 'id')), 80)} (${printable(textAt(row, 'type'), 80)}) acts by ${identity.name} too`,
      ),
      notSeen: [],
    };
  } catch (error) {
    if (signal.aborted) throw error;
    const { code, message } = azureError(error);
    return { touches: [], notSeen: [`what else uses ${identity.name} (${code || message})`] };
  }
}
