import { setMaxListeners } from 'node:events';
import type { AuthorizationManagementClient } from '@azure/arm-authorization';
import type { ComputeManagementClient } from '@azure/arm-compute';
import type { NetworkManagementClient } from '@azure/arm-network';
import type { RecoveryServicesBackupClient } from '@azure/arm-recoveryservicesbackup';
import type { ResourceGraphClient } from '@azure/arm-resourcegraph';
import type { SubscriptionClient } from '@azure/arm-resources-subscriptions';
import type { SecurityCenter } from '@azure/arm-security';
import type { HttpClient, PipelinePolicy } from '@azure/core-rest-pipeline';
import type { LogsQueryClient } from '@azure/monitor-query';
import type { AskedQuery } from '../../documents/asked-query.ts';
import type { ChangeGate, Exchange } from '../../documents/exchange.ts';
import { type ArmAsk, type ArmChange, type ArmGet, armGet } from './arm-get.ts';
import { askedQuery } from './asked-queries.ts';
import { type BlobParts, ThreadedParts, worthAThread } from './blob-parts.ts';
import { type Cloud, type CloudName, type CustomCloud, clouds, customCloud, NotInThisCloud } from './clouds.ts';
import { type ClusterAddress, type ClusterDoor, clusterSender, ingestionUri } from './cluster-door.ts';
import { blobReader, partReader, type ReadBlob } from './read-blob.ts';
import { retryReads } from './retry-reads.ts';
import { type AuthMethod, type NamedCredential, signInWith } from './sign-in.ts';
import { identityOf } from './signed-in.ts';
import { createStorage, type SignatureFor, type Storage, signatureVariable } from './storage.ts';
import { type TimeLimits, usualLimits } from './time-limits.ts';
import { cachedTokens } from './token-cache.ts';
import { createTransport, isChange, type Transport } from './transport.ts';
import { readTenants, type Tenant, type WhoActs, warningsAbout } from './who-acts.ts';

export interface Clock {
  now(): Date;
}

/** A simulator that is running: where it listens, its managed-identity endpoint's header, its clock. */
export interface SimulatorAddress {
  /** "http://127.0.0.1:41234" */
  url: string;
  identityHeader: string;
  clock: Clock;
}

export interface ConnectionOptions {
  cloud?: CloudName;
  /** The endpoints of `cloud: 'custom'`. */
  customCloud?: CustomCloud;
  auth?: AuthMethod;
  /** A sign-in of the caller's own, in place of what `auth` names and of the simulator's. */
  signIn?: () => Promise<NamedCredential>;
  /** Shows the user how to sign in, where the way to sign in needs it; "" once that is over. Nothing is shown when absent. */
  tell?: (text: string) => void;
  /** Tenant to sign in to; the credential's own when absent. */
  tenant?: string;
  /** Only these subscriptions, by id or name; all in reach when empty. */
  subscriptions?: string[];
  simulator?: SimulatorAddress;
  /** The shared access signature of a container that evidence goes to. */
  signatureFor?: SignatureFor;
  /** A cluster of Azure Data Explorer, or an emulator of one, that may be asked and written to. */
  cluster?: ClusterAddress;
  /** What carries a request, in place of a connection; for an Azure that is simulated in this process. */
  carrier?: HttpClient;
  /** How long Azure may take for one request; `usualLimits` when absent. */
  limits?: TimeLimits;
  /** How long a client waits between polls of a long-running operation when Azure does not say, in ms. */
  pollIntervalMs?: number;
  /** How long a long-running operation is followed, in ms; ten minutes when absent. */
  operationLimitMs?: number;
}

/**
 * The way to Azure: one credential, one transport, and the SDK's clients, each loaded the first time it is used.
 * Nothing can be changed through it outside of `changing`.
 */
