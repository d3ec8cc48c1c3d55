import { type UtmpFormat, type UtmpRecord, utmpRecords } from '../syslog/utmp.ts';
import { counted } from '../text/counts.ts';
import { printable } from '../text/printable.ts';
import type { Damage } from './damage.ts';
import type { LogonCollector } from './logon-collector.ts';
import type { LogonLog } from './logon-log.ts';
import { readThrough, type ThroughOptions } from './read-through.ts';
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
  options: ThroughOptions,
): Promise<LogonLog> {
  const gaps = { unread: 0, firstUnread: 0, cut: 0 };
  const span = new Span();
  let [records, logons] = [0, 0];
  const take = (record: UtmpRecord): void => {
    records += 1;
    span.add(record.at);
    if (!isLogon(record, format)) return;
    logons += 1;
    const { at, user: account, host, address, processId } = record;
    collector.other.takeUtmp(
      { at, computer, account, address: address || host, failed: format === 'btmp', processId },
      number,
    );
  };
  const noticed = (bytes: number): Damage[] => {
    const { unread, firstUnread, cut } = gaps;
    const unfit = `${counted(unread, 'record')} from here on of no known form`;
    return [
      ...(unread > 0 ? [{ offset: firstUnread, because: unfit }] : []),
      ...(cut > 0 ? [{ offset: bytes - cut, because: `its last record is cut after ${counted(cut, 'byte')}` }] : []),
    ];
  };
  const file = await readThrough(
    path,
    (read) => utmpRecords(path, gaps, read),
    (portion) => portion.forEach(take),
    options,
    noticed,
  );
  if (format === 'btmp') collector.otherSpan.include(span);
  return {
    ...file,
    records,
    failures: format === 'btmp' ? logons : 0,
    successes: format === 'wtmp' ? logons : 0,
    ...span.written,
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
export const ofOneComputer = (path: string): string =>
  /^.*(?=(?:var|run)[/\\]log[/\\])/i.exec(path)?.[0] ?? path.replace(/[^/\\!]*$/, '');

/** The computers of the logs of syslog and of journals beside a file. */
export function computersBeside(path: string, logs: readonly LogonLog[]): string[] {
  const root = ofOneComputer(path);
  const names = logs
    .filter((log) => (log.channel === 'syslog' || log.channel === 'journal') && log.path.startsWith(root))
    .flatMap(({ computers }) => computers);
  return [...new Set(names)];
}
