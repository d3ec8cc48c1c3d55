/** What a service takes at a time. Where Azure shows what is left, that counts. */
interface Pace {
  /** Requests that may be under way at once. */
  atOnce: number;
  /** Requests that may leave within `windowMs`. */
  inWindow: number;
  windowMs: number;
  /** Of a service that says how much its bucket still holds: more may leave while it holds more than `reserve`. */
  bucket?: {
    /** Left to other programs of the same user, and to requests that answers do not count yet. */
    reserve: number;
    /** What flows into a bucket within `windowMs`: no more leaves while one holds less than the reserve. */
    refill: number;
  };
}

export type Service = 'Resource Graph' | 'Log Analytics' | 'Azure Data Explorer' | 'Azure Resource Manager';

/**
 * What Azure documents, with a little less for what the clocks differ.
 * Resource Graph: 15 queries in 5 s for a user ("Guidance for throttled requests in Azure Resource Graph").
 * Log Analytics: 5 queries of a user at once, 200 in 30 s ("Azure Monitor service limits", Query API).
 * ARM: a bucket of 250 reads a subscription, refilled by 25 a second ("Understand how Azure Resource Manager throttles
 * requests", 2024-07): its answers say what the bucket holds. Until one has, 40 in a second.
 */
export const documented: Record<Service, Pace> = {
  // Ten requests at once for each core of a node ("Query limits"); the smallest cluster has two cores.
  'Azure Data Explorer': { atOnce: 8, inWindow: 40, windowMs: 1000 },
  'Resource Graph': { atOnce: 15, inWindow: 15, windowMs: 5100 },
  'Log Analytics': { atOnce: 5, inWindow: 195, windowMs: 30_000 },
  'Azure Resource Manager': { atOnce: 100, inWindow: 40, windowMs: 1000, bucket: { reserve: 100, refill: 25 } },
};

/** Headers of an answer. */
interface Headers {
  get(name: string): string | undefined;
}

/** "00:00:05" in ms; undefined for a text that is no time. */
function millisecondsOf(time: string | undefined): number | undefined {
  const match = /^(\d+):(\d\d):(\d\d)(?:\.\d+)?$/.exec(time ?? '');
  if (!match) return undefined;
  return (Number(match[1]) * 3600 + Number(match[2]) * 60 + Number(match[3])) * 1000;
}

/**
 * How long until the user's quota of Resource Graph is whole again, by the answer; undefined when it does not report
 * it.
 */
export function quotaResetsAfter(headers: Headers): number | undefined {
  return millisecondsOf(headers.get('x-ms-user-quota-resets-after'));
}

const bucketHeaders = ['subscription', 'tenant'].flatMap((scope) =>
  ['reads', 'writes', 'deletes'].map((kind) => `x-ms-ratelimit-remaining-${scope}-${kind}`),
);

/** What the emptiest bucket of Resource Manager that an answer names still holds; undefined where it names none. */
function leftInBucket(headers: Headers): number | undefined {
  const told = bucketHeaders.flatMap((name) => {
    const value = headers.get(name);
    return value !== undefined && /^\d{1,6}$/.test(value) ? [Number(value)] : [];
  });
  return told.length > 0 ? Math.min(...told) : undefined;
}

/** The time that queues live in; tests have one of their own. `later` returns what calls it off. */
export interface Timer {
  now(): number;
  later(work: () => void, ms: number): () => void;
}

const realTime: Timer = {
  now: () => performance.now(),
  later(work, ms) {
    const timer = setTimeout(work, ms);
    return () => clearTimeout(timer);
  },
};

/** One queue of a service: first come, first served. */
class Queue {
  readonly #pace: Pace;
  readonly #time: Timer;
  readonly #waiting: (() => void)[] = [];
  #sent: number[] = [];
  #underWay = 0;
  #callOff: () => void = () => {};
  /** The quota that Azure reports as left, and until when that counts. */
  #told: { left: number; until: number } | undefined;
  /** How many a window lets through: a tenant may have more than is documented, and says so. */
  #inWindow: number;
  /** How many the bucket has beyond the window, and until when one is known to be nearly empty. */
  #beyond = 0;
  #lowUntil = Number.NEGATIVE_INFINITY;

  constructor(pace: Pace, time: Timer) {
    this.#pace = pace;
    this.#time = time;
    this.#inWindow = pace.inWindow;
  }

