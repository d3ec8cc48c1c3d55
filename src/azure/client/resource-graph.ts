import { isObject, type Json } from '../../arm/json.ts';
import type { Connection } from './connection.ts';
import { isTooLarge } from './failure.ts';

export interface GraphRows {
  rows: Json[];
  /** Set when Azure gave fewer rows than there are. */
  truncated: string;
}

const pageSize = 1000;
const pageLimit = 2000;
/** As many may be in one request ("Run your first Azure Resource Graph query", subscriptions: at most 1,000). */
const mostSubscriptions = 1000;

/**
 * Runs a query over Resource Graph and gives its rows page by page, so that a large answer need not be held at once.
 * Azure refuses an answer of more than 16 MiB: the pages are then made smaller. Returns a sentence when Azure gave fewer
 * rows than there are, else "". Rows the caller may not read are absent without a word from Azure. Throws the SDK's error.
 */
export async function* graphPages(
  connection: Connection,
  query: string,
  subscriptions: string[],
  signal?: AbortSignal,
): AsyncGenerator<Json[], string> {
  const lacks: string[] = [];
  for (let from = 0; from === 0 || from < subscriptions.length; from += mostSubscriptions) {
    const some = subscriptions.slice(from, from + mostSubscriptions);
    const lack = yield* pagesOf(connection, query, some, signal);
    if (lack !== '') lacks.push(lack);
  }
  return lacks.join('; ');
}

async function* pagesOf(
  connection: Connection,
  query: string,
  subscriptions: string[],
  signal?: AbortSignal,
): AsyncGenerator<Json[], string> {
  const client = await connection.resourceGraph();
  let skipToken: string | undefined;
  let top = pageSize;
  let resized = false;
  let seen = 0;
  for (let page = 0; page < pageLimit; ) {
    let answer: Awaited<ReturnType<typeof client.resources>>;
    try {
      answer = await client.resources(
        {
          query,
          ...(subscriptions.length > 0 ? { subscriptions } : {}),
          // A token counts in pages of its own size: once that has changed, the rows to skip are said.
          options: {
            top,
            resultFormat: 'objectArray',
            ...(skipToken ? { skipToken, ...(resized ? { skip: seen } : {}) } : {}),
          },
        },
        signal ? { abortSignal: signal } : {},
      );
    } catch (error) {
      if (top === 1 || !isTooLarge(error)) throw error;
      top = Math.max(1, Math.floor(top / 4));
      resized = true;
      continue;
    }
    page += 1;
    const data: unknown = answer.data;
    const rows = Array.isArray(data) ? data : [];
    seen += rows.length;
    yield rows.filter(isObject);
    if (!answer.skipToken) {
      return answer.resultTruncated === 'true' ? `Resource Graph gave ${seen} of ${answer.totalRecords} rows` : '';
    }
    skipToken = answer.skipToken;
  }
  return `Resource Graph had more than ${seen} rows; the rest was not read`;
}

/** All rows of a query. */
export async function queryGraph(
  connection: Connection,
  query: string,
  subscriptions: string[],
  signal?: AbortSignal,
): Promise<GraphRows> {
  const rows: Json[] = [];
  const pages = graphPages(connection, query, subscriptions, signal);
  for (;;) {
    const page = await pages.next();
    if (page.done === true) return { rows, truncated: page.value };
    for (const row of page.value) rows.push(row);
  }
}
