import { listAt, textAt } from '../../arm/json.ts';
import { parseResourceId, sameId } from '../../arm/resource-id.ts';
import type { VirtualMachine } from '../../documents/triage.ts';

/** The resource that an alert is about. Azure says so in three places, of which any may be empty. */
export interface AlertSubject {
  /** Ids of machines (VMs, instances of scale sets, classic VMs, Arc servers), lower case. */
  machines: string[];
  /** Names of computers, lower case, without their domain. */
  names: string[];
  /** Ids of Azure resources that are no machines: of interfaces, disks, vaults; lower case. */
  resources: string[];
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
  const named = compromised.startsWith('/') ? hosts : [compromised, ...hosts];
  return {
    machines: [...new Set(ofEntity ? [...machines, ofEntity] : machines)],
    names: [...new Set(named.map(computerName).filter((name) => name !== ''))],
    resources,
    group: /\/resourcegroups\/([^/]+)/i.exec(id)?.[1]?.toLowerCase() ?? '',
  };
}

/**
 * Is an alert about a VM? An id decides, also that of one of its network interfaces. Where there is none, a name does only in the VM's own resource group, because
 * two VMs may have one name; in another, and where nothing is named (a Log Analytics agent's id alone), it may be.
 */
export function concerns(
  { machines, names, resources, group }: AlertSubject,
  vm: Pick<VirtualMachine, 'id' | 'name' | 'computerName' | 'networkInterfaces'>,
): 'yes' | 'perhaps' | 'no' {
  if (machines.length > 0) return machines.some((id) => sameId(id, vm.id)) ? 'yes' : 'no';
  if (vm.networkInterfaces.some((id) => resources.includes(id.toLowerCase()))) return 'yes';
  if (names.length === 0) return resources.length > 0 ? 'no' : 'perhaps';
  const own = [vm.name, vm.computerName].map(computerName).filter((name) => name !== '');
  if (!own.some((name) => names.includes(name))) return 'no';
  return group === (parseResourceId(vm.id)?.resourceGroup.toLowerCase() ?? '') ? 'yes' : 'perhaps';
}
