import { createServer } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ChallengeUnanswered, challengeLine, claimsOf } from '../../../src/azure/client/challenge.ts';
import { type Connection, connect } from '../../../src/azure/client/connection.ts';
import { azureError, gapOf, isTooLarge, unknownFrom } from '../../../src/azure/client/failure.ts';
import { SignInFailed } from '../../../src/azure/client/sign-in-failure.ts';

const need = { permission: 'Microsoft.Network/networkInterfaces/read', role: 'Reader', scope: 'web01' };

/** Azure that gives one answer to everything. */
let answer: { status: number; headers?: Record<string, string>; body: unknown };
let connection: Connection;
const server = createServer((request, response) => {
  if (request.url?.startsWith('/msi/token')) {
    response.end(JSON.stringify({ access_token: 'h.e30.s', expires_on: String(Date.now() / 1000 + 3600) }));
    return;
  }
  const { status, headers, body } = answer;
  response.writeHead(status, headers).end(typeof body === 'string' ? body : JSON.stringify(body));
});

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`;
  connection = connect({ simulator: { url, identityHeader: 'h', clock: { now: () => new Date() } } });
});
afterAll(() => {
  server.close();
});

/** The message about a request that Azure answers so. */
async function told(status: number, body: unknown, headers: Record<string, string> = {}) {
  answer = { status, body, headers: { 'x-ms-request-id': 'r', ...headers } };
  const error = await connection.get('/subscriptions?api-version=2022-12-01').catch((thrown: unknown) => thrown);
  return { error, ...unknownFrom(error, 'ARM', need) };
}

describe('the cause is read where it stands', () => {
  it.each([
    [
      'details',
      409,
      {
        code: 'RetryableError',
        message: 'A retryable error occurred.',
        details: [
          { code: 'ReferencedResourceNotProvisioned', message: 'Cannot proceed: subnet s is not in Succeeded state.' },
        ],
      },
      'ReferencedResourceNotProvisioned: Cannot proceed: subnet s is not in Succeeded state.',
    ],
    [
      'details of a query, with the place',
      400,
      {
        code: 'BadRequest',
        message: 'Please provide below info when asking for support: timestamp = x, correlationId = y.',
        details: [
          { code: 'InvalidQuery', message: 'Query is invalid.' },
          { code: 'ParserFailure', message: 'ParserFailure', line: 1, characterPositionInLine: 11, token: '<EOF>' },
        ],
      },
      'InvalidQuery: Query is invalid.; ParserFailure (line 1, character 11)',
    ],
    [
      'innererror, at any depth',
      400,
      {
        code: 'BadArgumentError',
        message: 'The request had some invalid properties',
        innererror: {
          code: 'SemanticError',
          message: 'A semantic error occurred.',
          innererror: { code: 'SEM0100', message: "Failed to resolve column 'x'" },
        },
      },
      "Failed to resolve column 'x'",
    ],
    [
      'a body as text within the message',
      400,
      {
        code: 'DeploymentFailed',
        message: '{"error":{"code":"SkuNotAvailable","message":"No capacity in westeurope."}}',
      },
      'SkuNotAvailable: No capacity in westeurope.',
    ],
    [
      'the message on top, where it says more than the details',
      409,
      { code: 'Conflict', message: 'The snapshot is in use.', details: [{ code: 'InUse', message: 'By copy c1.' }] },
      'InUse: By copy c1.; The snapshot is in use.',
    ],
  ])('%s', async (_where, status, error, words) => {
    const { error: thrown, because } = await told(status, { error });
    expect(azureError(thrown).message).toBe(words);
    expect(because).toContain(words);
  });

  it('and codes count at every depth', async () => {
    const details = [{ code: 'ResponsePayloadTooLarge', message: 'Response payload size is 2, limit 1.' }];
    const { error } = await told(400, { error: { code: 'BadRequest', message: 'x', details } });
    expect(isTooLarge(error)).toBe(true);
  });
});

describe('a refusal says what refused', () => {
  const forbidden = (code: string, message: string, more: object = {}) =>
    told(403, { error: { code, message, ...more } });

  it('a role', async () => {
    const gap = await forbidden(
      'AuthorizationFailed',
      "The client 'c' does not have authorization to perform action 'a'.",
    );
    expect(gap).toMatchObject({ why: 'denied', because: `no permission ${need.permission} on web01` });
    expect(gap.cure).toBe('ask the customer for Reader on web01');
  });

  it('a policy, by its name, for which no role helps', async () => {
    const info = { policyAssignmentDisplayName: 'No public NSG changes' };
    const gap = await forbidden('RequestDisallowedByPolicy', "Resource 'n' was disallowed by policy.", {
      additionalInfo: [{ type: 'PolicyViolation', info }],
    });
    expect(gap.why).toBe('policy');
    expect(gap.because).toContain('No public NSG changes');
    expect(gap.cure).toContain('exemption');
    const named = await forbidden(
      'RequestDisallowedByPolicy',
      `Resource 'n' was disallowed by policy. Policy identifiers: '[{"policyAssignment":{"name":"deny-nsg","id":"/x"}}]'.`,
    );
    expect(named.because).toContain('(deny-nsg)');
  });

  it('a second factor that Azure’s own policy wants', async () => {
    const gap = await forbidden('RequestDisallowedByAzure', 'Resource x was disallowed by Azure: MFA is required.');
    expect(gap).toMatchObject({ why: 'second-factor', cure: expect.stringContaining('az login') });
  });

  it('a deny assignment', async () => {
    const gap = await forbidden(
      'DenyAssignmentAuthorizationFailed',
      "The client 'c' has permission to perform action 'a' on scope 's'; however, the access is denied because of the deny assignment with name 'System deny of mrg' and Id 'i' at scope 's'.",
    );
    expect(gap.why).toBe('denied');
    expect(gap.because).toContain('System deny of mrg');
    expect(gap.cure).toContain('a role does not help');
  });

  it('a management lock', async () => {
    const gap = await told(409, {
      error: {
        code: 'ScopeLocked',
        message:
          "The scope '/subscriptions/s/resourceGroups/rg/x' cannot perform write operation because following scope(s) are locked: '/subscriptions/s/resourceGroups/rg-hold'. Please remove the lock and try again.",
      },
    });
    expect(gap).toMatchObject({ why: 'locked', because: expect.stringContaining('rg-hold') });
  });

  it('a proxy, which is not Azure', async () => {
    answer = { status: 403, headers: { server: 'squid/6.1', 'content-type': 'text/html' }, body: '<h1>Blocked</h1>' };
    const error = await connection.get('/subscriptions?api-version=1').catch((thrown: unknown) => thrown);
    const gap = unknownFrom(error, 'ARM', need);
    expect(gap.why).toBe('no-answer');
    expect(gap.because).toContain('squid/6.1');
    expect(gap.cure).not.toContain('Reader');
    const gateway = await told(502, '<html>Bad gateway</html>');
    expect(gateway).toMatchObject({ why: 'no-answer', because: expect.stringContaining('answered 502') });
  });
});

describe('a token that Azure does not accept', () => {
  const claims = '{"access_token":{"acrs":{"essential":true,"values":["p1"]}}}';
  const encoded = Buffer.from(claims).toString('base64');

  it('of another tenant names the tenant to sign in to', async () => {
    const [ours, theirs] = ['11111111-2222-4333-8444-555555555555', '66666666-7777-4888-8999-aaaaaaaaaaaa'];
    const gap = await told(401, {
      error: {
        code: 'InvalidAuthenticationTokenTenant',
        message: `The access token is from the wrong issuer 'https://sts.windows.net/${ours}/'. It must match the tenant 'https://sts.windows.net/${theirs}/' associated with this subscription. Please use the authority (URL) 'https://login.windows.net/${theirs}' to get the token.`,
      },
    });
    expect(gap.because).toBe(`the sign-in is of tenant ${ours}, but the subscription belongs to tenant ${theirs}`);
    expect(gap.cure).toBe(`az login --tenant ${theirs}, then start cordon with --tenant ${theirs}`);
  });

  it('is for the cloud that refused', () => {
    const header = (name: string) =>
      name === 'www-authenticate' ? `Bearer error="insufficient_claims", claims="${encoded}"` : '';
    const refused = Object.assign(new Error('refused'), {
      statusCode: 401,
      request: { url: 'https://management.usgovcloudapi.net/subscriptions?api-version=1' },
      response: { status: 401, headers: { get: header } },
    });
    expect(gapOf(refused).cure).toContain('--scope https://management.usgovcloudapi.net/.default --claims-challenge');
    const entra = new SignInFailed(
      '',
      new Error('AADSTS50076: second factor'),
      '',
      'https://api.loganalytics.us/.default',
    );
    expect(gapOf(entra).cure).toBe('run az login --scope https://api.loganalytics.us/.default, then refresh');
  });

  it('is told with the claims that Azure wants, in one line that can be pasted', async () => {
    const header = `Bearer realm="", error="insufficient_claims", claims="${encoded}"`;
    expect(claimsOf(header)).toBe(claims);
    const gap = gapOf(
      new ChallengeUnanswered({ claims, scope: 'https://management.azure.com/.default', tenant: 't-1' }),
    );
    expect(gap.why).toBe('second-factor');
    expect(gap.cure).toBe(
      `az login --tenant t-1 --scope https://management.azure.com/.default --claims-challenge ${encoded}`,
    );
    // However long they are, they are whole.
    const long = JSON.stringify({ access_token: { acrs: { values: [...Array(300).keys()].map((n) => `c${n}`) } } });
    const line = challengeLine({ claims: long, scope: 's', tenant: '' });
    expect(Buffer.from(line.split(' ').at(-1) ?? '', 'base64').toString()).toBe(long);
  });

  it('tells a revoked session from a missing second factor', () => {
    const revoked = {
      claims: '{"access_token":{"nbf":{"essential":true,"value":"1735689600"}}}',
      scope: 's',
      tenant: '',
    };
    const gap = gapOf(new ChallengeUnanswered(revoked));
    expect(gap.why).toBe('not-signed-in');
    expect(gap.because).toContain('revoked');
    expect(gap.cure).toContain('--claims-challenge');
  });

  it('takes no claims from a header that has none that can be read', () => {
    for (const header of ['', 'Bearer error="invalid_token"', 'Bearer claims="%%%"', 'Bearer claims="bm90IGpzb24="']) {
      expect(claimsOf(header)).toBe('');
    }
  });
});

