import type { Connection } from '../azure/client/connection.ts';
import type { Action } from '../playbook/action.ts';
import { applyExport } from './export/export-apply.ts';
import { undoExport, verifyExport } from './export/export-check.ts';
import { planExport } from './export/export-plan.ts';
import { exportSettings } from './export/settings.ts';

/** Copies snapshots to files or to blobs with their SHA-256, by signed addresses that are ended after. */
export function disksExport(connection: Connection): Action {
  return {
    name: 'disks.export',
    input: exportSettings,
    danger: 'reversible',
    undoOnFailure: true,
    endsWhenStopped: true,
    plan: (context, input) => planExport(connection, context, input),
    apply: (context, planned) => applyExport(connection, context, planned),
    verify: (context, state) => verifyExport(connection, context, state),
    undo: (context, state) => undoExport(connection, context, state),
  };
}
