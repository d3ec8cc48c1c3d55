import { describe, expect, test } from 'vitest';
import type { Exposure } from '../../src/documents/triage.ts';
import { type ExposureInput, evaluateExposure } from '../../src/network/exposure.ts';
import { ask, type Body, config, id, ip, machine, nic, nsg, rule, subnet, vnet } from './world.ts';

const ALL = 3_702_259_456;
const rdp = (name: string, priority: number, access: string, fields: Body = {}) =>
  rule(name, priority, access, { destinationPortRange: '3389', ...fields });

function exposureOf(
  bodies: Body[],
  more: Partial<ExposureInput> = {},
): Exposure & { notSeen: string[]; coverage: string } {
  const fact = evaluateExposure({ ...ask(bodies), ...more });
  if (fact.state !== 'known') throw new Error(`unknown: ${fact.because}`);
  return { ...fact.value, notSeen: fact.notSeen, coverage: fact.coverage };
}

const shown = (exposure: Exposure) =>
  exposure.ports.map((port) => `${port.protocol} ${port.from}-${port.to} ${port.sources.publicAddresses}`);

describe('order', () => {
  test('both the subnet group and the interface group must allow', () => {
    const open = { subnetRules: [rdp('s', 100, 'Allow')], nicRules: [rdp('n', 100, 'Allow')] };
    const [port] = exposureOf(machine(open)).ports;
    expect(port?.decidedBy.map((one) => [one.level, one.rule])).toEqual([
      ['subnet', 's'],
      ['nic', 'n'],
    ]);
    expect(exposureOf(machine({ ...open, subnetRules: [] })).ports).toEqual([]);
    expect(exposureOf(machine({ ...open, nicRules: [] })).ports).toEqual([]);
  });
});

describe('first match by priority, per group', () => {
  test('a deny at 200 is irrelevant to an allow at 150', () => {
    const exposure = exposureOf(machine({ nicRules: [rdp('deny', 200, 'Deny'), rdp('allow', 150, 'Allow')] }));
    expect(shown(exposure)).toEqual([`tcp 3389-3389 ${ALL}`]);
    expect(exposure.ports[0]?.decidedBy[0]).toMatchObject({
      rule: 'allow',
      priority: 150,
      level: 'nic',
      nsg: id.nsg(),
    });
  });

  test('an allow at 4096 behind a deny at 101 lets nobody in', () => {
    expect(
      exposureOf(
        machine({
          nicRules: [rdp('allow', 4096, 'Allow'), rule('SOC-DenyAllInBound', 101, 'Deny', { protocol: '*' })],
        }),
      ).ports,
    ).toEqual([]);
  });

  test('a deny for some sources is taken away from the allow behind it', () => {
    const exposure = exposureOf(
      machine({
        nicRules: [rdp('block', 100, 'Deny', { sourceAddressPrefix: '203.0.113.0/24' }), rdp('allow', 200, 'Allow')],
      }),
    );
    const [port] = exposure.ports;
    expect(port?.sources).toMatchObject({ publicAddresses: ALL - 256, breadth: 'internet' });
    expect(port?.sources.prefixes).not.toContain('0.0.0.0/0');
    expect(port?.sources.prefixes.length).toBeGreaterThan(20);
  });
});

describe('no group', () => {
  test('a Standard address without any group is closed, a Basic one is open', () => {
    expect(exposureOf(machine({})).ports).toEqual([]);
    const basic = exposureOf(machine({ sku: 'Basic' }));
    expect(shown(basic)).toEqual(
      expect.arrayContaining([
        `tcp 0-65535 ${ALL}`,
        `udp 0-65535 ${ALL}`,
        `icmp 0-0 ${ALL}`,
        `esp 0-0 ${ALL}`,
        `ah 0-0 ${ALL}`,
      ]),
    );
    expect(basic.ports.every((port) => port.decidedBy.length === 0)).toBe(true);
  });

  test('a public address without a SKU is taken as Basic, and that is said', () => {
    const bodies = machine({}).map((body) => (body.id === id.ip() ? { ...body, sku: undefined } : body));
    const exposure = exposureOf(bodies);
    expect(exposure.ports).toHaveLength(5);
    expect(exposure.notSeen.join()).toContain('taken as Basic');
  });
});

