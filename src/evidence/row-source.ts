import { auditSource } from './audit-logs.ts';
import { type EvidenceEvents, eventLogSource, exportedEventsSource, type ReadBefore } from './event-logs.ts';
import { type EvidenceFile, isLineLogFormat, isSyslogFormat, isUtmpFormat } from './evidence-files.ts';
import { jsonSource } from './json-export.ts';
import { lineLogSource } from './line-logs/line-log.ts';
import { shapedSource } from './shaped-exports.ts';
import type { Source } from './source.ts';
import { syslogSource } from './syslog-logs.ts';
import { utmpSource } from './utmp-records.ts';

/**
 * The rows of a file that is no CSV, JSON lines or JSON list of a table's own. `events`: those of the query's logs so far, of
 * which each counts once; without it all of the file's come. `before`: what was read of an event log already.
 */
export function rowSource(
  { path, format, form, found, shape, table = path, year }: EvidenceFile,
  events: EvidenceEvents | undefined,
  before?: ReadBefore,
): Source {
  if (format === 'evtx') return eventLogSource(path, events, before);
  if (format === 'events') return exportedEventsSource({ path, form: form ?? 'xml' }, events);
  if (format === 'audit') return auditSource(path);
  if (isLineLogFormat(format)) return lineLogSource({ path, format });
  if (isUtmpFormat(format)) return utmpSource({ path, format });
  if (isSyslogFormat(format)) return syslogSource({ path, format, ...(year ? { year } : {}) });
  if (shape) return shapedSource({ path, format, table, shape, lenient: found === true });
  return jsonSource(table, path, found);
}
