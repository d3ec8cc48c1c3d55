import { randomBytes } from 'node:crypto';
import { appendFileSync } from 'node:fs';
import { createServer as createPlainServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { Azure } from './azure.ts';
import { answerControl } from './control.ts';
import type { Fault } from './faults.ts';
import { asksStorage, Gateway, type Incoming, type Mutation } from './gateway.ts';
import { answerIdentity, asksForToken } from './identity-endpoint.ts';
import type { Limits } from './throttling.ts';
import type { World } from './world.ts';

export interface SimulatorOptions {
  world: World;
  /** Where it listens on the loopback; any free port when 0 or absent. */
  port?: number;
  /** How slow it is: as fast as it can, or as Azure is. */
  latency?: 'none' | 'realistic';
  faults?: Fault[];
  /** Certificate and key (PEM) to speak TLS with. */
  tls?: { cert: string; key: string };
  /** File to which every change is appended, a JSON line each. */
  mutationLog?: string;
  /** Seconds that a token lives; an hour when absent. */
  tokenLifetime?: number;
  /** Longest page of a list; 1000 when absent. */
  pageSize?: number;
  /** Does it refuse what comes too fast? As Azure does when absent. */
  limits?: Limits;
}

export interface Simulator {
  /** `http://127.0.0.1:41234` */
  url: string;
  port: number;
  /** The header (`X-IDENTITY-HEADER` or `Secret`) that the managed-identity endpoint at `/msi/token` wants. */
  identityHeader: string;
  /** The world's time. */
  now(): Date;
  /** Every change so far. */
  mutations(): Mutation[];
  close(): Promise<void>;
}

const bodyLimit = 4 * 1024 * 1024;
/** A block of a blob may have more in Azure; so much is taken here. */
const blockLimit = 80 * 1024 * 1024;

const tooLarge = JSON.stringify({
  error: { code: 'RequestEntityTooLarge', message: `The request is larger than ${bodyLimit} bytes.` },
});

/** Reads a body up to the limit; `undefined` when it is larger. */
async function readBody(
  request: IncomingMessage,
  limit: number,
  encoding: 'utf8' | 'latin1',
): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    const bytes = Buffer.isBuffer(chunk) ? chunk : Buffer.from(String(chunk));
    size += bytes.length;
    if (size > limit) return undefined;
    chunks.push(bytes);
  }
  return Buffer.concat(chunks).toString(encoding);
}

function headersOf(request: IncomingMessage): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(request.headers)) {
    if (value !== undefined) headers[name] = Array.isArray(value) ? value.join(', ') : value;
  }
  return headers;
}

function send(
  response: ServerResponse,
  status: number,
  headers: Record<string, string>,
  body: string | Buffer | undefined,
): void {
  response.writeHead(status, {
    ...headers,
    ...(body !== undefined && { 'content-length': String(Buffer.byteLength(body)) }),
  });
  response.end(body);
}

const json = { 'content-type': 'application/json; charset=utf-8' };

/** Starts a simulated Azure on the loopback. It holds its own copy of the world and nothing outside of its memory. */
export async function startSimulator(options: SimulatorOptions): Promise<Simulator> {
  const azure = new Azure(options.world, {
    latency: options.latency,
    tokenLifetime: options.tokenLifetime,
    pageSize: options.pageSize,
    limits: options.limits,
  });
  azure.faults.add(options.faults ?? []);
  const log = options.mutationLog;
  // A log that cannot be written is a reason not to start.
  if (log !== undefined) appendFileSync(log, '');
  const gateway = new Gateway(azure, (mutation) => {
    if (log !== undefined) appendFileSync(log, `${JSON.stringify(mutation)}\n`);
  });
  const identityHeader = randomBytes(16).toString('hex');
  const scheme = options.tls === undefined ? 'http' : 'https';
  const delays = new Set<NodeJS.Timeout>();
  const pause = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      const timer = setTimeout(() => {
        delays.delete(timer);
        resolve();
      }, ms);
      delays.add(timer);
    });

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const headers = headersOf(request);
    const body = asksStorage({ headers })
      ? await readBody(request, blockLimit, 'latin1')
      : await readBody(request, bodyLimit, 'utf8');
    if (body === undefined) {
      send(response, 413, { ...json, connection: 'close' }, tooLarge);
      request.destroy();
      return;
    }
    const incoming: Incoming = {
      method: request.method ?? 'GET',
      // Some clients begin a path with two slashes, which a URL takes for a host; Azure does not.
      target: (request.url ?? '/').replace(/^\/{2,}/, '/'),
      headers,
      body,
      scheme,
    };
    // The connection stays open, and nothing is said.
    if (asksForToken(incoming) && azure.tokens.withholds()) return;
    const own = answerIdentity(azure, identityHeader, incoming) ?? answerControl(gateway, identityHeader, incoming);
    if (own !== undefined) {
      send(
        response,
        own.status,
        { ...json, date: azure.clock.now().toUTCString(), ...own.headers },
        JSON.stringify(own.body),
      );
      return;
    }
    const outgoing = await gateway.answer(incoming);
    if (outgoing.delayMs > 0) await pause(outgoing.delayMs);
    if (outgoing.dropped) {
      request.socket.destroy();
      return;
    }
    if (outgoing.release) response.once('close', outgoing.release);
    const answered = incoming.method === 'HEAD' ? undefined : outgoing.body;
    if (outgoing.torn !== undefined && Buffer.isBuffer(answered)) {
      response.writeHead(outgoing.status, outgoing.headers);
      response.write(answered.subarray(0, outgoing.torn), () => request.socket.destroy());
      return;
    }
    send(response, outgoing.status, outgoing.headers, answered);
  };

  const listener = (request: IncomingMessage, response: ServerResponse): void => {
    answer(request, response).catch(() => {
      // The client went away, or a defect beyond the gateway: nothing can be answered.
      response.destroy();
    });
  };
  const server: Server =
    options.tls === undefined ? createPlainServer(listener) : createSecureServer(options.tls, listener);
  // Tokens go over the loopback in clear: the connection must not be held open by clients that do not close it.
  server.keepAliveTimeout = 5000;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, '127.0.0.1', () => {
      server.off('error', reject);
      resolve();
    });
  });
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    url: `${scheme}://127.0.0.1:${port}`,
    port,
    identityHeader,
    now: () => azure.clock.now(),
    mutations: () => structuredClone(gateway.mutations),
    close: () =>
      new Promise((resolve) => {
        for (const timer of delays) clearTimeout(timer);
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
