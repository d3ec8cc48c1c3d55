import { textAt } from '../../arm/json.ts';
import { shortName } from '../../arm/resource-id.ts';
import type { Connection } from '../../azure/client/connection.ts';
import { azureError, briefly } from '../../azure/client/failure.ts';
import type { ActionContext, ActionPlan } from '../../playbook/action.ts';
import { printable } from '../../text/printable.ts';
import type { Intended } from '../preflight/intended.ts';
import { preflight } from '../preflight/preflight.ts';
import { impossible, type Refusal, refusedPlan } from '../refused-plan.ts';
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
    return { because: briefly(error) };
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
    case 'protectionpaused':
      return `protection is paused in ${vault}. Resume it first.`;
    default:
      return '';
  }
}

/** How many backups on demand Azure Backup takes of a VM in a day (support matrix of Azure VM backup). */
const MOST_A_DAY = 9;
const DAY_MS = 86_400_000;

/** What the vault's jobs mean for another backup: one that runs is followed, and there is a limit for a day. */
async function lookAtJobs(connection: Connection, context: ActionContext, vaultId: string): Promise<string[]> {
  const { name } = context.target;
  try {
    const jobs = await jobsOf(connection, context, vaultId, 'all');
    const since = connection.clock.now().getTime() - DAY_MS;
    const today = jobs.filter((job) => job.onDemand && job.startedAt > since).length;
    const current = jobs.find((job) => job.running);
    return [
      ...(current === undefined
        ? []
        : [`A backup of ${name} is running already (job ${current.name}): it is followed instead.`]),
      ...(today < MOST_A_DAY
        ? []
        : [
            `${today} backups of ${name} were asked for in the last 24 hours, and Azure Backup takes ${MOST_A_DAY} a day: it may refuse this one. snapshot-disks has no such limit.`,
          ]),
    ];
  } catch (error) {
    return [`Not seen: backup jobs of ${shortName(vaultId)} (${azureError(error).status}).`];
  }
}

/**
 * Says what it means that no vault protects the VM, or that one cannot. `vaultId` is that of the vault which has the VM.
 * ProtectionFailed: the vault has the VM, and its last backup, or setting it up, failed.
 */
function unprotected(name: string, state: string, vaultId: string): string {
  if (/^protectionfailed$/i.test(state)) {
    return `The protection of ${name}${vaultId === '' ? '' : ` in ${shortName(vaultId)}`} has failed (Azure reports ProtectionFailed), and Azure names no item to back up. Look at the vault's backup jobs and alerts with the customer; until then preserve the VM with snapshot-disks.`;
  }
  return `No Recovery Services vault protects ${name} (${state}). Ask the customer to enable Azure Backup for it (vault, policy); until then preserve it with snapshot-disks.`;
}

/** The item that the VM is in its vault, with what is to be known before it is backed up; or why it cannot be. */
async function readPlace(
  connection: Connection,
  context: ActionContext,
): Promise<{ place: ItemPlace; warnings: string[] } | Refusal> {
  const { name } = context.target;
  const status = await protection(connection, context);
  const { vaultId = '', fabricName = 'Azure', containerName = '', protectedItemName = '' } = status;
  const state = printable(status.protectionStatus ?? '', 40) || 'unknown';
  const failed = /^protectionfailed$/i.test(state);
  if (!(failed || /^protect(ed|ing)$/i.test(state)) || vaultId === '' || protectedItemName === '') {
    return impossible(unprotected(name, state, vaultId));
  }
  const place: ItemPlace = { vaultId, fabric: fabricName, container: containerName, item: protectedItemName };
  const warnings: string[] = [];
  if (failed) {
    const said = printable(
      [status.errorCode, status.errorMessage].filter((one) => one && one !== 'Success').join(': '),
      300,
    );
    warnings.push(
      `${shortName(vaultId)} protects ${name}, and Azure reports ProtectionFailed: its last backup, or setting up its protection, failed${said === '' ? '' : ` (${said})`}. A backup is tried all the same and may fail for the same reason; snapshot-disks does not need the vault.`,
    );
  }
  const item = await refusalBy(connection, context, place);
  if ('because' in item) warnings.push(`Not seen: the state of the protected item (${item.because}).`);
  else if (item.refusal !== '') return impossible(`Azure takes no backup of ${name} now: ${item.refusal}`);
  return { place, warnings };
}

/**
 * Azure Backup keeps restore points in a group of its own, AzureBackupRG_GEO_NUMBER unless the policy names another, and takes
 * the oldest away: a lock there, or above, makes backups fail when there are 18 (MicrosoftDocs/azure-docs, "Lock your resources
 * to protect your infrastructure", of 2024-03-08; "Troubleshoot Azure Backup failure", UserErrorRpCollectionLimitReached).
 * A lock on the VM itself does not matter where its disks are managed ("Support matrix for Azure VM backups").
 */
function restorePointsOf({ target }: ActionContext): Intended {
  const group = `/subscriptions/${target.subscriptionId}/resourceGroups/AzureBackupRG_${target.location}_1`;
  return {
    method: 'DELETE',
    resourceId: `${group}/providers/Microsoft.Compute/restorePointCollections/all`,
    byService:
      'Azure Backup cannot take away old restore points, and a backup fails once there are 18 (UserErrorRpCollectionLimitReached). Ask the customer to lift it; snapshot-disks does not need the vault.',
  };
}

/** Plans a backup from reads alone; refuses where Azure would. */
export async function planBackup(connection: Connection, context: ActionContext, input: unknown): Promise<ActionPlan> {
  const settings = backupSettings.parse(input);
  const title = `Back up ${context.target.name} now`;
  const found = await readPlace(connection, context);
  if ('because' in found) return refusedPlan(title, found.kind, found.because);
  const { place } = found;
  const { vaultId } = place;
  const resourceId = `${itemIdOf(place)}/backup`;
  const action = 'Microsoft.RecoveryServices/Vaults/backupFabrics/protectionContainers/protectedItems/backup/action';
  const ahead = await preflight(connection, context, {
    needed: [{ action, scope: vaultId }],
    intended: [{ method: 'POST', resourceId }, restorePointsOf(context)],
  });
  if (ahead.blocked !== '') return refusedPlan(title, 'impossible', ahead.blocked);
  const keepUntil = new Date(connection.clock.now().getTime() + settings.keepDays * DAY_MS).toISOString();
  return {
    title,
    changes: [
      {
        method: 'POST',
        resourceId,
        diff: [
          { property: 'recovery point', before: '(none)', after: `new, in ${shortName(vaultId)}` },
          { property: 'kept until', before: '', after: keepUntil },
        ],
        before: null,
        after: { objectType: 'IaasVMBackupRequest', recoveryPointExpiryTimeInUTC: keepUntil },
      },
    ],
    touches: [],
    permissions: ahead.permissions,
    danger: 'reversible',
    undo: '',
    made: [keepUntil],
    warnings: [...found.warnings, ...ahead.warnings, ...(await lookAtJobs(connection, context, vaultId))],
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
