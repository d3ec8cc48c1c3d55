import { connect as connectPlain, isIP, type OnReadOpts, type Socket } from 'node:net';
import { type ConnectionOptions, connect as connectTls } from 'node:tls';
import {
  createHttpHeaders,
  type HttpClient,
  type PipelineRequest,
  type PipelineResponse,
  RestError,
} from '@azure/core-rest-pipeline';
import { type Destination, destinationOf, tooLong } from './read-blob.ts';

/** An answer over which nothing comes for so long is given up. */
const stalledMs = 30_000;
/** The head of an answer is no longer than this; no storage sends as much. */
const longestHead = 64 * 1024;
/** The connections to a host that wait for another request. */
const mostIdle = 8;

const plainHeader = /^[\t\u0020-\u007e]*$/;

interface Head {
  status: number;
  headers: Map<string, string>;
  /** Where the body begins. */
  end: number;
}

/** The head of an answer, undefined while it is not whole; null where it is none of HTTP/1.1. */
export function headOf(bytes: Buffer): Head | null | undefined {
  const end = bytes.indexOf('\r\n\r\n');
  if (end < 0) return bytes.length >= longestHead ? null : undefined;
  const [first = '', ...lines] = bytes.toString('latin1', 0, end).split('\r\n');
  const [, status = ''] = /^HTTP\/1\.1 (\d{3})(?: |$)/.exec(first) ?? [];
  const headers = new Map<string, string>();
  for (const line of lines) {
    const [, name, value = ''] = /^([!#$%&'*+.^_`|~\w-]+):[\t ]*(.*?)[\t ]*$/.exec(line) ?? [];
    if (name === undefined) return null;
    const before = headers.get(name.toLowerCase());
    // A length that comes twice is none.
    headers.set(name.toLowerCase(), before === undefined ? value : `${before}, ${value}`);
  }
  return status === '' ? null : { status: Number(status), headers, end: end + 4 };
}

/** The bytes that follow a head, by its own length; undefined where no plain length is there. */
export function lengthOf({ headers }: Head): number | undefined {
  const length = headers.get('content-length') ?? '';
  const plain = !headers.has('transfer-encoding') && !headers.has('content-encoding') && /^\d{1,15}$/.test(length);
  return plain ? Number(length) : undefined;
}

type Outcome = { kind: 'answered'; head: Head } | { kind: 'unusual' } | { kind: 'lost'; error: Error; silent: boolean };

/** A connection whose bytes go where the answer under way belongs, without memory of its own for each of them. */
class Connection {
  readonly #socket: Socket;
  readonly #scratch = Buffer.allocUnsafe(longestHead);
  readonly #idle: () => void;
  #to: Destination | null = null;
  #head: Head | null = null;
  #missing = 0;
  #inScratch = 0;
  #resolve: (outcome: Outcome) => void = () => undefined;
  #whole: () => void = () => undefined;
  #timer: NodeJS.Timeout | null = null;
  gone = false;

  constructor(url: URL, trust: { ca?: string | Buffer }, idle: () => void) {
    this.#idle = idle;
    const onread: OnReadOpts = {
      buffer: () => this.#target(),
      callback: (bytes) => {
        this.#take(bytes);
        return true;
      },
    };
    const host = url.hostname.replace(/^\[|\]$/g, '');
    const secure = url.protocol === 'https:';
    const port = Number(url.port || (secure ? 443 : 80));
    const name = isIP(host) ? {} : { servername: host };
    const tls: ConnectionOptions & { onread: OnReadOpts } = {
      host,
      port,
      ...name,
      ...trust,
      ALPNProtocols: ['http/1.1'],
      onread,
    };
    this.#socket = secure ? connectTls(tls) : connectPlain({ host, port, onread });
    this.#socket.on('error', (error) => this.#lost(error));
    this.#socket.on('close', () => this.#lost(Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' })));
    this.#socket.on('end', () => this.destroy());
  }

  destroy(): void {
    this.gone = true;
    this.#socket.destroy();
  }

  /** Sends a request whose answer goes to the destination. Resolves once the head is there; `to.whole` when the rest is. */
  ask(text: string, to: Destination, signal: AbortSignal | undefined): Promise<Outcome> {
    this.#to = to;
    this.#head = null;
    this.#inScratch = 0;
    this.#socket.ref();
    const stop = () => this.#lost(new DOMException('The operation was aborted.', 'AbortError'));
    signal?.addEventListener('abort', stop, { once: true });
    return new Promise<Outcome>((resolve) => {
      this.#resolve = resolve;
      this.#socket.write(text, 'latin1');
    }).finally(() => signal?.removeEventListener('abort', stop));
  }

  /** The memory that the next bytes go into. */
  #target(): Buffer {
    const { into, bytes } = this.#to ?? {};
    return this.#head !== null && into !== undefined && bytes !== undefined && this.#missing > 0
      ? into.subarray(bytes, bytes + this.#missing)
      : this.#scratch.subarray(this.#inScratch);
  }

  #take(bytes: number): void {
    const to = this.#to;
    // Nothing was asked, or more came than belongs to the answer.
    if (to === null || (this.#head !== null && bytes > this.#missing)) {
      this.destroy();
      return;
    }
    if (this.#head === null) {
      this.#inScratch += bytes;
      this.#begin(to);
      return;
    }
    this.#timer?.refresh();
    to.bytes += bytes;
    this.#missing -= bytes;
    if (this.#missing === 0) this.#end();
  }

  /** Looks for the head in the bytes that came; those behind it are the first of the body. */
  #begin(to: Destination): void {
    const seen = this.#scratch.subarray(0, this.#inScratch);
    const head = headOf(seen);
    if (head === undefined) return;
    const length = head && lengthOf(head);
    if (head === null || head.status < 200 || (head.status === 206 && length == null)) {
      this.destroy();
      this.#resolve({ kind: 'unusual' });
      this.#end();
      return;
    }
    this.#head = head;
    to.taken = true;
    to.whole = new Promise((resolve) => {
      this.#whole = resolve;
    });
    to.give = () => this.#lost(new Error('it was given up'));
    this.#resolve({ kind: 'answered', head });
    if (head.status !== 206) {
      // Its body says nothing that the code in its head does not.
      this.destroy();
      this.#end();
      return;
    }
    const first = seen.subarray(head.end);
    if ((length ?? 0) > to.into.length || first.length > (length ?? 0)) {
      to.failure = Object.assign(new Error('the storage sent more than was asked for'), { code: tooLong });
      this.destroy();
      this.#end();
      return;
    }
    to.into.set(first, 0);
    to.bytes = first.length;
    this.#missing = (length ?? 0) - first.length;
    this.#timer = setTimeout(() => this.#lost(new Error('the storage fell silent')), stalledMs);
    if (this.#missing === 0) this.#end();
  }

  #lost(error: Error): void {
    this.destroy();
    const to = this.#to;
    if (to === null) return;
    if (this.#head === null) this.#resolve({ kind: 'lost', error, silent: this.#inScratch === 0 });
    else to.failure = error;
    this.#end();
  }

  /** The answer is over, however it ended. */
  #end(): void {
    const [to, head] = [this.#to, this.#head];
    if (to === null) return;
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
    if (head?.status === 206 && to.bytes < to.into.length) to.failure ??= new Error('the connection ended early');
    this.#to = null;
    this.#head = null;
    this.#missing = 0;
    this.#inScratch = 0;
    if (head === null || this.gone || /\bclose\b/i.test(head.headers.get('connection') ?? '')) this.destroy();
    else {
      // What waits for another request keeps no thread alive.
      this.#socket.unref();
      this.#idle();
    }
    this.#whole();
  }
}

/** The request as HTTP/1.1; "" where a header of it cannot be sent as it is. */
function requestText(request: PipelineRequest, url: URL): string {
  const lines = [`GET ${url.pathname}${url.search} HTTP/1.1`, `host: ${url.host}`, 'connection: keep-alive'];
  for (const [name, value] of request.headers) {
    if (!plainHeader.test(name) || !plainHeader.test(value)) return '';
    if (!/^(host|connection|accept-encoding)$/i.test(name)) lines.push(`${name}: ${value}`);
  }
  return `${lines.join('\r\n')}\r\n\r\n`;
}

/**
 * Carries the reads of blobs whose bytes have a destination, into it, over connections of its own: Node's HTTP client makes new memory of
 * every 64 KiB that come and hands them on one after another, which takes four times the processor (1.4 s of it for a GiB, 1.9 over TLS,
 * here 0.3 and 0.6; curl 0.3 and 0.9; Node 24.21). Only for an answer that is as plain as a storage's: 206 with a length. Any other
 * answer of no plain form, and whatever goes through a proxy, is asked for by the usual client.
 */
export function directCarrier(
  usual: HttpClient,
  destination: () => Destination | undefined,
  trust: { ca?: string | Buffer } = {},
): HttpClient {
  const idle = new Map<string, Connection[]>();
  const take = (origin: string): Connection | undefined => {
    const waiting = idle.get(origin) ?? [];
    for (let one = waiting.pop(); one; one = waiting.pop()) if (!one.gone) return one;
    return undefined;
  };
  const open = (url: URL): Connection => {
    const made: Connection = new Connection(url, trust, () => {
      const waiting = idle.get(url.origin) ?? [];
      idle.set(url.origin, waiting);
      if (waiting.length < mostIdle) waiting.push(made);
      else made.destroy();
    });
    return made;
  };
  /** Hosts that gave an answer of no plain form: they are not asked twice for each part. */
  const unusual = new Set<string>();
  return {
    async sendRequest(request): Promise<PipelineResponse> {
      const to = destination();
      const url = new URL(request.url);
      const special = request.proxySettings ?? request.agent ?? request.tlsSettings ?? request.body;
      const text = requestText(request, url);
      const plain = request.method === 'GET' && special === undefined && text !== '' && !unusual.has(url.origin);
      if (to === undefined || !plain) return usual.sendRequest(request);
      const signal = request.abortSignal instanceof AbortSignal ? request.abortSignal : undefined;
      signal?.throwIfAborted();
      Object.assign(to, destinationOf(to.into));
      const used = take(url.origin);
      let outcome = await (used ?? open(url)).ask(text, to, signal);
      // A connection that waited may have been closed by the storage meanwhile, before it got this.
      if (used && outcome.kind === 'lost' && outcome.silent && !signal?.aborted) {
        outcome = await open(url).ask(text, to, signal);
      }
      if (outcome.kind === 'unusual') {
        unusual.add(url.origin);
        return usual.sendRequest(request);
      }
      if (outcome.kind === 'lost') {
        if (signal?.aborted) throw outcome.error;
        const code: unknown = Reflect.get(outcome.error, 'code');
        throw new RestError(outcome.error.message, {
          code: typeof code === 'string' ? code : RestError.REQUEST_SEND_ERROR,
          request,
        });
      }
      const { status, headers } = outcome.head;
      return { request, status, headers: createHttpHeaders(Object.fromEntries(headers)) };
    },
  };
}
