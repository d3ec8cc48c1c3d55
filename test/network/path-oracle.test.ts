import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { ExposedPort } from '../../src/documents/triage.ts';
import { evaluateExposure } from '../../src/network/exposure.ts';
import { inPrefix, onInternet, toNumber, toText } from './oracle.ts';
import { delivered, type OracleConfig, type OracleWorld } from './path-oracle.ts';
import { ask, type Body, config, id, ip, nic, nsg, rule, subnet, vnet } from './world.ts';

const PORTS = ['*', '22', '3389', '3389-3400', '443', '8000-8100', '0-1023'];
const PREFIXES = [
  '*',
  'Internet',
  'VirtualNetwork',
  '20.0.0.0/8',
  '203.0.113.0/24',
  '10.0.1.0/27',
  '10.0.1.4',
  '10.1.8.0/28',
  '128.0.0.0/1',
];
const ADDRESSES = ['10.1.4.7', '10.1.4.8', '10.1.4.9', '10.1.4.10'];
const FRONTS = [22, 443, 3389, 8000, 50001];

const someRule = fc.record({
  access: fc.constantFrom('Allow', 'Allow', 'Deny'),
  protocol: fc.constantFrom('Tcp', 'Udp', '*'),
  destinationPortRange: fc.constantFrom(...PORTS),
  sourceAddressPrefix: fc.constantFrom(...PREFIXES),
  destinationAddressPrefix: fc.constantFrom('*', '*', 'VirtualNetwork', '10.1.4.7', '10.1.4.8/31'),
});
const someRules = fc.option(fc.array(someRule, { maxLength: 6 }), { nil: undefined });

/** The targets of a rule, as numbers of configurations. */
const someTargets = fc.uniqueArray(fc.nat(3), { minLength: 1, maxLength: 3 });

const someWorld = fc.record({
  subnetRules: someRules,
  firstRules: someRules,
  secondRules: someRules,
  configs: fc.array(
    fc.record({ second: fc.boolean(), isPublic: fc.boolean(), standard: fc.boolean(), pooled: fc.boolean() }),
    { minLength: 1, maxLength: 4 },
  ),
  balancer: fc.record({
    standard: fc.boolean(),
    rules: fc.array(
      fc.record({
        protocol: fc.constantFrom('Tcp', 'Udp', 'All'),
        front: fc.constantFrom(...FRONTS),
        back: fc.constantFrom(...FRONTS),
      }),
      { maxLength: 3 },
    ),
    natRules: fc.array(
      fc.record({
        protocol: fc.constantFrom('Tcp', 'Udp'),
        front: fc.constantFrom(...FRONTS),
        back: fc.constantFrom(...FRONTS),
        target: fc.nat(3),
      }),
      { maxLength: 2 },
    ),
    natPools: fc.array(
      fc.record({
        protocol: fc.constantFrom('Tcp', 'Udp', 'All'),
        fronts: fc.constantFrom<[number, number][]>([50000, 50119], [8000, 8100], [443, 444]),
        back: fc.constantFrom(...FRONTS),
        targets: someTargets,
      }),
      { maxLength: 2 },
    ),
  }),
  gateway: fc.record({
    subnetRules: fc.option(
      fc.array(
        someRule.map((one) => ({ ...one, destinationAddressPrefix: '*' as const })),
        { maxLength: 4 },
      ),
      { nil: undefined },
    ),
    rules: fc.uniqueArray(
      fc.record({
        front: fc.constantFrom(443, 8000, 3389),
        back: fc.constantFrom(...FRONTS),
        targets: someTargets,
        by: fc.constantFrom('address', 'pool', 'interface'),
      }),
      { maxLength: 2, selector: (one) => one.front },
    ),
  }),
  firewall: fc.record({
    joined: fc.boolean(),
    /** Its rules are in itself, in its policy, or the first of them in the policy that this one is based on. */
    held: fc.constantFrom<('classic' | number)[]>('classic', 0, 1, 2),
    rules: fc.array(
      fc.record({
        protocols: fc.constantFrom(['TCP'], ['UDP'], ['TCP', 'UDP']),
        sources: fc.constantFrom(['*'], ['203.0.113.0/24'], ['20.0.0.0/8', '128.0.0.0/1']),
        ports: fc.constantFrom<[number, number][]>([3389, 3389], [8000, 8100], [443, 443], [8050, 8060]),
        target: fc.nat(3),
        translated: fc.constantFrom(undefined, 22, 3389),
      }),
      { maxLength: 4 },
    ),
  }),
  forced: fc.constantFrom('', '', '0.0.0.0/0', '203.0.113.0/24'),
});
type Generated = typeof someWorld extends fc.Arbitrary<infer W> ? W : never;

