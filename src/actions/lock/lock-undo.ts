import { type Json, textAt } from '../../arm/json.ts';
import { parseResourceId, sameId, shortName } from '../../arm/resource-id.ts';
import type { Connection } from '../../azure/client/connection.ts';
import { azureError } from '../../azure/client/failure.ts';
import { groupOf, networkResource, readIfThere } from '../../azure/readers/network-interface.ts';
import type { ActionContext, Verification } from '../../playbook/action.ts';
import { listed } from '../../text/counts.ts';
import { isOfCase } from '../case-tags.ts';
import { readReach } from '../network-reach.ts';
import { AzureRefusal, follow, pause } from '../operation.ts';
import { customersGroup, foundLock, lockText, neededBy, others } from './found-lock.ts';
import { putGroup } from './interface-group.ts';
import { undoJoin } from './lock-join.ts';
import { openBeside, openingTexts } from './lock-outlook.ts';
import { guestRules, ruleDrift, rulesBehind } from './lock-rules.ts';
import { type LockState, lockState } from './lock-settings.ts';

/** What an undo found and did, in sentences. */
interface Report {
  /** Work that remains, and why. */
  left: string[];
  back: string[];
  told: string[];
}

/**
 * Puts the customer's groups back and deletes the lock's own, after a look at what changed meanwhile. Changes made by
 * others are shown and left, unless the VM's name was typed for it. A group that anything uses, or that another
 * lock needs for its way back, is never deleted.
 */
export async function undoLock(
  connection: Connection,
  context: ActionContext,
  given: Record<string, unknown>,
): Promise<Verification> {
  const state = lockState.parse(given);
  if (state.joined.length > 0) return undoJoin(connection, context, state);
  const report: Report = { left: [], back: [], told: [] };
  for (const group of state.groups) await lookAtDrift(connection, context, state, group.id, report);
  if (report.left.length > 0) {
    report.left.push(`${context.target.name} IS still locked.`);
    return ended(context, report);
  }
  for (const one of state.interfaces) {
    try {
      await restore(connection, context, one, report);
    } catch (error) {
      if (context.signal.aborted) throw error;
      const because = error instanceof Error ? error.message : String(error);
      report.left.push(`${shortName(one.id)} IS STILL LOCKED: ${because}`);
    }
  }
  for (const group of state.groups) {
    const left = await deleteGroup(connection, context, state, group.id).catch((error: unknown) =>
      whyKept(group.id, error),
    );
    if (left === '') report.back.push(`${shortName(group.id)} is deleted.`);
    else report.left.push(left);
  }
  report.told.push(...(await openNow(connection, context, state)));
  return ended(context, report);
}

function ended(context: ActionContext, { left, back, told }: Report): Verification {
  if (left.length === 0) {
    const done = back.length > 0 ? back : ['nothing was locked any more.'];
    return { ok: true, text: ['Undone:', ...done, ...told].join(' ') };
  }
  const next = `Then: cordon undo ${context.caseId} --yes, or for the VM from Azure alone: cordon undo --vm ${context.target.name}.`;
  return { ok: false, text: [...back, ...told, ...left, next].join(' ') };
}

/**
 * Rules that others changed in the lock's group. Defender's own, and those of responders who joined, are only listed.
 */
async function lookAtDrift(
  connection: Connection,
  context: ActionContext,
  state: LockState,
  id: string,
  report: Report,
): Promise<void> {
  const now = await readIfThere(connection, id);
  if (!now) return;
  const { defender, joined } = guestRules(now);
  if (defender.length > 0) {
    report.told.push(
      `${shortName(id)} goes with ${defender.length} rules that Defender for Cloud wrote into it for just-in-time access: the policy stays, and whether its denials stand in the group that is back is to be checked.`,
    );
  }
  const behind = rulesBehind(now, state.rules).filter((name) => !defender.includes(name));
  if (behind.length > 0) report.told.push(`Rules behind its denial go with ${shortName(id)}: ${listed(behind)}.`);
  if (joined.length > 0) report.told.push(`${joined.length} rules of responders who joined the lock go with it.`);
  const drift = ruleDrift(now, state.rules);
  // At no interface it filters nothing: a lock that was never put up, or is off already.
  if (drift.length === 0 || others(now, []).length === 0) return;
  const found = `${shortName(id)} was changed by somebody (rules ${listed(drift)})`;
  if (context.overDrift === true) report.told.push(`${found}; undone all the same, as confirmed.`);
  else {
    report.left.push(
      `${found}: it stays where it is. To undo it all the same: cordon undo ${context.caseId} --step STEP --confirm ${context.target.name}.`,
    );
  }
}

