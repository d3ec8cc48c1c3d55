import { type Json, listAt, numberAt, textAt } from '../../arm/json.ts';
import { parseResourceId, shortName } from '../../arm/resource-id.ts';
import type { Connection } from '../../azure/client/connection.ts';
import { groupOf, readIfThere } from '../../azure/readers/network-interface.ts';
import type { ActionContext, ActionPlan, Verification } from '../../playbook/action.ts';
import { withExactBody } from '../exact-body.ts';
import { AzureRefusal, follow } from '../operation.ts';
import { preflight } from '../preflight/preflight.ts';
import { impossible, type Refusal, refusedPlan } from '../refused-plan.ts';
import { unsettled } from '../unsettled.ts';
import { lockRules, lockRuleText } from './lock-rules.ts';
import type { LockRule, LockSettings, LockState } from './lock-settings.ts';
import { groupAt, type Standing } from './standing.ts';

const FIRST = 110;
const LAST = 199;

/** The first priorities between the lock's own allow rules and its denial that no rule of the group has. */
function freePriorities(group: Json, count: number): number[] {
  const taken = new Set(
    listAt(group, 'properties', 'securityRules').map((rule) => numberAt(rule, 'properties', 'priority')),
  );
  const free: number[] = [];
  for (let priority = FIRST; priority <= LAST && free.length < count; priority += 1) {
    if (!taken.has(priority)) free.push(priority);
  }
  return free;
}

/** How a join is planned. */
interface JoinRequest {
  title: string;
  told: string;
  settings: LockSettings;
  sources: readonly string[];
  standing: Standing;
}

/** The rules that let the responder in, by the group that gets them; or why one of the interfaces cannot be joined. */
function rulesToJoin(
  { target, caseId }: ActionContext,
  { settings, sources, standing }: JoinRequest,
): LockState['joined'] | Refusal {
  const joined: LockState['joined'] = [];
  for (const one of standing.interfaces) {
    const group = groupAt(standing, one);
    if (group === null || textAt(group, 'tags', 'cordon-case') === '') {
      const has = shortName(groupOf(one)) || 'no group';
      return impossible(
        `${shortName(textAt(one, 'id'))} has ${has}, which is no lock: ${target.name} is locked in part only. Use --existing-lock replace.`,
      );
    }
    const id = textAt(group, 'id');
    if (joined.some((rule) => rule.group === id)) continue;
    const allows = lockRules(sources, settings).filter((rule) => rule.name.startsWith('cordon-allow-'));
    const priorities = freePriorities(group, allows.length);
    if (priorities.length < allows.length) return impossible(`${shortName(id)} has no priority left for another rule.`);
    for (const [index, rule] of allows.entries()) {
      const name = `cordon-join-${caseId}-${index + 1}`.replace(/[^A-Za-z0-9_.-]/g, '-').slice(0, 80);
      const priority = priorities[index] ?? LAST;
      const description = `Another responder, case ${caseId}`.slice(0, 140);
      joined.push({ group: id, rule: { name, properties: { ...rule.properties, priority, description } } });
    }
  }
  return joined;
}

/** What adding the rules, and taking them out again, needs. */
function lookAhead(connection: Connection, context: ActionContext, joined: LockState['joined']) {
  const action = 'Microsoft.Network/networkSecurityGroups/securityRules';
  return preflight(connection, context, {
    needed: joined.flatMap(({ group }) => [
      { action: `${action}/write`, scope: group },
      { action: `${action}/delete`, scope: group, forUndo: true },
    ]),
    intended: joined.flatMap(({ group, rule }) => {
      const resourceId = `${group}/securityRules/${rule.name}`;
      return [
        { method: 'PUT' as const, resourceId, body: { properties: rule.properties } },
        { method: 'DELETE' as const, resourceId, forUndo: true },
      ];
    }),
  });
}

