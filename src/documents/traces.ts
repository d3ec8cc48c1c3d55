import * as z from 'zod';
import { instant } from './fact-schema.ts';

/** What one address did on one VM. */
const machineTrace = z.object({
  /** Resource id; "" for a VM that the logs know only by its name. */
  id: z.string(),
  name: z.string(),
  failures: z.int(),
  successes: z.int(),
  first: instant,
  last: instant,
  firstSuccess: instant.nullable(),
  /** The accounts with the most successes, then failures; `distinctAccounts` counts all of them. */
  accounts: z.array(z.object({ name: z.string(), failures: z.int(), successes: z.int() })),
  distinctAccounts: z.int(),
});
export type MachineTrace = z.infer<typeof machineTrace>;

/** What one source address did on every VM whose logs can be read: where it got in first, then by failures. */
export const addressTrace = z.object({ address: z.string(), machines: z.array(machineTrace) });
export type AddressTrace = z.infer<typeof addressTrace>;

/** One event of a log, reported in a line. */
export const tracedEvent = z.object({
  at: instant,
  /** 4624, 4625, 4720 …; 0 for lines of sshd. */
  eventId: z.int(),
  account: z.string(),
  address: z.string(),
  /** Who did it; "" where the event names no account. */
  by: z.string(),
  what: z.string(),
});
export type TracedEvent = z.infer<typeof tracedEvent>;

/** The events around one instant, in the order of time; `around` is that instant. */
export const eventsAround = z.object({ around: instant, events: z.array(tracedEvent) });
export type EventsAround = z.infer<typeof eventsAround>;
