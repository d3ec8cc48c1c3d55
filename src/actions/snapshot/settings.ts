import * as z from 'zod';
import type { Json } from '../../arm/json.ts';
import type { ActionContext } from '../../playbook/action.ts';
import { caseTags } from '../case-tags.ts';
import { nameable, stampOf } from '../resource-name.ts';

export const snapshotSettings = z.strictObject({
  kind: z
    .enum(['full', 'incremental'])
    .default('full')
    .describe('full copies can be taken to another subscription; incremental ones cannot.'),
  resourceGroup: z
    .string()
    .regex(/^[\p{L}\p{N}_.()-]{1,90}$/u, 'the name of a resource group')
    .optional()
    .describe("Where the snapshots go; the VM's own resource group when left out."),
  subscription: z
    .string()
    .regex(/^[0-9a-f-]{36}$/i, 'the id of a subscription')
    .optional()
    .describe(
      "The subscription of that resource group; the VM's own when left out. Full snapshots alone can go to another.",
    ),
  lock: z
    .boolean()
    .default(false)
    .describe('Put a CanNotDelete lock on each snapshot, which undo lifts before it deletes.'),
  restorePoint: z
    .boolean()
    .default(false)
    .describe('Also take a restore point of all disks at one moment, where the VM has several and Azure can.'),
  instantAccessMinutes: z
    .int()
    .min(1)
    .max(10_080)
    .optional()
    .describe(
      'How long snapshots of Ultra and Premium SSD v2 disks can be restored from before Azure has copied them.',
    ),
});

/** What apply, verify and undo of snapshots need. */
export const snapshotState = z.looseObject({
  snapshots: z.array(
    z.object({
      id: z.string(),
      diskId: z.string(),
      /** "OS disk", "LUN 0" */
      role: z.string(),
      location: z.string(),
      incremental: z.boolean(),
      /** Only where it was asked for, and the disk is of a kind that has it. */
      instantAccessMinutes: z.number().optional(),
    }),
  ),
  /** Is there a CanNotDelete lock on each? */
  locked: z.boolean().default(false),
  /** The restore point of all disks at one moment, where one is taken. */
  point: z
    .object({
      collectionId: z.string(),
      location: z.string(),
      diskIds: z.array(z.string()),
    })
    .optional(),
});
export type SnapshotState = z.infer<typeof snapshotState>;
export type Planned = SnapshotState['snapshots'][number];
export type PlannedPoint = NonNullable<SnapshotState['point']>;

/** `cordon-<case>-<disk>-<time>`, 80 characters at most, of what Azure accepts, not among `taken` (lower case). */
export function snapshotName(caseId: string, disk: string, when: Date, taken: ReadonlySet<string>): string {
  const time = stampOf(when);
  for (let number = 1; ; number += 1) {
    const tail = number === 1 ? `-${time}` : `-${number}-${time}`;
    // The disk's name distinguishes the snapshots; the case's is in a tag too, and gives way first.
    const disks = nameable(disk).slice(0, 40);
    const room = 80 - tail.length - disks.length - 1;
    const name = `${nameable(`cordon-${caseId}`).slice(0, room)}-${disks}${tail}`;
    if (!taken.has(name.toLowerCase())) return name;
  }
}

/** The request body for a snapshot; `by` is who takes it. */
export function bodyOf(context: ActionContext, one: Planned, by: string): Json {
  return {
    location: one.location,
    tags: {
      ...caseTags(context.caseId, context.caseHead?.() ?? ''),
      // A tag holds 256 characters at most.
      'cordon-disk': one.diskId.slice(0, 256),
      'cordon-vm': context.target.id.slice(0, 256),
      ...(by === '' ? {} : { 'cordon-created-by': by.slice(0, 256) }),
    },
    properties: {
      creationData: {
        createOption: 'Copy',
        sourceResourceId: one.diskId,
        ...(one.instantAccessMinutes === undefined ? {} : { instantAccessDurationMinutes: one.instantAccessMinutes }),
      },
      incremental: one.incremental,
      networkAccessPolicy: 'DenyAll',
      publicNetworkAccess: 'Disabled',
    },
  };
}
