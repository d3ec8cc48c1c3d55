import type { Azure } from './azure.ts';
import { AzureError } from './azure-error.ts';
import { isRecord, type Json } from './json.ts';
import type { OperationTrouble } from './operations.ts';

/** A request as the providers see it. */
export interface Call {
  azure: Azure;
  method: string;
  /** Path as it was asked for, decoded, without the query. */
  path: string;
  query: URLSearchParams;
  headers: Record<string, string>;
  body: unknown;
  /** `https://management.azure.com`: links in answers begin with the host that was asked for. */
  origin: string;
  apiVersion: string;
  /** Parts of the path that the route names. */
  params: Record<string, string>;
  /** From a fault: how an operation that this request starts goes wrong. */
  trouble: OperationTrouble | undefined;
}

/** An answer; `body` absent means none. */
export interface Reply {
  status: number;
  headers?: Record<string, string>;
  body?: unknown;
}

export type Handler = (call: Call) => Reply | Promise<Reply>;

/** One line of the route table: method, path template with `{names}`, and who answers. `{name...}` takes several segments. */
export interface Route {
  method: string;
  template: string;
  handler: Handler;
}

export const ok = (body: unknown): Reply => ({ status: 200, body });

/** The request's body as an object. Throws 400 when it is something else. */
export function bodyOf(call: Call): Json {
  if (isRecord(call.body)) return call.body;
  throw new AzureError(
    400,
    'InvalidRequestContent',
    'The request content was invalid and could not be deserialized: expected a JSON object.',
  );
}

/** A parameter that the route is known to name. */
export const param = (call: Call, name: string): string => call.params[name] ?? '';

const patternOf = (template: string): RegExp => {
  const source = template
    .split('/')
    .map((part) => {
      const name = /^\{(\w+)(\.\.\.)?\}$/.exec(part);
      if (name === null) return part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
      return name[2] === undefined ? `(?<${name[1]}>[^/]+)` : `(?<${name[1]}>.+)`;
    })
    .join('/');
  return new RegExp(`^${source}/?$`, 'i');
};

/** Finds the first route for a request. Paths are compared without case, as Resource Manager does. */
export class RouteTable {
  readonly #routes: { method: string; pattern: RegExp; handler: Handler }[];

  constructor(routes: Route[]) {
    this.#routes = routes.map(({ method, template, handler }) => ({ method, pattern: patternOf(template), handler }));
  }

  find(method: string, path: string): { handler: Handler; params: Record<string, string> } | undefined {
    for (const route of this.#routes) {
      if (route.method !== method) continue;
      const match = route.pattern.exec(path);
      if (match !== null) return { handler: route.handler, params: { ...match.groups } };
    }
    return undefined;
  }
}

/** One page of a list: `$skiptoken` says where it begins, `nextLink` where the next one does. */
export function page(call: Call, items: unknown[], size = call.azure.pageSize): Reply {
  const token = call.query.get('$skiptoken') ?? call.query.get('$skipToken');
  const start = token === null ? 0 : Number(Buffer.from(token, 'base64url').toString());
  if (!Number.isInteger(start) || start < 0) {
    throw new AzureError(400, 'InvalidSkipToken', 'The provided skip token is not valid.');
  }
  const body: Json = { value: items.slice(start, start + size) };
  if (start + size < items.length) {
    const query = new URLSearchParams(call.query);
    query.delete('$skipToken');
    query.set('$skiptoken', Buffer.from(String(start + size)).toString('base64url'));
    body.nextLink = `${call.origin}${encodeURI(call.path)}?${query}`;
  }
  return ok(body);
}
