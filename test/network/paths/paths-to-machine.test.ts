import { describe, expect, test } from 'vitest';
import type { Exposure } from '../../../src/documents/triage.ts';
import { evaluateExposure } from '../../../src/network/exposure.ts';
import { ask, type Body, config, id, ip, nic, nsg, rule, subnet, vnet } from '../world.ts';

const ALL = 3_702_259_456;
const FRONT = `${id.lb()}/frontendIPConfigurations/front`;
const POOL = `${id.lb()}/backendAddressPools/pool`;

function exposureOf(bodies: Body[], networkInterfaces = [id.nic()]): Exposure & { notSeen: string[] } {
  const fact = evaluateExposure(ask(bodies, { networkInterfaces }));
  if (fact.state !== 'known') throw new Error(`unknown: ${fact.because}`);
  return { ...fact.value, notSeen: fact.notSeen };
}

const brief = (exposure: Exposure) =>
  exposure.ports.map(
    (p) =>
      `${p.via} ${p.frontend.address}:${p.frontend.from}-${p.frontend.to} -> ${p.protocol} ${p.from}-${p.to} ${p.sources.publicAddresses}`,
  );

const child = (kind: string, name: string, properties: Body): Body => ({
  id: `${id.lb()}/${kind}/${name}`,
  name,
  properties,
});

/** A load balancer with one public frontend, unless `front` says otherwise. */
const balancer = (
  parts: Body,
  front: Body = { publicIPAddress: { id: id.ip('lb-ip') } },
  sku = 'Standard',
  tier = 'Regional',
): Body => ({
  id: id.lb(),
  name: 'lb',
  type: 'Microsoft.Network/loadBalancers',
  sku: { name: sku, tier },
  properties: { frontendIPConfigurations: [{ id: FRONT, name: 'front', properties: front }], ...parts },
});

const inPool = { loadBalancerBackendAddressPools: [{ id: POOL }] };
const group = (...ports: string[]) =>
  nsg(
    'web-nsg',
    ports.map((port, i) => rule(`allow${i}`, 100 + i, 'Allow', { destinationPortRange: port })),
  );
const net = vnet({}, [subnet(undefined)]);

