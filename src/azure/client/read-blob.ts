import type { Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import {
  createPipelineFromOptions,
  createPipelineRequest,
  type HttpClient,
  type PipelineOptions,
} from '@azure/core-rest-pipeline';

/** A read of a blob. */
export interface BlobAsked {
  /** The signed address, which permits the read by itself: it is shown to nobody. */
  url: string;
  method: 'GET' | 'HEAD';
  /** The first and the last byte; the whole when absent. */
  range?: { first: number; last: number };
  /** Only this version of it: another is refused with 412. */
  etag?: string;
  signal: AbortSignal;
}

export interface BlobAnswered {
  status: number;
  header(name: string): string;
  /** The bytes as they come; null where there are none. To be read to its end, or destroyed. */
  body: Readable | null;
}

export type ReadBlob = (asked: BlobAsked) => Promise<BlobAnswered>;

/** A read of a part of a blob into memory. */
export interface PartAsked {
  url: string;
  /** The first byte; as many as the memory holds. */
  first: number;
  etag: string;
  into: Buffer;
  signal: AbortSignal;
}

/** What came of it. */
export interface PartAnswered {
  status: number;
  header(name: string): string;
  /** So many bytes are in the memory. */
  bytes: number;
  /** The end of an answer before the memory was full; null when it is full. */
  failure: Error | null;
}

export type ReadPart = (asked: PartAsked) => Promise<PartAnswered>;

/** The code of the failure of an answer that was longer than what was asked for. */
export const tooLong = 'ERR_TOO_LONG';

/** An answer over which nothing comes for so long is given up. */
const stalledMs = 30_000;

function isReadable(body: unknown): body is Readable {
  return typeof body === 'object' && body !== null && 'pipe' in body && 'destroy' in body;
}

/**
 * Reads blobs through a client that sends no token ("Get Blob", "Specifying the range header for Blob service operations":
 * `x-ms-range` counts where both are sent, and knows no 4 GiB).
 */
export function blobReader(httpClient: HttpClient, options: PipelineOptions): ReadBlob {
  const pipeline = createPipelineFromOptions(options);
  return async ({ url, method, range, etag, signal }) => {
    const request = createPipelineRequest({ url, method, abortSignal: signal });
    request.streamResponseStatusCodes = new Set([200, 206]);
    if (range) request.headers.set('x-ms-range', `bytes=${range.first}-${range.last}`);
    if (etag !== undefined) request.headers.set('if-match', etag);
    const response = await pipeline.sendRequest(httpClient, request);
    const body = response.readableStreamBody;
    return {
      status: response.status,
      header: (name) => response.headers.get(name) ?? '',
      body: isReadable(body) ? body : null,
    };
  };
}

/** Puts the bytes of an answer into memory. Resolves when no more come, also when that is too early. */
async function receive(body: Readable, into: Buffer, signal: AbortSignal) {
  const give = () => body.destroy();
  signal.addEventListener('abort', give);
  const timer = setTimeout(give, stalledMs);
  let bytes = 0;
  // Without a promise for each of its many chunks.
  body.on('data', (chunk: Uint8Array) => {
    timer.refresh();
    if (bytes + chunk.length > into.length) {
      body.destroy(Object.assign(new Error('the storage sent more than was asked for'), { code: tooLong }));
      return;
    }
    into.set(chunk, bytes);
    bytes += chunk.length;
  });
  try {
    await finished(body);
    return { bytes, failure: bytes < into.length ? new Error('the connection ended early') : null };
  } catch (error) {
    return { bytes, failure: error instanceof Error ? error : new Error(String(error)) };
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', give);
    body.destroy();
  }
}

/** Where the bytes of an answer go, and what came of them. */
export interface Destination {
  into: Buffer;
  /** So many bytes are in it. */
  bytes: number;
  /** Why no more came; null where it is full. */
  failure: Error | null;
  /** Is it filled by who carries the request? Otherwise the answer has its bytes in a stream, as always. */
  taken: boolean;
  /** Resolves when no more bytes come into it. */
  whole: Promise<void>;
  /** Gives up what is still to come. */
  give(): void;
}

/** A destination into which nothing has come. */
export const destinationOf = (into: Buffer): Destination => ({
  into,
  bytes: 0,
  failure: null,
  taken: false,
  whole: Promise.resolve(),
  give: () => undefined,
});

/** Runs a read whose answer may put its bytes into the destination itself. */
export type IntoDestination = <T>(to: Destination, read: () => Promise<T>) => Promise<T>;

/** Reads parts of blobs into memory. Rejects when no answer comes. */
export function partReader(read: ReadBlob, within: IntoDestination = (_, work) => work()): ReadPart {
  return async ({ url, first, etag, into, signal }) => {
    const range = { first, last: first + into.length - 1 };
    const to = destinationOf(into);
    const { status, header, body } = await within(to, () => read({ url, method: 'GET', range, etag, signal }));
    if (to.taken) {
      const give = () => to.give();
      signal.addEventListener('abort', give);
      if (signal.aborted) give();
      await to.whole;
      signal.removeEventListener('abort', give);
      return { status, header, bytes: to.bytes, failure: to.failure };
    }
    if (body === null || status !== 206) {
      body?.destroy();
      return { status, header, bytes: 0, failure: null };
    }
    return { status, header, ...(await receive(body, into, signal)) };
  };
}
