import { AzureError } from './azure-error.ts';

/** Does the simulated Azure refuse what comes too fast, as Azure does, or nothing? */
export type Limits = 'azure' | 'none';

const support =
  'Client application has been throttled and should not attempt to repeat the request until an amount of time has elapsed.';

/** The quota of Resource Graph: queries of a user in a window ("Guidance for throttled requests in Azure Resource Graph"). */
const graphQuota = 15;
const graphWindowMs = 5000;

/** Log Analytics, for a user ("Azure Monitor service limits", Query API): at once, waiting, how long, and in 30 seconds. */
const logsAtOnce = 5;
const logsWaiting = 200;
const logsLongestWaitMs = 180_000;
const logsInWindow = 200;
const logsWindowMs = 30_000;

/** Buckets of Resource Manager, for a user in a subscription ("Understand how Azure Resource Manager throttles requests"). */
const buckets = {
  reads: { size: 250, perSecond: 25 },
  writes: { size: 200, perSecond: 10 },
  deletes: { size: 200, perSecond: 10 },
} as const;

/** hh:mm:ss, upwards. */
function clockTime(ms: number): string {
  const seconds = Math.max(0, Math.ceil(ms / 1000));
  const two = (value: number) => String(value).padStart(2, '0');
  return `${two(Math.floor(seconds / 3600))}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
}

/** Counts the requests of the one user that a simulator has, in real time: clients that wait know no other. */
export class Throttling {
  readonly #limits: Limits;
  readonly #now: () => number;
  #graph = { from: Number.NEGATIVE_INFINITY, used: 0 };
  /** When the queries that run or wait will have ended. */
  #logsEnd: number[] = [];
  #logsSent: number[] = [];
  readonly #tokens = new Map<string, { left: number; at: number }>();

  constructor(limits: Limits, now: () => number = () => performance.now()) {
    this.#limits = limits;
    this.#now = now;
  }

  /** Takes one query of Resource Graph from the quota; gives the headers of its answer. Throws 429, without Retry-After. */
  graph(): Record<string, string> {
    if (this.#limits === 'none') {
      return { 'x-ms-user-quota-remaining': '1000', 'x-ms-user-quota-resets-after': clockTime(graphWindowMs) };
    }
    const now = this.#now();
    if (now - this.#graph.from >= graphWindowMs) this.#graph = { from: now, used: 0 };
    const told = (left: number) => ({
      'x-ms-user-quota-remaining': String(left),
      'x-ms-user-quota-resets-after': clockTime(this.#graph.from + graphWindowMs - now),
    });
    if (this.#graph.used >= graphQuota) {
      throw new AzureError(429, 'RateLimiting', 'Please provide below info when asking for support.', {
        headers: told(0),
        extra: { details: [{ code: 'RateLimiting', message: support }] },
      });
    }
    this.#graph.used += 1;
    return told(graphQuota - this.#graph.used);
  }

  /** How long a query of Log Analytics waits for one of the five places, in ms, when it runs for `lasts`. Throws 429. */
  logs(lasts: number): number {
    if (this.#limits === 'none') return 0;
    const now = this.#now();
    this.#logsSent = this.#logsSent.filter((time) => time > now - logsWindowMs);
    this.#logsEnd = this.#logsEnd.filter((time) => time > now).sort((a, b) => a - b);
    const busy = this.#logsEnd.length;
    const starts = busy < logsAtOnce ? now : (this.#logsEnd[busy - logsAtOnce] ?? now);
    const waiting = Math.max(0, busy - logsAtOnce);
    const tooMany = this.#logsSent.length >= logsInWindow || waiting >= logsWaiting;
    if (tooMany || starts - now > logsLongestWaitMs) {
      throw new AzureError(429, 'ThrottledError', 'You have exceeded the rate of queries that you may send.', {
        headers: { 'retry-after': '10' },
      });
    }
    this.#logsSent.push(now);
    this.#logsEnd.push(starts + lasts);
    return starts - now;
  }

  /** Takes one request of Resource Manager from its bucket; gives the header of its answer. Throws 429 with Retry-After. */
  manager(method: string, path: string): Record<string, string> {
    const kind = method === 'DELETE' ? 'deletes' : method === 'GET' || method === 'HEAD' ? 'reads' : 'writes';
    const subscription = /^\/subscriptions\/([^/]+)/i.exec(path)?.[1]?.toLowerCase() ?? 'tenant';
    const header = `x-ms-ratelimit-remaining-${subscription === 'tenant' ? 'tenant' : 'subscription'}-${kind}`;
    const { size, perSecond } = buckets[kind];
    if (this.#limits === 'none') return { [header]: String(size) };
    const now = this.#now();
    const bucket = this.#tokens.get(`${kind} ${subscription}`) ?? { left: size, at: now };
    const left = Math.min(size, bucket.left + ((now - bucket.at) / 1000) * perSecond);
    if (left < 1) {
      const message = 'Number of requests for the subscription exceeded the limit. Please try again later.';
      throw new AzureError(429, 'SubscriptionRequestsThrottled', message, {
        headers: { 'retry-after': '1', [header]: '0' },
      });
    }
    this.#tokens.set(`${kind} ${subscription}`, { left: left - 1, at: now });
    return { [header]: String(Math.floor(left - 1)) };
  }
}
