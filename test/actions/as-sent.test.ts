import { describe, expect, it } from 'vitest';
import { differences } from '../../src/actions/as-sent.ts';

const nic = (group: string | null) => ({
  location: 'westeurope',
  properties: {
    ipConfigurations: [{ name: 'ipconfig1', properties: { subnet: { id: '/a/Subnets/S' } } }],
    ...(group === null ? {} : { networkSecurityGroup: { id: group } }),
  },
});
const shown = (group: string | null) => ({
  id: '/nic',
  etag: 'W/"2"',
  location: 'WestEurope',
  properties: {
    provisioningState: 'Succeeded',
    ipConfigurations: [
      {
        name: 'ipconfig1',
        etag: 'W/"2"',
        properties: { subnet: { id: '/A/subnets/s' }, privateIPAddress: '10.0.0.4' },
      },
    ],
    ...(group === null ? {} : { networkSecurityGroup: { id: group } }),
  },
});

describe('a resource against the body that was sent', () => {
  it('has it, whatever Azure adds and however it spells ids', () => {
    expect(differences(nic('/g/ours'), shown('/G/Ours'), true)).toEqual([]);
  });
  it('has another group', () => {
    expect(differences(nic('/g/ours'), shown('/g/theirs'), true)).toEqual(['properties.networkSecurityGroup.id']);
  });
  it('has none where one was sent, and one where none was', () => {
    expect(differences(nic('/g/ours'), shown(null), true)).toEqual(['properties.networkSecurityGroup.id']);
    expect(differences(nic(null), shown('/g/ours'), true)).toEqual(['properties.networkSecurityGroup']);
    expect(differences(nic(null), shown('/g/ours'), false)).toEqual([]);
  });
  it('compares lists whatever their order, and counts what is more or less', () => {
    const list = (...names: string[]) => ({ properties: { virtualMachines: names.map((id) => ({ id })) } });
    expect(differences(list('a', 'b'), list('B', 'A'), true)).toEqual([]);
    expect(differences(list('a'), list('a', 'b'), true)).toEqual(['properties.virtualMachines']);
    expect(differences(list('a', 'b'), list('a', 'a'), true)).toEqual(['properties.virtualMachines']);
  });
  it('asks nothing of secrets, of times in other digits, and of what Azure does not show', () => {
    const sent = { tags: { key: '[redacted]' }, properties: { flushConnection: true, at: '2026-11-23T02:20:11Z' } };
    expect(differences(sent, { properties: { at: '2026-11-23T02:20:11.0000000Z' } }, true)).toEqual([]);
    expect(differences(sent, { properties: { flushConnection: false, at: '2026-11-23T02:20:11Z' } }, true)).toEqual([
      'properties.flushConnection',
    ]);
  });
});
