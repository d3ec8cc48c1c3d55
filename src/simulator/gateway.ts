import { randomUUID } from 'node:crypto';
import { withAlteredProperty } from './altered-answer.ts';
import type { Azure } from './azure.ts';
import { AzureError } from './azure-error.ts';
import { type Call, type Reply, RouteTable } from './call.ts';
import { answerBlob, isBlobHost, refuseBlob } from './disk-blobs.ts';
import type { FaultEffect } from './faults.ts';
import { Cluster } from './kusto/cluster.ts';
import { ClusterError, exceptionOf } from './kusto/cluster-error.ts';
import { IngestionService, lentServiceOf } from './kusto/ingestion-service.ts';
import { answerCluster, isClusterPath } from './kusto/rest.ts';
import { allowedDespiteLocks } from './locks.ts';
import type { Operation } from './operations.ts';
import { allowedByPolicies, changedByPolicies } from './policies.ts';
import { logAnalyticsRoutes } from './providers/log-analytics.ts';
import { logBatchRoutes } from './providers/log-batches.ts';
import { demandRegistered } from './registrations.ts';
import { neededAction, readPath } from './resource-id.ts';
import { resourceManagerRoutes } from './routes.ts';
import { answerStorage, storageAccountOf } from './storage-blobs.ts';
import { callerAddress } from './tokens.ts';
import type { ArmResource, Row } from './world.ts';

/** One request that changed the state of the simulated Azure. */
export interface Mutation {
  seq: number;
  /** The world's time, ISO 8601 UTC. */
  at: string;
  method: string;
  path: string;
  apiVersion: string;
  clientRequestId: string | undefined;
  requestId: string;
  correlationId: string;
  caller: string;
  status: number;
  before?: ArmResource;
  after?: ArmResource;
  /** Further resources that the request changed. */
  also?: { id: string; before?: ArmResource; after?: ArmResource }[];
}

/** A request as it came over the wire. `path` includes the query. */
export interface Incoming {
  method: string;
  target: string;
  headers: Record<string, string>;
  body: string;
  /** Scheme of the listener, used where no `x-forwarded-proto` says otherwise. */
  scheme: 'http' | 'https';
}

const hostOf = ({ headers }: Pick<Incoming, 'headers'>): string | undefined =>
  headers['x-forwarded-host'] ?? headers.host;

/** Is a request one for the bytes of a disk, or of a storage account, its queues and tables? Its body is in latin1 then: bytes as they are. */
export const asksStorage = (incoming: Pick<Incoming, 'headers'>): boolean =>
  isBlobHost(hostOf(incoming)) ||
  storageAccountOf(hostOf(incoming)) !== undefined ||
  lentServiceOf(hostOf(incoming)) !== undefined;

/** What goes back: an answer, or a broken connection. `delayMs` is real time to wait first. */
export type Outgoing = { delayMs: number } & (
  | { dropped: true }
  | {
      dropped: false;
      status: number;
      headers: Record<string, string>;
      body: string | Buffer | undefined;
      torn?: number;
      /** To be called once the body is sent. */
      release?: () => void;
    }
);

const versionPattern = /^\d{4}-\d{2}-\d{2}(-preview|-alpha|-beta|-rc|-privatepreview)?$/i;
// Answers that follow a request already permitted: the link alone permits reading them.
const pollPattern =
  /\/(operations|operationresults|diskoperations|operationsstatus|backupoperationresults|backupoperations)\/[^/]+$/i;
const idPattern = /^[\w.:-]{1,128}$/;

/** The front of the simulated Azure: identity, faults, versions, permissions, routes, and the log of what was changed. */
export class Gateway {
  readonly azure: Azure;
  readonly mutations: Mutation[] = [];
  readonly #cluster = new Cluster();
  readonly #ingestion = new IngestionService(this.#cluster);
  readonly #arm: RouteTable;
  readonly #logs: RouteTable;
  readonly #onMutation: (mutation: Mutation) => void;

  constructor(azure: Azure, onMutation: (mutation: Mutation) => void = () => undefined) {
    this.azure = azure;
    this.#arm = new RouteTable(resourceManagerRoutes());
    this.#logs = new RouteTable([...logBatchRoutes, ...logAnalyticsRoutes()]);
    this.#onMutation = onMutation;
  }

