import * as z from 'zod';
import { parseResourceId } from '../../arm/resource-id.ts';

export const backupSettings = z.strictObject({
  keepDays: z.int().min(1).max(9999).default(30).describe('Days for which the new recovery point is kept.'),
  followMinutes: z
    .int()
    .min(1)
    .max(1440)
    .default(120)
    .describe('Minutes for which the job is followed until its snapshot is taken; it goes on in Azure afterwards.'),
});

const itemPlace = {
  vaultId: z.string(),
  fabric: z.string(),
  container: z.string(),
  item: z.string(),
};

/** Where a protected item is, by the names that Azure gave. */
export interface ItemPlace {
  vaultId: string;
  fabric: string;
  container: string;
  item: string;
}

/** What apply and verify of a backup need. */
export const backupState = z.looseObject({
  ...itemPlace,
  keepUntil: z.string(),
  jobId: z.string(),
  /** For how long the job is followed. */
  followMinutes: z.number().default(120),
  /** Another backup was running already, and is followed instead. */
  joined: z.boolean(),
});
export type BackupState = z.infer<typeof backupState>;

/** What apply and verify of an undelete need. */
export const undeleteState = z.looseObject({
  ...itemPlace,
  /** The VM that the item is of, as the item names it. */
  source: z.string(),
  /** The job that undeletes; "" when it is not known. */
  jobId: z.string(),
});
export type UndeleteState = z.infer<typeof undeleteState>;

/** The vault of an item. Throws when its id cannot be read. */
export function vaultOf({ vaultId }: Pick<ItemPlace, 'vaultId'>) {
  const vault = parseResourceId(vaultId);
  if (!vault) throw new Error(`not a vault: ${vaultId}`);
  return vault;
}

/** The item's id. Container and item names come from Azure as they are: their form varies, they cannot be built. */
export const itemIdOf = ({ vaultId, fabric, container, item }: ItemPlace): string =>
  `${vaultId}/backupFabrics/${fabric}/protectionContainers/${container}/protectedItems/${item}`;
