import ipaddr from 'ipaddr.js';
import { at, isObject, listAt, textAt } from '../../arm/json.ts';
import { nameOf, parseResourceId, sameId } from '../../arm/resource-id.ts';
import type { VirtualMachine } from '../../documents/triage.ts';

/** The resource that an alert is about. Azure says so in three places, of which any may be empty. */
export interface AlertSubject {
  /** Ids of machines (VMs, instances of scale sets, classic VMs, Arc servers), lower case. */
  machines: string[];
  /** Names of computers, lower case, without their domain. */
  names: string[];
  /** Ids of Azure resources that are no machines: of interfaces, disks, vaults; lower case. */
  resources: string[];
  /** Addresses that may be the machine's, or an attacker's: of the compromised entity, of IP entities, of a victim. */
  addresses: string[];
  /** Of them, those that are the machine's: of the compromised entity, of a victim. */
  victims: string[];
  /** The resource group that the alert itself is in, lower case; "" when it is in none. */
  group: string;
}

const machineId =
  /^(\/subscriptions\/[^/]+\/resourcegroups\/[^/]+\/providers\/(?:microsoft\.compute\/virtualmachines\/[^/]+|microsoft\.compute\/virtualmachinescalesets\/[^/]+\/virtualmachines\/[^/]+|microsoft\.classiccompute\/virtualmachines\/[^/]+|microsoft\.hybridcompute\/machines\/[^/]+))(?:\/|$)/i;

/** Resource ids that an alert names: in its identifiers, and in the hosts and resources among its entities. */
export function resourcesOf(properties: unknown): string[] {
  const identifiers = listAt(properties, 'resourceIdentifiers').map(
    (identifier) => textAt(identifier, 'azureResourceId') || textAt(identifier, 'id'),
  );
  const entities = listAt(properties, 'entities').map((one) => textAt(one, 'azureID') || textAt(one, 'resourceId'));
  return [...new Set([...identifiers, ...entities].filter((id) => id.startsWith('/')))];
}

/** "web01" for "WEB01.contoso.local" and "CONTOSO\\WEB01". */
function computerName(text: string): string {
  const plain = text.trim().toLowerCase();
  const host = plain.slice(plain.lastIndexOf('\\') + 1);
  return /^[\d.:]+$/.test(host) ? '' : (host.split('.')[0] ?? '');
}

/** "203.0.113.7" for "203.0.113.7", "203.0.113.7:3389" and "[2001:db8::7]:22"; "" for what is no address. */
function addressOf(text: string): string {
  const plain = text.trim();
  const bare = /^\[(.*)\](?::\d+)?$/.exec(plain)?.[1] ?? /^([^:]+):\d+$/.exec(plain)?.[1] ?? plain;
  return ipaddr.isValid(bare) ? ipaddr.process(bare).toString() : '';
}

/** Keys of Defender's extended properties that name the machine: "Victim IP", "Destination IP address". */
const ofVictim = /\b(?:victim|destination|target|compromised|host|machine|vm)\b.*\bip\b/i;

const addressesIn = (texts: readonly string[]): string[] => [
  ...new Set(texts.map(addressOf).filter((address) => address !== '')),
];

function victimsOf(properties: unknown): string[] {
  const extended = at(properties, 'extendedProperties');
  const told = isObject(extended) ? Object.entries(extended).filter(([key]) => ofVictim.test(key)) : [];
  return addressesIn([
    textAt(properties, 'compromisedEntity'),
    ...told.flatMap(([, value]) => (typeof value === 'string' ? value.split(/[\s,;]+/) : [])),
  ]);
}

/** The resource that an alert is about, from its id and its properties in the case of Resource Graph or of Resource Manager. */
export function subjectOf(id: string, properties: unknown): AlertSubject {
  const ids = resourcesOf(properties);
  const machines = ids.flatMap((one) => machineId.exec(one)?.[1]?.toLowerCase() ?? []);
  const resources = ids.filter((one) => !machineId.test(one)).map((one) => one.toLowerCase());
  const compromised = textAt(properties, 'compromisedEntity');
  const ofEntity = machineId.exec(compromised)?.[1]?.toLowerCase();
  const hosts = listAt(properties, 'entities')
    .filter((one) => /^host$/i.test(textAt(one, 'type')))
    .flatMap((one) => [textAt(one, 'hostName'), textAt(one, 'netBiosName')]);
  const victims = victimsOf(properties);
  const entities = listAt(properties, 'entities').filter((one) => /^ip$/i.test(textAt(one, 'type')));
  const named = compromised.startsWith('/') || addressOf(compromised) !== '' ? hosts : [compromised, ...hosts];
  return {
    machines: [...new Set(ofEntity ? [...machines, ofEntity] : machines)],
    names: [...new Set(named.map(computerName).filter((name) => name !== ''))],
    resources,
    addresses: addressesIn([...victims, ...entities.map((one) => textAt(one, 'address'))]),
    victims,
    group: /\/resourcegroups\/([^/]+)/i.exec(id)?.[1]?.toLowerCase() ?? '',
  };
}

