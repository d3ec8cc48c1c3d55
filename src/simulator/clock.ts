/** The world's time: it starts where the world says and runs as real time does. */
export class Clock {
  readonly #start: number;
  readonly #real: () => number;
  readonly #origin: number;
  #skipped = 0;

  /** `start` is ISO 8601 UTC. `real` gives real milliseconds and only ever grows. */
  constructor(start: string, real: () => number = () => performance.now()) {
    this.#start = Date.parse(start);
    this.#real = real;
    this.#origin = real();
  }

  /** The world's time in milliseconds since 1970. */
  ms(): number {
    return this.#start + this.#skipped + (this.#real() - this.#origin);
  }

  now(): Date {
    return new Date(this.ms());
  }

  /** Lets time pass at once, so that expiries can be seen without waiting. */
  skip(ms: number): void {
    this.#skipped += ms;
  }

  /** ISO 8601 with seven decimals and an offset, as the compute provider prints times. */
  precise(): string {
    return this.now().toISOString().replace('Z', '0000+00:00');
  }
}