const FIREWALL = '20.60.0.9';
const BALANCER = '20.70.0.1';
const GATEWAY = '20.90.0.1';
// The addresses of 10.0.1.0/26 at which some rule begins or ends.
const GATEWAY_OWN = ['10.1.8.0', '10.1.8.15', '10.1.8.16', '10.1.8.31'];
const OWN = ['10.0.1.0', '10.0.1.3', '10.0.1.4', '10.0.1.5', '10.0.1.31', '10.0.1.32', '10.0.1.63'];

/** A firewall's rules in a policy, each in a collection of its own; listed backwards, for priorities give the order. */
function policyOf(name: string, rules: readonly Body[], basePolicy?: string): Body[] {
  const group = (at: number, held: readonly Body[]): Body => ({
    id: `${id.policy(name)}/ruleCollectionGroups/g${at}`,
    type: 'Microsoft.Network/firewallPolicies/ruleCollectionGroups',
    properties: {
      priority: 200 + at,
      ruleCollections: held
        .map((one, i) => ({
          ruleCollectionType: 'FirewallPolicyNatRuleCollection',
          name: `c${i}`,
          priority: 100 + i,
          action: { type: 'DNAT' },
          rules: [one],
        }))
        .reverse(),
    },
  });
  const [first, ...others] = rules;
  return [
    ...(others.length > 0 ? [group(1, others)] : []),
    ...(first ? [group(0, [first])] : []),
    {
      id: id.policy(name),
      type: 'Microsoft.Network/firewallPolicies',
      properties: basePolicy === undefined ? {} : { basePolicy: { id: id.policy(basePolicy) } },
    },
  ];
}

