import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { resolveVm } from '../../src/azure/readers/inventory.ts';
import { firewallOf, readExposure } from '../../src/azure/readers/network.ts';
import { type Bench, openBench } from '../actions/bench.ts';

let bench: Bench;
beforeAll(async () => {
  bench = await openBench((world) => {
    const prod = world.subscriptions[0]?.subscriptionId ?? '';
    world.denied.push({
      action: 'Microsoft.Network/azureFirewalls/read',
      scope: `/subscriptions/${prod}/resourceGroups/rg-hub`,
    });
  });
});
afterAll(() => bench.close());

async function firewall(name: string) {
  const vm = await resolveVm(bench.connection, name);
  const { fact, reading } = await readExposure(bench.connection, vm, () => {});
  return firewallOf(reading, vm, fact, bench.connection.clock.now().toISOString());
}

describe('a firewall that may not be read', () => {
  it('is not none: its subnet is in use next door', async () => {
    for (const name of ['fwd01', 'web01']) {
      expect(await firewall(name), name).toMatchObject({
        state: 'unknown',
        because: expect.stringMatching(/firewall subnet in use in vnet-hub/),
        cure: expect.stringMatching(/Reader/),
      });
    }
  });

  it('says nothing of networks that are not connected with it', async () => {
    expect(await firewall('legacy7')).toMatchObject({
      state: 'known',
      value: { inPath: false, inbound: 'no-firewall' },
    });
  });

  it('is not known either when what lies around the VM could not be asked for', async () => {
    const vm = await resolveVm(bench.connection, 'legacy7');
    await bench.faults([
      { match: { path: 'ResourceGraph' }, effect: { status: 403, code: 'AuthorizationFailed', message: 'no' } },
    ]);
    const { fact, reading } = await readExposure(bench.connection, vm, () => {});
    await bench.faults([]);
    expect(firewallOf(reading, vm, fact, '2026-11-23T02:20:11Z')).toMatchObject({
      state: 'unknown',
      because: expect.stringMatching(/^firewalls could not be read/),
    });
  });
});
