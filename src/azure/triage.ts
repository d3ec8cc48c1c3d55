import type { Json } from '../arm/json.ts';
import { withoutSecrets } from '../casefile/redaction.ts';
import type { Fact } from '../documents/fact.ts';
import { unknown } from '../documents/fact.ts';
import type { EvidenceName, Exposure, Facts, Posture, TriageDocument, VirtualMachine } from '../documents/triage.ts';
import { withSockets } from '../network/listening.ts';
import { evidenceNames, nothingYet, sources } from '../sources.ts';
import { concluded, type TriageInProgress } from '../triage/in-progress.ts';
import type { Connection } from './client/connection.ts';
import { azureError } from './client/failure.ts';
import { type Asked, observed, type TriageOptions } from './readers/asked.ts';
import { readServersPlan } from './readers/defender-plan.ts';
import { curedByEligibility } from './readers/eligible-roles.ts';
import { readMachine } from './readers/machine.ts';
import { firewallOf, type NetworkReading, networkPartsOf, readExposure } from './readers/network.ts';
import { notOffered } from './readers/not-offered.ts';
import { readSockets } from './readers/sockets.ts';

export interface Triage {
  document: TriageDocument;
  /** The network configuration behind the exposure, for its explanation. */
  network: NetworkReading | undefined;
  /** The VM as Resource Manager describes it. Rejects with the SDK's error. */
  machine: Promise<Json>;
}

type Change = Partial<Omit<TriageInProgress, 'posture' | 'timeLine' | 'findings'>> & {
  posture?: Partial<TriageInProgress['posture']>;
};

/** The answers as they came, and what they say together; `show` gets the latter each time one arrives. */
class Picture {
  raw: TriageInProgress;
  part: TriageInProgress;
  readonly #conclude: (raw: TriageInProgress) => TriageInProgress;
  readonly #show: (part: TriageInProgress) => void;

  constructor(
    vm: VirtualMachine,
    conclude: (raw: TriageInProgress) => TriageInProgress,
    show: (part: TriageInProgress) => void,
  ) {
    this.raw = nothingYet(vm);
    this.part = this.raw;
    this.#conclude = conclude;
    this.#show = show;
  }

  add(change: Change): void {
    // An alert's text, an activity's or a rule's may hold a password: it is on no screen and in no report.
    const clean = withoutSecrets(change);
    this.raw = { ...this.raw, ...clean, posture: { ...this.raw.posture, ...clean.posture } };
    this.part = this.#conclude(this.raw);
    this.#show(this.part);
  }