function build(world: Generated): { bodies: Body[]; oracle: OracleWorld; nics: string[] } {
  const rulesOf = (rules: Generated['subnetRules']) =>
    rules?.map(({ access, ...fields }, i) => rule(`r${i}`, 100 + i, access, fields));
  const [subnetRules, first, second] = [world.subnetRules, world.firstRules, world.secondRules].map(rulesOf);
  const configs: OracleConfig[] = world.configs.map((one, i) => ({
    nic: one.second ? 'second' : 'first',
    address: ADDRESSES[i] ?? '',
    publicAddress: one.isPublic ? `20.51.7.${i}` : '',
    standard: one.standard,
    pooled: one.pooled,
  }));
  const configId = (i: number) => `${id.nic(configs[i]?.nic)}/ipConfigurations/c${i}`;
  const nics = [...new Set(configs.map((one) => one.nic))];
  const peer = (network: string, prefix: string) => ({
    properties: {
      peeringState: 'Connected',
      remoteVirtualNetwork: { id: id.vnet(network) },
      remoteAddressSpace: { addressPrefixes: [prefix] },
    },
  });
  const { balancer, firewall, gateway, forced } = world;
  const gatewayRules = rulesOf(gateway.subnetRules);
  const here = (targets: readonly number[]) => [...new Set(targets.map((target) => target % configs.length))];
  const gatewayPool = (r: number) => `${id.gateway()}/backendAddressPools/p${r}`;
  const part = (kind: string, name: string) => `${id.gateway()}/${kind}/${name}`;
  const classic = firewall.held === 'classic';
  const translating = firewall.rules.map(
    (one, i): Body => ({
      name: `d${i}`,
      sourceAddresses: one.sources,
      destinationAddresses: [FIREWALL],
      destinationPorts: [one.ports[0] === one.ports[1] ? String(one.ports[0]) : one.ports.join('-')],
      translatedAddress: ADDRESSES[one.target],
      ...(classic ? { protocols: one.protocols } : { ruleType: 'NatRule', ipProtocols: one.protocols }),
      ...(one.translated === undefined ? {} : { translatedPort: String(one.translated) }),
    }),
  );
  const inherited = classic ? 0 : Number(firewall.held);
  const natTargets = balancer.natRules.map((one) => one.target % configs.length);
  const pool = `${id.lb()}/backendAddressPools/p`;
  const front = `${id.lb()}/frontendIPConfigurations/f`;
  const bodies: Body[] = [
    vnet({ virtualNetworkPeerings: firewall.joined ? [peer('hub', '10.0.0.0/16')] : [] }, [
      subnet(subnetRules === undefined ? undefined : 'subnet-nsg', {
        natGateway: { id: id.any('natGateways', 'nat') },
        ...(forced === '' ? {} : { routeTable: { id: id.table() } }),
      }),
      subnet(undefined, { addressPrefix: '10.1.9.0/26' }, 'AzureBastionSubnet'),
      subnet(
        gatewayRules === undefined ? undefined : 'gateway-nsg',
        { addressPrefix: '10.1.8.0/27', ...(forced === '' ? {} : { routeTable: { id: id.table() } }) },
        'gateway',
      ),
    ]),
    vnet(
      {
        addressSpace: { addressPrefixes: ['10.0.0.0/16'] },
        virtualNetworkPeerings: firewall.joined ? [peer('vnet', '10.1.0.0/16')] : [],
      },
      [subnet(undefined, { addressPrefix: '10.0.1.0/26' }, 'AzureFirewallSubnet', 'hub')],
      'hub',
    ),
    {
      id: id.table(),
      type: 'Microsoft.Network/routeTables',
      properties: {
        // Forced tunnelling to a gateway: no appliance of which more would have to be known.
        routes: [
          {
            name: 'forced',
            properties: { addressPrefix: forced || '10.9.0.0/16', nextHopType: 'VirtualNetworkGateway' },
          },
        ],
      },
    },
    ...(subnetRules === undefined ? [] : [nsg('subnet-nsg', subnetRules)]),
    ...(gatewayRules === undefined ? [] : [nsg('gateway-nsg', gatewayRules)]),
    ...(first === undefined ? [] : [nsg('first-nsg', first)]),
    ...(second === undefined ? [] : [nsg('second-nsg', second)]),
    ...nics.map((name) =>
      nic(
        (name === 'first' ? first : second) === undefined ? undefined : `${name}-nsg`,
        configs.flatMap((one, i) =>
          one.nic !== name
            ? []
            : [
                config(
                  {
                    privateIPAddress: one.address,
                    ...(one.publicAddress === '' ? {} : { publicIPAddress: { id: id.ip(`ip${i}`) } }),
                    ...(one.pooled ? { loadBalancerBackendAddressPools: [{ id: pool }] } : {}),
                    loadBalancerInboundNatRules: natTargets.flatMap((target, n) =>
                      target === i ? [{ id: `${id.lb()}/inboundNatRules/n${n}` }] : [],
                    ),
                    loadBalancerInboundNatPools: balancer.natPools.flatMap(({ targets }, n) =>
                      here(targets).includes(i) ? [{ id: `${id.lb()}/inboundNatPools/np${n}` }] : [],
                    ),
                    applicationGatewayBackendAddressPools: gateway.rules.flatMap(({ by, targets }, r) =>
                      by === 'interface' && here(targets).includes(i) ? [{ id: gatewayPool(r) }] : [],
                    ),
                  },
                  `c${i}`,
                  name,
                ),
              ],
        ),
        name,
      ),
    ),
    ...configs.flatMap((one, i) =>
      one.publicAddress === '' ? [] : [ip(one.publicAddress, {}, `ip${i}`, one.standard ? 'Standard' : 'Basic')],
    ),
    ip(BALANCER, {}, 'lb-ip', balancer.standard ? 'Standard' : 'Basic'),
    ip(FIREWALL, {}, 'fw-ip'),
    ip(GATEWAY, {}, 'gateway-ip'),
    ip('20.80.0.1', {}, 'nat-ip'),
    ip('20.80.0.2', {}, 'bastion-ip'),
    {
      id: id.any('natGateways', 'nat'),
      type: 'Microsoft.Network/natGateways',
      properties: { publicIpAddresses: [{ id: id.ip('nat-ip') }], subnets: [{ id: id.subnet() }] },
    },
    {
      id: id.any('bastionHosts', 'bastion'),
      type: 'Microsoft.Network/bastionHosts',
      properties: {
        ipConfigurations: [
          {
            properties: {
              subnet: { id: id.subnet('AzureBastionSubnet') },
              publicIPAddress: { id: id.ip('bastion-ip') },
            },
          },
        ],
      },
    },
    {
      id: id.lb(),
      type: 'Microsoft.Network/loadBalancers',
      sku: { name: balancer.standard ? 'Standard' : 'Basic' },
      properties: {
        frontendIPConfigurations: [{ id: front, properties: { publicIPAddress: { id: id.ip('lb-ip') } } }],
        backendAddressPools: [
          {
            id: pool,
            properties: {
              backendIPConfigurations: configs.flatMap((one, i) => (one.pooled ? [{ id: configId(i) }] : [])),
            },
          },
        ],
        loadBalancingRules: balancer.rules.map((one, i) => ({
          id: `${id.lb()}/loadBalancingRules/b${i}`,
          name: `b${i}`,
          properties: {
            protocol: one.protocol,
            frontendPort: one.front,
            backendPort: one.back,
            frontendIPConfiguration: { id: front },
            backendAddressPool: { id: pool },
          },
        })),
        inboundNatRules: balancer.natRules.map((one, i) => ({
          id: `${id.lb()}/inboundNatRules/n${i}`,
          name: `n${i}`,
          properties: {
            protocol: one.protocol,
            frontendPort: one.front,
            backendPort: one.back,
            frontendIPConfiguration: { id: front },
            backendIPConfiguration: { id: configId(natTargets[i] ?? 0) },
          },
        })),
        inboundNatPools: balancer.natPools.map((one, i) => ({
          id: `${id.lb()}/inboundNatPools/np${i}`,
          name: `np${i}`,
          properties: {
            protocol: one.protocol,
            frontendPortRangeStart: one.fronts[0],
            frontendPortRangeEnd: one.fronts[1],
            backendPort: one.back,
            frontendIPConfiguration: { id: front },
          },
        })),
      },
    },
    {
      id: id.firewall(),
      type: 'Microsoft.Network/azureFirewalls',
      properties: {
        ipConfigurations: [
          {
            properties: {
              privateIPAddress: '10.0.1.4',
              publicIPAddress: { id: id.ip('fw-ip') },
              subnet: { id: id.subnet('AzureFirewallSubnet', 'hub') },
            },
          },
        ],
        ...(classic
          ? { natRuleCollections: [{ properties: { priority: 100, action: { type: 'Dnat' }, rules: translating } }] }
          : { firewallPolicy: { id: id.policy('own') } }),
      },
    },
    ...(classic ? [] : policyOf('own', translating.slice(inherited), 'base')),
    ...(classic ? [] : policyOf('base', translating.slice(0, inherited))),
    {
      id: id.gateway(),
      type: 'Microsoft.Network/applicationGateways',
      properties: {
        gatewayIPConfigurations: [{ properties: { subnet: { id: id.subnet('gateway') } } }],
        frontendIPConfigurations: [
          { id: part('frontendIPConfigurations', 'f'), properties: { publicIPAddress: { id: id.ip('gateway-ip') } } },
        ],
        frontendPorts: gateway.rules.map((one, r) => ({
          id: part('frontendPorts', `${r}`),
          properties: { port: one.front },
        })),
        backendAddressPools: gateway.rules.map(({ by, targets }, r) => ({
          id: gatewayPool(r),
          properties: {
            ...(by === 'address'
              ? { backendAddresses: here(targets).map((i) => ({ ipAddress: configs[i]?.address })) }
              : {}),
            ...(by === 'pool' ? { backendIPConfigurations: here(targets).map((i) => ({ id: configId(i) })) } : {}),
          },
        })),
        backendHttpSettingsCollection: gateway.rules.map((one, r) => ({
          id: part('backendHttpSettingsCollection', `${r}`),
          properties: { port: one.back, protocol: 'Http' },
        })),
        httpListeners: gateway.rules.map((_, r) => ({
          id: part('httpListeners', `${r}`),
          properties: {
            frontendIPConfiguration: { id: part('frontendIPConfigurations', 'f') },
            frontendPort: { id: part('frontendPorts', `${r}`) },
            protocol: 'Https',
          },
        })),
        requestRoutingRules: gateway.rules.map((_, r) => ({
          name: `r${r}`,
          properties: {
            httpListener: { id: part('httpListeners', `${r}`) },
            backendAddressPool: { id: gatewayPool(r) },
            backendHttpSettings: { id: part('backendHttpSettingsCollection', `${r}`) },
          },
        })),
      },
    },
  ];
  const addressesOf = (targets: readonly number[]) => here(targets).map((i) => configs[i]?.address ?? '');
  const own = ['10.1.0.0/16', ...(firewall.joined ? ['10.0.0.0/16'] : [])];
  const oracle: OracleWorld = {
    configs,
    subnetRules,
    nicRules: new Map([
      ['first', first],
      ['second', second],
    ]),
    balancer: {
      address: BALANCER,
      standard: balancer.standard,
      rules: balancer.rules,
      natRules: balancer.natRules.map((one, i) => ({ ...one, target: configs[natTargets[i] ?? 0]?.address ?? '' })),
      natPools: balancer.natPools.map((one) => ({ ...one, targets: addressesOf(one.targets) })),
    },
    gateway: {
      address: GATEWAY,
      own: GATEWAY_OWN,
      subnetRules: gatewayRules,
      rules: gateway.rules.map(({ front, back, targets }) => ({ front, back, targets: addressesOf(targets) })),
    },
    firewall: {
      address: FIREWALL,
      own: OWN,
      joined: firewall.joined,
      rules: firewall.rules.map(({ translated, target, ...one }) => ({
        ...one,
        target: ADDRESSES[target] ?? '',
        to: translated,
      })),
    },
    around: { own, virtualNetwork: [...own, forced || '10.9.0.0/16'], groups: [], tags: {} },
  };
  return { bodies, oracle, nics };
}

