import type { Connection } from '../azure/client/connection.ts';
import type { Action } from '../playbook/action.ts';
import { snapshotSettings } from './snapshot/settings.ts';
import { applySnapshots } from './snapshot/snapshot-apply.ts';
import { undoSnapshots, verifySnapshots } from './snapshot/snapshot-check.ts';
import { planSnapshots } from './snapshot/snapshot-plan.ts';

/** Takes a snapshot of the OS disk and of all data disks at once, closed to export. */
export function disksSnapshot(connection: Connection): Action {
  return {
    name: 'disks.snapshot',
    input: snapshotSettings,
    danger: 'reversible',
    undoing: { danger: 'disruptive', included: false },
    plan: (context, input) => planSnapshots(connection, context, input),
    apply: (context, planned) => applySnapshots(connection, context, planned),
    verify: (_context, state) => verifySnapshots(connection, state),
    undo: (context, state) => undoSnapshots(connection, context, state),
  };
}
