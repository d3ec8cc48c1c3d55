// Microsoft.Compute as Resource Manager prints it.
import type { ArmResource } from '../world.ts';
import type { Nic } from './network.ts';
import { guidOf, hashOf } from './seeded.ts';
import { armId, type Place, type Reference, tenantId } from './tenant.ts';
import { ago, day, hour, minute } from './time.ts';

export interface System {
  os: 'Windows' | 'Linux';
  publisher: string;
  offer: string;
  sku: string;
  /** What the agent reports; the display name of the system. */
  osName: string;
  osVersion: string;
}

const windows = (sku: string, osName: string, osVersion: string): System => ({
  os: 'Windows',
  publisher: 'MicrosoftWindowsServer',
  offer: 'WindowsServer',
  sku,
  osName,
  osVersion,
});

export const systems = {
  windows2012: windows('2012-R2-Datacenter', 'Windows Server 2012 R2 Datacenter', '6.3.9600'),
  windows2016: windows('2016-Datacenter', 'Windows Server 2016 Datacenter', '10.0.14393.6529'),
  windows2019: windows('2019-datacenter-gensecond', 'Windows Server 2019 Datacenter', '10.0.17763.5329'),
  windows2022: windows('2022-datacenter-g2', 'Windows Server 2022 Datacenter', '10.0.20348.2227'),
  ubuntu2204: {
    os: 'Linux',
    publisher: 'Canonical',
    offer: '0001-com-ubuntu-server-jammy',
    sku: '22_04-lts-gen2',
    osName: 'ubuntu',
    osVersion: '22.04',
  },
} satisfies Record<string, System>;

export interface DiskSpec {
  name: string;
  sizeGB: number;
  sku: string;
  encryptionSet?: string;
}

export interface MachineSpec {
  name: string;
  place: Place;
  system: System;
  size: string;
  running: boolean;
  /** Without an agent there is no vmAgent, no version and no patch summary. */
  agent: boolean;
  osDisk: { sizeGB: number; sku: string; ephemeral?: boolean };
  dataDisks: DiskSpec[];
  encryptionSet?: string;
  identity?: 'SystemAssigned';
  zone?: string;
  tags: Record<string, string>;
  extensions: ExtensionSpec[];
  adminUsername: string;
  /** Linux only. */
  passwordLogin?: boolean;
  patchStatus?: Record<string, unknown>;
}

export interface ExtensionSpec {
  name: string;
  publisher: string;
  type: string;
  version: string;
}

export const monitorAgent = (os: 'Windows' | 'Linux'): ExtensionSpec => ({
  name: `AzureMonitor${os}Agent`,
  publisher: 'Microsoft.Azure.Monitor',
  type: `AzureMonitor${os}Agent`,
  version: '1.0',
});
export const patchExtension: ExtensionSpec = {
  name: 'WindowsPatchExtension',
  publisher: 'Microsoft.CPlat.Core',
  type: 'WindowsPatchExtension',
  version: '1.5',
};
export const domainJoin: ExtensionSpec = {
  name: 'joindomain',
  publisher: 'Microsoft.Compute',
  type: 'JsonADDomainExtension',
  version: '1.3',
};
export const entraLogin: ExtensionSpec = {
  name: 'AADLoginForWindows',
  publisher: 'Microsoft.Azure.ActiveDirectory',
  type: 'AADLoginForWindows',
  version: '2.0',
};

/** When a machine was created: some hundred days ago, always the same. */
function created(id: string): string {
  return ago((200 + (hashOf(id) % 900)) * day).replace('Z', '.4170223+00:00');
}

function disk(
  spec: MachineSpec,
  machineId: string,
  printed: DiskSpec,
  creation: Record<string, unknown>,
  os: boolean,
): ArmResource {
  const id = armId(spec.place, 'Microsoft.Compute/disks', printed.name);
  const flexible = printed.sku === 'UltraSSD_LRS' || printed.sku === 'PremiumV2_LRS';
  return {
    name: printed.name,
    id,
    type: 'Microsoft.Compute/disks',
    location: spec.place.location,
    tags: {},
    ...(spec.zone === undefined ? {} : { zones: [spec.zone] }),
    sku: { name: printed.sku, tier: printed.sku === 'UltraSSD_LRS' ? 'Ultra' : (printed.sku.split('_')[0] ?? '') },
    managedBy: machineId,
    properties: {
      ...(os ? { osType: spec.system.os, hyperVGeneration: 'V2', supportsHibernation: false } : {}),
      creationData: creation,
      diskSizeGB: printed.sizeGB,
      diskIOPSReadWrite: flexible ? 8000 : 500,
      diskMBpsReadWrite: flexible ? 400 : 100,
      ...(flexible ? { creationData: { ...creation, logicalSectorSize: 4096 } } : {}),
      encryption:
        printed.encryptionSet === undefined
          ? { type: 'EncryptionAtRestWithPlatformKey' }
          : { type: 'EncryptionAtRestWithCustomerKey', diskEncryptionSetId: printed.encryptionSet },
      networkAccessPolicy: 'AllowAll',
      publicNetworkAccess: 'Enabled',
      timeCreated: created(machineId),
      provisioningState: 'Succeeded',
      diskState: spec.running ? 'Attached' : 'Reserved',
      // What an export of it has to read: a few MiB, so that the demo needs no disk of that size.
      diskSizeBytes: (os ? 13 : 3) * 1024 ** 2,
      uniqueId: guidOf(`disk:${id}`),
    },
  };
}

