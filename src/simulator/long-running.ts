import { createHash } from 'node:crypto';
import { AzureError } from './azure-error.ts';
import { type Call, ok, param, type Reply, type Route } from './call.ts';
import type { Json } from './json.ts';
import type { NewOperation, Operation } from './operations.ts';
import { withState } from './store.ts';
import type { ArmResource } from './world.ts';

/** The query that Azure appends to links to operations: long, and used by Azure alone. */
function opaque(operation: Operation): string {
  const t = String(Math.floor(operation.startedAt) * 10_000 + 621_355_968_000_000_000).slice(0, 18);
  let s = '';
  for (let round = 0; s.length < 600; round += 1) {
    s += createHash('sha256').update(`${operation.id}${round}`).digest('base64url');
  }
  return `t=${t}&c=${s.slice(0, 300)}&s=${s.slice(300, 600)}`;
}

const retryAfter = (call: Call): Record<string, string> =>
  call.azure.pace.retryAfter > 0 ? { 'retry-after': String(call.azure.pace.retryAfter) } : {};

/** Refuses a write on a resource that another operation still works on. */
export function demandIdle(call: Call, target: string): void {
  const running = call.azure.operations.running(target);
  if (running === undefined) return;
  throw new AzureError(
    409,
    'AnotherOperationInProgress',
    `Another operation on this or dependent resource is in progress. To retrieve status of the operation use uri: ${call.origin}/subscriptions/-/providers/Microsoft.Network/locations/-/operations/${running.id}?api-version=${call.apiVersion}.`,
    { extra: { details: [] } },
  );
}

export interface Started {
  operation: Operation;
  headers: Record<string, string>;
}

/** Starts an operation of the network provider. With `location`, the result is to be had behind a Location header too. */
export function startNetwork(
  call: Call,
  region: string,
  wanted: Omit<NewOperation, 'style' | 'trouble'>,
  links: 'status' | 'both' | 'location' = 'status',
): Started {
  const operation = call.azure.operations.start({ ...wanted, style: 'network', trouble: call.trouble });
  const subscription = /^\/subscriptions\/([^/]+)/i.exec(call.path)?.[1] ?? '-';
  const root = `${call.origin}/subscriptions/${subscription}/providers/Microsoft.Network/locations/${region}`;
  const query = `api-version=${call.apiVersion}&${opaque(operation)}`;
  const headers: Record<string, string> = retryAfter(call);
  if (links !== 'location') {
    headers['azure-asyncoperation'] = `${root}/operations/${operation.id}?${query}`;
    headers['azure-asyncnotification'] = 'Enabled';
  }
  if (links !== 'status') headers.location = `${root}/operationResults/${operation.id}?${query}`;
  return { operation, headers };
}

/** Starts to delete a resource of the network provider; it is there as before where that fails. */
export function startNetworkDeletion(call: Call, before: ArmResource): Reply {
  const { store, pace } = call.azure;
  demandIdle(call, before.id);
  store.put(withState(before, 'Deleting'));
  const { headers } = startNetwork(
    call,
    before.location ?? '',
    {
      target: before.id,
      duration: pace.network / 2,
      finish: () => store.delete(before.id),
      fail: () => store.put(before, { silent: true }),
    },
    'both',
  );
  return { status: 202, headers };
}

/** Starts an operation of the compute provider: both headers, on one path. */
export function startCompute(
  call: Call,
  region: string,
  kind: 'operations' | 'DiskOperations',
  wanted: Omit<NewOperation, 'style' | 'trouble'>,
): Started {
  const operation = call.azure.operations.start({ ...wanted, style: 'compute', trouble: call.trouble });
  const subscription = /^\/subscriptions\/([^/]+)/i.exec(call.path)?.[1] ?? '-';
  const root = `${call.origin}/subscriptions/${subscription}/providers/Microsoft.Compute/locations/${region}/${kind}/${operation.id}`;
  const query = `p=${operation.id}&api-version=${call.apiVersion}&${opaque(operation)}`;
  return {
    operation,
    headers: {
      ...retryAfter(call),
      'azure-asyncoperation': `${root}?${query}`,
      location: `${root}?monitor=true&${query}`,
    },
  };
}

/**
 * Starts to delete a resource of the compute provider; it is there as before where that fails.
 *
 * @param inside what goes with it
 */
export function startComputeDeletion(
  call: Call,
  before: ArmResource,
  kind: 'operations' | 'DiskOperations',
  duration: number,
  inside: readonly ArmResource[] = [],
): Reply {
  const { store } = call.azure;
  for (const { id } of [before, ...inside]) demandIdle(call, id);
  store.put(withState(before, 'Deleting'));
  const { headers } = startCompute(call, before.location ?? '', kind, {
    target: before.id,
    duration,
    finish: () => {
      for (const { id } of [...inside, before]) store.delete(id);
    },
    fail: () => store.put(before, { silent: true }),
  });
  return { status: 202, headers };
}

const precise = (ms: number): string => new Date(ms).toISOString().replace('Z', '0000+00:00');

function operationOf(call: Call): Operation {
  const operation = call.azure.operations.get(param(call, 'operation'));
  if (operation !== undefined) return operation;
  throw new AzureError(404, 'NotFound', `The operation '${param(call, 'operation')}' was not found.`);
}

function failureOf(operation: Operation): Json {
  const { code, message } = operation.failure ?? { code: 'InternalServerError', message: 'The operation failed.' };
  return { code, message };
}

function status(call: Call): Reply {
  const operation = operationOf(call);
  operation.polls += 1;
  const pending = operation.state === 'InProgress';
  const headers = pending ? retryAfter(call) : {};
  const error = operation.failure !== undefined ? { error: failureOf(operation) } : {};
  if (operation.style === 'network') return { status: 200, headers, body: { status: operation.state, ...error } };
  const body: Json = { startTime: precise(operation.startedAt) };
  if (operation.endedAt !== undefined) body.endTime = precise(operation.endedAt);
  body.status = operation.state;
  const output = operation.state === 'Succeeded' ? operation.result() : undefined;
  if (output !== undefined) body.properties = { output };
  return { status: 200, headers, body: { ...body, ...error, name: operation.id } };
}

function result(call: Call): Reply {
  const operation = operationOf(call);
  operation.polls += 1;
  if (operation.state === 'InProgress') {
    return {
      status: 202,
      headers: { location: `${call.origin}${encodeURI(call.path)}?${call.query}`, ...retryAfter(call) },
    };
  }
  if (operation.failure !== undefined) {
    const { code, message } = operation.failure ?? { code: 'InternalServerError', message: 'The operation failed.' };
    throw new AzureError(400, code, message);
  }
  const body = operation.result();
  return body === undefined ? { status: 200 } : ok(body);
}

const computeLink = (call: Call): Reply => (call.query.get('monitor') === 'true' ? result(call) : status(call));

/** Where operations are asked about. */
export const operationRoutes: Route[] = [
  {
    method: 'GET',
    template: '/subscriptions/{subscription}/providers/Microsoft.Network/locations/{region}/operations/{operation}',
    handler: status,
  },
  {
    method: 'GET',
    template:
      '/subscriptions/{subscription}/providers/Microsoft.Network/locations/{region}/operationResults/{operation}',
    handler: result,
  },
  {
    method: 'GET',
    template: '/subscriptions/{subscription}/providers/Microsoft.Compute/locations/{region}/{kind}/{operation}',
    handler: computeLink,
  },
];
