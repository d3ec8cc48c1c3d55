import { createHash } from 'node:crypto';
import { at, isObject, listAt, textAt } from '../../arm/json.ts';
import type { AskedQuery } from '../../documents/asked-query.ts';
import type { Exchange } from '../../documents/exchange.ts';
import { causeIn } from './azure-error.ts';
import { deniedTables } from './denied-tables.ts';

/** Where KQL is sent, by the path of the request: a POST that only reads. */
export const queryServices = [
  { service: 'Resource Graph', path: /\/providers\/microsoft\.resourcegraph\/resources$/i },
  { service: 'Azure Data Explorer', path: /^\/v2\/rest\/query$/i },
  { service: 'Log Analytics', path: /^\/v1\/.+\/query$/i },
] as const;

/** The rows of an answer: Resource Graph's objects, or those of Log Analytics' first table. */
function rowsOf(body: unknown): number | null {
  const data = isObject(body) ? body.data : undefined;
  if (Array.isArray(data)) return data.length;
  const [table] = listAt(body, 'tables');
  return isObject(table) && Array.isArray(table.rows) ? table.rows.length : null;
}

/** Azure's refusal in words: "403 InsufficientAccessError not permitted". */
function refusal(status: string, body: unknown): string {
  const error = at(body, 'error');
  return [status, textAt(error, 'code'), causeIn(error)].filter((part) => part !== '').join(' ');
}

/** What an answer that came does not include, in words; "" when it is whole. */
function leftOut(query: string, body: unknown, answer: string): string {
  const asked = query.toLowerCase();
  const denied = deniedTables(answer).filter((table) => asked.includes(table));
  if (denied.length > 0) return `not permitted to read ${denied.join(', ')}`;
  const partial = refusal('', body);
  if (partial !== '') return partial;
  const cut = textAt(body, 'resultTruncated') === 'true' && textAt(body, '$skipToken') === '';
  return cut ? 'Azure gave fewer rows than there are' : '';
}

/**
 * The query that an exchange was, with the answer's digest; null for an exchange that is none. `answer` is the text of
 * the response. Each page of an answer, and each attempt, is a query of its own: each is an answer of its own.
 */
export function askedQuery(exchange: Exchange, answer: string): AskedQuery | null {
  const { pathname } = new URL(exchange.url);
  const service = queryServices.find(({ path }) => path.test(pathname))?.service;
  const text = textAt(exchange.requestBody, 'query');
  if (service === undefined || exchange.method !== 'POST' || text === '') return null;
  const { status, responseBody, clientRequestId, requestId, correlationId, durationSeconds } = exchange;
  const done = status >= 200 && status < 300;
  const rows = rowsOf(responseBody);
  const error = done ? leftOut(text, responseBody, answer) : exchange.error || refusal(String(status), responseBody);
  return {
    service,
    text,
    // Log Analytics answers with no rows where a table may not be read.
    rows: done && !(rows === 0 && error !== '') ? rows : null,
    sha256: answer === '' ? '' : createHash('sha256').update(answer).digest('hex'),
    durationSeconds,
    error,
    clientRequestId,
    requestId,
    correlationId,
  };
}
