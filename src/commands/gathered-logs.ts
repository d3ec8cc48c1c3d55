import { digestOfStored, placedFile } from '../archives/open-file.ts';
import type { EvtxDocument } from '../documents/evtx.ts';
import type { EventLogReading, LogFile } from '../eventlog/read-logs.ts';
import { type EvidenceFile, isLogFormat, isSyslogFormat, isUtmpFormat } from '../evidence/evidence-files.ts';
import { eventFormNames } from '../evidence/exported-events/event-form.ts';
import { exportedEvents } from '../evidence/exported-events/exported-events.ts';
import { type Evidence, gatherEvidence } from '../evidence/gather.ts';
import { reportedLog } from '../evidence/reported/reporters.ts';

/** Logs in what was named, and what else is there. */
export interface GatheredLogs {
  evidence: Evidence;
  /** The files that can hold logons. */
  logs: readonly EvidenceFile[];
}

/** Finds the logs in files, folders, patterns and archives; a file that was named itself is taken for an event log. */
export async function gatherLogs(paths: readonly string[], signal?: AbortSignal): Promise<GatheredLogs> {
  const evidence = await gatherEvidence(paths, {
    named: (path) => ({ path, format: 'evtx', table: undefined }),
    ...(signal ? { signal } : {}),
  });
  return { evidence, logs: evidence.files.filter((file) => isLogFormat(file.format) || reportedLog(file) !== null) };
}

/** The same for the reader of logons. */
export const logFiles = ({ logs }: GatheredLogs): LogFile[] =>
  logs.flatMap((file): LogFile[] => {
    const { path, format, year, form } = file;
    const reported = reportedLog(file);
    if (reported) return [reported];
    if (format === 'evtx') return [{ path, format }];
    if (format === 'events' && form) {
      const by = eventFormNames[form];
      return [{ path, format, by, events: (read, gaps) => exportedEvents({ path, form }, gaps, read) }];
    }
    if (format === 'audit') return [{ path, format }];
    if (isUtmpFormat(format)) return [{ path, format }];
    return isSyslogFormat(format) ? [{ path, format, ...(year ? { year } : {}) }] : [];
  });

/** Size and SHA-256 of the archives on disk that were opened; those in archives are members of these. */
export async function archiveDigests({
  archives,
}: Evidence): Promise<{ path: string; bytes: number; sha256: string }[]> {
  const found = [];
  for (const path of archives) {
    const file = await placedFile(path);
    if (!file.packed) found.push({ path, ...(await digestOfStored(file)) });
  }
  return found;
}

/** What the report says besides the logs; nothing where only logs were named. */
async function besides({ evidence, logs }: GatheredLogs): Promise<EvtxDocument['besides']> {
  const { tableless, artifacts, others } = evidence;
  const archives = await archiveDigests(evidence);
  const tables = new Map<string, number>();
  for (const file of evidence.files)
    if (!logs.includes(file)) tables.set(file.table ?? '', (tables.get(file.table ?? '') ?? 0) + 1);
  if (archives.length + tableless.length + artifacts.length + others.length + tables.size === 0) return undefined;
  return {
    archives,
    tables: [...tables].map(([table, files]) => ({ table, files })),
    tableless: [...tableless],
    artifacts: artifacts.map((one) => ({ ...one, paths: [...one.paths] })),
    others: others.map((one) => ({ ...one })),
  };
}

/** The document of a reading, with all that was found and not read. */
export async function evtxDocumentOf(gathered: GatheredLogs, reading: EventLogReading): Promise<EvtxDocument> {
  const told = await besides(gathered);
  const unread = gathered.evidence.unread.map(({ path, because }) => ({ path, because: `${path}: ${because}` }));
  return {
    schema: 'cordon.evtx/1',
    ...reading,
    unread: [...unread, ...reading.unread],
    ...(told ? { besides: told } : {}),
  };
}
