import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Fact } from '../../../src/documents/fact.ts';
import type { Exposure } from '../../../src/documents/triage.ts';
import { evaluateExposure } from '../../../src/network/exposure.ts';
import { type AboutFleet, FleetExposure, type FleetMachine } from '../../../src/network/fleet/fleet-exposure.ts';
import { NetworkResources } from '../../../src/network/resources.ts';
import { type Body, config, id, ip, nic, nsg, rule, subnet, vnet } from '../world.ts';

const isGroup = (body: Body): boolean => String(body.id).includes('/networkSecurityGroups/');

/** The exposures of a fleet whose groups come in the order given, in pages of a size. */
function evaluateFleet(bodies: Body[], machines: FleetMachine[], about: AboutFleet, pageSize = 1000) {
  const facts = new Map<string, Fact<Exposure>>();
  const fleet = new FleetExposure<FleetMachine>((vm, exposure) => {
    expect(facts.has(vm.id.toLowerCase())).toBe(false);
    facts.set(vm.id.toLowerCase(), exposure.fact());
  });
  const resources = bodies.filter((body) => !isGroup(body));
  // The VMs are listed while the resources come.
  const before = resources.length >> 1;
  fleet.addResources(resources.slice(0, before));
  fleet.addMachines(machines);
  fleet.addResources(resources.slice(before));
  fleet.begin(about);
  const groups = bodies.filter(isGroup);
  for (let from = 0; from < groups.length; from += pageSize) fleet.addGroups(groups.slice(from, from + pageSize));
  fleet.finish();
  return { facts, held: [...fleet.resources.ofType('Microsoft.Network/networkSecurityGroups')].length };
}

/** The exposure of one of a fleet's machines by itself. */
const evaluateAlone = (vm: FleetMachine, resources: NetworkResources, about: AboutFleet): Fact<Exposure> =>
  evaluateExposure({ ...about, vm, networkInterfaces: vm.networkInterfaces, resources, unreadable: [] });

test('a fleet’s answers are those of its VMs one by one, also where they share groups that treat them differently', () => {
  const bodies: Body[] = [
    vnet({}, [subnet('shared')]),
    nsg('shared', [
      rule('rdp', 100, 'Allow', { destinationPortRange: '3389' }),
      ...[...Array(20).keys()].map((i) =>
        rule(`ssh${i}`, 200 + i, 'Allow', { destinationPortRange: '22', destinationAddressPrefix: `10.1.4.${i * 3}` }),
      ),
      rule('web', 300, 'Allow', {
        destinationPortRange: '443',
        destinationAddressPrefix: undefined,
        destinationApplicationSecurityGroups: [{ id: id.asg() }],
      }),
    ]),
  ];
  const machines = [...Array(60).keys()].map((i) => {
    const name = `nic${i}`;
    const groups = i % 4 === 0 ? [{ id: id.asg() }] : [];
    bodies.push(
      nic(
        undefined,
        [
          config(
            {
              privateIPAddress: `10.1.4.${i}`,
              publicIPAddress: { id: id.ip(`ip${i}`) },
              applicationSecurityGroups: groups,
            },
            'c',
            name,
          ),
        ],
        name,
      ),
      ip(`20.51.7.${i}`, {}, `ip${i}`),
    );
    return {
      id: `/VM/${i}`,
      name: `vm${i}`,
      os: 'linux' as const,
      power: 'running' as const,
      networkInterfaces: [id.nic(name)],
    };
  });
  const about = { asOf: '2026-11-23T02:20:11Z', source: 'Resource Graph · resources' };
  const resources = new NetworkResources(bodies);
  const { facts: fleet } = evaluateFleet(bodies, machines, about);
  expect(fleet.size).toBe(60);
  const counts = new Set<number>();
  for (const vm of machines) {
    const alone = evaluateAlone(vm, resources, about);
    const together = fleet.get(vm.id.toLowerCase());
    expect(together).toEqual(alone);
    if (together?.state === 'known') counts.add(together.value.ports.length);
  }
  expect([...counts].sort()).toEqual([1, 2, 3]);
});

