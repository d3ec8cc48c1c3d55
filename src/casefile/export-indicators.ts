import { csvLine } from '../text/csv.ts';
import { digestCase } from './case-digest.ts';
import { indicatorsOver } from './case-story.ts';
import type { NotesSource } from './notes-source.ts';

/** The indicators of compromise as CSV, for a block list or a search elsewhere. */
export async function* indicatorCsv(source: NotesSource): AsyncGenerator<string> {
  const { subjects } = await digestCase(source);
  yield csvLine([
    'type',
    'value',
    'role',
    'severity',
    'first_seen',
    'last_seen',
    'attack',
    'vms',
    'case',
    'evidence',
    'simulator',
  ]);
  for (const { type, value, role, severity, first, last, attack, vms, where } of indicatorsOver(subjects)) {
    yield csvLine([
      type,
      value,
      role,
      severity,
      first ?? '',
      last ?? '',
      attack.join(' '),
      vms.join(' '),
      source.id,
      where,
      String(source.header.demo),
    ]);
  }
}
