import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { AzureError } from './azure-error.ts';
import { isRecord } from './json.ts';
import type { Caller } from './world.ts';

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

const audiences: Record<'arm' | 'logs' | 'kusto', RegExp> = {
  arm: /^https:\/\/management\.(core\.windows\.net|azure\.com|usgovcloudapi\.net|core\.usgovcloudapi\.net|chinacloudapi\.cn|core\.chinacloudapi\.cn)\/*$/i,
  kusto: /^https:\/\/([\w-]+\.)+kusto\.(windows\.net|usgovcloudapi\.net|chinacloudapi\.cn)\/*$/i,
  logs: /^https:\/\/api\.loganalytics\.(io|us|azure\.cn|azure\.com)\/*$/i,
};

/** The address that the sign-in came from, as Entra ID writes it into tokens for Azure Resource Manager. */
export const callerAddress = '198.51.100.20';

const challenge = (tenant: string, detail: string): Record<string, string> => ({
  'www-authenticate': `Bearer authorization_uri="https://login.microsoftonline.com/${tenant}", error="invalid_token", error_description="${detail}"`,
});

/** The claims that Azure demands where a second factor is missing: an authentication context of the tenant's. */
const secondFactorClaims = Buffer.from('{"access_token":{"acrs":{"essential":true,"values":["p1"]}}}').toString(
  'base64',
);

/**
 * Issues and checks access tokens: JSON Web Tokens signed with a key that lives as long as the simulator. Lifetimes
 * run in real time, because the clients that cache tokens know no other.
 */
export class Tokens {
  readonly #key = randomBytes(32);
  readonly #caller: Caller;
  /** Tokens of an earlier generation count as expired. */
  #generation = 0;
  #withheld = 0;
  readonly #known = new Set<string>();
  /** Seconds that a new token lives. */
  lifetime: number;

  constructor(caller: Caller, lifetime = 3600) {
    this.#caller = caller;
    this.lifetime = lifetime;
  }

  /** Is it signed with our key? The same token comes with each request, and is checked once. */
  #isOurs(text: string, signature: string): boolean {
    const whole = `${text}.${signature}`;
    if (this.#known.has(whole)) return true;
    const expected = Buffer.from(this.#sign(text));
    const given = Buffer.from(signature);
    if (expected.length !== given.length || !timingSafeEqual(expected, given)) return false;
    if (this.#known.size > 1000) this.#known.clear();
    this.#known.add(whole);
    return true;
  }

  #sign(text: string): string {
    return createHmac('sha256', this.#key).update(text).digest('base64url');
  }

  /** A token for a resource (its audience), with the seconds since 1970 at which it ends. */
  issue(resource: string): { token: string; expiresOn: number; notBefore: number } {
    const now = Math.floor(Date.now() / 1000);
    const { upn, name, oid, tenantId, amr } = this.#caller;
    const claims = {
      aud: resource,
      iss: `https://sts.windows.net/${tenantId}/`,
      iat: now,
      nbf: now,
      exp: now + this.lifetime,
      idtyp: 'user',
      acr: '1',
      amr,
      ipaddr: callerAddress,
      appid: '04b07795-8ddb-461a-bbee-02f9e1bf7b46',
      name,
      oid,
      sub: oid,
      tid: tenantId,
      unique_name: upn,
      upn,
      generation: this.#generation,
      uti: randomBytes(12).toString('base64url'),
      ver: '1.0',
    };
    const text = `${encode({ typ: 'JWT', alg: 'HS256', kid: 'simulator' })}.${encode(claims)}`;
    return { token: `${text}.${this.#sign(text)}`, expiresOn: now + this.lifetime, notBefore: now };
  }

  /** Every token issued so far counts as expired from now on. */
  expireAll(): void {
    this.#generation += 1;
  }

  /** The same, and so many requests for a token get no answer. */
  withhold(requests: number): void {
    this.expireAll();
    this.#withheld += requests;
  }

  /** Every request for a token gets its answer again. */
  answerAgain(): void {
    this.#withheld = 0;
  }

  /** Is this request for a token one that gets no answer? */
  withholds(): boolean {
    if (this.#withheld === 0) return false;
    this.#withheld -= 1;
    return true;
  }

  /** Refuses a request whose Authorization header does not carry a valid token for the service. */
  demand(header: string | undefined, service: keyof typeof audiences): void {
    const tenant = this.#caller.tenantId;
    const refuse = (code: string, message: string): AzureError =>
      new AzureError(401, code, message, { headers: challenge(tenant, message.replaceAll('"', "'")) });
    if (header === undefined) {
      throw refuse('AuthenticationFailed', "Authentication failed. The 'Authorization' header is missing.");
    }
    const token = /^Bearer ([\w-]+)\.([\w-]+)\.([\w-]+)$/i.exec(header);
    if (token === null) {
      throw refuse('InvalidAuthenticationToken', 'The access token is invalid.');
    }
    const [, head = '', body = '', signature = ''] = token;
    if (!this.#isOurs(`${head}.${body}`, signature)) {
      throw refuse('InvalidAuthenticationToken', 'The access token validation failure: signature.');
    }
    const claims: unknown = JSON.parse(Buffer.from(body, 'base64url').toString());
    if (!isRecord(claims)) throw refuse('InvalidAuthenticationToken', 'The access token is invalid.');
    if (typeof claims.aud !== 'string' || !audiences[service].test(claims.aud)) {
      throw refuse(
        'InvalidAuthenticationTokenAudience',
        `The access token has been obtained for wrong audience or resource '${String(claims.aud)}'.`,
      );
    }
    const expired =
      typeof claims.exp !== 'number' || claims.exp * 1000 <= Date.now() || claims.generation !== this.#generation;
    if (expired) {
      throw refuse('ExpiredAuthenticationToken', 'The access token expiry time is earlier than the current time.');
    }
  }

  /**
   * Refuses a person's create, update or delete for which no second factor went into the sign-in, as Azure does since
   * phase 2 of its mandatory multifactor authentication: 401 with a claims challenge.
   */
  demandSecondFactor(method: string): void {
    if (!/^(PUT|PATCH|DELETE)$/.test(method) || this.#caller.amr.includes('mfa')) return;
    const authority = `https://login.microsoftonline.com/${this.#caller.tenantId}`;
    throw new AzureError(
      401,
      'RequestDisallowedByAzure',
      'Resource was disallowed by Azure: Users must authenticate with multi-factor authentication (MFA) to create or update resources.',
      {
        headers: {
          'www-authenticate': `Bearer realm="", authorization_uri="${authority}/oauth2/authorize", error="insufficient_claims", claims="${secondFactorClaims}"`,
        },
      },
    );
  }
}
