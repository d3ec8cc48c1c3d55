import { createHash, randomUUID } from 'node:crypto';
import { Client, ClientRequestProperties, KustoConnectionStringBuilder } from 'azure-kusto-data';
import { exactJson } from '../arm/exact-json.ts';
import { azureError } from '../azure/client/azure-error.ts';
import { type ClusterDoor, ingestionUri } from '../azure/client/cluster-door.ts';
import { Failure } from '../failure.ts';
import { version } from '../version.ts';
import { type ClusterAnswer, commandRows, readAnswer } from './answer.ts';
import { trust } from './trusted-clusters.ts';

/** The ids of a request, and the digest of its answer. */
export interface Sent {
  /** As it was sent: `cordon.query;…`, the cluster's ClientActivityId. */
  clientRequestId: string;
  /** The cluster's own id of the request, `x-ms-activity-id`; "" where no answer came. */
  activityId: string;
  /** Of the answer as it came, in hexadecimal digits; "" where none came. */
  sha256: string;
}

interface Call extends Sent {
  signal: AbortSignal | undefined;
}

export interface QueryOptions {
  /** The value of now(). */
  now: Date;
  /** Gets what is known of the request, also where it fails. */
  onSent(sent: Sent): void;
  signal?: AbortSignal | undefined;
  /** Nothing from outside of the database may be part of the answer. */
  nothingElse?: boolean;
}

/** A cluster that is asked. Nothing can be written through it outside of `Connection.changing`. */
export interface ClusterClient {
  /** Throws what the cluster refuses it with, or ClusterQueryFailed. When it is aborted, the query is cancelled there too. */
  query(database: string, text: string, options: QueryOptions): Promise<ClusterAnswer>;
  /** The rows of a management command, by the names of their columns. */
  command(database: string, text: string, signal?: AbortSignal): Promise<Record<string, unknown>[]>;
  /**
   * The rows of a command that the ingestion service of the cluster answers. What they hold is secret. Undefined where the
   * cluster has no such service: an emulator, or a host that nobody knows.
   */
  ingestion(text: IngestionCommand, signal?: AbortSignal): Promise<Record<string, unknown>[] | undefined>;
}

/** Commands of the ingestion service ("How to ingest data with the REST API", 2024-08-11). */
export type IngestionCommand = '.get ingestion resources' | '.get kusto identity token';

/** The database that commands name which concern none, as Microsoft's own clients do (azure-kusto-ingest 7.0.1). */
const NO_DATABASE = 'NetDefaultDB';

/** Cancelling is a courtesy to the cluster: a user who leaves does not wait for it. */
const CANCEL_MS = 5000;

/**
 * Microsoft's client (`azure-kusto-data`) over the one way to Azure: what it sends leaves through the transport, with its
 * pace, time limits, retries and gate, in place of a connection of its own. Its list of trusted hosts decides who gets a token.
 */
export async function clusterClient(door: ClusterDoor): Promise<ClusterClient> {
  const { address, credential, limits } = door;
  const calls = new Map<string, Call>();
  const carry: Adapter = async (config) => {
    const headers = Object.fromEntries(
      Object.entries(config.headers.toJSON()).map(([name, value]) => [name.toLowerCase(), String(value)]),
    );
    const call = calls.get(headers['x-ms-client-request-id'] ?? '');
    const text = await door.send({
      method: 'POST',
      url: config.url ?? '',
      headers,
      body: String(config.data),
      signal: call?.signal,
      onReply: ({ text: came, activityId }) => {
        if (!call) return;
        call.activityId = activityId;
        call.sha256 = came === '' ? '' : createHash('sha256').update(came).digest('hex');
      },
    });
    const data = parsed(text);
    return { data, status: 200, statusText: 'OK', headers: {}, config };
  };
  const client = clientAt(address.uri, address.local ? undefined : credential, carry);
  await trust(door, async (url) =>
    parsed(await door.send({ method: 'GET', url, headers: { accept: 'application/json' } })),
  );
  const service = ingestionUri(address);
  const ingesting = service === '' ? undefined : clientAt(service, credential, carry);

  async function called<T>(
    prefix: string,
    signal: AbortSignal | undefined,
    work: (call: Call) => Promise<T>,
  ): Promise<T> {
    const clientRequestId = `cordon.${prefix};${randomUUID()}`;
    const call: Call = { clientRequestId, activityId: '', sha256: '', signal };
    calls.set(clientRequestId, call);
    try {
      return await work(call);
    } finally {
      calls.delete(clientRequestId);
    }
  }

  function properties({ clientRequestId }: Call, options: Record<string, unknown>): ClientRequestProperties {
    const made = new ClientRequestProperties(options, undefined, clientRequestId);
    // The answer as it came: what the client makes of it has lost digits, and its errors.
    made.raw = true;
    return made;
  }

  async function command(database: string, text: string, signal?: AbortSignal): Promise<Record<string, unknown>[]> {
    return called('command', signal, async (call) =>
      commandRows(await client.executeMgmt(database, text, properties(call, {}))),
    );
  }

  return {
    command,
    ingestion: (text, signal) =>
      called('ingestion', signal, async (call) => {
        try {
          return ingesting && commandRows(await ingesting.executeMgmt(NO_DATABASE, text, properties(call, {})));
        } catch (error) {
          const { status, code } = azureError(error);
          if (status === 404 || (status === 0 && code === 'ENOTFOUND')) return undefined;
          throw error;
        }
      }),
    query: (database, text, { now, onSent, signal, nothingElse }) =>
      called('query', signal, async (call) => {
        const seconds = Math.max(1, Math.min(3600, Math.floor((limits.cluster ?? limits.read) * 0.9)));
        const options = {
          query_now: now.toISOString(),
          // A query changes nothing, whatever it says ("Request properties", learn.microsoft.com/kusto/api/rest/request-properties).
          request_readonly: true,
          ...(nothingElse ? { request_external_data_disabled: true, request_callout_disabled: true } : {}),
          results_error_reporting_placement: 'end_of_dataset',
        };
        try {
          const asked = properties(call, options);
          asked.setTimeout(seconds * 1000);
          return readAnswer(await client.executeQuery(database, text, asked));
        } catch (error) {
          if (signal?.aborted) {
            const ending = AbortSignal.timeout(CANCEL_MS);
            await command(database, `.cancel query "${call.clientRequestId}"`, ending).catch(() => {});
            throw signal.reason;
          }
          throw error;
        } finally {
          onSent({ clientRequestId: call.clientRequestId, activityId: call.activityId, sha256: call.sha256 });
        }
      }),
  };
}

type Adapter = Extract<Client['axiosInstance']['defaults']['adapter'], (...given: never[]) => unknown>;

/** Microsoft's client for a host, whose requests are carried otherwise than it would. */
function clientAt(uri: string, credential: ClusterDoor['credential'] | undefined, carry: Adapter): Client {
  const builder = credential
    ? KustoConnectionStringBuilder.withTokenCredential(uri, credential)
    : new KustoConnectionStringBuilder(uri);
  builder.applicationNameForTracing = `cordon ${version}`;
  builder.userNameForTracing = 'cordon';
  const client = new Client(builder);
  const { defaults } = client.axiosInstance;
  // Texts go and come as they are.
  defaults.transformRequest = [(data: unknown) => data];
  defaults.transformResponse = [(data: unknown) => data];
  defaults.adapter = carry;
  return client;
}

function parsed(text: string): unknown {
  try {
    return exactJson(text);
  } catch (error) {
    throw new Failure('the answer is no JSON: it was cut on its way, or is not a cluster’s', undefined, {
      cause: error,
    });
  }
}
