import { AzureError } from '../azure-error.ts';
import { bodyOf, type Call, type Handler, ok, param, type Reply, type Route } from '../call.ts';
import { type Json, record, records, text } from '../json.ts';
import { columnsOfTable, namesOf, queryWorkspace, workspaceOf } from './log-analytics.ts';

/** The most queries of one batch (learn.microsoft.com, "Azure Monitor Log Analytics API: batch queries", read 2026-11-30). */
const mostQueries = 100;

/** One query of a batch, answered or refused by itself. */
async function answered(call: Call, request: Json): Promise<Json> {
  const id = text(request.id) ?? '';
  const headers = Object.fromEntries(
    Object.entries(record(request.headers)).map(([name, value]) => [name.toLowerCase(), String(value)]),
  );
  let reply: Reply;
  try {
    reply = await queryWorkspace({
      ...call,
      headers: { ...call.headers, ...headers },
      body: record(request.body),
      params: { workspace: text(request.workspace) ?? '' },
    });
  } catch (error) {
    if (!(error instanceof AzureError)) throw error;
    reply = { status: error.status, body: error.body() };
  }
  return { id, status: reply.status, headers: { 'content-type': 'application/json; charset=utf-8' }, body: reply.body };
}

const batch: Handler = async (call) => {
  const requests = records(bodyOf(call).requests);
  if (requests.length === 0 || requests.length > mostQueries) {
    throw new AzureError(400, 'BadArgumentError', `A batch has 1 to ${mostQueries} requests.`);
  }
  const responses: Json[] = [];
  for (const request of requests) responses.push(await answered(call, request));
  return ok({ responses });
};

/** The tables of a workspace and their columns. */
const metadata: Handler = (call) => {
  const { azure } = call;
  const workspace = param(call, 'workspace');
  // Refuses an unknown workspace, and a caller who may not read it, as a query does.
  void queryWorkspace({ ...call, method: 'POST', body: { query: 'print 1' } });
  const found = workspaceOf(azure, workspace);
  return ok({
    tables: namesOf(azure).map((name) => ({
      id: `t/${name}`,
      name,
      timespanColumn: 'TimeGenerated',
      columns: Object.entries(columnsOfTable(azure, name)).map(([column, type]) => ({
        name: column,
        // The metadata's list of types is shorter than the language's.
        type: type === 'guid' || type === 'timespan' ? 'string' : type === 'decimal' ? 'real' : type,
      })),
    })),
    workspaces:
      found === undefined
        ? []
        : [{ id: workspace, resourceId: found.id, name: found.name, region: found.location ?? '' }],
  });
};

export const logBatchRoutes: Route[] = [
  { method: 'POST', template: '/v1/$batch', handler: batch },
  { method: 'GET', template: '/v1/workspaces/{workspace}/metadata', handler: metadata },
  { method: 'POST', template: '/v1/workspaces/{workspace}/metadata', handler: metadata },
];
