import { fstatSync } from 'node:fs';
import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from 'node:worker_threads';
import { threadEntry } from '../thread-entry.ts';

/** A machine that is busy may take long to start a thread; one that never starts is done without. */
const START_MS = 10_000;
/** What a thread does at once takes a tenth of a second. */
const WORK_MS = 600_000;
/** Between two looks at whether a thread is still there. */
const LOOK_MS = 250;

/** What a watched thread gets: its task, its side of the port, and what it shows of itself (`thread-side.ts`). */
export interface WatchedData<T> {
  task: T;
  port: MessagePort;
  shown: SharedArrayBuffer;
}

/** Places in what a thread shows: how many things it has done, its start among them, and the descriptor that it holds. */
export const SHOWN_DONE = 0;
export const SHOWN_DESCRIPTOR = 1;
export const SHOWN_BYTES = 8;

/** Thrown when a thread that reads a file is gone: all but always it ran out of the memory that it may take. */
export class ThreadLost extends Error {
  override readonly name = 'ThreadLost';
  readonly file: string;
  readonly megabytes: number;
  constructor(file: string, megabytes: number) {
    super(`a thread that read ${file} has ended`);
    this.file = file;
    this.megabytes = megabytes;
  }
}

/**
 * A thread that is waited for synchronously, by one whose own events stand still meanwhile. That it has ended can then be
 * seen by no event: it holds a descriptor, which Node closes with it (`trackUnmanagedFds`, docs of worker_threads, Node 20 to 24).
 */
export class WatchedThread<Task> {
  readonly #worker: Worker;
  readonly #port: MessagePort;
  readonly #shown = new Int32Array(new SharedArrayBuffer(SHOWN_BYTES));
  #file: string;
  readonly #megabytes: number;
  /** Of the file whose descriptor it holds. */
  #held: { dev: number; ino: number } | undefined;
  #noticed = 0;

  /** `file`: what it reads, for errors. */
  constructor(name: 'parse-thread' | 'read-thread', file: string, task: Task, megabytes: number) {
    this.#file = file;
    this.#megabytes = megabytes;
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    this.#worker = new Worker(threadEntry(name, import.meta.url), {
      workerData: { task, port: port2, shown: this.#shown.buffer } satisfies WatchedData<Task>,
      transferList: [port2],
      resourceLimits: { maxOldGenerationSizeMb: megabytes },
    });
    this.#worker.unref();
    // It is looked after by who waits for it.
    this.#worker.on('error', () => {});
  }

  /** Waits till it runs; false where it does not start. */
  get started(): boolean {
    if (!this.#waited(START_MS)) return false;
    this.#held = this.#descriptor();
    return true;
  }

  /** Begins with a further file; throws ThreadLost where the thread does not start. */
  begin(file: string): void {
    this.#file = file;
    if (this.#held || this.started) return;
    this.close();
    throw new ThreadLost(file, this.#megabytes);
  }

  post(message: unknown): void {
    this.#port.postMessage(message);
  }

  /** Waits for the next thing that it has done, and gives what it said of it. Throws ThreadLost where it is gone. */
  next(): unknown {
    if (!this.#waited(WORK_MS)) throw new ThreadLost(this.#file, this.#megabytes);
    const received = receiveMessageOnPort(this.#port);
    if (!received) throw new Error('a thread that reads evidence gave no answer');
    return received.message;
  }

  close(): void {
    this.#port.close();
    void this.#worker.terminate();
  }

  /** Waits until it has done one thing more. */
  #waited(milliseconds: number): boolean {
    const until = performance.now() + milliseconds;
    while (Atomics.load(this.#shown, SHOWN_DONE) <= this.#noticed) {
      const left = until - performance.now();
      if (left <= 0 || !this.#isThere) return false;
      Atomics.wait(this.#shown, SHOWN_DONE, this.#noticed, Math.min(left, LOOK_MS));
    }
    this.#noticed += 1;
    return true;
  }

  get #isThere(): boolean {
    const held = this.#held;
    if (!held) return true;
    const now = this.#descriptor();
    // It may have been done with its work just before.
    return (now?.ino === held.ino && now.dev === held.dev) || Atomics.load(this.#shown, SHOWN_DONE) > this.#noticed;
  }

  #descriptor(): { dev: number; ino: number } | undefined {
    try {
      return fstatSync(Atomics.load(this.#shown, SHOWN_DESCRIPTOR));
    } catch {
      return undefined;
    }
  }
}