test('one group in two networks: what it makes of a firewall’s address depends on the network', () => {
  const spoke = (name: string, address: string, fields: Body, more: Body = {}) =>
    vnet(
      { addressSpace: { addressPrefixes: [`${address}/24`] }, ...fields },
      [subnet(undefined, { addressPrefix: `${address}/24`, ...more }, 'web', name)],
      name,
    );
  const machineIn = (network: string, address: string) =>
    nic(
      'shared',
      [config({ privateIPAddress: address, subnet: { id: id.subnet('web', network) } }, 'c', `nic-${network}`)],
      `nic-${network}`,
    );
  const peering = {
    properties: {
      peeringState: 'Connected',
      remoteVirtualNetwork: { id: id.vnet('hub') },
      remoteAddressSpace: { addressPrefixes: ['10.0.0.0/16'] },
    },
  };
  const bodies = [
    nsg('shared', []),
    spoke('peered', '10.2.0.0', { virtualNetworkPeerings: [peering] }),
    // Joined by other means: the route to the firewall shows it, but the tag VirtualNetwork does not hold the hub.
    spoke('routed', '10.3.0.0', {}, { routeTable: { id: id.table() } }),
    {
      id: id.table(),
      properties: {
        routes: [
          {
            properties: {
              addressPrefix: '203.0.113.0/24',
              nextHopType: 'VirtualAppliance',
              nextHopIpAddress: '10.0.1.4',
            },
          },
        ],
      },
    },
    vnet(
      { addressSpace: { addressPrefixes: ['10.0.0.0/16'] } },
      [subnet(undefined, { addressPrefix: '10.0.1.0/26' }, 'AzureFirewallSubnet', 'hub')],
      'hub',
    ),
    ip('20.60.0.9', {}, 'fw-ip'),
    {
      id: id.firewall(),
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
        natRuleCollections: [
          {
            properties: {
              priority: 100,
              action: { type: 'Dnat' },
              rules: ['10.2.0.7', '10.3.0.7'].map((translatedAddress, i) => ({
                name: `r${i}`,
                protocols: ['TCP'],
                sourceAddresses: ['*'],
                destinationAddresses: ['20.60.0.9'],
                destinationPorts: [String(33890 + i)],
                translatedAddress,
                translatedPort: '3389',
              })),
            },
          },
        ],
      },
    },
    machineIn('peered', '10.2.0.7'),
    machineIn('routed', '10.3.0.7'),
  ];
  const machines = ['peered', 'routed'].map((network) => ({
    id: network,
    name: network,
    os: 'windows' as const,
    power: 'running' as const,
    networkInterfaces: [id.nic(`nic-${network}`)],
  }));
  for (const order of [machines, machines.toReversed()]) {
    const { facts: fleet } = evaluateFleet(bodies, order, { asOf: '2026-11-23T02:20:11Z', source: 'x' });
    const open = (name: string) => {
      const fact = fleet.get(name);
      return fact?.state === 'known' ? fact.value.ports.map((port) => port.from) : fact;
    };
    expect(open('peered')).toEqual([3389]);
    expect(open('routed')).toEqual([]);
  }
});

