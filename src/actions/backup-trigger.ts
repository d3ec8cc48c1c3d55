import type { Connection } from '../azure/client/connection.ts';
import type { Action } from '../playbook/action.ts';
import { applyBackup, verifyBackup } from './backup/backup-apply.ts';
import { planBackup } from './backup/backup-plan.ts';
import { backupSettings } from './backup/settings.ts';

/** Starts an on-demand backup of the VM, and follows the job until its snapshot is taken. */
export function backupTrigger(connection: Connection): Action {
  return {
    name: 'backup.trigger',
    input: backupSettings,
    danger: 'reversible',
    plan: (context, input) => planBackup(connection, context, input),
    apply: (context, planned) => applyBackup(connection, context, planned),
    verify: (_context, state) => verifyBackup(connection, state),
  };
}
