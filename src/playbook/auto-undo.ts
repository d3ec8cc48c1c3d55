/** Calls back after so many milliseconds; returns the way to stop that. */
export type Timer = (milliseconds: number, callback: () => void) => () => void;

const wallTimer: Timer = (milliseconds, callback) => {
  const handle = setTimeout(callback, milliseconds);
  // A session that is left ends at once: the deadline is in the record, and another process sees to it.
  handle.unref();
  return () => clearTimeout(handle);
};

/** Undoes a change by itself unless it is kept in time. One at a time: a new one replaces the last. */
export class AutoUndo {
  readonly #timer: Timer;
  readonly #now: () => Date;
  #stop: (() => void) | null = null;
  #at: string | null = null;

  constructor(now: () => Date, timer: Timer = wallTimer) {
    this.#now = now;
    this.#timer = timer;
  }

  /** When it undoes, ISO 8601 UTC; null when nothing waits to be undone. */
  get at(): string | null {
    return this.#at;
  }

  /** Undoes at a time, ISO 8601 UTC. */
  start(at: string, undo: () => void): void {
    this.clear();
    const milliseconds = Math.max(0, Date.parse(at) - this.#now().getTime());
    this.#at = at;
    this.#stop = this.#timer(milliseconds, () => {
      this.clear();
      undo();
    });
  }

  /** Undoes nothing any more; true when something would have been. */
  clear(): boolean {
    const waited = this.#stop !== null;
    this.#stop?.();
    this.#stop = null;
    this.#at = null;
    return waited;
  }
}
