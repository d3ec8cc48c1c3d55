/**
 * Writes a world for the simulator to stdout: a fleet of VMs in many subscriptions that report into two workspaces. Each
 * twentieth Windows VM is guessed at; one in three has a public address. Run: node bench/worlds/fleet.ts VMS SUBSCRIPTIONS
 */
const [total = 1000, subscriptions = 50] = process.argv.slice(2).map(Number);
const now = Date.parse('2026-11-23T02:20:11Z');
const at = (msAgo: number) => new Date(now - msAgo).toISOString();
const minute = 60_000;

const subscriptionOf = (vm: number) => `aaaaaaaa-0000-4000-8000-${String(vm % subscriptions).padStart(12, '0')}`;
const groupOf = (vm: number) =>
  `/subscriptions/${subscriptionOf(vm)}/resourceGroups/rg-${Math.floor(vm / subscriptions) % 8}`;
const nameOf = (vm: number) => `vm${String(vm).padStart(5, '0')}`;
const idOf = (vm: number) => `${groupOf(vm)}/providers/Microsoft.Compute/virtualMachines/${nameOf(vm)}`;
const networkOf = (vm: number) =>
  `/subscriptions/${subscriptionOf(vm)}/resourceGroups/rg-0/providers/Microsoft.Network`;
const isLinux = (vm: number) => vm % 4 === 3;
const common = { location: 'eastus', etag: 'W/"5c1f0a7e-0000-4000-8000-000000000000"' };

function groupAndNetwork(subscription: number): object[] {
  const network = networkOf(subscription);
  const group = `${network}/networkSecurityGroups/nsg`;
  const rule = (priority: number, port: string, source: string) => ({
    name: `allow-${port}`,
    id: `${group}/securityRules/allow-${port}`,
    properties: {
      provisioningState: 'Succeeded',
      protocol: 'Tcp',
      sourcePortRange: '*',
      destinationPortRange: port,
      sourceAddressPrefix: source,
      destinationAddressPrefix: '*',
      access: 'Allow',
      priority,
      direction: 'Inbound',
    },
  });
  const subnet = {
    id: `${network}/virtualNetworks/vnet/subnets/default`,
    name: 'default',
    properties: { addressPrefix: '10.0.0.0/16', networkSecurityGroup: { id: group } },
  };
  const properties = {
    provisioningState: 'Succeeded',
    addressSpace: { addressPrefixes: ['10.0.0.0/16'] },
    subnets: [subnet],
  };
  return [
    {
      ...common,
      id: `${network}/virtualNetworks/vnet`,
      name: 'vnet',
      type: 'Microsoft.Network/virtualNetworks',
      properties,
    },
    {
      ...common,
      id: group,
      name: 'nsg',
      type: 'Microsoft.Network/networkSecurityGroups',
      properties: {
        provisioningState: 'Succeeded',
        subnets: [{ id: subnet.id }],
        securityRules: [rule(300, '443', '*'), ...(subscription % 7 === 0 ? [rule(310, '3389', '*')] : [])],
      },
    },
  ];
}

function vmAndInterface(vm: number): object[] {
  const [id, name, network] = [idOf(vm), nameOf(vm), networkOf(vm)];
  const interfaceId = `${network}/networkInterfaces/${name}-nic`;
  const address = `${network}/publicIPAddresses/${name}-ip`;
  const open = vm % 3 === 0;
  const osType = isLinux(vm) ? 'Linux' : 'Windows';
  return [
    {
      ...common,
      id,
      name,
      type: 'Microsoft.Compute/virtualMachines',
      tags: { owner: `team${vm % 30}` },
      properties: {
        provisioningState: 'Succeeded',
        storageProfile: { osDisk: { osType, name: `${name}-os` } },
        osProfile: { computerName: name, adminUsername: 'operator' },
        networkProfile: { networkInterfaces: [{ id: interfaceId, properties: { primary: true } }] },
        instanceView: {
          osName: isLinux(vm) ? 'ubuntu' : 'Windows Server 2022 Datacenter',
          osVersion: isLinux(vm) ? '22.04' : '10.0.20348',
          statuses: [{ code: 'PowerState/running' }],
        },
      },
    },
    {
      ...common,
      id: interfaceId,
      name: `${name}-nic`,
      type: 'Microsoft.Network/networkInterfaces',
      properties: {
        provisioningState: 'Succeeded',
        virtualMachine: { id },
        ipConfigurations: [
          {
            name: 'ipconfig1',
            id: `${interfaceId}/ipConfigurations/ipconfig1`,
            properties: {
              privateIPAddress: `10.0.${(vm >> 8) & 255}.${vm & 255}`,
              subnet: { id: `${network}/virtualNetworks/vnet/subnets/default` },
              primary: true,
              ...(open ? { publicIPAddress: { id: address } } : {}),
            },
          },
        ],
      },
    },
    ...(open
      ? [
          {
            ...common,
            id: address,
            name: `${name}-ip`,
            type: 'Microsoft.Network/publicIPAddresses',
            sku: { name: 'Standard' },
            properties: {
              ipAddress: `20.${(vm >> 16) & 255}.${(vm >> 8) & 255}.${vm & 255}`,
              ipConfiguration: { id: `${interfaceId}/ipConfigurations/ipconfig1` },
            },
          },
        ]
      : []),
  ];
}

