import { columnsOf } from '../kql/table-schemas.ts';
import type { Column, ColumnType } from '../kql/types.ts';
import type { Value } from '../kql/values.ts';
import type { SyslogEntry } from '../syslog/syslog-entry.ts';
import { noGaps, type SyslogFile, syslogEntries } from '../syslog/syslog-file.ts';
import { yearNote } from '../syslog/years.ts';
import { counted } from '../text/counts.ts';
import { TICKS_TO_DATETIME } from './event-rows.ts';
import { oneTable } from './one-table.ts';
import type { Source } from './source.ts';

/** The columns of Log Analytics' table, and where a row comes from: the file, and the line (of a journal the entry). */
const columns: ReadonlyMap<string, ColumnType> = new Map(
  Object.entries({ ...columnsOf('Syslog'), _EvidenceFile: 'string', _EvidenceLine: 'long' } as const),
);

const cells: Record<string, (entry: SyslogEntry) => Value> = {
  TimeGenerated: ({ at }) => at - TICKS_TO_DATETIME,
  EventTime: ({ at }) => at - TICKS_TO_DATETIME,
  Computer: ({ host }) => host,
  HostName: ({ host }) => host,
  ProcessName: ({ program }) => program,
  ProcessID: ({ processId }) => processId,
  SyslogMessage: ({ message }) => message,
  Facility: ({ facility }) => facility,
  SeverityLevel: ({ severity }) => severity,
  Type: () => 'Syslog',
  _EvidenceLine: ({ line }) => line,
};

/** Columns that traditional lines do not fill. */
const sorting = new Set(['Facility', 'SeverityLevel']);

/** A log of syslog, or an exported journal, as the table Syslog. */
export function syslogSource(file: SyslogFile): Source {
  const { path } = file;
  return oneTable({ file: path, table: 'Syslog', columns }, async (builder, read) => {
    const gaps = noGaps();
    const readers = builder.columns.map(({ name }) => (name === '_EvidenceFile' ? () => path : cells[name]));
    let [unsorted, rows] = [0, 0];
    for await (const entries of syslogEntries(file, gaps, read)) {
      for (const entry of entries) {
        rows += 1;
        if (entry.facility === '') unsorted += 1;
        const full = builder.add(path, (_column: Column, position): Value => readers[position]?.(entry) ?? null);
        if (full) await full;
      }
    }
    const asked = builder.wanted.some((position) => sorting.has(builder.columns[position]?.name ?? ''));
    return notesOf(file, gaps, asked && rows > 0 && unsorted === rows);
  });
}

function notesOf({ path, year }: SyslogFile, gaps: ReturnType<typeof noGaps>, unsorted: boolean): string[] {
  const notes: string[] = [];
  if (year) notes.push(`${path}: ${yearNote(year)}`);
  if (unsorted) notes.push(`${path}: Facility and SeverityLevel are empty: its lines do not have them`);
  if (gaps.unread > 0)
    notes.push(
      `${path}: ${counted(gaps.unread, 'line')} of no known form left out (first in line ${gaps.firstUnread})`,
    );
  for (const remark of gaps.remarks) notes.push(`${path}: ${remark}`);
  if (gaps.zeros > 0) notes.push(`${path}: ${counted(gaps.zeros, 'byte')} of zeros among its lines`);
  return notes;
}
