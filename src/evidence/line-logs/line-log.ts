import type { ColumnType } from '../../kql/types.ts';
import type { Value } from '../../kql/values.ts';
import { linesOf, noGaps, noteUnread } from '../../syslog/syslog-file.ts';
import { counted } from '../../text/counts.ts';
import type { LineLogFormat } from '../evidence-files.ts';
import { cellOf } from '../guessed-type.ts';
import { oneTable } from '../one-table.ts';
import type { Source } from '../source.ts';
import { accessLog } from './access-log.ts';
import { firewallLog } from './firewall-log.ts';
import { iisLog } from './iis-log.ts';
import type { LineLog } from './line-reader.ts';
import { storageLog } from './storage-log.ts';

const logs: Record<LineLogFormat, LineLog> = {
  firewall: firewallLog,
  iis: iisLog,
  access: accessLog,
  'storage-log': storageLog,
};
const linesTried = 20;

/** The format of such a log by its first lines, the last of which may be cut; undefined for anything else. */
export function lineLogFormat(lines: readonly string[]): LineLogFormat | undefined {
  const first = lines.slice(0, linesTried);
  return (Object.keys(logs) as LineLogFormat[]).find((format) => {
    const read = logs[format].reader();
    const found = first.map((line) => read(line.replace(/\r$/, '')));
    // What a client sends can make a line of no form.
    const rows = found.filter((one) => one !== null).length;
    return (
      rows > 0 &&
      rows * 2 >= first.length &&
      (format === 'iis' || format === 'firewall' || found.some((one) => one instanceof Map))
    );
  });
}

/** The table of a log of lines. */
export const lineLogTable = (format: LineLogFormat): string => logs[format].table;

/** A log of lines as a table. */
export function lineLogSource({ path, format }: { path: string; format: LineLogFormat }): Source {
  const { table, columns, reader, remark } = logs[format];
  const all = new Map<string, ColumnType>(
    Object.entries({ ...columns, Type: 'string', _EvidenceFile: 'string', _EvidenceLine: 'long' } as const),
  );
  return oneTable({ file: path, table, columns: all }, async (builder, read) => {
    const gaps = noGaps();
    const parse = reader();
    for await (const lines of linesOf(path, gaps, read))
      for (const { number, text } of lines) {
        const row = parse(text);
        if (row === null) noteUnread(gaps, number);
        if (row === null || row === 'directive') continue;
        const full = builder.add(path, ({ name, type }): Value => {
          if (name === 'Type') return table;
          if (name === '_EvidenceFile') return path;
          return name === '_EvidenceLine' ? number : cellOf(row.get(name), type);
        });
        if (full) await full;
      }
    return [
      ...(remark === undefined ? [] : [`${path}: ${remark}`]),
      ...(gaps.unread > 0
        ? [`${path}: ${counted(gaps.unread, 'line')} of no known form left out (first in line ${gaps.firstUnread})`]
        : []),
      ...(gaps.zeros > 0 ? [`${path}: ${counted(gaps.zeros, 'byte')} of zeros among its lines`] : []),
    ];
  });
}
