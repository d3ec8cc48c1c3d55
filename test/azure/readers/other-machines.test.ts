import { afterAll, beforeAll, expect, test } from 'vitest';
import { resolveVm } from '../../../src/azure/readers/inventory.ts';
import { readExposure } from '../../../src/azure/readers/network.ts';
import { retiredText } from '../../../src/azure/readers/unsettled-parts.ts';
import { readScan } from '../../../src/azure/scan.ts';
import { type Bench, openBench } from '../../actions/bench.ts';

let bench: Bench;
let group: string;
beforeAll(async () => {
  bench = await openBench((world) => {
    const resource = (name: string, type: RegExp) =>
      world.resources.find((one) => one.name === name && type.test(one.type));
    const vm = resource('app03', /virtualMachines$/i);
    group = vm?.id.split('/').slice(0, 5).join('/') ?? '';
    const add = (type: string, name: string, more: object = {}) =>
      world.resources.push({
        id: `${group}/providers/${type}/${name}`,
        name,
        type,
        location: 'eastus',
        properties: {},
        ...more,
      });
    add('Microsoft.Compute/virtualMachineScaleSets', 'workers', {
      sku: { name: 'Standard_D2s_v5', capacity: 4 },
      properties: { orchestrationMode: 'Uniform' },
    });
    add('Microsoft.Compute/virtualMachineScaleSets', 'flexible', { properties: { orchestrationMode: 'Flexible' } });
    add('Microsoft.HybridCompute/machines', 'cellar01');
    add('Microsoft.ClassicCompute/virtualMachines', 'ancient');
    const set = `${group}/providers/Microsoft.Compute/virtualMachineScaleSets/workers`;
    // Resource Graph lists three of four.
    world.tables.computeresources = ['0', '1', '7'].map((name) => ({
      id: `${set}/virtualMachines/${name}`,
      name: `workers_${name}`,
      type: 'microsoft.compute/virtualmachinescalesets/virtualmachines',
    }));
    const nic = resource('edge01-nic', /networkInterfaces$/i);
    Object.assign(nic?.properties ?? {}, { provisioningState: 'Failed' });
    Object.assign(resource('web-nsg', /networkSecurityGroups$/i)?.properties ?? {}, { provisioningState: 'Updating' });
    add('Microsoft.Network/loadBalancers', 'half-lb', { properties: { provisioningState: 'Failed' } });
    // Of no VM: no reading is about it.
    add('Microsoft.Network/networkInterfaces', 'spare-nic', { properties: { provisioningState: 'Failed' } });
    const [configuration] = Array.isArray(nic?.properties?.ipConfigurations) ? nic.properties.ipConfigurations : [];
    Object.assign(Object(configuration).properties ?? {}, {
      gatewayLoadBalancer: {
        id: `${group}/providers/Microsoft.Network/loadBalancers/inspect/frontendIPConfigurations/f`,
      },
    });
  });
});
afterAll(() => bench.close());

test('what is no VM is counted and named in a scan; a Flexible set’s VMs are VMs', async () => {
  const { notSeen } = await readScan(bench.connection, () => {});
  const told = notSeen.join('\n');
  expect(told).toMatch(/1 instance of 1 Uniform scale set: workers .*Resource Graph does not list them/);
  expect(told).toMatch(/1 Arc server: cellar01/);
  expect(told).toMatch(/1 classic VM: ancient/);
  expect(told).not.toMatch(/flexible/);
});

test('a scan names the balancers, groups and interfaces whose last change failed or is under way', async () => {
  const { notSeen } = await readScan(bench.connection, () => {});
  expect(notSeen.filter((one) => one.startsWith('exposure: whether')).sort()).toEqual([
    'exposure: whether load balancer half-lb does what it says: its last change failed',
    'exposure: whether network interface edge01-nic does what it says: its last change failed',
    'exposure: whether network security group web-nsg does what it says: a change of it is under way (Updating)',
  ]);
});

test('asked for by name or id it is told what it is, instead of the nearest other name', async () => {
  const set = `${group}/providers/Microsoft.Compute/virtualMachineScaleSets/workers`;
  await expect(resolveVm(bench.connection, 'cellar01')).rejects.toThrow(/cellar01 is an Arc server/);
  await expect(resolveVm(bench.connection, 'workers')).rejects.toThrow(/workers is a Uniform scale set: name one of/);
  await expect(resolveVm(bench.connection, `${set}/virtualMachines/9`)).rejects.toThrow(
    /scale set workers has no instance 9/,
  );
  await expect(resolveVm(bench.connection, `${set}/virtualMachines/7`)).resolves.toMatchObject({ name: 'workers_7' });
  await expect(resolveVm(bench.connection, 'nothing01')).rejects.toThrow(/no virtual machine/);
});

test('a part that Azure has retired may carry nothing any more, from that day on', () => {
  const address = `${group}/providers/Microsoft.Network/publicIPAddresses/old-ip`;
  const basic = { sku: { name: 'Basic' } };
  expect(retiredText(address, basic, '2025-09-29T23:59:59Z')).toBe('');
  expect(retiredText(address, basic, '2025-09-30T00:00:00Z')).toBe(
    'whether public address old-ip still carries traffic: Basic public addresses were retired on 2025-09-30',
  );
  expect(retiredText(address.replace('publicIPAddresses', 'LoadBalancers'), basic, '2026-01-01')).toMatch(
    /^whether load balancer old-ip .*: Basic load balancers were retired on 2025-09-30$/,
  );
  expect(retiredText(address, { sku: { name: 'Standard' } }, '2026-01-01')).toBe('');
  expect(retiredText(`${group}/providers/Microsoft.Network/virtualNetworks/v`, basic, '2026-01-01')).toBe('');
});

test('an interface whose change failed, or behind a gateway load balancer, carries a note', async () => {
  const vm = await resolveVm(bench.connection, 'edge01');
  const { fact } = await readExposure(bench.connection, vm, () => {});
  const told = fact.state === 'known' ? fact.notSeen.join('\n') : fact.because;
  expect(told).toMatch(/whether network interface edge01-nic does what it says: its last change failed/);
  expect(told).toMatch(/edge01-nic passes its traffic through gateway load balancer inspect/);
});
