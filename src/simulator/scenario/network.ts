// Microsoft.Network as Resource Manager prints it. What refers to another resource also appears there: a NIC in its
// NSG's networkInterfaces, an ip configuration in its subnet and its public address.
import type { ArmResource } from '../world.ts';
import { dice, guidOf } from './seeded.ts';
import { armId, etagOf, type Place, type Reference } from './tenant.ts';

export interface RuleSpec {
  name: string;
  priority: number;
  access?: 'Allow' | 'Deny';
  direction?: 'Inbound' | 'Outbound';
  protocol?: string;
  /** One value goes into the singular field, several into the plural one. */
  ports?: string | string[];
  sources?: string | string[];
  destinations?: string | string[];
  sourceGroups?: string[];
  destinationGroups?: string[];
  description?: string;
}

export interface Nsg {
  id: string;
  interfaces: Reference[];
  subnets: Reference[];
  resource: ArmResource;
}

export interface Subnet {
  id: string;
  /** First three octets of its range. */
  prefix: string;
  configurations: Reference[];
}

export interface PublicIp {
  id: string;
  address: string;
  resource: ArmResource;
  /** Says which configuration uses the address. */
  attach(configurationId: string): void;
}

function oneOrMany(singular: string, value: string | string[] | undefined, fallback: string): Record<string, unknown> {
  const plural = singular.endsWith('Prefix') ? `${singular}es` : `${singular}s`;
  return Array.isArray(value) ? { [plural]: value } : { [singular]: value ?? fallback, [plural]: [] };
}

function securityRule(nsgId: string, spec: RuleSpec): Record<string, unknown> {
  const id = `${nsgId}/securityRules/${spec.name}`;
  const groups = (ids: string[] | undefined): Reference[] | undefined => ids?.map((each) => ({ id: each }));
  const sourceGroups = groups(spec.sourceGroups);
  const destinationGroups = groups(spec.destinationGroups);
  return {
    name: spec.name,
    id,
    etag: etagOf(nsgId),
    type: 'Microsoft.Network/networkSecurityGroups/securityRules',
    properties: {
      provisioningState: 'Succeeded',
      ...(spec.description === undefined ? {} : { description: spec.description }),
      protocol: spec.protocol ?? 'Tcp',
      sourcePortRange: '*',
      sourcePortRanges: [],
      ...oneOrMany('destinationPortRange', spec.ports, '*'),
      ...(sourceGroups === undefined
        ? oneOrMany('sourceAddressPrefix', spec.sources, '*')
        : { sourceAddressPrefixes: [], sourceApplicationSecurityGroups: sourceGroups }),
      ...(destinationGroups === undefined
        ? oneOrMany('destinationAddressPrefix', spec.destinations, '*')
        : { destinationAddressPrefixes: [], destinationApplicationSecurityGroups: destinationGroups }),
      access: spec.access ?? 'Allow',
      priority: spec.priority,
      direction: spec.direction ?? 'Inbound',
    },
  };
}

type DefaultRule = [name: string, description: string, from: string, to: string, access: string, priority: number];
const defaultRules: Record<'Inbound' | 'Outbound', DefaultRule[]> = {
  Inbound: [
    [
      'AllowVnetInBound',
      'Allow inbound traffic from all VMs in VNET',
      'VirtualNetwork',
      'VirtualNetwork',
      'Allow',
      65000,
    ],
    [
      'AllowAzureLoadBalancerInBound',
      'Allow inbound traffic from azure load balancer',
      'AzureLoadBalancer',
      '*',
      'Allow',
      65001,
    ],
    ['DenyAllInBound', 'Deny all inbound traffic', '*', '*', 'Deny', 65500],
  ],
  Outbound: [
    [
      'AllowVnetOutBound',
      'Allow outbound traffic from all VMs to all VMs in VNET',
      'VirtualNetwork',
      'VirtualNetwork',
      'Allow',
      65000,
    ],
    ['AllowInternetOutBound', 'Allow outbound traffic from all VMs to Internet', '*', 'Internet', 'Allow', 65001],
    ['DenyAllOutBound', 'Deny all outbound traffic', '*', '*', 'Deny', 65500],
  ],
};

function defaultSecurityRules(nsgId: string): Record<string, unknown>[] {
  return (['Inbound', 'Outbound'] as const).flatMap((direction) =>
    defaultRules[direction].map(([name, description, from, to, access, priority]) => ({
      name,
      id: `${nsgId}/defaultSecurityRules/${name}`,
      etag: etagOf(nsgId),
      type: 'Microsoft.Network/networkSecurityGroups/defaultSecurityRules',
      properties: {
        provisioningState: 'Succeeded',
        description,
        protocol: '*',
        sourcePortRange: '*',
        destinationPortRange: '*',
        sourceAddressPrefix: from,
        destinationAddressPrefix: to,
        access,
        priority,
        direction,
        sourcePortRanges: [],
        destinationPortRanges: [],
        sourceAddressPrefixes: [],
        destinationAddressPrefixes: [],
      },
    })),
  );
}

