import { listAt, textAt } from '../arm/json.ts';
import { sameId } from '../arm/resource-id.ts';
import type { Fact } from '../documents/fact.ts';
import { known } from '../documents/fact.ts';
import type {
  IncidentDocument,
  IncidentInProgress,
  IncidentVm,
  IncidentVmInProgress,
  Lead,
} from '../documents/incident.ts';
import type { TriageDocument, VirtualMachine } from '../documents/triage.ts';
import { exitCode, Failure } from '../failure.ts';
import { type Followed, followedOf, operationLeads, reachedVms } from '../triage/incident.ts';
import type { Connection } from './client/connection.ts';
import { unknownFrom } from './client/failure.ts';
import { activityWindow, readDoneElsewhere } from './readers/activity-log.ts';
import type { TriageOptions } from './readers/asked.ts';
import { readLogonLeads } from './readers/incident-logons.ts';
import { type Inventory, readInventory } from './readers/inventory.ts';
import { managedIdentitiesOf } from './readers/machine.ts';
import type { NetworkReading } from './readers/network.ts';
import { readTriage, type Triage } from './triage.ts';

/** Steps from the first VM, and VMs that are read in all: each costs a triage. */
const incidentBounds = { hops: 2, vms: 6 };

/** The addresses of a VM in its networks; null where an interface could not be read. */
function privateAddressesOf(vm: VirtualMachine, network: NetworkReading | undefined): string[] | null {
  const nics = vm.networkInterfaces.map((id) => network?.resources.get(id));
  if (nics.length === 0 || nics.some((nic) => nic === undefined)) return null;
  return nics
    .flatMap((nic) => listAt(nic, 'properties', 'ipConfigurations'))
    .map((configuration) => textAt(configuration, 'properties', 'privateIPAddress'))
    .filter((address) => address !== '');
}

/** Ids, in lower case, of what the VM's changes were made to, as far as it was a part of it. */
function partsOf({ posture: { activity } }: TriageDocument): Set<string> {
  const entries = activity.state === 'known' ? activity.value.entries : [];
  return new Set(entries.filter(({ about }) => about === 'machine').map(({ resource }) => resource.toLowerCase()));
}

/** What the identities of a VM, and the attacking addresses, did in Azure. */
async function readOperationLeads(
  connection: Connection,
  vm: VirtualMachine,
  followed: Followed,
  { document, machine }: Triage,
  options: TriageOptions,
): Promise<Fact<Lead[]>> {
  try {
    const identities = managedIdentitiesOf(await machine, vm);
    if (identities.length === 0 && followed.addresses.length === 0) {
      return known([], {
        source: 'Azure Resource Manager · virtual machine',
        asOf: connection.clock.now().toISOString(),
        coverage: 'the VM has no managed identity, and no address attacked it',
      });
    }
    const window = activityWindow(connection.clock.now(), options.lookbackHours);
    const by = { identities, addresses: followed.addresses };
    const done = await readDoneElsewhere(connection, vm, by, window, options.signal);
    return done.state === 'unknown'
      ? done
      : { ...done, value: operationLeads(done.value, followed, { ...vm, parts: partsOf(document) }) };
  } catch (error) {
    return unknownFrom(error, 'Azure Resource Manager · virtual machine', {
      permission: 'Microsoft.Compute/virtualMachines/read',
      role: 'Reader',
      scope: vm.name,
    });
  }
}

/** A VM to begin with, and why: "" where it was asked for. */
export interface First {
  vm: VirtualMachine;
  because: string;
}

/** A VM whose turn it is to be read. */
interface Turn {
  vm: VirtualMachine;
  hop: number;
  because: string;
  /** When the lead reached it; null for the first. */
  at: string | null;
}

/** Where a reading of an incident takes triages from, and to whom it reports. */
export interface IncidentUses {
  /** The triage of a VM; read when absent. */
  triageOf?(vm: VirtualMachine): Promise<Triage>;
  /** Gets each triage, and is waited for. */
  onTriage?(document: TriageDocument): Promise<void> | void;
  /** Gets all that is known so far, each time an answer arrives. */
  onProgress?(part: IncidentInProgress): void;
}

const leadsOf = ({ logons, operations }: IncidentVmInProgress): Lead[] => [
  ...(logons?.state === 'known' ? logons.value : []),
  ...(operations?.state === 'known' ? operations.value : []),
];

