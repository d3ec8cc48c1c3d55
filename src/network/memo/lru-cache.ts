/**
 * The values that were used last, few. What was made for one machine is of use to the next ones behind the same groups,
 * and to nobody later: were it kept longer, the garbage collector would move it to where it is cleared away last.
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
