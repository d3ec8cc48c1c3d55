import { execFile } from 'node:child_process';
import type { AccessToken, GetTokenOptions, TokenCredential } from '@azure/identity';
import { NobodySignedIn, NoSuchSignIn, NotSignedInInTime } from './sign-in-failure.ts';
import type { TokenSource } from './token-cache.ts';

/** How to sign in; `default` takes what there is, a user's sign-in before an identity of the computer. */
const authMethods = ['default', 'cli', 'device-code', 'browser', 'managed-identity', 'environment'] as const;
export type AuthMethod = (typeof authMethods)[number];

export interface SignInOptions {
  method: AuthMethod;
  /** Tenant to sign in to, by id or domain; the credential's own when absent. */
  tenant: string | undefined;
  /** "https://login.microsoftonline.com" */
  authority: string;
  /** A cloud that Microsoft's list of clouds does not have: its authority is believed without asking there. */
  custom: boolean;
  /** Shows the user how to sign in: where to type which code. "" once that is over. */
  tell: (text: string) => void;
  /** Gives up a sign-in that waits for a person. */
  signal: AbortSignal;
}

/** A credential that also says through what the token came that it gave last: "Azure CLI". */
export interface NamedCredential extends TokenSource {
  through(): string;
}

/** How long az and its like may take for a token before they count as stuck, in ms. */
const processTimeoutInMs = 60_000;

/**
 * How long a person is waited for, in minutes: as long as a device code lives ("OAuth 2.0 device authorization grant
 * flow", expires_in).
 */
const patienceMinutes = 15;

/** A token may take, in seconds: of a person, who says so first; of a chain, az and what az is asked why it refused. */
const patience = { person: patienceMinutes * 60 + 60, chain: (2 * processTimeoutInMs) / 1000 + 30 };

interface Source {
  name: string;
  make(): TokenCredential;
  /** Does the failure only say that this way has no sign-in? Any other ends the search: there is one, and it failed. */
  absent(error: Error): boolean;
}

const unavailable = (error: Error) =>
  error.name === 'CredentialUnavailableError' && !/AADSTS\d|claims challenge/i.test(error.message);

/** What `az account get-access-token` prints when it refuses. The SDK puts a sentence of its own in its place. */
function refusalOfCli(resource: string, tenant: string | undefined): Promise<string> {
  const parameters = ['account', 'get-access-token', '--output', 'json', '--resource', resource];
  if (tenant) parameters.push('--tenant', tenant);
  // On Windows az is a batch file, which only a shell starts; nothing but these characters gets there.
  const plain = parameters.every((one) => /^[\w./:-]+$/.test(one));
  if (!plain) return Promise.resolve('');
  const windows = process.platform === 'win32';
  return new Promise((resolve) => {
    const options = { timeout: processTimeoutInMs, windowsHide: true, shell: windows, maxBuffer: 1024 * 1024 };
    execFile('az', parameters, options, (error, _stdout, stderr) => resolve(error ? stderr : ''));
  });
}

/**
 * The Azure CLI's sign-in. "Please run az login" is what the SDK says of every refusal that mentions az login, also of
 * an expired or revoked session; Entra's own words are then asked of az.
 */
function azureCli(identity: typeof import('@azure/identity'), tenant: string | undefined): TokenCredential {
  const cli = new identity.AzureCliCredential({ processTimeoutInMs, ...(tenant ? { tenantId: tenant } : {}) });
  return {
    async getToken(scopes: string | string[], options: GetTokenOptions = {}): Promise<AccessToken | null> {
      try {
        return await cli.getToken(scopes, options);
      } catch (error) {
        if (options.claims || !(error instanceof Error) || !/^Please run 'az login'/.test(error.message)) throw error;
        const [scope = ''] = Array.isArray(scopes) ? scopes : [scopes];
        const said = await refusalOfCli(scope.replace(/\/\.default$/, ''), options.tenantId ?? tenant);
        if (!/AADSTS\d/.test(said)) throw error;
        throw new identity.CredentialUnavailableError(said.slice(0, 8192), { cause: error });
      }
    },
  };
}

/** Is a service principal or an account set in the environment, and so meant to be used? */
function environmentIsSet(env: NodeJS.ProcessEnv): boolean {
  const { AZURE_CLIENT_ID, AZURE_TENANT_ID, AZURE_CLIENT_SECRET, AZURE_CLIENT_CERTIFICATE_PATH, AZURE_USERNAME } = env;
  const secret = AZURE_CLIENT_SECRET || AZURE_CLIENT_CERTIFICATE_PATH || AZURE_USERNAME;
  return Boolean(AZURE_CLIENT_ID && AZURE_TENANT_ID && secret);
}

