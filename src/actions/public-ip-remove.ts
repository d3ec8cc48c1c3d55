import type { Connection } from '../azure/client/connection.ts';
import type { Action } from '../playbook/action.ts';
import { removeSettings } from './public-address/address-settings.ts';
import { applyRemoval, undoRemoval, verifyRemoval } from './public-address/remove-apply.ts';
import { planRemoval } from './public-address/remove-plan.ts';

/** Takes the public addresses off the VM's interfaces. The address resources stay, so that undo can put them back. */
export function publicIpRemove(connection: Connection): Action {
  return {
    name: 'public-ip.remove',
    input: removeSettings,
    danger: 'disruptive',
    undoOnFailure: true,
    plan: (context) => planRemoval(connection, context),
    apply: (context, planned) => applyRemoval(connection, context, planned),
    verify: (_context, state) => verifyRemoval(connection, state),
    undo: (context, state) => undoRemoval(connection, context, state),
  };
}
