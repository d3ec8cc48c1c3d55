// Contoso's networks: which VM is reachable from where, and the traps in judging it.
import type { ArmResource } from '../world.ts';
import { applicationGateway, type Balancer, firewall, forcedTunnel, loadBalancer } from './gateways.ts';
import {
  applicationSecurityGroup,
  type Nsg,
  type PublicIp,
  peer,
  publicAddress,
  type RuleSpec,
  type Subnet,
  securityGroup,
  virtualNetwork,
} from './network.ts';
import { dev, type Place, prod, type Reference } from './tenant.ts';

export const inProd = (group: string, location = 'eastus'): Place => ({ subscription: prod, group, location });
export const inDev = (group: string): Place => ({ subscription: dev, group, location: 'eastus2' });

/** Contoso's own offices. */
const offices = '192.0.2.0/24';

const web: RuleSpec[] = [
  { name: 'allow-rdp', priority: 300, ports: '3389', description: 'temporary, for the migration' },
  { name: 'allow-rdp-alt', priority: 310, ports: '4389' },
  { name: 'allow-https', priority: 320, ports: '443' },
  { name: 'deny-all', priority: 400, access: 'Deny', protocol: '*' },
];

/** Everything of the network but the machines' own NICs, with handles for these to tie in to. */
export interface Network {
  resources(): ArmResource[];
  nsg: Record<
    | 'web'
    | 'sql'
    | 'mail'
    | 'ci'
    | 'app'
    | 'appDr'
    | 'jump'
    | 'gate'
    | 'edge'
    | 'shop'
    | 'half'
    | 'safe'
    | 'legacy'
    | 'dev',
    Nsg
  >;
  subnet: Record<
    | 'web'
    | 'app'
    | 'data'
    | 'mail'
    | 'ci'
    | 'mgmt'
    | 'edge'
    | 'branch'
    | 'published'
    | 'shop'
    | 'files'
    | 'dr'
    | 'dev'
    | 'old',
    Subnet
  >;
  ip(place: Place, name: string, address: string, sku?: 'Standard' | 'Basic'): PublicIp;
  balancer: Balancer;
  gateway: { pool: Reference; serve(configurationId: string): void };
  shopGroup: Reference;
}

