/**
 * How far back what was read can be read again: the reader of event logs goes back to the beginning of a file once, and
 * by some blocks where a log has lost bytes.
 */
const keptBytes = 8 * 1024 * 1024;
/** Beginning anew costs all that was unpacked before. */
const mostRestarts = 64;

/** Reads at any place of bytes that come one after the other, in bounded memory. */
export class ByteWindow {
  readonly #open: () => Promise<AsyncIterable<Buffer>>;
  #pieces: { at: number; bytes: Buffer }[] = [];
  #source: AsyncIterator<Buffer> | null = null;
  #end = 0;
  #restarts = 0;
  /** Have all bytes come? */
  complete = false;

  constructor(open: () => Promise<AsyncIterable<Buffer>>) {
    this.#open = open;
  }

  /** How many bytes have come. */
  get reached(): number {
    return this.#end;
  }

  /** Fills `into` from `position`; less than asked for only at the end. */
  async read(into: Buffer, offset: number, length: number, position: number): Promise<{ bytesRead: number }> {
    if (position < (this.#pieces[0]?.at ?? this.#end)) await this.#restart();
    while (this.#end < position + length && !this.complete) await this.#more();
    let bytesRead = 0;
    for (const { at, bytes } of this.#pieces) {
      const from = position + bytesRead - at;
      if (from < 0 || from >= bytes.length || bytesRead === length) continue;
      bytesRead += bytes.copy(into, offset + bytesRead, from, from + length - bytesRead);
    }
    return { bytesRead };
  }

  async close(): Promise<void> {
    await this.#source?.return?.();
    this.#source = null;
    this.#pieces = [];
  }

  async #more(): Promise<void> {
    this.#source ??= (await this.#open())[Symbol.asyncIterator]();
    const { value, done } = await this.#source.next();
    if (done) {
      this.complete = true;
      return;
    }
    const bytes: Buffer = value;
    this.#pieces.push({ at: this.#end, bytes });
    this.#end += bytes.length;
    while ((this.#pieces[1]?.at ?? Number.POSITIVE_INFINITY) <= this.#end - keptBytes) this.#pieces.shift();
  }

  async #restart(): Promise<void> {
    if (this.#source !== null || this.#end > 0) {
      this.#restarts += 1;
      if (this.#restarts > mostRestarts) throw new Error('it is damaged at too many places to be read packed');
    }
    await this.close();
    this.#end = 0;
    this.complete = false;
  }
}
