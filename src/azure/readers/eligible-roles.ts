import { listAt, textAt } from '../../arm/json.ts';
import { nameOf, shortName } from '../../arm/resource-id.ts';
import type { Gap } from '../../documents/fact.ts';
import { printable } from '../../text/printable.ts';
import { listOfArm } from '../client/arm-pages.ts';
import type { Connection } from '../client/connection.ts';
import { lackedPermission } from '../client/refusals.ts';
import { type Granted, permits } from './role-permissions.ts';

/** A role that the caller does not hold now and may activate (Privileged Identity Management). */
export interface EligibleRole {
  role: string;
  /** Id of the resource, group, subscription or management group. */
  scope: string;
  definitionId: string;
}

const pageLimit = 10;

/**
 * The roles that the caller may activate at, above and below a scope ("" for everywhere), by "Role Eligibility Schedule
 * Instances - List For Scope", 2020-10-01, with the filter that asks about the caller alone; `cut` says that there are more
 * than were read. Throws the client's error.
 */
export async function readEligibleRoles(
  connection: Connection,
  scope: string,
  signal?: AbortSignal,
): Promise<{ roles: EligibleRole[]; cut: string }> {
  const url = `${scope}/providers/Microsoft.Authorization/roleEligibilityScheduleInstances?api-version=2020-10-01&$filter=asTarget()`;
  const { entries, cut } = await listOfArm(connection, url, pageLimit, signal);
  const roles = entries.map((one): EligibleRole => {
    const definitionId = textAt(one, 'properties', 'roleDefinitionId');
    const named = textAt(one, 'properties', 'expandedProperties', 'roleDefinition', 'displayName');
    return {
      role: printable(named || shortName(definitionId), 100),
      scope: textAt(one, 'properties', 'scope'),
      definitionId,
    };
  });
  return { roles, cut };
}

/** The same as advice alone: without an answer the general cure stays. */
export async function adviseRoles(
  connection: Connection,
  scope: string,
  signal?: AbortSignal,
): Promise<EligibleRole[]> {
  return readEligibleRoles(connection, scope, signal).then(
    ({ roles }) => roles,
    () => [],
  );
}

/** Does a role at this scope count for the other one? A management group's reach is not seen from its id: it may. */
function reaches(scope: string, other: string): boolean {
  const [above, below] = [scope.toLowerCase().replace(/\/$/, ''), `${other.toLowerCase()}/`];
  return above === '' || /\/managementgroups\/[^/]+$/.test(above) || below.startsWith(`${above}/`);
}

const grantsRead = new WeakMap<EligibleRole, Promise<Granted[]>>();

/** What a role grants, read once; nothing where it cannot be read. */
function grantsOf(connection: Connection, role: EligibleRole, signal?: AbortSignal): Promise<Granted[]> {
  const known = grantsRead.get(role);
  if (known) return known;
  const read = readGrants(connection, role.definitionId, signal).catch((): Granted[] => {
    grantsRead.delete(role);
    return [];
  });
  grantsRead.set(role, read);
  return read;
}

async function readGrants(connection: Connection, definitionId: string, signal?: AbortSignal): Promise<Granted[]> {
  const { body } = await connection.get(`${definitionId}?api-version=2022-04-01`, signal);
  const texts = (grant: unknown, list: string) => listAt(grant, list).filter((one) => typeof one === 'string');
  return listAt(body, 'properties', 'permissions').map((grant) => ({
    actions: texts(grant, 'actions'),
    notActions: texts(grant, 'notActions'),
  }));
}

/** The first of the roles that has an action at a scope once it is activated; undefined when none has. */
export async function eligibleFor(
  connection: Connection,
  roles: readonly EligibleRole[],
  { action, scope }: { action: string; scope: string },
  signal?: AbortSignal,
): Promise<EligibleRole | undefined> {
  for (const role of roles) {
    if (!reaches(role.scope, scope)) continue;
    if (permits(await grantsOf(connection, role, signal), action)) return role;
  }
  return undefined;
}

/** "you are eligible for Reader on contoso-prod: activate it in Privileged Identity Management" */
export function activation({ role, scope }: Pick<EligibleRole, 'role' | 'scope'>): string {
  const name = nameOf(scope, 100) || 'the tenant';
  const where = /^\/subscriptions\/[^/]+$/i.test(scope) ? `subscription ${name}` : name;
  return `you are eligible for ${role} on ${where}: activate it (Azure portal, Privileged Identity Management, My roles)`;
}

/** The roles that the caller may activate in each subscription, and when they were asked for. */
const rolesRead = new WeakMap<Connection, Map<string, { at: number; roles: Promise<EligibleRole[]> }>>();

/** How long they are not asked for again, in ms: many readings are refused at once. */
const askAgainAfterMs = 60_000;

function rolesIn(connection: Connection, subscription: string): Promise<EligibleRole[]> {
  const bySubscription = rolesRead.get(connection) ?? new Map<string, { at: number; roles: Promise<EligibleRole[]> }>();
  rolesRead.set(connection, bySubscription);
  const key = subscription.toLowerCase();
  const now = connection.clock.now().getTime();
  const last = bySubscription.get(key);
  if (last && now - last.at < askAgainAfterMs) return last.roles;
  const roles = adviseRoles(connection, subscription);
  bySubscription.set(key, { at: now, roles });
  return roles;
}

/**
 * What the caller's roles do not let be read, with its cure: where a role that has the permission only waits to be
 * activated, the cure is to activate it. Any other gap stays as it is.
 *
 * @param scope id of the resource, group or subscription that is read
 */
export async function curedByEligibility<G extends Gap>(connection: Connection, scope: string, gap: G): Promise<G> {
  const action = lackedPermission(gap);
  const [subscription] = /^\/subscriptions\/[^/]+/i.exec(scope) ?? [];
  if (action === '' || subscription === undefined) return gap;
  const role = await eligibleFor(connection, await rolesIn(connection, subscription), { action, scope });
  return role ? { ...gap, cure: `${activation(role)}, then refresh` } : gap;
}
