import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from 'node:worker_threads';
import { type Frame, type Vector, vectorOf } from '../kql/frame.ts';
import { unpackedCells } from '../kql/packed.ts';
import type { Value } from '../kql/values.ts';
import { threadEntry } from '../thread-entry.ts';
import type { ParseBlock, ParsedBlock, ParsedColumn, ParseTask } from './parse-protocol.ts';

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

/** Parsed rows of one block: the columns that were wanted, or what the query's part made of them. */
export interface PoolResult extends Omit<ParsedBlock, 'columns' | 'made'> {
  vectors: Vector[];
  made: Frame | undefined;
  /** The place of the block among all pieces. */
  at: number;
}

/**
 * Threads that parse the blocks of a file, for a thread that evaluates and waits for them synchronously. Results come in
 * the order of the blocks.
 */
export class ParsePool {
  readonly #threads: Thread[];
  readonly #memories: SharedArrayBuffer[] = [];
  readonly #pending: { thread: Thread; memory: SharedArrayBuffer; at: number }[] = [];
  #next = 0;

  private constructor(threads: Thread[]) {
    this.#threads = threads;
  }

  /** Undefined where no thread starts. */
  static start(task: Omit<ParseTask, 'done' | 'mostKept'>, threads: number): ParsePool | undefined {
    const started = Array.from({ length: threads }, (): Thread => {
      const { port1: port, port2 } = new MessageChannel();
      const shared = new SharedArrayBuffer(4);
      const worker = new Worker(threadEntry('parse-thread', import.meta.url), {
        workerData: {
          port: port2,
          task: { ...task, done: shared, mostKept: HEAP_MEGABYTES * 2 ** 19 } satisfies ParseTask,
        },
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

  /** Gives a block, the `at`th of all pieces, to the next thread; it is copied. */
  add(block: Buffer, at: number): void {
    const fitting = this.#memories.findIndex(({ byteLength }) => byteLength >= block.length);
    const [memory = new SharedArrayBuffer(Math.max(block.length, 64 * 1024))] =
      fitting < 0 ? [] : this.#memories.splice(fitting, 1);
    new Uint8Array(memory).set(block);
    const thread = this.#threads[this.#next++ % this.#threads.length];
    if (!thread) throw new Error('no threads');
    thread.port.postMessage({ memory, length: block.length, at } satisfies ParseBlock);
    this.#pending.push({ thread, memory, at });
  }

  /** Waits for the oldest block; undefined when there is none. */
  take(): PoolResult | undefined {
    const first = this.#pending.shift();
    if (!first) return undefined;
    const { thread, memory, at } = first;
    const { columns, made, ...parsed } = answered(thread);
    this.#memories.push(memory);
    const vectors = columns.map((column) => vectorFrom(column, thread));
    return { ...parsed, at, vectors, made: made && { ...made, vectors } };
  }

  /** What each thread has kept of its blocks, once all have been taken back. */
  *parts(): Generator<unknown> {
    for (const thread of this.#threads) thread.port.postMessage({ memory: undefined } satisfies ParseBlock);
    for (const thread of this.#threads) {
      const { part, error } = answered(thread);
      if (error) throw new Error(`a thread that parses evidence failed: ${error.why}`);
      if (part !== undefined) yield part;
    }
  }

  close(): void {
    for (const { worker, port } of this.#threads) {
      port.close();
      void worker.terminate();
    }
  }
}

function answered(thread: Thread): ParsedBlock {
  if (!noticed(thread, BLOCK_MS)) throw new Error('a thread that parses evidence does not answer');
  const parsed = receiveMessageOnPort(thread.port)?.message as ParsedBlock | undefined;
  if (!parsed) throw new Error('a thread that parses evidence gave no answer');
  return parsed;
}

function vectorFrom({ type, codes, values, of }: ParsedColumn, thread: Thread): Vector {
  const fresh = unpackedCells(type, values);
  const list = codes && thread.values[of];
  if (!list) return vectorOf(type, fresh);
  for (const value of fresh) list.push(value);
  return { type, values: list, rows: codes };
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