describe('a stopped VM', () => {
  test('is evaluated all the same, and the coverage says when', () => {
    const bodies = machine({ nicRules: [rdp('allow', 300, 'Allow')] });
    const fact = evaluateExposure(ask(bodies, { power: 'deallocated' }));
    expect(fact).toMatchObject({ state: 'known', coverage: expect.stringContaining('when on') });
  });
});

describe('field shapes', () => {
  for (const [name, fields] of Object.entries<Body>({
    'plural ports': { destinationPortRange: undefined, destinationPortRanges: ['22', '3380-3400'] },
    'port *': { destinationPortRange: '*' },
    'ports 0-65535': { destinationPortRange: '0-65535' },
    'a port as a number': { destinationPortRange: 3389 },
    'plural sources': {
      destinationPortRange: '3389',
      sourceAddressPrefix: '',
      sourceAddressPrefixes: ['0.0.0.0/1', '128.0.0.0/1'],
    },
    'protocol TCP': { destinationPortRange: '3389', protocol: 'TCP' },
    'protocol *': { destinationPortRange: '3389', protocol: '*' },
    'source any': { destinationPortRange: '3389', sourceAddressPrefix: 'any' },
    'source INTERNET': { destinationPortRange: '3389', sourceAddressPrefix: 'INTERNET' },
    'direction and access in lower case': { destinationPortRange: '3389', direction: 'inbound', access: 'allow' },
    'a source port that restricts nothing': { destinationPortRange: '3389', sourcePortRange: '4444' },
    'a group of VMs as destination': {
      destinationPortRange: '3389',
      destinationAddressPrefix: undefined,
      destinationApplicationSecurityGroups: [{ id: id.asg().toUpperCase() }],
    },
  })) {
    test(`RDP is found with ${name}`, () => {
      const exposure = exposureOf(
        machine({
          nicRules: [rule('allow', 300, 'Allow', fields)],
          config: { applicationSecurityGroups: [{ id: id.asg() }] },
        }),
      );
      const port = exposure.ports.find((one) => one.protocol === 'tcp' && one.from <= 3389 && one.to >= 3389);
      expect(port?.sources.publicAddresses).toBe(ALL);
      expect(port?.sources.breadth).toBe('internet');
    });
  }

  test('ESP and AH exist, and an allow for * is reported as all five', () => {
    const exposure = exposureOf(machine({ nicRules: [rule('everything', 300, 'Allow', { protocol: '*' })] }));
    expect(exposure.ports.map((port) => port.protocol).sort()).toEqual(['ah', 'esp', 'icmp', 'tcp', 'udp']);
    const esp = exposureOf(machine({ nicRules: [rule('esp', 300, 'Allow', { protocol: 'Esp' })] }));
    expect(shown(esp)).toEqual([`esp 0-0 ${ALL}`]);
  });

  test('source ports of both groups must fit one packet', () => {
    const both = (a: string, b: string) =>
      exposureOf(
        machine({
          subnetRules: [rdp('s', 100, 'Allow', { sourcePortRange: a })],
          nicRules: [rdp('n', 100, 'Allow', { sourcePortRange: b })],
        }),
      ).ports;
    expect(both('53', '80')).toEqual([]);
    expect(both('50-60', '53')).toHaveLength(1);
  });

  test('a deny for some source ports closes nothing: the sender chooses another', () => {
    expect(
      shown(
        exposureOf(
          machine({ nicRules: [rdp('deny', 100, 'Deny', { sourcePortRange: '0-1023' }), rdp('allow', 200, 'Allow')] }),
        ),
      ),
    ).toEqual([`tcp 3389-3389 ${ALL}`]);
  });

  test('adjacent ranges with the same sources and the same rule are one', () => {
    const exposure = exposureOf(
      machine({
        nicRules: [
          rule('a', 100, 'Allow', { destinationPortRange: undefined, destinationPortRanges: ['80', '81-82', '90'] }),
        ],
      }),
    );
    expect(shown(exposure).sort()).toEqual([`tcp 80-82 ${ALL}`, `tcp 90-90 ${ALL}`]);
  });
});

