import { at, isObject, type Json, listAt, textAt } from '../../arm/json.ts';
import { parseResourceId, sameId, shortName } from '../../arm/resource-id.ts';
import type { Connection } from '../../azure/client/connection.ts';
import { briefly } from '../../azure/client/failure.ts';
import { readEffectiveRules } from '../../azure/readers/effective-rules.ts';
import { groupOf, networkResource, readIfThere, subnetsOf } from '../../azure/readers/network-interface.ts';
import { type ActionContext, type ActionPlan, NotWaitedFor, StalePlan } from '../../playbook/action.ts';
import { listed } from '../../text/counts.ts';
import { isOfCase } from '../case-tags.ts';
import { withExactBody } from '../exact-body.ts';
import { AzureRefusal, follow, UnknownOutcome } from '../operation.ts';
import { type FoundLock, foundLock, lockTags, lockText } from './found-lock.ts';
import { putGroup } from './interface-group.ts';
import { applyJoin } from './lock-join.ts';
import { ruleDrift } from './lock-rules.ts';
import { type LockState, lockState } from './lock-settings.ts';

/** Does what the plan showed: a group, then the interface, then the flush; each PUT only on what the plan saw. */
export async function applyLock(
  connection: Connection,
  context: ActionContext,
  planned: ActionPlan,
): Promise<Record<string, unknown>> {
  const state = lockState.parse(planned.state);
  if (state.joined.length > 0) {
    await applyJoin(connection, context, state);
    return state;
  }
  const bodies = await unchanged(connection, state);
  context.progress({ fraction: 0, text: 'saving what is there now' });
  await keepBefore(connection, context, [...bodies.values()]);
  const by = (await connection.signedIn()).name;
  const total = 2 * state.groups.length + state.interfaces.length;
  let done = 0;
  const next = (text: string) => {
    context.progress({ fraction: done / total, text });
    done += 1;
  };
  for (const group of state.groups) {
    next(`creating ${shortName(group.id)}`);
    await createGroup(connection, context, state, group, by);
  }
  await demandAsPlanned(connection, state);
  for (const one of state.interfaces) {
    next(`putting ${shortName(one.group)} at ${shortName(one.id)}`);
    const body = bodies.get(one.id);
    if (body) await putAt(connection, context, body, one.group);
  }
  let flushed: boolean | null = true;
  for (const group of state.groups) {
    next(`asking that open sessions are judged anew (${shortName(group.id)})`);
    const taken = await flush(connection, context, group.id);
    flushed = flushed === true ? taken : flushed;
  }
  context.progress({ fraction: 1, text: 'done' });
  return { ...state, flushed };
}

/** Puts the group at the interface; where it was changed since the plan, the refusal says whose lock it has now. */
async function putAt(connection: Connection, context: ActionContext, body: Json, group: string): Promise<void> {
  try {
    await putGroup(connection, context, body, group);
  } catch (error) {
    if (!(error instanceof AzureRefusal) || error instanceof UnknownOutcome || error.statusCode !== 412) throw error;
    const id = textAt(body, 'id');
    const lock = await lockAt(connection, id).catch(() => undefined);
    if (!lock || lock.caseId === context.caseId) throw error;
    throw new AzureRefusal(`PUT ${shortName(id)}`, error.cause, `It is ${lockText(lock)} by now.`);
  }
}

/** The lock at an interface; undefined for none. */
async function lockAt(connection: Connection, id: string): Promise<FoundLock | undefined> {
  const group = groupOf(await networkResource(connection, id));
  return group === '' ? undefined : foundLock(await readIfThere(connection, group));
}

/** The interfaces as the plan saw them; throws StalePlan when something is otherwise by now. */
async function unchanged(connection: Connection, state: LockState): Promise<Map<string, Json>> {
  const bodies = new Map<string, Json>();
  for (const one of state.interfaces) {
    const now = await networkResource(connection, one.id);
    const expected = one.replaced === '' ? one.before : one.replaced;
    if (!sameId(groupOf(now), expected)) {
      const lock = groupOf(now) === '' ? undefined : foundLock(await readIfThere(connection, groupOf(now)));
      const told = lock === undefined ? '' : ` It is ${lockText(lock)}.`;
      throw new StalePlan(
        `${shortName(one.id)} has another security group now: ${shortName(groupOf(now)) || '(none)'}.${told}`,
      );
    }
    if (textAt(now, 'etag') !== one.etag) throw new StalePlan(`${shortName(one.id)} was changed by somebody else.`);
    bodies.set(one.id, now);
  }
  for (const group of state.groups) {
    if (await readIfThere(connection, group.id)) throw new StalePlan(`${shortName(group.id)} exists by now.`);
  }
  return bodies;
}

/**
 * Throws where a group was not made as planned, before it is put at an interface: Azure Policy changes what is written before the
 * provider gets it (effects append and modify), and the answer says nothing of it.
 */
async function demandAsPlanned(connection: Connection, state: LockState): Promise<void> {
  for (const { id } of state.groups) {
    // Where it cannot be read now, the lock goes on: its verification reads it again.
    const made = await networkResource(connection, id).catch(() => null);
    const drift = made === null ? [] : ruleDrift(made, state.rules);
    if (drift.length === 0) continue;
    throw new Error(
      `${shortName(id)} has other rules than were sent (${listed(drift)}): a policy of the customer's with the effect append or modify may write them into each security group. It was put at no interface. Ask for an exemption from it for ${id.split('/')[4] ?? ''} (Resource Policy Contributor), then run this again.`,
    );
  }
}

