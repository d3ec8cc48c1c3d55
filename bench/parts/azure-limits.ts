import http from 'node:http';

/**
 * The limits that Azure documents for one user, in front of a simulator. Log Analytics: five queries at once, 200 waiting,
 * 200 in 30 s (learn.microsoft.com/azure/azure-monitor/service-limits). Resource Graph: 15 queries in 5 s, reported by its
 * quota headers (learn.microsoft.com/azure/governance/resource-graph/concepts/guidance-for-throttled-requests). What is
 * beyond is refused with 429.
 */
const limits = { atOnce: 5, waiting: 200, queries: 200, queriesMs: 30_000, graph: 15, graphMs: 5_000 };
export const pace = { queryMs: 700, graphMs: 300 };

export interface Counts {
  logAnalytics: number;
  resourceGraph: number;
  other: number;
  refused: number;
  /** Requests that the simulator answered: its own time is in the scan's. */
  unrecorded: number;
}

export interface LimitedAzure {
  url: string;
  counts: Counts;
  stop(): void;
}

interface Answer {
  status: number;
  headers: http.IncomingHttpHeaders;
  body: Buffer;
}

/** Answers by request. Two scans ask the same but for the moments that their questions name. */
export type Recording = Map<string, Answer>;

const keyOf = ({ method = '', url = '' }: http.IncomingMessage, body: Buffer) =>
  `${method} ${url} ${body}`.replaceAll(/\d{4}-\d\d-\d\dT[\d:.%A-F]+Z/g, 'moment');

/** A simulator behind the limits. What `recording` holds is answered from it, the rest by the simulator, and kept there. */
export async function limitedAzure(target: string, recording: Recording): Promise<LimitedAzure> {
  const counts: Counts = { logAnalytics: 0, resourceGraph: 0, other: 0, refused: 0, unrecorded: 0 };
  const { hostname, port } = new URL(target);
  let running = 0;
  const waiting: (() => void)[] = [];
  let queried: number[] = [];
  let graphed: number[] = [];
  const next = () => {
    while (running < limits.atOnce && waiting.length > 0) {
      running += 1;
      waiting.shift()?.();
    }
  };
  const forward = (
    request: http.IncomingMessage,
    body: Buffer,
    response: http.ServerResponse,
    added: Record<string, string>,
    takes: number,
    done: () => void,
  ) => {
    const { method, url, headers } = request;
    const earliest = new Promise((resolve) => setTimeout(resolve, takes));
    const key = keyOf(request, body);
    const answer = async (told: Answer) => {
      await earliest;
      response.on('close', done);
      response.writeHead(told.status, { ...told.headers, ...added }).end(told.body);
    };
    const kept = recording.get(key);
    if (kept) return void answer(kept);
    counts.unrecorded += 1;
    const on = http.request({ hostname, port, method, path: url, headers }, (told) => {
      const parts: Buffer[] = [];
      told.on('data', (part: Buffer) => parts.push(part));
      told.on('end', () => {
        const whole = { status: told.statusCode ?? 502, headers: told.headers, body: Buffer.concat(parts) };
        recording.set(key, whole);
        void answer(whole);
      });
    });
    on.on('error', () => response.destroy());
    on.end(body);
  };
  const refuse = (response: http.ServerResponse, headers: Record<string, string>) => {
    counts.refused += 1;
    response.writeHead(429, { 'content-type': 'application/json', ...headers });
    response.end(JSON.stringify({ error: { code: 'TooManyRequests', message: 'Rate limit is exceeded' } }));
  };
  const toLogs = (request: http.IncomingMessage, body: Buffer, response: http.ServerResponse) => {
    counts.logAnalytics += 1;
    const now = Date.now();
    queried = queried.filter((at) => now - at < limits.queriesMs);
    if (queried.length >= limits.queries || waiting.length >= limits.waiting) return refuse(response, {});
    queried.push(now);
    waiting.push(() => {
      const ended = () => {
        running -= 1;
        next();
      };
      forward(request, body, response, {}, pace.queryMs, ended);
    });
    next();
  };
  const toGraph = (request: http.IncomingMessage, body: Buffer, response: http.ServerResponse) => {
    counts.resourceGraph += 1;
    const now = Date.now();
    graphed = graphed.filter((at) => now - at < limits.graphMs);
    const resets = limits.graphMs - (now - (graphed[0] ?? now));
    const quota = (left: number) => ({
      'x-ms-user-quota-remaining': String(left),
      'x-ms-user-quota-resets-after': new Date(Math.max(1000, resets)).toISOString().slice(11, 19),
    });
    if (graphed.length >= limits.graph)
      return refuse(response, { ...quota(0), 'retry-after': String(Math.ceil(resets / 1000)) });
    graphed.push(now);
    const left = limits.graph - graphed.length;
    forward(request, body, response, quota(left), pace.graphMs, () => {});
  };
  const server = http.createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const body = Buffer.concat(parts);
      if (/^\/v1\/.+\/query/i.test(request.url ?? '')) toLogs(request, body, response);
      else if (/resourcegraph\/resources/i.test(request.url ?? '')) toGraph(request, body, response);
      else {
        counts.other += 1;
        forward(request, body, response, {}, 0, () => {});
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const own = typeof address === 'object' && address !== null ? address.port : 0;
  return { url: `http://127.0.0.1:${own}`, counts, stop: () => server.close() };
}
