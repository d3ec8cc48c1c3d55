import { dirname } from 'node:path';
import type { Entry, EntryKind } from '../documents/transcript.ts';
import { whyNotWritten } from '../text/error-code.ts';
import type { Anchor } from './anchor.ts';
import { type BodyOf, evidenceRef } from './bodies.ts';
import { shortened } from './bounded-body.ts';
import { breaks, clockPlay, genesis, longestLine, readLine, seal } from './chain.ts';
import { type EvidenceStore, readEvidence } from './evidence.ts';
import { writeHead } from './head-note.ts';
import { linesOf } from './lines.ts';
import { type Json, redact, redactText } from './redaction.ts';
import type { TranscriptFile } from './transcript-file.ts';

/** Kinds that are on the disk before `append` resolves: what is asked of Azure must not outlive its record. */
const durable: ReadonlySet<EntryKind> = new Set(['case', 'confirm', 'intent', 'outcome', 'undo', 'close']);

/** Is the entry on the disk before `append` resolves? So is a note by which a later process acts. */
function isDurable(kind: EntryKind, body: Record<string, Json>): boolean {
  return durable.has(kind) || 'deadline' in body || 'kept' in body;
}

/** What must be free on the disk before a change: its outcome, its evidence and what undoes it must be written too. */
const leastRoom = 1024 * 1024;

/** The case file cannot be written. Nothing may be changed in Azure until it can. */
export class TranscriptWriteError extends Error {
  override name = 'TranscriptWriteError';
}

/** A line of the transcript is not what was written. */
export class TranscriptDamagedError extends Error {
  override name = 'TranscriptDamagedError';
  readonly line: number;
  readonly because: string;
  constructor(file: string, line: number, because: string) {
    super(`${file}: line ${line} ${because}`);
    this.line = line;
    this.because = because;
  }
}

export interface Transcript {
  /** Path of `transcript.jsonl`. */
  readonly file: string;
  /** Hash of the last entry, 64 zeros before the first. */
  readonly head: string;
  /** Number of entries. */
  readonly count: number;
  /** Why entries cannot be written at present, or null. */
  readonly failure: TranscriptWriteError | null;
  /**
   * Appends an entry, in the order of the calls. The body is taken as it is now, without its secrets; what is too
   * large is kept as evidence and shortened in the line. Kinds `case`, `confirm`, `intent`, `outcome`, `undo` and
   * `close` are on the disk when it resolves; the others are written, and flushed within a second. Rejects with a
   * TranscriptWriteError; after that, the next entry is preceded by one that shows what is missing. A body that depends on
   * the entry's place is given as a function of what is before it.
   */
  append<K extends EntryKind>(
    kind: K,
    actor: string,
    body: BodyOf<K> | ((before: Anchor) => BodyOf<K>),
  ): Promise<Entry>;
  /** As `append`, for those who do not wait: a failure reaches `onFailure`, not the caller. */
  record<K extends EntryKind>(kind: K, actor: string, body: BodyOf<K>): void;
  /** Calls back after each entry; returns the way to stop that. */
  onAppend(listener: (entry: Entry) => void): () => void;
  /** Calls back when writing fails, and with null when it works again; returns the way to stop that. */
  onFailure(listener: (failure: TranscriptWriteError | null) => void): () => void;
  /** The entries written so far, read from the file one at a time. Throws a TranscriptDamagedError. */
  entries(): AsyncGenerator<Entry>;
  /** The whole body, from evidence when the entry was too large for its line. */
  fullBody(entry: Entry): Promise<Record<string, unknown>>;
  /** Resolves when every entry so far is on the disk. */
  flush(): Promise<void>;
  /** Flushes and closes the file. Later entries are rejected. */
  close(): Promise<void>;
}

export interface TranscriptParts {
  path: string;
  file: TranscriptFile;
  evidence: EvidenceStore;
  now: () => Date;
  /** The last entry that is there; null for a new transcript. */
  last: Entry | null;
}

/** Continues a transcript whose chain was verified up to `last`; no other process may write to it. */
export function openTranscript(parts: TranscriptParts): Promise<Transcript> {
  return Writer.open(parts);
}

/** The entries of a transcript file, one at a time. Checks each line by itself and that it continues the one before. */
export async function* readEntries(path: string, size?: number): AsyncGenerator<Entry> {
  let previous: Entry | null = null;
  for await (const { line, bytes, ended } of linesOf(path, size)) {
    if (!ended) throw new TranscriptDamagedError(path, line, 'is cut off');
    const read = readLine(bytes);
    if (!read.ok) throw new TranscriptDamagedError(path, line, read.because);
    const because = breaks(read.entry, previous);
    if (because !== null) throw new TranscriptDamagedError(path, line, because);
    previous = read.entry;
    yield read.entry;
  }
}