describe('b10 load balancers', () => {
  const nat = (fields: Body = {}) =>
    child('inboundNatRules', 'rdp-web01', {
      frontendIPConfiguration: { id: FRONT },
      protocol: 'Tcp',
      frontendPort: 50001,
      backendPort: 3389,
      enableFloatingIP: false,
      ...fields,
    });
  const natted = config({ loadBalancerInboundNatRules: [{ id: `${id.lb()}/inboundNatRules/rdp-web01` }] });

  test('an inbound NAT rule: both ports are reported, and the group must allow the one behind', () => {
    const bodies = (port: string) => [
      net,
      nic('web-nsg', [natted]),
      group(port),
      balancer({ inboundNatRules: [nat()] }),
      ip('20.51.7.20', {}, 'lb-ip'),
    ];
    const exposure = exposureOf(bodies('3389'));
    expect(brief(exposure)).toEqual([`nat-rule 20.51.7.20:50001-50001 -> tcp 3389-3389 ${ALL}`]);
    expect(exposure.ports[0]).toMatchObject({ service: 'RDP', path: { id: id.lb(), rule: 'rdp-web01' } });
    expect(exposureOf(bodies('50001')).ports).toEqual([]);
  });

  test('the rule’s own reference to the ipConfiguration is enough', () => {
    const bodies = [
      net,
      nic('web-nsg', [config()]),
      group('3389'),
      ip('20.51.7.20', {}, 'lb-ip'),
      balancer({
        inboundNatRules: [
          nat({ backendIPConfiguration: { id: `${id.nic().toUpperCase()}/ipConfigurations/ipconfig1` } }),
        ],
      }),
    ];
    expect(exposureOf(bodies).ports).toHaveLength(1);
  });

  test('a balancing rule reaches every member of its pool; a Standard one needs a group’s allow, a Basic one does not', () => {
    const rules = {
      loadBalancingRules: [
        child('loadBalancingRules', 'https', {
          frontendIPConfiguration: { id: FRONT },
          backendAddressPool: { id: POOL },
          protocol: 'Tcp',
          frontendPort: 443,
          backendPort: 8443,
        }),
      ],
    };
    const address = ip('20.51.7.20', {}, 'lb-ip');
    expect(brief(exposureOf([net, nic('web-nsg', [config(inPool)]), group('8443'), balancer(rules), address]))).toEqual(
      [`load-balancer 20.51.7.20:443-443 -> tcp 8443-8443 ${ALL}`],
    );
    expect(exposureOf([net, nic(undefined, [config(inPool)]), balancer(rules), address]).ports).toEqual([]);
    expect(
      exposureOf([net, nic(undefined, [config(inPool)]), balancer(rules, undefined, 'Basic'), address]).ports,
    ).toHaveLength(1);
  });

  test('the client’s own address is what the group sees', () => {
    const rules = {
      loadBalancingRules: [
        child('loadBalancingRules', 'r', {
          frontendIPConfiguration: { id: FRONT },
          backendAddressPools: [{ id: POOL }],
          protocol: 'Tcp',
          frontendPort: 3389,
          backendPort: 3389,
        }),
      ],
    };
    const bodies = [
      net,
      nic('web-nsg', [config(inPool)]),
      nsg('web-nsg', [
        rule('office', 100, 'Allow', { destinationPortRange: '3389', sourceAddressPrefix: '203.0.113.0/24' }),
      ]),
      balancer(rules),
      ip('20.51.7.20', {}, 'lb-ip'),
    ];
    expect(exposureOf(bodies).ports[0]?.sources).toEqual({
      publicAddresses: 256,
      breadth: 'narrow',
      prefixes: ['203.0.113.0/24'],
    });
  });

  test('with a floating address a rule for the frontend’s address or the VM’s own lets in, and a deny for one closes nothing', () => {
    const floating = (rules: Body[]) => [
      net,
      nic('web-nsg', [config({ loadBalancerBackendAddressPools: [{ id: POOL }] })]),
      nsg('web-nsg', rules),
      ip('20.51.7.20', {}, 'lb-ip'),
      balancer({
        backendAddressPools: [{ id: POOL, properties: {} }],
        loadBalancingRules: [
          child('loadBalancingRules', 'r', {
            frontendIPConfiguration: { id: FRONT },
            backendAddressPool: { id: POOL },
            protocol: 'Tcp',
            frontendPort: 1433,
            backendPort: 1433,
            enableFloatingIP: true,
          }),
        ],
      }),
    ];
    const named = (destination: string) =>
      rule('allow', 200, 'Allow', { destinationPortRange: '1433', destinationAddressPrefix: destination });
    const open = [`load-balancer 20.51.7.20:1433-1433 -> tcp 1433-1433 ${ALL}`];
    expect(brief(exposureOf(floating([named('10.1.4.7')])))).toEqual(open);
    expect(brief(exposureOf(floating([named('20.51.7.20')])))).toEqual(open);
    expect(brief(exposureOf(floating([named('20.51.7.21')])))).toEqual([]);
    const deny = rule('deny', 100, 'Deny', { destinationPortRange: '1433', destinationAddressPrefix: '10.1.4.7' });
    expect(brief(exposureOf(floating([deny, named('*')])))).toEqual(open);
  });

  test('an internal load balancer is not the Internet', () => {
    const rules = {
      loadBalancingRules: [
        child('loadBalancingRules', 'ha', {
          frontendIPConfiguration: { id: FRONT },
          backendAddressPool: { id: POOL },
          protocol: 'All',
          frontendPort: 0,
          backendPort: 0,
        }),
      ],
    };
    expect(
      exposureOf([
        net,
        nic('web-nsg', [config(inPool)]),
        group('*'),
        balancer(rules, { privateIPAddress: '10.1.4.100', subnet: { id: id.subnet() } }),
      ]).ports,
    ).toEqual([]);
  });

  test('members by address, as pools of addresses hold them', () => {
    const parts = {
      backendAddressPools: [
        {
          id: POOL,
          properties: {
            loadBalancerBackendAddresses: [
              { name: 'a', properties: { ipAddress: '10.1.4.7', virtualNetwork: { id: id.vnet() } } },
            ],
          },
        },
      ],
      loadBalancingRules: [
        child('loadBalancingRules', 'r', {
          frontendIPConfiguration: { id: FRONT },
          backendAddressPool: { id: POOL },
          protocol: 'Tcp',
          frontendPort: 80,
          backendPort: 80,
        }),
      ],
    };
    const bodies = (network: string) => [
      net,
      nic('web-nsg', [config()]),
      group('80'),
      ip('20.51.7.20', {}, 'lb-ip'),
      balancer(JSON.parse(JSON.stringify(parts).replaceAll(id.vnet(), id.vnet(network))) as Body),
    ];
    expect(exposureOf(bodies('vnet')).ports).toHaveLength(1);
    expect(exposureOf(bodies('elsewhere')).ports).toEqual([]);
  });

  test('a NAT rule over a pool leads by the member’s own port; where that is not known the whole range is shown', () => {
    const rangeRule = nat({
      frontendPort: 0,
      frontendPortRangeStart: 50000,
      frontendPortRangeEnd: 50099,
      backendAddressPool: { id: POOL },
    });
    const bodies = (ports: Body) => [
      net,
      nic('web-nsg', [config(inPool)]),
      group('3389'),
      ip('20.51.7.20', {}, 'lb-ip'),
      balancer({
        inboundNatRules: [rangeRule],
        backendAddressPools: [
          {
            id: POOL,
            properties: {
              loadBalancerBackendAddresses: [
                {
                  properties: {
                    networkInterfaceIPConfiguration: { id: `${id.nic()}/ipConfigurations/ipconfig1` },
                    ...ports,
                  },
                },
              ],
            },
          },
        ],
      }),
    ];
    expect(
      brief(
        exposureOf(
          bodies({
            inboundNatRulesPortMapping: [{ inboundNatRuleName: 'rdp-web01', frontendPort: 50007, backendPort: 3389 }],
          }),
        ),
      ),
    ).toEqual([`nat-rule 20.51.7.20:50007-50007 -> tcp 3389-3389 ${ALL}`]);
    const unsure = exposureOf(bodies({}));
    expect(brief(unsure)).toEqual([`nat-rule 20.51.7.20:50000-50099 -> tcp 3389-3389 ${ALL}`]);
    expect(unsure.notSeen.join()).toContain('50000-50099');
  });

  test('a NAT pool of a scale set', () => {
    const bodies = [
      net,
      nic('web-nsg', [config({ loadBalancerInboundNatPools: [{ id: `${id.lb()}/inboundNatPools/pool` }] })]),
      group('22'),
      ip('20.51.7.20', {}, 'lb-ip'),
      balancer({
        inboundNatPools: [
          child('inboundNatPools', 'pool', {
            frontendIPConfiguration: { id: FRONT },
            protocol: 'Tcp',
            frontendPortRangeStart: 50000,
            frontendPortRangeEnd: 50119,
            backendPort: 22,
          }),
        ],
      }),
    ];
    expect(brief(exposureOf(bodies))).toEqual([`nat-rule 20.51.7.20:50000-50119 -> tcp 22-22 ${ALL}`]);
  });

  test('a cross-region load balancer in front of the regional one', () => {
    const rules = {
      loadBalancingRules: [
        child('loadBalancingRules', 'r', {
          frontendIPConfiguration: { id: FRONT },
          backendAddressPool: { id: POOL },
          protocol: 'Tcp',
          frontendPort: 443,
          backendPort: 8443,
        }),
      ],
    };
    const global = JSON.parse(
      JSON.stringify(
        balancer(
          {
            loadBalancingRules: [
              child('loadBalancingRules', 'world', {
                frontendIPConfiguration: { id: FRONT },
                backendAddressPool: { id: POOL },
                protocol: 'Tcp',
                frontendPort: 443,
                backendPort: 443,
              }),
            ],
            backendAddressPools: [
              {
                id: POOL,
                properties: {
                  loadBalancerBackendAddresses: [
                    { properties: { loadBalancerFrontendIPConfiguration: { id: 'REGIONAL' } } },
                  ],
                },
              },
            ],
          },
          { publicIPAddress: { id: id.ip('global-ip') } },
          'Standard',
          'Global',
        ),
      ).replaceAll(id.lb(), id.lb('global')),
    ) as Body;
    const text = JSON.stringify(global).replace('REGIONAL', FRONT);
    const bodies = [
      net,
      nic('web-nsg', [config(inPool)]),
      group('8443'),
      balancer(rules),
      JSON.parse(text) as Body,
      ip('20.51.7.20', {}, 'lb-ip'),
      ip('20.99.0.1', {}, 'global-ip'),
    ];
    expect(brief(exposureOf(bodies)).sort()).toEqual([
      `load-balancer 20.51.7.20:443-443 -> tcp 8443-8443 ${ALL}`,
      `load-balancer 20.99.0.1:443-443 -> tcp 8443-8443 ${ALL}`,
    ]);
  });
});

