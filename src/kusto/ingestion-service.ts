import { createHash } from 'node:crypto';
import { textAt } from '../arm/json.ts';
import { azureError } from '../azure/client/azure-error.ts';
import type { ClusterDoor } from '../azure/client/cluster-door.ts';
import type { Storage, StorageAnswered, StorageAsked } from '../azure/client/storage.ts';
import type { UploadEnd } from '../azure/client/transport.ts';
import { redactText } from '../casefile/redaction.ts';
import { printable } from '../text/printable.ts';
import type { ClusterClient } from './cluster-client.ts';

/** Signatures and tokens are asked for anew after so long, as Microsoft's own clients do (azure-kusto-ingest 7.0.1). */
const FRESH_MS = 3_600_000;

/** The storage that the ingestion service lends refused a request, or did not answer it. */
export class StorageFailed extends Error {
  override readonly name = 'StorageFailed';
  readonly statusCode: number;
  readonly code: string;
  /** As the transport notes the end of an upload. */
  readonly end: UploadEnd;

  /** `status` is 0 where no answer came. */
  constructor(host: string, end: UploadEnd, options?: ErrorOptions) {
    const did = end.status === 0 ? 'did not answer' : 'refused it';
    super(`the ingestion storage ${host} ${did} (${[end.status || '', end.code].filter(Boolean).join(' ')})`, options);
    this.statusCode = end.status;
    this.code = end.code;
    this.end = end;
  }
}

/** A piece of evidence that is ready to be sent. */
export interface QueuedPiece {
  database: string;
  table: string;
  /** Its tag, by which it is ingested once. */
  tag: string;
  /** CSV, compressed by gzip. */
  bytes: Uint8Array;
  /** Of the CSV as it was before. */
  rawBytes: number;
  rows: number;
}

/** An attempt to send a piece has an id that the next one finds again, also in another run. */
function idOf(tag: string, attempt: number): string {
  const digits = createHash('sha256').update(`${tag} ${attempt}`).digest('hex');
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*$/, '$1-$2-$3-$4-$5');
}

/** Attempts of one piece that are looked for; more point to something that cordon cannot mend. */
const MOST_ATTEMPTS = 20;

/** What became of a message, as the service notes it in the table of statuses ("Kusto.Ingest status reporting", 2024-08-11). */
export interface IngestionStatus {
  state: 'pending' | 'succeeded' | 'failed';
  /** The error code and what the service says; "" unless it failed. */
  because: string;
  /** When it was last noted, in ms since 1970; NaN where that is not known. */
  at: number;
}

/** A message that was put into a queue; `id` is that of its status. */
export interface QueuedMessage {
  id: string;
  /** The address of the table that has its status, without a signature; "" where the service has none. */
  statusTable: string;
}

interface Resources {
  containers: string[];
  queues: string[];
  statusTables: string[];
  /** By address. */
  signatures: Map<string, string>;
  identityToken: string;
}

const escaped = (text: string): string => text.replace(/[&<>]/g, (c) => `&#${c.charCodeAt(0)};`);

/**
 * The ingestion service of a cluster, by its REST interface ("How to ingest data with the REST API",
 * learn.microsoft.com/kusto/api/netfx/kusto-ingest-client-rest, 2024-08-11): data go into a container that it lends, a message about
 * them into its queue. The signatures of both, and the token that stands for the caller, stay in here.
 */
export class IngestionService {
  readonly #client: ClusterClient;
  readonly #door: Pick<ClusterDoor, 'uploading'>;
  readonly #storage: Storage;
  readonly #clock: { now(): Date };
  #resources: Promise<Resources | undefined> | undefined;
  #askedAt = 0;
  #sent = 0;

  constructor(client: ClusterClient, door: Pick<ClusterDoor, 'storage' | 'uploading'>, clock: { now(): Date }) {
    this.#client = client;
    this.#clock = clock;
    this.#door = door;
    this.#storage = door.storage(async (_account, _container, url) => {
      const signatures = (await this.#known())?.signatures;
      const own = [...(signatures ?? [])].find(
        ([address]) => url === address || (/^[/(]/.test(url.slice(address.length)) && url.startsWith(address)),
      );
      if (!own) throw new Error(`the ingestion service gave no signature for ${new URL(url).host}`);
      return own[1];
    });
  }

