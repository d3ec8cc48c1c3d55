import type { Ticks } from '../triage/logons/ticks.ts';

/** A span of time that grows. */
export class Span {
  /** Infinity while nothing was added: a number always, for a null between numbers would have each of them allocated. */
  #first: Ticks = Number.POSITIVE_INFINITY;
  #last: Ticks = Number.NEGATIVE_INFINITY;

  add(at: Ticks): void {
    if (at < this.#first) this.#first = at;
    if (at > this.#last) this.#last = at;
  }

  /** The first and the last of what was added; null when nothing was. */
  get ends(): { first: Ticks; last: Ticks } | null {
    return this.#first <= this.#last ? { first: this.#first, last: this.#last } : null;
  }
}
