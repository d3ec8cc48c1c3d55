/** A place of an event log that is not as it should be. */
export interface Damage {
  /** Bytes from the beginning of the file. */
  offset: number;
  because: string;
  /** Of a chunk whose checksums do not match: where it ends. The first damage within it says more of the same place. */
  until?: number;
}

/** Thrown while a chunk is decoded: what is at `at` (bytes from the beginning of the chunk) cannot be right. */
export class DamagedError extends Error {
  override readonly name = 'DamagedError';
  readonly at: number;

  constructor(at: number, because: string) {
    super(because);
    this.at = at;
  }
}

/**
 * How much may still come out of what is decoded. A few bytes can name the same long value ten thousand times, and
 * that value can be a fragment that does so again; everything that is made is charged here first.
 */
export class Budget {
  #left: number;

  constructor(amount: number) {
    this.#left = amount;
  }

  charge(amount: number, at: number): void {
    this.#left -= amount;
    if (this.#left < 0) throw new DamagedError(at, 'its templates expand without measure');
  }

  get left(): number {
    return this.#left;
  }
}
