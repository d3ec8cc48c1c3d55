import type { Connection } from '../azure/client/connection.ts';
import type { Action } from '../playbook/action.ts';
import { applyInstall, verifyInstall } from './patches/install-apply.ts';
import { planInstall } from './patches/install-plan.ts';
import { installSettings } from './patches/install-settings.ts';

/** Installs missing updates through Azure, after the disks are in the case's snapshots. It cannot be undone. */
export function patchesInstall(connection: Connection): Action {
  return {
    name: 'patches.install',
    input: installSettings,
    danger: 'disruptive',
    plan: (context, input) => planInstall(connection, context, input),
    apply: (context, planned) => applyInstall(connection, context, planned),
    verify: (context, state) => verifyInstall(connection, context, state),
  };
}
