import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from 'node:worker_threads';
import type { Value } from '../kql/values.ts';
import { threadEntry } from '../thread-entry.ts';
import type { ParseBlock, ParsedBlock, ParseTask } from './parse-protocol.ts';

const HEAP_MEGABYTES = 256;
/** A machine that is busy may take long to start a thread; one that never starts is done without. */
const START_MS = 10_000;
/** A block takes a tenth of a second. */
const BLOCK_MS = 600_000;
/** Blocks that wait at a thread, so that it need not. */
const AHEAD = 2;

interface Thread {
  worker: Worker;
  port: MessagePort;
  done: Int32Array;
  /** Blocks it has done, and the start, that were noticed here. */
  noticed: number;
  /** By column: the values that its rows refer to. */
  values: Value[][];
}

/** Parsed rows of one block; columns in the order in which they were wanted, each with values and the rows' numbers of them. */
export interface PoolResult extends Omit<ParsedBlock, 'columns'> {
  columns: {
    values: readonly Value[];
    codes: Int32Array | undefined;
    misfits: number;
    misfitLine: number | undefined;
  }[];
}

/**
 * Threads that parse the blocks of a file, for a thread that evaluates and waits for them synchronously. Results come in
 * the order of the blocks.
 */
export class ParsePool {
  readonly #threads: Thread[];
  readonly #memories: SharedArrayBuffer[] = [];
  readonly #pending: { thread: Thread; memory: SharedArrayBuffer }[] = [];
  #next = 0;

  private constructor(threads: Thread[]) {
    this.#threads = threads;
  }

  /** Undefined where no thread starts. */
  static start(task: Omit<ParseTask, 'done'>, threads: number): ParsePool | undefined {
    const started = Array.from({ length: threads }, (): Thread => {
      const { port1: port, port2 } = new MessageChannel();
      const shared = new SharedArrayBuffer(4);
      const worker = new Worker(threadEntry('parse-thread', import.meta.url), {
        workerData: { port: port2, task: { ...task, done: shared } },
        transferList: [port2],
        resourceLimits: { maxOldGenerationSizeMb: HEAP_MEGABYTES },
      });
      worker.unref();
      // A thread that fails does not answer; no more is needed here.
      worker.on('error', () => {});
      return { worker, port, done: new Int32Array(shared), noticed: 0, values: task.wanted.map(() => []) };
    });
    const pool = new ParsePool(started);
    if (started.every((thread) => noticed(thread, START_MS))) return pool;
    pool.close();
    return undefined;
  }

  /** Blocks that are not taken back yet. */
  get pending(): number {
    return this.#pending.length;
  }

  get full(): boolean {
    return this.#pending.length >= AHEAD * this.#threads.length;
  }

  /** Gives a block to the next thread; it is copied. */
  add(block: Buffer): void {
    const fitting = this.#memories.findIndex(({ byteLength }) => byteLength >= block.length);
    const [memory = new SharedArrayBuffer(Math.max(block.length, 64 * 1024))] =
      fitting < 0 ? [] : this.#memories.splice(fitting, 1);
    new Uint8Array(memory).set(block);
    const thread = this.#threads[this.#next++ % this.#threads.length];
    if (!thread) throw new Error('no threads');
    thread.port.postMessage({ memory, length: block.length } satisfies ParseBlock);
    this.#pending.push({ thread, memory });
  }

  /** Waits for the oldest block; undefined when there is none. */
  take(): PoolResult | undefined {
    const first = this.#pending.shift();
    if (!first) return undefined;
    const { thread, memory } = first;
    if (!noticed(thread, BLOCK_MS)) throw new Error('a thread that parses evidence does not answer');
    const parsed = receiveMessageOnPort(thread.port)?.message as ParsedBlock | undefined;
    if (!parsed) throw new Error('a thread that parses evidence gave no answer');
    this.#memories.push(memory);
    const columns = parsed.columns.map(({ codes, values, misfits, misfitLine }, i) => {
      if (!codes) return { values, codes, misfits, misfitLine };
      const all = thread.values[i] ?? [];
      for (const value of values) all.push(value);
      return { values: all, codes, misfits, misfitLine };
    });
    return { ...parsed, columns };
  }

  close(): void {
    for (const { worker, port } of this.#threads) {
      port.close();
      void worker.terminate();
    }
  }
}

/** Waits until a thread has done one thing more. */
function noticed(thread: Thread, milliseconds: number): boolean {
  const until = performance.now() + milliseconds;
  while (Atomics.load(thread.done, 0) <= thread.noticed) {
    const left = until - performance.now();
    if (left <= 0) return false;
    Atomics.wait(thread.done, 0, thread.noticed, Math.min(left, 1000));
  }
  thread.noticed += 1;
  return true;
}
