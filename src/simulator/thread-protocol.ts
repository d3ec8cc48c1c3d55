import type { Mutation } from './gateway.ts';
import type { Limits } from './throttling.ts';

/** Start options of a simulator in a thread of its own. Files are read by the caller; the thread parses them. */
export interface ThreadOptions {
  /** Text of a world file and its name for messages; the built-in incident when absent. */
  worldText?: string;
  worldFile?: string;
  faultsText?: string;
  faultsFile?: string;
  port?: number;
  latency?: 'none' | 'realistic';
  tls?: { cert: string; key: string };
  mutationLog?: string;
  tokenLifetime?: number;
  pageSize?: number;
  limits?: Limits;
}

/** From the thread. */
export type FromThread =
  | { kind: 'started'; url: string; port: number; identityHeader: string; now: number }
  | { kind: 'failed'; name: string; message: string }
  | { kind: 'mutations'; ask: number; mutations: Mutation[] }
  | { kind: 'closed' };

/** To the thread. */
export type ToThread = { kind: 'mutations'; ask: number } | { kind: 'close' };
