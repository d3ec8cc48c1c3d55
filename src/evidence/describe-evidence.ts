import type { EvidenceFile } from './evidence-files.ts';
import { EvidenceTables, type TableSchema } from './evidence-tables.ts';
import { Reading } from './reading.ts';

/** The tables of evidence with their columns, without its rows. A file that is not readable adds nothing. */
export async function describeEvidence(files: readonly EvidenceFile[]): Promise<readonly TableSchema[]> {
  const lenient = files.map((file) => ({ ...file, found: true }));
  const evidence = new EvidenceTables(new Reading(lenient, () => undefined));
  await evidence.describe();
  return evidence.schemas;
}
