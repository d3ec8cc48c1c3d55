import type { Connection } from '../azure/client/connection.ts';
import type { Action } from '../playbook/action.ts';
import { accountSettings, applyDisable, planDisable, undoDisable, verifyDisable } from './guest/account.ts';

/** Disables a local account in the guest by managed Run Command. Undo enables it, where it was enabled before. */
export function accountDisable(connection: Connection): Action {
  return {
    name: 'account.disable',
    input: accountSettings,
    danger: 'disruptive',
    undoOnFailure: true,
    plan: (context, input) => planDisable(connection, context, input),
    apply: (context, planned) => applyDisable(connection, context, planned),
    verify: (context, state) => verifyDisable(connection, context, state),
    undo: (context, state) => undoDisable(connection, context, state),
  };
}
