import type { Connection } from '../../azure/client/connection.ts';
import { readMachine } from '../../azure/readers/machine.ts';
import { readReachableSubscriptions } from '../../azure/readers/subscriptions.ts';
import type { ActionContext, ActionPlan } from '../../playbook/action.ts';
import { printable } from '../../text/printable.ts';
import { preflight } from '../preflight/preflight.ts';
import { refusedPlan } from '../refused-plan.ts';
import { type CutRole, type CutState, tokensLiveUntil } from './cut-settings.ts';
import { type FoundRoles, type Identity, identitiesOf, othersUsing, readHeldRoles } from './held-roles.ts';

const subscriptionLimit = 50;

/** The subscriptions in which roles are looked for, the VM's own first. */
async function subscriptionsFor(connection: Connection, own: string): Promise<{ ids: string[]; notSeen: string[] }> {
  try {
    const others = (await readReachableSubscriptions(connection))
      .map(({ id }) => id)
      .filter((id) => id.toLowerCase() !== own.toLowerCase());
    const left = others.length + 1 - subscriptionLimit;
    return {
      ids: [own, ...others].slice(0, subscriptionLimit),
      notSeen: left > 0 ? [`roles in ${left} further subscriptions`] : [],
    };
  } catch {
    return { ids: [own], notSeen: ['roles in other subscriptions: they could not be listed'] };
  }
}

function lookAhead(connection: Connection, context: ActionContext, roles: readonly CutRole[]) {
  const action = 'Microsoft.Authorization/roleAssignments';
  // Assignments above subscriptions are asked of nobody beforehand: Azure decides.
  const asked = roles.filter(({ scope }) => /^\/subscriptions\//i.test(scope));
  return preflight(connection, context, {
    needed: asked.flatMap(({ scope }) => [
      { action: `${action}/delete`, scope },
      { action: `${action}/write`, scope, forUndo: true },
    ]),
    intended: asked.map(({ id }) => ({ method: 'DELETE' as const, resourceId: id })),
  });
}

function nothingHeld(title: string, vm: string, found: FoundRoles): ActionPlan {
  if (!found.read) {
    const because = `Which roles the identities of ${vm} hold cannot be read: ${found.notSeen.join('; ')}. Run it again; where it is not permitted, ask the customer for Reader on the subscription.`;
    return refusedPlan(title, 'impossible', because);
  }
  const more = [...found.throughGroups, ...found.notSeen.map((one) => `Not seen: ${one}.`)].join(' ');
  return refusedPlan(title, 'nothing-to-do', `No role is assigned to an identity of ${vm}. ${more}`.trim());
}

async function sharedWith(connection: Connection, context: ActionContext, shared: readonly Identity[], ids: string[]) {
  const all = await Promise.all(
    shared.map((identity) => othersUsing(connection, context.target, identity, ids, context.signal)),
  );
  return { touches: all.flatMap(({ touches }) => touches), notSeen: all.flatMap(({ notSeen }) => notSeen) };
}

/** Plans with reads alone: the role assignments of the VM's identities, and who else acts by them. */
export async function planCut(connection: Connection, context: ActionContext): Promise<ActionPlan> {
  const { target } = context;
  const title = `Take away what the identities of ${target.name} may do in Azure`;
  const identities = identitiesOf(await readMachine(connection, target), target);
  if (identities.length === 0)
    return refusedPlan(title, 'nothing-to-do', `${target.name} has no managed identity: there is nothing to cut.`);
  const nameless = identities.filter(({ principalId }) => principalId === '');
  const known = identities.filter(({ principalId }) => principalId !== '');
  const subscriptions = await subscriptionsFor(connection, target.subscriptionId);
  const found = await readHeldRoles(connection, target, known, subscriptions.ids);
  found.notSeen.push(
    ...subscriptions.notSeen,
    ...nameless.map(({ name }) => `roles of ${name}: Azure does not report its principal`),
  );
  // Of an identity without a known principal nothing was read.
  found.read &&= nameless.length === 0;
  if (found.own.length === 0) return nothingHeld(title, target.name, found);
  const ahead = await lookAhead(connection, context, found.own);
  if (ahead.blocked !== '') return refusedPlan(title, 'impossible', ahead.blocked);
  const using = known.filter((one) => one.resource !== '' && found.own.some(({ identity }) => identity === one.name));
  const shared = await sharedWith(connection, context, using, subscriptions.ids);
  const state: CutState = { roles: found.own, subscriptions: subscriptions.ids };
  return {
    title,
    changes: found.own.map(({ id, scope, identity, role, body }) => ({
      method: 'DELETE',
      resourceId: id,
      diff: [{ property: `${identity}`, before: `${role} on ${printable(scope, 200) || '/'}`, after: '(none)' }],
      before: body,
      after: null,
    })),
    touches: shared.touches,
    permissions: ahead.permissions,
    danger: 'disruptive',
    undo: 'assigns the same roles to the same principals at the same scopes again, under the same names',
    warnings: [
      ...found.throughGroups,
      ...[...found.notSeen, ...shared.notSeen].map((one) => `Not seen: ${one}.`),
      ...ahead.warnings,
    ],
    consequences: [
      'Azure refuses what is decided by these roles within about ten minutes, whatever token is shown.',
      `Tokens that were issued are NOT taken back: they live until ${tokensLiveUntil(connection.clock.now())} at the latest, and open what goes by the identity alone (access policies of key vaults, application roles, groups, database users).`,
      'The identity stays at the VM: it goes on getting tokens. What else runs in the VM by these roles stops too.',
      ...(shared.touches.length > 0
        ? [`A user-assigned identity is SHARED: ${shared.touches.length} other resources lose the same rights.`]
        : []),
      'What the identity made before stays: role assignments, keys, credentials of applications. See the activity log.',
    ],
    state,
  };
}
