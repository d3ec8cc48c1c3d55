import { z } from 'zod';
import { parseResourceId } from '../../arm/resource-id.ts';

export const backupSettings = z.strictObject({
  keepDays: z.int().min(1).max(9999).default(30).describe('Days for which the new recovery point is kept.'),
});

/** What apply and verify of a backup need. */
export const backupState = z.looseObject({
  vaultId: z.string(),
  fabric: z.string(),
  container: z.string(),
  item: z.string(),
  keepUntil: z.string(),
  jobId: z.string(),
  /** Another backup was running already, and is followed instead. */
  joined: z.boolean(),
});
export type BackupState = z.infer<typeof backupState>;

/** The vault of a backup. */
export function vaultOf(state: BackupState) {
  const vault = parseResourceId(state.vaultId);
  if (!vault) throw new Error(`not a vault: ${state.vaultId}`);
  return vault;
}
