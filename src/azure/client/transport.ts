import { AsyncLocalStorage } from 'node:async_hooks';
import { randomUUID } from 'node:crypto';
import {
  createDefaultHttpClient,
  createHttpHeaders,
  createPipelineRequest,
  type HttpClient,
  type PipelineRequest,
  type PipelineResponse,
} from '@azure/core-rest-pipeline';
import { textAt } from '../../arm/json.ts';
import type { ChangeGate, Exchange, OutgoingChange } from '../../documents/exchange.ts';
import { createApiVersions } from './api-versions.ts';
import { queryServices } from './asked-queries.ts';
import { claimsOf } from './challenge.ts';
import { endsIn } from './clouds.ts';
import { theirTurn } from './in-turns.ts';
import { createPacer, type Service } from './pacing.ts';
import { keepAnswer } from './refused-answers.ts';
import { SharedReads } from './shared-reads.ts';
import { type TimeLimits, usualLimits, within } from './time-limits.ts';
import { demandList } from './whole-list.ts';

export interface TransportOptions {
  /** The hosts that may receive a token. The SDK follows a nextLink wherever it points, so the list is enforced here. */
  hosts: string[];
  /** Ends of the hosts that blobs are read from; queues and tables are beside them. None of them ever gets a token. */
  storage?: string[];
  /** Origin of a cluster on the loopback: spoken to in clear, without a token, and never redirected. */
  local?: string | undefined;
  /** Base URL of a simulator on the loopback; requests go there instead of to Azure. */
  simulator?: string;
  now: () => Date;
  /** The tokens of the clients, each of which holds the one that it got. */
  tokens?: {
    /** Azure refused this token. */
    refuse(token: string): void;
    /** The token to send in place of this one: another only where this one was refused. */
    living(token: string): Promise<string>;
  };
  limits?: TimeLimits | undefined;
  /** What carries a request; the SDK's own client when absent. */
  carrier?: HttpClient | undefined;
  /** Aborts whatever is under way. */
  closing?: AbortSignal;
}

export interface Transport {
  httpClient: HttpClient;
  /**
   * Asks storage hosts, and no others, by an address that is a permission in itself, without a token: GET and HEAD, PUT for the
   * blob that is being uploaded, and POST to the queue and the table that its message goes to.
   */
  blobs: HttpClient;
  /**
   * Uploads a blob within `changing`: its intent passes the gate before the first of its blocks leaves, and its outcome after the
   * answer that made it a blob, which `work` returns, or throws as the `end` of its error. `work` gets the id that the requests carry.
   */
  uploading(change: Upload, work: (id: string) => Promise<UploadEnd>): Promise<UploadEnd>;
  /** Runs `work` with leave to change Azure; every changing request passes the gate. Without it they are refused. */
  changing<T>(gate: ChangeGate, work: () => Promise<T>): Promise<T>;
  /** Runs `work`, whose requests end when the signal aborts, whether their callers pass it on or not. */
  until<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T>;
  /** Makes a plan, whose reads are shared with the plans that are made at the same time. */
  planning<T>(work: () => Promise<T>): Promise<T>;
  /** Reports every exchange; returns the function that stops it. */
  observe(listener: (exchange: Exchange) => void): () => void;
  /** Reports the exchanges of `work` alone, each with the text of its answer ("" when none came). */
  observing<T>(listener: (exchange: Exchange, answer: string) => void, work: () => T): T;
}

/** An upload as its gate sees it. `url` is the blob's address without a signature. */
export interface Upload extends Pick<OutgoingChange, 'url' | 'apiVersion' | 'requestBody'> {
  /** Addresses of queues and tables, without signatures, that messages about the blob go to, as part of the same change. */
  messagesTo?: readonly string[];
}

/** The answer to the request that made a blob of its blocks, or that told of it. */
export interface UploadEnd {
  status: number;
  /** Of Azure Storage. */
  requestId: string;
  /** Its error code; "" when there is none. */
  code: string;
}

const isEnd = (value: unknown): value is UploadEnd =>
  typeof value === 'object' && value !== null && 'status' in value && 'requestId' in value && 'code' in value;

/** POST operations that read. Everything else that is not GET or HEAD changes something. */
const readingPosts = [
  ...queryServices.map(({ path }) => path),
  /\/effectivenetworksecuritygroups$/i,
  /\/effectiveroutetable$/i,
  /\/backupstatus$/i,
  /\/microsoft\.policyinsights\/checkpolicyrestrictions$/i,
  /\/listnetworkmanagereffectivesecurityadminrules$/i,
  /\/microsoft\.securityinsights\/incidents\/[^/]+\/entities$/i,
];

