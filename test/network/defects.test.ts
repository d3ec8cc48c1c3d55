/**
 * Defects of other tools that judge exposure, each with the tool's name, so that they stay out of this one: PRW is prowler,
 * STP steampipe-mod-azure-compliance, PSRule is PSRule.Rules.Azure, SEN Azure-Sentinel's playbooks.
 */
import { describe, expect, test } from 'vitest';
import { chooseMachine } from '../../src/azure/readers/inventory.ts';
import type { Exposure, VirtualMachine } from '../../src/documents/triage.ts';
import { type ExposureInput, evaluateExposure } from '../../src/network/exposure.ts';
import { ask, type Body, config, id, ip, machine, nic, nsg, rule, subnet, vnet } from './world.ts';

const rdp = (name: string, priority: number, access: string, fields: Body = {}) =>
  rule(name, priority, access, { destinationPortRange: '3389', ...fields });

function exposureOf(bodies: Body[], more: Partial<ExposureInput> = {}): Exposure {
  const fact = evaluateExposure({ ...ask(bodies), ...more });
  if (fact.state !== 'known') throw new Error(`unknown: ${fact.because}`);
  return fact.value;
}

const opensRdp = (exposure: Exposure): boolean =>
  exposure.ports.some((port) => port.protocol === 'tcp' && port.from <= 3389 && 3389 <= port.to);
const withRule = (fields: Body, access = 'Allow') =>
  exposureOf(machine({ nicRules: [rule('one', 300, access, fields)] }));

describe('PRW network_rdp_internet_access_restricted', () => {
  test('reads the plural ports too (prowler #12854)', () => {
    const fields = { destinationPortRange: undefined, destinationPortRanges: ['443', '3389'] };
    expect(opensRdp(withRule(fields))).toBe(true);
  });

  test('reads the plural sources too', () => {
    const fields = {
      destinationPortRange: '3389',
      sourceAddressPrefix: undefined,
      sourceAddressPrefixes: ['Internet'],
    };
    expect(opensRdp(withRule(fields))).toBe(true);
  });

  test('port * is every port, not a word that passes', () => {
    expect(opensRdp(withRule({ destinationPortRange: '*' }))).toBe(true);
  });

  test('a range around the port opens it', () => {
    expect(opensRdp(withRule({ destinationPortRange: '3000-4000' }))).toBe(true);
  });

  test('priority and denies count: an allow behind a deny opens nothing', () => {
    expect(opensRdp(exposureOf(machine({ nicRules: [rdp('no', 100, 'Deny'), rdp('yes', 200, 'Allow')] })))).toBe(false);
    expect(opensRdp(exposureOf(machine({ nicRules: [rdp('yes', 100, 'Allow'), rdp('no', 200, 'Deny')] })))).toBe(true);
  });

  test('a group that is associated with nothing of the VM opens nothing', () => {
    const bodies = machine({ nicRules: [], more: [nsg('elsewhere', [rdp('yes', 100, 'Allow')])] });
    expect(opensRdp(exposureOf(bodies))).toBe(false);
  });

  test('an open group without a way from the Internet exposes nothing', () => {
    const bodies = machine({ nicRules: [rdp('yes', 100, 'Allow')], config: { publicIPAddress: undefined } });
    expect(exposureOf(bodies).ports).toEqual([]);
  });

  test('a source that is no single address but practically everyone is the Internet', () => {
    const [port] = withRule({
      destinationPortRange: '3389',
      sourceAddressPrefix: undefined,
      sourceAddressPrefixes: ['0.0.0.0/1', '128.0.0.0/2', '192.0.0.0/3'],
    }).ports;
    expect(port?.sources.breadth).toBe('internet');
  });
});

describe('PRW vm_jit_access_enabled', () => {
  test('what just-in-time wrote behind an allow closes nothing: the port is open (also trap 22)', () => {
    const bodies = machine({
      nicRules: [
        rdp('allow-rdp', 300, 'Allow'),
        rdp('MicrosoftDefenderForCloud-JITRule_1', 1000, 'Deny', { protocol: '*' }),
      ],
    });
    expect(opensRdp(exposureOf(bodies))).toBe(true);
  });
});

describe('STP network_security_group_rdp_access_restricted', () => {
  test.each(['TCP', 'Tcp', 'tcp', '*'])('the protocol %s is TCP too', (protocol) => {
    expect(opensRdp(withRule({ destinationPortRange: '3389', protocol }))).toBe(true);
  });

  test.each(['Udp', 'Icmp', 'Esp', 'Ah'])('the protocol %s is not', (protocol) => {
    expect(opensRdp(withRule({ destinationPortRange: '3389', protocol }))).toBe(false);
  });
});

