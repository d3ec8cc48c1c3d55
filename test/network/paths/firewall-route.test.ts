import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Gap } from '../../../src/documents/fact.ts';
import { known, unknown } from '../../../src/documents/fact.ts';
import type { ExposedPort } from '../../../src/documents/triage.ts';
import { firewallInFront } from '../../../src/network/paths/firewall-route.ts';
import { NetworkResources } from '../../../src/network/resources.ts';

const root = '/subscriptions/s/resourceGroups/g/providers/Microsoft.Network';
const nic = `${root}/networkInterfaces/n`;
const vnet = `${root}/virtualNetworks/spoke`;
const hub = `${root}/virtualNetworks/hub`;
const subnet = `${vnet}/subnets/app`;
const hubSubnet = `${hub}/subnets/AzureFirewallSubnet`;
const table = `${root}/routeTables/rt`;
const firewallId = `${root}/azureFirewalls/hub-fw`;
const policy = `${root}/firewallPolicies/corp`;

type Route = [prefix: string, type: string, hop?: string];

interface World {
  routes?: Route[];
  /** Is the table named by the subnet but not read? */
  hiddenTable?: boolean;
  firewall?: boolean;
  hiddenFirewall?: boolean;
  without?: string[];
}

function resources({ routes, hiddenTable, firewall = true, hiddenFirewall, without = [] }: World): NetworkResources {
  const bodies = [
    { id: nic, properties: { ipConfigurations: [{ properties: { subnet: { id: subnet } } }] } },
    {
      id: vnet,
      properties: {
        addressSpace: { addressPrefixes: ['10.1.0.0/16'] },
        subnets: [
          {
            id: subnet,
            properties: {
              addressPrefix: '10.1.5.0/24',
              ...(routes || hiddenTable ? { routeTable: { id: table } } : {}),
            },
          },
        ],
        virtualNetworkPeerings: [
          {
            id: `${vnet}/virtualNetworkPeerings/hub`,
            properties: {
              peeringState: 'Connected',
              remoteVirtualNetwork: { id: hub },
              remoteAddressSpace: { addressPrefixes: ['10.0.0.0/16'] },
            },
          },
        ],
      },
    },
    {
      id: hub,
      properties: {
        addressSpace: { addressPrefixes: ['10.0.0.0/16'] },
        subnets: [
          {
            id: hubSubnet,
            properties: {
              addressPrefix: '10.0.1.0/24',
              ipConfigurations: firewall || hiddenFirewall ? [{ id: `${firewallId}/x/y` }] : [],
            },
          },
        ],
      },
    },
    ...(routes
      ? [
          {
            id: table,
            properties: {
              routes: routes.map(([addressPrefix, nextHopType, nextHopIpAddress]) => ({
                properties: { addressPrefix, nextHopType, nextHopIpAddress },
              })),
            },
          },
        ]
      : []),
    ...(firewall && !hiddenFirewall
      ? [
          {
            id: firewallId,
            properties: {
              firewallPolicy: { id: policy },
              ipConfigurations: [{ properties: { privateIPAddress: '10.0.1.4', subnet: { id: hubSubnet } } }],
            },
          },
        ]
      : []),
  ];
  return new NetworkResources(bodies.filter(({ id }) => !without.includes(id)));
}

const port = (via: ExposedPort['via']): ExposedPort => ({
  protocol: 'tcp',
  from: 3389,
  to: 3389,
  service: 'RDP',
  frontend: { address: '20.51.7.60', from: 13389, to: 13389 },
  via,
  sources: { publicAddresses: 1, breadth: 'internet', prefixes: [] },
  decidedBy: [],
  agrees: 'not-checked',
  networkInterface: nic,
  ...(via === 'firewall-dnat' ? { path: { id: firewallId.toUpperCase(), rule: 'rdp' } } : {}),
});
const exposure = (...ports: ExposedPort[]) =>
  known(
    { ports, disagreements: [], secondOpinion: [] },
    { source: 'test', asOf: '2026-11-23T02:20:11Z', coverage: 'all' },
  );
const ask = (world: World, ports: ExposedPort[] = [], aroundUnreadable?: Gap) =>
  firewallInFront({
    networkInterfaces: [nic],
    resources: resources(world),
    aroundUnreadable,
    exposure: exposure(...ports),
    asOf: '2026-11-23T02:20:11Z',
    source: 'test',
  });

