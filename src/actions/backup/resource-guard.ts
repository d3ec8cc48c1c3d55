import { listAt, textAt } from '../../arm/json.ts';
import { shortName } from '../../arm/resource-id.ts';
import { listOfArm } from '../../azure/client/arm-pages.ts';
import type { Connection } from '../../azure/client/connection.ts';
import { briefly } from '../../azure/client/failure.ts';
import { listed } from '../../text/counts.ts';
import { printable } from '../../text/printable.ts';

const version = '2025-02-01';

/** "…/protectedItems/write#stopProtectionWithRetainData" -> "protectedItems/write#stopProtectionWithRetainData" */
const operationName = (operation: string): string => printable(operation.split('/').slice(-2).join('/'), 80);

/**
 * What the Resource Guards of a vault (multi-user authorization) mean for undeleting in it. They protect what the vault's proxies list
 * (`vaultCriticalOperation`). Neither undeleting nor a backup on demand is among Microsoft's critical operations (learn.microsoft.com/
 * azure/backup/multi-user-authorization-concept, of 2023-09-25: soft delete, the guard itself, less retention, stopping with deletion,
 * the PIN), nor does Azure's CLI hand over a guard's request for them (azure-cli, custom_help.py, read 2026-11-30). But undeleting
 * is a write of the item, as changing its protection is, and the code of a refusal is not documented: a guard prevents no plan.
 */
export async function guardWarnings(connection: Connection, vaultId: string, signal: AbortSignal): Promise<string[]> {
  const vault = shortName(vaultId);
  try {
    const url = `${vaultId}/backupResourceGuardProxies?api-version=${version}`;
    const { entries } = await listOfArm(connection, url, 5, signal);
    return entries.map((proxy) => {
      const guard = textAt(proxy, 'properties', 'resourceGuardResourceId');
      const operations = listAt(proxy, 'properties', 'resourceGuardOperationDetails').map((one) =>
        operationName(textAt(one, 'vaultCriticalOperation')),
      );
      const protects = operations.length === 0 ? '' : ` (it protects ${listed(operations)})`;
      return `${vault} is under multi-user authorization by the Resource Guard ${printable(shortName(guard), 80) || '?'}${protects}. Undeleting is none of the operations that Microsoft lists for it. Where Azure refuses it all the same, ask the owner of that guard for Backup MUA Operator on it, and undelete in the portal (Backup items, Undelete), which sends its consent too: ${printable(guard, 300)}`;
    });
  } catch (error) {
    if (signal.aborted) throw error;
    return [
      `Not seen: whether ${vault} is under multi-user authorization by a Resource Guard (${printable(briefly(error), 120)}).`,
    ];
  }
}
