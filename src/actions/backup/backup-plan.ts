import { textAt } from '../../arm/json.ts';
import { parseResourceId, shortName } from '../../arm/resource-id.ts';
import type { Connection } from '../../azure/client/connection.ts';
import { azureError } from '../../azure/client/failure.ts';
import { rawBody } from '../../azure/client/raw-body.ts';
import type { ActionContext, ActionPlan } from '../../playbook/action.ts';
import { obstaclesTo } from '../obstacles.ts';
import { preflight } from '../permissions.ts';
import { refusedPlan } from '../refused-plan.ts';
import { jobsOf } from './jobs.ts';
import { type BackupState, backupSettings } from './settings.ts';

/** How Azure says that a VM is protected, by vault, container and item. */
export async function protection(connection: Connection, context: ActionContext) {
  const { target } = context;
  const client = await connection.backup(target.subscriptionId);
  return client.backupStatus.get(target.location, { resourceType: 'VM', resourceId: target.id });
}

/** Where a protected item is, by the names that Azure gave. */
interface ItemPlace {
  vaultId: string;
  fabricName: string;
  containerName: string;
  protectedItemName: string;
}

/**
 * Why Azure would refuse a backup of the item now, with what is to be done first; "" when nothing speaks against it.
 * https://learn.microsoft.com/azure/backup/backup-azure-manage-vms and …/backup-azure-security-feature-cloud (soft delete)
 */
async function readItem(connection: Connection, place: ItemPlace): Promise<{ refusal: string } | { because: string }> {
  const vault = parseResourceId(place.vaultId);
  if (!vault) return { because: 'the vault’s id cannot be read' };
  try {
    const client = await connection.backup(vault.subscriptionId);
    const body = await rawBody((options) =>
      client.protectedItems.get(
        vault.name,
        vault.resourceGroup,
        place.fabricName,
        place.containerName,
        place.protectedItemName,
        {
          onResponse: (response) =>
            options.onResponse({ status: response.status, bodyAsText: response.bodyAsText ?? null }),
        },
      ),
    );
    const deleted = textAt(body, 'properties', 'isScheduledForDeferredDelete') === 'true';
    return { refusal: refusalOf(textAt(body, 'properties', 'protectionState'), deleted, vault.name) };
  } catch (error) {
    const { status, code, message } = azureError(error);
    return { because: [status || '', code || message].filter(Boolean).join(' ') };
  }
}

function refusalOf(state: string, deleted: boolean, vault: string): string {
  if (deleted) {
    return `the backup is soft-deleted in ${vault}. Undelete it first (portal: Backup items, Undelete; or az backup protection undelete), then resume protection. Its points are kept until the retention of soft delete ends.`;
  }
  switch (state.toLowerCase()) {
    case 'protectionstopped':
      return `protection is stopped in ${vault}, and its points are retained. Resume it first (portal: Resume backup; or az backup protection enable-for-vm with the policy).`;
    case 'backupssuspended':
      return `backups are suspended in ${vault}. Resume protection first.`;
    default:
      return '';
  }
}

/** Plans a backup from reads alone; refuses where Azure would. */
export async function planBackup(connection: Connection, context: ActionContext, input: unknown): Promise<ActionPlan> {
  const settings = backupSettings.parse(input);
  const { target } = context;
  const title = `Back up ${target.name} now`;
  const status = await protection(connection, context);
  const { vaultId = '', fabricName = 'Azure', containerName = '', protectedItemName = '' } = status;
  if (!/^protect(ed|ing)$/i.test(status.protectionStatus ?? '') || vaultId === '' || protectedItemName === '') {
    const state = status.protectionStatus ?? 'unknown';
    return refusedPlan(
      title,
      'impossible',
      `No Recovery Services vault protects ${target.name} (${state}). Ask the customer to enable Azure Backup for it (vault, policy); until then preserve it with snapshot-disks.`,
    );
  }
  // Container and item names come from Azure as they are: their form varies, they cannot be built.
  const itemId = `${vaultId}/backupFabrics/${fabricName}/protectionContainers/${containerName}/protectedItems/${protectedItemName}`;
  const warnings: string[] = [];
  const item = await readItem(connection, { vaultId, fabricName, containerName, protectedItemName });
  if ('because' in item) warnings.push(`Not seen: the state of the protected item (${item.because}).`);
  else if (item.refusal !== '')
    return refusedPlan(title, 'impossible', `Azure takes no backup of ${target.name} now: ${item.refusal}`);
  const obstacles = await obstaclesTo(connection, [{ method: 'POST', resourceId: `${itemId}/backup` }], context.signal);
  if (obstacles.blocked !== '') return refusedPlan(title, 'impossible', obstacles.blocked);
  warnings.push(...obstacles.warnings);
  const keepUntil = new Date(connection.clock.now().getTime() + settings.keepDays * 86_400_000).toISOString();
  try {
    const [job = ''] = await jobsOf(connection, context, vaultId, 'running');
    if (job !== '')
      warnings.push(`A backup of ${target.name} is running already (job ${job}): it is followed instead.`);
  } catch (error) {
    warnings.push(`Not seen: running backup jobs of ${shortName(vaultId)} (${azureError(error).status}).`);
  }
  return {
    title,
    changes: [
      {
        method: 'POST',
        resourceId: `${itemId}/backup`,
        diff: [
          { property: 'recovery point', before: '(none)', after: `new, in ${shortName(vaultId)}` },
          { property: 'kept until', before: '', after: keepUntil },
        ],
        before: null,
        after: { objectType: 'IaasVMBackupRequest', recoveryPointExpiryTimeInUTC: keepUntil },
      },
    ],
    touches: [],
    permissions: await preflight(connection, [
      {
        action: 'Microsoft.RecoveryServices/Vaults/backupFabrics/protectionContainers/protectedItems/backup/action',
        scope: vaultId,
      },
    ]),
    danger: 'reversible',
    undo: '',
    warnings,
    consequences: [
      `A recovery point is added in ${shortName(vaultId)} and kept until ${keepUntil.slice(0, 10)}; points that are there stay.`,
      'It contains the VM as it is now, with anything the attacker left in it: label it as possibly compromised.',
      'It cannot be undone: the point expires by itself.',
    ],
    state: {
      vaultId,
      fabric: fabricName,
      container: containerName,
      item: protectedItemName,
      keepUntil,
      jobId: '',
      joined: false,
    } satisfies BackupState,
  };
}
