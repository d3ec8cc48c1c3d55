import type { AskedQuery } from '../documents/asked-query.ts';
import type { Entry, EntryKind } from '../documents/transcript.ts';

/** A file of evidence as an entry names it. */
export interface KeptEvidence {
  file: string;
  sha256: string;
  bytes: number;
}

/** What a playbook writes to the case file. */
export interface CaseLog {
  caseId: string;
  /** The case's folder; absent where nothing is written. */
  folder?: string;
  /** How many entries there are, and the hash of the last: "214:9f86…"; absent where nothing is written. */
  head?: () => string;
  /** Why entries cannot be written at present; "" when they can. */
  lost?: () => string;
  /** Appends an entry; resolves when it is durable on disk, with the entry. An intent gets the id that its place makes. */
  append(kind: EntryKind, body: Record<string, unknown>): Promise<unknown>;
  /** Keeps a document as evidence in the case's folder. */
  keep(name: string, document: unknown): Promise<KeptEvidence>;
}

/** Enters the queries of a step as they end. */
export function tellQueries(log: CaseLog, about: { playbook: string; step: string }): (query: AskedQuery) => void {
  return (query) => {
    // Not awaited: a disk that refuses it refuses the next entry too, and that one is awaited.
    log.append('query', { ...query, ...about }).catch(() => undefined);
  };
}

/** The part of a case file that undo reads, as does the settling of intents that a crash left open. */
export interface CaseHistory {
  entries: readonly Entry[];
  /** Reads evidence back, checked against its hash. */
  read(evidence: KeptEvidence): Promise<unknown>;
}