/**
 * A user's sign-in before an identity of the computer: on a jump host in Azure the SDK's own order would act as the
 * VM. A sign-in that Entra refuses ends the search; cordon never falls back to another account by itself.
 */
function sourcesByDefault(identity: typeof import('@azure/identity'), options: SignInOptions): Source[] {
  const { tenant, authority: authorityHost } = options;
  const inTenant = tenant ? { tenantId: tenant } : {};
  const environment: Source = {
    name: 'the environment',
    make: () => new identity.EnvironmentCredential({ authorityHost }),
    absent: unavailable,
  };
  return [
    ...(environmentIsSet(process.env) ? [environment] : []),
    {
      name: 'Azure CLI',
      make: () => azureCli(identity, tenant),
      absent: (error) => /^(Azure CLI could not be found|Please run 'az login')/.test(error.message),
    },
    {
      name: 'Azure PowerShell',
      make: () => new identity.AzurePowerShellCredential({ processTimeoutInMs, ...inTenant }),
      absent: unavailable,
    },
    {
      name: 'Azure Developer CLI',
      make: () => new identity.AzureDeveloperCliCredential({ processTimeoutInMs, ...inTenant }),
      absent: unavailable,
    },
    {
      name: 'a managed identity',
      // The probe is what makes a computer outside of Azure answer at once; the SDK's own chain sets it likewise.
      make: () =>
        new identity.ManagedIdentityCredential(
          Object.assign({}, managedIdentityOf(process.env), {
            sendProbeRequest: true,
            retryOptions: { maxRetries: 2 },
          }),
        ),
      absent: unavailable,
    },
  ];
}

/** The user-assigned identity that the environment names; empty for the system-assigned one. */
function managedIdentityOf(env: NodeJS.ProcessEnv): { clientId?: string } {
  return env.AZURE_CLIENT_ID ? { clientId: env.AZURE_CLIENT_ID } : {};
}

function inOrder(sources: Source[]): NamedCredential {
  const made = new Map<Source, TokenCredential>();
  let chosen: Source | undefined;
  return {
    patience: patience.chain,
    through: () => chosen?.name ?? '',
    async getToken(scopes, options) {
      const failures: Error[] = [];
      // Who acts does not change within a session, also when the sign-in ends.
      for (const source of chosen ? [chosen] : sources) {
        const credential = made.get(source) ?? source.make();
        made.set(source, credential);
        try {
          const token = await credential.getToken(scopes, options);
          if (token) chosen = source;
          if (token) return token;
        } catch (error) {
          if (chosen || !(error instanceof Error) || !source.absent(error)) throw error;
          failures.push(error);
        }
      }
      throw new NobodySignedIn(failures);
    },
  };
}

/** What the work comes to, unless a person lets it wait for too long, or it is given up. */
async function patiently<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  let end = () => {};
  const ended = new Promise<never>((_resolve, reject) => {
    const timer = setTimeout(() => reject(new NotSignedInInTime(patienceMinutes)), patienceMinutes * 60_000);
    const giveUp = () => reject(Object.assign(new Error('the sign-in was given up'), { name: 'AbortError' }));
    signal.addEventListener('abort', giveUp, { once: true });
    end = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', giveUp);
    };
  });
  try {
    return await Promise.race([work, ended]);
  } finally {
    end();
  }
}

/** The SDK's credentials that ask a person, made so that they do not by themselves. */
type AskingCredential =
  | import('@azure/identity').DeviceCodeCredential
  | import('@azure/identity').InteractiveBrowserCredential;

/**
 * A sign-in by a person: asked for at the start, and again where Entra will not renew it, or demands more of it. `ask`
 * shows the person what to do.
 */
function byPerson(credential: AskingCredential, ask: () => void, { tell, signal }: SignInOptions): TokenCredential {
  let asking: Promise<unknown> = Promise.resolve();
  return {
    async getToken(scopes, options = {}) {
      // One question at a time: what a second one wants, the answer to the first mostly brings.
      await asking.catch(() => {});
      try {
        return await credential.getToken(scopes, options);
      } catch (error) {
        if (!(error instanceof Error) || error.name !== 'AuthenticationRequiredError') throw error;
      }
      ask();
      asking = patiently(credential.authenticate(scopes, { ...options, abortSignal: signal }), signal);
      try {
        await asking;
      } finally {
        tell('');
      }
      return credential.getToken(scopes, options);
    },
  };
}

