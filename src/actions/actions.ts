import type { Connection } from '../azure/client/connection.ts';
import type { Action, ActionContext } from '../playbook/action.ts';
import { backupTrigger } from './backup-trigger.ts';
import { disksSnapshot } from './disks-snapshot.ts';
import { jitEnable } from './jit-enable.ts';
import { jitRequest } from './jit-request.ts';
import { networkCheck } from './network-check.ts';
import { nsgLock } from './nsg-lock.ts';
import { patchesAssess } from './patches-assess.ts';

/** All that can be changed in Azure, and what is looked at around it, by name. Nothing is asked of Azure yet. */
export function createActions(connection: Connection): Map<string, Action> {
  const all = [
    nsgLock(connection),
    disksSnapshot(connection),
    backupTrigger(connection),
    patchesAssess(connection),
    jitEnable(connection),
    jitRequest(connection),
    networkCheck(connection),
  ];
  return new Map(all.map((action) => [action.name, tellingQueries(connection, action)]));
}

/** The action, with the queries that it sends told to whoever runs it. */
function tellingQueries(connection: Connection, action: Action): Action {
  const { undo } = action;
  const told = <T>(context: ActionContext, work: () => Promise<T>): Promise<T> =>
    connection.askedBy((query) => context.asked(query), work);
  return {
    ...action,
    plan: (context, input) => told(context, () => action.plan(context, input)),
    apply: (context, planned) => told(context, () => action.apply(context, planned)),
    verify: (context, state) => told(context, () => action.verify(context, state)),
    ...(undo ? { undo: (context, state) => told(context, () => undo.call(action, context, state)) } : {}),
  };
}
