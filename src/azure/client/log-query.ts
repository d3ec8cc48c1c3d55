import type { LogsQueryResult, LogsTable } from '@azure/monitor-query';
import { exactJson, printedCell } from '../../arm/exact-json.ts';
import { at, type Json, listAt, textAt } from '../../arm/json.ts';
import { printable } from '../../text/printable.ts';
import { causeIn } from './azure-error.ts';
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
const requestOptions = { shouldDeserialize: ({ status }: { status: number }) => status !== 200 };

/** Log Analytics gives up a query before we give up waiting for it: what it has by then is an answer. */
const optionsOf = ({ limits }: Connection) => ({
  serverTimeoutInSeconds: Math.max(1, Math.min(120, Math.floor(limits.logs * 0.8))),
  requestOptions,
});

/**
 * "Failed to resolve table or column expression named 'SecurityEvent'", at whatever depth Azure's error carries it. A
 * column that is not there gets almost the same answer, so the name must be the table's.
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

/** Says in a sentence how an answer is incomplete; "" for a whole one. `body` is the answer as it came. */
function lackIn(result: LogsQueryResult, body: string): string {
  if (!('partialTables' in result)) return '';
  let said = '';
  try {
    said = causeIn(at(JSON.parse(body), 'error'));
  } catch {
    // What the client made of it remains.
  }
  return `Log Analytics gave a part of the answer (${printable(said || result.partialError.message, 400)})`;
}

/** Log Analytics gave not one row and says that it gave not all: nothing is known of what was asked. */
export class PartialAnswer extends Error {
  override readonly name = 'PartialAnswer';
}

/** Rows as objects by column name. */
function rowsOf(table: LogsTable | undefined): Json[] {
  if (!table) return [];
  const names = table.columnDescriptors.map((column) => column.name ?? '');
  return table.rows.map((row) => Object.fromEntries(names.map((name, i) => [name, row[i]])));
}

function answerOf(result: LogsQueryResult, body: string): LogAnswer {
  const [table] = 'partialTables' in result ? result.partialTables : result.tables;
  const rows = rowsOf(table);
  const partial = lackIn(result, body);
  if (partial !== '' && rows.length === 0) return { state: 'failed', error: new PartialAnswer(partial) };
  return { state: 'rows', rows, partial };
}

/** The columns and rows of any query, cells as Log Analytics prints them. */
export interface LogTable {
  columns: { name: string; type: string }[];
  rows: (string | number | boolean | null)[][];
  /** Says how the rows are incomplete; empty when they are whole. */
  partial: string;
}

/**
 * Runs a query as it is over a VM's logs. Cells are read from the answer as it came: the SDK makes dates of them, of
 * which null is 1970 and a hundred nanoseconds are none. Throws what Azure refuses it with.
 */
export async function queryLogs(
  connection: Connection,
  resourceId: string,
  query: string,
  between: { from: Date; until: Date },
  signal?: AbortSignal,
): Promise<LogTable> {
  const client = await connection.logs();
  let body = '';
  const result = await client.queryResource(
    resourceId,
    query,
    { startTime: between.from, endTime: between.until },
    {
      ...optionsOf(connection),
      ...(signal ? { abortSignal: signal } : {}),
      onResponse: (response) => {
        body = response.bodyAsText ?? '';
      },
    },
  );
  const [table] = listAt(exactJson(body), 'tables');
  return {
    columns: listAt(table, 'columns').map((column) => ({
      name: textAt(column, 'name'),
      type: textAt(column, 'type') || 'dynamic',
    })),
    rows: listAt(table, 'rows').map((row) => (Array.isArray(row) ? row.map(printedCell) : [])),
    partial: lackIn(result, body),
  };
}

/**
 * Asks Log Analytics by the id of a VM, or of a subscription: it looks through every workspace that holds logs of
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
    let body = '';
    const result = await client.queryResource(resourceId, query, timespan, {
      ...optionsOf(connection),
      ...(signal ? { abortSignal: signal } : {}),
      onResponse: (response) => {
        body = response.bodyAsText ?? '';
      },
    });
    const answer = answerOf(result, body);
    // Without rows and without the right to see any, nothing is known of the table.
    if (answer.state === 'rows' && answer.rows.length === 0 && deniedTables(body).includes(table.toLowerCase())) {
      const message = `The table ${table} may not be read`;
      return { state: 'failed', error: { statusCode: 403, code: 'InsufficientAccessError', message } };
    }
    return answer;
  } catch (error) {
    return isMissingTable(error, table) ? { state: 'no-table' } : { state: 'failed', error };
  }
}
