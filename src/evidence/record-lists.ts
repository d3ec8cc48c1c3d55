/**
 * Members of an object whose value is the list of its records, and the list that has to be the last one before it where the name
 * alone says too little: `records` of event hubs, `value` of Graph and Azure Resource Manager; Graph's runHuntingQuery and Defender's API
 * of advanced hunting describe the columns first (learn.microsoft.com/graph/api/security-security-runhuntingquery and
 * /defender-endpoint/api/run-advanced-query-api, as of 2026-11).
 */
const lists: ReadonlyMap<string, string> = new Map([
  ['records', ''],
  ['value', ''],
  ['results', 'schema'],
  ['Results', 'Schema'],
]);

/** Is a list in an object that of its records? `before` is the name of the list before it, "" where there is none. */
export function isRecordList(name: string, before: string): boolean {
  const wanted = lists.get(name);
  return wanted !== undefined && (wanted === '' || wanted === before);
}

/** The list of records in an object that was read as a whole; undefined where it has none. */
export function recordList(fields: ReadonlyMap<string, unknown>): readonly unknown[] | undefined {
  let before = '';
  for (const [name, value] of fields) {
    if (!Array.isArray(value)) continue;
    if (isRecordList(name, before)) return value;
    before = name;
  }
  return undefined;
}
