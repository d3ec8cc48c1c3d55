type Numbers = Float64Array | Uint32Array | Int32Array | Uint8Array;

/** Numbers one after the other, as many as come, each in as few bytes as its kind takes. */
class GrowingColumn<T extends Numbers> {
  #values: T;
  #length = 0;
  readonly #make: (length: number) => T;

  /** `make` makes the array of a length: `(length) => new Uint32Array(length)`. */
  constructor(make: (length: number) => T) {
    this.#make = make;
    this.#values = make(256);
  }

  get length(): number {
    return this.#length;
  }

  push(value: number): void {
    if (this.#length === this.#values.length) {
      const longer = this.#make(this.#length * 2);
      longer.set(this.#values);
      this.#values = longer;
    }
    this.#values[this.#length++] = value;
  }

  at(index: number): number {
    return this.#values[index] ?? 0;
  }

  set(index: number, value: number): void {
    this.#values[index] = value;
  }
}

export const float64s = () => new GrowingColumn((length) => new Float64Array(length));
export const uint32s = () => new GrowingColumn((length) => new Uint32Array(length));
export const uint8s = () => new GrowingColumn((length) => new Uint8Array(length));