const HUB = vnet(
  { addressSpace: { addressPrefixes: ['10.0.0.0/16'] } },
  [subnet(undefined, { addressPrefix: '10.0.1.0/26' }, 'AzureFirewallSubnet', 'hub')],
  'hub',
);
const spoke = (peered = true) =>
  vnet(
    {
      virtualNetworkPeerings: peered
        ? [
            {
              name: 'to-hub',
              properties: {
                peeringState: 'Connected',
                allowVirtualNetworkAccess: true,
                remoteVirtualNetwork: { id: id.vnet('hub') },
                remoteAddressSpace: { addressPrefixes: ['10.0.0.0/16'] },
              },
            },
          ]
        : [],
    },
    [subnet(undefined)],
  );

const dnat = (name: string, fields: Body = {}): Body => ({
  name,
  protocols: ['TCP'],
  sourceAddresses: ['*'],
  destinationAddresses: ['20.60.0.9'],
  destinationPorts: ['33890'],
  translatedAddress: '10.1.4.7',
  translatedPort: '3389',
  ...fields,
});

const firewall = (rules: Body[], fields: Body = {}): Body => ({
  id: id.firewall(),
  name: 'fw',
  type: 'Microsoft.Network/azureFirewalls',
  properties: {
    ipConfigurations: [
      {
        name: 'c',
        properties: {
          privateIPAddress: '10.0.1.4',
          publicIPAddress: { id: id.ip('fw-ip') },
          subnet: { id: id.subnet('AzureFirewallSubnet', 'hub') },
        },
      },
    ],
    natRuleCollections: [{ name: 'nat', properties: { priority: 200, action: { type: 'Dnat' }, rules } }],
    ...fields,
  },
});

