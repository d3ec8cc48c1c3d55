import { csvLine } from '../text/csv.ts';
import { digestCase } from './case-digest.ts';
import { timesOver } from './case-story.ts';
import type { NotesSource } from './notes-source.ts';

/** The fields that the importer asks for, all of them and in its order; it refuses a file without one. */
const fields = [
  'event_date',
  'event_tz',
  'event_title',
  'event_category',
  'event_content',
  'event_raw',
  'event_source',
  'event_assets',
  'event_iocs',
  'event_tags',
];

/**
 * The time line for DFIR-IRIS (its `csv_upload` of 2.4, read 2026-11). Assets and IOCs stay empty, because the importer refuses
 * a name that the case in IRIS does not have yet; the VM and the ATT&CK techniques are tags, with `|` between them.
 */
export async function* irisTimeline(source: NotesSource): AsyncGenerator<string> {
  const { subjects, steps } = await digestCase(source);
  yield csvLine(fields);
  const row = (at: string, title: string, content: string, raw: string, tags: readonly string[]) =>
    // Milliseconds, and no zone: that is the next field, which is no formula.
    `${new Date(at).toISOString().slice(0, 23)},+00:00,${csvLine([
      title,
      'Unspecified',
      content,
      raw,
      `cordon ${source.id}`,
      '',
      '',
      tags.map((tag) => tag.replaceAll('|', '/')).join('|'),
    ])}`;
  for (const { at, until, text, who, from, vms, severity, attack, source: origin, where } of timesOver(subjects)) {
    const parts = [
      who === '' ? '' : `who: ${who}`,
      from === '' ? '' : `from: ${from}`,
      until === null ? '' : `until: ${until}`,
      `evidence: ${where}`,
    ];
    const content = parts.filter((part) => part !== '').join('; ');
    yield row(at, `${vms.join(', ')}: ${text}`, content, `${origin} ${severity}`, [...vms, ...attack, severity]);
  }
  for (const { at, vm, title, playbook, by, verified, requests } of steps) {
    if (requests === 0) continue;
    const result = verified ? verified.text : 'not checked';
    yield row(at, `${vm}: ${title}`, `by ${by}, ${playbook}: ${result}`, 'cordon', [vm, 'containment']);
  }
}
