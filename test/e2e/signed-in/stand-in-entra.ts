import { createHash, randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';

/** Requests to Entra, one entry a request of a token or a code. */
export interface AskedOfEntra {
  tenant: string;
  /** "device_code", "devicecode" (the code itself), "refresh_token", "authorization_code", "client_credentials" */
  grant: string;
  scope: string;
  claims: string;
}

export interface StandInEntra {
  port: number;
  asked(): AskedOfEntra[];
  /** The person enters the code that was shown last. */
  enterCode(): void;
  close(): Promise<void>;
}

export interface EntraOptions {
  tls: { cert: string; key: string };
  /** A token of the simulator's for a resource. */
  tokenFor: (resource: string) => Promise<string>;
  /** Does the person enter a code at once? Otherwise `enterCode` does it. */
  entersCode?: boolean;
}

const tenantId = '7f3a2c51-98d0-4b6e-a1f2-5c0d7e6b9a34';
export const application = { id: '5f0c1d2e-aaaa-4bbb-8ccc-0123456789ab', secret: 'not-a-secret' };
export const userCode = 'CRDN7KQ2X';

const encoded = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');

async function formOf(request: IncomingMessage): Promise<URLSearchParams> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(Buffer.from(part as Uint8Array));
  return new URLSearchParams(Buffer.concat(parts).toString('utf8'));
}

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

/** The first scope is the resource with "/.default"; the others are OpenID Connect's. */
const resourceIn = (scope: string) => (scope.split(' ').find((one) => one.endsWith('/.default')) ?? '').slice(0, -9);

/**
 * Entra ID's part in a sign-in, on the loopback: discovery, the device code flow, the authorization code flow with
 * PKCE and form_post, client credentials and refresh ("Microsoft identity platform and OAuth 2.0", one page a flow). The
 * person behind it enters each code, and each browser that opens the page is signed in.
 */