/** Puts at one interface what was there before the lock. */
async function restore(
  connection: Connection,
  context: ActionContext,
  one: LockState['interfaces'][number],
  report: Report,
): Promise<void> {
  const name = shortName(one.id);
  const now = await readIfThere(connection, one.id);
  if (!now) {
    report.told.push(`${name} does not exist any more.`);
    return;
  }
  const current = groupOf(now);
  if (sameId(current, one.before)) return;
  if (!sameId(current, one.group)) {
    const lock = current === '' ? undefined : foundLock(await readIfThere(connection, current));
    if (lock !== undefined) report.told.push(`${name} is ${lockText(lock)} by now: that lock stays.`);
    else
      report.left.push(
        `${name} has ${shortName(current) || 'no group'} by now, which is not this lock's: left as it is.`,
      );
    return;
  }
  const target = await wayBack(connection, one, report);
  if (target === null) return;
  await putGroup(connection, context, now, target);
  const after = groupOf(await networkResource(connection, one.id));
  if (sameId(after, target)) report.back.push(`${name} has ${shortName(target) || 'no group'} again.`);
  else report.left.push(`${name} has ${shortName(after) || 'no group'} after the undo.`);
}

/** The group that goes back at an interface; null when there is none that could. */
async function wayBack(
  connection: Connection,
  one: LockState['interfaces'][number],
  report: Report,
): Promise<string | null> {
  if (one.before === '') return '';
  const before = await readIfThere(connection, one.before);
  const own = before === null ? undefined : await customersGroup(connection, before, one.id);
  if (before === null || own === undefined) {
    report.left.push(
      `${shortName(one.before)} does not exist any more: ${shortName(one.id)} STAYS LOCKED. Ask the customer which group belongs there, and put it at the interface.`,
    );
    return null;
  }
  if (sameId(own, one.before) && one.beforeEtag !== '' && textAt(before, 'etag') !== one.beforeEtag) {
    report.told.push(`${shortName(one.before)} has changed since the lock; its present rules apply.`);
  }
  return own;
}

/** Deletes a group of the lock where nothing uses it or needs it; a sentence when it is left. */
async function deleteGroup(
  connection: Connection,
  context: ActionContext,
  state: LockState,
  id: string,
): Promise<string> {
  const parsed = parseResourceId(id);
  if (!parsed) return '';
  const client = await connection.network(parsed.subscriptionId);
  const name = shortName(id);
  for (let attempt = 0; ; attempt += 1) {
    const now = await readIfThere(connection, id);
    if (!now) return '';
    const kept = await whyNotDeleted(connection, now, state.caseId || context.caseId);
    if (kept !== '') return kept;
    const users = others(now, []);
    const mine = state.interfaces.filter((one) => users.includes(shortName(one.id)));
    if (users.length > 0 && (attempt >= 5 || mine.length < users.length)) {
      return `${name} is still used by ${listed(users)}: it is not deleted.`;
    }
    if (users.length === 0) {
      try {
        await follow(connection, context, `DELETE ${parsed.name}`, (options) =>
          client.networkSecurityGroups.delete(parsed.resourceGroup, parsed.name, options),
        );
        return '';
      } catch (error) {
        // Azure lets go of a group some seconds after the interface did.
        const inUse = error instanceof AzureRefusal && /InUse/i.test(error.code);
        if (!inUse || attempt >= 5) throw error;
      }
    }
    await pause(connection, context);
  }
}

async function whyNotDeleted(connection: Connection, group: Json, caseId: string): Promise<string> {
  const id = textAt(group, 'id');
  if (!isOfCase(group, caseId)) return `${shortName(id)} does not carry this case's tag: it is not deleted.`;
  const needed = await neededBy(connection, id);
  if (needed.length === 0) return '';
  return `${shortName(id)} is the way back of ${listed(needed)}: it is not deleted.`;
}

/** A group that could not be deleted does no harm: it is at no interface. */
function whyKept(id: string, error: unknown): string {
  const { status, code, message } = azureError(error);
  const said = error instanceof Error ? error.message : message;
  const locked = code === 'ScopeLocked' || /ScopeLocked/.test(said);
  const cure = locked
    ? ' A management lock keeps it: ask the customer to lift that lock, or to delete the group later.'
    : '';
  return `${shortName(id)} could not be deleted (${said || `${status} ${code}`}); it stands at no interface and filters nothing.${cure}`;
}

/** What the Internet may send to the VM now, by the configuration and by Azure's effective rules. */
async function openNow(connection: Connection, context: ActionContext, state: LockState): Promise<string[]> {
  try {
    const reach = await readReach(
      connection,
      state.interfaces.map(({ id }) => id),
      context.signal,
    );
    const openings = openBeside({ interfaces: reach.interfaces, at: (id) => reach.at(id) }, [], []).filter(
      ({ internet }) => internet,
    );
    if (openings.length === 0) return ['Open to the Internet now: nothing, by the security groups that stand there.'];
    return [
      `OPEN to the Internet now: ${listed(openingTexts(openings), 5)}. Look again with: cordon triage ${context.target.name}`,
    ];
  } catch (error) {
    return [`What is open now could not be read (${azureError(error).message}).`];
  }
}