  async answer(incoming: Incoming): Promise<Outgoing> {
    const { azure } = this;
    azure.operations.settle();
    if (asksStorage(incoming)) return this.#blob(incoming);
    const requestId = randomUUID();
    const correlationId = incoming.headers['x-ms-correlation-request-id'] ?? randomUUID();
    const url = new URL(incoming.target, 'https://management.azure.com');
    const path = decodePath(url.pathname);
    if (isClusterPath(path)) return this.#askCluster(incoming, path);
    const logs = /^\/v1\//i.test(path);
    let delayMs = this.#delay(incoming.method);
    let reply: Reply;
    let call: Call | undefined;
    let effects: FaultEffect[] = [];
    let loseAnswer = false;
    let limits: Record<string, string> = {};
    // Changes by timed events since the last request belong to no request.
    azure.store.takeChanges();
    const revision = azure.dataVersion;
    const operations = azure.operations.count();
    try {
      call = this.#call(incoming, url, path);
      effects = azure.faults.befall(incoming.method, `${path}${url.search}`, neededAction(call.method, path).action);
      for (const effect of effects) {
        if ('delayMs' in effect) delayMs += effect.delayMs;
        if ('drop' in effect && effect.drop === true) return { delayMs, dropped: true };
        if ('drop' in effect) loseAnswer = true;
      }
      apply(effects, call);
      azure.tokens.demand(incoming.headers.authorization, logs ? 'logs' : 'arm');
      if (!logs) azure.tokens.demandSecondFactor(incoming.method);
      refuseFor(effects);
      if (logs) delayMs += azure.throttling.logs(delayMs);
      else if (!/^\/providers\/microsoft\.resourcegraph\//i.test(path))
        limits = azure.throttling.manager(incoming.method, path);
      reply = await this.#route(call, incoming, logs);
      if (effects.some((effect) => 'repeat' in effect)) reply = await this.#route(call, incoming, logs);
      reply = alteredBy(effects, reply);
    } catch (error) {
      reply = replyTo(error);
    }
    const changed = azure.store.takeChanges();
    const counts = incoming.method === 'GET' || incoming.method === 'HEAD';
    const mutates = changed.length > 0 || (!counts && revision !== azure.dataVersion);
    if (mutates && call !== undefined) {
      const operation = azure.operations.startedSince(operations).at(-1);
      this.#record(call, changed, { requestId, correlationId, status: reply.status }, operation);
    }
    if (loseAnswer) return { delayMs, dropped: true };
    const replaced = replacement(effects);
    if (replaced !== undefined && !replaced.azures) {
      const { status, body, contentType } = replaced;
      return { delayMs, dropped: false, status, headers: { 'content-type': contentType }, body };
    }
    const headers: Record<string, string> = {
      'cache-control': 'no-cache',
      pragma: 'no-cache',
      date: azure.clock.now().toUTCString(),
      'x-ms-request-id': requestId,
      'x-ms-correlation-request-id': correlationId,
      'x-ms-routing-request-id': `SIMULATOR:${azure.clock.now().toISOString().replaceAll(/[-:]/g, '').slice(0, 15)}Z:${requestId}`,
      'strict-transport-security': 'max-age=31536000; includeSubDomains',
      'x-content-type-options': 'nosniff',
      ...limits,
      ...reply.headers,
    };
    const clientRequestId = incoming.headers['x-ms-client-request-id'];
    if (clientRequestId !== undefined && idPattern.test(clientRequestId))
      headers['x-ms-client-request-id'] = clientRequestId;
    if (replaced !== undefined) {
      headers['content-type'] = replaced.contentType;
      return { delayMs, dropped: false, status: replaced.status, headers, body: replaced.body };
    }
    if (reply.body !== undefined) headers['content-type'] = 'application/json; charset=utf-8';
    return {
      delayMs,
      dropped: false,
      status: reply.status,
      headers,
      body: reply.body === undefined ? undefined : JSON.stringify(reply.body),
    };
  }

  /** A read of a disk's bytes, which is no request of Resource Manager's. */
  #blob(incoming: Incoming): Outgoing {
    const { azure } = this;
    const url = new URL(incoming.target, 'https://blob.storage.azure.net');
    let delayMs = 0;
    let torn: number | undefined;
    let loseAnswer = false;
    let replaced: Extract<FaultEffect, { replace: unknown }>['replace'] | undefined;
    let answer: ReturnType<typeof answerBlob> | undefined;
    const comp = url.searchParams.get('comp') ?? '';
    const host = hostOf(incoming) ?? '';
    const lent = lentServiceOf(host);
    for (const effect of azure.faults.befall(incoming.method, `/${lent ?? 'blob'}${url.pathname}?comp=${comp}`, '')) {
      if ('delayMs' in effect) delayMs += effect.delayMs;
      if ('drop' in effect && effect.drop === true) return { delayMs, dropped: true };
      if ('drop' in effect) loseAnswer = true;
      if ('tear' in effect) torn = effect.tear;
      if ('changeBlobs' in effect) azure.blobRevision += 1;
      if ('status' in effect) answer = refuseBlob(effect.status, effect.code, effect.message);
      if ('replace' in effect) replaced = effect.replace;
    }
    const { method, headers } = incoming;
    const account = storageAccountOf(host);
    const revision = azure.dataVersion;
    const ask = () => {
      if (lent === undefined) return askStorage();
      const body = Buffer.from(incoming.body, 'latin1');
      return this.#ingestion.ask({ host, method, url, headers, body }, azure.clock.now());
    };
    const askStorage = () =>
      account === undefined
        ? answerBlob(azure, { method, url, headers })
        : answerStorage(azure, account, { method, url, headers }, Buffer.from(incoming.body, 'latin1'));
    const { status, headers: more, body, release } = answer ?? ask();
    const asked = headers['x-ms-client-request-id'] ?? '';
    const common = {
      date: azure.clock.now().toUTCString(),
      'x-ms-request-id': randomUUID(),
      // Without a version of its own a request has that of its signature ("Versioning for Azure Storage").
      'x-ms-version': headers['x-ms-version'] ?? url.searchParams.get('sv') ?? '',
      ...(idPattern.test(asked) ? { 'x-ms-client-request-id': asked } : {}),
    };
    if (azure.dataVersion !== revision) this.#recordBlob(incoming, url, common['x-ms-request-id'], status);
    if (loseAnswer) return { delayMs, dropped: true };
    if (replaced !== undefined) {
      const { status, contentType, azures } = replaced;
      const headers = { 'content-type': contentType, ...(azures ? common : {}) };
      return { delayMs, dropped: false, status, headers, body: Buffer.from(replaced.body) };
    }
    return {
      delayMs,
      dropped: false,
      status,
      headers: { ...common, ...more },
      body,
      ...(torn === undefined ? {} : { torn }),
      ...(release === undefined ? {} : { release }),
    };
  }

