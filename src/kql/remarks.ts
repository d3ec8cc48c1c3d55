import { LONGEST_AGENT } from './user-agents.ts';

/** Functions and plugins whose answer is another than the service's for a reason that the answer cannot show. */
const REMARKS: readonly (readonly [called: string, remark: string])[] = [
  ['ingestion_time', 'ingestion_time() is TimeGenerated here: an export does not keep when a row was ingested'],
  [
    'basket',
    'basket(): columns of the type dynamic are in no pattern, nor are empty cells, which a pattern prints for any value',
  ],
  [
    'autocluster',
    'autocluster(): each row is counted exactly, but how the service chooses patterns is not documented: it may print others',
  ],
  [
    'diffpatterns',
    'diffpatterns(): each row is counted exactly, but how the service chooses patterns is not documented: it may print others',
  ],
  [
    'parse_user_agent',
    `parse_user_agent() goes by the list of uap-core, of which the service may have another version; a text of more than ${LONGEST_AGENT.toLocaleString('en-US')} characters, or with letters beyond ASCII that cannot be searched, is null`,
  ],
];

/** Remarks on what a query calls, one line each. */
export const remarksOn = (query: string): string[] =>
  REMARKS.flatMap(([called, remark]) => (new RegExp(`\\b${called}\\s*\\(`).test(query) ? [remark] : []));
