import type { ArmResource } from '../world.ts';
import { armId, type Place } from './tenant.ts';

const account = 'contosoevidence';

function container(place: Place, name: string, properties: Record<string, unknown>): ArmResource {
  return {
    id: `${armId(place, 'Microsoft.Storage/storageAccounts', account)}/blobServices/default/containers/${name}`,
    name,
    type: 'Microsoft.Storage/storageAccounts/blobServices/containers',
    properties: {
      publicAccess: 'None',
      leaseStatus: 'Unlocked',
      leaseState: 'Available',
      hasImmutabilityPolicy: false,
      hasLegalHold: false,
      immutableStorageWithVersioning: { enabled: false },
      ...properties,
    },
  };
}

/**
 * The account in which Contoso keeps evidence: a container whose blobs are kept by a locked policy, and one without. The form of
 * a container is that of the storage provider's specification, "BlobContainers_Get".
 */
export function evidenceStorage(place: Place): ArmResource[] {
  return [
    {
      id: armId(place, 'Microsoft.Storage/storageAccounts', account),
      name: account,
      type: 'Microsoft.Storage/storageAccounts',
      kind: 'StorageV2',
      location: place.location,
      tags: {},
      sku: { name: 'Standard_ZRS', tier: 'Standard' },
      properties: {
        provisioningState: 'Succeeded',
        allowBlobPublicAccess: false,
        minimumTlsVersion: 'TLS1_2',
        supportsHttpsTrafficOnly: true,
        primaryEndpoints: { blob: `https://${account}.blob.core.windows.net/` },
      },
    },
    container(place, 'disks', {
      hasImmutabilityPolicy: true,
      immutabilityPolicy: {
        etag: '"8d59f825b721dd3"',
        properties: {
          immutabilityPeriodSinceCreationInDays: 180,
          state: 'Locked',
          allowProtectedAppendWrites: true,
        },
        updateHistory: [],
      },
    }),
    container(place, 'scratch', {}),
  ];
}
