// Contoso's 25 machines. Each shows something that a responder meets.
import type { ArmResource } from '../world.ts';
import { contosoNetwork, inDev, inProd, type Network } from './contoso-network.ts';
import {
  domainJoin,
  entraLogin,
  type MachineSpec,
  machine,
  machineId,
  monitorAgent,
  patchExtension,
  patchStatus,
  type System,
  systems,
} from './machines.ts';
import { type ConfigurationSpec, type Nic, type Nsg, networkInterface, type Subnet } from './network.ts';
import { armId, type Place } from './tenant.ts';
import { day, hour } from './time.ts';

/** A machine and what its logs are called by. */
export interface Member {
  name: string;
  place: Place;
  id: string;
  system: System;
  running: boolean;
  /** Whether an agent sends its events to a workspace. */
  logs: boolean;
}

interface Wanted {
  name: string;
  place: Place;
  system: System;
  nics: NicPlan[];
  size?: string;
  stopped?: boolean;
  noAgent?: boolean;
  noLogs?: boolean;
  spec?: Partial<MachineSpec>;
}

interface NicPlan {
  name?: string;
  subnet: Subnet;
  host: number;
  nsg?: Nsg;
  /** Public address. */
  at?: string;
  sku?: 'Standard' | 'Basic';
  extra?: Partial<ConfigurationSpec>;
  /** Further ip configurations of the same NIC. */
  more?: { host: number; at?: string }[];
  accelerated?: boolean;
}

const { windows2012, windows2016, windows2019, windows2022, ubuntu2204 } = systems;

/** Tags written to attack the reader's terminal, spreadsheet or notes. */
const hostileTags = {
  owner: '\u001b]0;owned\u0007\u001b[2Jops',
  'cost\u202ecenter': '=HYPERLINK("http://203.0.113.77/x","click")',
  note: '| a | **b** | `c` |\n# heading',
  long: 'y'.repeat(256),
};

