import { createHmac, randomBytes, randomUUID } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import { type BlobAnswer, refuseBlob } from '../disk-blobs.ts';
import type { FaultEffect } from '../faults.ts';
import { isRecord } from '../json.ts';
import type { Cluster } from './cluster.ts';
import { ClusterError } from './cluster-error.ts';

/** A request to the storage that the service lends. */
export interface LentAsked {
  /** "kustoingest00.queue.core.windows.net" */
  host: string;
  method: string;
  url: URL;
  headers: Record<string, string>;
  body: Buffer;
}

const lentHost = /^kustoingest\d\d\.(blob|queue|table)\.core\.(windows\.net|usgovcloudapi\.net|chinacloudapi\.cn)$/i;

/** What a host of the lent storage serves: "blob", "queue" or "table"; undefined for other hosts. */
export const lentServiceOf = (host: string | undefined): string | undefined =>
  lentHost.exec(host ?? '')?.[1]?.toLowerCase();

/** Days that a signature is good for; the service says none, and clients ask anew each hour. */
const SIGNED_DAYS = 1;

/** What the service lends: "How to ingest data with the REST API" (2024-08-11) and its clients name these kinds. */
const lent = [
  { kind: 'TempStorage', service: 'blob', account: 'kustoingest00', name: 'ingestdata-0', permissions: 'rwd' },
  { kind: 'TempStorage', service: 'blob', account: 'kustoingest01', name: 'ingestdata-1', permissions: 'rwd' },
  {
    kind: 'SecuredReadyForAggregationQueue',
    service: 'queue',
    account: 'kustoingest00',
    name: 'readyforaggregation-secured',
    permissions: 'a',
  },
  {
    kind: 'SecuredReadyForAggregationQueue',
    service: 'queue',
    account: 'kustoingest01',
    name: 'readyforaggregation-secured',
    permissions: 'a',
  },
  {
    kind: 'FailedIngestionsQueue',
    service: 'queue',
    account: 'kustoingest00',
    name: 'failedingestions',
    permissions: 'rp',
  },
  {
    kind: 'SuccessfulIngestionsQueue',
    service: 'queue',
    account: 'kustoingest00',
    name: 'successfulingestions',
    permissions: 'rp',
  },
  {
    kind: 'IngestionsStatusTable',
    service: 'table',
    account: 'kustoingest00',
    name: 'ingestionsstatus20261130',
    permissions: 'rau',
  },
] as const;

type Status = Record<string, unknown>;

const done = (status: number, body: Buffer = Buffer.alloc(0), headers: Record<string, string> = {}): BlobAnswer => ({
  status,
  headers: { 'content-length': String(body.length), ...headers },
  body,
});

