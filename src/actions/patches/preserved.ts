import { shortName } from '../../arm/resource-id.ts';
import type { Connection } from '../../azure/client/connection.ts';
import { azureError } from '../../azure/client/failure.ts';
import type { ActionContext } from '../../playbook/action.ts';
import { printable } from '../../text/printable.ts';
import { isOfCase } from '../case-tags.ts';
import { readPercentCopied } from '../snapshot/copied.ts';
import { disksOf } from '../snapshot/disks.ts';

const most = 5000;

/** The disks of which the case has no whole snapshot yet; `notSeen` says why that could not be read, "" where it was. */
export interface Preserved {
  missing: string[];
  notSeen: string;
}

/**
 * Has the case a snapshot of every disk of the VM that one can be taken of? By what is in Azure now: the tag with the case's
 * id, the source, the state, and the percentage (a copy in the background is no evidence before it is whole).
 */
export async function preservedDisks(
  connection: Connection,
  context: ActionContext,
  machine: Record<string, unknown>,
): Promise<Preserved> {
  const { disks, ephemeral, unmanaged } = disksOf(machine);
  const wanted = new Map(disks.map(({ id, role }) => [id.toLowerCase(), `${printable(shortName(id), 80)} (${role})`]));
  const lost = [...(ephemeral ? ['the ephemeral OS disk, which has no snapshot'] : []), ...unmanaged];
  try {
    const { snapshots } = await connection.compute(context.target.subscriptionId);
    let read = 0;
    const unknown = new Map<string, string>();
    for await (const one of snapshots.list({ abortSignal: context.signal })) {
      read += 1;
      if (read > most) {
        return { missing: [...wanted.values(), ...lost], notSeen: `there are more than ${most} snapshots` };
      }
      if (one.provisioningState !== 'Succeeded' || !isOfCase(one, context.caseId)) continue;
      const source = (one.creationData?.sourceResourceId ?? '').toLowerCase();
      const percent = await readPercentCopied(connection, { properties: one });
      if (percent === null) unknown.set(source, printable(one.name ?? '', 80));
      else if (percent >= 100) wanted.delete(source);
    }
    const uncertain = [...unknown].flatMap(([source, name]) => (wanted.has(source) ? [name] : []));
    const notSeen =
      uncertain.length === 0 ? '' : `Azure does not say how much of ${uncertain.join(', ')} it has copied`;
    return { missing: [...wanted.values(), ...lost], notSeen };
  } catch (error) {
    if (context.signal.aborted) throw error;
    const { code, message } = azureError(error);
    return { missing: [...wanted.values(), ...lost], notSeen: `snapshots cannot be listed (${code || message})` };
  }
}
