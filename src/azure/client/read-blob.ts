import type { Readable } from 'node:stream';
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
