import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import type { ToDigest } from './digest-thread.ts';

/** SHA-256 of bytes that pass by in shared memory. */
export interface Digest {
  /** Takes the bytes from `from` to `to`. They must stay as they are until `settled` resolves. */
  update(memory: SharedArrayBuffer, from: number, to: number): void;
  /** Resolves when all bytes that were given have been taken. */
  settled(): Promise<void>;
  /** The digest in hexadecimal digits; nothing can be added after it. */
  hex(): Promise<string>;
  /** Ends it early. */
  drop(): void;
}

/** Below this many bytes a thread takes longer to start than the digest takes. */
const worthAThread = 32 * 1024 * 1024;

/** A digest for a file of `size` bytes: of a large one it is made in a thread of its own, beside the decoding. */
export function digestOf(size: number): Digest {
  return size >= worthAThread ? new ThreadDigest() : new PlainDigest();
}

class PlainDigest implements Digest {
  readonly #hash = createHash('sha256');

  update(memory: SharedArrayBuffer, from: number, to: number): void {
    this.#hash.update(new Uint8Array(memory, from, to - from));
  }

  async settled(): Promise<void> {}

  async hex(): Promise<string> {
    return this.#hash.digest('hex');
  }

  drop(): void {}
}

/** The thread's entry: beside the bundle's main or one level above a chunk of it, else the source. */
function entry(): URL {
  const places = ['./digest-thread.js', '../digest-thread.js', './digest-thread.ts'];
  const found = places.map((place) => new URL(place, import.meta.url)).find((url) => existsSync(fileURLToPath(url)));
  return found ?? new URL('./digest-thread.ts', import.meta.url);
}

class ThreadDigest implements Digest {
  readonly #worker = new Worker(entry());
  readonly #answers: { resolve: (answer: string) => void; reject: (error: unknown) => void }[] = [];
  #last: Promise<string> = Promise.resolve('');

  constructor() {
    this.#worker.on('message', (answer: string) => this.#answers.shift()?.resolve(answer));
    this.#worker.on('error', (error) => {
      for (const waiting of this.#answers.splice(0)) waiting.reject(error);
    });
  }

  update(memory: SharedArrayBuffer, from: number, to: number): void {
    this.#last = this.#ask({ memory, from, to });
    // Whoever waits sees the error; until then it is not unhandled.
    this.#last.catch(() => {});
  }

  async settled(): Promise<void> {
    await this.#last;
  }

  async hex(): Promise<string> {
    const digest = await this.#ask(null);
    this.drop();
    return digest;
  }

  drop(): void {
    void this.#worker.terminate();
  }

  #ask(message: ToDigest): Promise<string> {
    return new Promise((resolve, reject) => {
      this.#answers.push({ resolve, reject });
      this.#worker.postMessage(message);
    });
  }
}
