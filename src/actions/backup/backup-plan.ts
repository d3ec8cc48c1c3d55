import { textAt } from '../../arm/json.ts';
import { shortName } from '../../arm/resource-id.ts';
import type { Connection } from '../../azure/client/connection.ts';
import { azureError } from '../../azure/client/failure.ts';
import type { ActionContext, ActionPlan } from '../../playbook/action.ts';
import { obstaclesTo } from '../obstacles.ts';
import { preflight } from '../permissions.ts';
import { refusedPlan } from '../refused-plan.ts';
import { isSoftDeleted, protection, readItem } from './item.ts';
import { jobsOf } from './jobs.ts';
import { type BackupState, backupSettings, type ItemPlace, itemIdOf, vaultOf } from './settings.ts';

/**
 * Why Azure would refuse a backup of the item now, with what is to be done first; "" when nothing speaks against it.
 * https://learn.microsoft.com/azure/backup/backup-azure-manage-vms and …/backup-azure-security-feature-cloud (soft delete)
 */
async function refusalBy(
  connection: Connection,
  context: ActionContext,
  place: ItemPlace,
): Promise<{ refusal: string } | { because: string }> {
  try {
    const body = await readItem(connection, context, place);
    return {
      refusal: refusalOf(textAt(body, 'properties', 'protectionState'), isSoftDeleted(body), vaultOf(place).name),
    };
  } catch (error) {
    const { status, code, message } = azureError(error);
    return { because: [status || '', code || message].filter(Boolean).join(' ') };
  }
}

function refusalOf(state: string, deleted: boolean, vault: string): string {
  if (deleted) {
    return `the backup is soft-deleted in ${vault}. Undelete it first (undelete-backup), then resume protection. Its points are kept until the retention of soft delete ends.`;
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
  const place: ItemPlace = { vaultId, fabric: fabricName, container: containerName, item: protectedItemName };
  const itemId = itemIdOf(place);
  const warnings: string[] = [];
  const item = await refusalBy(connection, context, place);
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
      ...place,
      keepUntil,
      jobId: '',
      followMinutes: settings.followMinutes,
      joined: false,
    } satisfies BackupState,
  };
}
