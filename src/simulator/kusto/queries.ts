import { type Json, logAnalyticsCell } from '../../kql/cells.ts';
import { evaluate } from '../../kql/evaluate.ts';
import { KqlError } from '../../kql/kqlerror.ts';
import type { Table } from '../../kql/table.ts';
import { isSyntax } from '../kql-refusals.ts';
import type { Cluster } from './cluster.ts';
import { ClusterError } from './cluster-error.ts';
import { nameOf } from './commands.ts';

/** "Query limits" (learn.microsoft.com/kusto/concepts/query-limits, 2026-03-30). */
const mostRecords = 500_000;
const mostBytes = 67_108_864;

export interface AskedQuery {
  database: string;
  text: string;
  /** Of the request's properties. */
  options: Record<string, unknown>;
  context: Record<string, string>;
  now: Date;
}

/** `restrict access to (…)`: after it nothing else is to be seen ("restrict statement", learn.microsoft.com/kusto/query/restrict-statement). */
const restriction = /^([\s\S]*?;\s*)restrict\s+access\s+to\s*\(([^)]*)\)\s*;([\s\S]*)$/i;

function evaluated(tables: readonly Table[], text: string, now: Date): Table {
  const restricted = restriction.exec(text);
  if (!restricted) return evaluate(text, tables, { now });
  const [, before = '', names = '', after = ''] = restricted;
  const visible = names.split(',').map((name): Table => {
    const view = evaluate(`${before}\n${name.trim()}`, tables, { now });
    return { ...view, name: nameOf(name.trim()) };
  });
  // Faults have their places in the whole text.
  const front = text.slice(0, text.length - after.length).replace(/[^\n]/g, ' ');
  return evaluate(`${front}${after}`, visible, { now });
}

/** The frames that answer a query. What fails while it is evaluated fails in the last of them. Throws ClusterError before. */
export function answerQuery(cluster: Cluster, { database, text, options, context, now }: AskedQuery): unknown[] {
  if (/^\s*\./.test(text))
    throw new ClusterError(
      400,
      'BadRequest_SyntaxError',
      'Kusto.Data.Exceptions.SyntaxException',
      'Syntax error: a management command is no query.',
      'SYN0002',
    );
  const told = typeof options.query_now === 'string' ? new Date(options.query_now) : now;
  let table: Table;
  try {
    table = evaluated([...cluster.database(database).values()], text, Number.isNaN(told.getTime()) ? now : told);
  } catch (error) {
    if (!(error instanceof KqlError)) throw error;
    if (error.kind === 'limit')
      return frames(
        [],
        [],
        context,
        limitExceeded(
          'Runaway query (E_RUNAWAY_QUERY). The operator has exceeded the memory budget during evaluation. Results might be incorrect or incomplete.',
          context,
        ),
      );
    const [kind, code] = isSyntax(error) ? ['Syntax', 'SYN0002'] : ['Semantic', 'SEM0100'];
    throw new ClusterError(
      400,
      'General_BadRequest',
      `Kusto.Data.Exceptions.${kind}Exception`,
      `${kind} error: ${code}: ${error.message} [line:position=${error.line}:${error.column}]`,
      code,
    );
  }
  const rows = Array.from({ length: table.length }, (_, row) =>
    table.columns.map(({ type }, i) => exactCell(table.data[i]?.[row] ?? null, type)),
  );
  const free = options.notruncation === true || /\bset\s+notruncation\s*;/i.test(text);
  /** A limit that the query or its properties set in place of the usual one. */
  const limitOf = (name: string, usual: number): number => {
    const set = Number(
      new RegExp(String.raw`\bset\s+${name}\s*=\s*(\d+)\s*;`, 'i').exec(text)?.[1] ?? options[name] ?? Number.NaN,
    );
    return Number.isNaN(set) ? (free ? Number.POSITIVE_INFINITY : usual) : set;
  };
  const most = Math.min(limitOf('truncationmaxrecords', mostRecords), rows.length);
  const bytes = limitOf('truncationmaxsize', mostBytes);
  let [kept, size] = [0, 0];
  while (kept < most) {
    size += JSON.stringify(rows[kept]).length;
    if (size > bytes) break;
    kept += 1;
  }
  if (kept === rows.length) return frames(table.columns, rows, context);
  const limit = kept < most ? `data size limit ${bytes}` : `record count limit ${most}`;
  return frames(
    table.columns,
    rows.slice(0, kept),
    context,
    limitExceeded(
      `Query result set has exceeded the internal ${limit} (E_QUERY_RESULT_SET_TOO_LARGE; 0x80DA0003).`,
      context,
    ),
  );
}

/** JSON text of a number that a double cannot hold is not a text in a cluster's answer: `printed` puts it in place. */
const exactCell = (value: Table['data'][number][number], type: Table['columns'][number]['type']): Json =>
  typeof value === 'bigint' && type === 'long' ? `\u0000${value}\u0000` : logAnalyticsCell(value, type);

/** The frames as they are sent. */
export const printed = (answer: unknown): string => JSON.stringify(answer).replace(/"\\u0000(-?\d+)\\u0000"/g, '$1');

const limitExceeded = (message: string, context: Record<string, string>): unknown => ({
  error: {
    code: 'LimitsExceeded',
    message: 'Request is invalid and cannot be executed.',
    '@type': 'Kusto.Data.Exceptions.KustoServicePartialQueryFailureLimitsExceededException',
    '@message': `Query execution has exceeded the allowed limits: ${message}`,
    '@context': context,
    '@permanent': false,
  },
});

function frames(
  columns: Table['columns'],
  rows: Json[][],
  context: Record<string, string>,
  error?: unknown,
): unknown[] {
  const named = (list: [string, string][]) => list.map(([ColumnName, ColumnType]) => ({ ColumnName, ColumnType }));
  const completed = [
    new Date().toISOString(),
    context.clientRequestId ?? '',
    context.activityId ?? '',
    error ? 2 : 4,
    error ? 'Error' : 'Info',
    'QueryInfo',
    JSON.stringify({ Count: 1, Text: error ? 'Query failed' : 'Query completed successfully' }),
  ];
  return [
    { FrameType: 'DataSetHeader', IsProgressive: false, Version: 'v2.0' },
    {
      FrameType: 'DataTable',
      TableId: 0,
      TableKind: 'QueryProperties',
      TableName: '@ExtendedProperties',
      Columns: named([
        ['TableId', 'int'],
        ['Key', 'string'],
        ['Value', 'dynamic'],
      ]),
      Rows: [[1, 'Visualization', '{"Visualization":null}']],
    },
    {
      FrameType: 'DataTable',
      TableId: 1,
      TableKind: 'PrimaryResult',
      TableName: 'PrimaryResult',
      Columns: named(columns.map(({ name, type }) => [name, type])),
      Rows: rows,
    },
    {
      FrameType: 'DataTable',
      TableId: 2,
      TableKind: 'QueryCompletionInformation',
      TableName: 'QueryCompletionInformation',
      Columns: named([
        ['Timestamp', 'datetime'],
        ['ClientRequestId', 'string'],
        ['ActivityId', 'guid'],
        ['Level', 'int'],
        ['LevelName', 'string'],
        ['EventTypeName', 'string'],
        ['Payload', 'string'],
      ]),
      Rows: [completed],
    },
    {
      FrameType: 'DataSetCompletion',
      HasErrors: error !== undefined,
      Cancelled: false,
      ...(error === undefined ? {} : { OneApiErrors: [error] }),
    },
  ];
}