/** The body as it was given, read back from evidence when the line holds only a part of it. */
export async function fullBody(directory: string, entry: Entry): Promise<Record<string, unknown>> {
  const overflow = evidenceRef.safeParse(entry.body.overflow);
  if (!overflow.success) return entry.body;
  const whole = await readEvidence(directory, overflow.data);
  return isObject(whole) ? whole : entry.body;
}

function isObject(value: Json): value is Record<string, Json> {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}

class Writer implements Transcript {
  readonly file: string;
  head: string;
  count: number;
  failure: TranscriptWriteError | null = null;
  readonly #parts: TranscriptParts;
  #size: number;
  #tail: Promise<unknown> = Promise.resolve();
  #unflushed = false;
  #flushTimer: NodeJS.Timeout | null = null;
  /** How many entries head.json notes. */
  #noted = 0;
  #headTimer: NodeJS.Timeout | null = null;
  #lastAt: string;
  #closed = false;
  /** A failed write left a part of its line, which could not be cut off yet. */
  #halfALine = false;
  /** Entries that could not be written since the failure began: time of the first, and how many of which kind. */
  #missed: { since: string; kinds: Map<EntryKind, number> } | null = null;
  readonly #appended = new Set<(entry: Entry) => void>();
  readonly #failed = new Set<(failure: TranscriptWriteError | null) => void>();

  private constructor(parts: TranscriptParts, size: number) {
    this.#parts = parts;
    this.#size = size;
    this.file = parts.path;
    this.head = parts.last?.hash ?? genesis;
    this.count = parts.last?.seq ?? 0;
    this.#lastAt = parts.last?.at ?? '';
  }

  static async open(parts: TranscriptParts): Promise<Transcript> {
    return new Writer(parts, await parts.file.size());
  }

  append<K extends EntryKind>(
    kind: K,
    actor: string,
    body: BodyOf<K> | ((before: Anchor) => BodyOf<K>),
  ): Promise<Entry> {
    const at = this.#parts.now().toISOString();
    const plain = (given: BodyOf<K>) => {
      const redacted = redact(given);
      return isObject(redacted) ? redacted : {};
    };
    const now = typeof body === 'function' ? null : plain(body);
    const made = (before: Anchor) => now ?? (typeof body === 'function' ? plain(body(before)) : {});
    const turn = this.#tail.then(() => this.#write(kind, actor, at, made));
    this.#tail = turn.catch(() => undefined);
    return turn;
  }

  record<K extends EntryKind>(kind: K, actor: string, body: BodyOf<K>): void {
    this.append(kind, actor, body).catch(() => {
      // Kept in `failure`, reported to `onFailure`, and reported in the transcript as soon as it can be written again.
    });
  }

  onAppend(listener: (entry: Entry) => void): () => void {
    this.#appended.add(listener);
    return () => this.#appended.delete(listener);
  }

  onFailure(listener: (failure: TranscriptWriteError | null) => void): () => void {
    this.#failed.add(listener);
    return () => this.#failed.delete(listener);
  }

  entries(): AsyncGenerator<Entry> {
    return readEntries(this.file, this.#size);
  }

  fullBody(entry: Entry): Promise<Record<string, unknown>> {
    return fullBody(dirname(this.file), entry);
  }

  flush(): Promise<void> {
    const turn = this.#tail.then(() => this.#flush());
    this.#tail = turn.catch(() => undefined);
    return turn;
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#tail;
    try {
      await this.#flush();
      await this.#noteHead();
    } finally {
      await this.#parts.file.close();
    }
  }

  async #write(
    kind: EntryKind,
    actor: string,
    at: string,
    made: (before: Anchor) => Record<string, Json>,
  ): Promise<Entry> {
    if (this.#closed) throw new TranscriptWriteError('the case file is closed');
    try {
      await this.#demandItsPlace(kind);
      if (this.#missed !== null) await this.#tellWhatIsMissing(this.#missed, at);
      const body = made({ entries: this.count, head: this.head });
      return await this.#put(kind, actor, at, { ...body, ...this.#clockWentBack(at) });
    } catch (error) {
      this.#missed ??= { since: at, kinds: new Map() };
      this.#missed.kinds.set(kind, (this.#missed.kinds.get(kind) ?? 0) + 1);
      const failure = new TranscriptWriteError(
        `the case file cannot be written: ${whyNotWritten(error)} (${this.file}). No change is made in Azure until it can.`,
        { cause: error },
      );
      this.#setFailure(failure);
      throw failure;
    }
  }

  /** The file at the path is the one that is written, and before a change there is room for what follows it. */
  async #demandItsPlace(kind: EntryKind): Promise<void> {
    const { file } = this.#parts;
    const because = await file.misplaced();
    if (because !== null) throw new Error(because);
    if (kind !== 'intent') return;
    const closed = await file.closed();
    if (closed !== null) throw closed;
    const room = await file.room();
    if (room < leastRoom) throw new Error(`the disk is full: ${Math.floor(room / 1024)} KiB are left`);
  }

  /** Times never go back in silence: the entry at which a clock was set back says so. */
  #clockWentBack(at: string): Record<string, Json> {
    const back = Date.parse(this.#lastAt) - Date.parse(at);
    return back > clockPlay ? { clockWentBack: { from: this.#lastAt, seconds: Math.round(back / 1000) } } : {};
  }

  async #tellWhatIsMissing(missed: { since: string; kinds: Map<EntryKind, number> }, at: string): Promise<void> {
    const kinds = [...missed.kinds].map(([kind, count]) => `${count} ${kind}`).join(', ');
    await this.#put('error', 'cordon', at, {
      text: `entries are missing here: ${kinds} could not be written since ${missed.since}: ${this.failure?.message ?? ''}`,
    });
    this.#missed = null;
    this.#setFailure(null);
  }

