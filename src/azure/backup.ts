import type { Fact } from '../documents/fact.ts';
import type { Backup, VirtualMachine } from '../documents/triage.ts';
import { known, unknown } from '../triage/fact.ts';
import type { Connection } from './connection.ts';
import { isForbidden, unknownFrom } from './failure.ts';
import { parseResourceId, shortName } from './resource-id.ts';

const source = 'Azure Backup · backupStatus';
// Azure prints this day for an item that was never backed up.
const never = Date.parse('2001-01-02T00:00:00Z');

/**
 * Is the machine protected, and when was it last backed up? The vault and the item's names come from Azure's own
 * answer: Microsoft's pages disagree on how they are built.
 */
export async function readBackup(connection: Connection, vm: VirtualMachine): Promise<Fact<Backup>> {
  const none: Backup = {
    protected: false,
    vault: '',
    vaultName: '',
    policy: '',
    lastBackupAt: null,
    lastBackupStatus: '',
    container: '',
    item: '',
  };
  try {
    const client = await connection.backup(vm.subscriptionId);
    const status = await client.backupStatus.get(vm.location, { resourceType: 'VM', resourceId: vm.id });
    const asOf = connection.clock.now().toISOString();
    const about = { source, asOf, coverage: 'every vault of the subscription' };
    if (!status.vaultId || status.protectionStatus === 'NotProtected') return known(none, about);
    const vault = parseResourceId(status.vaultId);
    const container = status.containerName ?? '';
    const item = status.protectedItemName ?? '';
    const found: Backup = {
      ...none,
      protected: true,
      vault: status.vaultId,
      vaultName: shortName(status.vaultId),
      policy: status.policyName ?? '',
      container,
      item,
    };
    if (!vault)
      return unknown(
        `Azure names a vault that cordon cannot read: ${status.vaultId.slice(0, 200)}`,
        'look at the vault in the portal',
        source,
      );
    try {
      const answer = await client.protectedItems.get(
        vault.name,
        vault.resourceGroup,
        status.fabricName ?? 'Azure',
        container,
        item,
      );
      const properties = answer.properties;
      if (properties && 'lastBackupTime' in properties) {
        const last = properties.lastBackupTime;
        found.lastBackupAt = last && last.getTime() > never ? last.toISOString() : null;
        found.lastBackupStatus = 'lastBackupStatus' in properties ? (properties.lastBackupStatus ?? '') : '';
      }
      found.policy ||= properties?.policyName ?? '';
      return known(found, about);
    } catch (error) {
      const what = isForbidden(error) ? 'no permission to read the vault' : 'the vault did not answer';
      return unknown(
        `protected in ${found.vaultName}, but when it was last backed up is not known: ${what}`,
        `ask the customer for Backup Reader on ${found.vaultName}`,
        source,
      );
    }
  } catch (error) {
    return unknownFrom(error, source, {
      permission: 'Microsoft.RecoveryServices/locations/backupStatus/action',
      role: 'Backup Reader',
      scope: 'the subscription',
    });
  }
}
