import { expect, test } from 'vitest';
import { evaluateExposure } from '../../../src/triage/exposure/exposure.ts';
import { evaluateFleet } from '../../../src/triage/exposure/fleet.ts';
import { NetworkResources } from '../../../src/triage/exposure/resources.ts';
import { type Body, config, id, ip, nic, nsg, rule, subnet, vnet } from './world.ts';

test('a fleet’s answers are those of its machines one by one, also where they share groups that treat them differently', () => {
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
  const fleet = evaluateFleet(resources, machines, about);
  expect(fleet.size).toBe(60);
  const counts = new Set<number>();
  for (const vm of machines) {
    const alone = evaluateExposure({
      ...about,
      vm,
      networkInterfaces: vm.networkInterfaces,
      resources,
      unreadable: [],
    });
    const together = fleet.get(vm.id.toLowerCase());
    expect(together).toEqual(alone);
    if (together?.state === 'known') counts.add(together.value.ports.length);
  }
  expect([...counts].sort()).toEqual([1, 2, 3]);
});
