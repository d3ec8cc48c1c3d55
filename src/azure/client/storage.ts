import {
  createPipelineFromOptions,
  createPipelineRequest,
  type HttpClient,
  type PipelineOptions,
} from '@azure/core-rest-pipeline';
import { redactText } from '../../casefile/redaction.ts';
import { azureError } from './azure-error.ts';

/** The version of the service that blobs are written by; blocks of up to 4,000 MiB since 2019-12-12 ("Put Block"). */
export const storageVersion = '2021-12-02';

/** The variable that holds a shared access signature: never an argument, which others on the host can read. */
export const signatureVariable = 'CORDON_BLOB_SAS';

/** A request about a blob, or about a queue or a table beside it. */
export interface StorageAsked {
  method: 'GET' | 'HEAD' | 'PUT' | 'POST';
  /** "https://account.blob.core.windows.net/container/name", without a signature. */
  url: string;
  /** "comp=blocklist&blocklisttype=all"; "" for the blob itself. */
  query?: string;
  headers?: Readonly<Record<string, string>>;
  body?: Uint8Array;
  signal: AbortSignal;
}

export interface StorageAnswered {
  status: number;
  header(name: string): string;
  /** "" for a HEAD. */
  bytes: Uint8Array;
}

/** What a signature says of itself; nothing in it can be used to sign. */
export interface Signature {
  /** "racwl"; "" where a policy of the account says it. */
  permissions: string;
  /** ISO 8601 UTC; "" where it does not say. */
  until: string;
}

/** The signature of a container, or of what else `url` is in, as "sp=…&sig=…". Rejects with a sentence where there is none. */
export type SignatureFor = (account: string, container: string, url: string) => Promise<string>;

/** The account and the container of an address. */
export function placeIn(url: string): { account: string; container: string } {
  const { hostname, pathname } = new URL(url);
  return { account: hostname.split('.')[0] ?? '', container: decodeURIComponent(pathname.split('/')[1] ?? '') };
}

/** A client of Azure Storage whose requests are signed as they leave; nobody is given the signed address. */
export interface Storage {
  ask(asked: StorageAsked): Promise<StorageAnswered>;
  signature(url: string): Promise<Signature>;
  /**
   * The signed address of a blob, for what Azure itself writes to. It goes into a request to Azure alone: whatever records or shows
   * that request replaces the signature.
   */
  signedFor(url: string): Promise<string>;
}

/** Throws without the address in its words: what goes wrong in a client has it in its message. */
async function unsigned<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  try {
    return await work;
  } catch (error) {
    signal.throwIfAborted();
    const { code, message } = azureError(error);
    throw Object.assign(new Error(redactText(message)), { code });
  }
}

export function createStorage(httpClient: HttpClient, options: PipelineOptions, signatureFor: SignatureFor): Storage {
  const pipeline = createPipelineFromOptions({ ...options, retryOptions: { maxRetries: 0 } });
  const signed = async (url: string): Promise<URLSearchParams> => {
    const { account, container } = placeIn(url);
    const query = new URLSearchParams((await signatureFor(account, container, url)).replace(/^\?/, ''));
    if (!query.has('sig')) throw new Error(`${signatureVariable} holds no shared access signature: it has no "sig"`);
    return query;
  };
  const addressOf = async (url: string, query = ''): Promise<string> =>
    `${url}?${[query, (await signed(url)).toString()].filter(Boolean).join('&')}`;
  return {
    async ask({ method, url, query, headers = {}, body, signal }) {
      const request = createPipelineRequest({ url: await addressOf(url, query), method, abortSignal: signal });
      request.streamResponseStatusCodes = new Set([200, 206]);
      if (body) {
        request.body = body;
        request.headers.set('content-type', 'application/octet-stream');
      }
      for (const [name, value] of Object.entries(headers)) request.headers.set(name, value);
      request.headers.set('x-ms-version', storageVersion);
      const response = await unsigned(pipeline.sendRequest(httpClient, request), signal);
      const header = (name: string) => response.headers.get(name) ?? '';
      const stream = response.readableStreamBody;
      if (!stream) return { status: response.status, header, bytes: Buffer.from(response.bodyAsText ?? '') };
      return { status: response.status, header, bytes: await unsigned(collected(stream), signal) };
    },
    async signature(url) {
      const query = await signed(url);
      return { permissions: query.get('sp') ?? '', until: query.get('se') ?? '' };
    },
    signedFor: (url) => addressOf(url),
  };
}

/** More than what a script prints, and than the list of 50,000 blocks. */
const mostBytes = 64 * 1024 * 1024;

/** All bytes of an answer that is no disk. Throws where they are too many. */
export async function collected(stream: NodeJS.ReadableStream): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of stream) {
    const bytes = Buffer.isBuffer(chunk) ? chunk : Buffer.from(String(chunk));
    size += bytes.length;
    if (size > mostBytes) throw new Error(`the storage sent more than ${mostBytes} bytes`);
    chunks.push(bytes);
  }
  return Buffer.concat(chunks);
}
