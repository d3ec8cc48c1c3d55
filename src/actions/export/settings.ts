import * as z from 'zod';
import { containerSetting } from '../evidence-container.ts';

export const exportSettings = z.strictObject({
  snapshot: z
    .string()
    .min(1)
    .max(500)
    .optional()
    .describe("Name or resource id of the snapshot; the case's newest one of each disk when left out."),
  folder: z
    .string()
    .min(1)
    .max(4096)
    .optional()
    .describe('Where the images are written; the folder `images` of the case when left out.'),
  container: containerSetting
    .optional()
    .describe(
      'A container of Azure Storage that the images go to as blobs, instead of to a folder. Its shared access signature is in the environment: CORDON_BLOB_SAS.',
    ),
  immutable: z
    .boolean()
    .default(false)
    .describe('Refuses a container whose blobs no time-based policy or legal hold keeps from being changed.'),
  subscription: z
    .string()
    .regex(/^[0-9a-f-]{36}$/i, 'the id of a subscription')
    .optional()
    .describe("The subscription of the snapshots; the VM's own when left out."),
  privateEndpoint: z
    .boolean()
    .default(false)
    .describe('This machine reaches the private endpoint of snapshots that are open to it alone.'),
  everyPage: z
    .boolean()
    .default(false)
    .describe(
      'Transfers all bytes, also the pages of which Azure says that they were never written; without it they are zeros unseen.',
    ),
});
export type ExportSettings = z.infer<typeof exportSettings>;

/** What apply, verify and undo of an export need. */
export const exportState = z.looseObject({
  images: z.array(
    z.object({
      snapshotId: z.string(),
      diskId: z.string(),
      /** When the snapshot was taken; "" when Azure does not report it. */
      taken: z.string(),
      /** Absolute, or the address of a blob; "" in a plan that is made without a case. */
      file: z.string(),
      /** Bytes of the disk, as the snapshot reports them; 0 when it does not. */
      bytes: z.number(),
      /** Is the snapshot opened for the export, and closed again after it? */
      opens: z.boolean(),
      /** Is the image here already, so that only its digest is made again? */
      here: z.boolean(),
      /** Are pages transferred too of which Azure says that they were never written? */
      everyPage: z.boolean().default(false),
    }),
  ),
  /** Set once they are exported. */
  exported: z.array(z.object({ file: z.string(), bytes: z.number(), sha256: z.string() })).optional(),
});
export type ExportState = z.infer<typeof exportState>;
export type PlannedImage = ExportState['images'][number];

const unit = 1024 ** 3;

/** "1.2 GiB", "24 MiB" */
export function sizeText(bytes: number): string {
  return bytes >= unit ? `${(bytes / unit).toFixed(1)} GiB` : `${Math.ceil(bytes / 1024 ** 2)} MiB`;
}

/** "12 s", "4 min", "2.5 h" */
export function timeText(seconds: number): string {
  if (seconds < 100) return `${Math.ceil(seconds)} s`;
  return seconds < 6000 ? `${Math.ceil(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`;
}