describe('an Azure Firewall in front', () => {
  it('is in the path out when the default route leads to its address, with its policy', () => {
    expect(ask({ routes: [['0.0.0.0/0', 'VirtualAppliance', '10.0.1.4']] }, [port('firewall-dnat')])).toMatchObject({
      state: 'known',
      value: {
        inPath: true,
        name: 'hub-fw',
        policy: 'corp',
        inbound: 'firewall',
        outbound: 'firewall',
        dnatRules: ['20.51.7.60:13389 → 3389/tcp (rdp)'],
        past: [],
      },
    });
  });

  it('can lead in without leading out, and be passed by', () => {
    expect(ask({}, [port('firewall-dnat')])).toMatchObject({
      value: { name: 'hub-fw', inbound: 'firewall', outbound: 'direct' },
    });
    expect(ask({}, [port('firewall-dnat'), port('public-ip')])).toMatchObject({
      value: { inbound: 'beside-firewall', past: ['20.51.7.60:13389 → 3389/tcp'] },
    });
  });

  it('that only stands in the next network is not in front', () => {
    expect(ask({}, [port('public-ip')])).toMatchObject({
      state: 'known',
      value: { inPath: false, name: '', inbound: 'no-firewall', outbound: 'direct' },
    });
    expect(ask({})).toMatchObject({ value: { inPath: false, name: '', inbound: 'nothing' } });
  });

  it('is passed through by halves of the default too; the halves win over the whole', () => {
    const halves: Route[] = [
      ['0.0.0.0/1', 'VirtualAppliance', '10.0.1.4'],
      ['128.0.0.0/1', 'VirtualAppliance', '10.0.1.4'],
      ['0.0.0.0/0', 'Internet'],
    ];
    expect(ask({ routes: halves })).toMatchObject({ value: { outbound: 'firewall' } });
    expect(ask({ routes: halves.slice(1) })).toMatchObject({ value: { outbound: 'mixed' } });
    expect(ask({ routes: [['0.0.0.0/0', 'None']] })).toMatchObject({ value: { outbound: 'nowhere' } });
    expect(ask({ routes: [['10.0.0.0/8', 'VirtualAppliance', '10.0.1.4']] })).toMatchObject({
      value: { outbound: 'direct', inPath: false },
    });
  });

  it('is not claimed of another appliance', () => {
    expect(ask({ routes: [['0.0.0.0/0', 'VirtualAppliance', '10.0.9.9']], firewall: false })).toMatchObject({
      value: { outbound: 'appliance', inPath: false, name: '' },
      notSeen: [expect.stringMatching(/10\.0\.9\.9/)],
    });
  });

  it('is not known when interfaces, subnets, route tables or firewalls could not be read', () => {
    expect(ask({ without: [nic] })).toMatchObject({ state: 'unknown', because: expect.stringMatching(/interface/) });
    expect(ask({ without: [vnet] })).toMatchObject({ state: 'unknown', because: expect.stringMatching(/subnet/) });
    expect(ask({ hiddenTable: true })).toMatchObject({
      state: 'unknown',
      because: expect.stringMatching(/route table rt/),
    });
    expect(ask({ hiddenFirewall: true })).toMatchObject({
      state: 'unknown',
      because: expect.stringMatching(/in use in hub/),
    });
    expect(ask({}, [], { why: 'denied', because: 'no permission', cure: 'ask' })).toMatchObject({
      state: 'unknown',
      because: 'firewalls could not be read: no permission',
    });
  });

  it('says that what leads in is not known when exposure is not', () => {
    const fact = firewallInFront({
      networkInterfaces: [nic],
      resources: resources({ routes: [['0.0.0.0/0', 'VirtualAppliance', '10.0.1.4']] }),
      aroundUnreadable: undefined,
      exposure: unknown('denied', 'no permission', 'ask', 'test'),
      asOf: '2026-11-23T02:20:11Z',
      source: 'test',
    });
    expect(fact).toMatchObject({
      value: { inbound: 'unknown', outbound: 'firewall' },
      notSeen: ['what leads in: no permission'],
    });
  });

  it('never says that a firewall is there that no route and no rule leads through', () => {
    const hop = fc.constantFrom('10.0.1.4', '10.0.9.9', undefined);
    const route = fc.tuple(
      fc.constantFrom('0.0.0.0/0', '0.0.0.0/1', '128.0.0.0/1', '10.0.0.0/8'),
      fc.constantFrom('VirtualAppliance', 'Internet', 'None', 'VirtualNetworkGateway'),
      hop,
    );
    fc.assert(
      fc.property(fc.array(route, { maxLength: 4 }), fc.boolean(), (routes, dnat) => {
        const fact = ask({ routes: routes as Route[] }, dnat ? [port('firewall-dnat')] : []);
        if (fact.state === 'unknown') return;
        const through = routes.some(
          ([prefix, type, address]) => prefix !== '10.0.0.0/8' && type === 'VirtualAppliance' && address === '10.0.1.4',
        );
        if (fact.value.inPath) expect(through || dnat).toBe(true);
        if (dnat) expect(fact.value).toMatchObject({ inPath: true, name: 'hub-fw' });
      }),
    );
  });
});
