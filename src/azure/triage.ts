import type { Json } from '../arm/json.ts';
import { postureNames } from '../documents/evidence-names.ts';
import type { Fact } from '../documents/fact.ts';
import { unknown } from '../documents/fact.ts';
import type { Posture, TriageDocument, VirtualMachine } from '../documents/triage.ts';
import { withSockets } from '../network/listening.ts';
import type { PublishedTags } from '../network/sets/address-prefixes.ts';
import { concluded, nothingYet, type TriageInProgress } from '../triage/in-progress.ts';
import type { ExploitedCatalog } from '../triage/known-exploited.ts';
import type { Connection } from './client/connection.ts';
import { azureError } from './client/failure.ts';
import { activityWindow, readActivity } from './readers/activity-log.ts';
import { readBackup } from './readers/backup.ts';
import { readAlerts } from './readers/defender-alerts.ts';
import { readServersPlan, type ServersPlan } from './readers/defender-plan.ts';
import { readIdentityPosture } from './readers/identity-posture.ts';
import { readJit } from './readers/jit.ts';
import type { LogonOptions } from './readers/logon-queries.ts';
import { readLogons } from './readers/logons.ts';
import { disksOf, managedIdentitiesOf, readMachine } from './readers/machine.ts';
import { firewallOf, type NetworkReading, networkPartsOf, readExposure } from './readers/network.ts';
import { readInstallations, readPatches } from './readers/patches.ts';
import { readRecommendations, readSecureScore } from './readers/secure-score.ts';
import { readSockets } from './readers/sockets.ts';
import { readSoftware } from './readers/software.ts';

export interface TriageOptions extends LogonOptions {
  /** CISA's list of known exploited vulnerabilities, when it was given. */
  exploited?: ExploitedCatalog;
  /** Microsoft's published service tags, when they were given. */
  serviceTags?: PublishedTags;
}

export interface Triage {
  document: TriageDocument;
  /** The network configuration behind the exposure, for its explanation. */
  network: NetworkReading | undefined;
}

/** A fact of which all that it is made of has been read. */
function answered<T>(fact: Fact<T> | null): Fact<T> {
  return fact ?? unknown('not-asked', 'it was not put together', 'refresh', 'cordon');
}

function answeredPosture(posture: TriageInProgress['posture']): Posture {
  return Object.fromEntries(postureNames.map((name) => [name, answered<unknown>(posture[name])])) as Posture;
}

/** The posture but for the firewall, which follows from the network configuration; `from` names the service. */
type PostureReads = {
  [K in Exclude<keyof Posture, 'firewall'>]: { from: string; read: Promise<Posture[K]> };
};

/** Asks for each fact of the posture. A new one is one line here, and does not compile without it. */
function postureReads(
  connection: Connection,
  vm: VirtualMachine,
  shared: {
    plan: Promise<ServersPlan>;
    machine: Promise<Json>;
    backup: Promise<Posture['backup']>;
    activity: Promise<Posture['activity']>;
  },
  signal: AbortSignal | undefined,
): PostureReads {
  const { plan, machine } = shared;
  const from = 'Defender for Cloud';
  return {
    alerts: { from, read: readAlerts(connection, vm, plan, signal) },
    secureScore: { from, read: readSecureScore(connection, vm, plan, signal) },
    recommendations: { from, read: readRecommendations(connection, vm, plan, signal) },
    jit: { from, read: readJit(connection, vm, plan) },
    identity: { from: 'Azure Resource Manager', read: readIdentityPosture(connection, vm, machine) },
    software: { from, read: readSoftware(connection, vm, plan, signal) },
    backup: { from: 'Azure Backup', read: shared.backup },
    activity: { from: 'Azure Monitor', read: shared.activity },
  };
}