/** Of disks and public addresses (by id) and of addresses: the ids of what holds them, lower case. */
export type Holders = ReadonlyMap<string, ReadonlySet<string>>;

type Placed = Pick<VirtualMachine, 'id' | 'name' | 'computerName' | 'networkInterfaces'> &
  Partial<Pick<VirtualMachine, 'publicAddresses'>>;

/** Is an alert about a VM, and by what: "" where it is by its own id, or not at all. */
export interface Match {
  is: 'yes' | 'perhaps' | 'no';
  by: string;
}

/** Is a holder the VM, or one of its interfaces or a configuration of that? */
function holderIs(vm: Placed): (holder: string) => boolean {
  const own = vm.networkInterfaces.map((id) => id.toLowerCase());
  return (holder) => sameId(holder, vm.id) || own.some((id) => holder === id || holder.startsWith(`${id}/`));
}

/** Is an address the VM's own, public or private? */
export function isOwnAddress(address: string, vm: Placed, holders: Holders): boolean {
  return vm.publicAddresses?.includes(address) === true || [...(holders.get(address) ?? [])].some(holderIs(vm));
}

const no: Match = { is: 'no', by: '' };
const perhaps: Match = { is: 'perhaps', by: '' };

/**
 * Is an alert about a VM? An id decides, also that of an interface, a disk or a public address of it. Where there is none, a
 * name does only in the VM's own resource group, because two VMs may have one name; in another, and where nothing is named
 * (a Log Analytics agent's id alone), it may be. An address decides where nothing else is named: a public one, or a
 * private one that no other VM in reach has.
 */
export function matchOf(subject: AlertSubject, vm: Placed, holders: Holders = new Map()): Match {
  const { machines, names, resources, group } = subject;
  if (machines.length > 0) return machines.some((id) => sameId(id, vm.id)) ? { is: 'yes', by: '' } : no;
  const own = vm.networkInterfaces.map((id) => id.toLowerCase());
  const holds = holderIs(vm);
  const attached = resources.find((id) => own.includes(id));
  if (attached !== undefined) return { is: 'yes', by: `its network interface ${nameOf(attached)}` };
  const part = resources.find((id) => [...(holders.get(id) ?? [])].some(holds));
  if (part !== undefined)
    return { is: 'yes', by: `its ${/\/disks\//.test(part) ? 'disk' : 'public address'} ${nameOf(part)}` };
  if (names.length > 0) {
    const called = [vm.name, vm.computerName].map(computerName).filter((name) => name !== '');
    const name = called.find((one) => names.includes(one));
    if (name === undefined) return no;
    const here = group === (parseResourceId(vm.id)?.resourceGroup.toLowerCase() ?? '');
    return here ? { is: 'yes', by: `its name ${name}` } : perhaps;
  }
  return byAddress(subject, vm, holders, holds);
}

function byAddress(
  { addresses, victims, resources }: AlertSubject,
  vm: Placed,
  holders: Holders,
  holds: (holder: string) => boolean,
): Match {
  let shared = false;
  for (const address of addresses) {
    const all = [...(holders.get(address) ?? [])];
    const listed = vm.publicAddresses?.includes(address) === true;
    if (!listed && !all.some(holds)) continue;
    // A load balancer's address, or a private one of several networks, is not the VM's alone.
    if (!all.every(holds)) shared = true;
    else return { is: 'yes', by: `its ${isPrivate(address) ? 'private' : 'public'} address ${address}` };
  }
  if (shared) return perhaps;
  if (resources.length > 0) return no;
  return ofAnother(victims, holders) ? no : perhaps;
}

/** Is it known of each of these addresses what has it? */
export const ofAnother = (victims: readonly string[], holders: Holders): boolean =>
  victims.length > 0 && victims.every((address) => (holders.get(address)?.size ?? 0) > 0);

const isPrivate = (address: string): boolean =>
  ipaddr.isValid(address) && ['private', 'uniqueLocal', 'carrierGradeNat'].includes(ipaddr.process(address).range());

/** The same without the words. */
export const concerns = (subject: AlertSubject, vm: Placed, holders?: Holders): Match['is'] =>
  matchOf(subject, vm, holders).is;
