import * as z from 'zod';
import { approval } from './approval.ts';
import { danger } from './danger.ts';
import { instant } from './fact-schema.ts';

export { type Danger, danger } from './danger.ts';

/** One request that the step will send, with the part of the resource it changes. */
export const change = z.object({
  method: z.enum(['PUT', 'POST', 'PATCH', 'DELETE']),
  resourceId: z.string(),
  /** The changed properties before and after, as short texts for a diff. */
  diff: z.array(z.object({ property: z.string(), before: z.string(), after: z.string() })),
  before: z.unknown(),
  after: z.unknown(),
});
export type Change = z.infer<typeof change>;

export const permission = z.object({
  /** "Microsoft.Network/networkInterfaces/write" */
  action: z.string(),
  /** Resource id on which it is needed. */
  scope: z.string(),
  /** null when the caller's permissions could not be read. */
  held: z.boolean().nullable(),
  /** A built-in role that has it. */
  role: z.string().optional(),
  /** Needed for undoing, not for the change itself. */
  forUndo: z.boolean().optional(),
  /** The deny assignment that takes it away, or may. */
  deniedBy: z.string().optional(),
  /** A role with it that the caller may activate, as a sentence. */
  eligible: z.string().optional(),
});
export type Permission = z.infer<typeof permission>;

export const plannedStep = z.object({
  id: z.string(),
  title: z.string(),
  kind: z.enum(['action', 'ask', 'note', 'check']),
  /** The action's name, "" for the other kinds. */
  action: z.string(),
  guidance: z.string(),
  changes: z.array(change),
  /** Other resources that feel it, each in a sentence. */
  touches: z.array(z.string()),
  permissions: z.array(permission),
  danger,
  /** How it is undone; "" when it cannot or need not be. */
  undo: z.string(),
  warnings: z.array(z.string()),
  /** What it will and will not do besides the changes, one sentence each. */
  consequences: z.array(z.string()).optional(),
});
export type PlannedStep = z.infer<typeof plannedStep>;

/** `cordon run PLAYBOOK --vm VM --dry-run --json` */
export const planDocument = z.object({
  schema: z.literal('cordon.plan/1'),
  asOf: instant,
  playbook: z.string(),
  vm: z.object({ id: z.string(), name: z.string() }),
  steps: z.array(plannedStep),
  /** What `--approve` takes; absent in a plan of several, which has one for all. */
  approval: approval.optional(),
});
export type PlanDocument = z.infer<typeof planDocument>;

/** `cordon run PLAYBOOK VM1 VM2 --dry-run --json` */
export const plansDocument = z.object({
  schema: z.literal('cordon.plans/1'),
  asOf: instant,
  playbook: z.string(),
  plans: z.array(planDocument),
  /** The VMs for which no plan could be made, with why. */
  notPlanned: z.array(z.object({ id: z.string(), name: z.string(), because: z.string() })),
  /** What `--approve` takes; absent where a VM could not be planned. */
  approval: approval.optional(),
});

const ranStep = plannedStep.extend({
  outcome: z.enum(['done', 'failed', 'skipped', 'undone', 'not-reached', 'running']),
  verified: z.object({ ok: z.boolean().nullable(), text: z.string() }).nullable(),
  correlationIds: z.array(z.string()),
  error: z.string(),
});

/** `cordon run PLAYBOOK --vm VM --json` */
export const runDocument = z.object({
  schema: z.literal('cordon.run/1'),
  asOf: instant,
  playbook: z.string(),
  vm: z.object({ id: z.string(), name: z.string() }),
  case: z.string(),
  steps: z.array(ranStep),
  /**
   * When the change is undone by itself unless it is kept, and what does it ("" when nothing does once cordon is gone).
   */
  autoUndo: z.object({ at: instant, by: z.string() }).nullable().optional(),
});
export type RunDocument = z.infer<typeof runDocument>;

/** `cordon run PLAYBOOK VM1 VM2 --json`: one run a VM, all in one case. */
export const runsDocument = z.object({
  schema: z.literal('cordon.runs/1'),
  asOf: instant,
  playbook: z.string(),
  case: z.string(),
  runs: z.array(runDocument.extend({ summary: z.string() })),
});