describe('internet-wide, however it is written', () => {
  test('two halves in two rules are the whole Internet', () => {
    const exposure = exposureOf(
      machine({
        nicRules: [
          rdp('low', 100, 'Allow', { sourceAddressPrefix: '0.0.0.0/1' }),
          rdp('high', 110, 'Allow', { sourceAddressPrefix: '128.0.0.0/1' }),
        ],
      }),
    );
    expect(exposure.ports).toHaveLength(1);
    expect(exposure.ports[0]?.sources).toEqual({ publicAddresses: ALL, breadth: 'internet', prefixes: ['0.0.0.0/0'] });
    expect(exposure.ports[0]?.decidedBy.map((one) => one.rule)).toEqual(['low', 'high']);
  });

  test('a public /8 is wide, an office is narrow, a private range is nobody', () => {
    const breadth = (prefix: string) =>
      exposureOf(machine({ nicRules: [rdp('a', 100, 'Allow', { sourceAddressPrefix: prefix })] })).ports.map((port) => [
        port.sources.breadth,
        port.sources.publicAddresses,
      ]);
    expect(breadth('20.0.0.0/8')).toEqual([['wide', 2 ** 24]]);
    expect(breadth('203.0.113.0/29')).toEqual([['narrow', 8]]);
    expect(breadth('10.0.0.0/8')).toEqual([]);
  });

  test('AzureCloud with its addresses is counted; without them it is told, and not dropped', () => {
    const bodies = machine({ nicRules: [rdp('cloud', 100, 'Allow', { sourceAddressPrefix: 'AzureCloud.eastus' })] });
    const known = exposureOf(bodies, {
      serviceTags: {
        tags: new Map([['azurecloud.EastUS', ['20.0.0.0/12', '40.64.0.0/13', '2603:1030::/25']]]),
        source: 'ServiceTags_Public_20261116.json, change 300',
        doubt: '',
      },
    });
    expect(known.ports[0]?.sources).toMatchObject({
      publicAddresses: 2 ** 20 + 2 ** 19,
      breadth: 'wide',
      prefixes: ['20.0.0.0/12', '40.64.0.0/13'],
    });
    expect(known.notSeen).toEqual([]);
    expect(known.coverage).toContain('service tags by ServiceTags_Public_20261116.json, change 300');
    const not = exposureOf(bodies);
    expect(not.ports[0]).toMatchObject({
      from: 3389,
      sources: { publicAddresses: 0, breadth: 'wide', prefixes: [], tags: ['AzureCloud.eastus'] },
      decidedBy: [{ rule: 'cloud' }],
    });
    expect(not.notSeen.join()).toContain('AzureCloud.eastus');
  });

  test('published addresses that are old are used, and doubted only where a rule names the tag', () => {
    const serviceTags = {
      tags: new Map([['Storage', ['20.60.0.0/16']]]),
      source: 'old.json, change 1',
      doubt: 'it is old',
    };
    const named = exposureOf(
      machine({
        nicRules: [
          rdp('s', 100, 'Allow', { sourceAddressPrefix: undefined, sourceAddressPrefixes: ['Storage', '203.0.113.7'] }),
        ],
      }),
      { serviceTags },
    );
    expect(named.ports[0]?.sources.publicAddresses).toBe(2 ** 16 + 1);
    expect(named.notSeen).toEqual([
      'network security group web-nsg names Storage, whose addresses are those of old.json, change 1: it is old',
    ]);
    expect(exposureOf(machine({ nicRules: [rdp('a', 100, 'Allow')] }), { serviceTags }).notSeen).toEqual([]);
  });

  test('a deny for a tag of unknown addresses closes nothing, and that is said', () => {
    const exposure = exposureOf(
      machine({ nicRules: [rdp('deny', 100, 'Deny', { sourceAddressPrefix: 'Tor' }), rdp('allow', 200, 'Allow')] }),
    );
    expect(shown(exposure)).toEqual([`tcp 3389-3389 ${ALL}`]);
    expect(exposure.notSeen.join()).toContain('taken as closing nothing');
  });

  test('an unknown tag at one level and a known block at the other leave the block possible', () => {
    const exposure = exposureOf(
      machine({
        subnetRules: [rdp('tag', 100, 'Allow', { sourceAddressPrefix: 'Storage' })],
        nicRules: [rdp('block', 100, 'Allow', { sourceAddressPrefix: '20.0.0.0/16' })],
      }),
    );
    expect(exposure.ports.map((port) => port.sources.tags)).toEqual([['Storage']]);
  });
});