export async function openStandInEntra(options: EntraOptions): Promise<StandInEntra> {
  const { entersCode = true } = options;
  const asked: AskedOfEntra[] = [];
  let entered = false;
  const challenges = new Map<string, string>();

  const refuse = (response: ServerResponse, error: string, text: string) =>
    send(response, 400, { error, error_description: text, error_codes: [Number(/AADSTS(\d+)/.exec(text)?.[1] ?? 0)] });

  async function tokens(response: ServerResponse, form: URLSearchParams, person: boolean): Promise<void> {
    const scope = form.get('scope') ?? '';
    const token = await options.tokenFor(resourceIn(scope));
    const now = Math.floor(Date.now() / 1000);
    const id = { aud: form.get('client_id'), iss: `https://login.microsoftonline.com/${tenantId}/v2.0`, iat: now };
    const about = {
      nbf: now,
      exp: now + 3600,
      oid: 'anna',
      tid: tenantId,
      sub: 'anna',
      preferred_username: 'anna',
      ver: '2.0',
    };
    send(response, 200, {
      token_type: 'Bearer',
      scope,
      expires_in: 3600,
      ext_expires_in: 3600,
      access_token: token,
      ...(person && {
        refresh_token: randomBytes(24).toString('base64url'),
        id_token: `${encoded({ alg: 'none', typ: 'JWT' })}.${encoded({ ...id, ...about })}.`,
        client_info: encoded({ uid: 'anna', utid: tenantId }),
      }),
    });
  }

  async function grant(response: ServerResponse, form: URLSearchParams): Promise<void> {
    const kind = (form.get('grant_type') ?? '').replace('urn:ietf:params:oauth:grant-type:', '');
    if (kind === 'device_code') {
      if (!entered)
        return refuse(
          response,
          'authorization_pending',
          'AADSTS70016: OAuth 2.0 device flow error. Authorization is pending.',
        );
    } else if (kind === 'client_credentials') {
      if (form.get('client_secret') !== application.secret)
        return refuse(
          response,
          'invalid_client',
          `AADSTS7000215: Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID, for a secret added to app '${application.id}'.`,
        );
      return tokens(response, form, false);
    } else if (kind === 'authorization_code') {
      const made = createHash('sha256')
        .update(form.get('code_verifier') ?? '')
        .digest('base64url');
      if (challenges.get(form.get('code') ?? '') !== made)
        return refuse(
          response,
          'invalid_grant',
          'AADSTS501481: The Code_Verifier does not match the code_challenge supplied in the authorization request.',
        );
    } else if (kind === 'refresh_token' && form.get('claims')?.includes('"acrs"')) {
      return refuse(
        response,
        'interaction_required',
        'AADSTS50076: Due to a configuration change made by your administrator, you must use multi-factor authentication.',
      );
    }
    return tokens(response, form, true);
  }

  /** The page that a browser opens: signed in, it posts the code to the program by a form. */
  function authorize(response: ServerResponse, query: URLSearchParams): void {
    const code = randomBytes(16).toString('hex');
    challenges.set(code, query.get('code_challenge') ?? '');
    const fields = { code, state: query.get('state') ?? '', client_info: encoded({ uid: 'anna', utid: tenantId }) };
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ action: query.get('redirect_uri'), mode: query.get('response_mode'), fields }));
  }

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const url = new URL(request.url ?? '/', `https://${request.headers.host}`);
    const [tenant = ''] = url.pathname.slice(1).split('/');
    const base = `${url.origin}/${tenant}`;
    if (url.pathname === '/common/discovery/instance') {
      send(response, 200, {
        tenant_discovery_endpoint: `${url.origin}/organizations/v2.0/.well-known/openid-configuration`,
        'api-version': '1.1',
        metadata: [{ preferred_network: url.host, preferred_cache: url.host, aliases: [url.host] }],
      });
    } else if (url.pathname.endsWith('/openid-configuration')) {
      send(response, 200, {
        issuer: `${base}/v2.0`,
        authorization_endpoint: `${base}/oauth2/v2.0/authorize`,
        token_endpoint: `${base}/oauth2/v2.0/token`,
        device_authorization_endpoint: `${base}/oauth2/v2.0/devicecode`,
        jwks_uri: `${base}/discovery/v2.0/keys`,
      });
    } else if (url.pathname.endsWith('/oauth2/v2.0/authorize')) {
      authorize(response, url.searchParams);
    } else if (url.pathname.endsWith('/oauth2/v2.0/devicecode')) {
      const form = await formOf(request);
      entered = entersCode;
      asked.push({ tenant, grant: 'devicecode', scope: form.get('scope') ?? '', claims: form.get('claims') ?? '' });
      send(response, 200, {
        user_code: userCode,
        device_code: randomBytes(16).toString('hex'),
        verification_uri: 'https://login.microsoft.com/device',
        expires_in: 900,
        interval: 0.05,
        message: `To sign in, use a web browser to open the page https://login.microsoft.com/device and enter the code ${userCode} to authenticate.`,
      });
    } else if (url.pathname.endsWith('/oauth2/v2.0/token')) {
      const form = await formOf(request);
      const kind = (form.get('grant_type') ?? '').replace('urn:ietf:params:oauth:grant-type:', '');
      asked.push({ tenant, grant: kind, scope: form.get('scope') ?? '', claims: form.get('claims') ?? '' });
      await grant(response, form);
    } else {
      send(response, 404, { error: 'not_found', error_description: url.pathname });
    }
  };
  const server = createSecureServer({ cert: options.tls.cert, key: options.tls.key }, (request, response) => {
    answer(request, response).catch(() => response.destroy());
  });
  const running = await listening(server, () => asked.splice(0));
  return {
    ...running,
    enterCode() {
      entered = true;
    },
  };
}

async function listening<T>(
  server: ReturnType<typeof createServer> | ReturnType<typeof createSecureServer>,
  asked: () => T[],
) {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('no address');
  return {
    port: address.port,
    asked,
    close: () =>
      new Promise<void>((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

/** The metadata service of a VM in Azure with a system-assigned identity and no other: plain HTTP, and nothing without its header. */
export async function openStandInImds(
  tokenFor: (resource: string) => Promise<string>,
): Promise<{ port: number; asked(): string[]; close(): Promise<void> }> {
  const asked: string[] = [];
  const server = createServer(async (request, response) => {
    const url = new URL(request.url ?? '/', 'http://imds');
    const resource = url.searchParams.get('resource') ?? '';
    asked.push(resource);
    if (request.headers.metadata !== 'true') return send(response, 400, { error: 'invalid_request' });
    if (url.searchParams.has('client_id'))
      return send(response, 400, { error: 'invalid_request', error_description: 'Identity not found' });
    const now = Math.floor(Date.now() / 1000);
    send(response, 200, {
      access_token: await tokenFor(resource),
      expires_in: '3600',
      expires_on: String(now + 3600),
      not_before: String(now),
      resource,
      token_type: 'Bearer',
    });
  });
  return listening(server, () => asked.splice(0));
}
