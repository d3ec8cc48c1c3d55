/** How long Azure may take for one request, in seconds. */
export interface TimeLimits {
  /** A read of Azure Resource Manager, or a query of Resource Graph. */
  read: number;
  /** A query of Log Analytics, which may run as long as the query is given. */
  logs: number;
  /** A query of a cluster of Azure Data Explorer; as a read when absent. */
  cluster?: number;
  /** A change. Azure Resource Manager itself gives up after less. */
  change: number;
}

/**
 * Longer than Azure takes for what it answers at all: Resource Graph and ARM give up within a minute. Log Analytics is
 * asked to give up after two minutes, and gets half a minute for the way. A cluster gives up after four minutes ("Query
 * limits", learn.microsoft.com/kusto/concepts/query-limits, read 2026-11-30).
 */
export const usualLimits: TimeLimits = { read: 60, logs: 150, cluster: 270, change: 120 };

/** No answer came in time. What was asked may have been done nevertheless. */
export class TimeLimitExceeded extends Error {
  override readonly name = 'TimeLimitExceeded';
  readonly seconds: number;

  constructor(host: string, seconds: number) {
    super(`${host} did not answer in ${seconds} s`);
    this.seconds = seconds;
  }
}

/**
 * Does a piece of work that ends when `seconds` are over, or when one of the signals aborts, whichever comes first; also
 * work that does not heed its own signal. Throws TimeLimitExceeded in the first case.
 */
export async function within<T>(
  host: string,
  seconds: number,
  signals: readonly (AbortSignal | undefined)[],
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  let giveUp: () => void = () => {};
  const givenUp = new Promise<never>((_resolve, reject) => {
    giveUp = () => reject(Object.assign(new Error('The operation was aborted.'), { name: 'AbortError' }));
  });
  const abort = () => {
    controller.abort();
    giveUp();
  };
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    abort();
  }, seconds * 1000);
  for (const signal of signals) {
    if (signal?.aborted) abort();
    signal?.addEventListener('abort', abort);
  }
  try {
    return await Promise.race([work(controller.signal), givenUp]);
  } catch (error) {
    throw late ? new TimeLimitExceeded(host, seconds) : error;
  } finally {
    clearTimeout(timer);
    for (const signal of signals) signal?.removeEventListener('abort', abort);
  }
}
