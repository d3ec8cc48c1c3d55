import type { Connection } from './connection.ts';
import { isObject, type Json } from './json.ts';

export interface GraphRows {
  rows: Json[];
  /** Set when Azure gave fewer rows than there are. */
  truncated: string;
}

const pageSize = 1000;
const pageLimit = 200;

/**
 * Runs a query over Resource Graph, page by page. Rows the caller may not read are absent without a word from Azure.
 * Throws the SDK's error.
 */
export async function queryGraph(
  connection: Connection,
  query: string,
  subscriptions: string[],
  signal?: AbortSignal,
): Promise<GraphRows> {
  const client = await connection.resourceGraph();
  const rows: Json[] = [];
  let skipToken: string | undefined;
  for (let page = 0; page < pageLimit; page++) {
    const answer = await client.resources(
      {
        query,
        ...(subscriptions.length > 0 ? { subscriptions } : {}),
        options: { top: pageSize, resultFormat: 'objectArray', ...(skipToken ? { skipToken } : {}) },
      },
      signal ? { abortSignal: signal } : {},
    );
    const data: unknown = answer.data;
    if (Array.isArray(data)) rows.push(...data.filter(isObject));
    if (!answer.skipToken) {
      const cut = answer.resultTruncated === 'true';
      return { rows, truncated: cut ? `Resource Graph gave ${rows.length} of ${answer.totalRecords} rows` : '' };
    }
    skipToken = answer.skipToken;
  }
  return { rows, truncated: `Resource Graph had more than ${pageLimit * pageSize} rows; the rest was not read` };
}
