import { columnsOf } from '../kql/table-schemas.ts';
import type { ColumnType } from '../kql/types.ts';
import type { Value } from '../kql/values.ts';
import { type AuditLine, auditRecords } from '../syslog/audit-file.ts';
import type { AuditRecord } from '../syslog/audit-record.ts';
import { noGaps } from '../syslog/syslog-file.ts';
import { counted } from '../text/counts.ts';
import { unixOf } from '../triage/logons/ticks.ts';
import { TICKS_TO_DATETIME } from './event-rows.ts';
import { auditTable } from './evidence-files.ts';
import { oneTable } from './one-table.ts';
import type { Source } from './source.ts';
import { syscallName } from './syscall-names.ts';

/** Fields that the table of Log Analytics has no column for, and detections ask about. */
const further = 'grantors nametype proctitle saddr unit'.split(' ');
const furtherNumbers = 'fsgid fsuid items ouid sgid suid'.split(' ');

const columns: ReadonlyMap<string, ColumnType> = new Map(
  Object.entries<ColumnType>({
    ...columnsOf(auditTable),
    ...Object.fromEntries(further.map((name) => [name, 'string' as const])),
    ...Object.fromEntries(furtherNumbers.map((name) => [name, 'long' as const])),
    _EvidenceFile: 'string',
    _EvidenceLine: 'long',
  }),
);

/** Its name, or else its number. */
const syscallOf = ({ names, fields }: AuditRecord): string => {
  const number = fields.get('syscall') ?? '';
  return names.get('SYSCALL') || syscallName(fields.get('arch') ?? '', number) || number;
};

const own: Readonly<Record<string, (line: AuditLine) => Value>> = {
  TimeGenerated: ({ record }) => record.at - TICKS_TO_DATETIME,
  Computer: ({ record }) => record.node,
  node: ({ record }) => record.node,
  // As the agent wrote it: user_login, execve.
  RecordType: ({ record }) => record.type.toLowerCase(),
  SerialNumber: ({ record }) => record.serial,
  AuditID: ({ record }) => `${(unixOf(record.at) / 1000).toFixed(3)}:${record.serial}`,
  RawRecord: ({ text }) => text,
  syscall: ({ record }) => syscallOf(record),
  arch: ({ record }) => record.names.get('ARCH') ?? record.fields.get('arch') ?? '',
  audit_user: ({ record }) => record.names.get('AUID') ?? '',
  user: ({ record }) => record.names.get('UID') ?? record.fields.get('user') ?? '',
  Type: () => auditTable,
  _EvidenceLine: ({ line }) => line,
};

function cellOf(name: string, type: ColumnType): (line: AuditLine) => Value {
  const made = own[name];
  if (made) return made;
  if (type !== 'long') return ({ record }) => (type === 'string' ? (record.fields.get(name) ?? '') : null);
  return ({ record }) => {
    const text = record.fields.get(name) ?? '';
    return /^-?\d{1,15}$/.test(text) ? Number(text) : null;
  };
}

/** A log of Linux' audit as a table, a record a row. */
export function auditSource(path: string): Source {
  return oneTable({ file: path, table: auditTable, columns }, async (builder, read) => {
    const gaps = noGaps();
    const readers = builder.columns.map(({ name, type }) =>
      name === '_EvidenceFile' ? () => path : cellOf(name, type),
    );
    const named = builder.wanted.some((place) => builder.columns[place]?.name === 'syscall');
    let nameless = 0;
    for await (const portion of auditRecords(path, gaps, read))
      for (const line of portion) {
        if (named && /^\d+$/.test(syscallOf(line.record))) nameless += 1;
        const full = builder.add(path, (_column, place): Value => readers[place]?.(line) ?? null);
        if (full) await full;
      }
    return [
      ...(gaps.unread > 0
        ? [
            `${path}: ${counted(gaps.unread, 'line that is no record of audit', 'lines that are no records of audit')} left out (first in line ${gaps.firstUnread})`,
          ]
        : []),
      ...(nameless > 0 ? [`${path}: of ${counted(nameless, 'record')} the system call has its number alone`] : []),
    ];
  });
}
