import type { Completion } from '../kql/completion.ts';
import { KqlError } from '../kql/kqlerror.ts';
import { type ParserThread, startParserThread } from '../kql/parser-thread.ts';
import { threadEntry } from '../thread-entry.ts';
import type { CompletionRequest } from './complete-query.ts';
import { EvidenceError } from './evidence-error.ts';
import type { EvidenceParts, PartsRequest } from './evidence-parts.ts';
import { defaultMemory } from './memory.ts';
import type { FromQueryThread, ToQueryThread } from './query-thread-protocol.ts';
import type { QueryProgress } from './reading.ts';
import type { QueryRequest, QueryResult } from './run-query.ts';

/** A thread with the parser and nothing else takes a part of this. */
const LEAST_MEGABYTES = 256;

const outOfMemoryText = (megabytes: number): string =>
  `The query needs more than ${megabytes} MB of memory. Filter before it, name fewer columns, group by less, or give --memory SIZE.`;

/** Takes the answer to a question: one of `result`, `parts` and `completion`, by the kind of the question. */
interface Waiting {
  result?(result: QueryResult): void;
  parts?(parts: EvidenceParts): void;
  completion?(completion: Completion): void;
  reject(error: unknown): void;
  onProgress?: ((progress: QueryProgress) => void) | undefined;
}

/**
 * Queries over evidence in a thread of their own, one after the other. The thread starts with the first query; a query
 * that is aborted ends it at once, whatever it is doing, and the next one starts another.
 */
export class QueryThread {
  #worker: ParserThread | undefined;
  #waiting = new Map<number, Waiting & { settled(): void }>();
  #number = 0;
  readonly #heapMegabytes: number;

  /** `memory`: bytes that its queries may take; default: a quarter of the machine's. */
  constructor(memory = defaultMemory()) {
    this.#heapMegabytes = Math.max(LEAST_MEGABYTES, Math.floor(memory / 2 ** 20));
  }

  /** Evaluates a query. Rejects with KqlError, EvidenceError, or the signal's reason. */
  query(
    request: QueryRequest,
    options: { signal?: AbortSignal; onProgress?: (progress: QueryProgress) => void } = {},
  ): Promise<QueryResult> {
    const { signal, onProgress } = options;
    return new Promise((result, reject) => {
      this.#ask((number) => ({ kind: 'query', number, request }), { result, reject, onProgress }, signal);
    });
  }

  /** What a query over files can depend on, by file and table. Rejects as `query` does. */
  parts(
    request: PartsRequest,
    options: { signal?: AbortSignal; onProgress?: (progress: QueryProgress) => void } = {},
  ): Promise<EvidenceParts> {
    const { signal, onProgress } = options;
    return new Promise((parts, reject) => {
      this.#ask((number) => ({ kind: 'parts', number, request }), { parts, reject, onProgress }, signal);
    });
  }

  /** The texts that fit a place of a query. */
  complete(request: CompletionRequest): Promise<Completion> {
    return new Promise((completion, reject) => {
      this.#ask((number) => ({ kind: 'complete', number, request }), { completion, reject });
    });
  }

  #ask(message: (number: number) => ToQueryThread, waiting: Waiting, signal?: AbortSignal): void {
    if (signal?.aborted) {
      waiting.reject(signal.reason);
      return;
    }
    this.#number += 1;
    const number = this.#number;
    const worker = this.#started();
    const abort = (): void => this.#end(signal?.reason);
    signal?.addEventListener('abort', abort, { once: true });
    const settled = (): void => {
      signal?.removeEventListener('abort', abort);
      this.#waiting.delete(number);
      // A program may end while its thread idles.
      if (this.#waiting.size === 0) worker.unref();
    };
    this.#waiting.set(number, { ...waiting, settled });
    worker.ref();
    worker.post(message(number));
  }

  /** Ends the thread; queries in progress are refused. */
  close(): void {
    this.#end(new Error('the query thread was closed'));
  }

  #started(): ParserThread {
    if (this.#worker) return this.#worker;
    // Null and not undefined: modules that run as a thread of their own see by it that they are not the ones started.
    const worker = startParserThread(threadEntry('query-thread', import.meta.url, 'query-thread-entry'), {
      data: null,
      heapMegabytes: this.#heapMegabytes,
    });
    worker.onMessage((message) => this.#receive(message as FromQueryThread));
    worker.onError((error, outOfMemory) => {
      if (this.#worker !== worker) return;
      this.#end(outOfMemory ? new KqlError('limit', outOfMemoryText(this.#heapMegabytes), []) : error);
    });
    this.#worker = worker;
    return worker;
  }

  #receive(message: FromQueryThread): void {
    const waiting = this.#waiting.get(message.number);
    if (!waiting) return;
    if (message.kind === 'progress') {
      waiting.onProgress?.(message.progress);
      return;
    }
    waiting.settled();
    switch (message.kind) {
      case 'result':
        waiting.result?.(message.result);
        break;
      case 'parts':
        waiting.parts?.(message.parts);
        break;
      case 'completion':
        waiting.completion?.(message.completion);
        break;
      case 'kql-error':
        waiting.reject(new KqlError(message.error, message.message, message.diagnostics));
        break;
      case 'evidence-error':
        waiting.reject(EvidenceError.fromMessage(message.message));
        break;
      case 'defect':
        waiting.reject(new Error(message.message));
        break;
    }
  }

  #end(reason: unknown): void {
    const worker = this.#worker;
    this.#worker = undefined;
    worker?.end();
    for (const waiting of [...this.#waiting.values()]) {
      waiting.settled();
      waiting.reject(reason);
    }
  }
}
