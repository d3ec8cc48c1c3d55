import type { Entry } from '../documents/transcript.ts';
import type { CaseHeader, EvidenceRef } from './bodies.ts';
import type { Verification } from './verify.ts';

/** The input of the notes. */
export interface NotesSource {
  id: string;
  header: CaseHeader;
  /** The same entries each time it is called. */
  entries(): AsyncIterable<Entry>;
  /** The whole body of an entry that was too large for its line. */
  fullBody(entry: Entry): Promise<Record<string, unknown>>;
  /** JSON evidence as it was kept; null when it is not there, or not what the entry vouches for. */
  evidence(ref: EvidenceRef): Promise<unknown>;
  verification: Verification;
  /** The last entry the notes cover. */
  head: string;
  count: number;
  /** ISO 8601 UTC. */
  exportedAt: string;
}
