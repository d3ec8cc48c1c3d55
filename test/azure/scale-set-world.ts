import { listAt, textAt } from '../../src/arm/json.ts';
import type { ArmResource, World } from '../../src/simulator/world.ts';

/** Adds a Uniform scale set with two instances to a world, beside the VM whose resource group and subnet it shares. */
export function addScaleSet(world: World, beside: string): { set: string; group: string; location: string } {
  const of = (name: string, type: RegExp): ArmResource => {
    const found = world.resources.find((one) => one.name === name && type.test(one.type));
    if (!found) throw new Error(`no ${name}`);
    return found;
  };
  const vm = of(beside, /virtualMachines$/i);
  const group = vm.id.split('/').slice(0, 5).join('/');
  const nic = of(`${beside}-nic`, /networkInterfaces$/i);
  const [first] = listAt(nic, 'properties', 'ipConfigurations');
  const subnet = textAt(first, 'properties', 'subnet', 'id');
  const location = vm.location ?? '';
  const compute = `${group}/providers/Microsoft.Compute`;
  const network = `${group}/providers/Microsoft.Network`;
  const set = `${compute}/virtualMachineScaleSets/workers`;
  const balancer = `${network}/loadBalancers/workers-lb`;
  const securityGroup = `${network}/networkSecurityGroups/workers-nsg`;
  const frontend = `${balancer}/frontendIPConfigurations/front`;
  const add = (id: string, type: string, more: object) => {
    const name = id.slice(id.lastIndexOf('/') + 1);
    world.resources.push({ id, name, type, location, ...more } as ArmResource);
  };
  add(set, 'Microsoft.Compute/virtualMachineScaleSets', {
    sku: { name: 'Standard_D2s_v5', tier: 'Standard', capacity: 2 },
    identity: { type: 'SystemAssigned', principalId: '7d3a0000-0000-0000-0000-000000000077', tenantId: '' },
    properties: { orchestrationMode: 'Uniform', provisioningState: 'Succeeded' },
  });
  add(securityGroup, 'Microsoft.Network/networkSecurityGroups', {
    properties: {
      provisioningState: 'Succeeded',
      securityRules: [
        {
          name: 'rdp-from-anywhere',
          id: `${securityGroup}/securityRules/rdp-from-anywhere`,
          properties: {
            priority: 100,
            direction: 'Inbound',
            access: 'Allow',
            protocol: 'Tcp',
            sourceAddressPrefix: '*',
            sourcePortRange: '*',
            destinationAddressPrefix: '*',
            destinationPortRange: '3389',
          },
        },
      ],
    },
  });
  add(`${network}/publicIPAddresses/workers-lb-ip`, 'Microsoft.Network/publicIPAddresses', {
    sku: { name: 'Standard' },
    properties: { provisioningState: 'Succeeded', ipAddress: '20.51.90.1', publicIPAddressVersion: 'IPv4' },
  });
  add(balancer, 'Microsoft.Network/loadBalancers', {
    sku: { name: 'Standard' },
    properties: {
      provisioningState: 'Succeeded',
      frontendIPConfigurations: [
        {
          name: 'front',
          id: frontend,
          properties: { publicIPAddress: { id: `${network}/publicIPAddresses/workers-lb-ip` } },
        },
      ],
      backendAddressPools: [],
      loadBalancingRules: [],
      inboundNatRules: [
        {
          name: 'rdp.1',
          id: `${balancer}/inboundNatRules/rdp.1`,
          properties: {
            frontendIPConfiguration: { id: frontend },
            protocol: 'Tcp',
            frontendPort: 50001,
            backendPort: 3389,
          },
        },
      ],
    },
  });
  for (const number of [0, 1]) {
    const instance = `${set}/virtualMachines/${number}`;
    const networkInterface = `${instance}/networkInterfaces/workers-nic`;
    const configuration = `${networkInterface}/ipConfigurations/internal`;
    const disk = `${compute}/disks/workers_workers_${number}_OsDisk_1`;
    world.resources.push({
      id: instance,
      name: `workers_${number}`,
      type: 'Microsoft.Compute/virtualMachineScaleSets/virtualMachines',
      location,
      properties: {
        latestModelApplied: true,
        osProfile: {
          computerName: `workers00000${number}`,
          adminUsername: 'azureuser',
          windowsConfiguration: { provisionVMAgent: true },
        },
        storageProfile: {
          imageReference: { publisher: 'MicrosoftWindowsServer', offer: 'WindowsServer', sku: '2022-datacenter' },
          osDisk: { osType: 'Windows', name: 'os', createOption: 'FromImage', managedDisk: { id: disk } },
          dataDisks: [],
        },
        networkProfile: { networkInterfaces: [{ id: networkInterface }] },
        provisioningState: 'Succeeded',
      },
    });
    add(disk, 'Microsoft.Compute/disks', {
      sku: { name: 'Premium_LRS' },
      properties: { osType: 'Windows', diskSizeGB: 127, provisioningState: 'Succeeded', diskState: 'Attached' },
    });
    add(networkInterface, 'Microsoft.Compute/virtualMachineScaleSets/virtualMachines/networkInterfaces', {
      properties: {
        provisioningState: 'Succeeded',
        primary: true,
        networkSecurityGroup: { id: securityGroup },
        virtualMachine: { id: instance },
        ipConfigurations: [
          {
            name: 'internal',
            id: configuration,
            properties: {
              privateIPAddress: `10.20.1.${90 + number}`,
              privateIPAddressVersion: 'IPv4',
              primary: true,
              subnet: { id: subnet },
              // The first has an address of its own, the second is behind the balancer.
              ...(number === 0
                ? { publicIPAddress: { id: `${configuration}/publicIPAddresses/pub` } }
                : { loadBalancerInboundNatRules: [{ id: `${balancer}/inboundNatRules/rdp.1` }] }),
            },
          },
        ],
      },
    });
    if (number === 0) {
      add(
        `${configuration}/publicIPAddresses/pub`,
        'Microsoft.Compute/virtualMachineScaleSets/virtualMachines/networkInterfaces/ipConfigurations/publicIPAddresses',
        {
          sku: { name: 'Standard' },
          properties: { provisioningState: 'Succeeded', ipAddress: '20.51.90.10', publicIPAddressVersion: 'IPv4' },
        },
      );
    }
  }
  return { set, group, location };
}

/** Failed logons of a computer of the set, from one address in quick succession, with the id that its agent reports. */
export function addFailures(world: World, about: { resourceId: string; computer: string; failures: number }): void {
  const events = world.tables.SecurityEvent ?? [];
  const template = events.find(({ EventID }) => EventID === 4625);
  const success = events.find(({ EventID }) => EventID === 4624);
  const ago = (seconds: number) => new Date(Date.parse(world.now) - seconds * 1000).toISOString();
  const own = { _ResourceId: about.resourceId.toLowerCase(), Computer: about.computer };
  for (let at = 0; at < about.failures; at += 1) {
    events.push({
      ...template,
      ...own,
      TimeGenerated: ago(1800 - at),
      IpAddress: '203.0.113.77',
      TargetUserName: 'root',
    });
  }
  events.push({ ...success, ...own, TimeGenerated: ago(60), IpAddress: '10.20.1.7', TargetUserName: 'svc' });
  world.tables.Heartbeat?.push({ ...own, TimeGenerated: ago(30), OSType: 'Windows' });
  const [workspace] = Object.values(world.workspaces ?? {});
  workspace?.push(about.resourceId.toLowerCase());
}
