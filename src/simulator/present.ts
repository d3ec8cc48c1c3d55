import type { Azure } from './azure.ts';
import { at, type Json, record, records, text } from './json.ts';
import { defaultSecurityRules } from './security-rule.ts';
import { inlineChildren, provisioningState } from './store.ts';
import type { ArmResource } from './world.ts';

const refs = (ids: string[]): { id: string }[] => ids.map((id) => ({ id }));

const without = (object: Json, ...names: string[]): Json =>
  Object.fromEntries(Object.entries(object).filter(([name]) => !names.includes(name)));

/** The fields with a reference list when there is something to refer to; none otherwise, as Azure prints it. */
const withRefs = (properties: Json, field: string, ids: string[]): Json =>
  ids.length === 0 ? without(properties, field) : { ...properties, [field]: refs(ids) };

const withRef = (properties: Json, field: string, id: string | undefined): Json =>
  id === undefined ? without(properties, field) : { ...properties, [field]: { id } };

type Presenter = (resource: ArmResource, azure: Azure) => Json;

function subnetProperties(azure: Azure, subnet: ArmResource): Json {
  return withRefs(record(subnet.properties), 'ipConfigurations', azure.relations.configurationsOfSubnet(subnet.id));
}

const presenters: ReadonlyMap<string, Presenter> = new Map(
  Object.entries<Presenter>({
    'microsoft.network/networksecuritygroups': (group, azure) => {
      const { relations } = azure;
      let properties = record(group.properties);
      properties = withRefs(properties, 'networkInterfaces', relations.interfacesOfGroup(group.id));
      properties = withRefs(properties, 'subnets', relations.subnetsOfGroup(group.id));
      const etag = text(group.etag) ?? '';
      return {
        ...properties,
        defaultSecurityRules: defaultSecurityRules(group.id, etag, provisioningState(group) ?? 'Succeeded'),
      };
    },
    'microsoft.network/networkinterfaces': (nic, azure) =>
      withRef(record(nic.properties), 'virtualMachine', azure.relations.machineOfInterface(nic.id)),
    'microsoft.network/publicipaddresses': (address, azure) =>
      withRef(record(address.properties), 'ipConfiguration', azure.relations.holderOfAddress(address.id)),
    'microsoft.network/virtualnetworks': (network, azure) => {
      const properties = record(network.properties);
      const subnets = inlineChildren(network, 'subnets') ?? [];
      return {
        ...properties,
        subnets: subnets.map((subnet) => ({ ...subnet, properties: subnetProperties(azure, subnet) })),
      };
    },
    'microsoft.network/virtualnetworks/subnets': (subnet, azure) => subnetProperties(azure, subnet),
    'microsoft.network/routetables': (table, azure) =>
      withRefs(record(table.properties), 'subnets', azure.relations.subnetsOfRouteTable(table.id)),
    'microsoft.network/loadbalancers': (balancer, azure) => {
      const properties = { ...record(balancer.properties) };
      if (Array.isArray(properties.backendAddressPools)) {
        properties.backendAddressPools = records(properties.backendAddressPools).map((pool) => {
          const ids = azure.relations.configurationsOfPool(text(pool.id) ?? '');
          if (ids.length === 0) return pool;
          return { ...pool, properties: { ...record(pool.properties), backendIPConfigurations: refs(ids) } };
        });
      }
      if (Array.isArray(properties.inboundNatRules)) {
        properties.inboundNatRules = records(properties.inboundNatRules).map((rule) => {
          const id = azure.relations.configurationOfNatRule(text(rule.id) ?? '');
          if (id === undefined) return rule;
          return { ...rule, properties: { ...record(rule.properties), backendIPConfiguration: { id } } };
        });
      }
      return properties;
    },
    'microsoft.compute/virtualmachinescalesets/virtualmachines': (machine) =>
      without(record(machine.properties), 'instanceView', 'extended'),
    'microsoft.compute/virtualmachines': (machine) => without(record(machine.properties), 'instanceView', 'extended'),
  }),
);

/** A resource as Resource Manager prints it: with the references that point to it, without what it prints only on demand. */
export function present(resource: ArmResource, azure: Azure): ArmResource {
  const type = resource.type.toLowerCase();
  const presenter = presenters.get(type);
  if (presenter !== undefined) return { ...resource, properties: presenter(resource, azure) };
  if (type === 'microsoft.compute/disks') {
    const managedBy = azure.relations.machineOfDisk(resource.id);
    return managedBy === undefined ? resource : { ...resource, managedBy };
  }
  return resource;
}

interface Status {
  code: string;
  level: string;
  displayStatus: string;
  time?: string;
}

/** `PowerState/running` and the like; a machine of which the world says nothing runs. */
export function powerState(machine: ArmResource): string {
  const statuses = records(at(machine.properties, 'instanceView', 'statuses'));
  const code = statuses.map((status) => text(status.code)).find((each) => each?.startsWith('PowerState/'));
  return code ?? text(at(machine.properties, 'instanceView', 'powerState', 'code')) ?? 'PowerState/running';
}

/** The instance view of a machine, completed with the statuses that Azure always prints. */
export function instanceView(machine: ArmResource): Json {
  const view = without(record(at(machine.properties, 'instanceView')), 'powerState');
  const code = powerState(machine);
  const statuses: unknown[] = records(view.statuses);
  if (!records(statuses).some((status) => text(status.code)?.startsWith('ProvisioningState/'))) {
    const provisioned: Status = {
      code: 'ProvisioningState/succeeded',
      level: 'Info',
      displayStatus: 'Provisioning succeeded',
    };
    statuses.unshift(provisioned);
  }
  if (!records(statuses).some((status) => text(status.code)?.startsWith('PowerState/'))) {
    statuses.push({ code, level: 'Info', displayStatus: powerWords(code) });
  }
  return { ...view, statuses };
}

/** `VM running` for `PowerState/running`. */
export const powerWords = (code: string): string => `VM ${code.slice(code.indexOf('/') + 1)}`;

/** A machine with its power state replaced. `time` is ISO 8601. */
export function withPower(machine: ArmResource, code: string): ArmResource {
  const view = instanceView(machine);
  const others = records(view.statuses).filter((status) => !text(status.code)?.startsWith('PowerState/'));
  const statuses = [...others, { code, level: 'Info', displayStatus: powerWords(code) }];
  return { ...machine, properties: { ...machine.properties, instanceView: { ...view, statuses } } };
}