async function createGroup(
  connection: Connection,
  context: ActionContext,
  state: LockState,
  group: LockState['groups'][number],
  by: string,
): Promise<void> {
  const served = state.interfaces.filter((one) => sameId(one.group, group.id));
  await putSecurityGroup(connection, context, group.id, {
    location: group.location,
    tags: lockTags({
      caseId: context.caseId,
      head: context.caseHead?.() ?? '',
      vm: context.target.name,
      by,
      since: connection.clock.now().toISOString(),
      deadline: context.deadline ?? '',
      before: served.map((one) => ({ networkInterface: one.id, group: one.before })),
    }),
    properties: { securityRules: state.rules },
  });
}

async function putSecurityGroup(
  connection: Connection,
  context: ActionContext,
  id: string,
  body: Json,
  etag = '',
): Promise<void> {
  const parsed = parseResourceId(id);
  if (!parsed) throw new Error(`not a security group: ${id}`);
  const client = await connection.network(parsed.subscriptionId);
  await withExactBody(client, body, () =>
    follow(connection, context, `PUT ${parsed.name}`, (options) =>
      client.networkSecurityGroups.createOrUpdate(
        parsed.resourceGroup,
        parsed.name,
        { location: textAt(body, 'location') },
        etag === '' ? options : { ...options, requestOptions: { headers: { 'If-Match': etag } } },
      ),
    ),
  );
}

/** The rules of a group as they are written back. */
const rulesOf = (group: Json): { name: string; properties: Json }[] =>
  listAt(group, 'properties', 'securityRules').map((rule) => {
    const own = at(rule, 'properties');
    const pairs = isObject(own) ? Object.entries(own).filter(([key]) => key !== 'provisioningState') : [];
    return { name: textAt(rule, 'name'), properties: Object.fromEntries(pairs) };
  });

/** The lock stays: takes the time of its undo out of the tags of its groups; all else of them stays as it is. */
export async function withoutDeadline(
  connection: Connection,
  context: ActionContext,
  given: Record<string, unknown>,
): Promise<void> {
  const state = lockState.parse(given);
  for (const { id } of state.groups) {
    const now = await readIfThere(connection, id);
    if (now === null || foundLock(now)?.deadline === '' || foundLock(now)?.caseId !== context.caseId) continue;
    const tags = Object.entries(Object(at(now, 'tags'))).filter(([name]) => !/^cordon-deadline$/i.test(name));
    const flush = at(now, 'properties', 'flushConnection');
    const body = {
      location: textAt(now, 'location'),
      tags: Object.fromEntries(tags),
      properties: { ...(flush === undefined ? {} : { flushConnection: flush }), securityRules: rulesOf(now) },
    };
    await putSecurityGroup(connection, context, id, body, textAt(now, 'etag'));
  }
}

const DENIAL = /^cordon-deny-/i;
const FLUSHED = 'Containment: nothing else passes; open sessions are judged anew';

/**
 * Has Azure judge open sessions again: "flows are re-evaluated when rules are updated; initial enablement triggers
 * re-evaluation" (Microsoft Learn, NetworkSecurityGroupPropertiesFormat.flushConnection). So it is enabled, with a rule that is
 * rewritten, once the group exists. False when Azure rejects it, null when that is not known, also where the group cannot be
 * read: the lock matters more than the flush, and a failure here would undo it.
 */
async function flush(connection: Connection, context: ActionContext, id: string): Promise<boolean | null> {
  const now = await networkResource(connection, id).catch(() => null);
  // Written back without its tags, nobody would know it for the lock of this case.
  if (now === null || !isOfCase(now, context.caseId)) return null;
  const rules = rulesOf(now).map(({ name, properties }) => ({
    name,
    properties: DENIAL.test(name) ? { ...properties, description: FLUSHED } : properties,
  }));
  const body = {
    location: textAt(now, 'location'),
    tags: at(now, 'tags'),
    properties: { flushConnection: true, securityRules: rules },
  };
  try {
    await putSecurityGroup(connection, context, id, body, textAt(now, 'etag'));
  } catch (error) {
    if (error instanceof UnknownOutcome) return null;
    if (error instanceof AzureRefusal || error instanceof NotWaitedFor) return false;
    throw error;
  }
  const after = await networkResource(connection, id).catch(() => null);
  return after === null ? null : textAt(after, 'properties', 'flushConnection') === 'true';
}

/** Keeps what is there now as evidence: interfaces, subnets, groups, and Azure's effective rules. */
async function keepBefore(connection: Connection, context: ActionContext, interfaces: readonly Json[]): Promise<void> {
  const groups: Json[] = [];
  const subnets: Json[] = [];
  const notSeen: string[] = [];
  const seen = new Set<string>();
  const read = async (id: string, into: Json[]) => {
    if (id === '' || seen.has(id.toLowerCase())) return;
    seen.add(id.toLowerCase());
    try {
      into.push(await networkResource(connection, id));
    } catch (error) {
      notSeen.push(`${id}: ${briefly(error)}`);
    }
  };
  for (const one of interfaces) {
    await read(groupOf(one), groups);
    for (const subnet of subnetsOf(one)) await read(subnet, subnets);
  }
  for (const subnet of [...subnets]) await read(groupOf(subnet), groups);
  const effective = await Promise.all(
    interfaces.map(async (one) => ({
      networkInterface: textAt(one, 'id'),
      ...(await readEffectiveRules(connection, textAt(one, 'id'), context.signal)),
    })),
  );
  await context.keep('before-lock', { interfaces, groups, subnets, effective, notSeen });
}