/** The interfaces and ports that an answer says a packet gets to. */
function answered(
  ports: readonly ExposedPort[],
  packet: { protocol: string; source: string; destination: string; port: number },
): Set<string> {
  const arrivals = new Set<string>();
  for (const port of ports) {
    const { frontend } = port;
    if (port.protocol !== packet.protocol || frontend.address !== packet.destination) continue;
    if (packet.port < frontend.from || frontend.to < packet.port) continue;
    if (!port.sources.prefixes.some((prefix) => inPrefix(packet.source, prefix))) continue;
    const shifted = frontend.to - frontend.from === port.to - port.from;
    const back = shifted ? port.from + packet.port - frontend.from : port.from;
    arrivals.add(`${port.networkInterface.split('/').at(-1)}|${back}`);
  }
  return arrivals;
}

const EDGES = [
  ...new Set(
    PORTS.concat(['50001', '8050-8060', '50000-50119', '443-444']).flatMap((text) =>
      text === '*' ? ['0', '65535'] : text.split('-'),
    ),
  ),
]
  .map(Number)
  .flatMap((port) => [port - 1, port, port + 1])
  .filter((port) => port >= 0 && port <= 65535);
const SENDERS = ['20.0.0.0/8', '203.0.113.0/24', '128.0.0.0/1', '20.51.7.0/24']
  .flatMap((prefix) => {
    const [base = '', bits = '32'] = prefix.split('/');
    const start = toNumber(base);
    return [start - 1, start, start + 2 ** (32 - Number(bits)) - 1, start + 2 ** (32 - Number(bits))];
  })
  .filter((n) => n >= 0 && n < 2 ** 32)
  .map(toText)
  .concat(['8.8.8.8'])
  .filter(onInternet);

