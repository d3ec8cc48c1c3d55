import { count, counted } from '../text/counts.ts';
import { printable } from '../text/printable.ts';
import type { LogonCollector } from './logon-collector.ts';
import { type LogonLog, mostComputers, namedComputers } from './logon-log.ts';
import { readThrough, type ThroughOptions } from './read-through.ts';
import type { ReportedLogon } from './reported-logons.ts';
import { Span } from './span.ts';

/** An export of logons, and not of every one. */
export interface ReportedLog {
  path: string;
  format: 'reported';
  /** "DeviceLogonEvents". */
  by: string;
  /** What it leaves out: it never vouches for none. */
  lacks: string;
  logons(read: (bytes: number) => void, gaps: ReportGaps): AsyncIterable<ReportedLogon | null>;
}

/** Rows that could not be read, and the first of them. */
export interface ReportGaps {
  unread: number;
  firstUnread: number;
  because: string;
  /** On how the file is read. */
  remarks: string[];
}

const taken = 'its times have no zone, and are taken as UTC';

/**
 * Reads such an export, and gives its logons to the collector; `number` is the file's among those that are read. Throws an
 * EventLogError when it cannot be opened; where its end cannot be read, the rest counts.
 */
export async function readReportedLogons(
  { path, by, lacks, logons }: ReportedLog,
  number: number,
  collector: LogonCollector,
  options: ThroughOptions,
): Promise<LogonLog> {
  const gaps: ReportGaps = { unread: 0, firstUnread: 0, because: '', remarks: [] };
  const span = new Span();
  const computers = new Set<string>();
  let [records, failures, successes, open, zoneless] = [0, 0, 0, 0, 0];
  const file = await readThrough(
    path,
    (read) => logons(read, gaps),
    (logon) => {
      records += 1;
      if (logon === null) return;
      span.add(logon.at);
      if (logon.several) span.add(logon.several.last);
      const { count: own } = logon.several ?? { count: 1 };
      if (logon.computer !== '' && computers.size < mostComputers) computers.add(logon.computer);
      if (logon.outcome === 'failed') failures += own;
      else if (logon.outcome === 'succeeded') successes += own;
      else open += 1;
      if (logon.zoneless) zoneless += 1;
      const missing = zoneless > 0 ? `${lacks}; ${taken}` : lacks;
      collector.other.reported.take(logon, { by, lacks: missing, file: number });
    },
    options,
  );
  const { unread, firstUnread, because, remarks } = gaps;
  return {
    ...file,
    // Bytes of the text may be more than those of the file.
    damaged: file.damaged.map((one) => ({ ...one, offset: Math.min(one.offset, file.bytes) })),
    records,
    failures,
    successes,
    ...span.written,
    channel: by,
    computers: namedComputers(computers),
    notes: [
      lacks,
      ...(zoneless > 0 ? [taken] : []),
      ...remarks,
      ...(open > 0 ? [`${counted(open, 'attempt')} whose outcome it does not have`] : []),
      ...(unread > 0
        ? [printable(`${counted(unread, 'record')} left out (first in line ${count(firstUnread)}: ${because})`, 300)]
        : []),
    ],
  };
}
