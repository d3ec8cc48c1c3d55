import { logAnalyticsRows } from '../../kql/cells.ts';
import { evaluate } from '../../kql/evaluate.ts';
import { KqlError } from '../../kql/kqlerror.ts';
import { type ColumnType, type Table, tableFromRows } from '../../kql/table.ts';
import { columnsOf } from '../../kql/table-schemas.ts';
import type { Azure } from '../azure.ts';
import { AzureError } from '../azure-error.ts';
import { type Call, type Handler, ok, type Reply, type Route } from '../call.ts';
import { at, isRecord, type Json, record, same, text, texts } from '../json.ts';
import { isSyntax, unresolvedName } from '../kql-refusals.ts';
import { readPath, within } from '../resource-id.ts';
import { find } from '../store.ts';
import type { ArmResource, Row } from '../world.ts';
import { findGroup } from './resource-reads.ts';

const invalid = (innererror: Json): AzureError =>
  new AzureError(400, 'BadArgumentError', 'The request had some invalid properties', {
    extra: { innererror },
  });

const insufficient = (azure: Azure, what: string): AzureError =>
  new AzureError(
    403,
    'InsufficientAccessError',
    'The provided credentials have insufficient access to perform the requested operation',
    {
      extra: {
        innererror: {
          code: 'AuthorizationFailedError',
          message: `User '${azure.caller.oid}' does not have access to read logs for this ${what}`,
        },
      },
    },
  );

/** A refused query in the shape of Log Analytics: the reason is two levels down. */
function refused(error: KqlError): AzureError {
  const { line, column, token } = error;
  const place = `[line:position=${line}:${column}]`;
  if (isSyntax(error)) {
    return invalid({
      code: 'SyntaxError',
      message: `A recognition error occurred in the query.`,
      innererror: {
        code: 'SYN0002',
        message: `Query could not be parsed at '${token}' on line ${line}, position ${column}: ${error.message}`,
      },
    });
  }
  if (error.kind === 'semantic') {
    const unresolved = unresolvedName(error);
    const message =
      unresolved === undefined
        ? `${error.message} ${place}`
        : `Failed to resolve table or column expression named '${unresolved}'`;
    return invalid({
      code: 'SemanticError',
      message: 'A semantic error occurred.',
      innererror: { code: unresolved === undefined ? 'SEM0001' : 'SEM0100', message },
    });
  }
  return invalid({ code: 'QueryNotSupported', message: `${error.message} ${place}` });
}

const day = 86_400_000;

function durationOf(value: string): number {
  const match =
    /^P(?:(\d+(?:\.\d+)?)W)?(?:(\d+(?:\.\d+)?)D)?(?:T(?:(\d+(?:\.\d+)?)H)?(?:(\d+(?:\.\d+)?)M)?(?:(\d+(?:\.\d+)?)S)?)?$/i.exec(
      value,
    );
  if (match === null || value.length < 3) return Number.NaN;
  const [weeks, days, hours, minutes, seconds] = match.slice(1).map((part) => Number(part ?? 0));
  return (
    (weeks ?? 0) * 7 * day +
    (days ?? 0) * day +
    (hours ?? 0) * 3_600_000 +
    (minutes ?? 0) * 60_000 +
    (seconds ?? 0) * 1000
  );
}

/** The bounds of a timespan: a duration up to now, start and end, start and duration, or duration and end. */
function boundsOf(timespan: string, now: number): { from: number; to: number } {
  const [first = '', second] = timespan.split('/');
  const bad = invalid({
    code: 'InvalidTimespan',
    message: `Timespan '${timespan.slice(0, 100)}' is not valid ISO 8601.`,
  });
  const from = /^P/i.test(first) ? Number.NaN : Date.parse(first);
  if (second === undefined) {
    const length = durationOf(first);
    if (Number.isNaN(length)) throw bad;
    return { from: now - length, to: now };
  }
  const to = /^P/i.test(second) ? from + durationOf(second) : Date.parse(second);
  const start = /^P/i.test(first) ? to - durationOf(first) : from;
  if (Number.isNaN(start) || Number.isNaN(to)) throw bad;
  return { from: start, to };
}

