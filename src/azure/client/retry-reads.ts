import { setTimeout as sleep } from 'node:timers/promises';
import type { PipelinePolicy, PipelineRequest, PipelineResponse, SendRequest } from '@azure/core-rest-pipeline';
import { quotaResetsAfter } from './pacing.ts';
import { isChange } from './transport.ts';

const mostAttempts = 5;
/** All that one request may wait for its turn to be sent again, in ms. Callers that would wait longer get an error that says when to try again. */
const patienceMs = 60_000;
const firstDelayMs = 500;
const longestDelayMs = 20_000;

const retriedStatus = new Set([408, 429, 500, 502, 503, 504]);
const retriedCodes = new Set([
  'ECONNRESET',
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ETIMEDOUT',
  'ESOCKETTIMEDOUT',
  'EPIPE',
  'REQUEST_SEND_ERROR',
]);

function codeOf(error: unknown): string {
  const code: unknown = typeof error === 'object' && error !== null ? Reflect.get(error, 'code') : undefined;
  return typeof code === 'string' ? code : '';
}

/** `Retry-After` in ms: seconds, or a date (RFC 9110, 10.2.3); undefined when there is none. */
function retryAfter({ headers }: PipelineResponse): number | undefined {
  const milliseconds = headers.get('retry-after-ms') ?? headers.get('x-ms-retry-after-ms');
  if (milliseconds !== undefined && /^\d+$/.test(milliseconds)) return Number(milliseconds);
  const text = headers.get('retry-after');
  if (text === undefined) return undefined;
  if (/^\d+$/.test(text)) return Number(text) * 1000;
  const date = Date.parse(text);
  return Number.isNaN(date) ? undefined : Math.max(0, date - Date.now());
}

/** How long to wait before the request is sent again; undefined for an answer that another attempt would not better. */
function delayAfter(response: PipelineResponse, attempt: number): number | undefined {
  if (!retriedStatus.has(response.status)) return undefined;
  // A query that took all the time that a cluster gives would take it again ("Kusto.Data exceptions", 2026-05-20).
  if (response.status === 504 && response.bodyAsText?.includes('RequestExecutionTimeout')) return undefined;
  const told = retryAfter(response) ?? (response.status === 429 ? quotaResetsAfter(response.headers) : undefined);
  const grown = Math.min(longestDelayMs, firstDelayMs * 2 ** attempt);
  // Not all at once when the time is over: up to a fifth later.
  return (told ?? grown) + Math.random() * (Math.min(told ?? grown, 5000) / 5);
}

/**
 * What only reads is sent again when no answer came, or one that says to come back; a change never is: the first may
 * have been done, and a second then starts a second backup, or is refused for what the first did. A 429 is honoured also
 * where Azure reports no time to wait, and never longer than a user waits.
 */
export function retryReads(
  wait: (ms: number, signal: AbortSignal | undefined) => Promise<unknown> = (ms, signal) =>
    sleep(ms, undefined, signal ? { signal } : {}),
): PipelinePolicy {
  async function read(request: PipelineRequest, next: SendRequest): Promise<PipelineResponse> {
    let waited = 0;
    for (let attempt = 0; ; attempt += 1) {
      let delay: number | undefined;
      let response: PipelineResponse | undefined;
      let failure: unknown;
      try {
        response = await next(request);
        delay = delayAfter(response, attempt);
      } catch (error) {
        failure = error;
        // On this computer nothing is on its way: where nothing listens, nothing will.
        const nobody = codeOf(error) === 'ECONNREFUSED' && request.url.startsWith('http:');
        if (retriedCodes.has(codeOf(error)) && !nobody) delay = Math.min(longestDelayMs, firstDelayMs * 2 ** attempt);
      }
      const again = delay !== undefined && attempt + 1 < mostAttempts && waited + delay <= patienceMs;
      if (!again || delay === undefined) {
        if (response) return response;
        throw failure;
      }
      waited += delay;
      await wait(delay, request.abortSignal as AbortSignal | undefined);
    }
  }
  return {
    name: 'retryReads',
    sendRequest: (request, next) =>
      isChange(request.method, request.url, request.body) ? next(request) : read(request, next),
  };
}
