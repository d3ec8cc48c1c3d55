import { setTimeout as sleep } from 'node:timers/promises';
import { azureError } from '../azure/client/azure-error.ts';

export type Wait = (ms: number, signal: AbortSignal | undefined) => Promise<unknown>;

/** How often, and after which waits, something is tried that is done once however often it is asked for. */
export interface Patience {
  signal: AbortSignal | undefined;
  wait: Wait;
  /** Does it until it is answered, or refused for good. */
  again<T>(work: () => Promise<T>): Promise<T>;
}

const MOST_ATTEMPTS = 6;
const LONGEST_WAIT_MS = 20_000;

const waitFor: Wait = (ms, signal) => sleep(ms, undefined, signal ? { signal } : {});

export function patience(signal: AbortSignal | undefined, wait: Wait = waitFor): Patience {
  async function again<T>(work: () => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await work();
      } catch (error) {
        const { status, retryAfterSeconds, code, name } = azureError(error);
        const noAnswer = name === 'TimeLimitExceeded' || /^(E[A-Z_]+|REQUEST_SEND_ERROR)$/.test(code);
        const passing = status === 0 ? noAnswer : status === 429 || status >= 500;
        if (signal?.aborted || !passing || attempt >= MOST_ATTEMPTS) throw error;
        const ms = retryAfterSeconds ? retryAfterSeconds * 1000 : 500 * 2 ** attempt;
        await wait(Math.min(LONGEST_WAIT_MS, ms), signal);
      }
    }
  }
  return { signal, wait, again };
}
