// Azure Backup as its REST interface prints it; ids begin with "/Subscriptions".
import type { ArmResource, World } from '../world.ts';
import { guidOf, hashOf } from './seeded.ts';
import { armId, type Place } from './tenant.ts';
import { ago, at, day, sevenDigits } from './time.ts';

export interface Vault {
  id: string;
  name: string;
  resources: ArmResource[];
  policyId: string;
}

const policyName = 'daily-30d';
const backupId = (vaultId: string): string => vaultId.replace('/subscriptions/', '/Subscriptions/');

/** What keeps a vault's backups from being deleted. */
export interface VaultSettings {
  softDelete: 'Enabled' | 'Disabled' | 'AlwaysON';
  immutability: 'Disabled' | 'Unlocked' | 'Locked';
  multiUser: 'Enabled' | 'Disabled';
}

const usual: VaultSettings = { softDelete: 'Enabled', immutability: 'Disabled', multiUser: 'Disabled' };

/** A vault with one daily policy that keeps points for 30 days. */
export function vault(place: Place, name: string, settings: VaultSettings = usual): Vault {
  const id = armId(place, 'Microsoft.RecoveryServices/vaults', name);
  const policyId = `${backupId(id)}/backupPolicies/${policyName}`;
  const runs = ['2026-01-01T23:30:00Z'];
  const resources: ArmResource[] = [
    {
      id,
      name,
      type: 'Microsoft.RecoveryServices/vaults',
      location: place.location,
      etag: `W/"datetime'2026-03-04T09%3A12%3A44.0817215Z'"`,
      sku: { name: 'RS0', tier: 'Standard' },
      properties: {
        provisioningState: 'Succeeded',
        privateEndpointStateForBackup: 'None',
        privateEndpointStateForSiteRecovery: 'None',
        publicNetworkAccess: 'Enabled',
        redundancySettings: { standardTierStorageRedundancy: 'GeoRedundant', crossRegionRestore: 'Disabled' },
        securitySettings: {
          softDeleteSettings: {
            softDeleteState: settings.softDelete,
            softDeleteRetentionPeriodInDays: 14,
            enhancedSecurityState: 'Enabled',
          },
          immutabilitySettings: { state: settings.immutability },
          multiUserAuthorization: settings.multiUser,
        },
      },
    },
    {
      id: policyId,
      name: policyName,
      type: 'Microsoft.RecoveryServices/vaults/backupPolicies',
      properties: {
        backupManagementType: 'AzureIaasVM',
        policyType: 'V1',
        instantRPDetails: {},
        instantRpRetentionRangeInDays: 2,
        schedulePolicy: {
          schedulePolicyType: 'SimpleSchedulePolicy',
          scheduleRunFrequency: 'Daily',
          scheduleRunTimes: runs,
          scheduleWeeklyFrequency: 0,
        },
        retentionPolicy: {
          retentionPolicyType: 'LongTermRetentionPolicy',
          dailySchedule: { retentionTimes: runs, retentionDuration: { count: 30, durationType: 'Days' } },
        },
        timeZone: 'UTC',
        protectedItemsCount: 11,
      },
    },
  ];
  return { id, name, resources, policyId };
}

export interface Protection {
  vault: Vault;
  place: Place;
  machine: string;
  /** How long ago the last good backup was, milliseconds; absent when protected but never backed up. */
  lastAge?: number;
  /** Recovery points, a day apart, the newest at `lastAge`. */
  points?: number;
  failing?: boolean;
  /** How long ago it was deleted, milliseconds; the vault keeps what was deleted for 14 days. */
  deletedAge?: number;
}

/** The state of a deleted item while the vault keeps it. */
function deletedState(age: number): Record<string, unknown> {
  const left = 14 * day - age;
  const rest = new Date(left % day).toISOString().slice(11, 19);
  return {
    protectionState: 'ProtectionStopped',
    isScheduledForDeferredDelete: true,
    isDeferredDeleteScheduleUpcoming: false,
    deferredDeleteTimeInUTC: sevenDigits(at(ago(age)), 8912),
    deferredDeleteTimeRemaining: `${Math.floor(left / day)}.${rest}`,
  };
}

/** How many backups have failed since the last good one, a day apart. */
const failures = 3;

