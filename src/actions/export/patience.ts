import { setTimeout as sleep } from 'node:timers/promises';
import type { Connection } from '../../azure/client/connection.ts';

/** How often the storage is asked without a byte having come. */
export const patience = 6;
const longestWaitMs = 30_000;

/** Refusals that pass by themselves ("Common REST API error codes": 408, 429, 500, 503). */
export const passing = (status: number): boolean => status === 408 || status === 429 || status >= 500;

/** Waits after so many tries, longer each time. */
export const untilNextTry = (connection: Connection, tries: number, signal: AbortSignal): Promise<void> =>
  sleep(Math.min(longestWaitMs, connection.pollIntervalMs * 2 ** tries), undefined, { signal });
