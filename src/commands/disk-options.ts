import { signatureVariable } from '../azure/client/storage.ts';
import { exitCode, Failure } from '../failure.ts';
import type { Playbook } from '../playbook/playbook.ts';
import { withStepOptions } from './step-options.ts';

/** Options that say where the evidence of disks goes, instead of what the playbook says. */
export interface DiskFlags {
  evidenceGroup?: string;
  evidenceSubscription?: string;
  lockEvidence?: boolean;
  restorePoint?: boolean;
  snapshot?: string;
  /** A folder, or the address of a container. */
  to?: string;
  immutable?: boolean;
}

/** The address of a container of `--to`. Throws a Failure where it holds a signature, which no argument is to hold. */
function containerOf(to: string): string {
  const { search } = URL.parse(to) ?? { search: '' };
  if (search === '') return to;
  throw new Failure(
    `--to takes the address of a container alone: its signature goes into ${signatureVariable}`,
    exitCode.usage,
  );
}

const given = (all: Record<string, unknown>) =>
  Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));

/** The playbook with these options in the steps that take snapshots, and in those that export them. */
export function withDiskOptions(playbook: Playbook, flags: DiskFlags): Playbook {
  const { evidenceGroup, evidenceSubscription, immutable, lockEvidence, restorePoint, snapshot, to } = flags;
  const container = to !== undefined && /^https?:/i.test(to) ? containerOf(to) : undefined;
  const added = new Map<string, object>([
    [
      'disks.snapshot',
      given({
        resourceGroup: evidenceGroup,
        subscription: evidenceSubscription,
        lock: lockEvidence || undefined,
        restorePoint: restorePoint || undefined,
      }),
    ],
    [
      'disks.export',
      {
        ...given({ snapshot, folder: to, immutable: immutable || undefined, subscription: evidenceSubscription }),
        // In place of a folder that the playbook may name.
        ...(container === undefined ? {} : { container, folder: undefined }),
      },
    ],
    ['volatile.collect', given({ container, immutable: immutable || undefined })],
  ]);
  return withStepOptions(playbook, added);
}
