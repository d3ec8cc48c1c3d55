import type { ColumnType } from '../kql/types.ts';
import type { Value } from '../kql/values.ts';
import { type UtmpFormat, type UtmpRecord, utmpRecords } from '../syslog/utmp.ts';
import { counted } from '../text/counts.ts';
import { TICKS_TO_DATETIME } from './event-rows.ts';
import { utmpTable } from './evidence-files.ts';
import { oneTable } from './one-table.ts';
import type { Source } from './source.ts';

/** Log Analytics has no such table: the names of its columns are those that its tables have. */
const columns: ReadonlyMap<string, ColumnType> = new Map(
  Object.entries({
    TimeGenerated: 'datetime',
    RecordType: 'string',
    Account: 'string',
    Terminal: 'string',
    HostName: 'string',
    IpAddress: 'string',
    ProcessID: 'long',
    Failed: 'bool',
    Type: 'string',
    _EvidenceFile: 'string',
    _EvidenceOffset: 'long',
  } as const),
);

const cells: [name: string, (record: UtmpRecord) => Value][] = Object.entries({
  TimeGenerated: ({ at }) => at - TICKS_TO_DATETIME,
  RecordType: ({ type }) => type,
  Account: ({ user }) => user,
  Terminal: ({ line }) => line,
  HostName: ({ host }) => host,
  IpAddress: ({ address }) => address,
  ProcessID: ({ processId }) => processId,
  Type: () => utmpTable,
  _EvidenceOffset: ({ offset }) => offset,
} satisfies Record<string, (record: UtmpRecord) => Value>);

/** A file of such records as a table; `Failed` is true of those of btmp. */
export function utmpSource({ path, format }: { path: string; format: UtmpFormat }): Source {
  return oneTable({ file: path, table: utmpTable, columns }, async (builder, read) => {
    const own = new Map(cells).set('Failed', () => format === 'btmp').set('_EvidenceFile', () => path);
    const readers = builder.columns.map(({ name }) => own.get(name));
    const gaps = { unread: 0, firstUnread: 0, cut: 0 };
    for await (const portion of utmpRecords(path, gaps, read))
      for (const record of portion) {
        const full = builder.add(path, (_column, place): Value => readers[place]?.(record) ?? null);
        if (full) await full;
      }
    return [
      ...(gaps.unread > 0
        ? [`${path}: ${counted(gaps.unread, 'record')} of no known form left out (first at byte ${gaps.firstUnread})`]
        : []),
      ...(gaps.cut > 0 ? [`${path}: its last record is cut after ${counted(gaps.cut, 'byte')}`] : []),
    ];
  });
}
