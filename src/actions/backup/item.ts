import { booleanAt, type Json, textAt } from '../../arm/json.ts';
import type { Connection } from '../../azure/client/connection.ts';
import { rawBody } from '../../azure/client/raw-body.ts';
import type { ActionContext } from '../../playbook/action.ts';
import { type ItemPlace, vaultOf } from './settings.ts';

/** How Azure says that a VM is protected, by vault, container and item. */
export async function protection(connection: Connection, context: ActionContext) {
  const { target } = context;
  const client = await connection.backup(target.subscriptionId);
  return client.backupStatus.get(target.location, { resourceType: 'VM', resourceId: target.id });
}

/** The item as the vault prints it, with its state. Rejects with Azure's error, also when there is none. */
export async function readItem(connection: Connection, context: ActionContext, place: ItemPlace): Promise<Json> {
  const vault = vaultOf(place);
  const client = await connection.backup(vault.subscriptionId);
  const item = await rawBody((options) =>
    client.protectedItems.get(vault.name, vault.resourceGroup, place.fabric, place.container, place.item, {
      abortSignal: context.signal,
      onResponse: (response) =>
        options.onResponse({ status: response.status, bodyAsText: response.bodyAsText ?? null }),
    }),
  );
  if (textAt(item, 'properties', 'protectionState') === '') {
    throw new Error('the answer about the item is not whole, it has no properties.protectionState: ask again');
  }
  return item;
}

/**
 * Was the item deleted, and does the vault still keep it? Such an item has the time of its end, and reads ProtectionStopped besides;
 * others lack the property, or have it as false.
 */
export const isSoftDeleted = (item: unknown): boolean =>
  booleanAt(item, 'properties', 'isScheduledForDeferredDelete') ??
  textAt(item, 'properties', 'deferredDeleteTimeInUTC') !== '';