const graphTable = /resources$|^resource(containers|changes)$/;

/** Names of the world's Log Analytics tables: those with rows, and those it only describes. */
export const namesOf = (azure: Azure): string[] =>
  [...new Set([...azure.tables.keys(), ...Object.keys(azure.schemas)])].filter((name) => !graphTable.test(name));

interface Parsed {
  rows: Row[];
  times: Float64Array;
  resources: string[];
}

const parsedTables = new WeakMap<Row[], Parsed>();

/** Times and resources of a table's rows, worked out once. */
function parsed(rows: Row[]): Parsed {
  const known = parsedTables.get(rows);
  if (known !== undefined) return known;
  const times = new Float64Array(rows.length);
  const resources: string[] = [];
  rows.forEach((row, index) => {
    const { TimeGenerated: time } = row;
    times[index] = typeof time === 'number' ? time : Date.parse(String(time));
    resources.push((text(row._ResourceId) ?? '').toLowerCase());
  });
  const made = { rows, times, resources };
  parsedTables.set(rows, made);
  return made;
}

interface Scope {
  /** Whether a row of a resource (lower case, '' when it names none) is in reach. */
  sees: (resource: string) => boolean;
  key: string;
}

interface Asked {
  query: string;
  timespan: string | undefined;
}

interface Built {
  version: number;
  table: Table;
}

const builtTables = new WeakMap<Azure, Map<string, Built>>();
const mostBuilt = 200;

/** Builds a table of rows in reach, or takes the one that was built of the same rows before. */
function built(azure: Azure, key: string, make: () => Table): Table {
  const cache = builtTables.get(azure) ?? new Map<string, Built>();
  builtTables.set(azure, cache);
  const known = cache.get(key);
  if (known?.version === azure.dataVersion) return known.table;
  const table = make();
  cache.set(key, { version: azure.dataVersion, table });
  if (cache.size > mostBuilt) cache.delete(cache.keys().next().value ?? '');
  return table;
}

/** Columns of a table: Microsoft's, and those that the world describes. */
export const columnsOfTable = (azure: Azure, name: string): Record<string, ColumnType> => ({
  ...columnsOf(name),
  ...columnTypesOf(azure.schemas[name]),
});

function tableOf(azure: Azure, name: string, scope: Scope, bounds: { from: number; to: number } | undefined): Table {
  const columns = columnsOfTable(azure, name);
  const { rows, times, resources } = parsed(azure.table(name) ?? []);
  const kept: Row[] = [];
  let reached = 0;
  rows.forEach((row, index) => {
    if (!scope.sees(resources[index] ?? '')) return;
    reached += 1;
    const time = times[index] ?? Number.NaN;
    const seen = bounds === undefined || (time >= bounds.from && time <= bounds.to);
    if (seen) kept.push(row.Type === undefined ? { ...row, Type: name } : row);
  });
  const make = (): Table => tableFromRows(name, kept, columns);
  // Most queries are of all rows of a machine: those tables are worth keeping.
  return kept.length === reached ? built(azure, `${scope.key}|${name}`, make) : make();
}

const kinds = new Set(['bool', 'datetime', 'dynamic', 'guid', 'int', 'long', 'real', 'string', 'timespan', 'decimal']);

const isColumnType = (value: string): value is ColumnType => kinds.has(value);

function columnTypesOf(schema: Record<string, string> | undefined): Record<string, ColumnType> {
  const columns: Record<string, ColumnType> = {};
  for (const [name, type] of Object.entries(schema ?? {})) if (isColumnType(type)) columns[name] = type;
  return columns;
}