  /** A blob that was made, which no activity log has: those of Azure Storage are its own. */
  #recordBlob(incoming: Incoming, { pathname }: URL, requestId: string, status: number): void {
    const mutation: Mutation = {
      seq: this.mutations.length + 1,
      at: this.azure.clock.now().toISOString(),
      method: incoming.method,
      path: decodePath(pathname),
      apiVersion: incoming.headers['x-ms-version'] ?? '',
      clientRequestId: incoming.headers['x-ms-client-request-id'],
      requestId,
      correlationId: '',
      caller: '',
      status,
    };
    this.mutations.push(mutation);
    this.#onMutation(mutation);
  }

  /** A request to a cluster of Azure Data Explorer, or, in clear, to an emulator of one, which has no sign-in. */
  #askCluster(incoming: Incoming, path: string): Outgoing {
    const { azure } = this;
    const { method, headers, body } = incoming;
    const emulator = (headers['x-forwarded-proto'] ?? incoming.scheme) === 'http';
    const host = hostOf(incoming) ?? '';
    const ingestion = !emulator && host.startsWith('ingest-') ? { service: this.#ingestion, host } : undefined;
    this.#ingestion.settle(azure.clock.now(), () => azure.faults.befall('POST', '/ingestion/message', ''));
    const effects = azure.faults.befall(method, ingestion ? `/ingestion${path}` : path, '');
    const delayMs = effects.reduce((sum, effect) => sum + ('delayMs' in effect ? effect.delayMs : 0), 0);
    if (effects.some((effect) => 'drop' in effect && effect.drop === true)) return { delayMs, dropped: true };
    const common = { date: azure.clock.now().toUTCString() };
    let reply: { status: number; headers?: Record<string, string>; body: string };
    try {
      refuseFor(effects);
      const demandToken = (): void => {
        if (!emulator) azure.tokens.demand(headers.authorization, 'kusto');
      };
      reply = answerCluster(this.#cluster, {
        method,
        path,
        headers,
        body,
        demandToken,
        now: azure.clock.now(),
        later: delayMs > 0,
        ingestion,
      });
    } catch (error) {
      const refused = replyTo(error);
      const { status } = refused;
      const faulted = error instanceof AzureError && status !== 401;
      const said = faulted
        ? new ClusterError(status, error.code, exceptionOf(status, /\/mgmt$/i.test(path)), error.message).body({})
        : refused.body;
      reply = { ...refused, body: JSON.stringify(said) };
    }
    if (effects.some((effect) => 'drop' in effect)) return { delayMs, dropped: true };
    const replaced = replacement(effects);
    if (replaced)
      reply = { status: replaced.status, headers: { 'content-type': replaced.contentType }, body: replaced.body };
    return {
      delayMs,
      dropped: false,
      status: reply.status,
      headers: { ...common, ...reply.headers },
      body: reply.body,
    };
  }

  #delay(method: string): number {
    const [least, most] = this.azure.pace.read;
    return method === 'GET' || method === 'POST' ? least + this.azure.random() * (most - least) : least;
  }

  #call(incoming: Incoming, url: URL, path: string): Call {
    const host = incoming.headers['x-forwarded-host'] ?? incoming.headers.host ?? 'management.azure.com';
    const proto = incoming.headers['x-forwarded-proto'] ?? incoming.scheme;
    const safeHost = /^[\w.-]+(:\d+)?$/.test(host) ? host : 'management.azure.com';
    return {
      azure: this.azure,
      method: incoming.method,
      path,
      query: url.searchParams,
      headers: incoming.headers,
      body: undefined,
      origin: `${proto === 'http' ? 'http' : 'https'}://${safeHost}`,
      apiVersion: url.searchParams.get('api-version') ?? '',
      params: {},
      trouble: undefined,
    };
  }

  async #route(call: Call, incoming: Incoming, logs: boolean): Promise<Reply> {
    call.body = readBody(incoming.body);
    if (logs) {
      const found = this.#logs.find(call.method, call.path);
      if (found === undefined) throw new AzureError(404, 'PathNotFoundError', 'The requested path does not exist');
      return found.handler({ ...call, params: found.params });
    }
    demandVersion(call.apiVersion);
    const found = this.#arm.find(call.method, call.path);
    if (found === undefined) throw noRoute(call);
    if (!pollPattern.test(call.path)) this.#permit(call);
    return found.handler({ ...call, params: found.params });
  }

  #permit(call: Call): void {
    const { azure } = this;
    const arm = readPath(call.path);
    if (arm.subscription !== undefined) {
      const known = azure.subscriptions.some(
        (each) => each.subscriptionId.toLowerCase() === arm.subscription?.toLowerCase(),
      );
      if (!known) {
        throw new AzureError(404, 'SubscriptionNotFound', `The subscription '${arm.subscription}' could not be found.`);
      }
    }
    const { action, scope } = neededAction(call.method, call.path);
    // Every user may ask what he may do, and see of his tenants, subscriptions and their lists what he is allowed to.
    if (
      /\/(permissions|roleEligibilityScheduleInstances)\/read$/i.test(action) ||
      action.startsWith('/') ||
      listsAcross(call)
    )
      return;
    azure.permissions.demand(action, scope);
    if (call.method === 'GET' || call.method === 'HEAD') return;
    allowedDespiteLocks(azure, call.method, call.path);
    demandRegistered(azure, call.path);
    if (call.method !== 'PUT') return;
    call.body = changedByPolicies(azure, call.path, call.body);
    allowedByPolicies(azure, call.path, call.body);
  }

  #record(
    call: Call,
    changes: ReturnType<Azure['store']['takeChanges']>,
    answer: { requestId: string; correlationId: string; status: number },
    operation: Operation | undefined,
  ): void {
    const { azure } = this;
    const arm = call.path.toLowerCase();
    const named = changes.find((change) => arm === change.id.toLowerCase()) ?? changes[0];
    const last = changes.findLast((change) => change.id === named?.id);
    const also = changes
      .filter((change) => change.id !== named?.id)
      .map(({ id, before, after }) => ({ id, ...(before && { before }), ...(after && { after }) }));
    const mutation: Mutation = {
      seq: this.mutations.length + 1,
      at: azure.clock.now().toISOString(),
      method: call.method,
      path: call.path,
      apiVersion: call.apiVersion,
      clientRequestId: call.headers['x-ms-client-request-id'],
      requestId: answer.requestId,
      correlationId: answer.correlationId,
      caller: azure.caller.upn,
      status: answer.status,
      ...(named?.before && { before: named.before }),
      ...(last?.after && { after: last.after }),
      ...(also.length > 0 && { also }),
    };
    this.mutations.push(mutation);
    const log = activityOf(call, mutation);
    azure.activity.push(log('Started'));
    if (operation === undefined) {
      azure.activity.push(log(mutation.status < 300 ? 'Succeeded' : 'Failed'));
    } else {
      azure.activity.push(log('Accepted'));
      operation.ended = (state) => azure.activity.push(log(state));
    }
    this.#onMutation(mutation);
  }
}

