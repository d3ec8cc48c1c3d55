import { type Frame, vectorOf } from '../kql/frame.ts';
import type { Column } from '../kql/types.ts';
import type { Value } from '../kql/values.ts';
import { EvidenceError } from './evidence-error.ts';
import type { EvidenceFile } from './evidence-files.ts';
import { vectorFrom } from './parse-pool.ts';
import type { FromReadThread, ReadTask } from './read-protocol.ts';
import type { Progress } from './source.ts';
import { WatchedThread } from './watched-thread.ts';

/** Of its heap, however little or much a query may take. */
const LEAST_MEGABYTES = 64;
const MOST_MEGABYTES = 256;
const SLOT_BYTES = 1024 * 1024;
const SLOTS = 4;

/** Takes what was found out about a file when all of it has been read. */
export interface ReadListener {
  progress: Progress;
  /** `sha256`: of the file as it is stored, where it was made. */
  ended(path: string, sha256: string | undefined): void;
  /** Bytes that the whole query may take. */
  memory?: number;
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
  readonly #idle: WatchedThread<undefined>[] = [];

  constructor(listener: ReadListener) {
    this.#listener = listener;
    const part = Math.floor((listener.memory ?? Number.POSITIVE_INFINITY) / 2 ** 23);
    this.#megabytes = Math.min(MOST_MEGABYTES, Math.max(LEAST_MEGABYTES, part));
  }

  /** The content of a file, each piece valid until the next. Throws EvidenceError and ThreadLost. */
  *bytes(path: string): Generator<Buffer> {
    const slots = Array.from({ length: SLOTS }, () => new SharedArrayBuffer(SLOT_BYTES));
    const taken = new Int32Array(new SharedArrayBuffer(4));
    const pieces = slots.map((slot) => Buffer.from(slot));
    let count = 0;
    for (const message of this.#said(path, { kind: 'bytes', path, slots, taken: taken.buffer })) {
      if (message.kind !== 'bytes') continue;
      const piece = pieces[count % SLOTS];
      if (piece) yield piece.subarray(0, message.length);
      count += 1;
      took(taken);
    }
  }

  /** The rows of a file, piece by piece; at the end its remarks. Throws EvidenceError and ThreadLost. */
  *rows({ file, table, columns, needed, eventIds }: WantedRows): Generator<Frame, string[]> {
    const taken = new Int32Array(new SharedArrayBuffer(4));
    const lists = columns.map((): Value[] => []);
    const task = { kind: 'rows', file, table, columns, needed, eventIds, taken: taken.buffer } as const;
    for (const message of this.#said(file.path, task)) {
      if (message.kind === 'end') return message.notes;
      if (message.kind !== 'rows') continue;
      const vectors = columns.map(({ type }, i) => {
        const column = message.columns[i];
        return column ? vectorFrom(column, lists) : vectorOf(type, []);
      });
      took(taken);
      yield { names: columns.map(({ name }) => name), vectors, length: message.rows, serialized: false };
    }
    return [];
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

function took(taken: Int32Array): void {
  Atomics.add(taken, 0, 1);
  Atomics.notify(taken, 0);
}
