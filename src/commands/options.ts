import type { CloudName } from '../azure/client/clouds.ts';
import { type Connection, type ConnectionOptions, connect, type SimulatorAddress } from '../azure/client/connection.ts';
import type { AuthMethod } from '../azure/client/sign-in.ts';
import { type SignatureFor, signatureVariable } from '../azure/client/storage.ts';
import { exitCode, Failure } from '../failure.ts';
import { clusterAddress } from '../kusto/cluster-address.ts';
import type { SimulatorThread } from '../simulator/host.ts';
import { printable } from '../text/printable.ts';
import type { BurstFlags } from './burst-options.ts';
import { readNamedFile } from './named-file.ts';

/** Options of every command that reads Azure. */
export interface ConnectionFlags {
  demo?: boolean;
  world?: string;
  /** URL of a `cordon simulate` that runs already. */
  simulator?: string;
  latency?: 'none' | 'realistic';
  faults?: string;
  cloud?: CloudName;
  /** Of `--cloud custom`: Azure Resource Manager, Entra ID, the audience of tokens, Log Analytics. */
  endpoint?: string;
  authority?: string;
  audience?: string;
  logsEndpoint?: string;
  auth?: AuthMethod;
  /** A cluster of Azure Data Explorer. */
  cluster?: string;
  /** Seconds that Azure may take for one request. */
  timeout?: number;
  tenant?: string;
  subscription?: string[];
  traffic?: string;
  /** Where the log of the Azure SDK goes. */
  debug?: string;
}

/** Options of the workbench. */
export interface WorkbenchFlags extends ConnectionFlags, BurstFlags {
  /** CISA's known_exploited_vulnerabilities.json. */
  kev?: string;
  /** Microsoft's ServiceTags_Public_<date>.json. */
  serviceTags?: string;
  readOnly?: boolean;
  cases?: string;
  case?: string;
  allow?: string;
  wayIn?: string;
  /** The VM that is opened, by name or resource id. */
  vm?: string;
  /** Appended lines instead of a screen. */
  screenReader?: boolean;
}

/** What a command may use of its surroundings, so that tests can be them. */
export interface Streams {
  /** `columns`: how wide a terminal is. */
  stdout: NodeJS.WritableStream & { columns?: number };
  stderr: NodeJS.WritableStream & { isTTY?: boolean; columns?: number };
}

export interface Opened {
  connection: Connection;
  /** Another way to the same cloud or simulator: into another tenant, or to these subscriptions alone. */
  another(to: { tenant?: string; subscription?: string[] }): Opened;
  /** Ends the simulator if this command started one, and finishes the traffic file. */
  close(): Promise<void>;
}

async function runningSimulator(url: string): Promise<SimulatorAddress> {
  const base = new URL(url);
  if (!['127.0.0.1', 'localhost', '[::1]'].includes(base.hostname)) {
    throw new Failure(`--simulator takes an address on the loopback, not ${base.hostname}`, exitCode.usage);
  }
  try {
    const answer: unknown = await (await fetch(new URL('/simulator/now', base))).json();
    const now = typeof answer === 'object' && answer !== null ? String(Reflect.get(answer, 'now')) : '';
    const header =
      typeof answer === 'object' && answer !== null ? String(Reflect.get(answer, 'identityHeader') ?? '') : '';
    const offset = Date.parse(now) - Date.now();
    return { url: base.origin, identityHeader: header, clock: { now: () => new Date(Date.now() + offset) } };
  } catch (error) {
    throw new Failure(`no simulator answers at ${base.origin}`, exitCode.usage, { cause: error });
  }
}

/** An https URL, without the slash at its end. Throws a Failure that names the option. */
function httpsUrl(option: string, text: string): string {
  const url = URL.parse(text);
  if (url?.protocol !== 'https:' || url.username !== '' || url.search !== '' || url.hash !== '') {
    throw new Failure(`${option} takes an https:// URL, not ${printable(text, 200)}`);
  }
  return url.href.replace(/\/+$/, '');
}

