import { isoOf, type Ticks } from '../triage/logons/ticks.ts';

/** A span of time that grows. */
export class Span {
  /** Infinity while nothing was added: a number always, for a null between numbers would have each of them allocated. */
  #first: Ticks = Number.POSITIVE_INFINITY;
  #last: Ticks = Number.NEGATIVE_INFINITY;

  add(at: Ticks): void {
    if (at < this.#first) this.#first = at;
    if (at > this.#last) this.#last = at;
  }

  /** Takes in all that another took. */
  include({ ends }: Span): void {
    if (ends === null) return;
    this.add(ends.first);
    this.add(ends.last);
  }

  /** Its ends as a document has them: ISO 8601 UTC, null when nothing was added. */
  get written(): { first: string | null; last: string | null } {
    const { ends } = this;
    return { first: ends && isoOf(ends.first), last: ends && isoOf(ends.last) };
  }

  /** The first and the last of what was added; null when nothing was. */
  get ends(): { first: Ticks; last: Ticks } | null {
    return this.#first <= this.#last ? { first: this.#first, last: this.#last } : null;
  }
}
