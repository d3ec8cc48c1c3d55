import { createHash } from 'node:crypto';
import { workerData } from 'node:worker_threads';
import { type DigestShared, place, turn } from './digest-turns.ts';

/** Much less than the decoding of a block takes. */
const pollMs = 0.5;

/** Takes bytes whenever it is its turn, until it is to finish. Messages would cost more than the digest itself. */
function run({ blocks, control, result }: DigestShared): void {
  const numbers = new Int32Array(control);
  const hash = createHash('sha256');
  for (;;) {
    // It looks for itself: a thread that is woken takes the processor of the one that woke it, which then waits.
    while (Atomics.load(numbers, place.turn) === turn.owner) Atomics.wait(numbers, place.turn, turn.owner, pollMs);
    const finish = Atomics.load(numbers, place.turn) === turn.finish;
    if (finish) hash.digest().copy(new Uint8Array(result));
    else {
      const from = numbers[place.from] ?? 0;
      const memory = blocks[numbers[place.block] ?? 0];
      if (memory) hash.update(new Uint8Array(memory, from, (numbers[place.to] ?? 0) - from));
    }
    Atomics.store(numbers, place.turn, turn.owner);
    Atomics.notify(numbers, place.turn);
    if (finish) return;
  }
}

run(workerData as DigestShared);
