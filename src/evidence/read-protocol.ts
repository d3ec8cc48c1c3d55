import type { Stripe, StripedBlock, StripeEnd } from '../eventlog/event-stripes.ts';
import type { Column } from '../kql/types.ts';
import type { ReadBefore } from './event-logs.ts';
import type { EvidenceFile } from './evidence-files.ts';
import type { ParsedColumn } from './parse-protocol.ts';

/** The work of a thread that reads a file: its content as bytes, or its rows of one table. */
export type ReadTask = BytesTask | RowsTask;

export interface BytesTask {
  kind: 'bytes';
  path: string;
  /** Where the bytes go, one after the other: shared memory in whole pages. */
  slots: readonly Uint8Array[];
  /** How many pieces were taken. */
  taken: SharedArrayBuffer;
  /** Is it a file on disk, to be read past the page cache? */
  uncached: boolean;
  /** Is its digest wanted? */
  digest: boolean;
}

export interface RowsTask {
  kind: 'rows';
  file: EvidenceFile;
  table: string;
  columns: readonly Column[];
  needed: ReadonlySet<string>;
  eventIds: ReadonlySet<number> | undefined;
  taken: SharedArrayBuffer;
  /** Of an event log: only these blocks. */
  stripe?: Stripe;
  /** Of an event log: what was read of it already. */
  before?: ReadBefore;
}

/** What such a thread says, one thing after the other. `read`: further bytes of the file that it has read. */
export type FromReadThread =
  /** So many bytes are in the next slot. */
  | { kind: 'bytes'; length: number; read: number }
  | { kind: 'rows'; rows: number; columns: ParsedColumn[]; read: number }
  | { kind: 'read'; read: number }
  /** A block of a stripe has ended, with so many events without a time. */
  | { kind: 'block'; block: StripedBlock; timeless: number }
  /** A stripe has, with so many more. */
  | { kind: 'stripe'; end: StripeEnd; timeless: number }
  /** `sha256`: of the file as it is stored, where all of it was seen. */
  | { kind: 'end'; read: number; sha256: string | undefined; notes: string[] }
  | { kind: 'error'; message: string };
