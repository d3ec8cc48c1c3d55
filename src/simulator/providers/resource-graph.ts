import { randomUUID } from 'node:crypto';
import { resourceGraphCell, resourceGraphObjects } from '../../kql/cells.ts';
import { evaluate } from '../../kql/evaluate.ts';
import { KqlError } from '../../kql/kqlerror.ts';
import type { Table } from '../../kql/table.ts';
import type { Azure } from '../azure.ts';
import { AzureError, notKept } from '../azure-error.ts';
import { bodyOf, type Call, type Handler, type Route } from '../call.ts';
import { GraphTables, isTableNotKept } from '../graph-tables.ts';
import { isRecord, type Json, record, text, texts } from '../json.ts';
import { isSyntax, unresolvedTable } from '../kql-refusals.ts';
import { facetsOf } from './graph-facets.ts';

const largestPage = 1000;
const defaultPage = 100;

const tablesOf = new WeakMap<Azure, GraphTables>();

function graphOf(azure: Azure): GraphTables {
  const known = tablesOf.get(azure) ?? new GraphTables(azure);
  tablesOf.set(azure, known);
  return known;
}

const support = (call: Call): string =>
  `Please provide below info when asking for support: timestamp = ${call.azure.clock.now().toISOString()}, correlationId = ${call.headers['x-ms-correlation-request-id'] ?? randomUUID()}.`;

const refuse = (call: Call, details: Json[]): AzureError =>
  new AzureError(400, 'BadRequest', support(call), { extra: { details } });

const invalidQuery = {
  code: 'InvalidQuery',
  message:
    'Query is invalid. Please refer to the documentation for the Azure Resource Graph service and fix the error before retrying.',
};

/** A refused query in the shape of Resource Graph: the place is in the details. */
function refusedQuery(call: Call, error: KqlError): AzureError {
  const place = {
    line: error.line,
    characterPositionInLine: Math.max(0, error.column - 1),
    token: error.token === '' ? '<EOF>' : error.token,
  };
  if (isSyntax(error)) {
    return refuse(call, [
      invalidQuery,
      { code: 'ParserFailure', message: 'ParserFailure', ...place, expectedToken: '' },
    ]);
  }
  const table = unresolvedTable(error);
  if (table !== undefined) {
    if (isTableNotKept(table)) return notKept(`the table ${table}`);
    const message = `Table ${table} is invalid, unsupported or disallowed.`;
    return refuse(call, [{ code: 'DisallowedLogicalTableName', message, ...place }]);
  }
  const code = error.kind === 'semantic' ? 'SemanticError' : 'UnsupportedQuery';
  return refuse(call, [invalidQuery, { code, message: error.message, ...place }]);
}

interface Window {
  skip: number;
  top: number;
}

function windowOf(call: Call, options: Json): Window {
  const number = (name: string, least: number, most: number): number | undefined => {
    const value = options[name];
    if (value === undefined || value === null) return undefined;
    if (typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most) return value;
    throw refuse(call, [
      {
        code: 'InvalidPagingParameter',
        message: `The value of '${name}' must be a whole number from ${least} to ${most}.`,
      },
    ]);
  };
  const token = text(options.$skipToken);
  const carried = token === undefined ? {} : readToken(call, token);
  const skip = number('$skip', 0, Number.MAX_SAFE_INTEGER) ?? Number(carried.RowsToSkip ?? 0);
  const top = number('$top', 1, largestPage) ?? Number(carried.MaxRows ?? defaultPage);
  return { skip, top };
}

function readToken(call: Call, token: string): Json {
  try {
    const read: unknown = JSON.parse(Buffer.from(token, 'base64').toString());
    if (isRecord(read) && typeof read.RowsToSkip === 'number' && typeof read.MaxRows === 'number') return read;
  } catch {
    // Falls through to the refusal.
  }
  throw refuse(call, [{ code: 'InvalidSkipToken', message: 'The skip token is invalid.' }]);
}

const writeToken = (window: Window): string =>
  Buffer.from(JSON.stringify({ $id: '1', MaxRows: window.top, RowsToSkip: window.skip })).toString('base64');

function cut(table: Table, { skip, top }: Window): Table {
  const data = table.data.map((column) => column.slice(skip, skip + top));
  return { ...table, data, length: Math.max(0, Math.min(top, table.length - skip)) };
}

