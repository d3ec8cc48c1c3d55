import type { EvidenceRef } from '../../casefile/bodies.ts';
import type { EntryLine } from '../../casefile/one-line.ts';
import type { AskedQuery } from '../../documents/asked-query.ts';
import type { Fact } from '../../documents/fact.ts';
import type { Entry } from '../../documents/transcript.ts';
import type { VirtualMachine } from '../../documents/triage.ts';

/** The case file of one VM, open for writing. Its methods reject when the disk does; nothing is lost silently. */
export interface OpenCase {
  /** "2026-11-23-web01" */
  id: string;
  /**
   * Why another case of the VM could not be continued, so that this one was begun; "" or absent when none was in the
   * way.
   */
  beside?: string;
  /** Path of `transcript.jsonl`. */
  transcript: string;
  /** All entries so far, oldest first. The array is replaced, never changed, when one is added. */
  entries(): readonly Entry[];
  /** An entry as a row; the same object each time. */
  lineOf(entry: Entry): EntryLine;
  /** The files that an entry vouches for. */
  evidenceOf(entry: Entry): readonly EvidenceRef[];
  /** Is the hash chain whole, as far as it was read? "" when it is, else the sentence that says where it breaks. */
  broken(): string;
  /** Calls back when an entry was added; returns the way to stop that. */
  subscribe(listener: () => void): () => void;
  /** A sentence of the responder's. */
  note(text: string): Promise<void>;
  /**
   * Records a fact; its value is kept as evidence. `name`: "exposure", "posture.backup". `about`: the VM that it is about,
   * where that is another than the one that the case was opened with.
   */
  fact(name: string, summary: string, fact: Fact<unknown>, about?: { id: string; name: string }): Promise<void>;
  /** Records a query to Azure, and the digest of its answer. */
  query(asked: AskedQuery): Promise<void>;
  /** Writes the case notes; resolves to the path of the exported file or folder. */
  export(): Promise<string>;
  /**
   * Has the time-stamping authority at this address sign the head of the case, and keeps its stamp beside the case; resolves to a
   * sentence that says so.
   */
  stamp(authority: string): Promise<string>;
  close(): Promise<void>;
}

/** Where cases are kept. */
export interface CaseKeeper {
  /** Opens the VM's case of today, or continues with it, or with the one named; and notes that it was opened. */
  open(vm: VirtualMachine, caseId?: string): Promise<OpenCase>;
}