export interface Connection {
  cloud: Cloud;
  clock: Clock;
  simulated: boolean;
  pollIntervalMs: number;
  limits: TimeLimits;
  /** How long a long-running operation is followed, in ms. */
  operationLimitMs: number;
  /** The subscriptions that were asked for on the command line, by id or name; empty means all. */
  wantedSubscriptions: string[];
  /** The signed-in identity, from the token for Azure Resource Manager, and its unusual properties. */
  signedIn(): Promise<WhoActs>;
  /** The tenants that the sign-in can see, with their domains. Rejects with the SDK's error. */
  tenants(): Promise<Tenant[]>;
  network(subscriptionId: string): Promise<NetworkManagementClient>;
  compute(subscriptionId: string): Promise<ComputeManagementClient>;
  backup(subscriptionId: string): Promise<RecoveryServicesBackupClient>;
  authorization(subscriptionId: string): Promise<AuthorizationManagementClient>;
  security(subscriptionId: string): Promise<SecurityCenter>;
  resourceGraph(): Promise<ResourceGraphClient>;
  subscriptions(): Promise<SubscriptionClient>;
  logs(): Promise<LogsQueryClient>;
  /** A GET of Azure Resource Manager that no client is carried for. */
  get: ArmGet;
  /** A POST of Azure Resource Manager that changes nothing. */
  ask: ArmAsk;
  /** A PUT or DELETE of Azure Resource Manager that no client is carried for. */
  change: ArmChange;
  /** The way to the cluster that was named. Throws where none was. */
  cluster(): ClusterDoor;
  /** A read of a blob by its signed address. */
  readBlob: ReadBlob;
  /** The responder's own storage, by the signature that was given for it. */
  storage: Storage;
  /** Uploads a blob within `changing`: see the transport. */
  uploading: Transport['uploading'];
  /** Reads parts of a blob of so many bytes into shared memory. To be closed. */
  blobParts(bytes: number): BlobParts;
  /** The `x-ms-client-request-id` of every change that was sent through this connection. */
  ownChanges: ReadonlySet<string>;
  /** Gives up whatever is still under way. */
  close(): void;
  changing<T>(gate: ChangeGate, work: () => Promise<T>): Promise<T>;
  /** Runs `work`, whose requests end when the signal aborts, whether their callers pass it on or not. */
  until<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T>;
  /** Makes a plan, whose reads are shared with the plans that are made at the same time, until anything is changed. */
  planning<T>(work: () => Promise<T>): Promise<T>;
  observe(listener: (exchange: Exchange) => void): () => void;
  /** Reports the queries that `work` sends, and their answers, to the callback. */
  askedBy<T>(listener: (query: AskedQuery) => void, work: () => T): T;
}

/** The simulator's identity endpoint, by the SDK's own managed-identity credential. */
async function simulatedSignIn(simulator: SimulatorAddress): Promise<NamedCredential> {
  const { ManagedIdentityCredential } = await import('@azure/identity');
  process.env.IDENTITY_ENDPOINT = `${simulator.url}/msi/token`;
  process.env.IDENTITY_HEADER = simulator.identityHeader;
  const credential = new ManagedIdentityCredential();
  return { through: () => 'the simulator', getToken: (...asked) => credential.getToken(...asked) };
}

function cloudOf({ cloud = 'public', customCloud: custom }: ConnectionOptions): Cloud {
  if (cloud !== 'custom') return clouds[cloud];
  if (!custom) throw new Error('a custom cloud needs its endpoints');
  return customCloud(custom);
}

/**
 * A table that the caller may not read answers with no rows and no word; only with this header Log Analytics says so
 * (`permissions.resources[].denyTables`).
 */
const askForPermissions: PipelinePolicy = {
  name: 'askForPermissions',
  sendRequest(request, next) {
    const prefer = request.headers.get('prefer');
    request.headers.set('prefer', [prefer, 'include-permissions=true'].filter(Boolean).join(','));
    return next(request);
  },
};

/** Makes a value once, when it is first wanted. A failure is not kept: the next one to want it tries again. */
function lazily<T>(make: () => Promise<T>): () => Promise<T> {
  const each = lazilyEach(make);
  return () => each('');
}

function lazilyEach<T>(make: (key: string) => Promise<T>): (key: string) => Promise<T> {
  const made = new Map<string, Promise<T>>();
  return (key) => {
    const existing = made.get(key);
    if (existing) return existing;
    const fresh = make(key);
    fresh.catch(() => made.delete(key));
    made.set(key, fresh);
    return fresh;
  };
}

const noSignature: SignatureFor = async (account, container) => {
  throw new Error(`there is no signature for ${account}/${container}: put one into ${signatureVariable}`);
};

