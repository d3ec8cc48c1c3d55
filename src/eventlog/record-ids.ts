/** Which record ids were read already, as intervals: an event log's chunks hold them without gaps, mostly in order. */
export class RecordIds {
  /** Ascending, apart, both ends included. */
  #intervals: [number, number][] = [];

  /** Adds the ids from `first` to `last`; tells whether any of them was there before. */
  add(first: number, last: number): boolean {
    const touching = this.#intervals.filter(([from, to]) => from <= last + 1 && to >= first - 1);
    const overlapping = touching.some(([from, to]) => from <= last && to >= first);
    const low = Math.min(first, ...touching.map(([from]) => from));
    const high = Math.max(last, ...touching.map(([, to]) => to));
    const apart = this.#intervals.filter((interval) => !touching.includes(interval));
    this.#intervals = [...apart, [low, high] as [number, number]].sort((a, b) => a[0] - b[0]);
    return overlapping;
  }
}
