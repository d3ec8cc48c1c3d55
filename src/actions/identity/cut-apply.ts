import type { RoleAssignmentCreateParameters } from '@azure/arm-authorization';
import { shortName } from '../../arm/resource-id.ts';
import type { Connection } from '../../azure/client/connection.ts';
import { ifThere } from '../../azure/client/failure.ts';
import { readMachine } from '../../azure/readers/machine.ts';
import { type ActionContext, type ActionPlan, StalePlan, type Verification } from '../../playbook/action.ts';
import { printable } from '../../text/printable.ts';
import { AzureRefusal, send } from '../operation.ts';
import { undoneOneByOne } from '../undone-one-by-one.ts';
import { type CutRole, type CutState, cutState, tokensLiveUntil } from './cut-settings.ts';
import { identitiesOf, readHeldRoles } from './held-roles.ts';

const named = ({ role, scope, identity }: CutRole): string =>
  `${role} of ${identity} on ${printable(scope, 200) || '/'}`;

/** Is the assignment there, as the plan saw it? `other` is of another principal or role by now; `unknown` where Azure does not say. */
async function lookAt(connection: Connection, one: CutRole): Promise<'there' | 'gone' | 'other' | 'unknown'> {
  const { roleAssignments } = await connection.authorization(subscriptionOf(one));
  const now = await ifThere(roleAssignments.getById(one.id.replace(/^\//, '')));
  if (now === null) return 'gone';
  if (!now.principalId || !now.roleDefinitionId) return 'unknown';
  const same =
    now.principalId?.toLowerCase() === one.body.principalId.toLowerCase() &&
    now.roleDefinitionId?.split('/').at(-1)?.toLowerCase() ===
      one.body.roleDefinitionId.split('/').at(-1)?.toLowerCase();
  return same ? 'there' : 'other';
}

/** The client of any subscription serves: the assignment is named by its whole id. */
const subscriptionOf = ({ id, body }: CutRole): string =>
  /^\/subscriptions\/([^/]+)/i.exec(id)?.[1] ?? /^\/subscriptions\/([^/]+)/i.exec(body.roleDefinitionId)?.[1] ?? '';

/** Deletes the assignments one after another. */
export async function applyCut(connection: Connection, context: ActionContext, planned: ActionPlan): Promise<CutState> {
  const state = cutState.parse(planned.state);
  const seen = await Promise.all(state.roles.map((one) => lookAt(connection, one)));
  const changed = state.roles.filter((_, index) => seen[index] !== 'there');
  if (changed.length > 0) throw new StalePlan(`By now it is otherwise: ${changed.map(named).join('; ')}.`);
  await context.keep('before-cut-identity', { roles: state.roles });
  for (const [index, one] of state.roles.entries()) {
    context.progress({ fraction: index / state.roles.length, text: `taking away ${named(one)}` });
    const { roleAssignments } = await connection.authorization(subscriptionOf(one));
    await send(connection, context, `DELETE role assignment ${shortName(one.id)}`, () =>
      roleAssignments.deleteById(one.id.replace(/^\//, ''), { abortSignal: context.signal }),
    );
  }
  return state;
}

/** Do the identities hold any role yet, where roles could be listed? */
export async function verifyCut(
  connection: Connection,
  context: ActionContext,
  given: Record<string, unknown>,
): Promise<Verification> {
  const state = cutState.parse(given);
  const looked = await Promise.all(state.roles.map(async (one) => ({ one, now: await lookAt(connection, one) })));
  const left = looked.filter(({ now }) => now === 'there');
  const unknown = looked.filter(({ now }) => now === 'unknown');
  if (left.length > 0) return { ok: false, text: `STILL assigned: ${left.map(({ one }) => named(one)).join('; ')}.` };
  if (unknown.length > 0) {
    const which = unknown.map(({ one }) => shortName(one.id)).join(', ');
    return { ok: null, text: `Azure shows an assignment ${which}, and does not say of which role or identity.` };
  }
  const identities = identitiesOf(await readMachine(connection, context.target), context.target).filter(
    ({ principalId }) => principalId !== '',
  );
  const again = await readHeldRoles(connection, context.target, identities, state.subscriptions);
  if (again.own.length > 0)
    return {
      ok: false,
      text: `Roles that were not in the plan are assigned: ${again.own.map(named).join('; ')}. Run it again.`,
    };
  const rest = [...again.throughGroups, ...again.notSeen.map((one) => `Not seen: ${one}.`)].join(' ');
  const told = `${state.roles.length} role assignments are gone. Tokens issued by now live until ${tokensLiveUntil(connection.clock.now())} at the latest.`;
  return { ok: again.read ? true : null, text: `${told} ${rest}`.trim() };
}

/** The body of the PUT, without what the assignment does not have. */
function parametersOf({ body }: CutRole): RoleAssignmentCreateParameters {
  const { principalId, roleDefinitionId, ...rest } = body;
  const given = Object.entries(rest).filter(([, value]) => value !== undefined);
  return { principalId, roleDefinitionId, ...Object.fromEntries(given) };
}

async function giveBack(connection: Connection, context: ActionContext, one: CutRole): Promise<Verification> {
  const before = await lookAt(connection, one);
  if (before === 'there') return { ok: true, text: `${named(one)} is assigned already.` };
  if (before === 'unknown')
    return { ok: null, text: `Azure does not say of which role or identity the assignment ${shortName(one.id)} is.` };
  if (before === 'other')
    return { ok: false, text: `${shortName(one.id)} names another principal or role by now: left as it is.` };
  const { roleAssignments } = await connection.authorization(subscriptionOf(one));
  try {
    await send(connection, context, `PUT role assignment ${shortName(one.id)}`, () =>
      roleAssignments.createById(one.id.replace(/^\//, ''), parametersOf(one), { abortSignal: context.signal }),
    );
  } catch (error) {
    // Somebody assigned the same under another name meanwhile: Azure has one of a kind.
    if (error instanceof AzureRefusal && /^RoleAssignmentExists$/i.test(error.code))
      return { ok: true, text: `${named(one)} was assigned by somebody meanwhile.` };
    throw error;
  }
  const after = await lookAt(connection, one);
  return after === 'there'
    ? { ok: true, text: `${named(one)} is assigned again.` }
    : { ok: false, text: `${named(one)} is NOT assigned after the undo.` };
}

/** Assigns the roles again, each under its own name. */
export async function undoCut(
  connection: Connection,
  context: ActionContext,
  given: Record<string, unknown>,
): Promise<Verification> {
  const state = cutState.parse(given);
  return undoneOneByOne(context, state.roles, {
    undo: (one) => giveBack(connection, context, one),
    failed: (one) => `${named(one)} is not given back`,
  });
}
