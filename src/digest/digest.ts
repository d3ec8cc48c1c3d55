import { createHash } from 'node:crypto';
import { Worker } from 'node:worker_threads';
import { threadEntry } from '../thread-entry.ts';
import { type DigestShared, finish, place } from './digest-turns.ts';

/** SHA-256 of bytes that pass by in blocks of memory, which are filled one after the other, round and round. */
export interface Digest {
  /** Takes the next block's bytes from `from` to `to`. They must stay as they are until the block is free again. */
  give(from: number, to: number): void;
  /** Resolves when so many blocks after the one that was given last are free, one when left out. */
  room(blocks?: number): Promise<void>;
  /** The digest in hexadecimal digits; nothing can be given after it. */
  hex(): Promise<string>;
  /** Ends it early. */
  drop(): void;
}

/** Below this many bytes a thread takes longer to start than the digest takes. */
export const worthAThread = 32 * 1024 * 1024;

/** A digest for a file of `size` bytes: of a large one it is made in a thread of its own, beside the decoding. */
export function digestOf(size: number, blocks: readonly SharedArrayBuffer[]): Digest {
  return size >= worthAThread ? new ThreadDigest(blocks) : new PlainDigest(blocks);
}

class PlainDigest implements Digest {
  readonly #hash = createHash('sha256');
  readonly #blocks: readonly SharedArrayBuffer[];
  #given = 0;

  constructor(blocks: readonly SharedArrayBuffer[]) {
    this.#blocks = blocks;
  }

  give(from: number, to: number): void {
    const memory = this.#blocks[this.#given % this.#blocks.length];
    if (memory) this.#hash.update(new Uint8Array(memory, from, to - from));
    this.#given += 1;
  }

  async room(): Promise<void> {}

  async hex(): Promise<string> {
    return this.#hash.digest('hex');
  }

  drop(): void {}
}

class ThreadDigest implements Digest {
  readonly #worker: Worker;
  readonly #blocks: number;
  readonly #numbers: Int32Array;
  readonly #result = new SharedArrayBuffer(32);
  readonly #failed: Promise<never>;
  #given = 0;

  constructor(blocks: readonly SharedArrayBuffer[]) {
    const control = new SharedArrayBuffer(4 * (place.pieces + 2 * blocks.length));
    this.#blocks = blocks.length;
    this.#numbers = new Int32Array(control);
    const shared: DigestShared = { blocks, control, result: this.#result };
    this.#worker = new Worker(threadEntry('digest-thread', import.meta.url), {
      workerData: shared,
      resourceLimits: { maxYoungGenerationSizeMb: 2 },
    });
    this.#failed = new Promise((_, reject) => this.#worker.once('error', reject));
    // Prevents an unhandled rejection; callers that await it still get the error.
    this.#failed.catch(() => {});
  }

  give(from: number, to: number): void {
    const piece = place.pieces + 2 * (this.#given % this.#blocks);
    this.#numbers[piece] = from;
    this.#numbers[piece + 1] = to;
    this.#given += 1;
    // The thread sees it by itself.
    Atomics.store(this.#numbers, place.given, this.#given);
  }

  async room(blocks = 1): Promise<void> {
    await this.#until(place.taken, (taken) => this.#given - taken + blocks <= this.#blocks);
  }

  async hex(): Promise<string> {
    await this.#until(place.taken, (taken) => taken === this.#given);
    Atomics.store(this.#numbers, place.finish, finish.asked);
    await this.#until(place.finish, (now) => now === finish.done);
    return Buffer.from(this.#result).toString('hex');
  }

  drop(): void {
    void this.#worker.terminate();
  }

  async #until(index: number, reached: (value: number) => boolean): Promise<void> {
    for (;;) {
      const value = Atomics.load(this.#numbers, index);
      if (reached(value)) return;
      const waiting = Atomics.waitAsync(this.#numbers, index, value);
      if (waiting.async) await Promise.race([waiting.value, this.#failed]);
    }
  }
}