function imageId(spec: MachineSpec): string {
  const { publisher, offer, sku } = spec.system;
  const catalogue = `/Subscriptions/${spec.place.subscription}/Providers/Microsoft.Compute/Locations/${spec.place.location}`;
  return `${catalogue}/Publishers/${publisher}/ArtifactTypes/VMImage/Offers/${offer}/Skus/${sku}/Versions/latest`;
}

const status = (code: string, displayStatus: string, time?: string, message?: string): Record<string, unknown> => ({
  code,
  level: 'Info',
  displayStatus,
  ...(message === undefined ? {} : { message }),
  ...(time === undefined ? {} : { time }),
});

function instanceView(spec: MachineSpec, diskNames: string[]): Record<string, unknown> {
  const power = spec.running
    ? status('PowerState/running', 'VM running')
    : status('PowerState/deallocated', 'VM deallocated');
  const started = ago(22 * day + 3 * hour).replace('Z', '.1840112+00:00');
  const view: Record<string, unknown> = {
    computerName: spec.name,
    hyperVGeneration: 'V2',
    disks: diskNames.map((name) => ({
      name,
      statuses: [status('ProvisioningState/succeeded', 'Provisioning succeeded', started)],
    })),
    statuses: [status('ProvisioningState/succeeded', 'Provisioning succeeded', started), power],
  };
  if (!spec.running) {
    delete view.computerName;
    return view;
  }
  if (!spec.agent) return view;
  const seen = ago(38_000).replace('Z', '+00:00');
  Object.assign(view, {
    osName: spec.system.osName,
    osVersion: spec.system.osVersion,
    vmAgent: {
      vmAgentVersion: spec.system.os === 'Windows' ? '2.7.41491.1121' : '2.11.1.4',
      statuses: [
        status('ProvisioningState/succeeded', 'Ready', seen, 'GuestAgent is running and processing the extensions.'),
      ],
      extensionHandlers: spec.extensions.map((extension) => ({
        type: `${extension.publisher}.${extension.type}`,
        typeHandlerVersion: `${extension.version}.0.0`,
        status: status('ProvisioningState/succeeded', 'Ready', undefined, 'Plugin enabled'),
      })),
    },
    extensions: spec.extensions.map((extension) => ({
      name: extension.name,
      type: `${extension.publisher}.${extension.type}`,
      typeHandlerVersion: `${extension.version}.0.0`,
      statuses: [status('ProvisioningState/succeeded', 'Provisioning succeeded', undefined, 'Enable succeeded')],
    })),
  });
  if (spec.patchStatus !== undefined) view.patchStatus = spec.patchStatus;
  return view;
}

function osProfile(spec: MachineSpec): Record<string, unknown> {
  const profile: Record<string, unknown> = {
    computerName: spec.name.slice(0, 15),
    adminUsername: spec.adminUsername,
    secrets: [],
    allowExtensionOperations: true,
    requireGuestProvisionSignal: true,
  };
  if (spec.system.os === 'Windows') {
    const patchSettings = { patchMode: 'AutomaticByOS', assessmentMode: 'ImageDefault', enableHotpatching: false };
    profile.windowsConfiguration = { provisionVMAgent: spec.agent, enableAutomaticUpdates: true, patchSettings };
    return profile;
  }
  const keyData = `ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI${guidOf(`key:${spec.name}`).replaceAll('-', '')} ${spec.adminUsername}`;
  profile.linuxConfiguration = {
    disablePasswordAuthentication: spec.passwordLogin !== true,
    ...(spec.passwordLogin === true
      ? {}
      : { ssh: { publicKeys: [{ path: `/home/${spec.adminUsername}/.ssh/authorized_keys`, keyData }] } }),
    provisionVMAgent: spec.agent,
    patchSettings: { patchMode: 'ImageDefault', assessmentMode: 'ImageDefault' },
  };
  return profile;
}

/** Id of a machine that may not be built yet. */
export const machineId = (place: Place, name: string): string =>
  armId(place, 'Microsoft.Compute/virtualMachines', name);

