import { describe, expect, it } from 'vitest';
import { queryText } from '../../src/commands/query-report.ts';
import type { QueryDocument } from '../../src/documents/query.ts';
import { cells } from '../../src/text/cells.ts';

const columns = [
  { name: 'Time', type: 'datetime' as const },
  { name: 'Line', type: 'string' as const },
  { name: 'N', type: 'long' as const },
];
const answer = (rows: QueryDocument['rows']): QueryDocument => ({
  schema: 'cordon.kql/1',
  query: 'T',
  now: '2026-11-23T02:00:00.000Z',
  source: {},
  columns,
  rows,
  total: rows.length,
  notes: [],
});

describe('an answer on a terminal', () => {
  it('is a table where it fits, and else a row below the other, with whole values', () => {
    const long = `powershell ${'x'.repeat(60)} 日本語 end`;
    const document = answer([
      ['2026-11-23T02:00:00Z', long, 7],
      ['2026-11-23T02:00:01Z', null, null],
    ]);
    expect(queryText(document, 120).split('\n')[2]).toBe(`2026-11-23T02:00:00Z  ${long}  7`);
    const lines = queryText(document, 40).split('\n');
    expect(lines).toEqual([
      `── 1 ${'─'.repeat(35)}`,
      'Time  2026-11-23T02:00:00Z',
      'Line  powershell',
      `      ${'x'.repeat(34)}`,
      `      ${'x'.repeat(26)} 日本語`,
      '      end',
      'N     7',
      `── 2 ${'─'.repeat(35)}`,
      'Time  2026-11-23T02:00:01Z',
      '',
      '2 rows',
      '',
    ]);
    for (const line of lines) expect(cells(line)).toBeLessThanOrEqual(40);
  });
});
