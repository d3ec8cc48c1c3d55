// The ways in that are not a machine's own public address: load balancer, Azure Firewall, application gateway.
import type { ArmResource } from '../world.ts';
import type { PublicIp, Subnet } from './network.ts';
import { guidOf } from './seeded.ts';
import { armId, etagOf, type Place, type Reference } from './tenant.ts';

export interface NatSpec {
  name: string;
  frontendPort: number;
  backendPort: number;
}

export interface Balancer {
  resource: ArmResource;
  pool: Reference;
  natRule(name: string): Reference;
  /** Ties a NIC's ip configuration to a NAT rule, or to the pool when no rule is named. */
  serve(configurationId: string, natRule?: string): void;
}

/** A Standard public load balancer with inbound NAT rules, one pool, one rule for it and a probe. */
export function loadBalancer(
  place: Place,
  name: string,
  address: PublicIp,
  nat: NatSpec[],
  balanced: { name: string; frontendPort: number; backendPort: number } | undefined,
): Balancer {
  const type = 'Microsoft.Network/loadBalancers';
  const id = armId(place, type, name);
  const part = (kind: string, child: string, properties: Record<string, unknown>) => ({
    name: child,
    id: `${id}/${kind}/${child}`,
    etag: etagOf(id),
    type: `${type}/${kind}`,
    properties: { provisioningState: 'Succeeded', ...properties },
  });
  const frontend = { id: `${id}/frontendIPConfigurations/frontend` };
  const pool = { id: `${id}/backendAddressPools/pool` };
  const probe = { id: `${id}/probes/tcp` };
  address.attach(frontend.id);
  const shared = { protocol: 'Tcp', enableFloatingIP: false, idleTimeoutInMinutes: 4, enableTcpReset: false };
  const members: Reference[] = [];
  const natRules = nat.map(({ name: rule, frontendPort, backendPort }) =>
    part('inboundNatRules', rule, { frontendIPConfiguration: frontend, frontendPort, backendPort, ...shared }),
  );
  const rules =
    balanced === undefined
      ? []
      : [
          part('loadBalancingRules', balanced.name, {
            frontendIPConfiguration: frontend,
            frontendPort: balanced.frontendPort,
            backendPort: balanced.backendPort,
            ...shared,
            loadDistribution: 'Default',
            disableOutboundSnat: true,
            backendAddressPool: pool,
            backendAddressPools: [pool],
            probe,
          }),
        ];
  const ruleIds = rules.map((rule) => ({ id: rule.id }));
  const resource: ArmResource = {
    name,
    id,
    etag: etagOf(id),
    type,
    location: place.location,
    sku: { name: 'Standard', tier: 'Regional' },
    properties: {
      provisioningState: 'Succeeded',
      resourceGuid: guidOf(id),
      frontendIPConfigurations: [
        part('frontendIPConfigurations', 'frontend', {
          privateIPAllocationMethod: 'Dynamic',
          publicIPAddress: { id: address.id },
          inboundNatRules: natRules.map((rule) => ({ id: rule.id })),
          loadBalancingRules: ruleIds,
        }),
      ],
      backendAddressPools: [
        part('backendAddressPools', 'pool', { backendIPConfigurations: members, loadBalancingRules: ruleIds }),
      ],
      loadBalancingRules: rules,
      probes: [
        part('probes', 'tcp', {
          protocol: 'Tcp',
          port: balanced?.backendPort ?? 3389,
          intervalInSeconds: 15,
          numberOfProbes: 2,
          probeThreshold: 1,
          loadBalancingRules: ruleIds,
        }),
      ],
      inboundNatRules: natRules,
      outboundRules: [],
      inboundNatPools: [],
    },
  };
  return {
    resource,
    pool,
    natRule(rule) {
      return { id: `${id}/inboundNatRules/${rule}` };
    },
    serve(configurationId, natRule) {
      if (natRule === undefined) {
        members.push({ id: configurationId });
        return;
      }
      for (const rule of natRules) {
        if (rule.name === natRule) Object.assign(rule.properties, { backendIPConfiguration: { id: configurationId } });
      }
    },
  };
}

/** A classic-rules Azure Firewall with one DNAT rule collection. */
export function firewall(
  place: Place,
  name: string,
  subnet: Subnet,
  address: PublicIp,
  dnat: { name: string; port: string; to: string; toPort: string; sources: string[] }[],
): ArmResource {
  const type = 'Microsoft.Network/azureFirewalls';
  const id = armId(place, type, name);
  const configuration = `${id}/azureFirewallIpConfigurations/frontend`;
  subnet.configurations.push({ id: configuration });
  address.attach(configuration);
  return {
    name,
    id,
    etag: etagOf(id),
    type,
    location: place.location,
    zones: ['1', '2', '3'],
    properties: {
      provisioningState: 'Succeeded',
      sku: { name: 'AZFW_VNet', tier: 'Standard' },
      threatIntelMode: 'Alert',
      additionalProperties: {},
      ipConfigurations: [
        {
          name: 'frontend',
          id: configuration,
          etag: etagOf(id),
          type: `${type}/azureFirewallIpConfigurations`,
          properties: {
            provisioningState: 'Succeeded',
            privateIPAddress: `${subnet.prefix}.4`,
            publicIPAddress: { id: address.id },
            subnet: { id: subnet.id },
          },
        },
      ],
      natRuleCollections: [
        {
          name: 'publish',
          id: `${id}/natRuleCollections/publish`,
          etag: etagOf(id),
          properties: {
            provisioningState: 'Succeeded',
            priority: 200,
            action: { type: 'Dnat' },
            rules: dnat.map((rule) => ({
              name: rule.name,
              protocols: ['TCP'],
              sourceAddresses: rule.sources,
              destinationAddresses: [address.address],
              destinationPorts: [rule.port],
              translatedAddress: rule.to,
              translatedPort: rule.toPort,
              sourceIpGroups: [],
            })),
          },
        },
      ],
      applicationRuleCollections: [],
      networkRuleCollections: [],
    },
  };
}

