import type { Detection, DetectionsDocument } from '../documents/detections.ts';
import type { QueryDocument } from '../documents/query.ts';
import { fieldsOfHit } from './detect-report.ts';

type Cell = Detection['hits'][number][string];

/** The columns of a match, by which a row reads it: the event, the rule, and where both are. */
const columns: readonly { name: string; type: string; of(one: Detection, hit: Detection['hits'][number]): Cell }[] = [
  { name: 'TimeGenerated', type: 'datetime', of: (_, hit) => hit.TimeGenerated ?? hit.Time ?? null },
  { name: 'Level', type: 'string', of: ({ level }) => level },
  { name: 'Rule', type: 'string', of: ({ title }) => title },
  { name: 'RuleId', type: 'string', of: ({ id }) => id },
  { name: 'Techniques', type: 'string', of: ({ techniques }) => techniques.join(', ') },
  { name: 'Tactics', type: 'string', of: ({ tactics }) => tactics.join(', ') },
  { name: 'Computer', type: 'string', of: (_, hit) => hit.Computer ?? hit.DeviceName ?? null },
  { name: 'Fields', type: 'dynamic', of: (_, hit) => JSON.stringify(Object.fromEntries(fieldsOfHit(hit))) },
  { name: 'NotFilteredBy', type: 'string', of: ({ unfiltered }) => unfiltered.join(', ') },
  { name: 'EventRecordId', type: 'long', of: (_, hit) => hit._EventRecordId ?? null },
  { name: 'EvidenceFile', type: 'string', of: (_, hit) => hit._EvidenceFile ?? null },
  { name: 'EvidenceLine', type: 'long', of: (_, hit) => hit._EvidenceLine ?? null },
  { name: 'RuleFile', type: 'string', of: ({ file }) => file },
  { name: 'RuleLine', type: 'int', of: ({ line }) => line },
];

/** The matches as rows, a match each, the worst rules' first; `total` counts those that `hits` does not have, too. */
export function rowsOfMatches({ detections, now, source }: DetectionsDocument): QueryDocument {
  return {
    schema: 'cordon.kql/1',
    query: '',
    now,
    source,
    columns: columns.map(({ name, type }) => ({ name, type })),
    rows: detections.flatMap((one) => one.hits.map((hit) => columns.map(({ of }) => of(one, hit)))),
    total: detections.reduce((sum, { count }) => sum + count, 0),
    notes: [],
  };
}
