import { describe, expect, it } from 'vitest';
import { instantAt } from '../../../src/arm/json.ts';
import { parseResourceId } from '../../../src/arm/resource-id.ts';
import { unknownFrom } from '../../../src/azure/client/failure.ts';
import { kqlString } from '../../../src/azure/client/kql-literal.ts';
import { chooseMachine } from '../../../src/azure/readers/inventory.ts';
import { osNameOf, powerOf } from '../../../src/azure/readers/machine-row.ts';
import type { VirtualMachine } from '../../../src/documents/triage.ts';

const machine = (name: string, group: string): VirtualMachine => ({
  id: `/subscriptions/s/resourceGroups/${group}/providers/Microsoft.Compute/virtualMachines/${name}`,
  name,
  resourceGroup: group,
  subscriptionId: 's',
  subscriptionName: 'contoso',
  location: 'eastus',
  os: 'windows',
  osName: '',
  power: 'running',
  computerName: '',
  publicAddresses: [],
  networkInterfaces: [],
  tags: {},
});
const fleet = [machine('web1', 'rg-a'), machine('web10', 'rg-a'), machine('app01', 'rg-a'), machine('app01', 'rg-dr')];

describe('chooseMachine', () => {
  it('never takes a name for a part of another: web1 is not web10', () => {
    expect(chooseMachine(fleet, 'WEB1').name).toBe('web1');
    expect(() => chooseMachine(fleet, 'web')).toThrow(/no virtual machine "web".*nearest: web1, web10/);
  });
  it('does nothing when a name means two VMs, and names both', () => {
    expect(() => chooseMachine(fleet, 'app01')).toThrow(/names 2 VMs; nothing was done[\s\S]*rg-a[\s\S]*rg-dr/);
  });
  it('takes a resource id in any case', () => {
    expect(chooseMachine(fleet, fleet[3]?.id.toUpperCase() ?? '').resourceGroup).toBe('rg-dr');
  });
});

describe('reading Azure’s words', () => {
  it('says what a system is called, from the agent or from the image', () => {
    expect(osNameOf({ osName: 'Windows Server 2019 Datacenter' })).toBe('Windows Server 2019');
    expect(osNameOf({ osName: 'Windows Server 2012 R2 Datacenter' })).toBe('Windows Server 2012 R2');
    expect(osNameOf({ osName: 'ubuntu', osVersion: '22.04' })).toBe('Ubuntu 22.04');
    expect(osNameOf({ offer: 'WindowsServer', imageSku: '2016-Datacenter' })).toBe('Windows Server 2016');
  });
  it('does not guess a power state', () => {
    expect(powerOf('PowerState/deallocated')).toBe('deallocated');
    expect(powerOf('')).toBe('unknown');
  });
  it('knows Azure’s ways to say never', () => {
    expect(instantAt({ t: '2001-01-01T00:00:00Z' }, 't')).toBeNull();
    expect(instantAt({ t: '0001-01-01T00:00:00' }, 't')).toBeNull();
    expect(instantAt({ t: '2026-11-14T01:00:00Z' }, 't')).toBe('2026-11-14T01:00:00.000Z');
  });
  it('takes ids apart, children included', () => {
    expect(
      parseResourceId('/Subscriptions/S/resourcegroups/G/providers/Microsoft.Network/virtualNetworks/v/subnets/web'),
    ).toEqual({
      subscriptionId: 'S',
      resourceGroup: 'G',
      type: 'Microsoft.Network/virtualNetworks/subnets',
      name: 'web',
      names: ['v', 'web'],
    });
    expect(parseResourceId('nonsense')).toBeUndefined();
  });
});

describe('unknownFrom', () => {
  const need = { permission: 'a/b/read', role: 'Reader', scope: 'web1' };
  it('names the permission, the role and the place', () => {
    const fact = unknownFrom({ statusCode: 403, code: 'AuthorizationFailed', message: 'no' }, 'x', need);
    expect(fact.because).toBe('no permission a/b/read on web1');
    expect(fact.cure).toBe('ask the customer for Reader on web1');
  });
  it('tells throttling, absence of an answer and of a sign-in apart', () => {
    expect(unknownFrom({ statusCode: 429 }, 'x', need).because).toMatch(/throttles/);
    const message = "The scope '/s/x' cannot perform write operation because following scope(s) are locked: '/s/rg-a'.";
    expect(unknownFrom({ statusCode: 409, code: 'ScopeLocked', message }, 'x', need)).toMatchObject({
      because: 'a ReadOnly lock on rg-a refuses it: Azure takes this question for a write',
      cure: 'ask the customer to lift the lock while you look',
    });
    expect(unknownFrom({ code: 'ECONNREFUSED', message: 'connect' }, 'x', need).because).toMatch(
      /does not answer \(ECONNREFUSED\)/,
    );
    expect(unknownFrom({ name: 'CredentialUnavailableError', message: 'm' }, 'x', need).cure).toMatch(/az login/);
  });
  it('strips what would drive a terminal from Azure’s sentence', () => {
    expect(unknownFrom({ statusCode: 500, message: 'bad \u001b[2J\u0007 thing' }, 'x', need).because).toContain(
      'bad  thing',
    );
  });
});

describe('kqlString', () => {
  it('lets no text out of its literal', () => {
    expect(kqlString('a"; SecurityEvent | take 5 //\\')).toBe('"a\\"; SecurityEvent | take 5 //\\\\"');
    expect(kqlString('\n\u001b')).toBe('"\\u000a\\u001b"');
  });
});
