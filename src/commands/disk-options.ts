import type { Playbook } from '../playbook/playbook.ts';
import { withStepOptions } from './step-options.ts';

/** Options that say where the evidence of disks goes, instead of what the playbook says. */
export interface DiskFlags {
  evidenceGroup?: string;
  evidenceSubscription?: string;
  lockEvidence?: boolean;
  restorePoint?: boolean;
  snapshot?: string;
  to?: string;
}

const given = (all: Record<string, unknown>) =>
  Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));

/** The playbook with these options in the steps that take snapshots, and in those that export them. */
export function withDiskOptions(playbook: Playbook, flags: DiskFlags): Playbook {
  const { evidenceGroup, evidenceSubscription, lockEvidence, restorePoint, snapshot, to } = flags;
  const added = new Map([
    [
      'disks.snapshot',
      given({
        resourceGroup: evidenceGroup,
        subscription: evidenceSubscription,
        lock: lockEvidence || undefined,
        restorePoint: restorePoint || undefined,
      }),
    ],
    ['disks.export', given({ snapshot, folder: to, subscription: evidenceSubscription })],
  ]);
  return withStepOptions(playbook, added);
}