  /** Is there such a service? Throws what it refuses the question with. */
  async exists(): Promise<boolean> {
    return (await this.#known()) !== undefined;
  }

  async #known(): Promise<Resources | undefined> {
    if (performance.now() - this.#askedAt > FRESH_MS) this.#resources = undefined;
    if (!this.#resources) {
      this.#askedAt = performance.now();
      this.#resources = this.#ask();
      this.#resources.catch(() => {
        this.#resources = undefined;
      });
    }
    return this.#resources;
  }

  async #ask(): Promise<Resources | undefined> {
    const listed = await this.#client.ingestion('.get ingestion resources');
    if (!listed) return undefined;
    const signatures = new Map<string, string>();
    const addresses = (kind: string): string[] =>
      listed
        .filter((row) => textAt(row, 'ResourceTypeName') === kind)
        .flatMap((row) => {
          const url = URL.parse(textAt(row, 'StorageRoot'));
          if (!url) return [];
          const address = `${url.origin}${url.pathname}`;
          signatures.set(address, url.search);
          return [address];
        });
    const containers = addresses('TempStorage');
    const queues = addresses('SecuredReadyForAggregationQueue');
    const statusTables = addresses('IngestionsStatusTable');
    if (containers.length === 0 || queues.length === 0)
      throw new Error('the ingestion service named no container or no queue');
    const [token] = (await this.#client.ingestion('.get kusto identity token')) ?? [];
    const identityToken = textAt(token, 'AuthorizationContext');
    if (identityToken === '') throw new Error('the ingestion service gave no identity token');
    return { containers, queues, statusTables, signatures, identityToken };
  }

  /** One request; once more with other signatures where these are no longer taken. */
  async #asked(asked: StorageAsked): Promise<StorageAnswered> {
    const { host } = new URL(asked.url);
    const ask = async (): Promise<StorageAnswered> => {
      try {
        return await this.#storage.ask(asked);
      } catch (error) {
        const { code } = azureError(error);
        if (code === '') throw error;
        throw new StorageFailed(host, { status: 0, requestId: '', code }, { cause: error });
      }
    };
    let answer = await ask();
    if (answer.status === 401 || answer.status === 403) {
      this.#resources = undefined;
      answer = await ask();
    }
    const { status, header } = answer;
    if (status < 300) return answer;
    const [code = '', requestId = ''] = ['x-ms-error-code', 'x-ms-request-id'].map((name) =>
      printable(header(name), 100),
    );
    throw new StorageFailed(host, { status, requestId, code });
  }

  /**
   * Uploads a piece and puts the message about it into a queue, as one change: its gate is passed before the first request.
   * Containers and queues are used in turn.
   */
  async send(piece: QueuedPiece, attempt: number, signal: AbortSignal): Promise<QueuedMessage> {
    const known = await this.#known();
    if (!known) throw new Error('the cluster has no ingestion service');
    const turn = this.#sent++;
    const of = (addresses: readonly string[]): string => addresses[turn % addresses.length] ?? '';
    const id = idOf(piece.tag, attempt);
    const blob = `${of(known.containers)}/cordon_${piece.tag}_${id}.csv.gz`;
    const queue = `${of(known.queues)}/messages`;
    const statusTable = known.statusTables[0] ?? '';
    const { table, tag, rows } = piece;
    await this.#door.uploading(
      {
        url: blob,
        apiVersion: '',
        requestBody: { table, tag, rows },
        messagesTo: [queue, statusTable].filter(Boolean),
      },
      async (requestId) => {
        const headers = { 'x-ms-client-request-id': requestId };
        await this.#asked({
          method: 'PUT',
          url: blob,
          headers: { ...headers, 'x-ms-blob-type': 'BlockBlob' },
          body: piece.bytes,
          signal,
        });
        if (statusTable !== '') await this.#noteStatus(statusTable, { id, piece, headers, signal });
        const message = JSON.stringify(await this.#message(piece, { id, blob, statusTable }));
        const sent = await this.#asked({
          method: 'POST',
          url: queue,
          headers: { ...headers, 'content-type': 'application/xml' },
          body: Buffer.from(
            `<QueueMessage><MessageText>${escaped(Buffer.from(message).toString('base64'))}</MessageText></QueueMessage>`,
          ),
          signal,
        });
        return { status: sent.status, requestId: sent.header('x-ms-request-id'), code: '' };
      },
    );
    return { id, statusTable };
  }

  /**
   * The row that the service keeps up to date ("Insert Entity", Table service REST API). Where an answer was lost it is there already,
   * which is refused ("Table Storage error codes": EntityAlreadyExists).
   */
  async #noteStatus(
    statusTable: string,
    {
      id,
      piece,
      headers,
      signal,
    }: { id: string; piece: QueuedPiece; headers: Record<string, string>; signal: AbortSignal },
  ): Promise<void> {
    await this.#asked({
      method: 'POST',
      url: statusTable,
      headers: {
        ...headers,
        accept: 'application/json;odata=nometadata',
        'content-type': 'application/json',
        prefer: 'return-no-content',
      },
      body: Buffer.from(
        JSON.stringify({
          PartitionKey: id,
          RowKey: id,
          Status: 'Pending',
          IngestionSourceId: id,
          Database: piece.database,
          Table: piece.table,
          UpdatedOn: this.#clock.now().toISOString(),
        }),
      ),
      signal,
    }).catch((error: unknown) => {
      const isThere = error instanceof StorageFailed && error.statusCode === 409;
      if (!isThere || !/^(?:EntityAlreadyExists)?$/.test(error.code)) throw error;
    });
  }

  /**
   * "Ingestion message internal structure" (2024-08-11). The blob is deleted once it is in the table: evidence is left nowhere
   * else. Each piece is ingested by itself, so that no other with its tag is in its batch.
   */
  async #message(
    { database, table, tag, rawBytes }: QueuedPiece,
    { id, blob, statusTable }: { id: string; blob: string; statusTable: string },
  ): Promise<Record<string, unknown>> {
    const reported = statusTable !== '';
    return {
      Id: id,
      BlobPath: await this.#storage.signedFor(blob),
      RawDataSize: rawBytes,
      DatabaseName: database,
      TableName: table,
      RetainBlobOnSuccess: false,
      FlushImmediately: true,
      // Failures and successes into the table; where there is none, failures into the service's queue.
      ReportLevel: reported ? 2 : 0,
      ReportMethod: reported ? 1 : 0,
      ...(reported
        ? {
            IngestionStatusInTable: {
              TableConnectionString: await this.#storage.signedFor(statusTable),
              PartitionKey: id,
              RowKey: id,
            },
          }
        : {}),
      AdditionalProperties: {
        authorizationContext: (await this.#known())?.identityToken ?? '',
        format: 'csv',
        tags: JSON.stringify([`ingest-by:${tag}`]),
        ingestIfNotExists: JSON.stringify([tag]),
      },
    };
  }

  /** What the service says of a message; "pending" where it keeps no statuses. */
  async statusOf({ id, statusTable }: QueuedMessage, signal: AbortSignal): Promise<IngestionStatus> {
    if (statusTable === '') return { state: 'pending', because: '', at: Number.NaN };
    const answer = await this.#asked({
      method: 'GET',
      url: `${statusTable}(PartitionKey='${id}',RowKey='${id}')`,
      headers: { accept: 'application/json;odata=nometadata' },
      signal,
    });
    let row: unknown;
    try {
      row = JSON.parse(Buffer.from(answer.bytes).toString('utf8'));
    } catch {
      return { state: 'pending', because: '', at: Number.NaN };
    }
    const status = textAt(row, 'Status');
    const at = Date.parse(textAt(row, 'UpdatedOn'));
    if (/^(?:Failed|PartiallySucceeded)$/.test(status)) {
      const said = [textAt(row, 'ErrorCode'), textAt(row, 'Details')].filter(Boolean);
      return { state: 'failed', because: printable(redactText(said.join(': ')), 600) || status, at };
    }
    return { state: /^(?:Succeeded|Skipped)$/.test(status) ? 'succeeded' : 'pending', because: '', at };
  }

  /**
   * What an earlier run did about a piece: the number of the next attempt, and the message of the last one where that is still in the
   * queue, so that a second one is not put beside it.
   */
  async earlier(
    tag: string,
    freshMs: number,
    signal: AbortSignal,
  ): Promise<{ attempt: number; waiting: QueuedMessage | undefined }> {
    const statusTable = (await this.#known())?.statusTables[0] ?? '';
    let waiting: QueuedMessage | undefined;
    for (let attempt = 0; attempt < MOST_ATTEMPTS; attempt += 1) {
      const message = { id: idOf(tag, attempt), statusTable };
      try {
        if (statusTable === '') return { attempt, waiting };
        const { state, at } = await this.statusOf(message, signal);
        // One that was noted long ago may never have been put into the queue.
        waiting = state !== 'failed' && this.#clock.now().getTime() - at < freshMs ? message : undefined;
      } catch (error) {
        if (!(error instanceof StorageFailed) || error.statusCode !== 404) throw error;
        return { attempt, waiting };
      }
    }
    throw new Error(`the piece ${tag} was sent ${MOST_ATTEMPTS} times, and the service took it no time`);
  }
}