test('every way in agrees with packets that are forwarded one by one: addresses, balancers, NAT rules and pools, DNAT of firewalls and their policies, application gateways, several interfaces and configurations, forced tunnelling; NAT gateways and Bastion let nothing in', () => {
  let arrived = 0;
  fc.assert(
    fc.property(someWorld, fc.nat(2), (world, phase) => {
      let at = phase;
      const { bodies, oracle, nics } = build(world);
      const fact = evaluateExposure(ask(bodies, { networkInterfaces: nics.map((name) => id.nic(name)) }));
      if (fact.state !== 'known') throw new Error(fact.because);
      const { ports } = fact.value;
      const destinations = [
        ...oracle.configs.map((one) => one.publicAddress),
        BALANCER,
        FIREWALL,
        GATEWAY,
        '20.80.0.1',
        '20.80.0.2',
      ];
      for (const destination of new Set(destinations.filter((address) => address !== ''))) {
        for (const protocol of ['tcp', 'udp'] as const) {
          for (const port of EDGES) {
            for (const source of SENDERS) {
              at += 1;
              if (at % 3 !== 0) continue;
              const packet = { protocol, source, destination, port };
              const expected = delivered(oracle, packet);
              arrived += expected.size;
              const found = answered(ports, packet);
              if ([...expected].sort().join() !== [...found].sort().join()) {
                expect({ packet, found: [...found].sort() }).toEqual({ packet, found: [...expected].sort() });
              }
            }
          }
        }
      }
    }),
    { numRuns: 1000 },
  );
  // The worlds must let something in, or nothing was shown.
  expect(arrived).toBeGreaterThan(10_000);
});
