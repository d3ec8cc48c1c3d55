import { type Frame, type Vector, vectorOf } from '../kql/frame.ts';
import { unpackedCells } from '../kql/packed.ts';
import type { Value } from '../kql/values.ts';
import type { ParseBlock, ParsedBlock, ParsedColumn, ParseTask } from './parse-protocol.ts';
import { WatchedThread } from './watched-thread.ts';

const HEAP_MEGABYTES = 256;
/** Blocks that wait at a thread, so that it need not. */
const AHEAD = 2;

interface Thread {
  watched: WatchedThread<ParseTask>;
  /** By column: the values that its rows refer to. */
  values: Value[][];
}

/** Parsed rows of one block: the columns that were wanted, or what the query's part made of them. */
export interface PoolResult extends Omit<ParsedBlock, 'columns' | 'made'> {
  vectors: Vector[];
  made: Frame | undefined;
  /** The place of the block among all pieces, and the room that it was in. */
  at: number;
  room: Buffer;
}

/**
 * Threads that parse the blocks of a file, for a thread that evaluates and waits for them synchronously. Results come in
 * the order of the blocks.
 */
export class ParsePool {
  readonly #threads: Thread[];
  readonly #pending: { thread: Thread; room: Buffer; at: number }[] = [];
  #next = 0;

  private constructor(threads: Thread[]) {
    this.#threads = threads;
  }

  /** Undefined where no thread starts. */
  static start(task: Omit<ParseTask, 'mostKept'>, threads: number, megabytes = HEAP_MEGABYTES): ParsePool | undefined {
    const started = Array.from({ length: threads }, (): Thread => {
      const whole = { ...task, mostKept: megabytes * 2 ** 19 };
      const watched = new WatchedThread('parse-thread', task.file, whole, megabytes);
      return { watched, values: task.wanted.map(() => []) };
    });
    const pool = new ParsePool(started);
    if (started.every(({ watched }) => watched.started)) return pool;
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

  /** Gives a block, the `at`th of all pieces, to the next thread; the room that it is in comes back with what was made of it. */
  add(block: Buffer, room: Buffer, at: number): void {
    const thread = this.#threads[this.#next++ % this.#threads.length];
    if (!thread) throw new Error('no threads');
    const from = block.byteOffset;
    thread.watched.post({ from, to: from + block.length, at } satisfies ParseBlock);
    this.#pending.push({ thread, room, at });
  }

  /** Waits for the oldest block; undefined when there is none. Throws ThreadLost. */
  take(): PoolResult | undefined {
    const first = this.#pending.shift();
    if (!first) return undefined;
    const { thread, room, at } = first;
    const { columns, made, ...parsed } = thread.watched.next() as ParsedBlock;
    const vectors = columns.map((column) => vectorFrom(column, thread.values));
    return { ...parsed, at, room, vectors, made: made && { ...made, vectors } };
  }

  /** What each thread has kept of its blocks, once all have been taken back. */
  *parts(): Generator<unknown> {
    for (const thread of this.#threads) thread.watched.post({ from: undefined } satisfies ParseBlock);
    for (const thread of this.#threads) {
      const { part, error } = thread.watched.next() as ParsedBlock;
      if (error) throw new Error(`a thread that parses evidence failed: ${error.why}`);
      if (part !== undefined) yield part;
    }
  }

  close(): void {
    for (const { watched } of this.#threads) watched.close();
  }
}

/** A column that a thread has sent; `lists` are the values of its columns so far, to which it adds. */
export function vectorFrom({ type, codes, values, of }: ParsedColumn, lists: readonly Value[][]): Vector {
  const fresh = unpackedCells(type, values);
  const list = codes && lists[of];
  if (!list) return vectorOf(type, fresh);
  for (const value of fresh) list.push(value);
  return { type, values: list, rows: codes };
}
