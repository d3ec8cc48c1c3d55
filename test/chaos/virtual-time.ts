import { createRequire, syncBuiltinESMExports } from 'node:module';

const load = createRequire(import.meta.url);

interface Waiting {
  due: number;
  order: number;
  call: () => void;
}

/** How long nothing may happen before it counts as stuck, in nanoseconds of real time. */
const patience = 30_000_000_000n;

/** Names of Node's active resources while a file is read or written. */
const fileWork = /^(FS|FileHandle|CloseReq|Work)/i;

/**
 * Time that passes only when nothing else is left to do: timers fall due at once, in their order, without a wait.
 * While it is installed, this process' timers, `performance.now`, `Date.now` and `AbortSignal.timeout` are its own.
 */
export class VirtualTime {
  #now = 0;
  #order = 0;
  #waiting = new Set<Waiting>();
  readonly #real = { immediate: setImmediate, timeout: setTimeout };
  #restore: (() => void) | null = null;

  now(): number {
    return this.#now;
  }

  /** Calls back when so much time has passed; returns what calls it off. */
  later(ms: number, call: () => void): () => void {
    const one = { due: this.#now + Math.max(0, Number.isFinite(ms) ? ms : 0), order: this.#order++, call };
    this.#waiting.add(one);
    return () => this.#waiting.delete(one);
  }

  /** Forgets every timer, as the death of a process does. */
  forget(): void {
    this.#waiting.clear();
  }

  install(): void {
    const promises = load('node:timers/promises');
    const timers = load('node:timers');
    const kept = {
      setTimeout: globalThis.setTimeout,
      clearTimeout: globalThis.clearTimeout,
      dateNow: Date.now,
      performanceNow: performance.now,
      abortTimeout: AbortSignal.timeout,
      sleep: promises.setTimeout,
      timersSet: timers.setTimeout,
      timersClear: timers.clearTimeout,
    };
    const start = Date.now();
    const set = (call: (...given: unknown[]) => void, ms = 0, ...given: unknown[]) => {
      const begin = () => this.later(ms, () => call(...given));
      let off = begin();
      const end = () => off();
      const refresh = () => {
        off();
        off = begin();
        return handle;
      };
      const handle = { off: end, ref: () => handle, unref: () => handle, hasRef: () => true, close: end, refresh };
      return handle;
    };
    const clear = (handle: { off?: () => void } | undefined | null) => handle?.off?.();
    Object.assign(globalThis, { setTimeout: set, clearTimeout: clear });
    Object.assign(timers, { setTimeout: set, clearTimeout: clear });
    Date.now = () => start + Math.floor(this.#now);
    performance.now = () => this.#now;
    AbortSignal.timeout = (ms) => {
      const controller = new AbortController();
      this.later(ms, () => controller.abort(new DOMException('The operation timed out', 'TimeoutError')));
      return controller.signal;
    };
    promises.setTimeout = (ms: number, value: unknown, { signal }: { signal?: AbortSignal } = {}) =>
      this.#sleep(ms, value, signal);
    syncBuiltinESMExports();
    this.#restore = () => {
      Object.assign(globalThis, { setTimeout: kept.setTimeout, clearTimeout: kept.clearTimeout });
      Object.assign(timers, { setTimeout: kept.timersSet, clearTimeout: kept.timersClear });
      Date.now = kept.dateNow;
      performance.now = kept.performanceNow;
      AbortSignal.timeout = kept.abortTimeout;
      promises.setTimeout = kept.sleep;
      syncBuiltinESMExports();
    };
  }

  uninstall(): void {
    this.#restore?.();
    this.#restore = null;
    this.forget();
  }

  /** Does the work, and lets time pass whenever it waits for nothing else. Rejects when it waits for what never comes. */
  async run<T>(work: () => Promise<T>): Promise<T> {
    let ended = false;
    const working = work().finally(() => {
      ended = true;
    });
    working.catch(() => undefined);
    let lastSign = process.hrtime.bigint();
    for (let idle = 0; !ended; ) {
      await new Promise((resolve) => this.#real.immediate(resolve));
      if (process.getActiveResourcesInfo().some((name) => fileWork.test(name))) {
        idle = 0;
        await new Promise((resolve) => this.#real.timeout(resolve, 0));
        continue;
      }
      idle += 1;
      if (ended || idle < 2) continue;
      if (this.#pass()) idle = 0;
      // A module that is loaded now shows as nothing; on a machine with much to do it takes its time.
      if (idle <= 2) lastSign = process.hrtime.bigint();
      if (idle > 200) await new Promise((resolve) => this.#real.timeout(resolve, 1));
      if (process.hrtime.bigint() - lastSign > patience)
        throw new Error(`it waits for what never comes: ${process.getActiveResourcesInfo().join(' ')}`);
    }
    return working;
  }

  /** Lets the timer fall due that is next; false when there is none. */
  #pass(): boolean {
    let next: Waiting | undefined;
    for (const one of this.#waiting) {
      if (next === undefined || one.due < next.due || (one.due === next.due && one.order < next.order)) next = one;
    }
    if (next === undefined) return false;
    this.#waiting.delete(next);
    this.#now = Math.max(this.#now, next.due);
    next.call();
    return true;
  }

  #sleep(ms: number, value: unknown, signal: AbortSignal | undefined): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const refuse = () => reject(new DOMException('The operation was aborted', 'AbortError'));
      if (signal?.aborted) {
        refuse();
        return;
      }
      const abort = () => {
        off();
        refuse();
      };
      const off = this.later(ms, () => {
        signal?.removeEventListener('abort', abort);
        resolve(value);
      });
      signal?.addEventListener('abort', abort, { once: true });
    });
  }
}
