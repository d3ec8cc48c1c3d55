import { Readable } from 'node:stream';
import {
  createHttpHeaders,
  type HttpClient,
  type PipelineRequest,
  type PipelineResponse,
  RestError,
} from '@azure/core-rest-pipeline';
import type { NamedCredential } from '../../src/azure/client/sign-in.ts';
import { Azure } from '../../src/simulator/azure.ts';
import { Gateway, type Incoming } from '../../src/simulator/gateway.ts';
import type { Operation } from '../../src/simulator/operations.ts';
import type { World } from '../../src/simulator/world.ts';

/** A changing request as Azure got it. */
export interface Arrived {
  method: string;
  /** Decoded, lower case. */
  path: string;
  clientRequestId: string;
  /** Did it change anything at once, or begin an operation? */
  effective: boolean;
  /** What it began. */
  operations: Operation[];
  /** Did the case file name its id when it arrived? */
  announced: boolean;
}

export interface Wire {
  httpClient: HttpClient;
  signIn: () => Promise<NamedCredential>;
}

/** Asks the sending process at each changing request; a promise that never resolves when it is dead. */
export interface Sender {
  /** It is about to arrive at Azure. */
  leaving(): Promise<void>;
  /** Azure carried it out. */
  carriedOut(): Promise<void>;
  /** Is the id in the case file? */
  announced(clientRequestId: string): boolean;
}

/** By Azure's own documents: what else is posted only asks. */
function mayChange(method: string, path: string): boolean {
  if (method === 'POST') {
    return /\/(backup|initiate|assessPatches|installPatches|beginGetAccess|endGetAccess|deallocate|start)$/i.test(path);
  }
  return method !== 'GET' && method !== 'HEAD';
}

/** An Azure in this process, on its clock, and all that it was asked to change. */
export class SimulatedAzure {
  readonly azure: Azure;
  readonly gateway: Gateway;
  readonly arrived: Arrived[] = [];
  readonly #later: (ms: number, call: () => void) => () => void;

  constructor(world: World, latency: 'none' | 'realistic', later: (ms: number, call: () => void) => () => void) {
    this.azure = new Azure(world, { latency, limits: 'none' });
    this.gateway = new Gateway(this.azure);
    this.#later = later;
  }

  /** What a process of its own has to reach it. */
  wire(sender: Sender): Wire {
    return {
      httpClient: { sendRequest: (request) => this.#send(request, sender) },
      signIn: async () => ({
        through: () => 'the simulator',
        getToken: async (scopes) => {
          const [scope = ''] = Array.isArray(scopes) ? scopes : [scopes];
          if (this.azure.tokens.withholds()) await new Promise<never>(() => undefined);
          const { token, expiresOn } = this.azure.tokens.issue(scope.replace(/\/\.default$/, ''));
          return { token, expiresOnTimestamp: expiresOn * 1000 };
        },
      }),
    };
  }

  async #send(request: PipelineRequest, sender: Sender): Promise<PipelineResponse> {
    const { pathname, search } = new URL(request.url);
    const headers: Record<string, string> = {};
    for (const [name, value] of request.headers) headers[name.toLowerCase()] = value;
    const body =
      typeof request.body === 'string'
        ? request.body
        : request.body instanceof Uint8Array
          ? Buffer.from(request.body).toString('latin1')
          : '';
    const incoming: Incoming = { method: request.method, target: pathname + search, headers, body, scheme: 'https' };
    const changes = mayChange(request.method, pathname);
    if (changes) await sender.leaving();
    const outgoing = await this.#answer(incoming, sender, changes);
    if (changes) await sender.carriedOut();
    const { abortSignal } = request;
    if (outgoing.delayMs > 0) await this.#wait(outgoing.delayMs, abortSignal);
    if (abortSignal?.aborted) throw new DOMException('The operation was aborted', 'AbortError');
    if (outgoing.dropped) throw new RestError('read ECONNRESET', { code: 'ECONNRESET', request });
    const { status, body: answered = '' } = outgoing;
    const answer = { request, status, headers: createHttpHeaders(outgoing.headers) };
    return typeof answered === 'string'
      ? { ...answer, bodyAsText: answered }
      : { ...answer, bodyAsText: '', readableStreamBody: Readable.from([answered]) };
  }

  async #answer(incoming: Incoming, sender: Sender, changes: boolean) {
    if (!changes) return this.gateway.answer(incoming);
    const { operations } = this.azure;
    operations.settle();
    const clientRequestId = incoming.headers['x-ms-client-request-id'] ?? '';
    const announced = sender.announced(clientRequestId);
    const [made, begun] = [this.gateway.mutations.length, operations.count()];
    const outgoing = await this.gateway.answer(incoming);
    const began = operations.startedSince(begun);
    this.arrived.push({
      method: incoming.method,
      path: decodeURIComponent(incoming.target.split('?')[0] ?? '').toLowerCase(),
      clientRequestId,
      effective: this.gateway.mutations.length > made || began.length > 0,
      operations: began,
      announced,
    });
    return outgoing;
  }

  #wait(ms: number, signal: unknown): Promise<void> {
    return new Promise((resolve) => {
      const off = this.#later(ms, resolve);
      if (signal instanceof AbortSignal) {
        signal.addEventListener(
          'abort',
          () => {
            off();
            resolve();
          },
          { once: true },
        );
      }
    });
  }
}
