import { randomUUID } from 'node:crypto';
import { logAnalyticsRows } from '../../kql/cells.ts';
import { evaluate } from '../../kql/evaluate.ts';
import { KqlError } from '../../kql/kqlerror.ts';
import { type ColumnType, type Table, tableFromRows } from '../../kql/table.ts';
import type { Azure } from '../azure.ts';
import { AzureError } from '../azure-error.ts';
import { type Call, type Handler, ok, type Route } from '../call.ts';
import { at, isRecord, type Json, same, text, texts } from '../json.ts';
import { columnsOf } from '../log-schemas.ts';
import { within } from '../resource-id.ts';
import type { Row } from '../world.ts';

const invalid = (innererror: Json): AzureError =>
  new AzureError(400, 'BadArgumentError', 'The request had some invalid properties', {
    extra: { correlationId: randomUUID(), innererror },
  });

const insufficient = (): AzureError =>
  new AzureError(
    403,
    'InsufficientAccessError',
    'The provided credentials have insufficient access to perform the requested operation',
    {
      extra: { correlationId: randomUUID() },
    },
  );

/** A refused query in the shape of Log Analytics: the reason is two levels down. */
function refused(error: KqlError): AzureError {
  const { line, column, token } = error;
  const place = `[line:position=${line}:${column}]`;
  if (error.kind === 'syntax') {
    return invalid({
      code: 'SyntaxError',
      message: `A recognition error occurred in the query.`,
      innererror: {
        code: 'SYN0002',
        message: `Query could not be parsed at '${token}' on line ${line}, position ${column}: ${error.message}`,
        line,
        pos: column,
        token,
      },
    });
  }
  if (error.kind === 'semantic') {
    const unresolved = error.diagnostics.find((each) => /^KS(142|204|211)$/.test(each.code));
    const message =
      unresolved === undefined
        ? `${error.message} ${place}`
        : `Failed to resolve table or column expression named '${unresolved.token}'`;
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
const namesOf = (azure: Azure): string[] =>
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

const builtTables = new WeakMap<Azure, Map<string, { version: number; table: Table }>>();

function tableOf(azure: Azure, name: string, scope: Scope, bounds: { from: number; to: number } | undefined): Table {
  const columns: Record<string, ColumnType> = { ...columnsOf(name), ...columnTypesOf(azure.schemas[name]) };
  const cached = bounds === undefined ? `${scope.key}|${name}` : undefined;
  const cache = builtTables.get(azure) ?? new Map<string, { version: number; table: Table }>();
  builtTables.set(azure, cache);
  const known = cached === undefined ? undefined : cache.get(cached);
  if (known?.version === azure.dataVersion) return known.table;
  const { rows, times, resources } = parsed(azure.table(name) ?? []);
  const now = azure.clock.ms();
  const kept = rows.filter((_, index) => {
    const time = times[index] ?? Number.NaN;
    if (!scope.sees(resources[index] ?? '')) return false;
    if (bounds !== undefined) return time >= bounds.from && time <= bounds.to;
    return !(time > now);
  });
  const table = tableFromRows(
    name,
    kept.map((row) => (row.Type === undefined ? { ...row, Type: name } : row)),
    columns,
  );
  if (cached !== undefined && rows.every((_, index) => !((times[index] ?? 0) > now))) {
    cache.set(cached, { version: azure.dataVersion, table });
    if (cache.size > 200) cache.delete(cache.keys().next().value ?? '');
  }
  return table;
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

/** Runs a query over the tables in reach. Tables that the caller may not read are not resolved, as if they were not there. */
function run(call: Call, scope: Scope, mayRead: (table: string) => boolean) {
  const { azure } = call;
  const { query, timespan } = askedOf(call);
  const bounds = timespan === undefined ? undefined : boundsOf(timespan, azure.clock.ms());
  const tables: Table[] = [];
  for (const name of namesOf(azure)) {
    // Only tables that the query names are built: a wildcard needs them all.
    if (!mayRead(name) || !(query.includes(name) || /\b(union|search|find)\b/.test(query))) continue;
    tables.push(tableOf(azure, name, scope, bounds));
  }
  let table: Table;
  try {
    table = evaluate(query, tables, { now: azure.clock.now() });
  } catch (error) {
    if (error instanceof KqlError) throw refused(error);
    throw error;
  }
  return answerOf(call, table);
}

/** Bounds of one answer, from the service limits of the query API. */
const mostRows = 500_000;
const mostBytes = 100_000_000;

function answerOf(call: Call, table: Table) {
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
function workspaceOf(azure: Azure, customerId: string): string | undefined {
  const found = azure.store
    .ofType('Microsoft.OperationalInsights/workspaces')
    .find((each) => same(text(at(each.properties, 'customerId')), customerId));
  return found?.id;
}

const queryWorkspace: Handler = (call) => {
  const { azure } = call;
  const id = call.params.workspace ?? '';
  const resource = workspaceOf(azure, id);
  const members = Object.entries(azure.workspaces ?? {}).find(([customer]) => same(customer, id))?.[1];
  if (
    !/^[0-9a-f-]{36}$/i.test(id) ||
    (azure.workspaces !== undefined && members === undefined && resource === undefined)
  ) {
    throw new AzureError(404, 'PathNotFoundError', 'The requested path does not exist', {
      extra: { correlationId: randomUUID() },
    });
  }
  const scope = resource ?? '/';
  if (!azure.permissions.allows('Microsoft.OperationalInsights/workspaces/query/read', scope)) throw insufficient();
  const collected = new Set(members ?? []);
  const limited = azure.workspaces !== undefined;
  const more = texts(at(call.body, 'workspaces'));
  for (const [customer, ids] of Object.entries(azure.workspaces ?? {})) {
    if (more.some((each) => same(each, customer))) for (const each of ids) collected.add(each);
  }
  return run(call, { sees: (each) => !limited || collected.has(each), key: `w:${id}:${more.join()}` }, (table) =>
    azure.permissions.allows(`Microsoft.OperationalInsights/workspaces/query/${table}/read`, scope),
  );
};

/** A query about a resource, a group or a subscription sees the rows of what lies at or below it. */
const queryResource: Handler = (call) => {
  const { azure } = call;
  const id = call.path.replace(/^\/v1/i, '').replace(/\/query$/i, '');
  const workspace = azure.store.get(id);
  if (workspace !== undefined && same(workspace.type, 'Microsoft.OperationalInsights/workspaces')) {
    return queryWorkspace({ ...call, params: { workspace: text(at(workspace.properties, 'customerId')) ?? '' } });
  }
  if (!azure.permissions.allows('Microsoft.Insights/logs/read', id)) throw insufficient();
  const low = id.toLowerCase();
  const collected = azure.workspaces === undefined ? undefined : new Set(Object.values(azure.workspaces).flat());
  const sees = (resource: string): boolean =>
    resource !== '' && within(resource, low) && (collected === undefined || collected.has(resource));
  return run(call, { sees, key: `r:${low}` }, (table) =>
    azure.permissions.allows(`Microsoft.Insights/logs/${table}/read`, id),
  );
};

/** Both services share a port; paths that begin with /v1 are this one's. */
export function logAnalyticsRoutes(): Route[] {
  return ['GET', 'POST'].flatMap((method) => [
    { method, template: '/v1/workspaces/{workspace}/query', handler: queryWorkspace },
    { method, template: '/v1/{resource...}/query', handler: queryResource },
  ]);
}