function wanted(network: Network): Wanted[] {
  const { nsg, subnet, balancer, gateway, shopGroup } = network;
  const encryptionSet = armId(inProd('rg-keys'), 'Microsoft.Compute/diskEncryptionSets', 'des-payroll');
  const behindGateway = { gatewayPools: [gateway.pool] };
  return [
    {
      name: 'web01',
      place: inProd('rg-web'),
      system: windows2019,
      size: 'Standard_D4s_v3',
      nics: [{ subnet: subnet.web, host: 7, nsg: nsg.web, at: '20.51.7.14' }],
      spec: {
        identity: 'SystemAssigned',
        zone: '1',
        tags: { environment: 'production', app: 'webshop' },
        dataDisks: [
          { name: 'web01-data-0', sizeGB: 256, sku: 'Premium_LRS' },
          { name: 'web01-data-1', sizeGB: 512, sku: 'StandardSSD_LRS' },
        ],
        patchStatus: patchStatus(2 * day + hour, 5, 3, true, 3 * day + 22 * hour),
      },
    },
    {
      name: 'web02',
      place: inProd('rg-web'),
      system: windows2019,
      nics: [{ subnet: subnet.web, host: 8, nsg: nsg.web, extra: behindGateway }],
      spec: { zone: '2' },
    },
    {
      // Its system disk lives on the host: no snapshot, no backup, and switching it off erases it.
      name: 'web03',
      place: inProd('rg-web'),
      system: windows2019,
      size: 'Standard_DS3_v2',
      nics: [{ subnet: subnet.web, host: 9, nsg: nsg.web, extra: behindGateway }],
      spec: { osDisk: { sizeGB: 127, sku: 'Standard_LRS', ephemeral: true }, zone: '3' },
    },
    {
      name: 'sql01',
      place: inProd('rg-data'),
      system: windows2016,
      size: 'Standard_E8s_v3',
      nics: [{ subnet: subnet.data, host: 4, nsg: nsg.web }],
      spec: {
        zone: '1',
        identity: 'SystemAssigned',
        dataDisks: [
          { name: 'sql01-log', sizeGB: 128, sku: 'UltraSSD_LRS' },
          { name: 'sql01-data', sizeGB: 1024, sku: 'PremiumV2_LRS' },
        ],
        extensions: [monitorAgent('Windows'), domainJoin],
      },
    },
    {
      name: 'sql02',
      place: inProd('rg-data'),
      system: windows2016,
      size: 'Standard_E4s_v3',
      nics: [{ subnet: subnet.data, host: 5, nsg: nsg.sql, extra: { natRules: [balancer.natRule('rdp-sql02')] } }],
      spec: {
        dataDisks: [{ name: 'sql02-data', sizeGB: 512, sku: 'Premium_LRS' }],
        patchStatus: patchStatus(day + 3 * hour, 14, 1, true),
      },
    },
    {
      name: 'mail01',
      place: inProd('rg-mail'),
      system: windows2019,
      size: 'Standard_D8s_v3',
      nics: [{ subnet: subnet.mail, host: 4, nsg: nsg.mail, at: '20.51.7.21' }],
      spec: {
        dataDisks: [{ name: 'mail01-stores', sizeGB: 1024, sku: 'Premium_LRS' }],
        extensions: [monitorAgent('Windows'), patchExtension, domainJoin],
        patchStatus: patchStatus(20 * hour, 0, 1, false),
      },
    },
    {
      name: 'lin-build',
      place: inProd('rg-ci'),
      system: ubuntu2204,
      nics: [{ subnet: subnet.ci, host: 4, nsg: nsg.ci, at: '20.51.7.25' }],
      spec: { passwordLogin: true, adminUsername: 'builder', patchStatus: patchStatus(19 * hour, 2, 5, false) },
    },
    {
      name: 'legacy7',
      place: inDev('rg-old'),
      system: windows2012,
      size: 'Standard_A2_v2',
      noAgent: true,
      noLogs: true,
      nics: [{ subnet: subnet.old, host: 4, nsg: nsg.legacy, at: '20.62.140.9', accelerated: false }],
      spec: { adminUsername: 'administrator1', osDisk: { sizeGB: 127, sku: 'Standard_LRS' } },
    },
    {
      name: 'app01',
      place: inProd('rg-app'),
      system: windows2022,
      nics: [{ subnet: subnet.app, host: 4, nsg: nsg.web }],
    },
    {
      name: 'app01',
      place: inProd('rg-app-dr', 'westus'),
      system: windows2022,
      nics: [{ subnet: subnet.dr, host: 4, nsg: nsg.appDr }],
    },
    {
      name: 'app03',
      place: inProd('rg-app'),
      system: windows2022,
      nics: [{ subnet: subnet.app, host: 6, nsg: nsg.app }],
      spec: {
        extensions: [monitorAgent('Windows'), domainJoin, entraLogin],
        patchStatus: patchStatus(15 * hour, 0, 0, false),
      },
    },
    {
      name: 'jump01',
      place: inProd('rg-mgmt'),
      system: windows2022,
      size: 'Standard_B2s',
      stopped: true,
      nics: [{ subnet: subnet.mgmt, host: 20, nsg: nsg.jump, at: '20.51.7.30', accelerated: false }],
    },
    {
      name: 'gate01',
      place: inProd('rg-mgmt'),
      system: windows2022,
      nics: [
        { name: 'gate01-nic', subnet: subnet.mgmt, host: 21, nsg: nsg.gate },
        { name: 'gate01-nic2', subnet: subnet.app, host: 21, nsg: nsg.gate, more: [{ host: 22, at: '20.51.7.33' }] },
      ],
    },
    {
      name: 'edge01',
      place: inProd('rg-edge'),
      system: windows2022,
      noLogs: true,
      nics: [{ subnet: subnet.edge, host: 4, nsg: nsg.edge, at: '20.51.7.34' }],
    },
    {
      name: 'print01',
      place: inProd('rg-branch'),
      system: windows2019,
      nics: [{ subnet: subnet.branch, host: 4, at: '20.51.7.35' }],
    },
    {
      name: 'kiosk01',
      place: inProd('rg-branch'),
      system: windows2019,
      nics: [{ subnet: subnet.branch, host: 5, at: '20.51.7.36', sku: 'Basic', accelerated: false }],
    },
    {
      name: 'half01',
      place: inProd('rg-branch'),
      system: windows2022,
      nics: [{ subnet: subnet.branch, host: 6, nsg: nsg.half, at: '20.51.7.37' }],
    },
    {
      name: 'safe01',
      place: inProd('rg-branch'),
      system: windows2022,
      nics: [{ subnet: subnet.branch, host: 7, nsg: nsg.safe, at: '20.51.7.38' }],
    },
    {
      name: 'file01',
      place: inProd('rg-files'),
      system: windows2019,
      nics: [{ subnet: subnet.files, host: 4, nsg: nsg.web }],
      spec: {
        dataDisks: [{ name: 'file01-shares', sizeGB: 2048, sku: 'StandardSSD_LRS' }],
        extensions: [monitorAgent('Windows'), domainJoin],
      },
    },
    {
      name: 'fwd01',
      place: inProd('rg-published'),
      system: windows2022,
      nics: [{ subnet: subnet.published, host: 4, nsg: nsg.web, extra: { allocation: 'Static' } }],
    },
    {
      name: 'shop01',
      place: inProd('rg-shop'),
      system: windows2022,
      nics: [
        { subnet: subnet.shop, host: 4, nsg: nsg.shop, at: '20.51.7.39', extra: { applicationGroups: [shopGroup] } },
      ],
    },
    {
      name: 'pay01',
      place: inProd('rg-locked'),
      system: windows2022,
      nics: [{ subnet: subnet.app, host: 30, nsg: nsg.web }],
      spec: {
        encryptionSet,
        dataDisks: [{ name: 'pay01-data', sizeGB: 64, sku: 'Premium_LRS' }],
        patchStatus: patchStatus(30 * hour, 0, 1, false),
      },
    },
    {
      name: 'batch01',
      place: inProd('rg-app'),
      system: windows2022,
      nics: [{ subnet: subnet.app, host: 7, nsg: nsg.web }],
      spec: { tags: { ...hostileTags } },
    },
    {
      name: 'dev-api',
      place: inDev('rg-dev'),
      system: ubuntu2204,
      nics: [{ subnet: subnet.dev, host: 4, nsg: nsg.dev, at: '20.62.140.14' }],
    },
    {
      name: 'dev-web',
      place: inDev('rg-dev'),
      system: ubuntu2204,
      nics: [{ subnet: subnet.dev, host: 6, nsg: nsg.dev }],
    },
  ];
}

