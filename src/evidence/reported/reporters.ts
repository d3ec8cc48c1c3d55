import { ReportedLines } from '../../eventlog/reported-lines.ts';
import type { ReportedLog, ReportGaps } from '../../eventlog/reported-log.ts';
import type { ReportedLogon } from '../../eventlog/reported-logons.ts';
import type { EvidenceFile } from '../evidence-files.ts';
import { exportRecords } from '../export-records.ts';
import { type Fields, rowsIn } from '../shapes/export-shape.ts';
import { shapes } from '../shapes/shapes.ts';
import { chainsaw } from './chainsaw.ts';
import { deviceLogonEvents } from './defender.ts';
import { deviceTimeline } from './device-timeline.ts';
import { getWinEvent } from './get-winevent.ts';
import { hayabusa, hayabusaSummary } from './hayabusa.ts';
import { securityEvent, syslogTable, windowsEvent } from './log-analytics.ts';
import { plaso } from './plaso.ts';
import type { DateOrder, Reporter, RowLine, RowLogon } from './reporter.ts';
import { splunk } from './splunk.ts';
import { linuxJournal, rdpAuth } from './velociraptor.ts';

/** By table. */
const reporters: ReadonlyMap<string, Reporter> = new Map(
  Object.entries({
    DeviceLogonEvents: deviceLogonEvents,
    Hayabusa: hayabusa,
    HayabusaLogonSummary: hayabusaSummary,
    Chainsaw: chainsaw,
    GetWinEvent: getWinEvent,
    SecurityEvent: securityEvent,
    WindowsEvent: windowsEvent,
    Syslog: syslogTable,
    DeviceTimeline: deviceTimeline,
    Plaso: plaso,
    Splunk: splunk,
    Windows_EventLogs_RDPAuth: rdpAuth,
    Linux_Forensics_Journal: linuxJournal,
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
    const order = await orderIn(reporter, path, format);
    const lines = new ReportedLines();
    let held = 0;
    const logonsOf = function* (row: Fields): Generator<RowLogon> {
      if ('logonsOf' in reporter) yield* reporter.logonsOf(row);
      else if ('logonOf' in reporter) yield reporter.logonOf(row, order);
      else {
        const taken = withLine(lines, reporter.lineOf(row));
        if (taken === 'held') held += 1;
        else yield taken;
      }
    };
    const said = (remark: string): void => {
      gaps.remarks.push(remark.replace(`${path}: `, ''));
    };
    for await (const record of exportRecords(path, format, read, said)) {
      if (record.fields === undefined) unread(record.line, record.because);
      else
        for (const row of rowsOf(record.fields))
          for (const logon of logonsOf(row)) {
            if (logon && 'because' in logon) unread(record.line, logon.because);
            else yield logon;
          }
    }
    for (const logon of lines.logons()) {
      held -= 1;
      yield logon;
    }
    for (; held > 0; held--) yield null;
  };
  return { path, format: 'reported', by: reporter.name ?? table, lacks: reporter.lacks, logons };
}

/** Holds a line about a logon, which it may report together with others; of any other row gives its logon. */
function withLine(lines: ReportedLines, read: RowLine | RowLogon): RowLogon | 'held' {
  if (!read || !('line' in read)) return read;
  const { program, message, computer, processId } = read.line;
  if (!lines.tells({ program, message })) return null;
  const at = read.at();
  if (at === null) return { because: 'it has no time that can be read' };
  return lines.take({ at, computer, processId, message }) ? 'held' : { because: 'there are more lines than are kept' };
}

/** The order of the dates of a file, by the first row that shows it. */
async function orderIn(reporter: Reporter, path: string, format: 'csv' | 'json' | 'jsonl'): Promise<DateOrder | null> {
  if (!reporter.orderOf) return null;
  for await (const { fields } of exportRecords(path, format, () => {})) {
    const order = fields && reporter.orderOf(fields);
    if (order) return order;
  }
  return null;
}
