import { statSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { isPacked } from '../archives/open-file.ts';
import { DeclaredTotals } from '../eventlog/declared-totals.ts';
import type { Stripe } from '../eventlog/event-stripes.ts';
import { type Frame, vectorOf } from '../kql/frame.ts';
import type { Column } from '../kql/types.ts';
import type { Value } from '../kql/values.ts';
import { type ReadBefore, timelessNote } from './event-logs.ts';
import { EvidenceError } from './evidence-error.ts';
import type { EvidenceFile } from './evidence-files.ts';
import { vectorFrom } from './parse-pool.ts';
import type { FromReadThread, ReadTask } from './read-protocol.ts';
import type { Progress } from './source.ts';
import { isUncached } from './uncached.ts';
import { WatchedThread } from './watched-thread.ts';

/** Of its heap, however little or much a query may take. */
const LEAST_MEGABYTES = 64;
const MOST_MEGABYTES = 256;
const SLOT_BYTES = 1024 * 1024;
/** Of what comes from a disk, which is the faster the more is asked for. */
const UNCACHED_SLOT_BYTES = 4 * 1024 * 1024;
const SLOTS = 4;

/** Takes what was found out about a file when all of it has been read. */
export interface ReadListener {
  progress: Progress;
  /** `sha256`: of the file as it is stored, where it was made. */
  ended(path: string, sha256: string | undefined): void;
  /** Bytes that the whole query may take. */
  memory?: number;
  /** How many threads read one large event log together at most, and for how many bytes there is one; where not as is good. */
  stripes?: { threads: number; bytes: number };
  /** Is a file on disk of so many bytes to be read past the page cache? Where not as is good. */
  pastCache?(path: string, bytes: number): boolean;
}

/** Of a file on disk that is worth a thread of its own to read it past the page cache. */
const MANY_BYTES = 128 * 1024 * 1024;

/** What a thread reads in the time in which a further one starts and has its code compiled. */
const BYTES_A_STRIPE = 64 * 1024 * 1024;
const MOST_STRIPES = 4;

/** Those bytes of a stored file that were seen. */
interface StoredBytes {
  bytes: number;
  sha256: string | undefined;
}

/** The rows of a file that are wanted. */
export interface WantedRows {
  file: EvidenceFile;
  table: string;
  columns: readonly Column[];
  needed: ReadonlySet<string>;
  eventIds: ReadonlySet<number> | undefined;
}

/**
 * Threads that read files which are not read in place: they unpack, and take rows out of logs, while this one evaluates and waits
 * for them synchronously. A thread that is done with a file is used for the next.
 */
export class ReadThreads {
  readonly #listener: ReadListener;
  readonly #megabytes: number;
  readonly #stripes: { threads: number; bytes: number };
  readonly #idle: WatchedThread<undefined>[] = [];

  constructor(listener: ReadListener) {
    this.#listener = listener;
    const part = Math.floor((listener.memory ?? Number.POSITIVE_INFINITY) / 2 ** 23);
    this.#megabytes = Math.min(MOST_MEGABYTES, Math.max(LEAST_MEGABYTES, part));
    // Together they have half of the memory.
    const threads = part < LEAST_MEGABYTES ? 1 : Math.min(MOST_STRIPES, availableParallelism());
    this.#stripes = listener.stripes ?? { threads, bytes: BYTES_A_STRIPE };
  }

  /** Is a file on disk better read by a thread, past the page cache? */
  pastCache(path: string, bytes: number): boolean {
    return this.#listener.pastCache?.(path, bytes) ?? (bytes >= MANY_BYTES && isUncached(path, bytes));
  }

  /**
   * The content of a file, each piece valid until the next; at the end how many bytes are stored there, and their digest, where that
   * is wanted and all of them were seen. `uncached`: it is on disk, and is read past the page cache. Throws EvidenceError and ThreadLost.
   */
  *bytes(path: string, { uncached = false, digest = true } = {}): Generator<Buffer, StoredBytes> {
    const each = uncached ? UNCACHED_SLOT_BYTES : SLOT_BYTES;
    const buffer = uncached ? pagesOf(SLOTS * each) : new SharedArrayBuffer(SLOTS * each);
    const slots = Array.from({ length: SLOTS }, (_, n) => new Uint8Array(buffer, n * each, each));
    const taken = new Int32Array(new SharedArrayBuffer(4));
    let [count, stored] = [0, 0];
    const task = { kind: 'bytes', path, slots, taken: taken.buffer, uncached, digest } as const;
    for (const message of this.#said(path, task)) {
      if ('read' in message) stored += message.read;
      if (message.kind === 'end') return { bytes: stored, sha256: message.sha256 };
      if (message.kind !== 'bytes') continue;
      yield Buffer.from(buffer, (count % SLOTS) * each, message.length);
      count += 1;
      took(taken);
    }
    return { bytes: stored, sha256: undefined };
  }

  /**
   * The rows of a file, piece by piece; at the end its remarks. A large event log is read by several threads, each of which has every
   * so many blocks, and put together in their order; from the first damage on one reads it. Throws EvidenceError and ThreadLost.
   */
  *rows(wanted: WantedRows): Generator<Frame, readonly string[]> {
    const { file } = wanted;
    const of = this.#stripesOf(file);
    if (of < 2) return yield* this.#whole(wanted, {});
    const parts = Array.from({ length: of }, (_, index) => this.#told(wanted, { stripe: { index, of } }));
    const state = new StripesRead();
    try {
      for (let turn = 0; !state.ended; turn++) {
        const part = parts[turn % of];
        for (let block = false; part && !block; ) {
          const next = part.next();
          if (next.done) return [];
          if ('vectors' in next.value) yield next.value;
          else block = state.take(next.value);
        }
      }
      // Each says its end, and is idle then.
      if (state.unsound < 0) for (const part of parts) for (const _ of part);
    } finally {
      for (const part of parts) part.return(undefined);
    }
    const { unsound: offset, timeless } = state;
    if (offset >= 0) return yield* this.#whole(wanted, { before: { offset, timeless } });
    return timeless > 0 ? [timelessNote(file.path, timeless)] : [];
  }

  #stripesOf({ path, format }: EvidenceFile): number {
    const { threads, bytes: each } = this.#stripes;
    if (format !== 'evtx' || threads < 2 || isPacked(path)) return 1;
    // A member of an archive is no file of its own.
    const bytes = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
    return Math.min(threads, Math.floor(bytes / each));
  }

  *#whole(wanted: WantedRows, part: { before?: ReadBefore }): Generator<Frame, readonly string[]> {
    for (const told of this.#told(wanted, part)) {
      if ('vectors' in told) yield told;
      else if (told.kind === 'end') return told.notes;
    }
    return [];
  }

  /** The rows of a file, or of a part of it, among what else its thread says of it. */
  *#told(
    { file, table, columns, needed, eventIds }: WantedRows,
    part: { stripe?: Stripe; before?: ReadBefore },
  ): Generator<Frame | Exclude<FromReadThread, { kind: 'rows' }>> {
    const taken = new Int32Array(new SharedArrayBuffer(4));
    const lists = columns.map((): Value[] => []);
    const task = { kind: 'rows', file, table, columns, needed, eventIds, taken: taken.buffer, ...part } as const;
    for (const message of this.#said(file.path, task)) {
      if (message.kind !== 'rows') {
        yield message;
        continue;
      }
      const vectors = columns.map(({ type }, i) => {
        const column = message.columns[i];
        return column ? vectorFrom(column, lists) : vectorOf(type, []);
      });
      took(taken);
      yield { names: columns.map(({ name }) => name), vectors, length: message.rows, serialized: false };
    }
  }

  /** What a thread says of a file; the last is its end. */
  *#said(path: string, task: ReadTask): Generator<FromReadThread> {
    const thread = this.#thread(path);
    let done = false;
    try {
      thread.post(task);
      while (!done) {
        const message = thread.next() as FromReadThread;
        if ('read' in message) this.#listener.progress(message.read);
        done = message.kind === 'end' || message.kind === 'error';
        if (message.kind === 'error') throw EvidenceError.fromMessage(message.message);
        if (message.kind === 'end') this.#listener.ended(path, message.sha256);
        yield message;
      }
    } finally {
      if (done) this.#idle.push(thread);
      else thread.close();
    }
  }

  #thread(path: string): WatchedThread<undefined> {
    const thread = this.#idle.pop() ?? new WatchedThread('read-thread', path, undefined, this.#megabytes);
    thread.begin(path);
    return thread;
  }

  close(): void {
    for (const thread of this.#idle.splice(0)) thread.close();
  }
}