/** A source asks one thing after another, and each may be slow: the report waits for none longer than two of them may take. */
async function inTime<T>({ limits }: Connection, source: string, read: Promise<Fact<T>>): Promise<Fact<T>> {
  const seconds = limits.logs + limits.read;
  const late = Promise.withResolvers<Fact<T>>();
  const timer = setTimeout(
    () => late.resolve(unknown('no-answer', `it was not read in ${seconds} s`, 'refresh', source)),
    seconds * 1000,
  );
  try {
    return await Promise.race([read, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * A read that several callers share: each reports its failure when it awaits it; until then it is no unhandled
 * rejection.
 */
function observed<T>(read: Promise<T>): Promise<T> {
  read.catch(() => {});
  return read;
}

/**
 * The three questions and the posture of one VM. Every read starts at once; `onProgress` gets the whole picture
 * each time an answer arrives. Azure's refusals become unknown facts.
 */
export async function readTriage(
  connection: Connection,
  vm: VirtualMachine,
  onProgress: (part: TriageInProgress) => void,
  options: TriageOptions = {},
): Promise<Triage> {
  const { signal } = options;
  let network: NetworkReading | undefined;
  /** The answers as they came; `part` is what they say together. */
  let raw = nothingYet(vm);
  let part = raw;
  const update = (
    change: Partial<Omit<TriageInProgress, 'posture' | 'timeLine' | 'findings'>> & {
      posture?: Partial<TriageInProgress['posture']>;
    },
  ) => {
    raw = { ...raw, ...change, posture: { ...raw.posture, ...change.posture } };
    part = concluded(raw, options.exploited, connection.clock.now());
    if (!signal?.aborted) onProgress(part);
  };
  /** A defect in one reader must not cost the others' answers; it is shown as what it is. */
  const guarded = async <T>(source: string, read: Promise<Fact<T>>): Promise<Fact<T>> => {
    try {
      return await inTime(connection, source, read);
    } catch (error) {
      return unknown(
        'failed',
        `cordon could not read it: ${azureError(error).message}`,
        'refresh; if it stays, report it',
        source,
      );
    }
  };
  const plan = observed(readServersPlan(connection, vm, signal));
  const networkParts = Promise.withResolvers<string[]>();
  const exposureRead = readExposure(
    connection,
    vm,
    (fact, reading) => {
      network = reading;
      networkParts.resolve(networkPartsOf(reading, vm));
      const firewall = firewallOf(reading, vm, fact, connection.clock.now().toISOString());
      update({ exposure: fact, vm: { ...vm, publicAddresses: reading.publicAddresses }, posture: { firewall } });
    },
    options,
  );
  exposureRead.catch(() => networkParts.resolve([]));
  const socketsRead = observed(readSockets(connection, vm, options));
  // A defect there must not cost the exposure.
  const joinedRead = exposureRead.then(async ({ fact }) => {
    update({ exposure: fact });
    if (fact.state === 'unknown' || fact.value.ports.length === 0) return fact;
    return socketsRead.then((sockets) => withSockets(fact, sockets)).catch(() => fact);
  });
  const machine = observed(readMachine(connection, vm));
  const backupRead = guarded('Azure Backup', readBackup(connection, vm, signal));
  const activityRead = readActivity(
    connection,
    vm,
    {
      related: [
        networkParts.promise,
        observed(machine.then(disksOf)),
        backupRead.then((fact) => (fact.state === 'known' && fact.value.vault !== '' ? [fact.value.vault] : [])),
      ],
      identities: observed(machine.then((body) => managedIdentitiesOf(body, vm))),
    },
    activityWindow(connection.clock.now(), options.lookbackHours),
    signal,
  );
  const take = async <T>(
    source: string,
    read: Promise<Fact<T>>,
    change: (fact: Fact<T>) => Parameters<typeof update>[0],
  ) => {
    update(change(await guarded(source, read)));
  };
  const posture = postureReads(connection, vm, { plan, machine, backup: backupRead, activity: activityRead }, signal);
  await Promise.all([
    take('Azure Resource Manager · network configuration', joinedRead, (fact) => ({ exposure: fact })),
    take('Log Analytics', readLogons(connection, vm, options), (fact) => ({ logons: fact })),
    take('Resource Graph', readPatches(connection, vm, signal), (fact) => ({ patches: fact })),
    take('Resource Graph', readInstallations(connection, vm, signal), (fact) => ({ installations: fact })),
    ...Object.entries(posture).map(([name, { from, read }]) =>
      take<unknown>(from, read, (fact) => ({ posture: { [name]: fact } })),
    ),
  ]);
  const asOf = connection.clock.now().toISOString();
  const firewall =
    network && raw.exposure
      ? firewallOf(network, vm, raw.exposure, asOf)
      : unknown(
          'depends',
          'the network configuration could not be read',
          'ask for Reader on the network',
          'Resource Graph · resources',
        );
  update({ posture: { firewall } });
  const { exposure, logons, patches, installations, knownExploited } = part;
  return {
    document: {
      schema: 'cordon.triage/1',
      asOf,
      vm: part.vm,
      exposure: answered(exposure),
      logons: answered(logons),
      patches: answered(patches),
      installations: answered(installations),
      knownExploited: answered(knownExploited),
      posture: answeredPosture({ ...part.posture, firewall }),
      timeLine: part.timeLine,
      findings: part.findings,
    },
    network,
  };
}
