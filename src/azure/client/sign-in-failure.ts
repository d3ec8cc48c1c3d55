import { listAt, textAt } from '../../arm/json.ts';
import type { Gap } from '../../documents/fact.ts';
import { printable } from '../../text/printable.ts';
import { shellWord } from '../../text/shell-word.ts';
import { type Challenge, ChallengeUnanswered, challengeLine } from './challenge.ts';
import { codeIn, meaningOf } from './entra-codes.ts';
import { TimeLimitExceeded } from './time-limits.ts';

/** A sign-in gave no token; `cause` is what the credential said, `tenant` the one that was asked for. */
export class SignInFailed extends Error {
  override readonly name = 'SignInFailed';
  /** "" for the credential's own. */
  readonly tenant: string;
  /** The line that signs in again; "" for that of the Azure CLI. */
  readonly again: string;
  /** "https://management.azure.com/.default" */
  readonly scope: string;

  constructor(tenant: string, cause: unknown, again = '', scope = '') {
    super(textAt(cause, 'message') || String(cause), { cause });
    this.tenant = tenant;
    this.again = again;
    this.scope = scope;
  }
}

/** The way to sign in that was asked for is not to be had here; `gap` says why, and what to do. */
export class NoSuchSignIn extends Error {
  override readonly name = 'NoSuchSignIn';
  readonly gap: Gap;

  constructor(gap: Gap, options?: ErrorOptions) {
    super(gap.because, options);
    this.gap = gap;
  }
}

/** The person did not do what the sign-in asks. */
export class NotSignedInInTime extends Error {
  override readonly name = 'NotSignedInInTime';

  constructor(minutes: number) {
    super(`nobody signed in within ${minutes} minutes`);
  }
}

/** Every way to sign in was tried, and none is signed in; `errors` has the error of each. */
export class NobodySignedIn extends Error {
  override readonly name = 'NobodySignedIn';
  readonly errors: readonly Error[];

  constructor(errors: readonly Error[]) {
    super('Not signed in');
    this.errors = errors;
  }
}

const credentialErrors = new Set([
  'NobodySignedIn',
  'SignInFailed',
  'ChallengeUnanswered',
  'CredentialUnavailableError',
  'AuthenticationRequiredError',
  'AuthenticationError',
  'AggregateAuthenticationError',
]);

/** Did a credential throw this, before anything was sent to Azure? */
export function isSignInFailure(error: unknown): boolean {
  return credentialErrors.has(textAt(error, 'name'));
}

/** The line that signs in, in a tenant ("" for any). */
export function loginLine(tenant: string): string {
  return tenant === '' ? 'az login' : `az login --tenant ${shellWord(tenant)}`;
}

const saysNothing =
  /could not be found|is unavailable|not installed|Please run 'az login'|Please run 'azd auth login'|Connect-AzAccount|no environment|has no (environment|token)/i;

/**
 * What failed, of an error that may hold one for each credential of a chain: the last that says more than that it is
 * not there to be used.
 */
function tellingError(error: unknown): unknown {
  const errors = listAt(error, 'errors');
  const more = errors.map(tellingError).filter((one) => !saysNothing.test(textAt(one, 'message')));
  return more.findLast((one) => codeIn(textAt(one, 'message')) !== '') ?? more.at(-1) ?? error;
}

/** What Azure requires of the next sign-in, by the claims that it names. */
export function gapOfChallenge(challenge: Challenge, said = ''): Gap {
  const factor = /"acrs"|"amr"|mfa|c\d+"/i.test(challenge.claims) || /multi-?factor|\bMFA\b/i.test(said);
  const words = said === '' ? '' : `: ${said}`;
  return {
    why: factor ? 'second-factor' : 'not-signed-in',
    because: factor
      ? `Azure wants a second factor for this${words}`
      : `the sign-in was revoked, or its rules have changed${words}`,
    cure: challengeLine(challenge),
  };
}

/** No credential of the chain is signed in: is there a tool that could be? */
function nobody(error: unknown, login: string): Gap {
  const cli = [error, ...listAt(error, 'errors')].some((one) => /^Please run 'az login'/.test(textAt(one, 'message')));
  return cli
    ? { why: 'not-signed-in', because: 'not signed in', cure: `run ${login}, then refresh` }
    : {
        why: 'not-signed-in',
        because: 'not signed in, and the Azure CLI is not there to do it',
        cure: `install the Azure CLI (https://aka.ms/azure-cli) and run ${login}; or start cordon with --auth device-code`,
      };
}

/** The ids by which the refused sign-in is found in the tenant's sign-in logs. */
function correlationIn(said: string): string {
  const id = /Correlation ID: ([0-9a-f-]{36})/i.exec(said)?.[1];
  return id ? `, correlation id ${id}` : '';
}

/** Why a sign-in gave no token, and what to do. `error` is one for which `isSignInFailure` holds. */
export function gapOfSignIn(error: unknown): Gap {
  if (error instanceof ChallengeUnanswered) return gapOfChallenge(error.challenge);
  const login = textAt(error, 'again') || loginLine(textAt(error, 'tenant'));
  const whole = error instanceof SignInFailed ? error.cause : error;
  if (whole instanceof NobodySignedIn) return nobody(whole, login);
  if (whole instanceof NoSuchSignIn) return whole.gap;
  if (whole instanceof TimeLimitExceeded) {
    return {
      why: 'no-answer',
      because: `no token came: ${whole.message}`,
      cure: `check the network to what signs you in, then refresh; or run ${login}`,
    };
  }
  if (whole instanceof NotSignedInInTime)
    return { why: 'not-signed-in', because: whole.message, cure: `run ${login}, then refresh` };
  const telling = tellingError(whole);
  const said = textAt(telling, 'message');
  const code = codeIn(said);
  const meaning = code === '' ? undefined : meaningOf(code, login, textAt(error, 'scope'));
  if (meaning)
    return meaning.why === 'policy' ? { ...meaning, because: meaning.because + correlationIn(said) } : meaning;
  if (/certificate[ _]verify[ _]failed|SSLError|self-signed certificate/i.test(said)) {
    return {
      why: 'no-answer',
      because: 'the Azure CLI does not believe the certificate of a proxy between here and Entra',
      cure: 'set REQUESTS_CA_BUNDLE to the file of your organisation’s root certificate (PEM), then sign in again',
    };
  }
  const chain = listAt(telling, 'errors').length > 0;
  if (code === '' && (chain || saysNothing.test(said))) return nobody(whole, login);
  const first = said.replace(/^ERROR: /, '').split(/ ?Trace ID:|\r?\n/)[0] ?? '';
  return {
    why: 'not-signed-in',
    because: `the sign-in failed: ${printable(first, 600)}`,
    cure: `run ${login}, then refresh`,
  };
}