/** A network security group with Azure's six default rules. */
export function securityGroup(place: Place, name: string, rules: RuleSpec[], tags: Record<string, string> = {}): Nsg {
  const id = armId(place, 'Microsoft.Network/networkSecurityGroups', name);
  const interfaces: Reference[] = [];
  const subnets: Reference[] = [];
  const resource: ArmResource = {
    name,
    id,
    etag: etagOf(id),
    type: 'Microsoft.Network/networkSecurityGroups',
    location: place.location,
    tags,
    properties: {
      provisioningState: 'Succeeded',
      resourceGuid: guidOf(id),
      securityRules: rules.map((rule) => securityRule(id, rule)),
      defaultSecurityRules: defaultSecurityRules(id),
      networkInterfaces: interfaces,
      subnets,
    },
  };
  return { id, interfaces, subnets, resource };
}

export function applicationSecurityGroup(place: Place, name: string): ArmResource {
  const id = armId(place, 'Microsoft.Network/applicationSecurityGroups', name);
  return {
    name,
    id,
    etag: etagOf(id),
    type: 'Microsoft.Network/applicationSecurityGroups',
    location: place.location,
    properties: { provisioningState: 'Succeeded', resourceGuid: guidOf(id) },
  };
}

export interface SubnetSpec {
  name: string;
  /** First three octets; every subnet here is a /24. */
  prefix: string;
  nsg?: Nsg;
  routeTable?: Reference;
}

/** A virtual network and its subnets by name, in the order given. */
export function virtualNetwork(
  place: Place,
  name: string,
  space: string,
  specs: SubnetSpec[],
): { resource: ArmResource; subnet(name: string): Subnet } {
  const id = armId(place, 'Microsoft.Network/virtualNetworks', name);
  const subnets = new Map<string, Subnet>();
  const printed = specs.map((spec) => {
    const subnet: Subnet = { id: `${id}/subnets/${spec.name}`, prefix: spec.prefix, configurations: [] };
    subnets.set(spec.name, subnet);
    spec.nsg?.subnets.push({ id: subnet.id });
    return {
      name: spec.name,
      id: subnet.id,
      etag: etagOf(id),
      type: 'Microsoft.Network/virtualNetworks/subnets',
      properties: {
        provisioningState: 'Succeeded',
        addressPrefix: `${spec.prefix}.0/24`,
        ...(spec.nsg === undefined ? {} : { networkSecurityGroup: { id: spec.nsg.id } }),
        ...(spec.routeTable === undefined ? {} : { routeTable: { id: spec.routeTable.id } }),
        ipConfigurations: subnet.configurations,
        serviceEndpoints: [],
        delegations: [],
        privateEndpointNetworkPolicies: 'Disabled',
        privateLinkServiceNetworkPolicies: 'Enabled',
      },
    };
  });
  const resource: ArmResource = {
    name,
    id,
    etag: etagOf(id),
    type: 'Microsoft.Network/virtualNetworks',
    location: place.location,
    properties: {
      provisioningState: 'Succeeded',
      resourceGuid: guidOf(id),
      addressSpace: { addressPrefixes: [space] },
      subnets: printed,
      virtualNetworkPeerings: [],
      enableDdosProtection: false,
    },
  };
  return {
    resource,
    subnet(wanted) {
      const found = subnets.get(wanted);
      if (found === undefined) throw new Error(`no subnet ${wanted} in ${name}`);
      return found;
    },
  };
}

/** Peers two networks, both ways. */
export function peer(one: ArmResource, other: ArmResource): void {
  for (const [from, to] of [
    [one, other],
    [other, one],
  ] as const) {
    const peerings = from.properties?.virtualNetworkPeerings;
    if (!Array.isArray(peerings)) continue;
    const name = `to-${to.name}`;
    peerings.push({
      id: `${from.id}/virtualNetworkPeerings/${name}`,
      name,
      etag: etagOf(from.id),
      type: 'Microsoft.Network/virtualNetworks/virtualNetworkPeerings',
      properties: {
        provisioningState: 'Succeeded',
        resourceGuid: guidOf(`${from.id}${to.id}`),
        peeringState: 'Connected',
        peeringSyncLevel: 'FullyInSync',
        remoteVirtualNetwork: { id: to.id },
        allowVirtualNetworkAccess: true,
        allowForwardedTraffic: true,
        allowGatewayTransit: false,
        useRemoteGateways: false,
        doNotVerifyRemoteGateways: false,
        remoteAddressSpace: to.properties?.addressSpace,
        remoteVirtualNetworkAddressSpace: to.properties?.addressSpace,
      },
    });
  }
}

