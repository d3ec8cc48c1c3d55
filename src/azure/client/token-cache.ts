import type { AccessToken, GetTokenOptions, TokenCredential } from '@azure/identity';
import { ChallengeUnanswered } from './challenge.ts';
import { SignInFailed } from './sign-in-failure.ts';
import { identityOf } from './signed-in.ts';
import { within } from './time-limits.ts';

/** A token with less life than this is asked for again: the clients refresh theirs two minutes before the end. */
const leastLifeMs = 120_000;

/** How long a token that Azure refused is not asked for again: az returns the same one until the next sign-in. */
const askAgainAfterMs = 10_000;

/** How long a sign-in may take for a token that nobody has to do anything for, in seconds. */
const usualPatience = 60;

/** Where tokens come from. */
export interface TokenSource extends TokenCredential {
  /** The line that signs in again this way, where it is not that of the Azure CLI. */
  again?: string;
  /** How long a token may take, in seconds, where it is longer than a request does: a person is waited for, or processes. */
  patience?: number;
}

interface CacheOptions {
  /** Named where no token is given; "" for the credential's own. */
  tenant?: string | undefined;
  now?: () => number;
  /** Gives up whatever is waited for. */
  closing?: AbortSignal;
}

/** One credential for all clients: a token for each scope and tenant, with one request for it at a time. */
export interface TokenCache extends TokenCredential {
  getToken(scopes: string | string[], options?: GetTokenOptions): Promise<AccessToken | null>;
  /** Azure refused this token: the source is asked for another before it is given out again. */
  refuse(token: string): void;
  /** The token to send in place of this one: another where this one was refused and the source has a newer one. */
  living(token: string): Promise<string>;
}

/**
 * Each of the SDK's clients asks its credential for itself, and a sign-in with the Azure CLI is a process of two
 * seconds for each. `source` is asked once; what it gives serves them all. A failure is not kept, so that a
 * later sign-in is used; one that does not answer is given up. Throws SignInFailed with the source's error, or
 * ChallengeUnanswered where Azure demanded claims that the source cannot get.
 */
export function cachedTokens(
  source: () => Promise<TokenSource>,
  { tenant: wantedTenant = '', now = Date.now, closing }: CacheOptions = {},
): TokenCache {
  const held = new Map<string, AccessToken>();
  const underWay = new Map<string, Promise<AccessToken | null>>();
  const refused = new Set<string>();
  /** When the source was last asked in place of a refused token. */
  const renewedAt = new Map<string, number>();
  /** The scope for which each token was requested. */
  const origins = new Map<string, { scopes: string[]; options: GetTokenOptions }>();

  async function fetchToken(key: string, scopes: string[], options: GetTokenOptions): Promise<AccessToken | null> {
    const before = held.get(key);
    // The caller's own signal stays out: others wait for the same token.
    const { claims, tenantId } = options;
    const asked = {
      // Of all alike: tokens with and without it are two sign-ins for the SDK, and a person would be asked twice.
      enableCae: true,
      ...(claims === undefined ? {} : { claims }),
      ...(tenantId === undefined ? {} : { tenantId }),
    };
    let again: string | undefined;
    try {
      const credential = await source();
      again = credential.again;
      const { patience = usualPatience } = credential;
      const fresh = await within('the sign-in', patience, [closing], (abortSignal) =>
        credential.getToken(scopes, { ...asked, abortSignal }),
      );
      if (fresh) held.set(key, fresh);
      if (fresh) origins.set(fresh.token, { scopes, options: tenantId === undefined ? {} : { tenantId } });
      return fresh;
    } catch (error) {
      if (claims) {
        const tenant = tenantId ?? (before ? identityOf(before.token).tenantId : wantedTenant);
        throw new ChallengeUnanswered({ claims, scope: scopes[0] ?? '', tenant }, { cause: error });
      }
      // A token that lives a little longer is better than none.
      if (before && !refused.has(before.token) && before.expiresOnTimestamp > now()) return before;
      throw new SignInFailed(tenantId ?? wantedTenant, error, again, scopes[0]);
    }
  }

  async function getToken(scopes: string | string[], options: GetTokenOptions = {}): Promise<AccessToken | null> {
    const list = Array.isArray(scopes) ? scopes : [scopes];
    const key = `${list.join(' ')} ${options.tenantId ?? ''}`;
    const known = held.get(key);
    const good = known && !refused.has(known.token) && known.expiresOnTimestamp - now() > leastLifeMs;
    // With claims too: what was refused was an older token of another client.
    if (good && (!options.claims || refused.size > 0)) return known;
    if (known && refused.has(known.token) && !options.claims) {
      if (now() - (renewedAt.get(key) ?? Number.NEGATIVE_INFINITY) < askAgainAfterMs) return known;
      renewedAt.set(key, now());
    }
    const request = `${key} ${options.claims ?? ''}`;
    const waiting = underWay.get(request);
    if (waiting) return waiting;
    const fresh = fetchToken(key, list, options).finally(() => underWay.delete(request));
    underWay.set(request, fresh);
    return fresh;
  }

  return {
    getToken,
    refuse(token) {
      refused.add(token);
    },
    async living(token) {
      const origin = refused.has(token) ? origins.get(token) : undefined;
      if (!origin) return token;
      const fresh = await getToken(origin.scopes, origin.options).catch(() => null);
      return fresh?.token ?? token;
    },
  };
}
