import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { type DigestShared, place, turn } from './digest-turns.ts';

/** SHA-256 of bytes that pass by in blocks of shared memory. */
export interface Digest {
  /** Takes the bytes of a block from `from` to `to`, which must stay as they are until `taken` resolves. */
  give(block: number, from: number, to: number): void;
  /** Resolves when what was given last has been taken; nothing more may be given before. */
  taken(): Promise<void>;
  /** The digest in hexadecimal digits; nothing can be given after it. */
  hex(): Promise<string>;
  /** Ends it early. */
  drop(): void;
}

/** Below this many bytes a thread takes longer to start than the digest takes. */
const worthAThread = 32 * 1024 * 1024;

/** A digest for a file of `size` bytes: of a large one it is made in a thread of its own, beside the decoding. */
export function digestOf(size: number, blocks: SharedArrayBuffer[]): Digest {
  return size >= worthAThread ? new ThreadDigest(blocks) : new PlainDigest(blocks);
}

class PlainDigest implements Digest {
  readonly #hash = createHash('sha256');
  readonly #blocks: SharedArrayBuffer[];

  constructor(blocks: SharedArrayBuffer[]) {
    this.#blocks = blocks;
  }

  give(block: number, from: number, to: number): void {
    const memory = this.#blocks[block];
    if (memory) this.#hash.update(new Uint8Array(memory, from, to - from));
  }

  async taken(): Promise<void> {}

  async hex(): Promise<string> {
    return this.#hash.digest('hex');
  }

  drop(): void {}
}

/** The thread's entry: beside the bundle's main or one level above a chunk of it, else the source. */
function entry(): URL {
  const places = ['./digest-thread.js', '../digest-thread.js', './digest-thread.ts'];
  const found = places.map((path) => new URL(path, import.meta.url)).find((url) => existsSync(fileURLToPath(url)));
  return found ?? new URL('./digest-thread.ts', import.meta.url);
}

class ThreadDigest implements Digest {
  readonly #worker: Worker;
  readonly #numbers: Int32Array;
  readonly #result = new SharedArrayBuffer(32);
  readonly #failed: Promise<never>;

  constructor(blocks: SharedArrayBuffer[]) {
    const control = new SharedArrayBuffer(16);
    this.#numbers = new Int32Array(control);
    const shared: DigestShared = { blocks, control, result: this.#result };
    this.#worker = new Worker(entry(), { workerData: shared, resourceLimits: { maxYoungGenerationSizeMb: 2 } });
    this.#failed = new Promise((_, reject) => this.#worker.once('error', reject));
    // Whoever waits sees it; while nobody does, it is not unhandled.
    this.#failed.catch(() => {});
  }

  give(block: number, from: number, to: number): void {
    this.#numbers[place.block] = block;
    this.#numbers[place.from] = from;
    this.#numbers[place.to] = to;
    this.#pass(turn.thread);
  }

  async taken(): Promise<void> {
    for (;;) {
      const whose = Atomics.load(this.#numbers, place.turn);
      if (whose === turn.owner) return;
      const waiting = Atomics.waitAsync(this.#numbers, place.turn, whose);
      if (waiting.async) await Promise.race([waiting.value, this.#failed]);
    }
  }

  async hex(): Promise<string> {
    await this.taken();
    this.#pass(turn.finish);
    await this.taken();
    return Buffer.from(this.#result).toString('hex');
  }

  drop(): void {
    void this.#worker.terminate();
  }

  /** The thread sees it by itself. */
  #pass(to: number): void {
    Atomics.store(this.#numbers, place.turn, to);
  }
}
