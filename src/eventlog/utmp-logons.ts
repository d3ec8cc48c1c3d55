import { digestOfStored, placedFile } from '../archives/open-file.ts';
import { type UtmpFormat, type UtmpRecord, utmpRecords } from '../syslog/utmp.ts';
import { count, counted } from '../text/counts.ts';
import { printable } from '../text/printable.ts';
import { isoOf } from '../triage/logons/ticks.ts';
import { openingError } from './event-log-file.ts';
import type { LogonCollector } from './logon-collector.ts';
import type { LogonLog } from './logon-log.ts';
import { Span } from './span.ts';

/** A file of Linux's failed logons (btmp), or of its sessions (wtmp, utmp). */
export interface UtmpFile {
  path: string;
  format: UtmpFormat;
}

const readsAs: Record<UtmpFormat, string> = {
  btmp: 'failed logons without their reason: a name may be wrong, or its password',
  wtmp: 'sessions alone: logons that failed are in btmp and auth.log',
};

/** In the time of the record: a terminal that is logged on to, and not its prompt or its end. */
const isLogon = ({ type, user }: UtmpRecord, format: UtmpFormat): boolean =>
  user !== '' && (format === 'btmp' ? type === 'LOGIN_PROCESS' || type === 'USER_PROCESS' : type === 'USER_PROCESS');

/**
 * Reads such a file, which does not name its computer: `computer` is that of the logs beside it, "" where these do not
 * say it; `number` is the file's among those that are read. Throws an EventLogError when it cannot be opened; where its end cannot be read, the rest counts.
 */
export async function readUtmpLogons(
  { path, format }: UtmpFile,
  { computer, number }: { computer: string; number: number },
  collector: LogonCollector,
  options: { onProgress?: (fraction: number) => void; signal?: AbortSignal },
): Promise<LogonLog> {
  const failed = (error: unknown): never => {
    throw openingError(path, error);
  };
  const placed = await placedFile(path).catch(failed);
  const stored = await digestOfStored(placed).catch(failed);
  const gaps = { unread: 0, firstUnread: 0, cut: 0 };
  const damaged: LogonLog['damaged'] = [];
  const span = new Span();
  let [bytes, records, logons] = [0, 0, 0];
  try {
    for await (const portion of utmpRecords(path, gaps, (more) => {
      bytes += more;
      options.onProgress?.(Math.min(1, bytes / Math.max(1, stored.bytes)));
    })) {
      options.signal?.throwIfAborted();
      for (const record of portion) {
        records += 1;
        span.add(record.at);
        if (!isLogon(record, format)) continue;
        logons += 1;
        const { at, user: account, host, address, processId } = record;
        collector.other.takeUtmp(
          { at, computer, account, address: address || host, failed: format === 'btmp', processId },
          number,
        );
      }
    }
  } catch (error) {
    options.signal?.throwIfAborted();
    damaged.push({ offset: bytes, because: openingError(path, error).because });
  }
  if (gaps.unread > 0)
    damaged.push({
      offset: gaps.firstUnread,
      because: `${counted(gaps.unread, 'record')} from here on that cannot be one`,
    });
  if (gaps.cut > 0)
    damaged.push({ offset: bytes - gaps.cut, because: `its last record is cut after ${count(gaps.cut)} bytes` });
  const changed = await placed.changed();
  if (changed !== '') damaged.push({ offset: stored.bytes, because: changed });
  const ends = span.ends;
  if (ends && format === 'btmp') {
    collector.otherSpan.add(ends.first);
    collector.otherSpan.add(ends.last);
  }
  return {
    path,
    ...stored,
    records,
    unverified: 0,
    dirty: false,
    damaged,
    damages: damaged.length,
    failures: format === 'btmp' ? logons : 0,
    successes: format === 'wtmp' ? logons : 0,
    first: ends && isoOf(ends.first),
    last: ends && isoOf(ends.last),
    channel: format,
    computers: computer === '' ? [] : [printable(computer, 64)],
    notes: [
      readsAs[format],
      computer === ''
        ? 'it does not name its computer'
        : `its computer is that of the logs beside it: ${printable(computer, 64)}`,
    ],
  };
}

/** Where Linux keeps logs, within a collection: what lies under it is of one computer. */
const ofOneComputer = (path: string): string =>
  /^.*(?=(?:var|run)[/\\]log[/\\])/i.exec(path)?.[0] ?? path.replace(/[^/\\!]*$/, '');

/** The computers of the logs of syslog and of journals beside a file. */
export function computersBeside(path: string, logs: readonly LogonLog[]): string[] {
  const root = ofOneComputer(path);
  const names = logs
    .filter((log) => (log.channel === 'syslog' || log.channel === 'journal') && log.path.startsWith(root))
    .flatMap(({ computers }) => computers);
  return [...new Set(names)];
}

/** The computer of those logs, where they name one alone; else "". */
export function computerBeside(path: string, logs: readonly LogonLog[]): string {
  const [name = '', other] = computersBeside(path, logs);
  return other === undefined ? name : '';
}
