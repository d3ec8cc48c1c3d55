import { describe, expect, it } from 'vitest';
import { writableInterface } from '../../src/actions/writable-interface.ts';

describe('writableInterface', () => {
  it('keeps everything but what Azure alone writes, also what is not known here', () => {
    const body = writableInterface({
      id: '/x',
      name: 'nic',
      etag: 'W/"1"',
      type: 'Microsoft.Network/networkInterfaces',
      location: 'eastus',
      tags: { owner: 'web' },
      somethingNew: 1,
      properties: {
        provisioningState: 'Succeeded',
        macAddress: '00',
        enableAcceleratedNetworking: true,
        futureSetting: { deep: ['kept'] },
        dnsSettings: { dnsServers: ['10.0.0.4'], internalFqdn: 'x' },
        ipConfigurations: [
          {
            name: 'b',
            id: '/x/ipConfigurations/b',
            etag: 'W/"1"',
            properties: {
              provisioningState: 'Succeeded',
              privateIPAddress: '10.0.0.5',
              privateIPAllocationMethod: 'Static',
              zone: 9,
            },
          },
        ],
      },
    });
    expect(body).toEqual({
      id: '/x',
      location: 'eastus',
      tags: { owner: 'web' },
      somethingNew: 1,
      properties: {
        enableAcceleratedNetworking: true,
        futureSetting: { deep: ['kept'] },
        dnsSettings: { dnsServers: ['10.0.0.4'] },
        ipConfigurations: [
          {
            name: 'b',
            id: '/x/ipConfigurations/b',
            properties: { privateIPAddress: '10.0.0.5', privateIPAllocationMethod: 'Static', zone: 9 },
          },
        ],
      },
    });
  });

  it('adds nothing to an interface that has little', () => {
    expect(writableInterface({ location: 'eastus', properties: {} })).toEqual({ location: 'eastus', properties: {} });
  });
});
