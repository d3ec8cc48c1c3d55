import { parseWorld, type World } from '../../src/simulator/world.ts';

export const subscription = '0b1f6471-1bf0-4dda-aec3-111122223333';
export const group = `/subscriptions/${subscription}/resourceGroups/rg-web`;
export const ids = {
  vm: `${group}/providers/Microsoft.Compute/virtualMachines/web01`,
  stopped: `${group}/providers/Microsoft.Compute/virtualMachines/db01`,
  osDisk: `${group}/providers/Microsoft.Compute/disks/web01-os`,
  fastDisk: `${group}/providers/Microsoft.Compute/disks/web01-data`,
  nic: `${group}/providers/Microsoft.Network/networkInterfaces/web01-nic`,
  stoppedNic: `${group}/providers/Microsoft.Network/networkInterfaces/db01-nic`,
  nsg: `${group}/providers/Microsoft.Network/networkSecurityGroups/web01-nsg`,
  subnetNsg: `${group}/providers/Microsoft.Network/networkSecurityGroups/subnet-nsg`,
  farNsg: `${group}/providers/Microsoft.Network/networkSecurityGroups/far-nsg`,
  asg: `${group}/providers/Microsoft.Network/applicationSecurityGroups/web-asg`,
  vnet: `${group}/providers/Microsoft.Network/virtualNetworks/vnet`,
  subnet: `${group}/providers/Microsoft.Network/virtualNetworks/vnet/subnets/default`,
  address: `${group}/providers/Microsoft.Network/publicIPAddresses/web01-ip`,
  vault: `${group}/providers/Microsoft.RecoveryServices/vaults/vault1`,
  workspace: `${group}/providers/Microsoft.OperationalInsights/workspaces/logs`,
  jit: `${group}/providers/Microsoft.Security/locations/westeurope/jitNetworkAccessPolicies/default`,
};
export const customerId = '11111111-2222-3333-4444-555555555555';
const container = 'IaasVMContainer;iaasvmcontainerv2;rg-web;web01';
const item = 'VM;iaasvmcontainerv2;rg-web;web01';
export const itemId = `/Subscriptions/${subscription}/resourceGroups/rg-web/providers/Microsoft.RecoveryServices/vaults/vault1/backupFabrics/Azure/protectionContainers/${container}/protectedItems/${item}`;
export const backupNames = { container, item };

const rule = (name: string, priority: number, more: Record<string, unknown>) => ({
  name,
  properties: {
    protocol: 'TCP',
    sourcePortRange: '*',
    destinationPortRange: '3389',
    sourceAddressPrefix: '*',
    destinationAddressPrefix: '*',
    access: 'Allow',
    priority,
    direction: 'Inbound',
    ...more,
  },
});

const machine = (id: string, nic: string, power: string, disks: Record<string, unknown>) => ({
  id,
  type: 'Microsoft.Compute/virtualMachines',
  location: 'westeurope',
  properties: {
    vmId: '5f0d7e6b-0000-4000-8000-000000000001',
    hardwareProfile: { vmSize: 'Standard_D2s_v3' },
    provisioningState: 'Succeeded',
    osProfile: { computerName: 'web01', adminUsername: 'azure' },
    networkProfile: { networkInterfaces: [{ id: nic }] },
    storageProfile: disks,
    instanceView: {
      computerName: 'web01',
      osName: 'Windows Server 2022 Datacenter',
      statuses: [{ code: `PowerState/${power}`, level: 'Info', displayStatus: `VM ${power}` }],
    },
  },
});

const disk = (id: string, sku: string, size: number) => ({
  id,
  type: 'Microsoft.Compute/disks',
  location: 'westeurope',
  sku: { name: sku, tier: 'Premium' },
  properties: {
    creationData: { createOption: 'Empty' },
    diskSizeGB: size,
    diskState: 'Attached',
    provisioningState: 'Succeeded',
    osType: 'Windows',
    uniqueId: '11111111-0000-4000-8000-000000000001',
  },
});