const fwIp = ip('20.60.0.9', {}, 'fw-ip');

describe('b10 Azure Firewall', () => {
  test('DNAT leads in, the firewall’s rule decides who, and the group sees the firewall', () => {
    const exposure = exposureOf([
      spoke(),
      HUB,
      fwIp,
      nic('web-nsg', [config()]),
      nsg('web-nsg', []),
      firewall([dnat('rdp', { sourceAddresses: ['203.0.113.0/24', '10.0.0.0/8'] })]),
    ]);
    expect(brief(exposure)).toEqual(['firewall-dnat 20.60.0.9:33890-33890 -> tcp 3389-3389 256']);
    // The default rule for the virtual network lets the firewall's address in.
    expect(exposure.ports[0]).toMatchObject({
      decidedBy: [{ rule: 'AllowVnetInBound' }],
      sources: { prefixes: ['203.0.113.0/24'] },
      path: { id: id.firewall(), rule: 'rdp' },
    });
  });

  test('a group that stops the firewall’s subnet closes it, and one that stops the client’s does not', () => {
    const bodies = (source: string) => [
      spoke(),
      HUB,
      fwIp,
      nic('web-nsg', [config()]),
      nsg('web-nsg', [rule('no', 100, 'Deny', { protocol: '*', sourceAddressPrefix: source })]),
      firewall([dnat('rdp')]),
    ];
    expect(exposureOf(bodies('10.0.1.0/24')).ports).toEqual([]);
    expect(exposureOf(bodies('Internet')).ports).toHaveLength(1);
  });

  test('no group at all: what comes from the firewall is inside, and open', () => {
    expect(
      exposureOf([spoke(), HUB, fwIp, nic(undefined, [config()]), firewall([dnat('rdp')])]).ports[0]?.decidedBy,
    ).toEqual([]);
  });

  test('the first rule that matches translates; what it took does not reach the next', () => {
    const rules = [
      dnat('elsewhere', { sourceAddresses: ['203.0.113.0/25'], translatedAddress: '10.1.4.200' }),
      dnat('here', { sourceAddresses: ['203.0.113.0/24'] }),
    ];
    expect(
      exposureOf([spoke(), HUB, fwIp, nic(undefined, [config()]), firewall(rules)]).ports[0]?.sources.prefixes,
    ).toEqual(['203.0.113.128/25']);
  });

  test('a policy: parent before child, groups and collections by priority', () => {
    const collection = (name: string, priority: number, rules: Body[]) => ({
      ruleCollectionType: 'FirewallPolicyNatRuleCollection',
      name,
      priority,
      action: { type: 'DNAT' },
      rules: rules.map((one) => ({ ruleType: 'NatRule', ipProtocols: one.protocols, ...one, protocols: undefined })),
    });
    const ruleGroup = (policy: string, name: string, priority: number, ruleCollections: Body[]): Body => ({
      id: `${id.policy(policy)}/ruleCollectionGroups/${name}`,
      name,
      type: 'Microsoft.Network/firewallPolicies/ruleCollectionGroups',
      properties: { priority, ruleCollections },
    });
    const policy = (name: string, properties: Body): Body => ({
      id: id.policy(name),
      name,
      type: 'Microsoft.Network/firewallPolicies',
      properties,
    });
    const bodies = [
      spoke(),
      HUB,
      fwIp,
      nic(undefined, [config()]),
      firewall([], { firewallPolicy: { id: id.policy() } }),
      policy('policy', {
        basePolicy: { id: id.policy('base') },
        ruleCollectionGroups: [
          { id: `${id.policy()}/ruleCollectionGroups/g` },
          { id: `${id.policy()}/ruleCollectionGroups/unread` },
        ],
      }),
      policy('base', { ruleCollectionGroups: [{ id: `${id.policy('base')}/ruleCollectionGroups/g` }] }),
      ruleGroup('policy', 'g', 100, [collection('c', 100, [dnat('child', { sourceAddresses: ['198.51.100.0/24'] })])]),
      ruleGroup('base', 'g', 500, [
        collection('late', 300, [dnat('parent-late', { sourceAddresses: ['198.51.100.0/25'] })]),
        collection('early', 200, [dnat('parent', { sourceAddresses: ['198.51.100.0/26'], translatedPort: '22' })]),
      ]),
    ];
    const exposure = exposureOf(bodies);
    expect(exposure.ports.map((port) => [port.path?.rule, port.from, port.sources.prefixes]).sort()).toEqual([
      ['child', 3389, ['198.51.100.128/25']],
      ['parent', 22, ['198.51.100.0/26']],
      ['parent-late', 3389, ['198.51.100.64/26']],
    ]);
    expect(exposure.notSeen.join()).toContain('unread');
  });

  test('an IP group that was not read is told, not dropped', () => {
    const exposure = exposureOf([
      spoke(),
      HUB,
      fwIp,
      nic(undefined, [config()]),
      firewall([dnat('rdp', { sourceAddresses: [], sourceIpGroups: [id.any('ipGroups', 'partners')] })]),
    ]);
    expect(exposure.ports[0]?.sources.tags).toEqual(['IP group partners']);
    expect(exposure.notSeen.join()).toContain('partners');
    const read = exposureOf([
      spoke(),
      HUB,
      fwIp,
      nic(undefined, [config()]),
      firewall([dnat('rdp', { sourceAddresses: [], sourceIpGroups: [id.any('ipGroups', 'partners')] })]),
      { id: id.any('ipGroups', 'partners'), properties: { ipAddresses: ['198.51.100.9'] } },
    ]);
    expect(read.ports[0]?.sources).toMatchObject({ publicAddresses: 1, prefixes: ['198.51.100.9/32'] });
  });

  test('a firewall in a network that is not joined to the VM’s is another VM’s, and is mentioned', () => {
    const exposure = exposureOf([spoke(false), HUB, fwIp, nic(undefined, [config()]), firewall([dnat('rdp')])]);
    expect(exposure.ports).toEqual([]);
    expect(exposure.notSeen.join()).toContain('not peered');
  });

  test('DNAT to an internal load balancer leads on to its members', () => {
    const rules = {
      loadBalancingRules: [
        child('loadBalancingRules', 'ssh', {
          frontendIPConfiguration: { id: FRONT },
          backendAddressPool: { id: POOL },
          protocol: 'Tcp',
          frontendPort: 2222,
          backendPort: 22,
        }),
      ],
    };
    const bodies = [
      spoke(),
      HUB,
      fwIp,
      nic(undefined, [config(inPool)]),
      balancer(rules, { privateIPAddress: '10.1.4.100', subnet: { id: id.subnet() } }),
      firewall([dnat('ssh', { translatedAddress: '10.1.4.100', translatedPort: '2222', destinationPorts: ['22000'] })]),
    ];
    expect(brief(exposureOf(bodies))).toEqual([`firewall-dnat 20.60.0.9:22000-22000 -> tcp 22-22 ${ALL}`]);
  });

  test('ranges without a translated port keep their ports', () => {
    const exposure = exposureOf([
      spoke(),
      HUB,
      fwIp,
      nic(undefined, [config()]),
      firewall([dnat('many', { destinationPorts: ['5000-5010'], translatedPort: undefined })]),
    ]);
    expect(brief(exposure)).toEqual([`firewall-dnat 20.60.0.9:5000-5010 -> tcp 5000-5010 ${ALL}`]);
  });

  test('a firewall in a virtual hub: its public addresses, and any address of the hub in the client’s place', () => {
    const hub = (rules: Body[]) => [
      vnet({}, [subnet('web-nsg')]),
      nsg('web-nsg', rules),
      nic(undefined, [config({})]),
      { id: id.any('virtualHubs', 'hub'), properties: { addressPrefix: '10.100.0.0/23' } },
      {
        id: id.firewall(),
        type: 'Microsoft.Network/azureFirewalls',
        properties: {
          virtualHub: { id: id.any('virtualHubs', 'hub') },
          hubIPAddresses: {
            privateIPAddress: '10.100.1.132',
            publicIPs: { count: 1, addresses: [{ address: '20.60.0.9' }] },
          },
          natRuleCollections: [
            {
              properties: {
                priority: 100,
                action: { type: 'Dnat' },
                rules: [
                  {
                    name: 'rdp',
                    protocols: ['TCP'],
                    sourceAddresses: ['*'],
                    destinationAddresses: ['20.60.0.9'],
                    destinationPorts: ['33890'],
                    translatedAddress: '10.1.4.7',
                    translatedPort: '3389',
                  },
                ],
              },
            },
          ],
        },
      },
    ];
    const from = (prefix: string) =>
      brief(
        exposureOf(hub([rule('hub', 100, 'Allow', { sourceAddressPrefix: prefix, destinationPortRange: '3389' })])),
      );
    const through = [`firewall-dnat 20.60.0.9:33890-33890 -> tcp 3389-3389 ${ALL}`];
    expect(from('10.100.0.0/23')).toEqual(through);
    // Not its private address alone: its instances have addresses of their own.
    expect(from('10.100.1.140')).toEqual(through);
    expect(from('10.101.0.0/24')).toEqual([]);
  });

  test('deny network rules, which might stop it, are mentioned', () => {
    const exposure = exposureOf([
      spoke(),
      HUB,
      fwIp,
      nic(undefined, [config()]),
      firewall([dnat('rdp')], { networkRuleCollections: [{ properties: { action: { type: 'Deny' } } }] }),
    ]);
    expect(exposure.notSeen.join()).toContain('network rules that deny');
  });
});