/** The events of a change in the activity log: its start, that it was accepted, its end. */
function activityOf(call: Call, mutation: Mutation): (status: string) => Row {
  const { azure } = call;
  const { action } = neededAction(call.method, call.path);
  const resourceId = call.method === 'POST' ? call.path.slice(0, call.path.lastIndexOf('/')) : call.path;
  const { group } = readPath(call.path);
  const requestbody = call.method === 'PUT' ? JSON.stringify(call.body ?? {}) : undefined;
  const event = (status: string, at: string, extra: Record<string, string>): Row => ({
    eventDataId: randomUUID(),
    correlationId: mutation.correlationId,
    operationId: mutation.requestId,
    caller: azure.caller.upn,
    claims: { 'http://schemas.microsoft.com/identity/claims/objectidentifier': azure.caller.oid, idtyp: 'user' },
    level: 'Informational',
    eventTimestamp: at,
    resourceId,
    ...(group !== undefined && { resourceGroupName: group }),
    subscriptionId: /^\/subscriptions\/([^/]+)/i.exec(call.path)?.[1] ?? '',
    operationName: action,
    category: 'Administrative',
    resourceProviderName: action.split('/')[0] ?? '',
    status,
    httpRequest: {
      ...(mutation.clientRequestId !== undefined && { clientRequestId: mutation.clientRequestId }),
      clientIpAddress: callerAddress,
      method: call.method,
    },
    properties: { entity: resourceId, message: action, ...extra },
  });
  return (status) =>
    status === 'Started'
      ? event(status, mutation.at, requestbody === undefined || requestbody.length > 20_000 ? {} : { requestbody })
      : event(status, azure.clock.now().toISOString(), { statusCode: String(mutation.status) });
}