describe('STP compute_vm_remote_access_restricted', () => {
  test('a group need not hold every interface of the VM to open one of them', () => {
    const bodies = [
      vnet({}, [subnet(undefined)]),
      nsg('open', [rdp('yes', 100, 'Allow')]),
      nsg('shut', []),
      nic('shut', [config({})]),
      nic('open', [config({ privateIPAddress: '10.1.4.8', publicIPAddress: { id: id.ip() } }, 'c', 'b')], 'b'),
      ip('20.51.7.14'),
    ];
    const exposure = exposureOf(bodies, { networkInterfaces: [id.nic(), id.nic('b')] });
    expect(exposure.ports.map((port) => port.networkInterface)).toEqual([id.nic('b')]);
  });

  test('a group that many interfaces share opens each of them by itself', () => {
    const names = ['a', 'b', 'c'];
    const bodies = [
      vnet({}, [subnet(undefined)]),
      nsg('shared', [rdp('yes', 100, 'Allow', { destinationAddressPrefix: '10.1.4.5' })]),
      ...names.flatMap((name, i) => [
        nic(
          'shared',
          [config({ privateIPAddress: `10.1.4.${4 + i}`, publicIPAddress: { id: id.ip(name) } }, 'c', name)],
          name,
        ),
        ip(`20.51.7.${i}`, {}, name),
      ]),
    ];
    const open = names.filter((name) => opensRdp(exposureOf(bodies, { networkInterfaces: [id.nic(name)] })));
    expect(open).toEqual(['b']);
  });
});

describe('PSRule Azure.NSG.AnyInboundSource (#149)', () => {
  test('any source is seen in the plural field, behind other prefixes', () => {
    const fields = {
      destinationPortRange: '3389',
      sourceAddressPrefix: undefined,
      sourceAddressPrefixes: ['10.0.0.0/8', '0.0.0.0/0'],
    };
    expect(withRule(fields).ports[0]?.sources.breadth).toBe('internet');
  });
});

describe('SEN playbooks', () => {
  test('AS-Isolate-AzVM: an allow at 4096 behind a deny for everything at 101 is unreachable', () => {
    const bodies = machine({
      nicRules: [
        rule('SOC-DenyAllInBound', 101, 'Deny', { protocol: '*' }),
        rdp('SOC-Allow', 4096, 'Allow', { sourceAddressPrefix: '198.51.100.20' }),
      ],
    });
    expect(exposureOf(bodies).ports).toEqual([]);
  });

  test('AS-Isolate-AzVM: not the first interface alone', () => {
    const bodies = [
      vnet({}, [subnet(undefined)]),
      nsg('shut', []),
      nic('shut', [config({})]),
      nic(undefined, [config({ privateIPAddress: '10.1.4.8', publicIPAddress: { id: id.ip() } }, 'c', 'b')], 'b'),
      ip('20.51.7.14', {}, 'web-ip', 'Basic'),
    ];
    expect(opensRdp(exposureOf(bodies, { networkInterfaces: [id.nic(), id.nic('b')] }))).toBe(true);
  });

  test('AS-Isolate-AzVM finds VMs whose name contains the host: web1 is not web10', () => {
    const named = (name: string): VirtualMachine => ({
      id: `/subscriptions/s/resourceGroups/rg/providers/Microsoft.Compute/virtualMachines/${name}`,
      name,
      resourceGroup: 'rg',
      subscriptionId: 's',
      subscriptionName: 's',
      location: 'eastus',
      os: 'windows',
      osName: '',
      power: 'running',
      computerName: '',
      publicAddresses: [],
      networkInterfaces: [],
      tags: {},
    });
    expect(chooseMachine([named('web10'), named('web1')], 'web1').name).toBe('web1');
    expect(() => chooseMachine([named('web10')], 'web1')).toThrow(/no virtual machine/);
  });

  test('Isolate-AzureVMtoNSG keeps one ipConfiguration: every one of them is a way in', () => {
    const bodies = [
      vnet({}, [subnet(undefined)]),
      nsg('web-nsg', [rdp('yes', 100, 'Allow', { destinationAddressPrefix: '10.1.4.9' })]),
      nic('web-nsg', [
        config({ publicIPAddress: { id: id.ip('first') } }),
        config({ privateIPAddress: '10.1.4.9', primary: false, publicIPAddress: { id: id.ip('second') } }, 'ipconfig2'),
      ]),
      ip('20.51.7.14', {}, 'first'),
      ip('20.51.7.15', {}, 'second'),
    ];
    expect(exposureOf(bodies).ports.map((port) => port.frontend.address)).toEqual(['20.51.7.15']);
  });

  test('Add-IP-Entity-To-NSG puts attackers into whatever stands at 150, even an allow: they are then let in', () => {
    const fields = { sourceAddressPrefix: undefined, sourceAddressPrefixes: ['198.51.100.20', '203.0.113.77'] };
    const [port] = exposureOf(machine({ nicRules: [rdp('blocked', 150, 'Allow', fields)] })).ports;
    expect(port?.sources.prefixes).toEqual(['198.51.100.20/32', '203.0.113.77/32']);
  });
});