/** Opens the way to Azure, or to a simulator. No request is sent before the first client is used. */
export function connect(options: ConnectionOptions = {}): Connection {
  const cloud = cloudOf(options);
  const { simulator, tenant } = options;
  const clock: Clock = options.simulator?.clock ?? { now: () => new Date() };
  const closing = new AbortController();
  // Every request under way listens to it; Node would take more than ten for a leak.
  setMaxListeners(0, closing.signal);
  const { limits = usualLimits } = options;
  const transport = createTransport({
    hosts: [
      cloud.arm,
      cloud.logs,
      ...(options.cluster?.local === false ? [options.cluster.uri, ingestionUri(options.cluster)] : []),
    ]
      .filter(Boolean)
      .map((url) => new URL(url).host),
    local: options.cluster?.local ? options.cluster.uri : undefined,
    storage: cloud.storage,
    now: () => clock.now(),
    tokens: { refuse: (token) => tokens.refuse(token), living: (token) => tokens.living(token) },
    closing: closing.signal,
    limits,
    carrier: options.carrier,
    ...(options.simulator ? { simulator: options.simulator.url } : {}),
  });
  const ownChanges = new Set<string>();
  transport.observe(({ method, url, clientRequestId, requestBody }) => {
    if (isChange(method, url, requestBody)) ownChanges.add(clientRequestId.toLowerCase());
  });
  const source = lazily(() =>
    options.signIn
      ? options.signIn()
      : simulator
        ? simulatedSignIn(simulator)
        : signInWith({
            method: options.auth ?? 'default',
            tenant,
            authority: cloud.authority,
            custom: cloud.name === 'custom',
            tell: options.tell ?? (() => {}),
            signal: closing.signal,
          }),
  );
  const tokens = cachedTokens(source, { tenant, closing: closing.signal });
  const armScope = `${cloud.armAudience}/.default`;
  const shared = {
    httpClient: transport.httpClient,
    retryOptions: { maxRetries: 0 },
    userAgentOptions: { userAgentPrefix: 'cordon' },
    additionalPolicies: [{ policy: retryReads(), position: 'perRetry' as const }],
  };
  const modular = { ...shared, endpoint: cloud.arm, credentials: { scopes: [armScope] } };
  const classic = { ...shared, endpoint: cloud.arm, credentialScopes: [armScope] };
  const pipeline = { retryOptions: shared.retryOptions, userAgentOptions: shared.userAgentOptions };
  const { get, ask, change } = armGet({
    credential: tokens,
    endpoint: cloud.arm,
    scope: armScope,
    httpClient: transport.httpClient,
    pipeline,
    policies: [retryReads()],
  });
  const tenants = lazily(() => readTenants(get));
  const readBlob = blobReader(transport.blobs, pipeline);

  return {
    cloud,
    clock,
    simulated: options.simulator !== undefined,
    pollIntervalMs: options.pollIntervalMs ?? (options.simulator ? 100 : 2000),
    operationLimitMs: options.operationLimitMs ?? 600_000,
    limits,
    wantedSubscriptions: options.subscriptions ?? [],
    async signedIn() {
      const token = await tokens.getToken(armScope);
      const who = identityOf(token?.token ?? '');
      const warnings = await warningsAbout(who, tenant ?? '', tenants);
      return { ...who, through: (await source()).through(), warnings };
    },
    tenants,
    network: lazilyEach(async (subscriptionId) => {
      const { NetworkManagementClient } = await import('@azure/arm-network');
      return new NetworkManagementClient(tokens, subscriptionId, modular);
    }),
    compute: lazilyEach(async (subscriptionId) => {
      const { ComputeManagementClient } = await import('@azure/arm-compute');
      return new ComputeManagementClient(tokens, subscriptionId, modular);
    }),
    backup: lazilyEach(async (subscriptionId) => {
      const { RecoveryServicesBackupClient } = await import('@azure/arm-recoveryservicesbackup');
      return new RecoveryServicesBackupClient(tokens, subscriptionId, classic);
    }),
    authorization: lazilyEach(async (subscriptionId) => {
      const { AuthorizationManagementClient } = await import('@azure/arm-authorization');
      return new AuthorizationManagementClient(tokens, subscriptionId, classic);
    }),
    security: lazilyEach(async (subscriptionId) => {
      const { SecurityCenter } = await import('@azure/arm-security');
      return new SecurityCenter(tokens, subscriptionId, classic);
    }),
    resourceGraph: lazily(async () => {
      const { ResourceGraphClient } = await import('@azure/arm-resourcegraph');
      return new ResourceGraphClient(tokens, modular);
    }),
    subscriptions: lazily(async () => {
      const { SubscriptionClient } = await import('@azure/arm-resources-subscriptions');
      return new SubscriptionClient(tokens, modular);
    }),
    logs: lazily(async () => {
      if (cloud.logs === '') throw new NotInThisCloud('this cloud was given no Log Analytics endpoint');
      // Its first query does not wait for a token of its own; one that is refused is refused again when it is needed.
      tokens.getToken(`${cloud.logs}/.default`).catch(() => {});
      const { LogsQueryClient } = await import('@azure/monitor-query');
      return new LogsQueryClient(tokens, {
        ...shared,
        endpoint: cloud.logs,
        // The client appends "/.default" itself; a scope that has it twice is a resource that Entra ID does not know.
        audience: cloud.logs,
        additionalPolicies: [...shared.additionalPolicies, { policy: askForPermissions, position: 'perCall' }],
      });
    }),
    get,
    ask,
    change,
    cluster() {
      if (!options.cluster) throw new Error('no cluster was named');
      const send = clusterSender({ httpClient: transport.httpClient, pipeline, policies: [retryReads()] });
      const storage = (signatureFor: SignatureFor) => createStorage(transport.blobs, pipeline, signatureFor);
      return {
        address: options.cluster,
        cloud,
        limits,
        credential: tokens,
        send,
        storage,
        uploading: transport.uploading,
      };
    },
    readBlob,
    storage: createStorage(transport.blobs, pipeline, options.signatureFor ?? noSignature),
    uploading: transport.uploading,
    blobParts: (bytes) =>
      bytes >= worthAThread && !options.carrier
        ? new ThreadedParts({ storage: cloud.storage, simulator: simulator?.url, pipeline }, closing.signal)
        : { read: partReader(readBlob), close: () => {} },
    ownChanges,
    close: () => closing.abort(),
    changing: transport.changing,
    until: transport.until,
    planning: transport.planning,
    observe: transport.observe,
    askedBy: (listener, work) =>
      transport.observing((exchange, answer) => {
        const query = askedQuery(exchange, answer);
        if (query) listener(query);
      }, work),
  };
}
