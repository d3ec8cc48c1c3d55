import type { Json } from '../../arm/json.ts';
import type { Connection } from '../../azure/client/connection.ts';
import { briefly } from '../../azure/client/failure.ts';
import { within } from '../../azure/client/time-limits.ts';
import { printable } from '../../text/printable.ts';

/** A request that a step, or its undo, will send. */
export interface Intended {
  method: 'PUT' | 'POST' | 'PATCH' | 'DELETE';
  resourceId: string;
  /** Is it sent by the undo alone? */
  forUndo?: boolean;
  /** What a PUT sends, where that is known: Azure Policy is asked about it. */
  body?: Json;
  /** A service of Azure's sends it, not cordon; what follows where a lock holds it back, in a sentence. */
  byService?: string;
  /** Does it make a resource that is not there yet? It then counts towards a quota. */
  creates?: boolean;
}

/** What one look ahead found. */
export interface Outlook {
  /** Why the change will be refused, and whom to ask for what: a sentence or two each. */
  blocked: string[];
  /** What the undo will not be able to do, and what was not seen. */
  warnings: string[];
}

const PATIENCE_SECONDS = 20;

/** Asks Azure for no longer than a person waits for a plan. Throws TimeLimitExceeded when that is over. */
export function bounded<T>(
  connection: Connection,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  return within('Azure', Math.min(PATIENCE_SECONDS, connection.limits.read), [signal], work);
}

/** Why something was not seen, in a few words: "403 AuthorizationFailed". */
export const why = (error: unknown): string => printable(briefly(error), 200);

/** "/subscriptions/s/resourceGroups/g" of a resource or group. */
export const groupOf = (id: string): string => id.split('/').slice(0, 5).join('/');

/** "s" of "/subscriptions/s/…" */
export const subscriptionOf = (id: string): string => id.split('/')[2] ?? '';

/** One of each kind, by a key in which case does not matter. */
export function distinct<T>(all: readonly T[], key: (one: T) => string): T[] {
  return [...new Map(all.map((one) => [key(one).toLowerCase(), one])).values()];
}