/** A protected machine, its recovery points and the jobs of its last days. */
export function protect(protection: Protection): { item: ArmResource; points: ArmResource[]; jobs: ArmResource[] } {
  const { vault: own, place, machine, lastAge } = protection;
  const machineId = armId(place, 'Microsoft.Compute/virtualMachines', machine);
  const container = `iaasvmcontainerv2;${place.group};${machine}`;
  const name = `VM;${container}`;
  const id = `${backupId(own.id)}/backupFabrics/Azure/protectionContainers/IaasVMContainer;${container}/protectedItems/${name}`;
  const last = lastAge === undefined ? undefined : at(ago(lastAge));
  // The last operation is not the last point: it may have failed.
  const operation = last !== undefined && protection.failing === true ? last + failures * day : last;
  const item: ArmResource = {
    id,
    name,
    type: 'Microsoft.RecoveryServices/vaults/backupFabrics/protectionContainers/protectedItems',
    properties: {
      protectedItemType: 'Microsoft.Compute/virtualMachines',
      friendlyName: machine,
      virtualMachineId: machineId,
      sourceResourceId: machineId,
      protectionStatus: 'Healthy',
      protectionState: last === undefined ? 'IRPending' : protection.failing === true ? 'ProtectionError' : 'Protected',
      healthStatus: protection.failing === true ? 'ActionRequired' : 'Passed',
      lastBackupStatus: last === undefined ? '' : protection.failing === true ? 'Failed' : 'Completed',
      // Azure's way to say "never".
      lastBackupTime: operation === undefined ? '2001-01-01T00:00:00Z' : sevenDigits(operation, 8912),
      ...(last === undefined ? {} : { lastRecoveryPoint: sevenDigits(last, 8912) }),
      protectedItemDataId: String(35_184_372_088_832 + hashOf(id)),
      backupManagementType: 'AzureIaasVM',
      workloadType: 'VM',
      containerName: container,
      policyId: own.policyId,
      policyName,
      kpisHealths: {},
      isArchiveEnabled: false,
      ...(protection.deletedAge === undefined ? {} : deletedState(protection.deletedAge)),
    },
  };
  const points: ArmResource[] = [];
  for (let back = 0; last !== undefined && back < (protection.points ?? 3); back++) {
    const time = last - back * day;
    const point = String(70_368_744_177_664 + hashOf(`${id}:${back}`));
    points.push({
      id: `${id}/recoveryPoints/${point}`,
      name: point,
      type: `${item.type}/recoveryPoints`,
      properties: {
        objectType: 'IaasVMRecoveryPoint',
        // Every third point the writers did not answer in time.
        recoveryPointType: back % 3 === 1 ? 'CrashConsistent' : 'AppConsistent',
        recoveryPointTime: sevenDigits(time, 8912),
        recoveryPointAdditionalInfo: '',
        sourceVMStorageType: 'PremiumVMOnPartialPremiumStorage',
        isSourceVMEncrypted: false,
        isInstantIlrSessionActive: false,
        recoveryPointTierDetails: [
          ...(back < 2 ? [{ type: 'InstantRP', status: 'Valid' }] : []),
          { type: 'HardenedRP', status: 'Valid' },
        ],
        isManagedVirtualMachine: true,
        recoveryPointProperties: { expiryTime: sevenDigits(time + 30 * day), isSoftDeleted: false },
        originalStorageAccountOption: false,
      },
    });
  }
  const jobs: ArmResource[] = [];
  if (last !== undefined) jobs.push(job(own, machine, container, last, 'Completed'));
  if (last !== undefined && protection.failing === true) {
    for (let failed = 1; failed <= failures; failed++)
      jobs.push(job(own, machine, container, last + failed * day, 'Failed'));
  }
  return { item, points, jobs };
}

function job(
  own: Vault,
  machine: string,
  container: string,
  start: number,
  status: 'Completed' | 'Failed',
): ArmResource {
  const name = guidOf(`job:${machine}:${start}`);
  return {
    id: `${backupId(own.id)}/backupJobs/${name}`,
    name,
    type: 'Microsoft.RecoveryServices/vaults/backupJobs',
    properties: {
      jobType: 'AzureIaaSVMJob',
      duration: 'PT1H12M4.1180021S',
      virtualMachineVersion: 'Compute',
      containerName: container,
      ...(status === 'Failed'
        ? {
            errorDetails: [
              {
                errorCode: 400001,
                errorTitle: 'VMSnapshotFailed',
                errorString: 'The VM agent could not freeze the file systems in time.',
                recommendations: ['Restart the machine and run the backup again.'],
              },
            ],
          }
        : {}),
      extendedInfo: { tasksList: [], propertyBag: { 'VM Name': machine } },
      entityFriendlyName: machine,
      backupManagementType: 'AzureIaasVM',
      operation: 'Backup',
      status,
      startTime: sevenDigits(start, 100),
      endTime: sevenDigits(start + 72 * 60_000, 100),
      activityId: guidOf(`job-activity:${machine}:${start}`),
    },
  };
}

/** All protections, as the world keeps them. */
export function backups(protections: Protection[]): World['backup'] {
  const made = protections.map(protect);
  return {
    protectedItems: made.map((each) => each.item),
    recoveryPoints: Object.fromEntries(made.map((each) => [each.item.id, each.points])),
    jobs: made.flatMap((each) => each.jobs),
  };
}
