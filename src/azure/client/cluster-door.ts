import {
  createPipelineFromOptions,
  createPipelineRequest,
  type HttpClient,
  type PipelineOptions,
  type PipelinePolicy,
  RestError,
} from '@azure/core-rest-pipeline';
import type { TokenCredential } from '@azure/identity';
import { textAt } from '../../arm/json.ts';
import { printable } from '../../text/printable.ts';
import type { Cloud } from './clouds.ts';
import type { SignatureFor, Storage } from './storage.ts';
import type { TimeLimits } from './time-limits.ts';
import type { Transport } from './transport.ts';

/** Where a cluster is. */
export interface ClusterAddress {
  /** Its origin, without a path: `https://NAME.REGION.kusto.windows.net`, or that of an emulator, `http://localhost:8080`. */
  uri: string;
  /** An emulator on the loopback, over http: it knows no sign-in ("Azure Data Explorer Kusto emulator", 2025-12-11). */
  local: boolean;
}

/** An answer of a cluster, as it came. */
interface ClusterReply {
  text: string;
  /** `x-ms-activity-id`; "" where it has none. */
  activityId: string;
}

export interface ClusterRequest {
  method: 'GET' | 'POST';
  url: string;
  headers: Record<string, string>;
  body?: string;
  signal?: AbortSignal | undefined;
  /** Gets the answer, also where it is a refusal. */
  onReply?(reply: ClusterReply): void;
}

/**
 * The host of the service that takes data for a cluster in its queues: the cluster's own name with `ingest-` before it
 * ("Ingestion URI", learn.microsoft.com/azure/data-explorer/kusto/api/netfx/kusto-ingest-client-rest, 2024-08-11; so does
 * azure-kusto-ingest 7.0.1). "" for an emulator, which has none ("Kusto emulator", 2025-12-11).
 */
export const ingestionUri = ({ uri, local }: ClusterAddress): string =>
  local ? '' : uri.replace(/^https:\/\/(?:ingest-)?/, 'https://ingest-');

/** The one way to Azure, as far as a cluster needs it: the sign-in, and what sends its requests. */
export interface ClusterDoor {
  address: ClusterAddress;
  cloud: Cloud;
  limits: TimeLimits;
  credential: TokenCredential;
  /** The text of an answer with status 200. Throws a RestError with the cluster's code and `details`. */
  send(request: ClusterRequest): Promise<string>;
  /** The storage that the cluster's ingestion service lends, by the signatures that it gave. */
  storage(signatureFor: SignatureFor): Storage;
  uploading: Transport['uploading'];
}

/** Encodings and connections are the transport's own. */
const transports = ['accept-encoding', 'connection', 'content-length'];

/** Sends requests that another client has made through the transport, with its retries. */
export function clusterSender(options: {
  httpClient: HttpClient;
  pipeline: PipelineOptions;
  policies: PipelinePolicy[];
}): ClusterDoor['send'] {
  const pipeline = createPipelineFromOptions(options.pipeline);
  for (const policy of options.policies) pipeline.addPolicy(policy, { afterPhase: 'Retry' });
  return async ({ method, url, headers, body, signal, onReply }) => {
    const request = createPipelineRequest({
      url,
      method,
      ...(body === undefined ? {} : { body }),
      ...(signal ? { abortSignal: signal } : {}),
      // The transport refuses it to all but an emulator.
      allowInsecureConnection: url.startsWith('http:'),
    });
    for (const [name, value] of Object.entries(headers)) request.headers.set(name, value);
    for (const name of transports) request.headers.delete(name);
    const response = await pipeline.sendRequest(options.httpClient, request);
    const text = response.bodyAsText ?? '';
    onReply?.({ text, activityId: printable(response.headers.get('x-ms-activity-id') ?? '', 200) });
    if (response.status === 200) return text;
    const answered = parsed(text);
    const error = new RestError(textAt(answered, 'error', 'message') || `the cluster answered ${response.status}`, {
      statusCode: response.status,
      request,
      response,
      code: textAt(answered, 'error', 'code'),
    });
    error.details = answered;
    throw error;
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