  async #put(kind: EntryKind, actor: string, at: string, body: Record<string, Json>): Promise<Entry> {
    const { file } = this.#parts;
    await this.#removeRest();
    const { entry, line } = await this.#sealed(kind, actor, at, body);
    const data = Buffer.from(`${line}\n`, 'utf8');
    try {
      await file.append(data);
      if (isDurable(kind, body)) await file.sync();
    } catch (error) {
      // The file must end where the chain ends; if this fails too, the next entry tries again.
      this.#halfALine = await file.truncate(this.#size).then(
        () => false,
        () => true,
      );
      throw error;
    }
    this.#size += data.length;
    this.head = entry.hash;
    this.count = entry.seq;
    this.#lastAt = at;
    if (isDurable(kind, body)) {
      this.#unflushed = false;
      if (this.#noted === 0) await this.#noteHead();
      else this.#noteHeadSoon();
    } else {
      this.#flushSoon();
    }
    for (const listener of this.#appended) told(() => listener(entry));
    return entry;
  }

  /** Half a line of our own that a failed write left behind is cut off. Anything else means a second writer. */
  async #removeRest(): Promise<void> {
    const size = await this.#parts.file.size();
    if (size === this.#size) return;
    if (this.#halfALine && size > this.#size) {
      await this.#parts.file.truncate(this.#size);
      this.#halfALine = false;
      return;
    }
    throw new Error('another program has changed the transcript');
  }

  async #sealed(kind: EntryKind, actor: string, at: string, body: Record<string, Json>) {
    const fields = {
      seq: this.count + 1,
      at,
      kind,
      actor: redactText(actor).toWellFormed().slice(0, 256).toWellFormed(),
      prev: this.head,
    };
    const whole = seal({ ...fields, body });
    if (Buffer.byteLength(whole.line) < longestLine) return whole;
    const overflow = await this.#parts.evidence.writeJson(`${kind}-entry`, body);
    // 2 KiB for the envelope and the reference.
    const part = shortened(body, longestLine - 2048);
    return seal({ ...fields, body: { ...part, overflow } });
  }

  #flushSoon(): void {
    this.#unflushed = true;
    if (this.#flushTimer !== null) return;
    this.#flushTimer = setTimeout(() => {
      this.#flushTimer = null;
      if (!this.#closed) this.flush().catch((error: unknown) => this.#setFailure(flushFailure(this.file, error)));
    }, 500);
    this.#flushTimer.unref();
  }

  async #flush(): Promise<void> {
    if (this.#flushTimer !== null) clearTimeout(this.#flushTimer);
    this.#flushTimer = null;
    if (!this.#unflushed) return;
    await this.#parts.file.sync();
    this.#unflushed = false;
    this.#noteHeadSoon();
  }

  /** The note costs more than an entry: it follows soon, for all that were flushed by then. */
  #noteHeadSoon(): void {
    if (this.#headTimer !== null) return;
    this.#headTimer = setTimeout(() => {
      this.#headTimer = null;
      if (this.#closed) return;
      this.#tail = this.#tail.then(() => this.#noteHead());
    }, 250);
    this.#headTimer.unref();
  }

  async #noteHead(): Promise<void> {
    if (this.#headTimer !== null) clearTimeout(this.#headTimer);
    this.#headTimer = null;
    // The length is noted only after a flush: unflushed entries may be lost in a crash, which is not tampering.
    if (this.#unflushed || this.#noted === this.count) return;
    try {
      await writeHead(dirname(this.file), { entries: this.count, head: this.head });
      this.#noted = this.count;
    } catch {
      // The note is then behind, which it may be: the entry itself is on the disk.
    }
  }

  #setFailure(failure: TranscriptWriteError | null): void {
    this.failure = failure;
    for (const listener of this.#failed) told(() => listener(failure));
  }
}

/** A listener's own mistake must not stop the record. */
function told(call: () => void): void {
  try {
    call();
  } catch {
    // Listeners report their own errors.
  }
}

function flushFailure(file: string, error: unknown): TranscriptWriteError {
  return new TranscriptWriteError(`the case file cannot be flushed to disk: ${whyNotWritten(error)} (${file})`, {
    cause: error,
  });
}
