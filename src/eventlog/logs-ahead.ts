import { statSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { setImmediate } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { worthAThread } from '../digest/digest.ts';
import { threadEntry } from '../thread-entry.ts';
import { EventLogError } from './event-log-file.ts';
import type { ReadLog } from './log-records.ts';
import type { FromLogThread, LogThreadData } from './log-thread-protocol.ts';
import { RowReader } from './record-rows.ts';

/** How many logs can be read at once: one thread decodes a log, and one makes its digest. */
const threadsForLogs = (): number => Math.floor(availableParallelism() / 2);

export interface LogsAheadOptions {
  /** How many logs are read at once, whatever their sizes; without it, large ones, as the processors allow. */
  threads?: number;
  onProgress?: (at: number, fraction: number) => void;
  signal?: AbortSignal;
}

type Told = ConstructorParameters<typeof RowReader>[0];

/**
 * Reads several logs at once, each in a thread of its own, and reports their records one log after the other: the result
 * is that of reading them in their order, whatever the number of threads.
 */
export class LogsAhead {
  readonly #paths: readonly string[];
  readonly #options: LogsAheadOptions;
  readonly #atOnce: number;
  /** The logs that get a thread, in their order. */
  readonly #given: readonly number[];
  readonly #running = new Map<number, LogThread>();
  #next = 0;

  constructor(paths: readonly string[], options: LogsAheadOptions) {
    const { threads, signal } = options;
    const least = threads === undefined ? worthAThread : 0;
    const given = [...paths.keys()].filter((at) => sizeOf(paths[at] ?? '') >= least);
    this.#paths = paths;
    this.#options = options;
    this.#atOnce = threads ?? threadsForLogs();
    this.#given = this.#atOnce < 2 || given.length < 2 ? [] : given;
    signal?.addEventListener('abort', this.#abort);
    this.#start();
  }

  /**
   * Tells a listener of one log's records; they must be asked for in their order. Null where no thread reads it. Throws
   * an EventLogError when the file cannot be read.
   */
  async read(at: number, told: Told): Promise<ReadLog | null> {
    const thread = this.#running.get(at);
    if (!thread) return null;
    const reader = new RowReader(told);
    for (;;) {
      const message = await thread.next();
      if (message.kind === 'rows') {
        reader.read(message.rows);
        // Whatever else this thread has to do comes between.
        await setImmediate();
        continue;
      }
      thread.end();
      this.#running.delete(at);
      this.#start();
      if (message.kind === 'read') return message.read;
      throw new EventLogError(this.#paths[at] ?? '', message.because, message.code);
    }
  }

  end(): void {
    this.#options.signal?.removeEventListener('abort', this.#abort);
    this.#next = this.#given.length;
    for (const thread of this.#running.values()) thread.end();
  }

  readonly #abort = (): void => {
    for (const thread of this.#running.values()) thread.fail(this.#options.signal?.reason);
  };

  #start(): void {
    while (this.#running.size < this.#atOnce && this.#next < this.#given.length) {
      const at = this.#given[this.#next++] ?? 0;
      const progress = (fraction: number): void => this.#options.onProgress?.(at, fraction);
      this.#running.set(at, new LogThread(this.#paths[at] ?? '', progress));
    }
  }
}

function sizeOf(path: string): number {
  try {
    return statSync(path).size;
  } catch {
    // An unreadable log is reported when its turn has come.
    return -1;
  }
}

type Message = Exclude<FromLogThread, { kind: 'progress' }>;

/** A thread that reads one log; what it says waits until it is asked for. */
class LogThread {
  readonly #worker: Worker;
  readonly #taken = new Int32Array(new SharedArrayBuffer(4));
  readonly #waiting: Message[] = [];
  #failed: { reason: unknown } | null = null;
  #wake: () => void = () => {};

  constructor(path: string, progress: (fraction: number) => void) {
    const data: LogThreadData = { path, taken: this.#taken.buffer };
    this.#worker = new Worker(threadEntry('log-thread', import.meta.url), { workerData: data });
    this.#worker.on('message', (message: FromLogThread) => {
      if (message.kind === 'progress') progress(message.fraction);
      else this.#waiting.push(message);
      this.#wake();
    });
    this.#worker.on('error', (error) => this.fail(error));
    this.#worker.on('exit', () => this.fail(new Error(`the thread that read ${path} has ended`)));
  }

  /** The next thing that it says. Rejects when the thread ends without a result, or the reading is aborted. */
  async next(): Promise<Message> {
    for (;;) {
      const message = this.#waiting.shift();
      if (message?.kind === 'rows') {
        Atomics.add(this.#taken, 0, 1);
        Atomics.notify(this.#taken, 0);
      }
      if (message) return message;
      if (this.#failed) throw this.#failed.reason;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  fail(reason: unknown): void {
    this.#failed ??= { reason };
    this.#wake();
  }

  end(): void {
    void this.#worker.terminate();
  }
}
