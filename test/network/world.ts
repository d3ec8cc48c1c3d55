import { NetworkResources, type Unreadable } from '../../src/network/resources.ts';

/** Builds ARM bodies as Azure prints them, for tests. */
const SUB = '/subscriptions/11111111-1111-1111-1111-111111111111/resourceGroups/rg-web/providers/Microsoft.Network';

export const id = {
  nic: (name = 'web01-nic') => `${SUB}/networkInterfaces/${name}`,
  nsg: (name = 'web-nsg') => `${SUB}/networkSecurityGroups/${name}`,
  vnet: (name = 'vnet') => `${SUB}/virtualNetworks/${name}`,
  subnet: (name = 'web', vnet = 'vnet') => `${SUB}/virtualNetworks/${vnet}/subnets/${name}`,
  ip: (name = 'web-ip') => `${SUB}/publicIPAddresses/${name}`,
  lb: (name = 'lb') => `${SUB}/loadBalancers/${name}`,
  asg: (name = 'asg') => `${SUB}/applicationSecurityGroups/${name}`,
  table: (name = 'routes') => `${SUB}/routeTables/${name}`,
  firewall: (name = 'fw') => `${SUB}/azureFirewalls/${name}`,
  policy: (name = 'policy') => `${SUB}/firewallPolicies/${name}`,
  gateway: (name = 'agw') => `${SUB}/applicationGateways/${name}`,
  any: (type: string, name: string) => `${SUB}/${type}/${name}`,
};

export type Body = Record<string, unknown>;

/** A security rule; fields not given are as in the portal's widest. */
export function rule(name: string, priority: number, access: string, fields: Body = {}): Body {
  const properties: Body = {
    protocol: 'Tcp',
    sourcePortRange: '*',
    destinationPortRange: '*',
    sourceAddressPrefix: '*',
    destinationAddressPrefix: '*',
    sourceAddressPrefixes: [],
    destinationAddressPrefixes: [],
    sourcePortRanges: [],
    destinationPortRanges: [],
    access,
    priority,
    direction: 'Inbound',
    provisioningState: 'Succeeded',
    ...fields,
  };
  for (const key of Object.keys(properties)) if (properties[key] === undefined) delete properties[key];
  return { name, properties };
}

export const nsg = (name: string, rules: Body[]): Body => ({
  id: id.nsg(name),
  name,
  type: 'Microsoft.Network/networkSecurityGroups',
  location: 'eastus',
  properties: { securityRules: rules },
});

export const ip = (address: string, fields: Body = {}, name = 'web-ip', sku = 'Standard'): Body => ({
  id: id.ip(name),
  name,
  type: 'Microsoft.Network/publicIPAddresses',
  sku: { name: sku, tier: 'Regional' },
  properties: { ipAddress: address, publicIPAddressVersion: 'IPv4', publicIPAllocationMethod: 'Static', ...fields },
});

export const vnet = (fields: Body = {}, subnets: Body[] = [], name = 'vnet'): Body => ({
  id: id.vnet(name),
  name,
  type: 'Microsoft.Network/virtualNetworks',
  properties: { addressSpace: { addressPrefixes: ['10.1.0.0/16'] }, subnets, virtualNetworkPeerings: [], ...fields },
});

export const subnet = (group: string | undefined, fields: Body = {}, name = 'web', inVnet = 'vnet'): Body => ({
  id: id.subnet(name, inVnet),
  name,
  properties: {
    addressPrefix: '10.1.4.0/24',
    ...(group === undefined ? {} : { networkSecurityGroup: { id: id.nsg(group) } }),
    ...fields,
  },
});

export const config = (fields: Body = {}, name = 'ipconfig1', nic = 'web01-nic'): Body => ({
  id: `${id.nic(nic)}/ipConfigurations/${name}`,
  name,
  properties: {
    privateIPAddress: '10.1.4.7',
    privateIPAddressVersion: 'IPv4',
    subnet: { id: id.subnet() },
    ...fields,
  },
});

export const nic = (group: string | undefined, configs: Body[], name = 'web01-nic'): Body => ({
  id: id.nic(name),
  name,
  type: 'Microsoft.Network/networkInterfaces',
  properties: {
    ipConfigurations: configs,
    ...(group === undefined ? {} : { networkSecurityGroup: { id: id.nsg(group) } }),
  },
});

export interface Ask {
  networkInterfaces?: string[];
  power?: 'running' | 'deallocated' | 'stopped' | 'unknown';
}

/** What `evaluateExposure` needs besides the resources. */
export const ask = (bodies: Body[], options: Ask = {}) => ({
  vm: { id: id.any('x', 'web01'), name: 'web01', os: 'windows' as const, power: options.power ?? ('running' as const) },
  networkInterfaces: options.networkInterfaces ?? [id.nic()],
  resources: new NetworkResources(bodies),
  adminRules: {
    state: 'known' as const,
    byNetwork: new Map<string, unknown[]>([
      [id.vnet(), []],
      [id.vnet('hub'), []],
    ]),
  },
  asOf: '2026-11-23T02:20:11Z',
  source: 'Azure Resource Manager',
  unreadable: [] as Unreadable[],
});

/** A machine with one public address and a group at the subnet and at the interface. */
export function machine(parts: {
  subnetRules?: Body[];
  nicRules?: Body[];
  config?: Body;
  vnet?: Body;
  subnet?: Body;
  sku?: string;
  more?: Body[];
}): Body[] {
  return [
    vnet(parts.vnet, [subnet(parts.subnetRules === undefined ? undefined : 'subnet-nsg', parts.subnet)]),
    nic(parts.nicRules === undefined ? undefined : 'web-nsg', [
      config({ publicIPAddress: { id: id.ip() }, ...parts.config }),
    ]),
    ip('20.51.7.14', {}, 'web-ip', parts.sku),
    ...(parts.subnetRules === undefined ? [] : [nsg('subnet-nsg', parts.subnetRules)]),
    ...(parts.nicRules === undefined ? [] : [nsg('web-nsg', parts.nicRules)]),
    ...(parts.more ?? []),
  ];
}
