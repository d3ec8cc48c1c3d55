/** Characters that are written at a time: as many as a pipe takes at once on Linux (pipe(7): 16 pages). */
const portion = 65_536;

/**
 * Text for the reader of a command's output, who may be slower than it is made: what was written and not taken yet would
 * otherwise all lie in memory, since a write to a pipe does not wait.
 */
export class PacedOutput {
  readonly #out: NodeJS.WritableStream;
  #pending = '';

  constructor(out: NodeJS.WritableStream) {
    this.#out = out;
  }

  add(text: string): void {
    this.#pending += text;
  }

  /** Writes what there is; resolves when more may come, or when nobody reads any more, which the process looks after. */
  async flush(): Promise<void> {
    const text = this.#pending;
    this.#pending = '';
    if (text === '' || this.#out.write(text) || !this.#out.writable) return;
    await new Promise<void>((resolve) => {
      const ends = ['drain', 'error', 'close'] as const;
      const done = () => {
        for (const end of ends) this.#out.off(end, done);
        resolve();
      };
      for (const end of ends) this.#out.on(end, done);
    });
  }

  /** Writes the pieces in portions; none is made before its time. */
  async write(pieces: Iterable<string> | AsyncIterable<string>): Promise<void> {
    for await (const piece of pieces) {
      this.add(piece);
      if (this.#pending.length >= portion) await this.flush();
    }
    await this.flush();
  }
}