const notThere = (because: string, cure: string, cause: unknown) =>
  new NoSuchSignIn({ why: 'not-signed-in', because, cure }, { cause });

/** A credential whose failure is, where `explained` knows it, that there is no such sign-in here. */
function orNotThere(
  credential: TokenCredential,
  explained: (error: Error) => NoSuchSignIn | undefined,
): TokenCredential {
  return {
    async getToken(scopes, options) {
      try {
        return await credential.getToken(scopes, options);
      } catch (error) {
        throw (error instanceof Error && explained(error)) || error;
      }
    },
  };
}

const noServicePrincipal = (error: Error) =>
  environmentIsSet(process.env)
    ? undefined
    : notThere(
        'the environment names no service principal',
        'set AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET or AZURE_CLIENT_CERTIFICATE_PATH',
        error,
      );

const noManagedIdentity = (error: Error) =>
  /AADSTS\d/.test(error.message)
    ? undefined
    : notThere(
        'no managed identity answers here',
        'run it on an Azure resource that has one (AZURE_CLIENT_ID names a user-assigned one), or sign in as yourself: az login, then --auth cli',
        error,
      );

const noBrowser = (error: Error) =>
  /\bENOENT\b|spawn|EACCES/.test(error.message)
    ? notThere('no browser can be opened here', 'sign in with --auth device-code', error)
    : undefined;

/** Where a VM asks Azure about itself ("Azure Instance Metadata Service": not by a proxy; clients must bypass it). */
const metadataService = '169.254.169.254';

/** The SDK asks the metadata service by the proxy of HTTPS_PROXY, where it never answers, unless NO_PROXY names it. */
export function askMetadataDirectly(env: NodeJS.ProcessEnv): void {
  const name = env.NO_PROXY === undefined && env.no_proxy !== undefined ? 'no_proxy' : 'NO_PROXY';
  const direct = (env[name] ?? '').split(',').filter((one) => one.trim() !== '');
  if (!direct.includes(metadataService)) env[name] = [...direct, metadataService].join(',');
}

/** The credential that `--auth` asks for. Nothing is asked of it yet. */
export async function signInWith(options: SignInOptions): Promise<NamedCredential> {
  if (options.method === 'default' || options.method === 'managed-identity') askMetadataDirectly(process.env);
  const identity = await import('@azure/identity');
  const { method, tenant, authority: authorityHost, custom, tell } = options;
  const entra = { authorityHost, disableInstanceDiscovery: custom, ...(tenant ? { tenantId: tenant } : {}) };
  const asking = { ...entra, disableAutomaticAuthentication: true };
  const only = (name: string, make: () => TokenCredential): NamedCredential =>
    inOrder([{ name, make, absent: () => false }]);
  const ofPerson = (name: string, make: () => TokenCredential, again: string): NamedCredential => ({
    ...only(name, make),
    again,
    patience: patience.person,
  });
  switch (method) {
    case 'cli':
      return only('Azure CLI', () => azureCli(identity, tenant));
    case 'device-code':
      return ofPerson(
        'a device code',
        () => {
          const userPromptCallback: import('@azure/identity').DeviceCodePromptCallback = ({
            userCode,
            verificationUri,
          }) => tell(`Sign in: open ${verificationUri} and enter ${userCode} (within ${patienceMinutes} minutes)`);
          return byPerson(new identity.DeviceCodeCredential({ ...asking, userPromptCallback }), () => {}, options);
        },
        'cordon --auth device-code',
      );
    case 'browser':
      return ofPerson(
        'the browser',
        () =>
          orNotThere(
            byPerson(
              new identity.InteractiveBrowserCredential(asking),
              () => tell('Sign in: a browser opens on this computer. Where there is none: --auth device-code'),
              options,
            ),
            noBrowser,
          ),
        'cordon --auth browser',
      );
    case 'managed-identity':
      return only('a managed identity', () =>
        orNotThere(new identity.ManagedIdentityCredential({ ...managedIdentityOf(process.env) }), noManagedIdentity),
      );
    case 'environment':
      return only('the environment', () =>
        orNotThere(new identity.EnvironmentCredential({ authorityHost }), noServicePrincipal),
      );
    case 'default':
      // A user who sets this variable has chosen the credential; the SDK reads it.
      return process.env.AZURE_TOKEN_CREDENTIALS
        ? only('AZURE_TOKEN_CREDENTIALS', () => new identity.DefaultAzureCredential(entra))
        : inOrder(sourcesByDefault(identity, options));
  }
}