const nic = (id: string, address: string, more: Record<string, unknown>, extra: Record<string, unknown> = {}) => ({
  id,
  type: 'Microsoft.Network/networkInterfaces',
  location: 'westeurope',
  tags: { owner: 'web' },
  properties: {
    ipConfigurations: [
      {
        name: 'main',
        properties: {
          privateIPAddress: address,
          privateIPAllocationMethod: 'Dynamic',
          subnet: { id: ids.subnet },
          primary: true,
          privateIPAddressVersion: 'IPv4',
          ...more,
        },
      },
    ],
    enableAcceleratedNetworking: true,
    enableIPForwarding: false,
    ...extra,
  },
});

/** A world of one web server with a public address, a stopped neighbour, logs, backup, patches and alerts. */
export function smallWorld(change: (world: Record<string, unknown>) => void = () => undefined): World {
  const logon = (minute: number, resource: string, id = 4625) => ({
    TimeGenerated: `2026-11-23T02:${String(minute).padStart(2, '0')}:00Z`,
    EventID: id,
    Computer: 'web01',
    TargetUserName: 'admin',
    IpAddress: '203.0.113.77',
    LogonType: 3,
    _ResourceId: resource.toLowerCase(),
  });
  const world: Record<string, unknown> = {
    schema: 'cordon.world/1',
    now: '2026-11-23T02:30:00Z',
    resources: [
      machine(ids.vm, ids.nic, 'running', {
        osDisk: { osType: 'Windows', name: 'web01-os', createOption: 'FromImage', managedDisk: { id: ids.osDisk } },
        dataDisks: [{ lun: 0, name: 'web01-data', createOption: 'Attach', managedDisk: { id: ids.fastDisk } }],
      }),
      machine(ids.stopped, ids.stoppedNic, 'deallocated', {
        osDisk: { osType: 'Windows', createOption: 'FromImage' },
        dataDisks: [],
      }),
      disk(ids.osDisk, 'Premium_LRS', 127),
      disk(ids.fastDisk, 'PremiumV2_LRS', 64),
      nic(
        ids.nic,
        '10.0.0.4',
        { publicIPAddress: { id: ids.address }, applicationSecurityGroups: [{ id: ids.asg }] },
        { networkSecurityGroup: { id: ids.nsg } },
      ),
      nic(ids.stoppedNic, '10.0.0.5', {}),
      {
        id: ids.nsg,
        type: 'Microsoft.Network/networkSecurityGroups',
        location: 'westeurope',
        properties: { securityRules: [rule('allow-rdp', 300, {})] },
      },
      {
        id: ids.subnetNsg,
        type: 'Microsoft.Network/networkSecurityGroups',
        location: 'westeurope',
        properties: {
          securityRules: [
            rule('to-web', 200, {
              destinationAddressPrefix: undefined,
              destinationApplicationSecurityGroups: [{ id: ids.asg }],
              destinationPortRange: undefined,
              destinationPortRanges: ['80', '443'],
              sourceAddressPrefix: 'Internet',
            }),
          ],
        },
      },
      { id: ids.farNsg, type: 'Microsoft.Network/networkSecurityGroups', location: 'eastus', properties: {} },
      { id: ids.asg, type: 'Microsoft.Network/applicationSecurityGroups', location: 'westeurope', properties: {} },
      {
        id: ids.vnet,
        type: 'Microsoft.Network/virtualNetworks',
        location: 'westeurope',
        properties: {
          addressSpace: { addressPrefixes: ['10.0.0.0/16'] },
          subnets: [
            {
              name: 'default',
              properties: { addressPrefix: '10.0.0.0/24', networkSecurityGroup: { id: ids.subnetNsg } },
            },
          ],
        },
      },
      {
        id: ids.address,
        type: 'Microsoft.Network/publicIPAddresses',
        location: 'westeurope',
        sku: { name: 'Standard' },
        properties: { ipAddress: '20.51.7.14', publicIPAllocationMethod: 'Static', publicIPAddressVersion: 'IPv4' },
      },
      {
        id: ids.vault,
        type: 'Microsoft.RecoveryServices/vaults',
        location: 'westeurope',
        sku: { name: 'RS0', tier: 'Standard' },
        properties: { provisioningState: 'Succeeded' },
      },
      {
        id: ids.workspace,
        type: 'Microsoft.OperationalInsights/workspaces',
        location: 'westeurope',
        properties: { customerId },
      },
      {
        id: ids.jit,
        type: 'Microsoft.Security/locations/jitNetworkAccessPolicies',
        kind: 'Basic',
        properties: {
          virtualMachines: [
            {
              id: ids.vm,
              ports: [
                { number: 3389, protocol: '*', allowedSourceAddressPrefix: '*', maxRequestAccessDuration: 'PT3H' },
              ],
            },
          ],
          requests: [],
          provisioningState: 'Succeeded',
        },
      },
    ],
    tables: {
      SecurityEvent: [logon(1, ids.vm), logon(2, ids.vm), logon(3, ids.vm, 4624), logon(4, ids.stopped)],
      Heartbeat: [],
      patchassessmentresources: [
        {
          id: `${ids.vm}/patchAssessmentResults/latest`,
          properties: { status: 'Succeeded', lastModifiedDateTime: '2026-11-01T00:00:00Z', rebootPending: true },
          type: 'microsoft.compute/virtualmachines/patchassessmentresults',
        },
        {
          id: `${ids.vm}/patchAssessmentResults/latest/softwarePatches/p1`,
          type: 'microsoft.compute/virtualmachines/patchassessmentresults/softwarepatches',
          properties: { patchName: 'Cumulative update', kbId: '5034439', classifications: ['Critical'], version: '' },
        },
      ],
      securityresources: [
        {
          id: `/subscriptions/${subscription}/resourceGroups/rg-web/providers/Microsoft.Security/locations/westeurope/alerts/a1`,
          type: 'microsoft.security/locations/alerts',
          properties: {
            AlertType: 'VM_SuspectedBruteForce',
            Status: 'Active',
            Severity: 'High',
            SystemAlertId: 'a1',
            ResourceIdentifiers: [{ Type: 'AzureResource', AzureResourceId: ids.vm }],
          },
        },
        {
          id: `/subscriptions/${subscription}/providers/Microsoft.Security/pricings/VirtualMachines`,
          type: 'microsoft.security/pricings',
          properties: { pricingTier: 'Standard', subPlan: 'P2' },
        },
        {
          id: `/subscriptions/${subscription}/providers/Microsoft.Security/secureScores/ascScore`,
          type: 'microsoft.security/securescores',
          properties: { displayName: 'ASC score', score: { max: 56, current: 31.75, percentage: 0.567 }, weight: 10 },
        },
      ],
    },
    backup: {
      protectedItems: [
        {
          id: itemId,
          type: 'Microsoft.RecoveryServices/vaults/backupFabrics/protectionContainers/protectedItems',
          properties: {
            protectedItemType: 'Microsoft.Compute/virtualMachines',
            friendlyName: 'web01',
            virtualMachineId: ids.vm,
            sourceResourceId: ids.vm,
            protectionStatus: 'Healthy',
            protectionState: 'Protected',
            lastBackupStatus: 'Completed',
            lastBackupTime: '2026-11-22T01:00:00Z',
            backupManagementType: 'AzureIaasVM',
            workloadType: 'VM',
            containerName: 'iaasvmcontainerv2;rg-web;web01',
            policyName: 'daily',
          },
        },
      ],
    },
    denied: [],
  };
  change(world);
  return parseWorld(JSON.stringify(world), 'small-world');
}
