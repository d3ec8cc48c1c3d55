import type { AccessToken, GetTokenOptions } from '@azure/identity';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { ChallengeUnanswered } from '../../../src/azure/client/challenge.ts';
import { gapOfSignIn } from '../../../src/azure/client/sign-in-failure.ts';
import { cachedTokens } from '../../../src/azure/client/token-cache.ts';

const hour = 3_600_000;
const scope = 'https://management.azure.com/.default';
const tokenIn = (tenant: string, serial: number) =>
  `h.${Buffer.from(JSON.stringify({ tid: tenant, serial })).toString('base64url')}.s`;

/** A source of tokens that live an hour and count up; `asked` has what it was asked for. */
function sourceOf(clock: { now: number }, fail: () => Error | undefined = () => undefined) {
  const asked: { scopes: string; options: GetTokenOptions }[] = [];
  const credential = {
    async getToken(scopes: string | string[], options: GetTokenOptions = {}): Promise<AccessToken> {
      asked.push({ scopes: String(scopes), options });
      const error = fail();
      if (error) throw error;
      return { token: tokenIn('t1', asked.length), expiresOnTimestamp: clock.now + hour };
    },
  };
  return {
    asked,
    cache: cachedTokens(async () => credential, { tenant: 'contoso.com', now: () => clock.now }),
  };
}

describe('the tokens of all clients', () => {
  it('are asked for once for each scope and tenant, also by many at once', async () => {
    const { asked, cache } = sourceOf({ now: 0 });
    const tokens = await Promise.all([...Array(13)].map(() => cache.getToken([scope], { enableCae: true })));
    expect(new Set(tokens.map((one) => one?.token)).size).toBe(1);
    await cache.getToken(scope);
    expect(asked).toHaveLength(1);
    await Promise.all([
      cache.getToken('https://api.loganalytics.io/.default'),
      cache.getToken(scope, { tenantId: 'x' }),
    ]);
    expect(asked).toHaveLength(3);
  });

  it('outlive the one who asked first and gave up', async () => {
    const { asked, cache } = sourceOf({ now: 0 });
    await cache.getToken(scope, { abortSignal: AbortSignal.abort() });
    expect(asked[0]?.options.abortSignal?.aborted).toBe(false);
  });

  it('are renewed before they end, and used to their end where that fails', async () => {
    const clock = { now: 0 };
    let error: Error | undefined;
    const { asked, cache } = sourceOf(clock, () => error);
    const first = await cache.getToken(scope);
    clock.now = hour - 60_000;
    error = new Error('no network');
    expect((await cache.getToken(scope))?.token).toBe(first?.token);
    clock.now = hour;
    await expect(cache.getToken(scope)).rejects.toMatchObject({
      name: 'SignInFailed',
      tenant: 'contoso.com',
      cause: error,
    });
    // A failure is not kept.
    error = undefined;
    expect((await cache.getToken(scope))?.token).toBe(tokenIn('t1', 4));
    expect(asked).toHaveLength(4);
  });

  it('are asked for anew when Azure refused the one that was held', async () => {
    const { asked, cache } = sourceOf({ now: 0 });
    const first = await cache.getToken(scope);
    cache.refuse(first?.token ?? '');
    const second = await cache.getToken(scope);
    expect(second?.token).not.toBe(first?.token);
    // Another client still holds the first, and comes back with the challenge that it earned.
    expect((await cache.getToken(scope, { claims: '{}' }))?.token).toBe(second?.token);
    expect(asked).toHaveLength(2);
  });

  it('that need claims which nobody can get are told with the claims, the scope and the tenant of the old token', async () => {
    let error: Error | undefined;
    const { cache } = sourceOf({ now: 0 }, () => error);
    const first = await cache.getToken(scope);
    cache.refuse(first?.token ?? '');
    error = new Error('az cannot');
    const failed = await cache.getToken([scope], { claims: '{"a":1}' }).catch((thrown: unknown) => thrown);
    expect(failed).toBeInstanceOf(ChallengeUnanswered);
    expect(failed).toMatchObject({ challenge: { claims: '{"a":1}', scope, tenant: 't1' } });
  });
});

describe('a sign-in that never answers', () => {
  afterEach(() => {
    vi.useRealTimers();
  });
  const silent = { getToken: () => new Promise<never>(() => undefined) };

  it.each([
    ['after a minute', silent, 60],
    ['later where a person is waited for', { ...silent, patience: 960 }, 960],
  ])('is given up %s, with what to do', async (_when, source, seconds) => {
    vi.useFakeTimers();
    const failing = cachedTokens(async () => source)
      .getToken(scope)
      .catch((error: unknown) => error);
    let ended = false;
    failing.then(() => {
      ended = true;
    });
    await vi.advanceTimersByTimeAsync(seconds * 1000 - 1);
    expect(ended).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    expect(gapOfSignIn(await failing)).toMatchObject({
      why: 'no-answer',
      because: `no token came: the sign-in did not answer in ${seconds} s`,
      cure: expect.stringContaining('az login'),
    });
  });

  it('is given up at once when cordon ends', async () => {
    const closing = new AbortController();
    const failing = cachedTokens(async () => silent, { closing: closing.signal }).getToken(scope);
    closing.abort();
    await expect(failing).rejects.toThrow('aborted');
  });
});
