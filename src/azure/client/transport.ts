import { AsyncLocalStorage } from 'node:async_hooks';
import {
  createDefaultHttpClient,
  createPipelineRequest,
  type HttpClient,
  type PipelineRequest,
  type PipelineResponse,
} from '@azure/core-rest-pipeline';
import type { ChangeGate, Exchange } from '../../documents/exchange.ts';
import { queryServices } from './asked-queries.ts';

export interface TransportOptions {
  /** The hosts that may receive a token. The SDK follows a nextLink wherever it points, so the list is enforced here. */
  hosts: string[];
  /** Base URL of a simulator on the loopback; requests go there instead of to Azure. */
  simulator?: string;
  now: () => Date;
  /** Told each token that Azure refused, so that it is not used again. */
  refused?: (token: string) => void;
}

export interface Transport {
  httpClient: HttpClient;
  /** Runs `work` with leave to change Azure; every changing request passes the gate. Without it they are refused. */
  changing<T>(gate: ChangeGate, work: () => Promise<T>): Promise<T>;
  /** Tells every exchange; returns the function that stops it. */
  observe(listener: (exchange: Exchange) => void): () => void;
  /** Tells the exchanges of `work` alone, each with the text of its answer ("" when none came). */
  observing<T>(listener: (exchange: Exchange, answer: string) => void, work: () => T): T;
}

/** POST operations that read. Everything else that is not GET or HEAD changes something. */
const readingPosts = [
  ...queryServices.map(({ path }) => path),
  /\/effectivenetworksecuritygroups$/i,
  /\/effectiveroutetable$/i,
  /\/backupstatus$/i,
  /\/listnetworkmanagereffectivesecurityadminrules$/i,
];

/** Does this request change Azure? Unknown operations count as changes. */
export function isChange(method: string, url: string): boolean {
  if (method === 'GET' || method === 'HEAD' || method === 'OPTIONS') return false;
  const path = new URL(url).pathname;
  return !(method === 'POST' && readingPosts.some((pattern) => pattern.test(path)));
}

/** A request that would change Azure came from where nothing may be changed: read-only mode, or a defect. */
export class ChangeRefused extends Error {
  override readonly name = 'ChangeRefused';
}

const secretHeaders = new Set(['authorization', 'cookie', 'set-cookie', 'x-identity-header', 'secret']);

function visibleHeaders(headers: Iterable<[string, string]>): Record<string, string> {
  const visible: Record<string, string> = {};
  for (const [name, value] of headers) if (!secretHeaders.has(name.toLowerCase())) visible[name.toLowerCase()] = value;
  return visible;
}

const bearerOf = (request: PipelineRequest) => (request.headers.get('authorization') ?? '').replace(/^\w+ /, '');

function parsed(body: unknown): unknown {
  if (typeof body !== 'string' || body === '') return undefined;
  try {
    return JSON.parse(body);
  } catch {
    return body;
  }
}

/**
 * The HTTP client under every SDK client: keeps tokens at the allowed hosts, lets no change pass without its intent
 * on disk, tells every exchange, and sends to the simulator when there is one.
 */
export function createTransport(options: TransportOptions): Transport {
  const inner = createDefaultHttpClient();
  const gates = new AsyncLocalStorage<ChangeGate>();
  const listeners = new Set<(exchange: Exchange) => void>();
  const observers = new AsyncLocalStorage<(exchange: Exchange, answer: string) => void>();
  const hosts = new Set(options.hosts);

  async function send(request: PipelineRequest): Promise<PipelineResponse> {
    if (!options.simulator) return inner.sendRequest(request);
    const asked = new URL(request.url);
    const target = new URL(asked.pathname + asked.search, options.simulator);
    const redirected = createPipelineRequest({ ...request, url: target.href, allowInsecureConnection: true });
    redirected.headers.set('x-forwarded-host', asked.host);
    redirected.headers.set('x-forwarded-proto', 'https');
    // The answer must carry the request that the SDK knows: its poller reads the URL for the final GET.
    return { ...(await inner.sendRequest(redirected)), request };
  }

  async function sendRequest(request: PipelineRequest): Promise<PipelineResponse> {
    const url = new URL(request.url);
    if (url.protocol !== 'https:' || !hosts.has(url.host)) {
      throw new ChangeRefused(`refused to send a request to ${url.host}: not one of this cloud's endpoints`);
    }
    const change = {
      method: request.method,
      url: request.url,
      apiVersion: url.searchParams.get('api-version') ?? '',
      clientRequestId: request.headers.get('x-ms-client-request-id') ?? request.requestId,
      requestBody: parsed(request.body),
    };
    request.headers.set('x-ms-client-request-id', change.clientRequestId);
    const open = gates.getStore();
    const gate = isChange(request.method, request.url) ? open : undefined;
    if (isChange(request.method, request.url) && !gate) {
      throw new ChangeRefused(`refused ${request.method} ${url.pathname}: nothing may be changed from here`);
    }
    await gate?.before(change);
    const sentAt = options.now().toISOString();
    const started = performance.now();
    let answer = '';
    let body: { parsed: unknown } | undefined;
    const exchange: Exchange = {
      ...change,
      requestHeaders: visibleHeaders(request.headers),
      sentAt,
      durationSeconds: 0,
      status: 0,
      responseHeaders: {},
      // Only when somebody wants it: the SDK parses the answer for itself, and a fleet's are large.
      get responseBody() {
        body ??= { parsed: parsed(answer) };
        return body.parsed;
      },
      requestId: '',
      correlationId: '',
      error: '',
    };
    try {
      const response = await send(request);
      exchange.status = response.status;
      if (response.status === 401) options.refused?.(bearerOf(request));
      exchange.responseHeaders = visibleHeaders(response.headers);
      answer = response.bodyAsText ?? '';
      exchange.requestId = response.headers.get('x-ms-request-id') ?? '';
      exchange.correlationId = response.headers.get('x-ms-correlation-request-id') ?? '';
      return response;
    } catch (error) {
      exchange.error = error instanceof Error ? error.message : String(error);
      throw error;
    } finally {
      exchange.durationSeconds = (performance.now() - started) / 1000;
      for (const listener of listeners) listener(exchange);
      observers.getStore()?.(exchange, answer);
      if (gate) await gate.after(change, exchange);
      else open?.read?.(exchange);
    }
  }

  return {
    httpClient: { sendRequest },
    changing: (gate, work) => gates.run(gate, work),
    observing: (listener, work) => observers.run(listener, work),
    observe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
