import type { ReadLog } from './log-records.ts';
import type { RecordRows } from './record-rows.ts';

export interface LogThreadData {
  path: string;
  /** One Int32: how many batches were taken. */
  taken: SharedArrayBuffer;
}

export type FromLogThread =
  | { kind: 'rows'; rows: RecordRows }
  | { kind: 'progress'; fraction: number }
  | { kind: 'read'; read: ReadLog }
  | { kind: 'unreadable'; because: string; code: string };

/** How many batches may wait to be taken: some 40 MB of a log whose turn has not come. */
export const mostWaiting = 64;