/** The endpoints of `--cloud custom`. Throws a Failure where they are missing, or belong to no custom cloud. */
function cloudOptions(flags: ConnectionFlags): Pick<ConnectionOptions, 'cloud' | 'customCloud'> {
  const { cloud, endpoint, authority, audience, logsEndpoint } = flags;
  if (cloud !== 'custom') {
    if (endpoint ?? authority ?? audience ?? logsEndpoint) {
      throw new Failure('--endpoint, --authority, --audience and --logs-endpoint belong to --cloud custom');
    }
    return cloud ? { cloud } : {};
  }
  if (!endpoint || !authority) throw new Failure('--cloud custom needs --endpoint and --authority');
  return {
    cloud,
    customCloud: {
      endpoint: httpsUrl('--endpoint', endpoint),
      authority: httpsUrl('--authority', authority),
      ...(audience ? { audience: printable(audience, 500) } : {}),
      ...(logsEndpoint ? { logsEndpoint: httpsUrl('--logs-endpoint', logsEndpoint) } : {}),
    },
  };
}

/** What a person has to do to sign in, where no screen is drawn. */
export function toSignIn(text: string): void {
  if (text !== '') process.stderr.write(`${text}; Ctrl-C gives up\n`);
}

/** The signature that the environment holds for a container of evidence; a simulator makes one where it holds none. */
function signatureOf(simulator: SimulatorAddress | undefined): SignatureFor {
  return async (account, container) => {
    const given = process.env[signatureVariable] ?? '';
    if (given !== '') return given;
    if (!simulator)
      throw new Error(`${signatureVariable} is not set: it holds the signature for ${account}/${container}`);
    const query = new URLSearchParams({ account, container });
    const answer: unknown = await (await fetch(new URL(`/simulator/sas?${query}`, simulator.url))).json();
    return typeof answer === 'object' && answer !== null ? String(Reflect.get(answer, 'sas')) : '';
  };
}

async function startedSimulator({ world, faults, latency }: ConnectionFlags): Promise<SimulatorThread> {
  const { startSimulatorThread } = await import('../simulator/host.ts');
  return startSimulatorThread({
    ...(world ? { worldFile: world, worldText: await readNamedFile(world, 'world file') } : {}),
    ...(faults ? { faultsFile: faults, faultsText: await readNamedFile(faults, 'faults file') } : {}),
    latency: latency ?? 'none',
  });
}

/**
 * Opens the way to Azure, or to a simulator: a running one, or one that this command starts for itself. `tell` gets what
 * goes wrong beside the work, in a sentence; `showSignIn` what a person has to do to sign in, and "" when that is over.
 * `begun` is the simulator of these flags where it was started before.
 */
export async function openConnection(
  flags: ConnectionFlags,
  tell: (sentence: string) => void = (sentence) => process.stderr.write(`cordon: ${sentence}\n`),
  showSignIn = toSignIn,
  begun?: Promise<SimulatorThread>,
): Promise<Opened> {
  const { auth, tenant, subscription, timeout, cluster } = flags;
  const base = {
    ...cloudOptions(flags),
    ...(cluster === undefined ? {} : { cluster: clusterAddress(cluster) }),
    ...(auth ? { auth } : {}),
    ...(tenant ? { tenant } : {}),
    ...(timeout ? { limits: { read: timeout, logs: timeout, cluster: timeout, change: timeout } } : {}),
    ...(subscription ? { subscriptions: subscription } : {}),
  };
  const closers: (() => Promise<void>)[] = [];
  let simulator: SimulatorAddress | undefined;
  if (flags.simulator) simulator = await runningSimulator(flags.simulator);
  else if (flags.demo || flags.world) {
    const started = await (begun ?? startedSimulator(flags));
    closers.push(() => started.close());
    simulator = { url: started.url, identityHeader: started.identityHeader, clock: started };
  }
  const { recordTraffic } = flags.traffic ? await import('./traffic.ts') : { recordTraffic: null };
  const through = (changed: ConnectionOptions, atEnd: readonly (() => Promise<void>)[]): Opened => {
    const connection = connect({
      ...changed,
      signatureFor: signatureOf(simulator),
      ...(simulator ? { simulator } : {}),
      tell: (text) => showSignIn(printable(text, 1000)),
    });
    const finish = flags.traffic && recordTraffic ? [recordTraffic(connection, flags.traffic, tell)] : [];
    return {
      connection,
      another: (to) =>
        through(
          {
            ...changed,
            ...(to.tenant ? { tenant: to.tenant } : {}),
            ...(to.subscription ? { subscriptions: to.subscription } : {}),
          },
          [],
        ),
      async close() {
        connection.close();
        for (const closer of [...finish, ...atEnd]) await closer();
      },
    };
  };
  const opened = through(base, closers);
  // The code that the user must type has to be on screen before anything else is drawn.
  if (!simulator && (auth === 'device-code' || auth === 'browser')) await opened.connection.signedIn();
  return opened;
}
