import { textAt } from '../../arm/json.ts';
import { shortName } from '../../arm/resource-id.ts';
import type { Connection } from '../../azure/client/connection.ts';
import { briefly } from '../../azure/client/failure.ts';
import type { ActionContext, ActionPlan } from '../../playbook/action.ts';
import { printable } from '../../text/printable.ts';
import { preflight } from '../preflight/preflight.ts';
import { refusedPlan } from '../refused-plan.ts';
import { isSoftDeleted, protection, readItem } from './item.ts';
import { guardWarnings } from './resource-guard.ts';
import { type ItemPlace, itemIdOf, type UndeleteState } from './settings.ts';

/** The type of the items that can be undeleted here; a classic VM's is another. */
const vmItemType = 'Microsoft.Compute/virtualMachines';

/**
 * What the vault is sent to undelete an item: learn.microsoft.com/azure/backup/backup-azure-arm-userestapi-backupazurevms,
 * "Undo the deletion" (read 2026-11-29); Azure CLI's `az backup protection undelete` sends the same. The model of the
 * specification says of isRehydrate: "deferred deleted DS is to be moved into Pause state".
 */
export const undeletion = (source: string) => ({
  protectedItemType: vmItemType as typeof vmItemType,
  protectionState: 'ProtectionStopped',
  sourceResourceId: source,
  isRehydrate: true,
});

type Found = { refused: Parameters<typeof refusedPlan>[1]; because: string } | { source: string; remaining: string };

/** Is the item one that can be undeleted now? */
async function lookAt(connection: Connection, context: ActionContext, place: ItemPlace): Promise<Found> {
  const { target } = context;
  const vault = shortName(place.vaultId);
  try {
    const item = await readItem(connection, context, place);
    if (!isSoftDeleted(item)) {
      const state = printable(textAt(item, 'properties', 'protectionState'), 40) || 'unknown';
      return {
        refused: 'nothing-to-do',
        because: `The backup of ${target.name} in ${vault} is not soft-deleted (${state}): there is nothing to undelete.`,
      };
    }
    const type = textAt(item, 'properties', 'protectedItemType');
    if (type.toLowerCase() !== vmItemType.toLowerCase()) {
      const because = `The deleted item in ${vault} is of the type ${printable(type, 80) || 'unknown'}, not ${vmItemType}: undelete it in the portal (Backup items, Undelete).`;
      return { refused: 'impossible', because };
    }
    return {
      source: textAt(item, 'properties', 'sourceResourceId') || target.id,
      remaining: printable(textAt(item, 'properties', 'deferredDeleteTimeRemaining'), 40),
    };
  } catch (error) {
    return {
      refused: 'impossible',
      because: `Whether the backup of ${target.name} is soft-deleted cannot be read in ${vault} (${briefly(error)}). Ask the customer for Backup Reader on ${vault}, or to undelete it in the portal (Backup items, Undelete).`,
    };
  }
}

/** Plans with reads alone; refuses where the backup is not soft-deleted, or where that cannot be read. */
export async function planUndelete(connection: Connection, context: ActionContext): Promise<ActionPlan> {
  const { target } = context;
  const title = `Undelete the backup of ${target.name}`;
  const status = await protection(connection, context);
  const { vaultId = '', fabricName = 'Azure', containerName = '', protectedItemName = '' } = status;
  if (vaultId === '' || protectedItemName === '') {
    return refusedPlan(
      title,
      'impossible',
      `Azure names no vault that has a backup of ${target.name} (${status.protectionStatus ?? 'unknown'}). Look in the portal for a deleted item (vault, Backup items), which may be of another vault.`,
    );
  }
  const place: ItemPlace = { vaultId, fabric: fabricName, container: containerName, item: protectedItemName };
  const found = await lookAt(connection, context, place);
  if ('refused' in found) return refusedPlan(title, found.refused, found.because);
  const itemId = itemIdOf(place);
  const ahead = await preflight(connection, context, {
    needed: [
      {
        action: 'Microsoft.RecoveryServices/Vaults/backupFabrics/protectionContainers/protectedItems/write',
        scope: vaultId,
      },
    ],
    intended: [{ method: 'PUT', resourceId: itemId, body: { properties: undeletion(found.source) } }],
  });
  if (ahead.blocked !== '') return refusedPlan(title, 'impossible', ahead.blocked);
  const vault = shortName(vaultId);
  const guarded = await guardWarnings(connection, vaultId, context.signal);
  const left = found.remaining === '' ? '' : `, gone for good in ${found.remaining}`;
  return {
    title,
    changes: [
      {
        method: 'PUT',
        resourceId: itemId,
        diff: [
          { property: 'soft-deleted', before: `yes${left}`, after: 'no' },
          { property: 'protection', before: 'none', after: 'stopped; points are kept until somebody deletes them' },
        ],
        before: { isScheduledForDeferredDelete: true },
        after: undeletion(found.source),
      },
    ],
    touches: [],
    permissions: ahead.permissions,
    danger: 'reversible',
    undo: '',
    warnings: [...ahead.warnings, ...guarded],
    consequences: [
      `The recovery points in ${vault} are kept again, without an end, and cost storage.`,
      'Protection stays stopped: no new points are made until somebody resumes it (portal: Resume backup; or az backup protection enable-for-vm with the policy).',
      'The account that deleted it may do so again: see which one it was (activity log), and take its rights on the vault first.',
      'There is no undo: cordon does not delete a backup.',
    ],
    state: { ...place, source: found.source, jobId: '' } satisfies UndeleteState,
  };
}