/** Characters that a command which only shows may have. */
const longestShow = 100_000;

/** Commands of a cluster that change nothing in it. What `.get` gives are permissions: see `secretAnswer`. */
const readingCommand =
  /^\s*\.(?:show|cancel\s+query|get\s+ingestion\s+resources|get\s+kusto\s+identity\s+token)(?:\s|$)/;

/**
 * Management commands of a cluster that change nothing in it: the path is that of all others ("Query/management HTTP
 * request", learn.microsoft.com/kusto/api/rest/request, read 2026-11-30).
 */
function onlyShows(path: string, body: unknown): boolean {
  if (!/^\/v1\/rest\/mgmt$/i.test(path)) return false;
  // A command of that length brings data.
  if (typeof body === 'string' && body.length > longestShow) return false;
  const command = textAt(typeof body === 'string' ? parsed(body) : body, 'csl');
  return readingCommand.test(command) && !command.includes('<|');
}

/**
 * Is the answer a permission in itself, which no listener gets? Signed addresses of queues and containers, and the token that
 * stands for the caller in them ("How to ingest data with the REST API", learn.microsoft.com/kusto/api/netfx/kusto-ingest-client-rest,
 * 2024-08-11).
 */
const secretAnswer = (path: string, body: unknown): boolean =>
  /^\/v1\/rest\/mgmt$/i.test(path) && /^\s*\.get\s/.test(textAt(body, 'csl'));

/** Does this request change Azure? Unknown operations count as changes. `body` as it is sent, or parsed. */
export function isChange(method: string, url: string, body?: unknown): boolean {
  if (method === 'GET' || method === 'HEAD' || method === 'OPTIONS') return false;
  const path = new URL(url).pathname;
  return !(method === 'POST' && (readingPosts.some((pattern) => pattern.test(path)) || onlyShows(path, body)));
}