describe('the tag VirtualNetwork is not "private"', () => {
  const routes = (prefix: string, type = 'VirtualAppliance'): Body => ({
    id: id.table(),
    type: 'Microsoft.Network/routeTables',
    properties: {
      routes: [
        { name: 'default', properties: { addressPrefix: prefix, nextHopType: type, nextHopIpAddress: '10.1.0.4' } },
      ],
    },
  });

  test('a default route makes AllowVnetInBound admit the Internet', () => {
    const exposure = exposureOf(
      machine({ nicRules: [], subnet: { routeTable: { id: id.table() } }, more: [routes('0.0.0.0/0')] }),
    );
    expect(shown(exposure)).toContain(`tcp 0-65535 ${ALL}`);
    expect(exposure.ports[0]?.decidedBy).toMatchObject([{ rule: 'AllowVnetInBound', priority: 65000 }]);
    expect(exposure.notSeen.join()).toContain('10.1.0.4');
  });

  test('peers and the network itself may use public ranges', () => {
    const peering = {
      name: 'p',
      properties: {
        peeringState: 'Connected',
        allowVirtualNetworkAccess: true,
        remoteVirtualNetwork: { id: id.vnet('other') },
        remoteAddressSpace: { addressPrefixes: ['51.0.0.0/16'] },
      },
    };
    const peered = exposureOf(machine({ nicRules: [], vnet: { virtualNetworkPeerings: [peering] } }));
    expect(peered.ports[0]?.sources).toMatchObject({ publicAddresses: 65536, prefixes: ['51.0.0.0/16'] });
    const own = exposureOf(
      machine({ nicRules: [], vnet: { addressSpace: { addressPrefixes: ['10.1.0.0/16', '51.7.0.0/24'] } } }),
    );
    expect(own.ports[0]?.sources.prefixes).toEqual(['51.7.0.0/24']);
    const gone = { ...peering, properties: { ...peering.properties, peeringState: 'Disconnected' } };
    expect(exposureOf(machine({ nicRules: [], vnet: { virtualNetworkPeerings: [gone] } })).ports).toEqual([]);
  });

  test('a route table that was not read is told', () => {
    const exposure = exposureOf(machine({ nicRules: [], subnet: { routeTable: { id: id.table() } } }));
    expect(exposure.notSeen.join()).toContain('route table routes was not read');
  });

  test('the platform’s own address is nobody on the Internet', () => {
    expect(exposureOf(machine({ nicRules: [] })).ports).toEqual([]);
    expect(
      exposureOf(machine({ nicRules: [rdp('probe', 100, 'Allow', { sourceAddressPrefix: 'AzureLoadBalancer' })] }))
        .ports,
    ).toEqual([]);
  });
});

describe('destinations', () => {
  test('a rule that names the public address never matches', () => {
    expect(
      exposureOf(machine({ nicRules: [rdp('a', 100, 'Allow', { destinationAddressPrefix: '20.51.7.14' })] })).ports,
    ).toEqual([]);
    expect(
      exposureOf(machine({ nicRules: [rdp('a', 100, 'Allow', { destinationAddressPrefix: '10.1.4.7/32' })] })).ports,
    ).toHaveLength(1);
  });

  test('a group of VMs is asked at the ipConfiguration, not at the interface', () => {
    const rules = [
      rdp('a', 100, 'Allow', {
        destinationAddressPrefix: undefined,
        destinationApplicationSecurityGroups: [{ id: id.asg() }],
      }),
    ];
    expect(
      exposureOf(machine({ nicRules: rules, config: { applicationSecurityGroups: [{ id: id.asg() }] } })).ports,
    ).toHaveLength(1);
    expect(
      exposureOf(machine({ nicRules: rules, config: { applicationSecurityGroups: [{ id: id.asg('other') }] } })).ports,
    ).toEqual([]);
  });
});