const unavailable = (message: string) => Object.assign(new Error(message), { name: 'CredentialUnavailableError' });

describe('a sign-in that Entra refuses', () => {
  const trace = 'Trace ID: 1 Correlation ID: 5f0e6d1c-0000-4000-8000-1234567890ab Timestamp: 2026-11-23 02:20:11Z';
  it.each([
    [700082, 'not-signed-in', /expired/, /az login --tenant contoso\.com/],
    [50173, 'not-signed-in', /revoked/, /az login/],
    [50076, 'second-factor', /second factor/, /az login .*--scope/],
    [50079, 'second-factor', /none registered/, /mfasetup/],
    [53003, 'policy', /Conditional Access.*5f0e6d1c/, /Sign-in logs/],
    [53000, 'policy', /device/, /compliant/],
    [500011, 'not-signed-in', /another cloud/, /az cloud set/],
    [90002, 'not-signed-in', /no such tenant/, /--tenant/],
    [50020, 'not-signed-in', /does not exist in that tenant/, /guest/],
    [65001, 'not-signed-in', /consented/, /--auth cli/],
    [700016, 'not-signed-in', /application/, /AZURE_CLIENT_ID/],
    [7000215, 'not-signed-in', /secret/, /AZURE_CLIENT_SECRET/],
    [50126, 'not-signed-in', /password/, /az login/],
    [50057, 'not-signed-in', /disabled/, /enable/],
  ])('AADSTS%i', (code, why, because, cure) => {
    const gap = gapOf(new SignInFailed('contoso.com', unavailable(`ERROR: AADSTS${code}: Some sentence. ${trace}`)));
    expect(gap.why).toBe(why);
    expect(gap.because).toContain(`AADSTS${code}`);
    expect(gap.because).toMatch(because);
    expect(gap.cure).toMatch(cure);
  });

  it('with a code that is not in the table is told in Entra’s own words', () => {
    const gap = gapOf(new SignInFailed('', unavailable(`ERROR: AADSTS9999999: A new rule. ${trace}`)));
    expect(gap.because).toBe('the sign-in failed: AADSTS9999999: A new rule.');
    expect(gap.cure).toContain('az login');
  });

  it('is found behind all the credentials that are merely not there', () => {
    const errors = [
      unavailable('EnvironmentCredential is unavailable. No underlying credential could be used.'),
      unavailable(`AADSTS50076: you must use multi-factor authentication. ${trace}`),
      unavailable('Azure Developer CLI could not be found.'),
    ];
    const chain = Object.assign(new Error('ChainedTokenCredential authentication failed.'), {
      name: 'AggregateAuthenticationError',
      errors,
    });
    expect(gapOf(chain).because).toContain('AADSTS50076');
  });

  it('with nobody signed in says who can sign in, and how', () => {
    const chain = (...messages: string[]) =>
      new SignInFailed(
        'contoso.com',
        Object.assign(new Error('Nobody'), { name: 'AggregateAuthenticationError', errors: messages.map(unavailable) }),
      );
    const cli = gapOf(
      chain("Please run 'az login' from a command prompt to authenticate before using this credential."),
    );
    expect(cli).toEqual({
      why: 'not-signed-in',
      because: 'not signed in',
      cure: 'run az login --tenant contoso.com, then refresh',
    });
    const without = gapOf(chain('Azure CLI could not be found. Please visit https://aka.ms/azure-cli …'));
    expect(without.cure).toContain('--auth device-code');
  });

  it('because the CLI does not believe a proxy’s certificate names its setting', () => {
    const python =
      'ERROR: HTTPSConnectionPool: SSLError(SSLCertVerificationError(1, "certificate verify failed: self-signed"))';
    expect(gapOf(new SignInFailed('', unavailable(python))).cure).toContain('REQUESTS_CA_BUNDLE');
  });
});

describe('no answer', () => {
  const system = (code: string) => Object.assign(new Error(`x ${code}`), { name: 'RestError', code });
  it.each([
    ['SELF_SIGNED_CERT_IN_CHAIN', /NODE_EXTRA_CA_CERTS/],
    ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', /NODE_EXTRA_CA_CERTS/],
    ['DEPTH_ZERO_SELF_SIGNED_CERT', /NODE_EXTRA_CA_CERTS/],
    ['CERT_HAS_EXPIRED', /clock/],
    ['ENOTFOUND', /DNS/],
    ['ECONNREFUSED', /HTTPS_PROXY/],
    ['ECONNRESET', /refresh/],
  ])('%s', (code, cure) => {
    expect(gapOf(system(code))).toMatchObject({ why: 'no-answer', because: expect.stringContaining(code) });
    expect(gapOf(system(code)).cure).toMatch(cure);
  });

  it('is not what an answer is called that cannot be read', async () => {
    const gap = gapOf(new TypeError("Cannot read properties of undefined (reading 'x')"));
    expect(gap).toMatchObject({ why: 'damaged', because: expect.stringContaining('could not be read') });
  });
});
