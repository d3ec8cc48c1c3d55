import { randomUUID } from 'node:crypto';
import { type Json, listAt, textAt } from '../../arm/json.ts';
import { beforeOf } from '../../arm/lock-tags.ts';
import { shortName } from '../../arm/resource-id.ts';
import type { Connection } from '../../azure/client/connection.ts';
import type { Target } from '../../playbook/action.ts';
import type { StepRecord } from '../../playbook/step-record.ts';
import { customersGroup, type FoundLock, foundLock, lockText } from './found-lock.ts';
import { isDefenderRule, isJoinRule } from './lock-rules.ts';
import type { LockRule, LockState } from './lock-settings.ts';
import { groupAt, readStanding, type Standing } from './standing.ts';

/** A lock of cordon's at a VM, as Azure alone reports it. */
export interface LockAtVm {
  lock: FoundLock;
  /** "locked by anna since …" */
  text: string;
  /** What undoing it takes, as if this case had made it; null when the tags do not show what was there before. */
  record: StepRecord | null;
}

/** The locks in force at a VM's interfaces, from any case or responder, by the tags of their groups. Only reads. */
export async function locksAtVm(connection: Connection, target: Target): Promise<LockAtVm[]> {
  const standing = await readStanding(connection, { target });
  const byCase = new Map<string, { lock: FoundLock; interfaces: Json[] }>();
  for (const one of standing.interfaces) {
    const lock = foundLock(groupAt(standing, one));
    if (lock === undefined) continue;
    const key = lock.caseId.toLowerCase();
    const known = byCase.get(key) ?? { lock, interfaces: [] };
    byCase.set(key, { ...known, interfaces: [...known.interfaces, one] });
  }
  return Promise.all(
    [...byCase.values()].map(async ({ lock, interfaces }) => {
      const state = await stateOf(connection, standing, lock, interfaces);
      return { lock, text: lockText(lock), record: state === null ? null : recordOf(target, lock, state) };
    }),
  );
}

async function stateOf(
  connection: Connection,
  standing: Standing,
  lock: FoundLock,
  interfaces: readonly Json[],
): Promise<LockState | null> {
  const states: LockState['interfaces'] = [];
  const groups = new Map<string, Json>();
  for (const one of interfaces) {
    const group = groupAt(standing, one);
    if (group === null) return null;
    const id = textAt(one, 'id');
    const before = beforeOf(group, id) === undefined ? undefined : await customersGroup(connection, group, id);
    if (before === undefined) return null;
    groups.set(textAt(group, 'id').toLowerCase(), group);
    states.push({ id, etag: textAt(one, 'etag'), before, beforeEtag: '', group: textAt(group, 'id'), replaced: '' });
  }
  return {
    caseId: lock.caseId,
    groups: [...groups.values()].map((group) => ({ id: textAt(group, 'id'), location: textAt(group, 'location') })),
    // cordon's own rules are recognized by their names: any other rule is drift, which is shown first.
    rules: [...groups.values()].flatMap((group) =>
      listAt(group, 'properties', 'securityRules').filter((rule) => isOwn(textAt(rule, 'name'))),
    ) as LockRule[],
    interfaces: states,
    sources: [],
    ports: [],
    flushed: null,
    foreseen: [],
    joined: [],
  };
}

const isOwn = (name: string): boolean => /^cordon-/i.test(name) && !isJoinRule(name) && !isDefenderRule(name);

function recordOf(target: Target, lock: FoundLock, state: LockState): StepRecord {
  const befores = [...new Set(state.interfaces.map(({ before }) => (before === '' ? 'no group' : shortName(before))))];
  return {
    schema: 'cordon.step/1',
    id: randomUUID(),
    playbook: 'undo',
    step: 'lock',
    title: `The lock of case ${lock.caseId}`,
    action: 'nsg.lock',
    undo: `Puts ${befores.join(', ')} back and deletes ${state.groups.map(({ id }) => shortName(id)).join(', ')}; drift is checked first.`,
    target,
    responderAddress: '',
    state,
  };
}