describe('security admin rules', () => {
  const admin = (access: string, port: string, priority = 10, source = '*'): Body => ({
    id: `${id.any('networkManagers', 'nm')}/securityAdminConfigurations/c/ruleCollections/rc/rules/${access}-${port}`,
    kind: 'Custom',
    properties: {
      access,
      priority,
      direction: 'Inbound',
      protocol: 'Tcp',
      sources: [{ addressPrefixType: 'IPPrefix', addressPrefix: source }],
      destinations: [{ addressPrefixType: 'IPPrefix', addressPrefix: '*' }],
      sourcePortRanges: ['0-65535'],
      destinationPortRanges: [port],
    },
  });
  const by = (...rules: Body[]) => ({
    adminRules: { state: 'known' as const, byNetwork: new Map([[id.vnet().toUpperCase(), rules]]) },
  });

  test('a deny ends it, whatever the groups allow', () => {
    expect(exposureOf(machine({ nicRules: [rdp('a', 100, 'Allow')] }), by(admin('Deny', '3389'))).ports).toEqual([]);
  });

  test('AlwaysAllow goes past every group', () => {
    const exposure = exposureOf(
      machine({ nicRules: [rule('no', 100, 'Deny', { protocol: '*' })] }),
      by(admin('AlwaysAllow', '3389')),
    );
    expect(exposure.ports[0]).toMatchObject({
      from: 3389,
      decidedBy: [{ level: 'admin', rule: 'AlwaysAllow-3389', priority: 10 }],
    });
    expect(exposure.ports[0]?.decidedBy[0]?.nsg).toMatch(/ruleCollections\/rc$/);
  });

  test('Allow only continues to the groups', () => {
    expect(exposureOf(machine({ nicRules: [] }), by(admin('Allow', '3389'))).ports).toEqual([]);
  });

  test('denies are not taken to apply where SQL managed instances stand', () => {
    const bodies = [
      ...machine({ nicRules: [rdp('a', 100, 'Allow')] }).filter((body) => body.id !== id.vnet()),
      vnet({}, [
        subnet(undefined),
        subnet(undefined, { delegations: [{ properties: { serviceName: 'Microsoft.Sql/managedInstances' } }] }, 'mi'),
      ]),
    ];
    const exposure = exposureOf(bodies, by(admin('Deny', '3389')));
    expect(exposure.ports).toHaveLength(1);
    expect(exposure.notSeen.join()).toContain('managed instances');
  });

  test('rules that were not read are in what was not seen', () => {
    const exposure = exposureOf(machine({ nicRules: [rdp('a', 100, 'Allow')] }), {
      adminRules: {
        state: 'unknown',
        why: 'denied',
        because: 'no permission',
        cure: 'ask for Microsoft.Network/networkManagers/read',
      },
    });
    expect(exposure.notSeen).toEqual([
      'security admin rules of Virtual Network Manager: no permission; ask for Microsoft.Network/networkManagers/read',
    ]);
  });
});