/** An application gateway v2 with one HTTPS listener to a pool of NICs. `pool` is what the NICs refer to. */
export function applicationGateway(
  place: Place,
  name: string,
  subnet: Subnet,
  address: PublicIp,
  backendPort: number,
): { resource: ArmResource; pool: Reference; serve(configurationId: string): void } {
  const type = 'Microsoft.Network/applicationGateways';
  const id = armId(place, type, name);
  const part = (kind: string, child: string, properties: Record<string, unknown>) => ({
    name: child,
    id: `${id}/${kind}/${child}`,
    etag: etagOf(id),
    type: `${type}/${kind}`,
    properties: { provisioningState: 'Succeeded', ...properties },
  });
  const at = (kind: string, child: string): Reference => ({ id: `${id}/${kind}/${child}` });
  address.attach(`${id}/frontendIPConfigurations/public`);
  subnet.configurations.push({ id: `${id}/gatewayIPConfigurations/gateway` });
  const members: Reference[] = [];
  const resource: ArmResource = {
    name,
    id,
    etag: etagOf(id),
    type,
    location: place.location,
    properties: {
      provisioningState: 'Succeeded',
      resourceGuid: guidOf(id),
      sku: { name: 'Standard_v2', tier: 'Standard_v2', family: 'Generation_1', capacity: 2 },
      operationalState: 'Running',
      enableHttp2: true,
      gatewayIPConfigurations: [part('gatewayIPConfigurations', 'gateway', { subnet: { id: subnet.id } })],
      sslCertificates: [part('sslCertificates', 'site', { publicCertData: '*****' })],
      trustedRootCertificates: [],
      trustedClientCertificates: [],
      sslProfiles: [],
      authenticationCertificates: [],
      frontendIPConfigurations: [
        part('frontendIPConfigurations', 'public', {
          privateIPAllocationMethod: 'Dynamic',
          publicIPAddress: { id: address.id },
        }),
      ],
      frontendPorts: [part('frontendPorts', 'port_443', { port: 443 })],
      backendAddressPools: [
        part('backendAddressPools', 'web', { backendIPConfigurations: members, backendAddresses: [] }),
      ],
      loadDistributionPolicies: [],
      backendHttpSettingsCollection: [
        part('backendHttpSettingsCollection', 'https', {
          port: backendPort,
          protocol: 'Https',
          cookieBasedAffinity: 'Disabled',
          pickHostNameFromBackendAddress: false,
          requestTimeout: 20,
        }),
      ],
      backendSettingsCollection: [],
      httpListeners: [
        part('httpListeners', 'https', {
          frontendIPConfiguration: at('frontendIPConfigurations', 'public'),
          frontendPort: at('frontendPorts', 'port_443'),
          protocol: 'Https',
          sslCertificate: at('sslCertificates', 'site'),
          hostNames: [],
          requireServerNameIndication: false,
        }),
      ],
      listeners: [],
      urlPathMaps: [],
      requestRoutingRules: [
        part('requestRoutingRules', 'web', {
          ruleType: 'Basic',
          priority: 100,
          httpListener: at('httpListeners', 'https'),
          backendAddressPool: at('backendAddressPools', 'web'),
          backendHttpSettings: at('backendHttpSettingsCollection', 'https'),
        }),
      ],
      routingRules: [],
      probes: [],
      rewriteRuleSets: [],
      redirectConfigurations: [],
      privateLinkConfigurations: [],
      privateEndpointConnections: [],
    },
  };
  return {
    resource,
    pool: at('backendAddressPools', 'web'),
    serve(configurationId) {
      members.push({ id: configurationId });
    },
  };
}

/** A route table that sends everything to a virtual appliance. */
export function forcedTunnel(place: Place, name: string, nextHop: string): ArmResource {
  const type = 'Microsoft.Network/routeTables';
  const id = armId(place, type, name);
  return {
    name,
    id,
    etag: etagOf(id),
    type,
    location: place.location,
    properties: {
      provisioningState: 'Succeeded',
      resourceGuid: guidOf(id),
      disableBgpRoutePropagation: true,
      routes: [
        {
          name: 'everything',
          id: `${id}/routes/everything`,
          etag: etagOf(id),
          type: `${type}/routes`,
          properties: {
            provisioningState: 'Succeeded',
            addressPrefix: '0.0.0.0/0',
            nextHopType: 'VirtualAppliance',
            nextHopIpAddress: nextHop,
            hasBgpOverride: false,
          },
        },
      ],
      subnets: [],
    },
  };
}