function askedOf(call: Call): Asked {
  const body =
    call.method === 'POST'
      ? call.body
      : { query: call.query.get('query'), timespan: call.query.get('timespan') ?? undefined };
  const query = isRecord(body) ? text(body.query) : undefined;
  if (query === undefined || query.trim() === '') {
    throw invalid({ code: 'QueryValidationError', message: 'Failed parsing the query: it is empty.' });
  }
  return { query, timespan: text(at(body, 'timespan')) };
}

/** Runs a query over tables. */
function run(call: Call, tables: Table[]): Reply {
  let table: Table;
  try {
    table = evaluate(askedOf(call).query, tables, { now: call.azure.clock.now() });
  } catch (error) {
    if (error instanceof KqlError) throw refused(error);
    throw error;
  }
  return answerOf(call, table);
}

/** The tables that a query can name, with the rows in reach; those that it does not name are not built. */
function tablesFor(call: Call, scope: Scope, mayRead: (table: string) => 'rows' | 'nothing' | 'hidden'): Table[] {
  const { azure } = call;
  const { query, timespan } = askedOf(call);
  const bounds = timespan === undefined ? undefined : boundsOf(timespan, azure.clock.ms());
  const empty: Scope = { sees: () => false, key: 'none' };
  const tables: Table[] = [];
  for (const name of namesOf(azure)) {
    const access = mayRead(name);
    if (access === 'hidden' || !(query.includes(name) || /\b(union|search|find)\b/.test(query))) continue;
    tables.push(tableOf(azure, name, access === 'rows' ? scope : empty, bounds));
  }
  return tables;
}

/** Bounds of one answer, from the service limits of the query API. */
const mostRows = 500_000;
const mostBytes = 100_000_000;

function answerOf(call: Call, table: Table): Reply {
  const columns = table.columns.map(({ name, type }) => ({ name, type }));
  let rows = logAnalyticsRows(table);
  const body: Json = { tables: [{ name: 'PrimaryResult', columns, rows }] };
  if (rows.length > mostRows || (rows.length > 50_000 && JSON.stringify(rows).length > mostBytes)) {
    rows = rows.slice(0, mostRows);
    body.tables = [{ name: 'PrimaryResult', columns, rows }];
    body.error = {
      code: 'PartialError',
      message: 'There were some errors when processing your query.',
      details: [
        {
          code: 'EngineError',
          message: 'Something went wrong processing your query on the server.',
          innererror: {
            code: '-2133196797',
            message: 'The results of this query exceed the set limit.',
            severity: 2,
            severityName: 'Error',
          },
        },
      ],
    };
  }
  if (/include-statistics=true/i.test(call.headers.prefer ?? '')) {
    body.statistics = { query: { executionTime: 0.01, resourceUsage: { cache: {}, cpu: {}, memory: {} } } };
  }
  return ok(body);
}

/** The workspace's resource, when the world has it. */
export function workspaceOf(azure: Azure, customerId: string): ArmResource | undefined {
  return azure.store
    .ofType('Microsoft.OperationalInsights/workspaces')
    .find((each) => same(text(at(each.properties, 'customerId')), customerId));
}

export function queryWorkspace(call: Call): Reply {
  const { azure } = call;
  const id = call.params.workspace ?? '';
  const resource = workspaceOf(azure, id)?.id;
  const members = Object.entries(azure.workspaces ?? {}).find(([customer]) => same(customer, id))?.[1];
  if (
    !/^[0-9a-f-]{36}$/i.test(id) ||
    (azure.workspaces !== undefined && members === undefined && resource === undefined)
  ) {
    throw new AzureError(404, 'PathNotFoundError', 'The requested path does not exist');
  }
  const scope = resource ?? '/';
  if (!azure.permissions.allows('Microsoft.OperationalInsights/workspaces/query/read', scope)) {
    throw insufficient(azure, 'workspace');
  }
  const collected = new Set(members ?? []);
  const limited = azure.workspaces !== undefined;
  const more = texts(at(call.body, 'workspaces'));
  for (const [customer, ids] of Object.entries(azure.workspaces ?? {})) {
    if (more.some((each) => same(each, customer))) for (const each of ids) collected.add(each);
  }
  const reach = { sees: (each: string) => !limited || collected.has(each), key: `w:${id}:${more.join()}` };
  const mayRead = (table: string): boolean =>
    azure.permissions.allows(`Microsoft.OperationalInsights/workspaces/query/${table}/read`, scope);
  return run(
    call,
    tablesFor(call, reach, (table) => (mayRead(table) ? 'rows' : 'hidden')),
  );
}

