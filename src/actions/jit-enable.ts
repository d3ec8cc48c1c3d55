import type { Connection } from '../azure/client/connection.ts';
import type { Action } from '../playbook/action.ts';
import { applyEnable, undoEnable, verifyEnable } from './jit/enable-apply.ts';
import { enableSettings, planEnable } from './jit/enable-plan.ts';

/** Puts the VM under just-in-time access: its management ports are closed until access is requested. */
export function jitEnable(connection: Connection): Action {
  return {
    name: 'jit.enable',
    input: enableSettings,
    danger: 'reversible',
    plan: (context, input) => planEnable(connection, context, input),
    apply: (context, planned) => applyEnable(connection, context, planned),
    verify: (context, state) => verifyEnable(connection, context, state),
    undo: (context, state) => undoEnable(connection, context, state),
  };
}
