import { AsyncLocalStorage } from 'node:async_hooks';
import type { PipelineRequest, PipelineResponse } from '@azure/core-rest-pipeline';

type Send = () => Promise<PipelineResponse>;

/** Plans that begin later than this after the first ask anew. */
const sharedMs = 30_000;

/** A POST that asks for what is the same for every VM of a network. */
const sharedPost = /\/listnetworkmanagereffectivesecurityadminrules$/i;
/** The way of a long-running operation: each answer may be another. */
const polled = /\/\w*operation\w*\//i;

/** Equal for reads that have one answer; null for a read that each plan sends itself. */
function keyOf({ method, url, body, streamResponseStatusCodes }: PipelineRequest): string | null {
  const { pathname } = new URL(url);
  if (streamResponseStatusCodes?.size || polled.test(pathname)) return null;
  if (method === 'GET') return url;
  return method === 'POST' && sharedPost.test(pathname) && typeof body === 'string' ? `${url} ${body}` : null;
}

/** The value of a promise that others wait for too, or a rejection as soon as this one does not want it any more. */
async function unlessAborted<T>(value: Promise<T>, signal: unknown): Promise<T> {
  if (!(signal instanceof AbortSignal)) return value;
  signal.throwIfAborted();
  let stop = () => {};
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(signal.reason);
    signal.addEventListener('abort', stop);
  });
  return Promise.race([value, aborted]).finally(() => signal.removeEventListener('abort', stop));
}

/** The answers of plans that are made at the same time. */
class Answers {
  readonly began = performance.now();
  readonly #answers = new Map<string, Promise<PipelineResponse>>();
  #over = false;

  get over(): boolean {
    return this.#over || performance.now() - this.began > sharedMs;
  }

  /** Nobody gets these any more. */
  end(): void {
    this.#over = true;
    this.#answers.clear();
  }

  async read(request: PipelineRequest, send: Send): Promise<PipelineResponse> {
    const key = this.#over ? null : keyOf(request);
    if (key === null) return send();
    const known = this.#answers.get(key);
    if (known) {
      const answer = await unlessAborted(
        known.catch(() => null),
        request.abortSignal,
      );
      // A refusal or a failure is each plan's own; so is what a change has overtaken meanwhile.
      if (answer?.status === 200 && !this.#over) return answer;
      return send();
    }
    const sent = send();
    this.#answers.set(key, sent);
    const forget = () => this.#answers.delete(key);
    sent.then(({ status }) => status === 200 || forget(), forget);
    return sent;
  }
}

/**
 * Plans that are made at the same time share their reads: those of ten VMs ask for the roles, policies, locks, networks and rules
 * of a group once, where Azure lets a user read about 25 times a second. What is shared is as old as these plans at most, and is
 * given to nobody once a change has left; whatever applies, verifies or undoes a plan reads for itself.
 */
export class SharedReads {
  readonly #storage = new AsyncLocalStorage<Answers>();
  #current: Answers | null = null;
  #plans = 0;

  /** Makes a plan. */
  async planning<T>(work: () => Promise<T>): Promise<T> {
    if (this.#current?.over) this.#current.end();
    const answers = this.#current && !this.#current.over ? this.#current : new Answers();
    this.#current = answers;
    this.#plans += 1;
    try {
      return await this.#storage.run(answers, work);
    } finally {
      this.#plans -= 1;
      if (this.#plans === 0) this.changed();
    }
  }

  /** Sends a read, or gives the answer of the same one. */
  read(request: PipelineRequest, send: Send): Promise<PipelineResponse> {
    const answers = this.#storage.getStore();
    return answers ? answers.read(request, send) : send();
  }

  /** A change leaves, or was answered. */
  changed(): void {
    this.#current?.end();
    this.#current = null;
  }
}
