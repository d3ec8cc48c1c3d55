import * as z from 'zod';
import { instant } from './fact-schema.ts';
import { permission } from './run.ts';

/** One source of evidence, or one thing that everything rests on. null where the question could not be asked. */
const doctorCheck = z.object({
  name: z.string(),
  /** Name of the subscription it was asked in; "" for the sign-in as a whole. */
  subscription: z.string(),
  state: z.enum(['works', 'partly', 'does not work']),
  reachable: z.boolean().nullable(),
  permitted: z.boolean().nullable(),
  /** Is there anything in it? */
  populated: z.boolean().nullable(),
  /** The newest thing in it, where things in it have a time. */
  newestAt: instant.nullable(),
  text: z.string(),
  /** What to ask the customer for, in words; "" when nothing is missing. */
  ask: z.string(),
  /** The same as a line to paste into a shell; "" when there is none. */
  command: z.string(),
});
export type DoctorCheck = z.infer<typeof doctorCheck>;

/** What a playbook needs on one VM, and what of it the caller has. */
const doctorPlaybook = z.object({
  name: z.string(),
  machine: z.string(),
  permissions: z.array(permission),
  /** Why a step cannot be done here with any permissions; one sentence each. */
  impossible: z.array(z.string()),
  ask: z.string(),
});
export type DoctorPlaybook = z.infer<typeof doctorPlaybook>;

/** `cordon doctor --json` */
export const doctorDocument = z.object({
  schema: z.literal('cordon.doctor/1'),
  asOf: instant,
  /** Seconds that this computer's clock is ahead of Azure's; null when Azure did not report its time. */
  clockAheadSeconds: z.number().nullable(),
  checks: z.array(doctorCheck),
  playbooks: z.array(doctorPlaybook),
});
export type DoctorDocument = z.infer<typeof doctorDocument>;
