import type { Connection } from '../azure/client/connection.ts';
import type { Action } from '../playbook/action.ts';
import { applyLock, withoutDeadline } from './lock/lock-apply.ts';
import { planLock } from './lock/lock-plan.ts';
import { lockSettings } from './lock/lock-settings.ts';
import { undoLock } from './lock/lock-undo.ts';
import { verifyLock } from './lock/lock-verify.ts';

/** Closes the network of a VM at every interface with a new security group; those that are there stay untouched. */
export function nsgLock(connection: Connection): Action {
  return {
    name: 'nsg.lock',
    input: lockSettings,
    danger: 'disruptive',
    undoOnFailure: true,
    plan: (context, input) => planLock(connection, context, input),
    apply: (context, planned) => applyLock(connection, context, planned),
    verify: (context, state) => verifyLock(connection, context, state),
    undo: (context, state) => undoLock(connection, context, state),
    kept: (context, state) => withoutDeadline(connection, context, state),
  };
}