test('whatever the order and the pages in which groups come, each VM gets the answer it gets alone', () => {
  const names = ['a', 'b', 'c', 'd', 'e'];
  const port = fc.constantFrom('22', '3389', '443', '*', '1000-2000');
  const group = fc.array(fc.record({ port, access: fc.constantFrom('Allow', 'Deny') }), { maxLength: 4 });
  const reference = fc.option(fc.constantFrom(...names, 'gone'), { nil: undefined });
  const world = fc.record({
    groups: fc.tuple(...names.map(() => group)),
    subnets: fc.tuple(reference, reference),
    machines: fc.array(fc.array(fc.record({ group: reference, subnet: fc.nat(1) }), { minLength: 1, maxLength: 2 }), {
      minLength: 1,
      maxLength: 8,
    }),
    order: fc.shuffledSubarray(names, { minLength: 5 }),
    pageSize: fc.integer({ min: 1, max: 5 }),
  });
  const about = { asOf: '2026-11-23T02:20:11Z', source: 'x' };
  fc.assert(
    fc.property(world, ({ groups, subnets, machines: shapes, order, pageSize }) => {
      const bodies: Body[] = [
        vnet(
          {},
          subnets.map((name, i) => subnet(name, { addressPrefix: `10.1.${i}.0/24` }, `s${i}`)),
        ),
        ...order.map((name) =>
          nsg(
            name,
            (groups[names.indexOf(name)] ?? []).map(({ port, access }, i) =>
              rule(`r${i}`, 100 + i, access, { destinationPortRange: port }),
            ),
          ),
        ),
      ];
      const machines = shapes.map((nics, m) => {
        const networkInterfaces = nics.map((shape, n) => {
          const name = `nic${m}-${n}`;
          const address = { privateIPAddress: `10.1.${shape.subnet}.${m + 4}`, publicIPAddress: { id: id.ip(name) } };
          bodies.push(
            nic(shape.group, [config({ ...address, subnet: { id: id.subnet(`s${shape.subnet}`) } }, 'c', name)], name),
            ip(`20.51.${n}.${m}`, {}, name),
          );
          return id.nic(name);
        });
        return { id: `/vm/${m}`, name: `vm${m}`, os: 'linux' as const, power: 'running' as const, networkInterfaces };
      });
      const { facts, held } = evaluateFleet(bodies, machines, about, pageSize);
      expect(held).toBe(0);
      expect(facts.size).toBe(machines.length);
      for (const vm of machines) {
        const alone = evaluateAlone(vm, new NetworkResources(bodies), about);
        expect(facts.get(vm.id)).toEqual(alone);
      }
    }),
    { numRuns: 200 },
  );
});

