import type { LogsQueryResult, LogsTable } from '@azure/monitor-query';
import type { Json } from '../../arm/json.ts';
import { printable } from '../../text/printable.ts';
import type { Connection } from './connection.ts';
import { deniedTables } from './denied-tables.ts';
import { azureError } from './failure.ts';

/** What Log Analytics answered: rows, with what they leave out; that the table is not there; or an error. */
export type LogAnswer =
  | { state: 'rows'; rows: Json[]; partial: string }
  | { state: 'no-table' }
  | { state: 'failed'; error: unknown };

/**
 * An answer is parsed as JSON, and no further: the SDK's model would make a dictionary of the letters of each cell, half a
 * second of work for each megabyte, and throw it away. Refusals are small, and the SDK makes its errors of them.
 */
const options = {
  serverTimeoutInSeconds: 120,
  requestOptions: { shouldDeserialize: ({ status }: { status: number }) => status !== 200 },
};

/**
 * "Failed to resolve table or column expression named 'SecurityEvent'", at whatever depth Azure's error carries it. A
 * column that is not there is told almost alike, so the name must be the table's.
 */
function isMissingTable(error: unknown, table: string): boolean {
  const said = [azureError(error).message];
  const details = typeof error === 'object' && error !== null ? Reflect.get(error, 'details') : undefined;
  try {
    said.push(JSON.stringify(details ?? '').slice(0, 20_000));
  } catch {
    // An error that cannot be written down says nothing of tables.
  }
  return said.some((text) => /Failed to resolve /i.test(text) && text.includes(`'${table}'`));
}

/** Rows as objects by column name. */
function rowsOf(table: LogsTable | undefined): Json[] {
  if (!table) return [];
  const names = table.columnDescriptors.map((column) => column.name ?? '');
  return table.rows.map((row) => Object.fromEntries(names.map((name, i) => [name, row[i]])));
}

function answerOf(result: LogsQueryResult): LogAnswer {
  if ('partialTables' in result) {
    return {
      state: 'rows',
      rows: rowsOf(result.partialTables[0]),
      partial: `Log Analytics gave a part of the answer (${printable(result.partialError.message, 200)})`,
    };
  }
  return { state: 'rows', rows: rowsOf(result.tables[0]), partial: '' };
}

/** The columns and rows of any query, cells as Log Analytics prints them. */
export interface LogTable {
  columns: { name: string; type: string }[];
  rows: (string | number | boolean | null)[][];
  /** What is missing from the rows; empty when nothing is. */
  partial: string;
}

/** Runs a query as it is over a machine's logs. Throws what Azure refuses it with. */
export async function queryLogs(
  connection: Connection,
  resourceId: string,
  query: string,
  between: { from: Date; until: Date },
  signal?: AbortSignal,
): Promise<LogTable> {
  const client = await connection.logs();
  const result = await client.queryResource(
    resourceId,
    query,
    { startTime: between.from, endTime: between.until },
    { ...options, ...(signal ? { abortSignal: signal } : {}) },
  );
  const [table] = 'partialTables' in result ? result.partialTables : result.tables;
  return {
    columns: (table?.columnDescriptors ?? []).map(({ name, type }) => ({ name: name ?? '', type: type ?? 'dynamic' })),
    rows: (table?.rows ?? []).map((row) => row.map(printedCell)),
    partial:
      'partialTables' in result
        ? `Log Analytics gave a part of the answer (${printable(result.partialError.message, 200)})`
        : '',
  };
}

/** The SDK makes dates and objects of cells; here they are text again. */
function printedCell(cell: unknown): string | number | boolean | null {
  if (cell === null || cell === undefined) return null;
  if (cell instanceof Date) return cell.toISOString();
  if (typeof cell === 'string' || typeof cell === 'number' || typeof cell === 'boolean') return cell;
  return JSON.stringify(cell);
}

/**
 * Asks Log Analytics by the id of a machine, or of a subscription: it looks through every workspace that holds logs of
 * it and that the caller may read. `table` is the one that the query is about. Refusals come back as answers.
 */
export async function askLogs(
  connection: Connection,
  resourceId: string,
  table: string,
  query: string,
  between: { from: Date; until: Date },
  signal?: AbortSignal,
): Promise<LogAnswer> {
  try {
    const client = await connection.logs();
    const timespan = { startTime: between.from, endTime: between.until };
    let denied: string[] = [];
    const result = await client.queryResource(resourceId, query, timespan, {
      ...options,
      ...(signal ? { abortSignal: signal } : {}),
      onResponse: (response) => {
        denied = deniedTables(response.bodyAsText ?? '');
      },
    });
    const answer = answerOf(result);
    // Without rows and without the right to see any, nothing is known of the table.
    if (answer.state === 'rows' && answer.rows.length === 0 && denied.includes(table.toLowerCase())) {
      const message = `The table ${table} may not be read`;
      return { state: 'failed', error: { statusCode: 403, code: 'InsufficientAccessError', message } };
    }
    return answer;
  } catch (error) {
    return isMissingTable(error, table) ? { state: 'no-table' } : { state: 'failed', error };
  }
}
