import type { ReportedLog, ReportGaps } from '../../eventlog/reported-log.ts';
import type { ReportedLogon } from '../../eventlog/reported-logons.ts';
import type { EvidenceFile } from '../evidence-files.ts';
import { exportRecords } from '../export-records.ts';
import { type Fields, rowsIn } from '../shapes/export-shape.ts';
import { shapes } from '../shapes/shapes.ts';
import { chainsaw } from './chainsaw.ts';
import { deviceLogonEvents } from './defender.ts';
import { getWinEvent } from './get-winevent.ts';
import { hayabusa, hayabusaSummary } from './hayabusa.ts';
import type { Reporter } from './reporter.ts';

/** By table. */
const reporters: ReadonlyMap<string, Reporter> = new Map(
  Object.entries({
    DeviceLogonEvents: deviceLogonEvents,
    Hayabusa: hayabusa,
    HayabusaLogonSummary: hayabusaSummary,
    Chainsaw: chainsaw,
    GetWinEvent: getWinEvent,
  }),
);

/** The logons that an export reports; null where it is none of which that is known. */
export function reportedLog({ path, format, table, shape }: EvidenceFile): ReportedLog | null {
  const reporter = reporters.get(table ?? '');
  if (!reporter || table === undefined || (format !== 'csv' && format !== 'json' && format !== 'jsonl')) return null;
  const how = shape && shapes[shape];
  const rowsOf = (fields: Fields): Iterable<Fields> => {
    if (!how) return [fields];
    return how.tableOf(fields, path) === table ? rowsIn(how, fields, table) : [];
  };
  const logons = async function* (
    read: (bytes: number) => void,
    gaps: ReportGaps,
  ): AsyncGenerator<ReportedLogon | null> {
    const unread = (line: number, because: string): void => {
      if (gaps.unread === 0) {
        gaps.firstUnread = line;
        gaps.because = because;
      }
      gaps.unread += 1;
    };
    for await (const record of exportRecords(path, format, read)) {
      if (record.fields === undefined) unread(record.line, record.because);
      else
        for (const row of rowsOf(record.fields))
          for (const logon of 'logonsOf' in reporter ? reporter.logonsOf(row) : [reporter.logonOf(row)]) {
            if (logon && 'because' in logon) unread(record.line, logon.because);
            else yield logon;
          }
    }
  };
  return { path, format: 'reported', by: table, lacks: reporter.lacks, logons };
}
