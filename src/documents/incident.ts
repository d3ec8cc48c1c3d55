import * as z from 'zod';
import { factOf, instant } from './fact-schema.ts';
import { severity } from './triage.ts';

const leadKind = z.enum([
  /** An attacking address, in another VM's logons or in the activity log. */
  'address',
  /** An account that the intruder has, in another VM's logons. */
  'account',
  /** A logon from a private address of the VM. */
  'internal-logon',
  'run-command',
  'disk-link',
  'role-assignment',
  /** Another operation of the VM's managed identity. */
  'identity',
]);

/** From one VM of an incident to another VM, a disk, or a scope. */
export const lead = z.object({
  kind: leadKind,
  to: z.object({
    kind: z.enum(['vm', 'disk', 'other']),
    /** Resource id; "" for a VM that the logs know only by its name. */
    id: z.string(),
    name: z.string(),
  }),
  /** true: a logon succeeded, an operation was done. false: attempts alone are known. */
  reached: z.boolean(),
  severity,
  /** One sentence. */
  text: z.string(),
  /** The account, or the identity, that acted; "" when it is not known. */
  who: z.string(),
  /** The address that it came from; "" when it is not known. */
  from: z.string(),
  first: instant,
  last: instant,
  /** Of logons; null for operations in Azure. */
  failures: z.int().nullable(),
  successes: z.int().nullable(),
  /** Of an operation in Azure: its name, and the id by which the activity log has it; absent for logons. */
  operation: z.string().optional(),
  correlationId: z.string().optional(),
});
export type Lead = z.infer<typeof lead>;

/** One VM of an incident: why it belongs to it, by what others were searched for, and what led on from it. */
const incidentVm = z.object({
  vm: z.object({ id: z.string(), name: z.string() }),
  /** Steps from the first VM, which has 0. */
  hop: z.int(),
  /** The lead by which it was reached; "" for the first. */
  because: z.string(),
  followed: z.object({
    /** Addresses that attacked it, or from which the way into it was opened. */
    addresses: z.array(z.string()),
    /** Accounts that the intruder has. */
    accounts: z.array(z.string()),
    /** Its own addresses in its networks; null when they could not be read. */
    privateAddresses: z.array(z.string()).nullable(),
    /** From when its own addresses and accounts are followed: the intrusion, else the first failed logons; null: neither is known. */
    since: instant.nullable(),
  }),
  /** What the logs of the other VMs show. */
  logons: factOf(z.array(lead)),
  /** What its managed identities, and the attacking addresses, did in Azure. */
  operations: factOf(z.array(lead)),
});
export type IncidentVm = z.infer<typeof incidentVm>;

/** A VM of an incident while it is read; null is awaited. */
export type IncidentVmInProgress = Pick<IncidentVm, 'vm' | 'hop' | 'because'> & {
  [K in 'followed' | 'logons' | 'operations']: IncidentVm[K] | null;
};

/** `cordon incident VM --json`: what leads from one VM to the next, and to data. */
export const incidentDocument = z.object({
  schema: z.literal('cordon.incident/1'),
  asOf: instant,
  vms: z.array(incidentVm),
  /** VMs that were reached and not read any more, with why. */
  notFollowed: z.array(z.object({ id: z.string(), name: z.string(), because: z.string() })),
});
export type IncidentDocument = z.infer<typeof incidentDocument>;

/** An incident while it is read. */
export interface IncidentInProgress extends Pick<IncidentDocument, 'notFollowed'> {
  vms: readonly IncidentVmInProgress[];
}