/** Lists over a whole subscription show what may be seen, and leave out the rest without a word. */
function listsAcross(call: Call): boolean {
  if (call.method !== 'GET') return false;
  if (/^\/(subscriptions|tenants)(\/[^/]+)?$/i.test(call.path)) return true;
  if (/^\/subscriptions\/[^/]+\/(resources|resourcegroups)$/i.test(call.path)) return true;
  // The activity log is permitted by the scope that its filter names.
  if (/\/microsoft\.insights\/eventtypes\/management\/values$/i.test(call.path)) return true;
  return /^\/subscriptions\/[^/]+\/providers\/microsoft\.(network|compute|recoveryservices|operationalinsights|storage|keyvault)\/\w+$/i.test(
    call.path,
  );
}

function decodePath(path: string): string {
  try {
    return decodeURIComponent(path)
      .replaceAll(/\/{2,}/g, '/')
      .replace(/(?<=.)\/$/, '');
  } catch {
    return path;
  }
}

function readBody(text: string): unknown {
  if (text.trim() === '') return undefined;
  try {
    return JSON.parse(text);
  } catch {
    throw new AzureError(
      400,
      'InvalidRequestContent',
      'The request content was invalid and could not be deserialized: it is not valid JSON.',
    );
  }
}

/** Resource Manager had none before (azure-rest-api-specs, folders of resource-manager, read 2026-11-30). */
const firstVersion = '2014-04-01';