/** The service of a cluster that ingests what its queues say: the storage that it lends, and what it does about each message. */
export class IngestionService {
  readonly #cluster: Cluster;
  readonly #key = randomBytes(32);
  /** Stands for the caller in a message. */
  readonly #identityToken = randomBytes(48).toString('base64url');
  readonly #blobs = new Map<string, Buffer>();
  readonly #statuses = new Map<string, Status>();
  #waiting: Record<string, unknown>[] = [];

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
  }

  /** `.get ingestion resources`, in the domain of the cluster's cloud. */
  resources(clusterHost: string, now: Date): { ResourceTypeName: string; StorageRoot: string }[] {
    const domain =
      /kusto\.(windows\.net|usgovcloudapi\.net|chinacloudapi\.cn)$/i.exec(clusterHost)?.[1] ?? 'windows.net';
    const until = new Date(now.getTime() + SIGNED_DAYS * 86_400_000).toISOString().replace(/\.\d+Z$/, 'Z');
    return lent.map(({ kind, service, account, name, permissions }) => {
      const query = new URLSearchParams({ sv: '2021-12-02', se: until, sp: permissions });
      query.set('sig', this.#signature(`${account}/${service}/${name}`, query));
      return {
        ResourceTypeName: kind,
        StorageRoot: `https://${account}.${service}.core.${domain}/${name}?${query.toString()}`,
      };
    });
  }

  identityToken(): string {
    return this.#identityToken;
  }

  #signature(place: string, query: URLSearchParams): string {
    const text = [place, query.get('se'), query.get('sp')].join('\n');
    return createHmac('sha256', this.#key).update(text).digest('base64');
  }

  /** The letters that a signature permits at a place; "" where it is none of it, or is over. */
  #permitted(url: URL, now: Date): string {
    const [account = '', service = ''] = url.hostname.split('.');
    const name = /^\/([^/(]+)/.exec(url.pathname)?.[1] ?? '';
    const { searchParams } = url;
    const good = searchParams.get('sig') === this.#signature(`${account}/${service}/${name}`, searchParams);
    return good && Date.parse(searchParams.get('se') ?? '') > now.getTime() ? (searchParams.get('sp') ?? '') : '';
  }

  /** Answers what is asked of the lent storage by a signature; no token is taken. */
  ask({ host, method, url: asked, headers, body }: LentAsked, now: Date): BlobAnswer {
    const url = new URL(`https://${host}${asked.pathname}${asked.search}`);
    const letters = this.#permitted(url, now);
    if (headers.authorization !== undefined || letters === '')
      return refuseBlob(403, 'AuthenticationFailed', 'Server failed to authenticate the request.');
    const path = decodeURIComponent(url.pathname);
    const service = lentServiceOf(host);
    if (service === 'blob' && method === 'PUT' && letters.includes('w')) {
      if (headers['x-ms-blob-type'] !== 'BlockBlob')
        return refuseBlob(400, 'MissingRequiredHeader', 'A header that is mandatory was not given: x-ms-blob-type.');
      this.#blobs.set(`${host}${path}`, body);
      return done(201);
    }
    if (service === 'queue' && method === 'POST' && letters.includes('a')) return this.#take(path, body);
    if (service === 'table' && method === 'POST' && letters.includes('a')) {
      const row: unknown = JSON.parse(body.toString('utf8'));
      if (!isRecord(row) || typeof row.PartitionKey !== 'string')
        return refuseBlob(400, 'PropertiesNeedValue', 'The values are not specified for all properties in the entity.');
      if (this.#statuses.has(row.PartitionKey))
        return refuseBlob(409, 'EntityAlreadyExists', 'The specified entity already exists.');
      this.#statuses.set(row.PartitionKey, row);
      return done(204);
    }
    const [, key] = /^\/[^/(]+\(PartitionKey='([^']*)',RowKey='[^']*'\)$/.exec(path) ?? [];
    if (service === 'table' && method === 'GET' && key !== undefined && letters.includes('r')) {
      const row = this.#statuses.get(key);
      if (!row) return refuseBlob(404, 'ResourceNotFound', 'The specified resource does not exist.');
      return done(200, Buffer.from(JSON.stringify(row)), { 'content-type': 'application/json' });
    }
    return refuseBlob(403, 'AuthorizationPermissionMismatch', 'This request is not authorized by this permission.');
  }

  /** "Put Message": the text is the message in Base64, as its clients send it. */
  #take(path: string, body: Buffer): BlobAnswer {
    const text = /^\/[^/]+\/messages$/.test(path)
      ? /<QueueMessage>\s*<MessageText>([A-Za-z0-9+/=]+)<\/MessageText>/.exec(body.toString('utf8'))?.[1]
      : undefined;
    if (text === undefined || text.length > 65_536)
      return refuseBlob(400, 'InvalidXmlDocument', 'XML specified is not syntactically valid.');
    const message: unknown = JSON.parse(Buffer.from(text, 'base64').toString('utf8'));
    if (isRecord(message)) this.#waiting.push(message);
    return done(201, Buffer.from('<?xml version="1.0" encoding="utf-8"?><QueueMessagesList/>'), {
      'content-type': 'application/xml',
    });
  }

  /** Ingests what is in the queues; `befalls` says what goes wrong with the next message. */
  settle(now: Date, befalls: () => FaultEffect[]): void {
    const [waiting, kept]: Record<string, unknown>[][] = [this.#waiting, []];
    for (const message of waiting ?? []) {
      const effects = befalls();
      if (effects.some((effect) => 'hangOperation' in effect)) {
        kept?.push(message);
        continue;
      }
      const failure = effects.flatMap((effect) => ('failOperation' in effect ? [effect.failOperation] : []))[0];
      const row = this.#statuses.get(String(message.Id));
      try {
        if (failure) throw new ClusterError(400, failure.code, '', failure.message);
        this.#ingest(message, now);
        if (row) Object.assign(row, { Status: 'Succeeded', UpdatedOn: now.toISOString() });
      } catch (error) {
        if (!(error instanceof ClusterError)) throw error;
        const { code, message: Details } = error;
        // The address that it names has its signature ("Class IngestionStatus", 2024-08-11).
        const IngestionSourcePath = message.BlobPath;
        if (row)
          Object.assign(row, {
            Status: 'Failed',
            ErrorCode: code,
            FailureStatus: 'Permanent',
            Details: `${Details} Source: '${String(IngestionSourcePath)}'`,
            IngestionSourcePath,
            OperationId: randomUUID(),
            UpdatedOn: now.toISOString(),
          });
      }
    }
    this.#waiting = kept ?? [];
  }

  #ingest(message: Record<string, unknown>, now: Date): void {
    const further = isRecord(message.AdditionalProperties) ? message.AdditionalProperties : {};
    const refuse = (code: string, said: string): ClusterError => new ClusterError(400, code, '', said);
    if (further.authorizationContext !== this.#identityToken)
      throw refuse('BadRequest_InvalidKustoIdentityToken', 'Invalid Kusto identity token.');
    const url = URL.parse(String(message.BlobPath));
    if (!url || !/r/.test(this.#permitted(url, now)))
      throw refuse('Download_Forbidden', 'Failed to download source from Azure storage - access forbidden.');
    const path = `${url.host}${decodeURIComponent(url.pathname)}`;
    const blob = this.#blobs.get(path);
    if (!blob)
      throw refuse('Download_SourceNotFound', 'Failed to download source from Azure storage. Source not found.');
    if (String(further.format).toLowerCase() !== 'csv')
      throw refuse('BadRequest_FormatNotSupported', "Format isn't supported.");
    const listed = (text: unknown): string[] => {
      const read: unknown = typeof text === 'string' ? JSON.parse(text) : [];
      return Array.isArray(read) ? read.map(String) : [];
    };
    const csv = (path.endsWith('.gz') ? gunzipSync(blob) : blob).toString('utf8');
    this.#cluster.ingest(String(message.DatabaseName), String(message.TableName), csv, {
      tags: listed(further.tags),
      unless: listed(further.ingestIfNotExists),
    });
    if (message.RetainBlobOnSuccess !== true) this.#blobs.delete(path);
  }
}