/** A request that would change Azure came from where nothing may be changed: read-only mode, or a defect. */
class ChangeRefused extends Error {
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

/** Characters of an answer from which on parsing it takes a millisecond and more: of several that come at once each has a turn. */
const largeAnswer = 200_000;

/** The time limit of a service's queries, where it is not that of reads. */
const queryLimits: ReadonlyMap<Service, keyof TimeLimits> = new Map([
  ['Log Analytics', 'logs'],
  ['Azure Data Explorer', 'cluster'],
]);

function serviceOf({ method, url }: PipelineRequest): Service {
  const { pathname } = new URL(url);
  const asked = method === 'POST' ? queryServices.find(({ path }) => path.test(pathname)) : undefined;
  return asked?.service ?? 'Azure Resource Manager';
}

/** The exchange of a request that is about to leave; `answered` and `ended` complete it, and `ended` gives the answer's text. */
function exchangeOf(request: PipelineRequest, now: () => Date) {
  const url = new URL(request.url);
  const change: OutgoingChange = {
    method: request.method,
    url: request.url,
    apiVersion: url.searchParams.get('api-version') ?? '',
    clientRequestId: request.headers.get('x-ms-client-request-id') ?? request.requestId,
    requestBody: parsed(request.body),
  };
  request.headers.set('x-ms-client-request-id', change.clientRequestId);
  const started = performance.now();
  let answer = '';
  let body: { parsed: unknown } | undefined;
  const exchange: Exchange = {
    ...change,
    requestHeaders: visibleHeaders(request.headers),
    sentAt: now().toISOString(),
    durationSeconds: 0,
    status: 0,
    responseHeaders: {},
    // Only when a caller wants it: the SDK parses the answer for itself, and a fleet's are large.
    get responseBody() {
      body ??= { parsed: parsed(answer) };
      return body.parsed;
    },
    requestId: '',
    correlationId: '',
    error: '',
  };
  return {
    change,
    exchange,
    /** The request carries this id in place of its own. */
    named(id: string) {
      change.clientRequestId = id;
      exchange.clientRequestId = id;
      request.headers.set('x-ms-client-request-id', id);
      exchange.requestHeaders = visibleHeaders(request.headers);
    },
    answered(response: PipelineResponse) {
      exchange.status = response.status;
      exchange.responseHeaders = visibleHeaders(response.headers);
      answer = secretAnswer(url.pathname, change.requestBody) ? '' : (response.bodyAsText ?? '');
      // A cluster calls its own x-ms-activity-id.
      exchange.requestId = response.headers.get('x-ms-request-id') ?? response.headers.get('x-ms-activity-id') ?? '';
      exchange.correlationId = response.headers.get('x-ms-correlation-request-id') ?? '';
    },
    ended() {
      exchange.durationSeconds = (performance.now() - started) / 1000;
      return answer;
    },
  };
}

/**
 * The HTTP client under every SDK client: keeps tokens at the allowed hosts, lets no change pass without its intent
 * on disk, reports every exchange, and sends to the simulator when there is one.
 */
export function createTransport(options: TransportOptions): Transport {
  const inner = options.carrier ?? createDefaultHttpClient();
  const gates = new AsyncLocalStorage<ChangeGate>();
  const stops = new AsyncLocalStorage<AbortSignal>();
  /** The requests that the upload under way may send: method and address, without the query. */
  const uploads = new AsyncLocalStorage<ReadonlySet<string>>();
  const listeners = new Set<(exchange: Exchange) => void>();
  const observers = new AsyncLocalStorage<(exchange: Exchange, answer: string) => void>();
  const hosts = new Set(options.hosts);
  const { limits = usualLimits } = options;
  const pacer = createPacer();
  const versions = createApiVersions();
  const shared = new SharedReads();

  function transmit(request: PipelineRequest, abortSignal: AbortSignal): Promise<PipelineResponse> {
    const asked = new URL(request.url);
    if (asked.origin === options.local)
      return inner.sendRequest({ ...request, abortSignal, allowInsecureConnection: true });
    if (!options.simulator) return inner.sendRequest({ ...request, abortSignal });
    const { href: url } = new URL(asked.pathname + asked.search, options.simulator);
    const headers = createHttpHeaders(request.headers.toJSON());
    const redirected = createPipelineRequest({ ...request, headers, url, abortSignal, allowInsecureConnection: true });
    redirected.headers.set('x-forwarded-host', asked.host);
    redirected.headers.set('x-forwarded-proto', 'https');
    return inner.sendRequest(redirected);
  }

  /** Refuses what must not leave, and gives the gate that a change has to pass. */
  function gateOf(request: PipelineRequest): ChangeGate | undefined {
    const url = new URL(request.url);
    if (url.origin === options.local) request.headers.delete('authorization');
    else if (url.protocol !== 'https:' || !hosts.has(url.host)) {
      throw new ChangeRefused(`refused to send a request to ${url.host}: not one of this cloud's endpoints`);
    }
    if (!isChange(request.method, request.url, request.body)) return undefined;
    const gate = gates.getStore();
    if (!gate) throw new ChangeRefused(`refused ${request.method} ${url.pathname}: nothing may be changed from here`);
    return gate;
  }

  async function uploading(
    { messagesTo = [], ...about }: Upload,
    work: (id: string) => Promise<UploadEnd>,
  ): Promise<UploadEnd> {
    const gate = gates.getStore();
    if (!gate)
      throw new ChangeRefused(`refused an upload to ${new URL(about.url).host}: nothing may be changed from here`);
    const change: OutgoingChange = { ...about, method: 'PUT', clientRequestId: randomUUID() };
    change.clientRequestId = (await gate.before(change)) ?? change.clientRequestId;
    const started = performance.now();
    const exchange: Exchange = {
      ...change,
      requestHeaders: {},
      sentAt: options.now().toISOString(),
      durationSeconds: 0,
      status: 0,
      responseHeaders: {},
      responseBody: undefined,
      requestId: '',
      correlationId: '',
      error: '',
    };
    const answeredWith = ({ status, requestId, code }: UploadEnd): Exchange => {
      const responseBody = code === '' ? undefined : { error: { code, message: '' } };
      return { ...exchange, status, requestId, responseBody };
    };
    let ended: Exchange = { ...exchange, error: 'the upload did not come to its end' };
    try {
      const end = await uploads.run(new Set([`PUT ${about.url}`, ...messagesTo.map((url) => `POST ${url}`)]), () =>
        work(change.clientRequestId),
      );
      ended = answeredWith(end);
      return end;
    } catch (error) {
      const end: unknown = error instanceof Error ? Reflect.get(error, 'end') : undefined;
      ended = isEnd(end)
        ? answeredWith(end)
        : { ...exchange, error: error instanceof Error ? error.message : String(error) };
      throw error;
    } finally {
      await gate.after(change, { ...ended, durationSeconds: (performance.now() - started) / 1000 });
    }
  }

  /** Its address is a secret: no listener gets it, and nothing of it is in an error. */
  async function askBlob(request: PipelineRequest): Promise<PipelineResponse> {
    const url = new URL(request.url);
    // Queues and tables of an account are beside its blobs.
    const asBlobs = url.host.replace(/\.(?:queue|table)\./, '.blob.');
    if (url.protocol !== 'https:' || !endsIn(asBlobs, options.storage ?? [])) {
      throw new ChangeRefused(`refused to ask ${url.host}: not a storage host of this cloud`);
    }
    const reads = request.method === 'GET' || request.method === 'HEAD';
    const uploaded = uploads.getStore()?.has(`${request.method} ${url.origin}${url.pathname}`) === true;
    if (!reads && !uploaded) {
      throw new ChangeRefused(`refused ${request.method} to ${url.host}: nothing is uploaded from here`);
    }
    request.headers.delete('authorization');
    const signal = request.abortSignal instanceof AbortSignal ? request.abortSignal : undefined;
    const seconds = reads ? limits.read : limits.change;
    return within(url.host, seconds, [signal, options.closing], (ending) => transmit(request, ending));
  }

  /** Sends a request once, at its service's pace and within its time. */
  async function send(request: PipelineRequest, gate: ChangeGate | undefined): Promise<PipelineResponse> {
    const service = serviceOf(request);
    const { abortSignal } = request;
    const signal = abortSignal instanceof AbortSignal ? abortSignal : undefined;
    await pacer.enter(service, signal);
    let response: PipelineResponse | undefined;
    try {
      await authorize(request);
      const { change, exchange, named, answered, ended } = exchangeOf(request, options.now);
      const id = await gate?.before(change);
      if (id !== undefined) named(id);
      const seconds = gate ? limits.change : (limits[queryLimits.get(service) ?? 'read'] ?? limits.read);
      try {
        response = await within(new URL(request.url).host, seconds, [signal, options.closing], (ending) =>
          transmit(request, ending),
        );
        if ((response.bodyAsText?.length ?? 0) >= largeAnswer) await theirTurn();
        answered(response);
        return response;
      } catch (error) {
        exchange.error = error instanceof Error ? error.message : String(error);
        throw error;
      } finally {
        const answer = ended();
        for (const listener of listeners) listener(exchange);
        observers.getStore()?.(exchange, answer);
        if (gate) await gate.after(change, exchange);
        else gates.getStore()?.read?.(exchange);
      }
    } finally {
      pacer.left(service, response?.headers);
    }
  }

  async function authorize(request: PipelineRequest): Promise<void> {
    const held = bearerOf(request);
    const living = held === '' ? held : ((await options.tokens?.living(held)) ?? held);
    if (living !== held) request.headers.set('authorization', `Bearer ${living}`);
  }

  /** The request, which ends with the work that it belongs to; most calls of the SDK pass no signal of their own. */
  function ending(request: PipelineRequest): PipelineRequest {
    const stop = stops.getStore();
    if (!stop) return request;
    const own = request.abortSignal;
    return { ...request, abortSignal: own instanceof AbortSignal ? AbortSignal.any([own, stop]) : stop };
  }

  async function sendRequest(asked: PipelineRequest): Promise<PipelineResponse> {
    const request = ending(asked);
    const gate = gateOf(request);
    if (!gate) return { ...(await shared.read(request, () => sendPatiently(request, undefined))), request: asked };
    shared.changed();
    return { ...(await sendPatiently(request, gate).finally(() => shared.changed())), request: asked };
  }

  async function sendPatiently(request: PipelineRequest, gate: ChangeGate | undefined): Promise<PipelineResponse> {
    // The copy keeps what the policies put there: the agent of a proxy, the credentials.
    const asked: PipelineRequest = { ...request, url: versions.known(request.url) };
    let response = await send(asked, gate);
    if (response.status === 401) {
      const token = bearerOf(asked);
      options.tokens?.refuse(token);
      // A sign-in that was renewed meanwhile; a challenge is the client's to answer. A change is sent once.
      const renewed = !gate && claimsOf(response.headers.get('www-authenticate')) === '';
      if (renewed && (await options.tokens?.living(token)) !== token) response = await send(asked, gate);
    }
    const offered = gate ? undefined : versions.offered(asked.url, response.status, response.bodyAsText ?? '');
    if (offered !== undefined) response = await send({ ...asked, url: offered }, gate);
    if (response.status >= 400) keepAnswer(request, response.bodyAsText ?? '');
    else if (request.method === 'GET' && response.status === 200) demandList(request.url, response.bodyAsText ?? '');
    // The answer must carry the request that the SDK knows: its poller reads the URL for the final GET.
    return { ...response, request };
  }

  return {
    httpClient: { sendRequest },
    blobs: { sendRequest: askBlob },
    uploading,
    changing: (gate, work) => gates.run(gate, work),
    until: (signal, work) => stops.run(signal, work),
    observing: (listener, work) => observers.run(listener, work),
    planning: (work) => shared.planning(work),
    observe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
