/**
 * Small LRU cache. A value made for one VM serves the next VMs behind the same groups and none after them; a larger
 * cache would keep values long enough for the garbage collector to promote them to the old generation.
 */
export class Recent<V> {
  readonly #values: V[] = [];
  readonly #limit: number;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** The value that is the one wanted, made now if it is not there. */
  of(isWanted: (value: V) => boolean, make: () => V): V {
    const values = this.#values;
    const at = values.findIndex(isWanted);
    if (at === 0) return values[0] as V;
    const value = at < 0 ? make() : (values[at] as V);
    if (at > 0) values.splice(at, 1);
    else if (values.length >= this.#limit) values.pop();
    values.unshift(value);
    return value;
  }
}
