import type { Connection } from '../azure/client/connection.ts';
import type { Action } from '../playbook/action.ts';
import { applyCollect, collectSettings, planCollect, undoCollect, verifyCollect } from './guest/collect.ts';

/** Collects connections, processes, sessions and autoruns by managed Run Command. Undo deletes the run commands. */
export function volatileCollect(connection: Connection): Action {
  return {
    name: 'volatile.collect',
    input: collectSettings,
    danger: 'disruptive',
    plan: (context, input) => planCollect(connection, context, input),
    apply: (context, planned) => applyCollect(connection, context, planned),
    verify: (context, state) => verifyCollect(connection, context, state),
    undo: (context, state) => undoCollect(connection, context, state),
  };
}