function demandVersion(version: string): void {
  if (version === '') {
    throw new AzureError(
      400,
      'MissingApiVersionParameter',
      'The api-version query parameter (?api-version=) is required for all requests.',
    );
  }
  if (
    !versionPattern.test(version) ||
    Number.isNaN(Date.parse(version.slice(0, 10))) ||
    version.slice(0, 10) < firstVersion
  ) {
    throw new AzureError(400, 'InvalidApiVersionParameter', `The api-version '${version}' is invalid.`);
  }
}

function noRoute(call: Call): AzureError {
  const { namespace, types } = readPath(call.path);
  if (namespace === undefined) {
    return new AzureError(404, 'InvalidResourceType', `The path '${call.path}' could not be found.`);
  }
  return new AzureError(
    call.method === 'GET' ? 404 : 405,
    call.method === 'GET' ? 'InvalidResourceType' : 'MethodNotAllowed',
    `The requested operation '${call.method}' on the resource type '${types.join('/')}' of the namespace '${namespace}' is not supported.`,
  );
}

function apply(effects: FaultEffect[], call: Call): void {
  for (const effect of effects) {
    if ('expireTokens' in effect) call.azure.tokens.expireAll();
    if ('withholdTokens' in effect) call.azure.tokens.withhold(effect.withholdTokens);
    if ('failOperation' in effect) call.trouble = { failure: effect.failOperation };
    if ('cancelOperation' in effect) {
      const failure = { code: 'OperationCancelled', message: 'The operation was canceled.' };
      call.trouble = { cancelled: true, failure };
    }
    if ('hangOperation' in effect) call.trouble = { hangs: true };
  }
}

function refuseFor(effects: FaultEffect[]): void {
  for (const effect of effects) {
    if ('challenge' in effect) throw challenged();
    if (!('status' in effect)) continue;
    const retryAfter = effect.retryAfter === undefined ? {} : { 'retry-after': String(Math.ceil(effect.retryAfter)) };
    throw new AzureError(effect.status, effect.code, effect.message, {
      headers: { ...effect.headers, ...retryAfter },
      extra: effect.details === undefined ? {} : { details: effect.details },
    });
  }
}

/** Azure's demand for a token with more claims (learn.microsoft.com, "Claims challenges, claims requests and client capabilities"). */
function challenged(): AzureError {
  const claims = Buffer.from('{"access_token":{"acrs":{"essential":true,"value":"p1"}}}').toString('base64');
  const header = `Bearer realm="", authorization_uri="https://login.microsoftonline.com/common/oauth2/authorize", error="insufficient_claims", claims="${claims}"`;
  return new AzureError(401, 'InvalidAuthenticationToken', 'A second factor is needed for this operation.', {
    headers: { 'www-authenticate': header },
  });
}

/** The answer with the properties gone or changed that the faults name. */
function alteredBy(effects: FaultEffect[], reply: Reply): Reply {
  let { body } = reply;
  for (const effect of effects) if ('property' in effect) body = withAlteredProperty(body, effect.property);
  return { ...reply, body };
}

/** The answer that comes instead of Azure's own, for a request that was done. */
function replacement(effects: FaultEffect[]): Extract<FaultEffect, { replace: unknown }>['replace'] | undefined {
  return effects.flatMap((effect) => ('replace' in effect ? [effect.replace] : []))[0];
}

function replyTo(error: unknown): Reply {
  if (error instanceof AzureError) return { status: error.status, headers: error.headers, body: error.body() };
  // A defect of the simulator itself; it must not look like an answer of Azure's.
  const what = error instanceof Error ? `${error.message} ${error.stack?.split('\n')[1]?.trim() ?? ''}` : String(error);
  return { status: 500, body: { error: { code: 'SimulatorDefect', message: what.slice(0, 500) } } };
}
