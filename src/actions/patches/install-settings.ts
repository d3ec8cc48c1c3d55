import * as z from 'zod';

/** Classifications of Windows and Linux: Compute specification, VMGuestPatchClassification_Windows and _Linux. */
const windows = [
  'Critical',
  'Security',
  'UpdateRollUp',
  'FeaturePack',
  'ServicePack',
  'Definition',
  'Tools',
  'Updates',
];
const linux = ['Critical', 'Security', 'Other'];

/** The work in the guest, for sentences about it. */
export const installing = 'updates are installed';

export const installSettings = z.strictObject({
  classifications: z
    .array(z.enum([...windows, 'Other']))
    .min(1)
    .max(9)
    .default(['Critical', 'Security'])
    .describe('Which updates are installed; of these, those that the VM’s system knows.'),
  reboot: z
    .enum(['Never', 'IfRequired', 'Always'])
    .default('Never')
    .describe('Never keeps memory, and leaves updates that need a restart pending.'),
  hours: z.int().min(1).max(4).default(2).describe('The longest that the installation may take.'),
  withoutSnapshot: z
    .string()
    .min(10)
    .max(400)
    .optional()
    .describe('Why it is installed although the case has no snapshot of every disk, and who decided that.'),
});
/** The classifications that the system of the VM has. */
export const classificationsFor = (os: 'windows' | 'linux', wanted: readonly string[]): string[] =>
  wanted.filter((one) => (os === 'windows' ? windows : linux).includes(one));

const count = z.number().nullable();

export const installState = z.looseObject({
  os: z.enum(['windows', 'linux']),
  classifications: z.array(z.string()),
  reboot: z.enum(['Never', 'IfRequired', 'Always']),
  hours: z.number(),
  /** When it was sent, ISO 8601; "" before. */
  startedAt: z.string(),
  activity: z.string(),
  status: z.string(),
  rebootStatus: z.string(),
  installed: count,
  failed: count,
  pending: count,
  error: z.string(),
});
export type InstallState = z.infer<typeof installState>;