describe('never "not exposed" from lack of data', () => {
  test('an interface that was not read makes it unknown', () => {
    const fact = evaluateExposure({
      ...ask([]),
      unreadable: [
        {
          what: id.nic(),
          why: 'denied',
          because: 'no permission Microsoft.Network/networkInterfaces/read',
          cure: 'Reader on rg-web',
        },
      ],
    });
    expect(fact).toMatchObject({
      state: 'unknown',
      because: expect.stringContaining('no permission'),
      cure: 'Reader on rg-web',
    });
  });

  test('no interface at all is unknown', () => {
    expect(evaluateExposure(ask([], { networkInterfaces: [] })).state).toBe('unknown');
  });

  test('the only group not read: unknown, neither open nor closed', () => {
    const bodies = machine({ nicRules: [] }).filter((body) => body.id !== id.nsg());
    expect(evaluateExposure(ask(bodies))).toMatchObject({
      state: 'unknown',
      because: expect.stringContaining('web-nsg'),
    });
  });

  test('one group not read, the other lets nothing in: known and closed', () => {
    const bodies = machine({ nicRules: [], subnetRules: [rdp('s', 100, 'Allow')] }).filter(
      (body) => body.id !== id.nsg('subnet-nsg'),
    );
    expect(exposureOf(bodies).ports).toEqual([]);
  });

  test('one group not read, the other lets in: shown, and the doubt is told', () => {
    const bodies = machine({ nicRules: [rdp('n', 100, 'Allow')], subnetRules: [] }).filter(
      (body) => body.id !== id.nsg('subnet-nsg'),
    );
    const exposure = exposureOf(bodies);
    expect(exposure.ports).toHaveLength(1);
    expect(exposure.notSeen.join()).toMatch(/subnet-nsg.*may close/);
  });

  test('a subnet not read, with no group at the interface: unknown', () => {
    const bodies = machine({}).filter((body) => body.id !== id.vnet());
    expect(evaluateExposure(ask(bodies)).state).toBe('unknown');
  });

  test('a load balancer not read, before open groups: unknown', () => {
    const bodies = [
      vnet({}, [subnet('subnet-nsg')]),
      nsg('subnet-nsg', [rdp('a', 100, 'Allow')]),
      nic(undefined, [config({ loadBalancerBackendAddressPools: [{ id: `${id.lb()}/backendAddressPools/p` }] })]),
    ];
    expect(evaluateExposure(ask(bodies))).toMatchObject({
      state: 'unknown',
      because: expect.stringContaining('load balancer lb'),
    });
  });

  test('a second interface not read is told beside what the first shows', () => {
    const exposure = exposureOf(machine({ nicRules: [rdp('a', 100, 'Allow')] }), {
      networkInterfaces: [id.nic(), id.nic('second')],
    });
    expect(exposure.ports).toHaveLength(1);
    expect(exposure.notSeen.join()).toContain('second');
  });

  test('a public address that was not read does not hide the way in', () => {
    const exposure = exposureOf(machine({ nicRules: [rdp('a', 100, 'Allow')] }).filter((body) => body.id !== id.ip()));
    expect(exposure.ports[0]?.frontend.address).toBe('unknown');
    expect(exposure.notSeen.join()).toContain('public address web-ip');
  });

  test('what could not be read elsewhere stays in what was not seen', () => {
    const exposure = exposureOf(machine({ nicRules: [] }), {
      unreadable: [{ what: 'Azure Firewalls', why: 'denied', because: 'no permission', cure: 'Reader on the hub' }],
    });
    expect(exposure.notSeen).toEqual(['Azure Firewalls: no permission; Reader on the hub']);
  });

  test('defects of a body are told, never thrown, and never make the answer smaller', () => {
    const exposure = exposureOf(
      machine({
        nicRules: [
          rdp('typo', 100, 'Alow'),
          rule('ports', 110, 'Allow', { destinationPortRange: 'ssh' }),
          rule('\u001b[31mred', 120, 'Deny', { priority: 'x', destinationPortRange: '22' }),
          rule('proto', 130, 'Allow', { protocol: 'Gre' }),
          rdp('prefix', 140, 'Allow', { sourceAddressPrefix: '300.1.1.1' }),
          { name: 7, properties: null },
          null as unknown as Body,
        ],
      }),
    );
    expect(
      shown(exposure)
        .filter((port) => port.startsWith('tcp'))
        .sort(),
    ).toEqual([`tcp 0-3388 ${ALL}`, `tcp 3389-3389 ${ALL}`, `tcp 3390-65535 ${ALL}`]);
    expect(exposure.notSeen.join()).toMatch(/typo.*Alow/);
    expect(exposure.notSeen.join()).toMatch(/Gre/);
    expect(exposure.notSeen.join()).not.toContain('\u001b');
  });
});

describe('all interfaces, all ipConfigurations, both families', () => {
  test('the second interface and the secondary ipConfiguration are seen, not the first alone', () => {
    const bodies = [
      vnet({}, [subnet(undefined)]),
      nsg('a', []),
      nsg('b', [rdp('allow', 100, 'Allow')]),
      nic('a', [config({})]),
      nic(
        'b',
        [
          config({}, 'ipconfig1', 'second'),
          config(
            { privateIPAddress: '10.1.4.9', primary: false, publicIPAddress: { id: id.ip() } },
            'ipconfig2',
            'second',
          ),
        ],
        'second',
      ),
      ip('20.51.7.14'),
    ];
    const exposure = exposureOf(bodies, { networkInterfaces: [id.nic(), id.nic('second')] });
    expect(exposure.ports).toMatchObject([{ from: 3389, networkInterface: id.nic('second') }]);
  });

  test('IPv6', () => {
    const v6 = (fields: Body) =>
      exposureOf([
        vnet({ addressSpace: { addressPrefixes: ['10.1.0.0/16', 'fd00:1::/48'] } }, [
          subnet(undefined, { addressPrefix: undefined, addressPrefixes: ['10.1.4.0/24', 'fd00:1:0:4::/64'] }),
        ]),
        nsg('web-nsg', [rdp('a', 100, 'Allow', fields)]),
        nic('web-nsg', [
          config({}),
          config(
            { privateIPAddress: 'fd00:1:0:4::7', privateIPAddressVersion: 'IPv6', publicIPAddress: { id: id.ip() } },
            'v6',
          ),
        ]),
        ip('2603:1030:408::7', { publicIPAddressVersion: 'IPv6' }),
      ]).ports;
    expect(v6({})[0]).toMatchObject({
      frontend: { address: '2603:1030:408::7' },
      sources: { breadth: 'internet', prefixes: ['::/0'], publicAddresses: 0 },
    });
    expect(v6({ sourceAddressPrefix: '::/0' })).toHaveLength(1);
    expect(v6({ sourceAddressPrefix: 'Internet' })).toHaveLength(1);
    expect(v6({ sourceAddressPrefix: '0.0.0.0/0' })).toEqual([]);
    expect(v6({ sourceAddressPrefix: '2001:db8::/32' })[0]?.sources).toEqual({
      publicAddresses: 0,
      breadth: 'wide',
      prefixes: ['2001:db8::/32'],
    });
    expect(v6({ destinationAddressPrefix: 'fd00:1:0:4::/64' })).toHaveLength(1);
  });

  test('subnets alone, as Resource Graph projects them, serve as well as inside their network', () => {
    const bodies = [
      ...machine({ nicRules: [rdp('a', 100, 'Allow')] }).filter((body) => body.id !== id.vnet()),
      { ...subnet(undefined), type: 'microsoft.network/virtualnetworks/subnets' },
    ];
    const exposure = exposureOf(bodies);
    expect(exposure.ports).toHaveLength(1);
    expect(exposure.notSeen.join()).toContain('virtual network vnet was not read');
  });
});

