import {
  bearerTokenAuthenticationPolicy,
  createPipelineFromOptions,
  createPipelineRequest,
  type HttpClient,
  type PipelineOptions,
  type PipelinePolicy,
  RestError,
} from '@azure/core-rest-pipeline';
import type { TokenCredential } from '@azure/identity';
import { isObject, type Json, textAt } from '../../arm/json.ts';

export interface ArmAnswer {
  body: Json;
  /** Azure's own time of the answer; null when it does not report it. */
  date: Date | null;
}

/** `url` is absolute, or a path with its query. Throws a RestError with Azure's code, status and `details`. */
export type ArmGet = (url: string, signal?: AbortSignal) => Promise<ArmAnswer>;

/** A change that no client is carried for; it leaves within a gate alone. `body` is absent for a DELETE. */
export type ArmChange = (
  method: 'PUT' | 'DELETE',
  url: string,
  body: Json | undefined,
  signal?: AbortSignal,
) => Promise<ArmAnswer>;

/** A POST that only asks: the transport knows those that do, and refuses any other outside of a gate. */
export type ArmAsk = (url: string, body: Json, signal?: AbortSignal) => Promise<ArmAnswer>;

/**
 * Questions for which carrying a client is not worth it. The same pipeline as under the SDK's clients: sign-in, retries,
 * and the transport that keeps tokens at Azure's own hosts.
 */
export function armGet(options: {
  credential: TokenCredential;
  endpoint: string;
  scope: string;
  httpClient: HttpClient;
  pipeline: PipelineOptions;
  /** Policies for each attempt. */
  policies: PipelinePolicy[];
}): { get: ArmGet; ask: ArmAsk; change: ArmChange } {
  async function send(
    method: 'GET' | 'POST' | 'PUT' | 'DELETE',
    url: string,
    body: Json | undefined,
    signal?: AbortSignal,
  ) {
    const pipeline = createPipelineFromOptions(options.pipeline);
    for (const policy of options.policies) pipeline.addPolicy(policy, { afterPhase: 'Retry' });
    pipeline.addPolicy(bearerTokenAuthenticationPolicy({ credential: options.credential, scopes: options.scope }));
    const request = createPipelineRequest({
      url: new URL(url, options.endpoint).href,
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(signal ? { abortSignal: signal } : {}),
    });
    request.headers.set('accept', 'application/json');
    if (body !== undefined) request.headers.set('content-type', 'application/json');
    const answered = new Set(method === 'PUT' ? [200, 201] : method === 'DELETE' ? [200, 204] : [200]);
    const response = await pipeline.sendRequest(options.httpClient, request);
    let parsed: unknown;
    try {
      parsed = JSON.parse(response.bodyAsText || '{}');
    } catch {
      parsed = undefined;
    }
    if (!answered.has(response.status) || !isObject(parsed)) {
      const code = textAt(parsed, 'error', 'code') || textAt(parsed, 'code');
      const said = textAt(parsed, 'error', 'message') || textAt(parsed, 'message');
      const error = new RestError(said || `Azure answered ${response.status}`, {
        statusCode: response.status,
        request,
        response,
        ...(code ? { code } : {}),
      });
      error.details = parsed;
      throw error;
    }
    const told = Date.parse(response.headers.get('date') ?? '');
    return { body: parsed, date: Number.isNaN(told) ? null : new Date(told) };
  }
  return {
    get: (url, signal) => send('GET', url, undefined, signal),
    ask: (url, body, signal) => send('POST', url, body, signal),
    change: send,
  };
}
