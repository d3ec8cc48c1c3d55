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
/**
 * So many pages are asked for before the one in front has come, once it is known how many there are. A page is asked for by the
 * number of rows before it ("Guidance for paging in Azure Resource Graph": --first 1000 --skip 3000, of queries that are ordered by a unique
 * column, as all are here; read 2026-11-30).
 */
const pagesAhead = 3;
/** As many may be in one request ("Run your first Azure Resource Graph query", subscriptions: at most 1,000). */
const mostSubscriptions = 1000;

/**
 * Runs a query over Resource Graph and gives its rows page by page, so that a large answer need not be held at once.
 * The query is ordered by a unique column; `ahead` pages are asked for before they are wanted.
 * Azure refuses an answer of more than 16 MiB: the pages are then made smaller. Returns a sentence when Azure gave fewer
 * rows than there are, else "". Rows the caller may not read are absent without a word from Azure. Throws the SDK's error.
 */
export async function* graphPages(
  connection: Connection,
  query: string,
  subscriptions: string[],
  signal?: AbortSignal,
  ahead = pagesAhead,
): AsyncGenerator<Json[], string> {
  const lacks: string[] = [];
  for (let from = 0; from === 0 || from < subscriptions.length; from += mostSubscriptions) {
    const some = subscriptions.slice(from, from + mostSubscriptions);
    const lack = yield* pagesOf(connection, query, some, signal, ahead);
    if (lack !== '') lacks.push(lack);
  }
  return lacks.join('; ');
}

async function* pagesOf(
  connection: Connection,
  query: string,
  subscriptions: string[],
  signal: AbortSignal | undefined,
  ahead: number,
): AsyncGenerator<Json[], string> {
  const client = await connection.resourceGraph();
  let top = pageSize;
  const over = new AbortController();
  const abortSignal = signal ? AbortSignal.any([signal, over.signal]) : over.signal;
  const ask = (from: { skipToken?: string; skip?: number }) => {
    const answer = client.resources(
      {
        query,
        ...(subscriptions.length > 0 ? { subscriptions } : {}),
        options: { top, resultFormat: 'objectArray', ...from },
      },
      { abortSignal },
    );
    // One that failed is known when it is its turn, if ever.
    answer.catch(() => {});
    return answer;
  };
  let asked = [ask({})];
  let seen = 0;
  try {
    for (let page = 0; page < pageLimit; ) {
      let answer: Awaited<ReturnType<typeof ask>> | undefined;
      try {
        answer = await asked.shift();
      } catch (error) {
        if (top === 1 || !isTooLarge(error)) throw error;
        top = Math.max(1, Math.floor(top / 4));
        asked = [ask(seen > 0 ? { skip: seen } : {})];
        continue;
      }
      if (!answer) break;
      page += 1;
      const rows: unknown[] = Array.isArray(answer.data) ? answer.data : [];
      seen += rows.length;
      const { skipToken, totalRecords } = answer;
      if (skipToken) {
        // A page that is not as long as it was asked for: the ones after it begin elsewhere, and the next may be as short.
        const isWhole = rows.length === top;
        if (!isWhole) asked = [];
        const most = isWhole ? ahead : 1;
        for (let from = seen + asked.length * top; asked.length < most && from < totalRecords; from += top)
          asked.push(ask({ skip: from }));
        if (asked.length === 0) asked.push(ask({ skipToken }));
      }
      yield rows.filter(isObject);
      if (!skipToken)
        return answer.resultTruncated === 'true' ? `Resource Graph gave ${seen} of ${totalRecords} rows` : '';
    }
  } finally {
    over.abort();
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