/** Whether a resource, a group or a subscription is there at all. */
function exists(azure: Azure, id: string): boolean {
  const arm = readPath(id);
  const known = azure.subscriptions.some((each) => same(each.subscriptionId, arm.subscription));
  if (arm.types.length > 0) return find(azure.store, id) !== undefined;
  if (arm.group === undefined) return known;
  return findGroup(azure, arm.subscription ?? '', arm.group) !== undefined;
}

/**
 * A query about a resource, a group or a subscription sees the rows of what lies at or below it. Tables that the caller
 * may not read are empty and nothing says so, unless the request prefers a report of it (Querying logs for Azure
 * resources). A resource of which no workspace collects anything has no tables at all.
 */
const queryResource: Handler = (call) => {
  const { azure } = call;
  const id = call.path.replace(/^\/v1/i, '').replace(/\/query$/i, '');
  if (!exists(azure, id)) throw new AzureError(404, 'ResourceNotFoundError', `The resource ${id} was not found`);
  const workspace = azure.store.get(id);
  if (workspace !== undefined && same(workspace.type, 'Microsoft.OperationalInsights/workspaces')) {
    return queryWorkspace({ ...call, params: { workspace: text(at(workspace.properties, 'customerId')) ?? '' } });
  }
  if (!azure.permissions.allows('Microsoft.Insights/logs/read', id)) throw insufficient(azure, 'resource');
  const collected = azure.workspaces === undefined ? undefined : new Set(Object.values(azure.workspaces).flat());
  if (collected !== undefined && ![...collected].some((each) => within(each, id))) return run(call, []);
  const verdicts = new Map<string, boolean>();
  const sees = (resource: string): boolean => {
    const known = verdicts.get(resource);
    if (known !== undefined) return known;
    const verdict =
      resource !== '' &&
      within(resource, id) &&
      (collected === undefined || collected.has(resource)) &&
      azure.permissions.allows('Microsoft.Insights/logs/read', resource);
    verdicts.set(resource, verdict);
    return verdict;
  };
  const mayRead = (table: string): boolean => azure.permissions.allows(`Microsoft.Insights/logs/${table}/read`, id);
  const tables = tablesFor(call, { sees, key: `r:${id.toLowerCase()}` }, (table) =>
    mayRead(table) ? 'rows' : 'nothing',
  );
  const reply = run(call, tables);
  if (!/include-permissions=true/i.test(call.headers.prefer ?? '')) return reply;
  const denyTables = namesOf(azure).filter((table) => !mayRead(table));
  // The published specification has no `permissions`: it is sent only where it says something.
  if (denyTables.length === 0) return reply;
  const sources = azure.store.ofType('Microsoft.OperationalInsights/workspaces').map((each) => each.id);
  const permissions = {
    resources: [{ resourceId: id, denyTables, dataSources: sources }],
    dataSources: sources.map((resourceId) => ({ resourceId })),
  };
  return { ...reply, body: { ...record(reply.body), permissions } };
};

/** Both services share a port; paths that begin with /v1 are this one's. */
export function logAnalyticsRoutes(): Route[] {
  return ['GET', 'POST'].flatMap((method) => [
    { method, template: '/v1/workspaces/{workspace}/query', handler: queryWorkspace },
    { method, template: '/v1/{resource...}/query', handler: queryResource },
  ]);
}
