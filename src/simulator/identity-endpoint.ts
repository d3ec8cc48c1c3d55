import { timingSafeEqual } from 'node:crypto';
import type { Azure } from './azure.ts';
import type { Incoming } from './gateway.ts';
import type { Json } from './json.ts';

export interface OwnReply {
  status: number;
  headers?: Record<string, string>;
  body: Json;
}

function equal(left: string | undefined, right: string): boolean {
  const [a, b] = [Buffer.from(left ?? ''), Buffer.from(right)];
  return a.length === b.length && timingSafeEqual(a, b);
}

/** `11/23/2026 02:20:11 +00:00`, the form of expiry that the older App Service endpoint uses. */
function written(seconds: number): string {
  const [date = '', time = ''] = new Date(seconds * 1000).toISOString().split('T');
  const [year, month, day] = date.split('-');
  return `${month}/${day}/${year} ${time.slice(0, 8)} +00:00`;
}

/** Is the request one to the managed-identity endpoint? Azure CLI 2.45 asks it with a slash at the end. */
export function asksForToken({ target }: Incoming): boolean {
  return /^\/msi\/token\/?$/i.test(new URL(target, 'http://localhost').pathname);
}

/**
 * The managed-identity endpoint at `/msi/token`: App Service's two forms (`X-IDENTITY-HEADER` with 2019-08-01,
 * `Secret` with 2017-09-01) and Cloud Shell's POST. `undefined` for every other path.
 */
export function answerIdentity(azure: Azure, secret: string, incoming: Incoming): OwnReply | undefined {
  if (!asksForToken(incoming)) return undefined;
  const url = new URL(incoming.target, 'http://localhost');
  const form = incoming.method === 'POST' ? new URLSearchParams(incoming.body) : url.searchParams;
  const { headers } = incoming;
  const modern = equal(headers['x-identity-header'], secret);
  const older = equal(headers.secret, secret);
  const shell = incoming.method === 'POST' && headers.metadata === 'true';
  if (!modern && !older && !shell) {
    return { status: 401, body: { statusCode: 401, message: 'The identity header is missing or wrong.' } };
  }
  const resource = form.get('resource') ?? url.searchParams.get('resource');
  if (resource === null || resource === '') {
    return { status: 400, body: { statusCode: 400, message: 'The query parameter resource is missing.' } };
  }
  const { token, expiresOn, notBefore } = azure.tokens.issue(resource);
  const version = url.searchParams.get('api-version');
  const expiry = older && version === '2017-09-01' ? written(expiresOn) : String(expiresOn);
  return {
    status: 200,
    headers: { 'cache-control': 'no-store' },
    body: {
      access_token: token,
      expires_on: expiry,
      ...(shell && { expires_in: String(azure.tokens.lifetime), not_before: String(notBefore) }),
      resource,
      token_type: 'Bearer',
      client_id: '04b07795-8ddb-461a-bbee-02f9e1bf7b46',
    },
  };
}
