import type { Unknown, WhyUnknown } from '../../documents/fact.ts';
import { unknown } from '../../documents/fact.ts';
import { printable } from '../../text/printable.ts';

/** What a read needs, said so that the customer can be asked for it. */
export interface Need {
  /** "Microsoft.Network/networkInterfaces/read" */
  permission: string;
  /** "Reader" */
  role: string;
  /** Resource id or its readable name. */
  scope: string;
}

/** What is asked of Defender for Cloud. */
export const securityReader: Need = {
  permission: 'Microsoft.Security/*/read',
  role: 'Security Reader',
  scope: 'the subscription',
};

interface AzureError {
  name: string;
  code: string;
  status: number;
  message: string;
  retryAfterSeconds: number | undefined;
}

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}

/** What an error of the SDK says: HTTP status, Azure's code and sentence. Status 0 means that no answer came. */
export function azureError(error: unknown): AzureError {
  const status = field(error, 'statusCode') ?? field(field(error, 'response'), 'status');
  const details = field(error, 'details');
  const envelope = field(details, 'error') ?? details;
  const code = field(envelope, 'code') ?? field(error, 'code');
  const message = field(envelope, 'message') ?? field(error, 'message') ?? String(error);
  const headers = field(field(error, 'response'), 'headers');
  const get = field(headers, 'get');
  const retryAfter = typeof get === 'function' ? Number(Reflect.apply(get, headers, ['retry-after'])) : Number.NaN;
  return {
    name: String(field(error, 'name') ?? ''),
    code: typeof code === 'string' ? code : '',
    status: typeof status === 'number' ? status : 0,
    message: printable(typeof message === 'string' ? message : String(message), 400),
    retryAfterSeconds: Number.isFinite(retryAfter) && retryAfter > 0 ? retryAfter : undefined,
  };
}

const notSignedIn = new Set([
  'CredentialUnavailableError',
  'AuthenticationRequiredError',
  'AuthenticationError',
  'AggregateAuthenticationError',
]);

/** Is the error "nobody is signed in, or the sign-in has ended"? */
export function isNotSignedIn(error: unknown): boolean {
  const { name, status } = azureError(error);
  return notSignedIn.has(name) || status === 401;
}

/** Is the error Azure's refusal for lack of permission? */
export function isForbidden(error: unknown): boolean {
  return azureError(error).status === 403;
}

/** Is the error Resource Graph's refusal to answer with more than 16 MiB? Its code stands in the details of a 400. */
export function isTooLarge(error: unknown): boolean {
  const details = field(error, 'details');
  const inner = field(field(details, 'error') ?? details, 'details');
  return (
    azureError(error).code === tooLarge ||
    (Array.isArray(inner) && inner.some((each) => field(each, 'code') === tooLarge))
  );
}
const tooLarge = 'ResponsePayloadTooLarge';

/** The kind of reason behind an SDK error. */
export function whyOf(error: unknown): WhyUnknown {
  const { code, status } = azureError(error);
  if (isNotSignedIn(error)) return 'not-signed-in';
  if (status === 403) return 'denied';
  if (code === 'ScopeLocked') return 'locked';
  if (status === 404) return 'absent';
  if (status === 429) return 'throttled';
  return status === 0 ? 'no-answer' : 'failed';
}

/** Turns an SDK error into an unknown with the reason and the cure. */
export function unknownFrom(error: unknown, source: string, need: Need): Unknown {
  const { name, code, status, message, retryAfterSeconds } = azureError(error);
  if (isNotSignedIn(error)) {
    return unknown('not-signed-in', 'not signed in, or the sign-in has ended', 'run az login, then refresh', source);
  }
  if (status === 403) {
    return unknown(
      'denied',
      `no permission ${need.permission} on ${need.scope}`,
      `ask the customer for ${need.role} on ${need.scope}`,
      source,
    );
  }
  if (code === 'ScopeLocked') {
    // A ReadOnly lock refuses every POST, also those that only ask (effective rules, admin rules).
    const [, scope = ''] = /scope\(s\) are locked: '([^']+)'/.exec(message) ?? [];
    const where = scope.split('/').at(-1) || 'the resource group';
    return unknown(
      'locked',
      `a ReadOnly lock on ${where} refuses it: Azure takes this question for a write`,
      'ask the customer to lift the lock while you look',
      source,
    );
  }
  if (status === 404)
    return unknown('absent', `Azure does not find it (${code || '404'})`, 'refresh: it may be gone', source);
  if (status === 429) {
    const wait = retryAfterSeconds ? `wait ${retryAfterSeconds} s` : 'wait a minute';
    return unknown('throttled', 'Azure throttles these requests (429)', `${wait}, then refresh`, source);
  }
  if (name === 'AbortError') return unknown('no-answer', 'the request was given up', 'refresh', source);
  if (status === 0) {
    return unknown(
      'no-answer',
      `Azure does not answer (${code || message})`,
      'check the network, then refresh',
      source,
    );
  }
  return unknown(
    'failed',
    `Azure answered ${status} ${code}: ${message}`,
    'refresh; if it stays, see the transcript',
    source,
  );
}