/** How far the stripes of an event log have come, block after block. */
class StripesRead {
  ended = false;
  /** From where on the log has to be read as a whole; -1 for nowhere. */
  unsound = -1;
  timeless = 0;
  #chunks = 0;
  #lastRecord = 0;
  #zeros = false;

  /** Takes what the thread of the next block says; is the block at its end? */
  take(said: Exclude<FromReadThread, { kind: 'rows' }>): boolean {
    if (said.kind === 'block') {
      const { to, chunks, lastRecord, zeros } = said.block;
      this.timeless += said.timeless;
      // Zeros between chunks are a loss.
      if (this.#zeros && chunks > 0) this.#end(to);
      this.#zeros ||= zeros;
      this.#chunks += chunks;
      this.#lastRecord = Math.max(this.#lastRecord, lastRecord);
      return true;
    }
    if (said.kind !== 'stripe') return false;
    this.timeless += said.timeless;
    const { unsound, header, bytes } = said.end;
    const totals = new DeclaredTotals(header);
    totals.addAll(this.#chunks, this.#lastRecord);
    this.#end(unsound < 0 && totals.shortfall(bytes, false) ? bytes : unsound);
    return true;
  }

  #end(unsound: number): void {
    this.ended = true;
    this.unsound = unsound;
  }
}

/** Memory that begins with a page. Gigabytes of addresses go with it, so that it is not for each of thousands of small files. */
function pagesOf(bytes: number): SharedArrayBuffer {
  const pages = bytes / 65_536;
  return new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true }).buffer as SharedArrayBuffer;
}

function took(taken: Int32Array): void {
  Atomics.add(taken, 0, 1);
  Atomics.notify(taken, 0);
}
