import * as z from 'zod';
import { notAllowable } from '../../network/sets/given-prefix.ts';

const port = z.union([
  z.int().min(1).max(65535),
  z.string().regex(/^\d{1,5}(-\d{1,5})?$/, 'a port or a range of ports'),
]);

/** Ports on which the responder comes in, when a playbook does not say. */
export const managementPorts = [3389, 22, 5985, 5986];

export const waysIn = z.strictObject({
  ports: z.array(port).min(1).max(50).default(managementPorts).describe('TCP ports on which you reach the VM.'),
  wayIn: z
    .enum(['required', 'told'])
    .default('required')
    .describe('required: no lock that would shut you out. told: the VM is contained nevertheless, with a warning.'),
});

export const lockSettings = waysIn.extend({
  allow: z
    .array(
      z.string().refine((text) => notAllowable(text) === '', { error: (issue) => notAllowable(String(issue.input)) }),
    )
    .max(50)
    .default([])
    .describe('More addresses that stay allowed, such as the subnet of a Bastion.'),
  denyOutbound: z
    .boolean()
    .default(false)
    .describe("Deny outbound traffic too: the intruder's own connections. Stops what keepOutbound does not name."),
  keepOutbound: z
    .array(z.enum(['monitor', 'backup', 'dns']))
    .max(3)
    .default(['monitor'])
    .describe('What stays allowed when outbound is denied: Azure Monitor, Azure Backup, DNS servers in the network.'),
  closePlatform: z
    .boolean()
    .default(false)
    .describe("With denyOutbound: deny Azure's own DNS and the metadata service (managed identity tokens) as well."),
  existingLock: z
    .enum(['refuse', 'join', 'replace'])
    .default('refuse')
    .describe('When another case has locked the VM: stop and say so, add your address to that lock, or replace it.'),
});
export type LockSettings = z.infer<typeof lockSettings>;

/** A rule of the lock, as Azure takes it. */
export interface LockRule {
  name: string;
  properties: {
    description: string;
    priority: number;
    direction: 'Inbound' | 'Outbound';
    access: 'Allow' | 'Deny';
    protocol: string;
    sourcePortRange: string;
    destinationPortRanges?: string[];
    destinationPortRange?: string;
    sourceAddressPrefix?: string;
    sourceAddressPrefixes?: string[];
    destinationAddressPrefix: string;
  };
}

const lockRule = z.custom<LockRule>((value) => typeof value === 'object' && value !== null && 'name' in value);

/** What apply, verify and undo of a lock need; kept in the case, so that a later process can undo it. */
export const lockState = z.looseObject({
  /** The case in the tags of the lock's groups; "" in records from before it was kept. */
  caseId: z.string().default(''),
  groups: z.array(z.object({ id: z.string(), location: z.string() })),
  rules: z.array(lockRule),
  interfaces: z.array(
    z.object({
      id: z.string(),
      etag: z.string(),
      /** Id of the group that goes back with an undo, "" for none. Never a group of cordon's. */
      before: z.string(),
      /** Its etag, to detect a change made meanwhile. */
      beforeEtag: z.string(),
      group: z.string(),
      /** Id of the group that was there, where it is another lock that is replaced; else "". */
      replaced: z.string().default(''),
    }),
  ),
  sources: z.array(z.string()),
  ports: z.array(z.string()),
  /** Did Azure accept that sessions are cut? null before it was asked. */
  flushed: z.boolean().nullable(),
  /** Openings that remain as the plan foresaw, as rules in words. */
  foreseen: z.array(z.string()).default([]),
  /** Rules that let the responder into another case's lock, instead of a lock of its own. */
  joined: z.array(z.object({ group: z.string(), rule: lockRule })).default([]),
});
export type LockState = z.infer<typeof lockState>;