const columnTypes: Record<string, string> = {
  string: 'string',
  int: 'integer',
  long: 'integer',
  real: 'number',
  decimal: 'number',
  bool: 'boolean',
  datetime: 'datetime',
  dynamic: 'object',
};

function asTable(table: Table): Json {
  const rows: unknown[][] = [];
  for (let row = 0; row < table.length; row += 1) {
    rows.push(table.columns.map((column, index) => resourceGraphCell(table.data[index]?.[row] ?? null, column.type)));
  }
  return { columns: table.columns.map(({ name, type }) => ({ name, type: columnTypes[type] ?? 'string' })), rows };
}

function subscriptionsOf(call: Call, wanted: string[]): string[] {
  const { azure } = call;
  const readable = azure.subscriptions
    .map((each) => each.subscriptionId)
    .filter((id) => azure.permissions.allows('Microsoft.Resources/subscriptions/read', `/subscriptions/${id}`))
    .map((id) => id.toLowerCase());
  if (wanted.length === 0) return readable;
  const asked = wanted.map((id) => id.toLowerCase()).filter((id) => readable.includes(id));
  if (asked.length > 0) return asked;
  throw new AzureError(403, 'Forbidden', support(call), {
    extra: {
      details: [
        {
          code: 'NoValidSubscriptionsInQueryRequest',
          message:
            'There must be at least one subscription that is eligible to contain resources. Given: ' +
            `'${wanted.join(',')}'.`,
        },
      ],
    },
  });
}

/** Refuses `let` statements, which Resource Graph does not know. */
function refuseLet(call: Call, asked: string): void {
  // Comments and strings are blanked, so that places stay.
  const code = asked.replace(/\/\/[^\n]*|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'/g, (part) => ' '.repeat(part.length));
  const found = /(?:^|;)\s*(let)\b/.exec(code);
  if (found === null) return;
  const before = code.slice(0, found.index + found[0].length - 'let'.length).split('\n');
  const place = { line: before.length, characterPositionInLine: before.at(-1)?.length ?? 0, token: 'let' };
  throw refuse(call, [invalidQuery, { code: 'ParserFailure', message: 'ParserFailure', ...place, expectedToken: '' }]);
}

/**
 * A query whose rows come one page at a time has to come in the same order each time: the rows of the tables do, and
 * the evaluator keeps their order.
 */
const query: Handler = (call) => {
  const { azure } = call;
  const headers = azure.throttling.graph();
  const body = bodyOf(call);
  const asked = text(body.query);
  if (asked === undefined || asked.trim() === '') {
    throw refuse(call, [{ code: 'EmptyQuery', message: 'The query must not be empty.' }]);
  }
  refuseLet(call, asked);
  const options = record(body.options);
  const window = windowOf(call, options);
  const subscriptions = subscriptionsOf(call, texts(body.subscriptions));
  const tables = graphOf(azure).over(subscriptions);
  // A query may begin with an operator; it then runs over the table of resources.
  const source = /^\s*(where|project|summarize|extend|order|sort|limit|take|top|count|distinct|join|mv-expand)\b/i.test(
    asked,
  )
    ? `Resources | ${asked}`
    : asked;
  let table: Table;
  try {
    table = evaluate(source, tables, { now: azure.clock.now(), anyCase: true });
  } catch (error) {
    if (error instanceof KqlError) throw refusedQuery(call, error);
    throw error;
  }
  const pageOf = cut(table, window);
  const next = window.skip + pageOf.length;
  const more = next < table.length;
  // Without the column id, pages cannot be asked for.
  const paged = table.columns.some(({ name }) => name === 'id');
  return {
    status: 200,
    headers,
    body: {
      totalRecords: table.length,
      count: pageOf.length,
      data: text(options.resultFormat) === 'table' ? asTable(pageOf) : resourceGraphObjects(pageOf),
      facets: facetsOf(source, body.facets, tables, azure.clock.now()),
      resultTruncated: more && !paged ? 'true' : 'false',
      ...(more && paged && { $skipToken: writeToken({ skip: next, top: window.top }) }),
    },
  };
};

export const resourceGraphRoutes: Route[] = [
  { method: 'POST', template: '/providers/Microsoft.ResourceGraph/resources', handler: query },
];