  addFact(name: EvidenceName, fact: Fact<unknown>): void {
    this.add(name in this.raw.posture ? { posture: { [name]: fact } } : { [name]: fact });
  }
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

/** A defect in one reader must not cost the others' answers; it is shown as what it is. */
async function guarded<T>(connection: Connection, source: string, read: Promise<Fact<T>>): Promise<Fact<T>> {
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
}

/** Starts each reader of the table of sources once; `fact` gives its answer to whatever else rests on it. */
function factReader(
  shared: Omit<Asked, 'fact'>,
  exposure: Promise<Fact<Exposure>>,
): (name: EvidenceName) => Promise<Fact<unknown>> {
  const started = new Map<EvidenceName, Promise<Fact<unknown>>>([['exposure', exposure]]);
  const asked: Asked = { ...shared, fact: <K extends EvidenceName>(name: K) => fact(name) as Promise<Facts[K]> };
  const fact = (name: EvidenceName): Promise<Fact<unknown>> => {
    const known = started.get(name);
    if (known) return known;
    const { reader } = sources[name];
    const lacking = reader && notOffered(name, shared.vm, reader.from);
    const read = lacking
      ? Promise.resolve(lacking)
      : reader
        ? guarded(shared.connection, reader.from, reader.read(asked))
        : Promise.resolve(unknown('depends', 'it follows from other evidence', 'refresh', 'cordon'));
    started.set(name, read);
    return read;
  };
  return fact;
}

/** The exposure of the VM as it becomes known: our evaluation, then Azure's second opinion, then what listens there. */
function readNetworkFacts(connection: Connection, vm: VirtualMachine, picture: Picture, options: TriageOptions) {
  const parts = Promise.withResolvers<string[]>();
  let network: NetworkReading | undefined;
  const exposureRead = readExposure(
    connection,
    vm,
    (fact, reading) => {
      network = reading;
      parts.resolve(networkPartsOf(reading, vm));
      const firewall = firewallOf(reading, vm, fact, connection.clock.now().toISOString());
      picture.add({ exposure: fact, vm: { ...vm, publicAddresses: reading.publicAddresses }, posture: { firewall } });
    },
    options,
  );
  exposureRead.catch(() => parts.resolve([]));
  const socketsRead = observed(readSockets(connection, vm, options));
  // A defect there must not cost the exposure.
  const joined = exposureRead.then(async ({ fact }) => {
    picture.add({ exposure: fact });
    if (fact.state === 'unknown' || fact.value.ports.length === 0) return fact;
    return socketsRead.then((sockets) => withSockets(fact, sockets)).catch(() => fact);
  });
  return {
    exposure: guarded(connection, 'Azure Resource Manager · network configuration', joined),
    parts: parts.promise,
    network: () => network,
  };
}

/** A fact of which all that it is made of has been read. */
function answered<T>(fact: Fact<T> | null): Fact<T> {
  return fact ?? unknown('not-asked', 'it was not put together', 'refresh', 'cordon');
}

function documentOf(part: TriageInProgress, asOf: string): TriageDocument {
  const { vm, exposure, logons, patches, installations, knownExploited, timeLine, findings } = part;
  return {
    schema: 'cordon.triage/1',
    asOf,
    vm,
    exposure: answered(exposure),
    logons: answered(logons),
    patches: answered(patches),
    installations: answered(installations),
    knownExploited: answered(knownExploited),
    posture: Object.fromEntries(
      Object.entries(part.posture).map(([name, fact]) => [name, answered<unknown>(fact)]),
    ) as Posture,
    timeLine,
    findings,
  };
}

/**
 * All evidence of one VM. Every reader of the table of sources starts at once; `onProgress` gets the whole picture
 * each time an answer arrives. Azure's refusals become unknown facts.
 */
export async function readTriage(
  connection: Connection,
  vm: VirtualMachine,
  onProgress: (part: TriageInProgress) => void,
  options: TriageOptions = {},
): Promise<Triage> {
  const { signal } = options;
  const picture = new Picture(
    vm,
    (raw) => concluded(raw, options.exploited, connection.clock.now()),
    (part) => {
      if (!signal?.aborted) onProgress(part);
    },
  );
  const { exposure, parts, network } = readNetworkFacts(connection, vm, picture, options);
  const machine = observed(readMachine(connection, vm));
  const fact = factReader(
    {
      connection,
      vm,
      options,
      signal,
      plan: observed(readServersPlan(connection, vm, signal)),
      machine,
      networkParts: parts,
    },
    exposure,
  );
  const read = evidenceNames.filter((name) => name === 'exposure' || sources[name].reader !== null);
  await Promise.all(
    read.map(async (name) => {
      const one = await fact(name);
      picture.addFact(name, one.state === 'unknown' ? await curedByEligibility(connection, vm.id, one) : one);
    }),
  );
  const asOf = connection.clock.now().toISOString();
  const reading = network();
  const firewall =
    reading && picture.raw.exposure
      ? firewallOf(reading, vm, picture.raw.exposure, asOf)
      : unknown(
          'depends',
          'the network configuration could not be read',
          'ask for Reader on the network',
          'Resource Graph · resources',
        );
  picture.add({ posture: { firewall } });
  return { document: documentOf(picture.part, asOf), network: reading, machine };
}
