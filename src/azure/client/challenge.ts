import { shellWord } from '../../text/shell-word.ts';

/** What a resource asks of a sign-in before it serves it (RFC 6750 with Entra ID's `claims`). */
export interface Challenge {
  /** The claims that the next token must have, as JSON text. */
  claims: string;
  /** "https://management.azure.com/.default" */
  scope: string;
  /** The tenant that has to issue it; "" when it is not known. */
  tenant: string;
}

const base64 = /^[A-Za-z0-9+/_-]{4,16384}={0,2}$/;

/**
 * The claims that a `WWW-Authenticate` header demands, as JSON text; "" when it demands none. They come Base64-encoded
 * (Microsoft Entra, "Claims challenges, claims requests, and client capabilities").
 */
export function claimsOf(header: string | undefined | null): string {
  const encoded = /(?:^|[\s,])claims="([^"]*)"/i.exec((header ?? '').slice(0, 32_768))?.[1] ?? '';
  if (!base64.test(encoded)) return '';
  const text = Buffer.from(encoded, 'base64').toString('utf8');
  try {
    JSON.parse(text);
    return text;
  } catch {
    return '';
  }
}

/** The whole line that signs in as a challenge demands, for a shell. It is of no use when a part of it is missing. */
export function challengeLine({ claims, scope, tenant }: Challenge): string {
  const encoded = Buffer.from(claims, 'utf8').toString('base64');
  const at = tenant === '' ? '' : ` --tenant ${shellWord(tenant)}`;
  return `az login${at} --scope ${shellWord(scope)} --claims-challenge ${shellWord(encoded)}`;
}

/** Azure requires a further sign-in step that only the user can complete (a claims challenge). */
export class ChallengeUnanswered extends Error {
  override readonly name = 'ChallengeUnanswered';
  readonly challenge: Challenge;

  constructor(challenge: Challenge, options?: ErrorOptions) {
    super('Azure wants a new sign-in with more than this one has', options);
    this.challenge = challenge;
  }
}