describe('b10 application gateways', () => {
  const part = (kind: string, name: string) => ({ id: `${id.gateway()}/${kind}/${name}` });
  const gateway = (backend: Body, properties: Body = {}): Body => ({
    id: id.gateway(),
    name: 'agw',
    type: 'Microsoft.Network/applicationGateways',
    properties: {
      operationalState: 'Running',
      gatewayIPConfigurations: [{ properties: { subnet: { id: id.subnet('agw') } } }],
      frontendIPConfigurations: [
        { ...part('frontendIPConfigurations', 'public'), properties: { publicIPAddress: { id: id.ip('agw-ip') } } },
        { ...part('frontendIPConfigurations', 'private'), properties: { privateIPAddress: '10.1.5.10' } },
      ],
      frontendPorts: [{ ...part('frontendPorts', 'p443'), properties: { port: 443 } }],
      backendAddressPools: [{ ...part('backendAddressPools', 'pool'), properties: backend }],
      backendHttpSettingsCollection: [
        { ...part('backendHttpSettingsCollection', 's'), properties: { port: 8080, protocol: 'Http' } },
      ],
      httpListeners: [
        {
          ...part('httpListeners', 'l'),
          properties: {
            frontendIPConfiguration: part('frontendIPConfigurations', 'public'),
            frontendPort: part('frontendPorts', 'p443'),
            protocol: 'Https',
          },
        },
      ],
      requestRoutingRules: [
        {
          ...part('requestRoutingRules', 'r'),
          name: 'r',
          properties: {
            ruleType: 'Basic',
            httpListener: part('httpListeners', 'l'),
            backendAddressPool: part('backendAddressPools', 'pool'),
            backendHttpSettings: part('backendHttpSettingsCollection', 's'),
          },
        },
      ],
      ...properties,
    },
  });
  const net2 = (group?: string) =>
    vnet({}, [subnet(undefined), subnet(group, { addressPrefix: '10.1.5.0/24' }, 'agw')]);
  const agwIp = ip('20.70.0.1', {}, 'agw-ip');

  test('leads in from its own subnet, to members by address or by interface', () => {
    const expected = [`application-gateway 20.70.0.1:443-443 -> tcp 8080-8080 ${ALL}`];
    const byAddress = exposureOf([
      net2(),
      agwIp,
      nic('web-nsg', [config()]),
      nsg('web-nsg', []),
      gateway({ backendAddresses: [{ ipAddress: '10.1.4.7' }] }),
    ]);
    expect(brief(byAddress)).toEqual(expected);
    expect(byAddress.ports[0]?.decidedBy[0]?.rule).toBe('AllowVnetInBound');
    const byConfig = exposureOf([
      net2(),
      agwIp,
      nic(undefined, [config({ applicationGatewayBackendAddressPools: [part('backendAddressPools', 'pool')] })]),
      gateway({ backendIPConfigurations: [{ id: `${id.nic()}/ipConfigurations/ipconfig1` }] }),
    ]);
    expect(brief(byConfig)).toEqual(expected);
  });

  test('a group that stops the gateway’s subnet closes it', () => {
    expect(
      exposureOf([
        net2(),
        agwIp,
        nic('web-nsg', [config()]),
        nsg('web-nsg', [rule('no', 100, 'Deny', { sourceAddressPrefix: '10.1.5.0/24' })]),
        gateway({ backendAddresses: [{ ipAddress: '10.1.4.7' }] }),
      ]).ports,
    ).toEqual([]);
  });

  test('the group on the gateway’s subnet decides who comes in', () => {
    const exposure = exposureOf([
      net2('agw-nsg'),
      agwIp,
      nic(undefined, [config()]),
      nsg('agw-nsg', [
        rule('office', 100, 'Allow', { destinationPortRange: '443', sourceAddressPrefix: '203.0.113.0/24' }),
      ]),
      gateway({ backendAddresses: [{ ipAddress: '10.1.4.7' }] }),
    ]);
    expect(exposure.ports[0]?.sources.prefixes).toEqual(['203.0.113.0/24']);
  });

  test('path rules lead to their own pools', () => {
    const properties = {
      requestRoutingRules: [
        {
          ...part('requestRoutingRules', 'r'),
          name: 'r',
          properties: {
            ruleType: 'PathBasedRouting',
            httpListener: part('httpListeners', 'l'),
            urlPathMap: part('urlPathMaps', 'm'),
          },
        },
      ],
      urlPathMaps: [
        {
          ...part('urlPathMaps', 'm'),
          properties: {
            pathRules: [
              {
                properties: {
                  paths: ['/api/*'],
                  backendAddressPool: part('backendAddressPools', 'pool'),
                  backendHttpSettings: part('backendHttpSettingsCollection', 's'),
                },
              },
            ],
          },
        },
      ],
    };
    expect(
      exposureOf([
        net2(),
        agwIp,
        nic(undefined, [config()]),
        gateway({ backendAddresses: [{ ipAddress: '10.1.4.7' }] }, properties),
      ]).ports,
    ).toHaveLength(1);
  });

  test('private listeners are not the Internet; names are told', () => {
    const listener = {
      httpListeners: [
        {
          ...part('httpListeners', 'l'),
          properties: {
            frontendIPConfiguration: part('frontendIPConfigurations', 'private'),
            frontendPort: part('frontendPorts', 'p443'),
          },
        },
      ],
    };
    expect(
      exposureOf([
        net2(),
        agwIp,
        nic(undefined, [config()]),
        gateway({ backendAddresses: [{ ipAddress: '10.1.4.7' }] }, listener),
      ]).ports,
    ).toEqual([]);
    const named = exposureOf([
      net2(),
      agwIp,
      nic(undefined, [config()]),
      gateway({ backendAddresses: [{ fqdn: 'web01.contoso.com' }] }),
    ]);
    expect(named.ports).toEqual([]);
    expect(named.notSeen.join()).toContain('web01.contoso.com');
  });
});

describe('what is no way in', () => {
  test('NAT gateways and Bastion', () => {
    const bodies = [
      vnet({}, [subnet('web-nsg', { natGateway: { id: id.any('natGateways', 'nat') } })]),
      group('*'),
      nic(undefined, [config()]),
      {
        id: id.any('natGateways', 'nat'),
        type: 'Microsoft.Network/natGateways',
        properties: { publicIpAddresses: [{ id: id.ip() }] },
      },
      {
        id: id.any('bastionHosts', 'b'),
        type: 'Microsoft.Network/bastionHosts',
        properties: { ipConfigurations: [{ properties: { publicIPAddress: { id: id.ip() } } }] },
      },
      ip('20.51.7.14'),
    ];
    expect(exposureOf(bodies).ports).toEqual([]);
  });
});