/** An incident as far as it is known, its VMs in the order in which they were reached. */
class IncidentPicture {
  readonly #vms = new Map<string, IncidentVmInProgress>();
  readonly notFollowed: IncidentDocument['notFollowed'] = [];
  readonly #told: (part: IncidentInProgress) => void;

  constructor(told: (part: IncidentInProgress) => void) {
    this.#told = told;
  }

  vms(): IncidentVmInProgress[] {
    return [...this.#vms.values()];
  }

  begin({ vm: { id, name }, hop, because }: Turn): void {
    const awaited = { followed: null, logons: null, operations: null };
    this.#put({ vm: { id, name }, hop, because, ...awaited });
  }

  add(id: string, part: Partial<IncidentVm>): void {
    const before = this.#vms.get(id);
    if (before) this.#put({ ...before, ...part });
  }

  #put(one: IncidentVmInProgress): void {
    this.#vms.set(one.vm.id, one);
    this.#told({ vms: this.vms(), notFollowed: [...this.notFollowed] });
  }
}

/** Reads one VM of an incident; each answer goes into the picture as it comes. */
async function readOne(
  connection: Connection,
  { vm, at, hop, because }: Turn,
  triage: Triage,
  { machines, subscriptions }: Inventory,
  picture: IncidentPicture,
  options: TriageOptions,
): Promise<IncidentVm> {
  const followed = followedOf(triage.document, privateAddressesOf(vm, triage.network), at);
  picture.add(vm.id, { followed });
  const add = <K extends 'logons' | 'operations'>(name: K, read: Promise<IncidentVm[K]>) =>
    read.then((fact) => {
      picture.add(vm.id, { [name]: fact });
      return fact;
    });
  const [logons, operations] = await Promise.all([
    add('logons', readLogonLeads(connection, { vm, followed, vms: machines, subscriptions }, options)),
    add('operations', readOperationLeads(connection, vm, followed, triage, options)),
  ]);
  return { vm: { id: vm.id, name: vm.name }, hop, because, followed, logons, operations };
}

/**
 * What leads from one or several VMs to the next, and to data: each VM that was entered is triaged in its turn, up to two
 * steps and six VMs. Throws a Failure when the VMs in reach cannot be listed.
 */
export async function readIncident(
  connection: Connection,
  firsts: readonly First[],
  options: TriageOptions = {},
  uses: IncidentUses = {},
): Promise<IncidentDocument> {
  const picture = new IncidentPicture((part) => uses.onProgress?.(part));
  const { notFollowed } = picture;
  let turn: Turn[] = firsts.slice(0, incidentBounds.vms).map((first) => ({ ...first, hop: 0, at: null }));
  for (const { vm } of firsts.slice(incidentBounds.vms)) {
    notFollowed.push({ id: vm.id, name: vm.name, because: `${incidentBounds.vms} VMs are read at most` });
  }
  for (const one of turn) picture.begin(one);
  const listing = await readInventory(connection, options.signal);
  if (listing.state === 'unknown') throw new Failure(`${listing.because}; ${listing.cure}`, exitCode.notPermitted);
  const inventory = listing.value;
  const vms: IncidentVm[] = [];
  const seen = new Set(firsts.map(({ vm }) => vm.id.toLowerCase()));
  const triageOf = uses.triageOf ?? ((vm) => readTriage(connection, vm, () => {}, options));
  while (turn.length > 0) {
    const read = await Promise.all(
      turn.map(async (one) => {
        const triage = await triageOf(one.vm);
        await uses.onTriage?.(triage.document);
        return readOne(connection, one, triage, inventory, picture, options);
      }),
    );
    vms.push(...read);
    const next: Turn[] = [];
    for (const { id, name, because, at } of read.flatMap((one) => reachedVms(leadsOf(one)))) {
      if (seen.has(id.toLowerCase())) continue;
      seen.add(id.toLowerCase());
      const vm = inventory.machines.find((each) => sameId(each.id, id));
      const hop = (read[0]?.hop ?? 0) + 1;
      if (!vm) notFollowed.push({ id, name, because: 'it is not among the VMs in reach' });
      else if (hop > incidentBounds.hops) notFollowed.push({ id, name, because: `it is ${hop} steps away` });
      else if (vms.length + next.length >= incidentBounds.vms) {
        notFollowed.push({ id, name, because: `${incidentBounds.vms} VMs are read at most` });
      } else next.push({ vm, hop, because, at });
    }
    for (const one of next) picture.begin(one);
    turn = next;
  }
  return { schema: 'cordon.incident/1', asOf: connection.clock.now().toISOString(), vms, notFollowed };
}
