import { booleanAt, numberAt, textAt } from '../../arm/json.ts';
import type { Connection } from '../../azure/client/connection.ts';
import { readDisk } from './disks.ts';

/** Is it a disk whose snapshots are incremental only, and filled in the background? `sku` as Azure prints it: "PremiumV2_LRS". */
export const copiesInBackground = (sku: string): boolean => /^(ultrassd|premiumv2)_/i.test(sku);

/**
 * How much of a snapshot Azure has copied, in percent; null when that is not known. `sku` is that of its disk, "" when that is not
 * known either. Incremental snapshots of Ultra Disks and Premium SSD v2 are filled in the background, and before 100 % neither a
 * disk nor an address to read them can be made of them; all others can be used as soon as they are taken, and report 100 %
 * (learn.microsoft.com/azure/virtual-machines/disks-incremental-snapshots, "Check snapshot status", of 2024-12-09). So a
 * percentage that is missing is none of 100 where a copy may be under way.
 */
export function percentCopied(snapshot: unknown, sku: string): number | null {
  const percent = numberAt(snapshot, 'properties', 'completionPercent');
  if (percent !== undefined) return percent;
  const copied = /^copystart$/i.test(textAt(snapshot, 'properties', 'creationData', 'createOption'));
  if (copied || copiesInBackground(sku)) return null;
  const whole = sku !== '' || booleanAt(snapshot, 'properties', 'incremental') === false;
  return whole ? 100 : null;
}

/** The same of a snapshot whose disk is read where it decides. What cannot be read is not known. */
export async function readPercentCopied(connection: Connection, snapshot: unknown): Promise<number | null> {
  const known = percentCopied(snapshot, '');
  if (known !== null) return known;
  const disk = textAt(snapshot, 'properties', 'creationData', 'sourceResourceId');
  const sku = await readDisk(connection, disk).then(
    (body) => textAt(body, 'sku', 'name'),
    () => '',
  );
  return percentCopied(snapshot, sku);
}
