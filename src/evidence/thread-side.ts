import { openSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { MessagePort } from 'node:worker_threads';
import { SHOWN_DESCRIPTOR, SHOWN_DONE, type WatchedData } from './watched-thread.ts';

/** A watched thread's own side. */
export class ThreadSide {
  readonly port: MessagePort;
  readonly #shown: Int32Array;

  constructor({ port, shown }: WatchedData<unknown>) {
    this.port = port;
    this.#shown = new Int32Array(shown);
    // Held as long as it lives, and by it alone: any file that is there.
    this.#shown[SHOWN_DESCRIPTOR] = openSync(fileURLToPath(import.meta.url), 'r');
  }

  /** Says that the thread runs. */
  started(): void {
    this.#done();
  }

  /** Says what was done. */
  say(message: unknown, moved: readonly ArrayBuffer[] = []): void {
    this.port.postMessage(message, [...moved]);
    this.#done();
  }

  #done(): void {
    Atomics.add(this.#shown, SHOWN_DONE, 1);
    Atomics.notify(this.#shown, SHOWN_DONE);
  }
}