export function publicAddress(
  place: Place,
  name: string,
  address: string,
  sku: 'Standard' | 'Basic' = 'Standard',
): PublicIp {
  const id = armId(place, 'Microsoft.Network/publicIPAddresses', name);
  const properties: Record<string, unknown> = {
    provisioningState: 'Succeeded',
    resourceGuid: guidOf(id),
    ipAddress: address,
    publicIPAddressVersion: 'IPv4',
    publicIPAllocationMethod: sku === 'Standard' ? 'Static' : 'Dynamic',
    idleTimeoutInMinutes: 4,
    ipTags: [],
    ddosSettings: { protectionMode: 'VirtualNetworkInherited' },
  };
  const resource: ArmResource = {
    name,
    id,
    etag: etagOf(id),
    type: 'Microsoft.Network/publicIPAddresses',
    location: place.location,
    ...(sku === 'Standard' ? { zones: ['1', '2', '3'] } : {}),
    sku: { name: sku, tier: 'Regional' },
    properties,
  };
  return {
    id,
    address,
    resource,
    attach(configurationId) {
      properties.ipConfiguration = { id: configurationId };
    },
  };
}

export interface ConfigurationSpec {
  subnet: Subnet;
  /** Last octet in the subnet. */
  host: number;
  publicIp?: PublicIp | undefined;
  natRules?: Reference[];
  balancerPools?: Reference[];
  gatewayPools?: Reference[];
  applicationGroups?: Reference[];
  allocation?: 'Static' | 'Dynamic';
}

export interface Nic {
  id: string;
  /** Ids of its ip configurations, the primary one first. */
  configurations: string[];
  addresses: string[];
  resource: ArmResource;
}

export interface NicSpec {
  name: string;
  configurations: ConfigurationSpec[];
  nsg?: Nsg | undefined;
  primary?: boolean;
  accelerated?: boolean;
  tags?: Record<string, string>;
}

/** A network interface, tied to its NSG, subnets, public addresses and machine. */
export function networkInterface(place: Place, machineId: string, running: boolean, spec: NicSpec): Nic {
  const id = armId(place, 'Microsoft.Network/networkInterfaces', spec.name);
  const names = spec.configurations.map((_, index) => `ipconfig${index + 1}`);
  const configurations = spec.configurations.map((each, index) => {
    const configurationId = `${id}/ipConfigurations/${names[index]}`;
    each.subnet.configurations.push({ id: configurationId });
    each.publicIp?.attach(configurationId);
    return {
      name: names[index],
      id: configurationId,
      etag: etagOf(id),
      type: 'Microsoft.Network/networkInterfaces/ipConfigurations',
      properties: {
        provisioningState: 'Succeeded',
        privateIPAddress: `${each.subnet.prefix}.${each.host}`,
        privateIPAllocationMethod: each.allocation ?? 'Dynamic',
        ...(each.publicIp === undefined ? {} : { publicIPAddress: { id: each.publicIp.id } }),
        subnet: { id: each.subnet.id },
        primary: index === 0,
        privateIPAddressVersion: 'IPv4',
        ...(each.natRules === undefined ? {} : { loadBalancerInboundNatRules: each.natRules }),
        ...(each.balancerPools === undefined ? {} : { loadBalancerBackendAddressPools: each.balancerPools }),
        ...(each.gatewayPools === undefined ? {} : { applicationGatewayBackendAddressPools: each.gatewayPools }),
        ...(each.applicationGroups === undefined ? {} : { applicationSecurityGroups: each.applicationGroups }),
      },
    };
  });
  spec.nsg?.interfaces.push({ id });
  const mac = dice(`mac:${id}`).hex(6).toUpperCase();
  const resource: ArmResource = {
    name: spec.name,
    id,
    etag: etagOf(id),
    type: 'Microsoft.Network/networkInterfaces',
    location: place.location,
    ...(spec.tags === undefined ? {} : { tags: spec.tags }),
    properties: {
      provisioningState: 'Succeeded',
      resourceGuid: guidOf(id),
      ipConfigurations: configurations,
      dnsSettings: {
        dnsServers: [],
        appliedDnsServers: [],
        internalDomainNameSuffix: `${dice(`dns:${place.group}`).hex(24)}.bx.internal.cloudapp.net`,
      },
      // Azure reports no MAC address while the machine is deallocated and has never kept one.
      ...(running ? { macAddress: `00-0D-3A-${mac.slice(0, 2)}-${mac.slice(2, 4)}-${mac.slice(4, 6)}` } : {}),
      vnetEncryptionSupported: false,
      enableIPForwarding: false,
      disableTcpStateTracking: false,
      enableAcceleratedNetworking: spec.accelerated ?? true,
      ...(spec.nsg === undefined ? {} : { networkSecurityGroup: { id: spec.nsg.id } }),
      primary: spec.primary ?? true,
      virtualMachine: { id: machineId },
      hostedWorkloads: [],
      tapConfigurations: [],
      nicType: 'Standard',
      auxiliaryMode: 'None',
      auxiliarySku: 'None',
    },
  };
  return {
    id,
    configurations: configurations.map((each) => each.id),
    addresses: spec.configurations.map((each) => `${each.subnet.prefix}.${each.host}`),
    resource,
  };
}