/** The machine, its disks and its extensions. The NICs are made before and named here. */
export function machine(spec: MachineSpec, nics: Nic[]): ArmResource[] {
  const { place, name, system } = spec;
  const id = machineId(place, name);
  const osDiskName = `${name}-os`;
  const encryptionSet = spec.encryptionSet;
  const encrypted = encryptionSet === undefined ? {} : { diskEncryptionSet: { id: encryptionSet } };
  const keyed = encryptionSet === undefined ? {} : { encryptionSet };
  const diskRef = (diskName: string): Reference => ({ id: armId(place, 'Microsoft.Compute/disks', diskName) });
  const disks: ArmResource[] = [];
  if (spec.osDisk.ephemeral !== true) {
    const image = { createOption: 'FromImage', imageReference: { id: imageId(spec) } };
    disks.push(disk(spec, id, { name: osDiskName, ...spec.osDisk, ...keyed }, image, true));
  }
  for (const data of spec.dataDisks)
    disks.push(disk(spec, id, { ...data, ...keyed }, { createOption: 'Empty' }, false));
  const vm: ArmResource = {
    name,
    id,
    type: 'Microsoft.Compute/virtualMachines',
    location: place.location,
    tags: spec.tags,
    ...(spec.zone === undefined ? {} : { zones: [spec.zone] }),
    ...(spec.identity === undefined
      ? {}
      : { identity: { type: spec.identity, principalId: guidOf(`principal:${id}`), tenantId } }),
    etag: `"${1 + (hashOf(id) % 40)}"`,
    properties: {
      vmId: guidOf(`vm:${id.toLowerCase()}`),
      hardwareProfile: { vmSize: spec.size },
      provisioningState: 'Succeeded',
      timeCreated: created(id),
      storageProfile: {
        imageReference: {
          publisher: system.publisher,
          offer: system.offer,
          sku: system.sku,
          version: 'latest',
          exactVersion: `${system.osVersion.split('.').slice(-2).join('.')}.240105`,
        },
        osDisk: {
          osType: system.os,
          name: osDiskName,
          createOption: 'FromImage',
          caching: spec.osDisk.ephemeral === true ? 'ReadOnly' : 'ReadWrite',
          ...(spec.osDisk.ephemeral === true ? { diffDiskSettings: { option: 'Local', placement: 'CacheDisk' } } : {}),
          managedDisk: { storageAccountType: spec.osDisk.sku, ...diskRef(osDiskName), ...encrypted },
          deleteOption: spec.osDisk.ephemeral === true ? 'Delete' : 'Detach',
          diskSizeGB: spec.osDisk.sizeGB,
        },
        dataDisks: spec.dataDisks.map((data, lun) => ({
          lun,
          name: data.name,
          createOption: 'Attach',
          caching: data.sku.startsWith('Premium_') ? 'ReadOnly' : 'None',
          writeAcceleratorEnabled: false,
          managedDisk: { storageAccountType: data.sku, ...diskRef(data.name), ...encrypted },
          deleteOption: 'Detach',
          diskSizeGB: data.sizeGB,
          toBeDetached: false,
        })),
        diskControllerType: 'SCSI',
      },
      osProfile: osProfile(spec),
      networkProfile: {
        networkInterfaces: nics.map((nic, index) => ({
          id: nic.id,
          properties: { primary: index === 0, deleteOption: 'Detach' },
        })),
      },
      diagnosticsProfile: { bootDiagnostics: { enabled: true } },
      ...(system.os === 'Windows' ? { licenseType: 'Windows_Server' } : {}),
      instanceView: instanceView(spec, [
        ...(spec.osDisk.ephemeral === true ? [] : [osDiskName]),
        ...spec.dataDisks.map((data) => data.name),
      ]),
    },
  };
  return [vm, ...disks, ...spec.extensions.map((extension) => extensionResource(spec, id, extension))];
}

function extensionResource(spec: MachineSpec, id: string, extension: ExtensionSpec): ArmResource {
  return {
    name: extension.name,
    id: `${id}/extensions/${extension.name}`,
    type: 'Microsoft.Compute/virtualMachines/extensions',
    location: spec.place.location,
    properties: {
      autoUpgradeMinorVersion: true,
      provisioningState: 'Succeeded',
      publisher: extension.publisher,
      type: extension.type,
      typeHandlerVersion: extension.version,
      settings: {},
    },
  };
}

/** What the instance view says of the last assessment and the last installation; ages in milliseconds. */
export function patchStatus(
  assessedAgo: number,
  critical: number,
  other: number,
  rebootPending: boolean,
  installedAgo?: number,
): Record<string, unknown> {
  const activity = guidOf(`assessment:${assessedAgo}:${critical}:${other}`);
  const printed = (span: number): string => ago(span).replace('Z', '+00:00');
  return {
    availablePatchSummary: {
      status: 'Succeeded',
      assessmentActivityId: activity,
      rebootPending,
      criticalAndSecurityPatchCount: critical,
      otherPatchCount: other,
      startTime: printed(assessedAgo + 4 * minute),
      lastModifiedTime: printed(assessedAgo),
    },
    ...(installedAgo === undefined
      ? {}
      : {
          lastPatchInstallationSummary: {
            status: 'CompletedWithWarnings',
            installationActivityId: guidOf(`installation:${installedAgo}`),
            maintenanceWindowExceeded: true,
            notSelectedPatchCount: 0,
            excludedPatchCount: 0,
            pendingPatchCount: 3,
            installedPatchCount: 2,
            failedPatchCount: 1,
            startTime: printed(installedAgo + 55 * minute),
            lastModifiedTime: printed(installedAgo),
          },
        }),
    configurationStatuses: [],
  };
}
