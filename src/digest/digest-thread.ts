import { createHash } from 'node:crypto';
import { workerData } from 'node:worker_threads';
import { type DigestShared, finish, place } from './digest-turns.ts';

/** Much less than the decoding of a block takes. */
const pollMs = 0.5;

/** Takes piece after piece, until it is to finish. Messages would cost more than the digest itself. */
function run({ blocks, control, result }: DigestShared): void {
  const numbers = new Int32Array(control);
  const hash = createHash('sha256');
  for (let taken = 0; ; ) {
    if (Atomics.load(numbers, place.given) > taken) {
      const block = taken % blocks.length;
      const [from = 0, to = 0] = numbers.subarray(place.pieces + 2 * block);
      const memory = blocks[block];
      if (memory) hash.update(new Uint8Array(memory, from, to - from));
      taken += 1;
      Atomics.store(numbers, place.taken, taken);
      Atomics.notify(numbers, place.taken);
    } else if (Atomics.load(numbers, place.finish) === finish.asked) break;
    // It looks for itself: a thread that is woken takes the processor of the one that woke it, which then waits.
    else Atomics.wait(numbers, place.given, taken, pollMs);
  }
  hash.digest().copy(new Uint8Array(result));
  Atomics.store(numbers, place.finish, finish.done);
  Atomics.notify(numbers, place.finish);
}

run(workerData as DigestShared);
