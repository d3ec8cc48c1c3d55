import { at, isObject, type Json, listAt, textAt } from '../../arm/json.ts';
import { shortName } from '../../arm/resource-id.ts';
import { type ScaleSetInstance, scaleSetInstanceOf } from '../../arm/scale-set-instance.ts';
import type { VirtualMachine } from '../../documents/triage.ts';
import type { Connection } from '../client/connection.ts';
import { rawBody } from '../client/raw-body.ts';
import { powerOf } from './machine-row.ts';

/** The instance of a Uniform scale set alone, as Azure prints it, with its instance view. Throws the SDK's error. */
export async function readInstanceBody(
  connection: Connection,
  { subscriptionId, resourceGroup }: Pick<VirtualMachine, 'subscriptionId' | 'resourceGroup'>,
  { scaleSetName, instance }: ScaleSetInstance,
): Promise<Json> {
  const { virtualMachineScaleSetVMs } = await connection.compute(subscriptionId);
  return rawBody((options) =>
    virtualMachineScaleSetVMs.get(resourceGroup, scaleSetName, instance, { ...options, expand: 'instanceView' }),
  );
}

/**
 * The virtual machine, or the instance of a Uniform scale set, as Azure prints it, with its instance view. Throws the
 * SDK's error.
 */
export async function readMachine(
  connection: Connection,
  { id, subscriptionId, resourceGroup, name }: Pick<VirtualMachine, 'id' | 'subscriptionId' | 'resourceGroup' | 'name'>,
): Promise<Json> {
  const compute = await connection.compute(subscriptionId);
  const inSet = scaleSetInstanceOf(id);
  if (!inSet) {
    const body = await rawBody((options) =>
      compute.virtualMachines.get(resourceGroup, name, { ...options, expand: 'instanceView' }),
    );
    // Each reference has its id. Without them the VM would read as one that has no interface.
    const references = listAt(body, 'properties', 'networkProfile', 'networkInterfaces');
    if (!isObject(body.properties) || references.some((one) => textAt(one, 'id') === '')) {
      throw new Error(`the answer about ${name} is not whole: ask again`);
    }
    return body;
  }
  const [body, set] = await Promise.all([
    readInstanceBody(connection, { subscriptionId, resourceGroup }, inSet),
    // The identity is the set's; an instance does not always repeat it.
    rawBody((options) => compute.virtualMachineScaleSets.get(resourceGroup, inSet.scaleSetName, options)),
  ]);
  return isObject(body.identity) || !isObject(set.identity) ? body : { ...body, identity: set.identity };
}

/** Ids of the VM's network interfaces, the primary first. */
export function interfacesOf(machine: Json): string[] {
  const references = listAt(machine, 'properties', 'networkProfile', 'networkInterfaces');
  const primary = references.filter((one) => at(one, 'properties', 'primary') === true);
  const others = references.filter((one) => at(one, 'properties', 'primary') !== true);
  return [...primary, ...others].map((one) => textAt(one, 'id')).filter((id) => id !== '');
}

/** "running", "deallocated", … by an instance view; undefined when Azure does not report it. */
export function powerIn(view: unknown): string | undefined {
  const codes = listAt(view, 'statuses').map((status) => textAt(status, 'code'));
  return codes.find((code) => /^PowerState\//i.test(code))?.slice('PowerState/'.length);
}

/** "succeeded", "updating", … by an instance view; "" when Azure does not report it. */
export function provisioningIn(view: unknown): string {
  const codes = listAt(view, 'statuses').map((status) => textAt(status, 'code'));
  return codes.find((code) => /^ProvisioningState\//i.test(code))?.split('/')[1] ?? '';
}

/** The system of a VM, by its OS disk. */
export const systemOf = (machine: Json): VirtualMachine['os'] =>
  /linux/i.test(textAt(machine, 'properties', 'storageProfile', 'osDisk', 'osType')) ? 'linux' : 'windows';

/** The disks of a storage profile as Azure prints them, the OS disk first. */
export const attachedIn = (profile: unknown): unknown[] => [at(profile, 'osDisk'), ...listAt(profile, 'dataDisks')];

/** Ids of the VM's managed disks. */
export function disksOf(machine: Json): string[] {
  return attachedIn(at(machine, 'properties', 'storageProfile'))
    .map((disk) => textAt(disk, 'managedDisk', 'id'))
    .filter((id) => id !== '');
}

/** An identity of the VM, by which its doings in Azure are recognised. */
export interface MachineIdentity {
  name: string;
  /** Object and client ids, in lower case. */
  ids: string[];
}

export interface ManagedIdentity extends MachineIdentity {
  kind: 'system-assigned' | 'user-assigned';
  principalId: string;
  /** Id of the user-assigned identity, "" of a system-assigned one. */
  resource: string;
}

/** The managed identities that a process inside the VM can get tokens for. */
export function managedIdentitiesOf(machine: Json, vm: Pick<VirtualMachine, 'name'>): ManagedIdentity[] {
  const own = textAt(machine, 'identity', 'principalId');
  // The type names it also where the answer has no principal: it is there, and whose it is is not known.
  const has = own !== '' || /systemassigned/i.test(textAt(machine, 'identity', 'type'));
  const assigned = at(machine, 'identity', 'userAssignedIdentities');
  const ids = (...given: string[]) => given.filter((id) => id !== '').map((id) => id.toLowerCase());
  return [
    ...(!has
      ? []
      : [{ kind: 'system-assigned' as const, name: vm.name, principalId: own, resource: '', ids: ids(own) }]),
    ...Object.entries(isObject(assigned) ? assigned : {}).map(([id, value]) => ({
      kind: 'user-assigned' as const,
      name: shortName(id),
      principalId: textAt(value, 'principalId'),
      resource: id,
      ids: ids(textAt(value, 'principalId'), textAt(value, 'clientId')),
    })),
  ];
}

/** A VM as the rest of cordon knows it, from its own GET with the instance view; its addresses are not in there. */
export function virtualMachineOf(
  machine: Json,
  about: Pick<VirtualMachine, 'id' | 'name' | 'resourceGroup' | 'subscriptionId' | 'location'>,
): VirtualMachine {
  return {
    ...about,
    subscriptionName: about.subscriptionId,
    os: systemOf(machine),
    osName: '',
    power: powerOf(powerIn(at(machine, 'properties', 'instanceView')) ?? ''),
    computerName: textAt(machine, 'properties', 'osProfile', 'computerName'),
    publicAddresses: [],
    networkInterfaces: interfacesOf(machine),
    tags: {},
  };
}