const numbers = [...Array(total).keys()];
const ofVm = (vm: number) => ({ Computer: nameOf(vm), _ResourceId: idOf(vm).toLowerCase() });
const security = (vm: number, msAgo: number, EventID: number, given: object) => ({
  ...ofVm(vm),
  EventSourceName: 'Microsoft-Windows-Security-Auditing',
  TimeGenerated: at(msAgo),
  EventID,
  ...given,
});
const failure = {
  TargetUserName: 'administrator',
  LogonType: 3,
  IpAddress: '203.0.113.9',
  Status: '0xc000006d',
  SubStatus: '0xc000006a',
};
const own = { TargetUserName: 'SYSTEM', LogonType: 5, IpAddress: '-' };

const world = {
  schema: 'cordon.world/1',
  now: new Date(now).toISOString(),
  subscriptions: [...Array(Math.min(subscriptions, total)).keys()].map((one) => ({
    subscriptionId: subscriptionOf(one),
    displayName: `subscription ${one}`,
  })),
  resources: [
    ...[0, 1].map((one) => ({
      ...common,
      id: `/subscriptions/${subscriptionOf(0)}/resourceGroups/rg-monitor/providers/Microsoft.OperationalInsights/workspaces/law${one}`,
      name: `law${one}`,
      type: 'Microsoft.OperationalInsights/workspaces',
      properties: { customerId: `bbbbbbbb-0000-4000-8000-00000000000${one}` },
    })),
    ...[...Array(Math.min(subscriptions, total)).keys()].flatMap(groupAndNetwork),
    ...numbers.flatMap(vmAndInterface),
  ],
  workspaces: Object.fromEntries(
    [0, 1].map((one) => [
      `bbbbbbbb-0000-4000-8000-00000000000${one}`,
      numbers.filter((vm) => vm % 2 === one).map((vm) => idOf(vm).toLowerCase()),
    ]),
  ),
  tables: {
    Heartbeat: numbers.map((vm) => ({ ...ofVm(vm), TimeGenerated: at(minute) })),
    SecurityEvent: numbers
      .filter((vm) => !isLinux(vm))
      .flatMap((vm) => [
        security(vm, 2 * minute, 4624, own),
        ...(vm % 20 === 0
          ? [...Array(30).keys()].map((n) => security(vm, 600 * minute - n * 2000, 4625, failure))
          : []),
      ]),
    Syslog: numbers.filter(isLinux).map((vm) => ({
      ...ofVm(vm),
      TimeGenerated: at(2 * minute),
      Facility: 'auth',
      SeverityLevel: 'info',
      ProcessName: 'sshd',
      ProcessID: vm,
      SyslogMessage: 'Accepted publickey for ops from 10.0.0.4 port 50022 ssh2: RSA SHA256:abc',
    })),
    patchassessmentresources: numbers.map((vm) => ({
      id: `${idOf(vm)}/patchAssessmentResults/latest`,
      name: 'latest',
      type: 'microsoft.compute/virtualmachines/patchassessmentresults',
      properties: {
        status: 'Succeeded',
        lastModifiedDateTime: at(600 * minute),
        availablePatchCountByClassification: { critical: vm % 7, security: vm % 5 },
      },
    })),
  },
};
process.stdout.write(JSON.stringify(world));