describe('order of the answer', () => {
  test('management before data before the unknown before the public', () => {
    const ports = ['443', '1433', '4389', '22', '3389'];
    const exposure = exposureOf(
      machine({ nicRules: ports.map((port, i) => rule(`r${i}`, 100 + i, 'Allow', { destinationPortRange: port })) }),
    );
    expect(exposure.ports.map((port) => [port.from, port.service])).toEqual([
      [3389, 'RDP'],
      [22, 'SSH'],
      [1433, 'SQL Server'],
      [4389, ''],
      [443, 'HTTPS'],
    ]);
  });
});

describe('one five-tuple is no proof', () => {
  test('what one address may not is still told of all others', () => {
    const [port] = exposureOf(
      machine({ nicRules: [rdp('not-me', 100, 'Deny', { sourceAddressPrefix: '8.8.8.8' }), rdp('all', 200, 'Allow')] }),
    ).ports;
    expect(port?.sources).toMatchObject({ publicAddresses: ALL - 1, breadth: 'internet' });
    expect(port?.sources.prefixes).not.toContain('0.0.0.0/0');
  });
});

describe('a new deny does not cut what is established', () => {
  test('a port that a deny closed is closed to new connections: exposure speaks of those alone', () => {
    const bodies = (deny: Body[]) => machine({ nicRules: [...deny, rdp('allow', 200, 'Allow')] });
    expect(exposureOf(bodies([])).ports).toHaveLength(1);
    expect(exposureOf(bodies([rdp('new', 100, 'Deny')])).ports).toEqual([]);
  });
});

describe('the platform’s addresses', () => {
  test.each(['168.63.129.16', '169.254.169.254'])(
    '%s is nobody on the Internet, whatever a rule says of it',
    (address) => {
      const [whole] = exposureOf(machine({ nicRules: [rdp('allow', 200, 'Allow')] })).ports;
      expect(whole?.sources.publicAddresses).toBe(ALL);
      const only = exposureOf(machine({ nicRules: [rdp('platform', 100, 'Allow', { sourceAddressPrefix: address })] }));
      // 168.63.129.16 is a public address that Azure keeps to itself; it is counted as one, and as no more.
      expect(only.ports.reduce((sum, port) => sum + port.sources.publicAddresses, 0)).toBeLessThanOrEqual(1);
    },
  );

  test.each(['AzurePlatformDNS', 'AzurePlatformIMDS', 'AzurePlatformLKM', 'AzureLoadBalancer'])(
    'a rule for the tag %s as destination or source opens nothing to the Internet',
    (tag) => {
      const allowed = exposureOf(machine({ nicRules: [rdp('tag', 100, 'Allow', { sourceAddressPrefix: tag })] }));
      expect(allowed.ports.reduce((sum, port) => sum + port.sources.publicAddresses, 0)).toBe(0);
    },
  );
});
