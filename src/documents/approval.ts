import * as z from 'zod';
import { danger } from './danger.ts';

/** One step as it is approved: its settings, its requests, and the state that it was planned against. */
const approvedStep = z.object({
  id: z.string(),
  /** The action's name, "" for steps that ask or say something. */
  action: z.string(),
  danger,
  /** Why it does nothing, "" when it acts. */
  refused: z.string(),
  changes: z.array(z.object({ method: z.string(), resourceId: z.string(), before: z.unknown(), after: z.unknown() })),
  touches: z.array(z.string()),
  state: z.unknown(),
});
export type ApprovedStep = z.infer<typeof approvedStep>;

/** Every parameter of a planned run: what its approval speaks of. */
const approvalOver = z.object({
  schema: z.literal('cordon.approval/1'),
  /** cordon's version. */
  tool: z.string(),
  /** SHA-256 of the playbook's canonical JSON, with the options of the command line in its steps. */
  playbook: z.object({ name: z.string(), sha256: z.string() }),
  responderAddress: z.string(),
  reason: z.string(),
  vms: z.array(z.object({ id: z.string(), steps: z.array(approvedStep) })),
});
export type ApprovalOver = z.infer<typeof approvalOver>;

/** `digest` is the SHA-256 (hex) of the canonical JSON (RFC 8785) of `over`. */
export const approval = z.object({ digest: z.string(), over: approvalOver });
export type Approval = z.infer<typeof approval>;
