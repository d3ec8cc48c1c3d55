import { appendFileSync } from 'node:fs';
import { createDefaultHttpClient, createPipelineRequest, type HttpClient } from '@azure/core-rest-pipeline';
import type { AccessToken, TokenCredential } from '@azure/identity';
import { at } from '../../src/simulator/json.ts';
import { type Simulator, type SimulatorOptions, startSimulator } from '../../src/simulator/server.ts';

/** A running simulator with what an SDK client needs to reach it. */
export interface Bench {
  simulator: Simulator;
  credential: TokenCredential;
  httpClient: HttpClient;
  /** Client options that send everything to the simulator. */
  options: { httpClient: HttpClient; retryOptions: { maxRetries: number; retryDelayInMs: number } };
  /** A request to any path, with a token and without the SDK. */
  ask(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>;
  /** A request to the simulator's own paths. */
  control(method: string, path: string, body?: unknown): Promise<unknown>;
}

export interface Answer {
  status: number;
  headers: Headers;
  body: Record<string, unknown>;
  /** `error.code` of a refusal. */
  code: string | undefined;
  message: string | undefined;
}

async function tokenFor(simulator: Simulator, resource: string): Promise<{ token: string; expires: number }> {
  const url = `${simulator.url}/msi/token?api-version=2019-08-01&resource=${encodeURIComponent(resource)}`;
  const response = await fetch(url, { headers: { 'x-identity-header': simulator.identityHeader } });
  const body: unknown = await response.json();
  return { token: String(at(body, 'access_token')), expires: Number(at(body, 'expires_on')) * 1000 };
}

/** Sends what a client addresses to Azure to the simulator, and writes each exchange to a file when one is named. */
function redirecting(simulator: Simulator, traffic?: string): HttpClient {
  const inner = createDefaultHttpClient();
  return {
    async sendRequest(request) {
      const url = new URL(request.url);
      const host = url.host;
      const sent = createPipelineRequest({
        ...request,
        url: `${simulator.url}${url.pathname}${url.search}`,
        allowInsecureConnection: true,
      });
      sent.headers.set('x-forwarded-host', host);
      sent.headers.set('x-forwarded-proto', 'https');
      const response = await inner.sendRequest(sent);
      if (traffic !== undefined) {
        const text = response.bodyAsText;
        const exchange = {
          request: {
            method: request.method,
            url: request.url,
            headers: { 'content-type': request.headers.get('content-type') ?? 'application/json' },
            ...(typeof request.body === 'string' && { body: JSON.parse(request.body) }),
          },
          response: {
            statusCode: String(response.status),
            headers: response.headers.toJSON(),
            ...(typeof text === 'string' && text !== '' && { body: JSON.parse(text) }),
          },
        };
        appendFileSync(traffic, `${JSON.stringify(exchange)}\n`);
      }
      return { ...response, request };
    },
  };
}

/** Starts a simulator and opens the way to it. */
export async function openBench(options: SimulatorOptions, traffic?: string): Promise<Bench> {
  const simulator = await startSimulator({ limits: 'none', ...options });
  const httpClient = redirecting(simulator, traffic);
  const credential: TokenCredential = {
    async getToken(scopes): Promise<AccessToken> {
      const scope = Array.isArray(scopes) ? (scopes[0] ?? '') : scopes;
      const { token, expires } = await tokenFor(simulator, scope.replace(/\/\.default$/, ''));
      return { token, expiresOnTimestamp: expires };
    },
  };
  return {
    simulator,
    credential,
    httpClient,
    options: { httpClient, retryOptions: { maxRetries: 1, retryDelayInMs: 5 } },
    async ask(method, path, body, headers = {}) {
      const audience = path.startsWith('/v1/') ? 'https://api.loganalytics.io' : 'https://management.azure.com/';
      const { token } = await tokenFor(simulator, audience);
      const response = await fetch(`${simulator.url}${path}`, {
        method,
        headers: {
          authorization: `Bearer ${token}`,
          'x-forwarded-host': 'management.azure.com',
          'x-forwarded-proto': 'https',
          'content-type': 'application/json',
          ...headers,
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
      const text = await response.text();
      const parsed = text === '' ? {} : JSON.parse(text);
      return {
        status: response.status,
        headers: response.headers,
        body: parsed,
        code: parsed.error?.code,
        message: parsed.error?.message,
      };
    },
    async control(method, path, body) {
      const response = await fetch(`${simulator.url}${path}`, {
        method,
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
      return response.json();
    },
  };
}

/** Everything that a paged list gives. */
export async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}
