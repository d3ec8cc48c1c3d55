import { ComputeManagementClient } from '@azure/arm-compute';
import { NetworkManagementClient } from '@azure/arm-network';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { addScaleSet } from '../azure/scale-set-world.ts';
import { type Bench, openBench } from './sdk.ts';
import { smallWorld, subscription } from './small-world.ts';

let bench: Bench;
let compute: ComputeManagementClient;
let network: NetworkManagementClient;
beforeAll(async () => {
  const world = smallWorld();
  addScaleSet(world, 'web01');
  bench = await openBench({ world });
  compute = new ComputeManagementClient(bench.credential, subscription, bench.options);
  network = new NetworkManagementClient(bench.credential, subscription, bench.options);
});
afterAll(() => bench.simulator.close());

const all = async <T>(pages: AsyncIterable<T>): Promise<T[]> => {
  const found: T[] = [];
  for await (const one of pages) found.push(one);
  return found;
};

it('shows an instance, with its view on demand alone, and lists those of its set', async () => {
  const plain = await compute.virtualMachineScaleSetVMs.get('rg-web', 'workers', '1');
  expect(plain).toMatchObject({ name: 'workers_1', instanceId: '1' });
  expect(plain.instanceView).toBeUndefined();
  const viewed = await compute.virtualMachineScaleSetVMs.get('rg-web', 'workers', '1', { expand: 'instanceView' });
  expect(viewed.instanceView?.statuses?.map(({ code }) => code)).toContain('PowerState/running');
  const listed = await all(compute.virtualMachineScaleSetVMs.list('rg-web', 'workers'));
  expect(listed.map(({ instanceId }) => instanceId)).toEqual(['0', '1']);
  await expect(compute.virtualMachineScaleSetVMs.get('rg-web', 'workers', '7')).rejects.toMatchObject({
    statusCode: 404,
  });
  expect(await compute.virtualMachineScaleSetVMExtensions.list('rg-web', 'workers', '0')).toMatchObject({ value: [] });
});

it('shows the interfaces and public addresses of an instance below its set', async () => {
  const { networkInterfaces, publicIPAddresses } = network;
  const ofOne = await all(networkInterfaces.listVirtualMachineScaleSetVMNetworkInterfaces('rg-web', 'workers', '0'));
  expect(ofOne.map(({ id }) => id)).toEqual([expect.stringMatching(/workers\/virtualMachines\/0\/networkInterfaces/)]);
  const ofSet = await all(networkInterfaces.listVirtualMachineScaleSetNetworkInterfaces('rg-web', 'workers'));
  expect(ofSet).toHaveLength(2);
  const path = ['rg-web', 'workers', '0', 'workers-nic', 'internal'] as const;
  const addresses = await all(publicIPAddresses.listVirtualMachineScaleSetVMPublicIPAddresses(...path));
  expect(addresses.map(({ ipAddress }) => ipAddress)).toEqual(['20.51.90.10']);
  expect(await publicIPAddresses.getVirtualMachineScaleSetPublicIPAddress(...path, 'pub')).toMatchObject({
    ipAddress: '20.51.90.10',
  });
  const nsg = await network.networkSecurityGroups.get('rg-web', 'workers-nsg');
  expect(nsg.networkInterfaces).toHaveLength(2);
});

it('has rows of instances in computeresources, and none of them among resources', async () => {
  const ask = async (query: string) => {
    const { body } = await bench.ask('POST', '/providers/Microsoft.ResourceGraph/resources?api-version=2024-04-01', {
      query,
      subscriptions: [subscription],
    });
    return body.data;
  };
  expect(
    await ask(
      "computeresources | where type =~ 'microsoft.compute/virtualmachinescalesets/virtualmachines' | project name, power = tostring(properties.extended.instanceView.powerState.code) | order by name asc",
    ),
  ).toEqual([
    { name: 'workers_0', power: 'PowerState/running' },
    { name: 'workers_1', power: 'PowerState/running' },
  ]);
  expect(await ask("resources | where type contains 'virtualmachinescalesets/' | project id")).toEqual([]);
});
