import { setFlagsFromString } from 'node:v8';
import { Worker } from 'node:worker_threads';
import { threadEntry } from '../../thread-entry.ts';
import type { BlobThreadData, FromBlobThread, PartFailure, ToBlobThread } from './blob-thread-protocol.ts';
import type { PartAnswered, PartAsked, ReadPart } from './read-blob.ts';

/** Reads parts of blobs into memory until it is closed, which gives up what is under way. */
export interface BlobParts {
  read: ReadPart;
  close(): void;
}

/** From so many bytes on a blob is read by a thread of its own. */
export const worthAThread = 32 * 1024 * 1024;

const errorOf = ({ message, code }: PartFailure): Error =>
  Object.assign(new Error(message), code === '' ? {} : { code });

/** Blobs that are read by threads now. */
let reading = 0;

/**
 * What comes over a connection is new memory each time, for which V8 begins to mark all that a thread holds, beside its work and
 * about eighty times a GiB: a quarter of the processor's time of an export. What is marked at once, when there is need, is
 * taken by the collector of new objects long before. It counts for the whole program, which is why it is so only while a
 * blob is read (measured with Node 24.21: 81 full collections for a GiB, then one).
 */
function countReading(change: 1 | -1): void {
  reading += change;
  setFlagsFromString(reading > 0 ? '--no-incremental-marking' : '--incremental-marking');
}

interface Waiting {
  resolve(answer: PartAnswered): void;
  reject(error: Error): void;
}

/**
 * Reads blobs in a thread, so that the keys and the screen do not wait for the data. It also takes a third of the processor:
 * what the data leave behind in memory makes the garbage collector go through all that a thread holds, and this one holds
 * little. The memory of a part must be shared.
 */
export class ThreadedParts implements BlobParts {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  readonly #closing: AbortSignal;
  #asked = 0;
  #ended: Error | null = null;
  #closed = false;

  constructor(data: BlobThreadData, closing: AbortSignal) {
    countReading(1);
    this.#worker = new Worker(threadEntry('blob-thread', import.meta.url), {
      workerData: data,
      resourceLimits: { maxYoungGenerationSizeMb: 2 },
    });
    // What waits for a part keeps the program alive, not the thread.
    this.#worker.unref();
    this.#worker.on('message', (message: FromBlobThread) => this.#take(message));
    this.#worker.on('error', (error) => this.#end(error));
    this.#worker.on('exit', () => this.#end(new Error('the thread that read the blob has ended')));
    this.#closing = closing;
    closing.addEventListener('abort', this.close);
  }

  readonly read = async ({ url, first, etag, into, signal }: PartAsked): Promise<PartAnswered> => {
    signal.throwIfAborted();
    if (this.#ended) throw this.#ended;
    const { buffer: memory, byteOffset: at, length } = into;
    if (!(memory instanceof SharedArrayBuffer)) throw new Error('the memory of a part is not shared with its thread');
    this.#asked += 1;
    const id = this.#asked;
    const stop = () => this.#post({ kind: 'stop', id });
    signal.addEventListener('abort', stop);
    try {
      return await new Promise((resolve, reject) => {
        this.#waiting.set(id, { resolve, reject });
        this.#worker.ref();
        this.#post({ kind: 'read', id, url, first, etag, memory, at, length });
      });
    } finally {
      signal.removeEventListener('abort', stop);
      this.#waiting.delete(id);
      if (this.#waiting.size === 0) this.#worker.unref();
    }
  };

  readonly close = (): void => {
    if (this.#closed) return;
    this.#closed = true;
    countReading(-1);
    this.#closing.removeEventListener('abort', this.close);
    void this.#worker.terminate();
  };

  #post(message: ToBlobThread): void {
    this.#worker.postMessage(message);
  }

  #take(message: FromBlobThread): void {
    const waiting = this.#waiting.get(message.id);
    if (message.kind === 'failed') {
      waiting?.reject(errorOf(message.failure));
      return;
    }
    const { status, headers, bytes, failure } = message;
    const values = new Map([
      ['etag', headers.etag],
      ['content-range', headers.range],
      ['x-ms-error-code', headers.code],
    ]);
    const header = (name: string) => values.get(name.toLowerCase()) ?? '';
    waiting?.resolve({ status, header, bytes, failure: failure && errorOf(failure) });
  }

  #end(error: Error): void {
    this.#ended ??= error;
    for (const { reject } of this.#waiting.values()) reject(error);
  }
}
