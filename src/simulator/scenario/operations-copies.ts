import type { ArmResource } from '../world.ts';
import { guidOf } from './seeded.ts';
import { armId, type Place } from './tenant.ts';

/**
 * The copy of web01's data disk that operations takes before each release, under the disk's own name. The intruder made a link
 * to it: Azure gives none to a disk itself while its VM runs ("Access not permitted because disk … is currently attached to
 * running VM", AzureStorageExplorer issues 5994 and 6654).
 */
export function linkedCopy(place: Place): ArmResource {
  const id = armId(place, 'Microsoft.Compute/snapshots', 'web01-data-1');
  return {
    name: 'web01-data-1',
    id,
    type: 'Microsoft.Compute/snapshots',
    location: place.location,
    tags: { environment: 'production', app: 'webshop' },
    sku: { name: 'Standard_LRS', tier: 'Standard' },
    properties: {
      creationData: {
        createOption: 'Copy',
        sourceResourceId: armId(place, 'Microsoft.Compute/disks', 'web01-data-1'),
      },
      diskSizeGB: 512,
      diskSizeBytes: 3 * 1024 ** 2,
      encryption: { type: 'EncryptionAtRestWithPlatformKey' },
      incremental: false,
      networkAccessPolicy: 'AllowAll',
      publicNetworkAccess: 'Enabled',
      timeCreated: '2026-11-18T21:30:12.1170221+00:00',
      provisioningState: 'Succeeded',
      diskState: 'ActiveSAS',
      uniqueId: guidOf(`snapshot:${id}`),
    },
  };
}
