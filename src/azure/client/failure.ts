import { at } from '../../arm/json.ts';
import type { Gap, Unknown, WhyUnknown } from '../../documents/fact.ts';
import { unknown } from '../../documents/fact.ts';
import { printable } from '../../text/printable.ts';
import { type AzureError, azureError as azureErrorOf } from './azure-error.ts';
import { gapOfRefusal, gapOfUnauthorized, type Need } from './refusals.ts';
import { gapOfSignIn, isSignInFailure } from './sign-in-failure.ts';

export type { Need } from './refusals.ts';

/** Requests to Defender for Cloud. */
export const securityReader: Need = {
  permission: 'Microsoft.Security/*/read',
  role: 'Security Reader',
  scope: 'the subscription',
};

/**
 * What an error says: HTTP status, Azure's code, and what happened in a sentence. A sign-in that failed is reported
 * with its cause and the whole of its cure.
 */
export function azureError(error: unknown): AzureError {
  const said = azureErrorOf(error);
  if (!isNotSignedIn(error)) return said;
  const { because, cure } = gapOf(error);
  return { ...said, message: `${because}. ${cure}` };
}

/** An error in a few words: "403 AuthorizationFailed". */
export function briefly(error: unknown): string {
  const { status, code, message } = azureError(error);
  return [status || '', code || message].filter(Boolean).join(' ');
}

/** What a read gives, null where Azure has no such thing (404). Rejects with the error of any other refusal. */
export async function ifThere<T>(read: Promise<T>): Promise<T | null> {
  try {
    return await read;
  } catch (error) {
    if (azureError(error).status === 404) return null;
    throw error;
  }
}

/** Is the error "not signed in, or the sign-in has ended"? */
export function isNotSignedIn(error: unknown): boolean {
  return isSignInFailure(error) || azureErrorOf(error).status === 401;
}

/** Is the error Azure's refusal for lack of permission? */
export function isForbidden(error: unknown): boolean {
  return azureErrorOf(error).status === 403;
}

/** Does Resource Graph not understand the query? */
export function isInvalidQuery(error: unknown): boolean {
  const { status, codes } = azureErrorOf(error);
  return status === 400 && codes.some((code) => /^(InvalidQuery|ParserFailure)$/.test(code));
}

/** Is the error Resource Graph's refusal to answer with more than 16 MiB? Its code is in the details of a 400. */
export function isTooLarge(error: unknown): boolean {
  return azureErrorOf(error).codes.includes('ResponsePayloadTooLarge');
}

/** The kind of reason behind an SDK error. */
export function whyOf(error: unknown): WhyUnknown {
  return gapOf(error).why;
}

/** Turns an SDK error into an unknown with the reason and the cure. */
export function unknownFrom(error: unknown, source: string, need: Need): Unknown {
  const { why, because, cure } = gapOf(error, need);
  return unknown(why, because, cure, source);
}

/** No request was answered: what the system says of it, by Node's and OpenSSL's codes. */
function gapWithoutAnswer({ name, code, message }: AzureError): Gap {
  const no = (because: string, cure: string): Gap => ({ why: 'no-answer', because, cure });
  if (name === 'AbortError') return no('the request was given up', 'refresh');
  if (name === 'TimeLimitExceeded') return no(message, 'refresh; --timeout gives Azure more time for each request');
  if (/^(CERT_(HAS_EXPIRED|NOT_YET_VALID))$/.test(code)) {
    return no(
      `the certificate of the answer is not valid at this computer’s time (${code})`,
      'check this computer’s clock',
    );
  }
  if (/CERT|SELF_SIGNED|UNABLE_TO_(GET|VERIFY)/.test(code)) {
    return no(
      `a proxy on the way reads what is sent to Azure, with a certificate that Node does not know (${code})`,
      'set NODE_EXTRA_CA_CERTS to the file of your organisation’s root certificate (PEM), then start cordon again',
    );
  }
  const cures: Record<string, string> = {
    ENOTFOUND: 'check the network’s DNS; where only a proxy leads out, set HTTPS_PROXY',
    EAI_AGAIN: 'check the network’s DNS; where only a proxy leads out, set HTTPS_PROXY',
    ECONNREFUSED: 'check the network, and HTTPS_PROXY where it is set',
  };
  return no(`Azure does not answer (${code || message})`, cures[code] ?? 'check the network, then refresh');
}

/** The answer came and is not what the client expects of Azure. */
const unreadable = (said: string): Gap => ({
  why: 'damaged',
  because: `Azure’s answer could not be read (${said})`,
  cure: 'refresh; if it stays, look whether a proxy answers in Azure’s place, or report it',
});

/**
 * Why a request failed and what to do about it. `need` is what a read needs, for the customer to be asked for; without
 * it Azure's own words name the permission.
 */
export function gapOf(error: unknown, need?: Need): Gap {
  if (isSignInFailure(error)) return gapOfSignIn(error);
  const said = azureErrorOf(error);
  const { code, name, status, message, retryAfterSeconds } = said;
  if (name === 'NotInThisCloud') {
    return { why: 'unsupported', because: message, cure: 'where the cloud has it: --logs-endpoint' };
  }
  if (name === 'PartialAnswer') {
    return { why: 'damaged', because: message, cure: 'refresh, or ask for less: fewer --hours' };
  }
  if (status === 401) return gapOfUnauthorized(said);
  const refused = gapOfRefusal(said, at(error, 'details'), need);
  if (refused) return refused;
  if (status === 404) {
    return { why: 'absent', because: `Azure does not find it (${code || '404'})`, cure: 'refresh: it may be gone' };
  }
  if (status === 407) {
    return {
      why: 'no-answer',
      because: 'the proxy on the way wants a sign-in (407)',
      cure: 'set HTTPS_PROXY with it: http://USER:PASSWORD@HOST:PORT',
    };
  }
  if (status === 429) {
    const wait = retryAfterSeconds ? `Azure asks to wait ${retryAfterSeconds} s` : 'wait a minute';
    return { why: 'throttled', because: 'Azure throttles these requests (429)', cure: `${wait}, then refresh` };
  }
  if (code === 'PARSE_ERROR') return unreadable(printable(message, 200));
  if (status === 0) {
    const ours = error instanceof TypeError || error instanceof SyntaxError || error instanceof RangeError;
    return ours ? unreadable(printable(message, 200)) : gapWithoutAnswer(said);
  }
  if (said.isPage) {
    return {
      why: 'no-answer',
      because: `something between here and Azure answered ${status}: the answer is not Azure’s`,
      cure: 'wait a minute, then refresh; if it stays, ask your network’s administrators about the proxy',
    };
  }
  return {
    why: 'failed',
    because: `Azure answered ${status} ${code}: ${message}`,
    cure:
      retryAfterSeconds === undefined
        ? 'refresh; if it stays, see the transcript'
        : `Azure asks to wait ${retryAfterSeconds} s; then refresh`,
  };
}
