import * as z from 'zod';
import type { Connection } from '../azure/client/connection.ts';
import type { Action } from '../playbook/action.ts';
import { applyUndelete, verifyUndelete } from './backup/undelete-apply.ts';
import { planUndelete } from './backup/undelete-plan.ts';

/**
 * Brings a soft-deleted backup of the VM back: its points are kept, its protection stays stopped. It is not undone:
 * cordon deletes no backup.
 */
export function backupUndelete(connection: Connection): Action {
  return {
    name: 'backup.undelete',
    input: z.strictObject({}),
    danger: 'reversible',
    plan: (context) => planUndelete(connection, context),
    apply: (context, planned) => applyUndelete(connection, context, planned),
    verify: (context, state) => verifyUndelete(connection, context, state),
  };
}
