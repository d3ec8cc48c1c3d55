import { Writable } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { PacedOutput } from '../../src/commands/paced-output.ts';

/** A reader that takes a portion when it is let to. */
class Reader extends Writable {
  text = '';
  #taken: ((error?: Error) => void) | undefined;

  override _write(chunk: Buffer, _encoding: string, done: (error?: Error) => void): void {
    this.text += chunk.toString();
    this.#taken = done;
  }

  take(error?: Error): void {
    this.#taken?.(error);
  }
}

const piece = 'x'.repeat(10_000);
function pieces() {
  const made = { count: 0 };
  function* all() {
    for (; made.count < 100; made.count++) yield piece;
  }
  return { made, all: all() };
}

describe('output for a reader who is slower', () => {
  it('is made as it is taken, and comes whole', async () => {
    const reader = new Reader();
    const { made, all } = pieces();
    let ended = false;
    const written = new PacedOutput(reader).write(all).then(() => {
      ended = true;
    });
    await turn();
    expect(made.count).toBeLessThan(10);
    const before = made.count;
    await turn();
    expect(made.count).toBe(before);
    while (!ended) {
      reader.take();
      await turn();
    }
    await written;
    expect(reader.text).toBe(piece.repeat(100));
  });

  it('does not wait for a reader who is gone', async () => {
    const reader = new Reader();
    reader.on('error', () => {});
    const { made, all } = pieces();
    const written = new PacedOutput(reader).write(all);
    await turn();
    reader.take(new Error('EPIPE'));
    await written;
    expect(made.count).toBe(100);
  });
});
