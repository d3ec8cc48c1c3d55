import type { Connection } from '../azure/client/connection.ts';
import type { Action } from '../playbook/action.ts';
import { applyCut, undoCut, verifyCut } from './identity/cut-apply.ts';
import { planCut } from './identity/cut-plan.ts';
import { cutSettings } from './identity/cut-settings.ts';

/** Deletes the role assignments of the VM's managed identities; undo assigns them again. */
export function identityCut(connection: Connection): Action {
  return {
    name: 'identity.cut',
    input: cutSettings,
    danger: 'disruptive',
    undoOnFailure: true,
    plan: (context) => planCut(connection, context),
    apply: (context, planned) => applyCut(connection, context, planned),
    verify: (context, state) => verifyCut(connection, context, state),
    undo: (context, state) => undoCut(connection, context, state),
  };
}