/** Builds the networks. `publishedAddress` is where the firewall's DNAT rule leads. */
export function contosoNetwork(publishedAddress: string): Network {
  const resources: ArmResource[] = [];
  const keep = <T extends { resource: ArmResource }>(made: T): T => {
    resources.push(made.resource);
    return made;
  };
  const shopAsg = applicationSecurityGroup(inProd('rg-shop'), 'asg-shop');
  const adminAsg = applicationSecurityGroup(inProd('rg-shop'), 'asg-admin');
  resources.push(shopAsg, adminAsg);

  const group = (place: Place, name: string, rules: RuleSpec[]): Nsg => keep(securityGroup(place, name, rules));
  const nsg: Network['nsg'] = {
    web: keep(securityGroup(inProd('rg-web'), 'web-nsg', web, { owner: 'web team', ticket: 'CHG-20417' })),
    sql: group(inProd('rg-data'), 'sql-nsg', [
      { name: 'sql-from-vnet', priority: 200, ports: '1433', sources: 'VirtualNetwork' },
      { name: 'rdp', priority: 210, ports: '3389', sources: 'Internet' },
    ]),
    mail: group(inProd('rg-mail'), 'mail-nsg', [{ name: 'owa', priority: 100, ports: '443', sources: 'Internet' }]),
    ci: group(inProd('rg-ci'), 'ci-nsg', [{ name: 'default-allow-ssh', priority: 1000, protocol: 'TCP', ports: '22' }]),
    app: group(inProd('rg-app'), 'app-nsg', [
      { name: 'https-from-vnet', priority: 100, ports: '443', sources: 'VirtualNetwork' },
    ]),
    appDr: group(inProd('rg-app-dr', 'westus'), 'app-dr-nsg', [
      { name: 'https-from-vnet', priority: 100, ports: '443', sources: 'VirtualNetwork' },
    ]),
    jump: group(inProd('rg-mgmt'), 'jump-nsg', [{ name: 'rdp', priority: 100, protocol: 'TCP', ports: '3389' }]),
    gate: group(inProd('rg-mgmt'), 'gate-nsg', [
      { name: 'partner', priority: 150, ports: '8443', sources: '192.0.2.16/28' },
      {
        name: 'MicrosoftDefenderForCloud-JITRule_443151902_3F9B4C6E',
        priority: 4096,
        access: 'Deny',
        protocol: '*',
        ports: ['3389', '5986'],
        destinations: '10.1.9.21',
        description: 'MDC JIT Network Access rule for policy "default" of VM "gate01".',
      },
    ]),
    edge: group(inProd('rg-edge'), 'edge-nic-nsg', [{ name: 'everything', priority: 100, protocol: '*' }]),
    shop: group(inProd('rg-shop'), 'shop-nsg', [
      {
        name: 'shop',
        priority: 110,
        ports: ['80', '8080-8090'],
        sources: ['198.51.100.0/24', 'Internet'],
        destinationGroups: [shopAsg.id],
      },
      { name: 'admin', priority: 120, ports: ['3389', '5985-5986'], destinationGroups: [adminAsg.id] },
      {
        name: 'between-tiers',
        priority: 130,
        protocol: '*',
        sourceGroups: [shopAsg.id],
        destinations: 'VirtualNetwork',
      },
    ]),
    half: group(inProd('rg-branch'), 'half-nsg', [
      { name: 'winrm', priority: 100, ports: '5985-5986', sources: ['0.0.0.0/1', '128.0.0.0/1'] },
    ]),
    safe: group(inProd('rg-branch'), 'safe-nsg', [
      { name: 'no-rdp', priority: 200, access: 'Deny', ports: '3389' },
      { name: 'allow-rdp', priority: 300, ports: '3389' },
      { name: 'deny-rest', priority: 310, access: 'Deny', protocol: '*' },
    ]),
    legacy: group(inDev('rg-old'), 'legacy-nsg', [
      { name: 'default-allow-rdp', priority: 1000, protocol: 'TCP', ports: '3389' },
    ]),
    dev: group(inDev('rg-dev'), 'dev-nsg', [
      {
        name: 'ssh',
        priority: 100,
        ports: '22',
        sources: [offices, '198.51.100.0/24'],
        description: 'offices and the agency',
      },
    ]),
  };
  // Its NIC's rules look open; nothing from outside passes the subnet.
  const edgeSubnet = group(inProd('rg-edge'), 'edge-subnet-nsg', [
    { name: 'from-vnet', priority: 100, ports: '443', sources: 'VirtualNetwork' },
    { name: 'deny-internet', priority: 200, access: 'Deny', protocol: '*', sources: 'Internet' },
  ]);

  const tunnel = forcedTunnel(inProd('rg-hub'), 'rt-through-firewall', '10.0.1.4');
  const hub = keep(
    virtualNetwork(inProd('rg-hub'), 'vnet-hub', '10.0.0.0/16', [{ name: 'AzureFirewallSubnet', prefix: '10.0.1' }]),
  );
  const main = keep(
    virtualNetwork(inProd('rg-web'), 'vnet-prod', '10.1.0.0/16', [
      { name: 'web', prefix: '10.1.4' },
      { name: 'app', prefix: '10.1.5' },
      { name: 'data', prefix: '10.1.6' },
      { name: 'mail', prefix: '10.1.7' },
      { name: 'ci', prefix: '10.1.8' },
      { name: 'mgmt', prefix: '10.1.9' },
      { name: 'edge', prefix: '10.1.10', nsg: edgeSubnet },
      { name: 'branch', prefix: '10.1.11' },
      { name: 'published', prefix: '10.1.12', routeTable: tunnel },
      { name: 'gateway', prefix: '10.1.13' },
      { name: 'shop', prefix: '10.1.14' },
      { name: 'files', prefix: '10.1.15' },
    ]),
  );
  Object.assign(tunnel.properties ?? {}, { subnets: [{ id: main.subnet('published').id }] });
  resources.push(tunnel);
  const recovery = keep(
    virtualNetwork(inProd('rg-app-dr', 'westus'), 'vnet-dr', '10.2.0.0/16', [{ name: 'app', prefix: '10.2.5' }]),
  );
  const devNetwork = keep(
    virtualNetwork(inDev('rg-dev'), 'vnet-dev', '10.20.0.0/16', [
      { name: 'dev', prefix: '10.20.1' },
      { name: 'old', prefix: '10.20.2' },
    ]),
  );
  peer(hub.resource, main.resource);

  const ip: Network['ip'] = (place, name, address, sku) => keep(publicAddress(place, name, address, sku));
  const balancer = keep(
    loadBalancer(
      inProd('rg-data'),
      'sql-lb',
      ip(inProd('rg-data'), 'sql-lb-ip', '20.51.7.40'),
      [{ name: 'rdp-sql02', frontendPort: 50001, backendPort: 3389 }],
      undefined,
    ),
  );
  const gatewayIp = ip(inProd('rg-web'), 'web-gateway-ip', '20.51.7.52');
  const gateway = keep(applicationGateway(inProd('rg-web'), 'web-gateway', main.subnet('gateway'), gatewayIp, 443));
  const hubIp = ip(inProd('rg-hub'), 'hub-firewall-ip', '20.51.7.60');
  resources.push(
    firewall(inProd('rg-hub'), 'hub-firewall', hub.subnet('AzureFirewallSubnet'), hubIp, [
      { name: 'rdp-fwd01', port: '13389', to: publishedAddress, toPort: '3389', sources: ['*'] },
    ]),
  );
  return {
    resources: () => resources,
    nsg,
    subnet: {
      web: main.subnet('web'),
      app: main.subnet('app'),
      data: main.subnet('data'),
      mail: main.subnet('mail'),
      ci: main.subnet('ci'),
      mgmt: main.subnet('mgmt'),
      edge: main.subnet('edge'),
      branch: main.subnet('branch'),
      published: main.subnet('published'),
      shop: main.subnet('shop'),
      files: main.subnet('files'),
      dr: recovery.subnet('app'),
      dev: devNetwork.subnet('dev'),
      old: devNetwork.subnet('old'),
    },
    ip,
    balancer,
    gateway,
    shopGroup: { id: shopAsg.id },
  };
}