/** Plans to let the responder into a lock that another case has made: a rule in its group, above its denial. */
export async function planJoin(
  connection: Connection,
  context: ActionContext,
  about: JoinRequest,
): Promise<ActionPlan> {
  const { told, settings, sources } = about;
  const { target, caseId } = context;
  const title = `Join the lock of ${target.name}`;
  const joined = rulesToJoin(context, about);
  if ('because' in joined) return refusedPlan(title, joined.kind, joined.because);
  const ahead = await lookAhead(connection, context, joined);
  if (ahead.blocked !== '') return refusedPlan(title, 'impossible', ahead.blocked);
  return {
    title,
    changes: joined.map(({ group, rule }) => ({
      method: 'PUT',
      resourceId: `${group}/securityRules/${rule.name}`,
      diff: [{ property: `${shortName(group)} inbound`, before: '(none)', after: lockRuleText(rule) }],
      before: null,
      after: rule,
    })),
    touches: [`${target.name} is ${told}.`],
    permissions: ahead.permissions,
    danger: 'disruptive',
    undo: `Takes the rule out of ${[...new Set(joined.map(({ group }) => shortName(group)))].join(', ')} again; that lock stays.`,
    made: joined.map(({ rule }) => rule.name),
    warnings: ahead.warnings,
    consequences: [
      `${sources.join(', ')} is let in to tcp ${settings.ports.join(', ')} through the lock that is there. Undoing that lock also ends your way in.`,
    ],
    state: {
      caseId,
      groups: [],
      rules: [],
      interfaces: [],
      sources: [...sources],
      ports: settings.ports.map(String),
      flushed: null,
      foreseen: [],
      joined,
    } satisfies LockState,
  };
}

function sendRule(connection: Connection, context: ActionContext, group: string, rule: LockRule): Promise<unknown> {
  const parsed = parseResourceId(group);
  if (!parsed) throw new Error(`not a security group: ${group}`);
  return connection
    .network(parsed.subscriptionId)
    .then((client) =>
      withExactBody(client, { properties: rule.properties }, () =>
        follow(connection, context, `PUT ${rule.name}`, (options) =>
          client.securityRules.createOrUpdate(parsed.resourceGroup, parsed.name, rule.name, {}, options),
        ),
      ),
    );
}

/** Writes the rules of a join. */
export async function applyJoin(connection: Connection, context: ActionContext, state: LockState): Promise<void> {
  for (const [index, { group, rule }] of state.joined.entries()) {
    context.progress({ fraction: index / state.joined.length, text: `adding ${rule.name} to ${shortName(group)}` });
    await sendRule(connection, context, group, rule);
  }
}

const ruleIn = (group: Json | null, name: string) =>
  listAt(group, 'properties', 'securityRules').find(
    (rule) => textAt(rule, 'name').toLowerCase() === name.toLowerCase(),
  );

export async function verifyJoin(connection: Connection, state: LockState): Promise<Verification> {
  for (const { group, rule } of state.joined) {
    const now = await readIfThere(connection, group);
    const found = ruleIn(now, rule.name);
    if (found === undefined) return { ok: false, text: `${shortName(group)} does not have the rule ${rule.name}.` };
    const pending = unsettled(shortName(group), now) ?? unsettled(rule.name, found);
    if (pending) return { ok: null, text: `${pending.text} Whether you are let in is not known.` };
  }
  return {
    ok: true,
    text: `Joined: ${state.sources.join(', ')} is let in to tcp ${state.ports.join(', ')} by the lock that was there.`,
  };
}

/** Takes the rules of a join out again; the lock itself is another case's. */
export async function undoJoin(
  connection: Connection,
  context: ActionContext,
  state: LockState,
): Promise<Verification> {
  for (const { group, rule } of state.joined) {
    const parsed = parseResourceId(group);
    if (!parsed || ruleIn(await readIfThere(connection, group), rule.name) === undefined) continue;
    const client = await connection.network(parsed.subscriptionId);
    try {
      await follow(connection, context, `DELETE ${rule.name}`, (options) =>
        client.securityRules.delete(parsed.resourceGroup, parsed.name, rule.name, options),
      );
    } catch (error) {
      if (!(error instanceof AzureRefusal && error.statusCode === 404)) throw error;
    }
  }
  return { ok: true, text: 'Your rule is out of the lock again; the lock itself stays, it is another case’s.' };
}
