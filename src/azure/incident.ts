import { listAt, textAt } from '../arm/json.ts';
import { sameId } from '../arm/resource-id.ts';
import type { Fact } from '../documents/fact.ts';
import { known } from '../documents/fact.ts';
import type { IncidentDocument, IncidentVm, Lead } from '../documents/incident.ts';
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

async function readOne(
  connection: Connection,
  { vm, hop, because, at }: Turn,
  triage: Triage,
  { machines, subscriptions }: Inventory,
  options: TriageOptions,
): Promise<IncidentVm> {
  const followed = followedOf(triage.document, privateAddressesOf(vm, triage.network), at);
  const [logons, operations] = await Promise.all([
    readLogonLeads(connection, { vm, followed, vms: machines, subscriptions }, options),
    readOperationLeads(connection, vm, followed, triage, options),
  ]);
  return { vm: { id: vm.id, name: vm.name }, hop, because, followed, logons, operations };
}

const leadsOf = ({ logons, operations }: IncidentVm): Lead[] => [
  ...(logons.state === 'known' ? logons.value : []),
  ...(operations.state === 'known' ? operations.value : []),
];

/**
 * What leads from one or several VMs to the next, and to data: each VM that was entered is triaged in its turn, up to two
 * steps and six VMs. `onTriage` gets each triage that was made. Throws a Failure when the VMs in reach cannot be listed.
 */
export async function readIncident(
  connection: Connection,
  firsts: readonly First[],
  options: TriageOptions = {},
  onTriage: (document: TriageDocument) => Promise<void> | void = () => {},
): Promise<IncidentDocument> {
  const listing = await readInventory(connection, options.signal);
  if (listing.state === 'unknown') throw new Failure(`${listing.because}; ${listing.cure}`, exitCode.notPermitted);
  const inventory = listing.value;
  const vms: IncidentVm[] = [];
  const notFollowed: IncidentDocument['notFollowed'] = [];
  const seen = new Set(firsts.map(({ vm }) => vm.id.toLowerCase()));
  let turn: Turn[] = firsts.slice(0, incidentBounds.vms).map((first) => ({ ...first, hop: 0, at: null }));
  for (const { vm } of firsts.slice(incidentBounds.vms)) {
    notFollowed.push({ id: vm.id, name: vm.name, because: `${incidentBounds.vms} VMs are read at most` });
  }
  while (turn.length > 0) {
    const read = await Promise.all(
      turn.map(async (one) => {
        const triage = await readTriage(connection, one.vm, () => {}, options);
        await onTriage(triage.document);
        return readOne(connection, one, triage, inventory, options);
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
    turn = next;
  }
  return { schema: 'cordon.incident/1', asOf: connection.clock.now().toISOString(), vms, notFollowed };
}
