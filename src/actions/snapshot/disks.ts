import { at, type Json, listAt, textAt } from '../../arm/json.ts';
import { parseResourceId } from '../../arm/resource-id.ts';
import type { Connection } from '../../azure/client/connection.ts';
import { ifThere } from '../../azure/client/failure.ts';
import { rawBody } from '../../azure/client/raw-body.ts';

/** A disk of a VM, and what it is there. */
export interface Attached {
  id: string;
  role: string;
}

/** The disks of a VM that snapshots can be taken of, and those that they cannot. */
export function disksOf(machine: Json): { disks: Attached[]; ephemeral: boolean; unmanaged: string[] } {
  const os = at(machine, 'properties', 'storageProfile', 'osDisk');
  const disks: Attached[] = [];
  const unmanaged: string[] = [];
  const ephemeral = textAt(os, 'diffDiskSettings', 'option').toLowerCase() === 'local';
  const osDisk = textAt(os, 'managedDisk', 'id');
  if (ephemeral) {
    // Lives on the host; there is nothing to copy.
  } else if (osDisk !== '') disks.push({ id: osDisk, role: 'OS disk' });
  else if (textAt(os, 'vhd', 'uri') !== '') unmanaged.push('the OS disk');
  for (const data of listAt(machine, 'properties', 'storageProfile', 'dataDisks')) {
    const role = `LUN ${textAt(data, 'lun')}`;
    const id = textAt(data, 'managedDisk', 'id');
    if (id !== '') disks.push({ id, role });
    else if (textAt(data, 'vhd', 'uri') !== '') unmanaged.push(`the disk at ${role}`);
  }
  return { disks, ephemeral, unmanaged };
}

/** The disk as Azure prints it. Throws the SDK's error. */
export async function readDisk(connection: Connection, id: string): Promise<Json> {
  const parsed = parseResourceId(id);
  if (!parsed) throw new Error(`not a disk: ${id}`);
  const { disks } = await connection.compute(parsed.subscriptionId);
  return rawBody((options) => disks.get(parsed.resourceGroup, parsed.name, options));
}

/** The snapshot as Azure prints it; null when there is none. */
export async function readSnapshot(connection: Connection, id: string): Promise<Json | null> {
  const parsed = parseResourceId(id);
  if (!parsed) return null;
  const { snapshots } = await connection.compute(parsed.subscriptionId);
  return ifThere(rawBody((options) => snapshots.get(parsed.resourceGroup, parsed.name, options)));
}