function build(network: Network, want: Wanted): ArmResource[] {
  const { name, place, system } = want;
  const id = machineId(place, name);
  const running = want.stopped !== true;
  const windows = system.os === 'Windows';
  const nics: Nic[] = want.nics.map((plan, index) => {
    const nicName = plan.name ?? `${name}-nic`;
    const address = (label: string, at: string | undefined) =>
      at === undefined ? undefined : network.ip(place, label, at, plan.sku);
    const first: ConfigurationSpec = {
      subnet: plan.subnet,
      host: plan.host,
      publicIp: address(`${name}-ip`, plan.at),
      ...plan.extra,
    };
    const more = (plan.more ?? []).map((each, extra) => ({
      subnet: plan.subnet,
      host: each.host,
      publicIp: address(`${name}-ip${extra + 2}`, each.at),
    }));
    const nic = networkInterface(place, id, running, {
      name: nicName,
      configurations: [first, ...more],
      nsg: plan.nsg,
      primary: index === 0,
      accelerated: plan.accelerated ?? true,
    });
    const [configuration = ''] = nic.configurations;
    if (plan.extra?.natRules !== undefined) network.balancer.serve(configuration, 'rdp-sql02');
    if (plan.extra?.gatewayPools !== undefined) network.gateway.serve(configuration);
    return nic;
  });
  const extensions = windows ? [monitorAgent('Windows'), patchExtension] : [monitorAgent('Linux')];
  const spec: MachineSpec = {
    name,
    place,
    system,
    size: want.size ?? 'Standard_D2s_v3',
    running,
    agent: want.noAgent !== true,
    osDisk: { sizeGB: windows ? 127 : 30, sku: 'Premium_LRS' },
    dataDisks: [],
    tags: { environment: place.group.startsWith('rg-dev') || place.group === 'rg-old' ? 'development' : 'production' },
    extensions: want.noAgent === true || want.noLogs === true ? [] : extensions,
    adminUsername: windows ? 'contosoadmin' : 'azureuser',
    ...want.spec,
  };
  return [...machine(spec, nics), ...nics.map((nic) => nic.resource)];
}

/** All machines, their parts and the networks, and a list of the machines for those who write their logs. */
export function contosoMachines(): { resources: ArmResource[]; members: Member[] } {
  const network = contosoNetwork('10.1.12.4');
  const list = wanted(network);
  const built = list.flatMap((want) => build(network, want));
  return {
    // The network's list is complete only when every NIC has its public address.
    resources: [...built, ...network.resources()],
    members: list.map(({ name, place, system, stopped, noLogs }) => ({
      name,
      place,
      id: machineId(place, name),
      system,
      running: stopped !== true,
      logs: noLogs !== true,
    })),
  };
}