test('VMs behind the same groups, but by other ways, at other addresses or read in part, each get their own answer', () => {
  const rules = fc.array(
    fc.record({
      port: fc.constantFrom('22', '3389', '*', '3000-4000'),
      source: fc.constantFrom('*', 'Internet', '20.0.0.0/8', 'VirtualNetwork'),
      destination: fc.constantFrom('*', '10.1.4.5', '10.1.4.4/30', 'group'),
      access: fc.constantFrom('Allow', 'Deny'),
    }),
    { maxLength: 4 },
  );
  const machine = fc.record({
    sku: fc.constantFrom('Standard', 'Basic', ''),
    address: fc.constantFrom('read', 'gone', 'none'),
    known: fc.boolean(),
    grouped: fc.boolean(),
    balanced: fc.boolean(),
    bare: fc.constantFrom(false, false, false, true),
    named: fc.boolean(),
    upper: fc.boolean(),
    power: fc.constantFrom('running' as const, 'deallocated' as const),
    // Also lists the interface of the machine before it, as an inventory may that is older than the network.
    both: fc.boolean(),
  });
  const world = fc.record({
    ofSubnet: fc.option(rules, { nil: undefined }),
    ofNic: rules,
    machines: fc.array(machine, { minLength: 2, maxLength: 7 }),
  });
  const about = { asOf: '2026-11-23T02:20:11Z', source: 'x' };
  const group = (name: string, of: { port: string; source: string; destination: string; access: string }[]) =>
    nsg(
      name,
      of.map(({ port, source, destination, access }, i) =>
        rule(`r${i}`, 100 + i, access, {
          destinationPortRange: port,
          sourceAddressPrefix: source,
          ...(destination === 'group'
            ? { destinationAddressPrefix: undefined, destinationApplicationSecurityGroups: [{ id: id.asg() }] }
            : { destinationAddressPrefix: destination }),
        }),
      ),
    );
  const balancer = id.any('loadBalancers', 'lb');
  const frontend = `${balancer}/frontendIPConfigurations/f`;
  const nat = `${balancer}/inboundNatRules/rdp`;
  fc.assert(
    fc.property(world, ({ ofSubnet, ofNic, machines: shapes }) => {
      const bodies: Body[] = [
        vnet({}, [subnet(ofSubnet && 'subnet')]),
        group('nic', ofNic),
        ...(ofSubnet ? [group('subnet', ofSubnet)] : []),
        ip('20.51.9.9', {}, 'lb-ip'),
        {
          id: balancer,
          type: 'Microsoft.Network/loadBalancers',
          sku: { name: 'Standard' },
          properties: {
            frontendIPConfigurations: [{ id: frontend, properties: { publicIPAddress: { id: id.ip('lb-ip') } } }],
            inboundNatRules: [
              {
                id: nat,
                name: 'rdp',
                properties: {
                  frontendIPConfiguration: { id: frontend },
                  protocol: 'Tcp',
                  frontendPort: 50_001,
                  backendPort: 3389,
                },
              },
            ],
          },
        },
      ];
      const machines = shapes.map((shape, m) => {
        const name = `nic${m}`;
        const fields = {
          privateIPAddress: shape.known ? `10.1.4.${m + 4}` : undefined,
          ...(shape.address === 'none' ? {} : { publicIPAddress: { id: id.ip(name) } }),
          ...(shape.grouped ? { applicationSecurityGroups: [{ id: id.asg() }] } : {}),
          ...(shape.balanced ? { loadBalancerInboundNatRules: [{ id: nat }] } : {}),
        };
        const one = config(fields, 'c', shape.named ? name : 'another');
        const body = shape.bare ? { ...nic('nic', [one], name), properties: {} } : nic('nic', [one], name);
        bodies.push(shape.upper ? { ...body, id: String(body.id).toUpperCase() } : body);
        const address = ip(`20.51.7.${m}`, {}, name, shape.sku);
        if (shape.address === 'read') bodies.push(shape.sku === '' ? { ...address, sku: undefined } : address);
        const networkInterfaces = [id.nic(name), ...(shape.both && m > 0 ? [id.nic(`nic${m - 1}`)] : [])];
        return { id: `/vm/${m}`, name: `vm${m}`, os: 'windows' as const, power: shape.power, networkInterfaces };
      });
      const { facts } = evaluateFleet(bodies, machines, about);
      for (const vm of machines) {
        const alone = evaluateAlone(vm, new NetworkResources(bodies), about);
        const together = facts.get(vm.id);
        expect(together).toEqual(alone);
        // A lazily made value is in a written or copied document, too.
        expect(JSON.stringify(together)).toBe(JSON.stringify(alone));
        if (alone.state === 'known') {
          const copy = { ...alone.value };
          expect(copy.ports).toEqual(alone.value.ports);
          for (const { sources } of copy.ports) {
            if (sources.tags === undefined) expect({ ...sources }.prefixes.length).toBeGreaterThan(0);
          }
        }
      }
    }),
    { numRuns: 300 },
  );
});

test('the public addresses at a VM’s interfaces come with it, and interfaces of no VM are not kept', () => {
  const own = ['a', 'b'].map((name) => config({ publicIPAddress: { id: id.ip(name) } }, name, 'mine'));
  const bodies = [
    vnet({}, [subnet(undefined)]),
    nic(undefined, own, 'mine'),
    nic(undefined, [config({ publicIPAddress: { id: id.ip('c') } }, 'c', 'other')], 'other'),
    ip('20.51.7.1', {}, 'a'),
    ip('20.51.7.2', {}, 'b'),
    ip('20.51.7.3', {}, 'c'),
  ];
  const vm = {
    id: '/vm',
    name: 'vm',
    os: 'linux' as const,
    power: 'running' as const,
    networkInterfaces: [id.nic('MINE')],
  };
  const taken: (readonly string[])[] = [];
  const fleet = new FleetExposure<FleetMachine>((_, __, addresses) => taken.push(addresses));
  fleet.addResources(bodies);
  fleet.addMachines([vm]);
  fleet.begin({ asOf: '2026-11-23T02:20:11Z', source: 'x' });
  fleet.finish();
  expect(taken).toEqual([['20.51.7.1', '20.51.7.2']]);
  expect(fleet.networks()).toEqual([id.vnet()]);
  expect([...fleet.resources.ofType('Microsoft.Network/networkInterfaces')]).toEqual([]);
});
