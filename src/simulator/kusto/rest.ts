import { randomUUID } from 'node:crypto';
import { tableFromRows } from '../../kql/table.ts';
import { isRecord, record } from '../json.ts';
import type { Cluster } from './cluster.ts';
import { ClusterError } from './cluster-error.ts';
import { answerCommand, commandAnswer } from './commands.ts';
import type { IngestionService } from './ingestion-service.ts';
import { answerQuery, printed } from './queries.ts';

/** Is this a path of a cluster's REST interface? */
export const isClusterPath = (path: string): boolean => /^\/v[12]\/rest\//i.test(path);

/** What a cluster says of itself before anybody has signed in; the values are those of the public cloud. */
const metadata = {
  AzureAD: {
    LoginEndpoint: 'https://login.microsoftonline.com',
    LoginMfaRequired: false,
    KustoClientAppId: 'db662dc1-0cfe-4e1c-a843-19a68e65be58',
    KustoClientRedirectUri: 'https://microsoft/kustoclient',
    KustoServiceResourceId: 'https://kusto.kusto.windows.net',
    FirstPartyAuthorityUrl: 'https://login.microsoftonline.com/f8cdef31-a31e-4b4a-93e4-5f571e91255a',
  },
};

export interface ClusterRequest {
  method: string;
  path: string;
  headers: Record<string, string>;
  body: string;
  /** Refuses a caller who may not ask. Not called for what needs no sign-in. */
  demandToken(): void;
  now: Date;
  /** The answer comes later: a query is under way until then. */
  later: boolean;
  /** Where its ingestion service is asked, and no database: that, and the host by which it was. */
  ingestion?: { service: IngestionService; host: string } | undefined;
}

export interface ClusterReply {
  status: number;
  headers: Record<string, string>;
  body: string;
}

/**
 * A cluster's REST interface: `/v1/rest/auth/metadata`, `/v1/rest/mgmt`, `/v2/rest/query` ("Query/management HTTP request",
 * learn.microsoft.com/kusto/api/rest/request, 2024-11-19). There is no streaming ingestion, as in the Kusto emulator.
 */
export function answerCluster(cluster: Cluster, request: ClusterRequest): ClusterReply {
  const clientRequestId = request.headers['x-ms-client-request-id'] ?? `unspecified;${randomUUID()}`;
  const context = { clientRequestId, activityId: randomUUID() };
  const headers = {
    'x-ms-client-request-id': clientRequestId,
    'x-ms-activity-id': context.activityId,
    'content-type': 'application/json',
  };
  try {
    return { status: 200, headers, body: printed(routed(cluster, request, context)) };
  } catch (error) {
    if (!(error instanceof ClusterError)) throw error;
    return { status: error.status, headers, body: JSON.stringify(error.body(context)) };
  }
}

function routed(
  cluster: Cluster,
  { method, path, body, demandToken, now, later, ingestion }: ClusterRequest,
  context: { clientRequestId: string; activityId: string },
): unknown {
  const route = `${method} ${path.toLowerCase()}`;
  if (route === 'GET /v1/rest/auth/metadata') return metadata;
  demandToken();
  if (path.toLowerCase().startsWith('/v1/rest/ingest/'))
    throw new ClusterError(
      400,
      'BadRequest_StreamingIngestionPolicyNotEnabled',
      'Kusto.Data.Exceptions.KustoBadRequestException',
      'Streaming ingestion policy is not enabled.',
    );
  if (route !== 'POST /v1/rest/mgmt' && route !== 'POST /v2/rest/query')
    throw new ClusterError(404, 'NotFound', 'Kusto.Data.Exceptions.KustoBadRequestException', `There is no ${path}.`);
  const asked = parsed(body);
  const database = typeof asked.db === 'string' ? asked.db : '';
  const csl = typeof asked.csl === 'string' ? asked.csl : '';
  if (ingestion) return answerIngestion(ingestion, csl, now);
  if (path.toLowerCase() === '/v1/rest/mgmt') return commandAnswer(answerCommand(cluster, database, csl, now));
  const entry = { clientRequestId: context.clientRequestId, text: csl, database, state: 'Failed' as const };
  const query: (typeof cluster.queries)[number] = entry;
  cluster.queries.push(query);
  const properties = typeof asked.properties === 'string' ? parsed(asked.properties) : record(asked.properties);
  const answer = answerQuery(cluster, { database, text: csl, options: record(properties.Options), context, now });
  query.state = later ? 'InProgress' : 'Completed';
  return answer;
}

/** What the ingestion service answers ("How to ingest data with the REST API", 2024-08-11); it has no databases. */
function answerIngestion(
  { service, host }: { service: IngestionService; host: string },
  csl: string,
  now: Date,
): unknown {
  if (/^\s*\.get\s+ingestion\s+resources\s*$/i.test(csl))
    return commandAnswer(tableFromRows('Table_0', service.resources(host, now)));
  if (/^\s*\.get\s+kusto\s+identity\s+token\s*$/i.test(csl))
    return commandAnswer(tableFromRows('Table_0', [{ AuthorizationContext: service.identityToken() }]));
  throw new ClusterError(
    400,
    'BadRequest_SyntaxError',
    'Kusto.Data.Exceptions.SyntaxException',
    'Syntax error: the ingestion service does not know this command.',
    'SYN0002',
  );
}

function parsed(text: string): Record<string, unknown> {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    // Refused below.
  }
  if (isRecord(body)) return body;
  throw new ClusterError(
    400,
    'BadRequest_InvalidJson',
    'Kusto.Data.Exceptions.KustoBadRequestException',
    'The request body is no JSON object.',
  );
}