  enter(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const go = () => {
        signal?.removeEventListener('abort', leave);
        resolve();
      };
      const leave = () => {
        const place = this.#waiting.indexOf(go);
        if (place >= 0) this.#waiting.splice(place, 1);
        reject(Object.assign(new Error('the request was given up'), { name: 'AbortError' }));
        this.#letGo();
      };
      if (signal?.aborted) {
        leave();
        return;
      }
      signal?.addEventListener('abort', leave, { once: true });
      this.#waiting.push(go);
      this.#letGo();
    });
  }

  left(headers: Headers | undefined): void {
    this.#underWay -= 1;
    const remaining = Number(headers?.get('x-ms-user-quota-remaining') ?? Number.NaN);
    const resets = headers && quotaResetsAfter(headers);
    if (Number.isInteger(remaining) && remaining >= 0 && resets !== undefined) {
      this.#inWindow = Math.max(this.#inWindow, remaining + 1);
      // As long as nobody else spends of it, our own window says more exactly when the next may leave: Azure tells whole seconds.
      const own = this.#inWindow - this.#sentInWindow();
      const left = Math.max(0, remaining - this.#underWay);
      this.#told = remaining < own ? { left, until: this.#time.now() + resets } : undefined;
    }
    if (headers) this.#lookIntoBucket(headers);
    this.#letGo();
  }

  /** Requests under way are not in the answer's count. Each subscription has buckets of its own: the lowest counts. */
  #lookIntoBucket(headers: Headers): void {
    const left = this.#pace.bucket && leftInBucket(headers);
    if (!this.#pace.bucket || left === undefined) return;
    const now = this.#time.now();
    const beyond = left - this.#pace.bucket.reserve - this.#underWay;
    if (beyond <= 0) this.#lowUntil = now + this.#pace.windowMs;
    this.#beyond = this.#lowUntil > now ? 0 : beyond;
  }

  #sentInWindow(): number {
    const since = this.#time.now() - this.#pace.windowMs;
    this.#sent = this.#sent.filter((time) => time > since);
    return this.#sent.length;
  }

  /** How long until one more may leave, in ms; 0 for now, infinite where an answer must come first. */
  #delay(): number {
    const now = this.#time.now();
    this.#sentInWindow();
    if (this.#told && this.#told.until <= now) this.#told = undefined;
    const most = this.#pace.atOnce === this.#pace.inWindow ? this.#inWindow : this.#pace.atOnce;
    if (this.#underWay >= most) return Number.POSITIVE_INFINITY;
    const byQuota = this.#told && this.#told.left <= 0 ? this.#told.until - now : 0;
    const low = this.#lowUntil > now;
    const inWindow = low ? (this.#pace.bucket?.refill ?? this.#inWindow) : this.#inWindow;
    const oldest = this.#beyond > 0 ? undefined : this.#sent.at(-inWindow);
    const byWindow = oldest === undefined ? 0 : oldest + this.#pace.windowMs - now;
    return Math.max(byQuota, byWindow);
  }

  /** Lets those leave that may, and comes back when the next one may. */
  #letGo(): void {
    this.#callOff();
    this.#callOff = () => {};
    while (this.#waiting.length > 0) {
      const delay = this.#delay();
      if (delay === Number.POSITIVE_INFINITY) return;
      if (delay > 0) {
        this.#callOff = this.#time.later(() => this.#letGo(), Math.ceil(delay));
        return;
      }
      this.#underWay += 1;
      this.#sent.push(this.#time.now());
      if (this.#told) this.#told.left -= 1;
      if (this.#beyond > 0) this.#beyond -= 1;
      this.#waiting.shift()?.();
    }
  }
}

/** Lets requests leave at the pace of their service. */
export interface Pacer {
  /** Resolves when the request may leave; rejects with an AbortError when the signal aborts before. */
  enter(service: Service, signal?: AbortSignal): Promise<void>;
  /** The request is over. `headers` are those of its answer, when one came. */
  left(service: Service, headers?: Headers): void;
}

/** One queue for each service. */
export function createPacer(time: Timer = realTime): Pacer {
  const queues = new Map<Service, Queue>();
  const queue = (service: Service) => {
    const known = queues.get(service) ?? new Queue(documented[service], time);
    queues.set(service, known);
    return known;
  };
  return {
    enter: (service, signal) => queue(service).enter(signal),
    left: (service, headers) => queue(service).left(headers),
  };
}
